import numpy as np
import pytest

from canigatti.config import Split
from canigatti.files import InputError
from canigatti.photos.records import SUBSETS
from canigatti.photos.splits import assign_subsets

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
