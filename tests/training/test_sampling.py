import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.utils.class_weight import compute_sample_weight

from canigatti.training.sampling import balanced_weights, draw_epoch, epoch_size

LABELS = st.lists(st.integers(0, 5), min_size=1, max_size=60).map(np.array)


@given(LABELS)
def test_balanced_weights_are_those_of_scikit_learn(labels):
    np.testing.assert_allclose(balanced_weights(labels), compute_sample_weight("balanced", labels), rtol=1e-6)
    assert balanced_weights(labels).dtype == np.float32
    assert balanced_weights(labels).mean() == pytest.approx(1)


@given(LABELS, st.integers(0, 99))
def test_oversampling_draws_every_class_as_often_as_the_largest_and_its_examples_equally_often(labels, seed):
    drawn = draw_epoch(labels, True, np.random.default_rng(seed))
    assert len(drawn) == epoch_size(labels, oversample=True)
    classes, counts = np.unique(labels, return_counts=True)
    drawn_classes, drawn_counts = np.unique(labels[drawn], return_counts=True)
    assert (list(drawn_classes), {*drawn_counts}) == (list(classes), {counts.max()})
    times = np.bincount(drawn, minlength=len(labels))
    for label in classes:
        assert np.ptp(times[labels == label]) <= 1
    assert times.min() >= 1


@given(LABELS, st.integers(0, 99))
def test_without_oversampling_every_example_is_drawn_once(labels, seed):
    drawn = draw_epoch(labels, False, np.random.default_rng(seed))
    np.testing.assert_array_equal(drawn, np.random.default_rng(seed).permutation(len(labels)))
    assert epoch_size(labels, oversample=False) == len(labels)


def test_all_examples_of_a_smaller_class_are_drawn_equally_often_over_the_epochs():
    labels = np.array([0] * 30 + [1] * 20)
    epochs = [draw_epoch(labels, True, np.random.default_rng([1, number])) for number in range(200)]
    times = np.bincount(np.concatenate(epochs), minlength=50)
    assert (times[:30] == 200).all()
    assert times[30:] == pytest.approx(np.full(20, 300), abs=40)
    assert all((first != second).any() for first, second in itertools.pairwise(epochs))
