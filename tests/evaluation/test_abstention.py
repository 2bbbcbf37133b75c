"""Answers with a promised error: certainty, thresholds, and that a promise holds."""

import numpy as np
import pytest
from scipy.special import expit
from statsmodels.stats.proportion import proportion_confint

from canigatti.evaluation.abstention import (
    candidates,
    certainty,
    choose,
    describe_refusal,
    operating_point,
    photos_needed,
    risk_coverage,
    upper_bound,
)
from canigatti.evaluation.predictions import Predictions, as_logits, softmax
from canigatti.evaluation.records import Candidate


def predictions(logits, labels):
    logits = as_logits(np.asarray(logits, float).reshape(len(labels), -1))
    return Predictions(np.arange(len(labels)).astype(object), np.asarray(labels), softmax(logits), logits)


def right(count):
    """Predictions of photos of class 1 that are all right, with different certainties."""
    return predictions(np.linspace(1, 9, count), np.ones(count, int))


def candidate(answered, bound, errors=0, threshold=0.0):
    return Candidate(threshold=threshold, answered=answered, errors=errors, independent=answered, bound=bound)


def test_certainty_is_the_log_odds_of_the_most_probable_class():
    assert certainty(as_logits(np.array([[-2.0], [3.0]]))).tolist() == [2.0, 3.0]
    logits = np.random.default_rng(1).normal(0, 2, (50, 4))
    highest = softmax(logits).max(axis=1)
    np.testing.assert_allclose(certainty(logits), np.log(highest / (1 - highest)), rtol=1e-9)
    assert certainty(np.array([[0.0, 900.0, 100.0]])).tolist() == [800.0]


@pytest.mark.parametrize(("errors", "n"), [(0, 299), (3, 50), (7, 7), (0, 1)])
def test_the_bound_is_that_of_clopper_and_pearson(errors, n):
    expected = proportion_confint(errors, n, alpha=0.1, method="beta")[1]
    assert upper_bound(errors, n) == pytest.approx(expected, rel=1e-9)


def test_the_first_threshold_that_is_not_proven_ends_the_sequence():
    found = (candidate(500, 0.006), candidate(600, 0.009), candidate(700, 0.011), candidate(800, 0.009))
    assert choose(found, 0.01).answered == 600
    assert choose(found, 0.02).answered == 800
    assert choose(found, 0.005) is None


def test_the_sequence_starts_where_a_promise_is_possible():
    found = (candidate(200, 0.015), candidate(300, 0.0099), candidate(1000, 0.003))
    assert choose(found, 0.01).answered == 1000
    assert choose((candidate(300, 0.015), candidate(1000, 0.003)), 0.01) is None


@pytest.mark.parametrize("copies", [1, 2])
def test_a_network_without_errors_needs_299_independent_photos_for_one_percent(copies):
    groups = np.arange(299 * copies) // copies
    found = candidates(right(299 * copies), groups)
    assert choose(found, 0.01).answered == 299 * copies
    fewer = candidates(right(298 * copies), groups[: 298 * copies])
    assert choose(fewer, 0.01) is None
    assert photos_needed(fewer, 0.01) == 299 * copies
    assert describe_refusal(fewer, 0.01) == (
        "an error of at most 1% cannot be promised with so few validation photos: it needs at least "
        f"{299 * copies}, and there are {298 * copies}"
    )


def test_many_photos_in_one_group_count_as_few():
    found = candidates(right(600), np.minimum(np.arange(600), 300))  # three hundred in the last group
    assert found[-1].answered == 600
    assert found[-1].independent < 5


def test_errors_of_a_group_are_not_diluted():
    labels = np.ones(600, int)
    labels[:60] = 0  # wrong, and all of ten groups
    found = candidates(predictions(np.linspace(1, 9, 600), labels), np.arange(600) // 6)
    assert (found[-1].errors, found[-1].independent) == (60, 100)
    assert found[-1].bound == pytest.approx(upper_bound(10, 100))


def test_photos_of_the_same_certainty_are_answered_together():
    labels = np.repeat([0, 1], 100)  # in the order of the classes, as a test set is
    found = candidates(predictions(np.full(200, 2.0), labels), np.arange(200))
    assert [(one.answered, one.errors, one.threshold) for one in found] == [(200, 100, 2.0)]


def test_the_order_of_the_photos_changes_nothing():
    generator = np.random.default_rng(2)
    made, groups = predictions(generator.normal(0, 3, 300), generator.integers(0, 2, 300)), np.arange(300) // 2
    order = generator.permutation(300)
    shuffled = predictions(made.logits[order, 1], made.labels[order])
    assert candidates(shuffled, groups[order]) == candidates(made, groups)


def test_an_operating_point_counts_test_photos():
    found = (candidate(299, 0.009, threshold=2.0),)
    test = predictions([3.0, 2.0, -5.0, 1.0, -1.0], [1, 0, 0, 0, 1])
    point = operating_point(found, test, 0.01)
    assert (point.answered, point.errors, point.needed) == (3, 1, None)
    refused = operating_point(found, test, 0.005)
    assert (refused.chosen, refused.answered, refused.errors) == (None, 0, 0)
    assert refused.needed == 598


def test_more_errors_than_promised_are_not_cured_by_more_photos():
    found = (candidate(250, 0.2, errors=40), candidate(500, 0.2, errors=80))
    assert photos_needed(found, 0.05) is None
    assert describe_refusal(found, 0.05) == (
        "an error of at most 5% cannot be promised: 40 of the 250 most certain validation photos are wrong"
    )


def test_an_error_among_the_most_certain_photos_ends_the_sequence_whatever_follows():
    found = (candidate(300, upper_bound(4, 300), errors=4), candidate(2000, upper_bound(4, 2000), errors=4))
    assert choose(found, 0.01) is None
    assert photos_needed(found, 0.01) is None
    assert "4 of the 300 most certain validation photos are wrong" in describe_refusal(found, 0.01)


def test_as_few_errors_among_more_photos_would_be_enough():
    found = (candidate(500, upper_bound(4, 500), errors=4),)
    needed = photos_needed(found, 0.01)
    assert needed > 500
    assert upper_bound(round(0.008 * needed), needed) <= 0.0101
    assert f"with as few errors among them it needs about {needed:,}" in describe_refusal(found, 0.01)


def test_the_risk_coverage_curve_does_not_depend_on_the_order_of_ties():
    made = predictions([4.0, -3.0, 2.0, 2.0], [1, 0, 0, 1])
    coverage, risk = risk_coverage(made)
    assert coverage.tolist() == [0.25, 0.5, 0.75, 1.0]
    assert risk.tolist() == [0.0, 0.0, 0.5 / 3, 0.25]


@pytest.mark.parametrize("copies", [1, 3])
def test_a_promise_holds_and_the_naive_choice_does_not(copies):
    """`benchmarks/coverage_calibration.py` has 1,000 runs; photos of a group have the same result here."""
    generator = np.random.default_rng(4)
    population = np.sort(np.abs(generator.normal(0, 3, 200_000)))
    risks = np.cumsum(expit(-population)[::-1])[::-1] / np.arange(200_000, 0, -1)  # of answers from each certainty on
    broken, naive = 0, 0
    for _ in range(100):
        logit = generator.normal(0, 3, 500)
        label = (generator.uniform(size=500) < expit(logit)).astype(int)
        made = predictions(np.repeat(logit, copies), np.repeat(label, copies))
        found = candidates(made, np.repeat(np.arange(500), copies))
        if chosen := choose(found, 0.05):
            broken += risks[np.searchsorted(population, chosen.threshold)] > 0.05
        lowest = [one.threshold for one in found if one.errors <= 0.05 * one.answered]
        naive += bool(lowest) and risks[np.searchsorted(population, lowest[-1])] > 0.05
    assert broken <= 9  # of 100; 5 are expected at most
    assert naive >= 30
