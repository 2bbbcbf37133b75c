import numpy as np
import pytest

from canigatti.config import Split
from canigatti.files import InputError
from canigatti.photos import splits
from canigatti.photos.splits import PARTS

STUDY_64 = Split(train=0.64, validation=0.16, test=0.20)
STUDY_80 = Split(train=0.80, validation=0.10, test=0.10)


def deal(labels, groups, split):
    return splits.deal(labels, groups, split, ["cat", "dog"])


def balanced(count):
    return np.repeat([0, 1], count // 2), np.arange(count).astype(str)


def sizes(labels, parts):
    return {part: [int(((parts == part) & (labels == label)).sum()) for label in (0, 1)] for part in PARTS}


@pytest.mark.parametrize(
    ("split", "expected"), [(STUDY_64, (8000, 2000, 2500)), (STUDY_80, (10000, 1250, 1250))], ids=["64", "80"]
)
def test_the_study_splits_have_the_study_sizes_in_each_class(split, expected):
    labels, groups = balanced(25_000)
    assert sizes(labels, deal(labels, groups, split)) == {part: [n, n] for part, n in zip(PARTS, expected, strict=True)}


def test_the_seed_decides_the_split():
    labels, groups = balanced(1000)
    first = deal(labels, groups, STUDY_80)
    assert (first == deal(labels, groups, STUDY_80)).all()
    assert (first != deal(labels, groups, STUDY_80.model_copy(update={"seed": 43}))).any()


def test_the_order_of_the_photos_is_no_pattern_in_the_parts():
    labels, groups = balanced(1000)
    test = np.flatnonzero(deal(labels, groups, STUDY_80)[:500] == "test")
    assert 150 < test.mean() < 350


@pytest.mark.parametrize("seed", range(20))
def test_groups_are_never_torn_apart_and_sizes_stay_exact(seed):
    generator = np.random.default_rng(seed)
    labels = generator.integers(0, 2, 400)
    groups = np.where(generator.random(400) < 0.3, generator.integers(0, 40, 400), np.arange(400) + 1000)
    parts = deal(labels, groups, STUDY_64.model_copy(update={"seed": seed}))
    assert all(len(set(parts[groups == group])) == 1 for group in np.unique(groups))
    for label in (0, 1):
        for part, share in zip(PARTS, (0.64, 0.16, 0.20), strict=True):
            mine = ((parts == part) & (labels == label)).sum()
            assert abs(mine - share * (labels == label).sum()) <= 1


def test_a_group_larger_than_a_part_stays_whole():
    labels = np.repeat([0, 1], 50)
    groups = np.where(np.arange(100) < 45, 0, np.arange(100))
    parts = deal(labels, groups, Split(train=0.34, validation=0.33, test=0.33))
    assert len(set(parts[:45])) == 1


@pytest.mark.parametrize(("count", "told"), [(4, "4 are kept"), (1, "1 is kept"), (0, "0 are kept")])
def test_a_part_without_a_class_is_refused_and_the_class_named(count, told):
    labels = np.array([0] * 100 + [1] * count)
    with pytest.raises(InputError, match=rf"part has no photo of the class 'dog': of its photos {told}, too few"):
        deal(labels, np.arange(100 + count), STUDY_80)
