import numpy as np
import pandas as pd
import pytest

from canigatti.config import Split
from canigatti.files import InputError
from canigatti.photos.records import SUBSETS
from canigatti.photos.splits import assign_subsets, require_photos

STUDY_64 = Split(train=0.64, validation=0.16, test=0.20)
STUDY_80 = Split(train=0.80, validation=0.10, test=0.10)


def assign(labels, groups, split):
    return assign_subsets(labels, groups, split, ["cat", "dog"])


def balanced(count):
    return np.repeat([0, 1], count // 2), np.arange(count).astype(str)


def sizes(labels, subsets):
    return {name: [int(((subsets == name) & (labels == label)).sum()) for label in (0, 1)] for name in SUBSETS}


@pytest.mark.parametrize(
    ("split", "expected"), [(STUDY_64, (8000, 2000, 2500)), (STUDY_80, (10000, 1250, 1250))], ids=["64", "80"]
)
def test_the_study_splits_have_the_study_sizes_in_each_class(split, expected):
    labels, groups = balanced(25_000)
    subsets = assign(labels, groups, split)
    assert sizes(labels, subsets) == {name: [n, n] for name, n in zip(SUBSETS, expected, strict=True)}


def test_the_split_depends_on_the_seed():
    labels, groups = balanced(1000)
    first = assign(labels, groups, STUDY_80)
    assert (first == assign(labels, groups, STUDY_80)).all()
    assert (first != assign(labels, groups, STUDY_80.model_copy(update={"seed": 43}))).any()


def test_the_subsets_do_not_depend_on_the_order_of_the_photos():
    labels, groups = balanced(1000)
    test = np.flatnonzero(assign(labels, groups, STUDY_80)[:500] == "test")
    assert 150 < test.mean() < 350


@pytest.mark.parametrize("seed", range(20))
def test_each_group_is_in_one_subset_and_sizes_are_exact(seed):
    generator = np.random.default_rng(seed)
    labels = generator.integers(0, 2, 400)
    groups = np.where(generator.random(400) < 0.3, generator.integers(0, 40, 400), np.arange(400) + 1000)
    subsets = assign(labels, groups, STUDY_64.model_copy(update={"seed": seed}))
    assert all(len(set(subsets[groups == group])) == 1 for group in np.unique(groups))
    for label in (0, 1):
        for name, fraction in zip(SUBSETS, (0.64, 0.16, 0.20), strict=True):
            count = ((subsets == name) & (labels == label)).sum()
            assert abs(count - fraction * (labels == label).sum()) <= 1


def test_a_group_larger_than_a_subset_is_not_divided():
    labels = np.repeat([0, 1], 50)
    groups = np.where(np.arange(100) < 45, 0, np.arange(100))
    subsets = assign(labels, groups, Split(train=0.34, validation=0.33, test=0.33))
    assert len(set(subsets[:45])) == 1


@pytest.mark.parametrize(("count", "message"), [(4, "4 kept photos"), (1, "1 kept photo"), (0, "0 kept photos")])
def test_a_subset_without_a_class_is_rejected(count, message):
    labels = np.array([0] * 100 + [1] * count)
    with pytest.raises(InputError, match=rf"set has no photo of the class 'dog': the class has {message}, too few"):
        assign(labels, np.arange(100 + count), STUDY_80)


THREE = Split(train=0.6, validation=0.2, test=0.2)


def units(*pairs):
    """Labels and groups of groups with these numbers of photos of each class."""
    labels = np.concatenate([np.repeat([0, 1], pair) for pair in pairs])
    return labels, np.repeat([f"g{number}" for number in range(len(pairs))], [sum(pair) for pair in pairs])


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize(
    "pairs",
    [
        [(10, 10)] * 3,
        [(20, 0)] * 3 + [(0, 20)] * 3,
        [(100, 1), (1, 100), (2, 2)],
        [(5, 5), (30, 0), (30, 0), (0, 30), (0, 30)],
        [(40, 0), *[(1, 0)] * 20, (0, 50), *[(0, 1)] * 10],
    ],
)
def test_an_assignment_of_few_or_large_groups_is_found_if_there_is_one(pairs, seed):
    labels, groups = units(*pairs)
    subsets = assign(labels, groups, THREE.model_copy(update={"seed": seed}))
    assert all(len(set(subsets[groups == group])) == 1 for group in np.unique(groups))
    assert all(min(counts) > 0 for counts in sizes(labels, subsets).values())


def test_the_assignment_found_has_sizes_close_to_the_fractions():
    labels, groups = units(*[(10, 0)] * 10, *[(0, 10)] * 10, (25, 25))
    counts = sizes(labels, assign(labels, groups, THREE))
    np.testing.assert_allclose(list(counts.values()), [[75, 75], [25, 25], [25, 25]], atol=10)


@pytest.mark.parametrize(
    ("pairs", "message"),
    [
        (
            [(60, 0), *[(0, 1)] * 60],
            "class 'cat' has 60 kept photos in 1 group .* largest of 60 photos such as g0; ",
        ),
        ([(20, 0)] * 2 + [(0, 1)] * 60, "class 'cat' has 40 kept photos in 2 groups"),
        ([(10, 10)] * 2, "class 'cat' has 20 kept photos in 2 groups"),
        ([(10, 10), (10, 0), (0, 10), (0, 10)], "class 'cat' has 20 kept photos in 2 groups"),
    ],
)
def test_groups_that_cannot_give_every_subset_both_classes_are_described(pairs, message):
    with pytest.raises(InputError, match=message):
        assign(*units(*pairs), THREE)


def test_a_class_without_enough_photos_is_rejected_with_the_verdicts_of_its_files():
    verdicts = ["keep"] * 40 + ["too-small"] * 28 + ["keep"] * 2 + ["duplicate"]
    rows = pd.DataFrame({"label": [0] * 40 + [1] * 31, "verdict": verdicts})
    message = "the class 'dog' has 2 kept of 31 files, .*; not kept: 28 too-small, 1 duplicate"
    with pytest.raises(InputError, match=message):
        require_photos(rows, ["cat", "dog"])
    require_photos(rows[rows["label"] == 0], ["cat"])
