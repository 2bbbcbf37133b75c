"""The interval of an accuracy contains the true accuracy as often as it claims, also for photos in groups."""

import numpy as np
import pytest
from statsmodels.stats.proportion import proportion_confint

from canigatti.evaluation.intervals import accuracy_interval

TEST_SETS = 600


def coverage(sizes, accuracy, correlation, seed=0):
    """Return how often the interval contains the accuracy, for groups whose photos are correct with correlation."""
    generator, sizes = np.random.default_rng(seed), np.array(sizes)
    groups = np.repeat(np.arange(len(sizes)), sizes)
    hits = 0
    for _ in range(TEST_SETS):
        if correlation == 1:
            probabilities = (generator.random(len(sizes)) < accuracy).astype(float)
        elif correlation == 0:
            probabilities = np.full(len(sizes), accuracy)
        else:  # beta-binomial
            scale = (1 - correlation) / correlation
            probabilities = generator.beta(accuracy * scale, (1 - accuracy) * scale, len(sizes))
        low, high = accuracy_interval(generator.random(len(groups)) < probabilities[groups], groups)
        hits += low <= accuracy <= high
    return hits / TEST_SETS


@pytest.mark.parametrize("correlation", [0, 0.2, 0.6, 1])
@pytest.mark.parametrize("accuracy", [0.7, 0.9])
@pytest.mark.parametrize(
    ("sizes", "least"),
    [([2] * 20 + [1] * 160, 0.92), ([5] * 30, 0.9), ([10] * 10, 0.88), ([20] * 5, 0.85), ([30] * 3 + [1] * 100, 0.92)],
    ids=["pairs", "thirty of five", "ten of ten", "five of twenty", "three large"],
)
def test_the_interval_of_grouped_photos_contains_the_true_accuracy(sizes, least, accuracy, correlation):
    assert coverage(sizes, accuracy, correlation) >= least


def test_the_interval_without_groups_would_fail_for_the_same_photos():
    generator, hits = np.random.default_rng(0), 0
    for _ in range(TEST_SETS):
        correct = np.repeat(generator.random(30) < 0.8, 5)
        low, high = proportion_confint(correct.sum(), len(correct), method="wilson")
        hits += low <= 0.8 <= high
    assert hits / TEST_SETS < 0.75


@pytest.mark.parametrize("right", [0, 1, 57, 80])
def test_photos_in_groups_of_their_own_have_wilsons_interval_exactly(right):
    correct = np.arange(80) < right
    assert accuracy_interval(correct, np.arange(80)) == proportion_confint(right, 80, method="wilson")


def test_photos_that_are_always_alike_count_once():
    single = np.array([True] * 15 + [False] * 5)
    doubled = accuracy_interval(np.repeat(single, 2), np.repeat(np.arange(20), 2))
    low, high = proportion_confint(15, 20, method="wilson")
    assert doubled == pytest.approx((low, high), abs=0.02)


@pytest.mark.parametrize("correct", [np.ones(40, bool), np.zeros(40, bool), np.arange(40) < 30])
def test_a_single_group_says_almost_nothing(correct):
    low, high = accuracy_interval(correct, np.zeros(40))
    assert high - low > 0.7
