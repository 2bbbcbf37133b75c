import hashlib
import itertools
import time

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

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


@pytest.mark.parametrize(("count", "message"), [(2, "2 kept photos"), (1, "1 kept photo"), (0, "0 kept photos")])
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


def test_each_subset_has_photos_of_each_of_many_classes_in_the_wanted_fractions():
    labels = np.repeat(np.arange(7), [100, 200, 50, 10, 30, 1000, 40])
    subsets = assign_subsets(labels, np.arange(len(labels)).astype(str), STUDY_80, list("abcdefg"))
    counts = pd.crosstab(labels, subsets)
    assert counts["train"].tolist() == [80, 160, 40, 8, 24, 800, 32]
    assert counts["test"].tolist() == [10, 20, 5, 1, 3, 100, 4]


@pytest.mark.parametrize(("count", "expected"), [(3, (1, 1, 1)), (4, (2, 1, 1)), (5, (3, 1, 1)), (6, (4, 1, 1))])
@pytest.mark.parametrize("others", [1, 2])
def test_a_class_of_few_photos_is_in_every_subset(count, expected, others):
    labels = np.repeat(np.arange(others + 1), [100] * others + [count])
    subsets = assign_subsets(labels, np.arange(len(labels)), STUDY_80, list("abc")[: others + 1])
    assert tuple(int((subsets[labels == others] == name).sum()) for name in SUBSETS) == expected
    assert (subsets[labels == 0] == "train").sum() == 80


def test_a_thousand_classes_of_four_photos_take_seconds():
    labels = np.repeat(np.arange(1000), 4)
    classes = [f"class {number}" for number in range(1000)]
    shuffled = np.random.default_rng(0).integers(0, 900, 4000)
    groups = np.where(np.arange(4000) % 3 == 0, shuffled, np.arange(4000) + 1000)
    start = time.process_time()
    for names in (np.arange(4000), groups):
        subsets = assign_subsets(labels, names, STUDY_80, classes)
        assert (pd.crosstab(labels, subsets) > 0).all(axis=None)
        assert pd.Series(subsets).groupby(names).nunique().max() == 1
    assert time.process_time() - start < 20


MANY = {
    "one group of all for each subset": [(10, 10, 10)] * 3,
    "three groups of each class": [(20, 0, 0)] * 3 + [(0, 20, 0)] * 3 + [(0, 0, 20)] * 3,
    "one way only": [(5, 5, 0), (5, 0, 5), (0, 5, 5), (5, 0, 0), (0, 5, 0), (0, 0, 5)],
    "one mixed group": [(5, 5, 5), *[(30, 0, 0)] * 2, *[(0, 30, 0)] * 2, *[(0, 0, 30)] * 2],
    "one large group": [(90, 0, 1), (1, 50, 0), (1, 1, 40), (1, 1, 1), (0, 1, 1)],
}


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("groups", MANY.values(), ids=MANY)
def test_an_assignment_of_groups_of_three_classes_is_found(groups, seed):
    labels = np.concatenate([np.repeat(np.arange(3), group) for group in groups])
    names = np.repeat([f"g{number}" for number in range(len(groups))], [sum(group) for group in groups])
    subsets = assign_subsets(labels, names, THREE.model_copy(update={"seed": seed}), ["cat", "dog", "owl"])
    assert (pd.crosstab(labels, subsets) > 0).all(axis=None)
    assert pd.Series(subsets).groupby(names).nunique().max() == 1


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(*[st.integers(0, 3)] * 3).filter(any), min_size=3, max_size=6), st.integers(0, 9))
def test_an_assignment_of_three_classes_is_found_if_there_is_one(groups, seed):
    has = np.array(groups) > 0
    exists = any(
        all(has[np.array(chosen) == subset].any(axis=0).all() for subset in range(3))
        for chosen in itertools.product(range(3), repeat=len(groups))
    )
    labels = np.concatenate([np.repeat(np.arange(3), group) for group in groups])
    names = np.repeat(np.arange(len(groups)), [sum(group) for group in groups])
    try:
        subsets = assign_subsets(labels, names, THREE.model_copy(update={"seed": seed}), ["cat", "dog", "owl"])
    except InputError:
        assert not exists
    else:
        assert (pd.crosstab(labels, subsets).reindex(range(3), fill_value=0) > 0).all(axis=None)


@pytest.mark.parametrize(
    ("groups", "message"),
    [
        ([(9, 0, 0)] * 5 + [(0, 9, 0)] * 4 + [(0, 0, 9)] * 2, "the class 'owl' has 18 kept photos in 2 groups .*three"),
        (
            [(9, 9, 0), (9, 0, 9), (0, 9, 9), (9, 0, 0), (0, 5, 5)],
            r"no assignment .* all 3 classes: 4 groups of 5 .*; the class 'cat' has 27 kept photos in 3 groups",
        ),
    ],
)
def test_groups_that_cannot_be_assigned_are_described_by_the_class_with_the_fewest(groups, message):
    labels = np.concatenate([np.repeat(np.arange(3), group) for group in groups])
    names = np.repeat(np.arange(len(groups)), [sum(group) for group in groups])
    with pytest.raises(InputError, match=message):
        assign_subsets(labels, names, THREE, ["cat", "dog", "owl"])


def test_splits_of_two_classes_are_those_of_earlier_versions():
    """The digest of 300 splits of random photos, computed with version 0.1.0 before it had more than two classes."""
    digest = hashlib.sha256()
    for seed in range(300):
        generator = np.random.default_rng(seed)
        count = int(generator.integers(40, 120))
        labels = generator.integers(0, 2, count)
        sparse = np.where(generator.random(count) < 0.5, generator.integers(0, 9, count), np.arange(count) + 100)
        groups = [np.arange(count), generator.integers(0, count // 4, count), sparse, generator.integers(0, 6, count)]
        split = (STUDY_80, STUDY_64, THREE)[seed % 3].model_copy(update={"seed": seed})
        digest.update(" ".join(assign(labels, groups[seed % 4].astype(str), split)).encode())
    assert digest.hexdigest() == "7c55cd3ff36b17372ff4d1b58691aab2ce1073f3a55f8f7ae951e3dc51956851"
