"""A fraction of the training set: stratified, nested, with groups together, and different for each seed."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from canigatti.files import InputError
from canigatti.photos.records import GROUPS
from canigatti.training.batches import Subset, Subsets
from canigatti.training.fractions import choose_photos
from canigatti.training.subsampling import reduce_training_set

FRACTIONS = (1 / 16, 1 / 8, 1 / 4, 1 / 2, 1.0)
LABELS = np.repeat([0, 1, 2], [480, 240, 80])
ALONE = np.array([f"photo.{number}" for number in range(len(LABELS))], dtype=object)


def grouped(seed=0):
    """Groups of one to six photos of a class."""
    generator, names = np.random.default_rng(seed), []
    for label in range(3):
        while (count := sum(name.startswith(f"{label}.") for name in names)) < int(np.bincount(LABELS)[label]):
            size = min(int(generator.integers(1, 7)), int(np.bincount(LABELS)[label]) - count)
            names += [f"{label}.{count}"] * size
    return np.array(names, dtype=object)


@pytest.mark.parametrize("groups", [ALONE, grouped()], ids=["alone", "grouped"])
@pytest.mark.parametrize("seed", [0, 42])
def test_a_smaller_fraction_is_part_of_a_larger_one(groups, seed):
    chosen = [choose_photos(LABELS, groups, fraction, seed) for fraction in FRACTIONS]
    for smaller, larger in pairwise(chosen):
        assert not (smaller & ~larger).any()
        assert smaller.sum() < larger.sum()
    assert chosen[-1].all()


@pytest.mark.parametrize("fraction", FRACTIONS)
def test_each_class_has_its_fraction(fraction):
    chosen = choose_photos(LABELS, ALONE, fraction, 1)
    assert np.bincount(LABELS[chosen]).tolist() == [480 * fraction, 240 * fraction, 80 * fraction]
    near = choose_photos(LABELS, grouped(), fraction, 1)
    np.testing.assert_allclose(np.bincount(LABELS[near], minlength=3), np.bincount(LABELS) * fraction, atol=3)


def test_groups_stay_together_also_those_of_several_classes():
    labels = np.array([0, 1] * 100)
    groups = np.array([f"pair.{number // 2}" for number in range(200)], dtype=object)
    chosen = choose_photos(labels, groups, 0.3, 5).reshape(100, 2)
    assert (chosen[:, 0] == chosen[:, 1]).all()
    assert chosen[:, 0].sum() == 30


def test_seeds_choose_other_photos():
    first, second = (choose_photos(LABELS, ALONE, 0.25, seed) for seed in (1, 2))
    assert 0.15 < (first & second).sum() / first.sum() < 0.35


def test_a_photo_that_is_left_out_moves_few_others():
    """A correction of one label must not choose the photos anew."""
    before = choose_photos(LABELS, ALONE, 0.25, 3)
    for left_out in (0, 100, 500):
        kept = np.arange(len(LABELS)) != left_out
        after = choose_photos(LABELS[kept], ALONE[kept], 0.25, 3)
        assert (after != before[kept]).sum() <= 1


def test_the_order_of_the_photos_does_not_matter():
    order = np.random.default_rng(2).permutation(len(LABELS))
    groups = grouped()
    shuffled = choose_photos(LABELS[order], groups[order], 0.2, 9)
    np.testing.assert_array_equal(shuffled, choose_photos(LABELS, groups, 0.2, 9)[order])


@pytest.fixture
def subsets(store):
    rows = np.arange(40)
    return Subsets(Subset(store, rows, "rgb"), Subset(store, np.arange(40, 50), "rgb"))


@pytest.fixture
def groups_file(store, tmp_path):
    GROUPS.write(tmp_path / "groups.csv", pd.DataFrame({"id": store.ids, "group": store.ids}))
    return tmp_path / "groups.csv"


def test_only_the_training_set_is_reduced(subsets, groups_file):
    reduced = reduce_training_set(subsets, 0.25, 42, groups_file)
    assert reduced.validation == subsets.validation
    assert len(reduced.train) == 10
    assert np.bincount(reduced.train.labels[:, 0].astype(int)).tolist() == [5, 5]
    assert set(reduced.train.rows) < set(subsets.train.rows)
    chosen = choose_photos(subsets.train.store.labels[:40], subsets.train.store.ids[:40], 0.25, 42)
    np.testing.assert_array_equal(reduced.train.rows, np.flatnonzero(chosen))


def test_a_fraction_without_a_photo_of_a_class_is_refused(subsets, groups_file):
    few = Subsets(replace(subsets.train, rows=np.array([0, 2, 4, 6, 8, 1])), subsets.validation)
    message = (
        r"train_fraction: 0\.25 .* no photo of the class with label 1, of which the training set has 1; use a larger"
    )
    with pytest.raises(InputError, match=message):
        reduce_training_set(few, 0.25, 42, groups_file)


def test_a_photo_without_a_group_is_refused(subsets, groups_file):
    GROUPS.write(groups_file, pd.DataFrame({"id": ["photo.0.jpg"], "group": ["a"]}))
    with pytest.raises(InputError, match=r"groups\.csv: expected a row for each kept photo"):
        reduce_training_set(subsets, 0.5, 42, groups_file)
