"""Calibration of probabilities: metrics, the error without bias, and networks that cannot be calibrated."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import brier_score_loss, log_loss

from canigatti.evaluation.calibration import (
    Sample,
    calibrate,
    calibration_error,
    equal_mass_bins,
    measure,
    stated_and_true,
)
from canigatti.evaluation.predictions import Predictions, as_logits, softmax
from canigatti.evaluation.records import Calibration
from canigatti.evaluation.reliability_plots import plot_reliability


def sample(n, classes, seed, factor=1.0):
    """Photos whose labels have the probabilities of the logits divided by `factor`."""
    generator = np.random.default_rng(seed)
    logits = generator.normal(0, 2, (n, classes))
    logits = as_logits(logits[:, 1:]) if classes == 2 else logits
    labels = (generator.uniform(size=(n, 1)) > softmax(logits).cumsum(axis=1)).sum(axis=1).clip(max=classes - 1)
    ids = np.array([f"{n}.jpg" for n in range(n)], dtype=object)
    return Sample(Predictions(ids, labels, softmax(factor * logits), factor * logits), np.arange(n))


@pytest.mark.parametrize("classes", [2, 4])
def test_metrics_agree_with_scikit_learn(classes):
    made = sample(200, classes, seed=1)
    metrics, probabilities, labels = measure(made, 1.5), softmax(made.predictions.logits / 1.5), made.predictions.labels
    assert metrics.log_loss == pytest.approx(log_loss(labels, probabilities, labels=range(classes)), rel=1e-9)
    scores = probabilities[:, 1] if classes == 2 else probabilities
    assert metrics.brier == pytest.approx(brier_score_loss(labels, scores, labels=range(classes)), rel=1e-9)


def test_the_log_loss_of_saturated_probabilities_is_finite():
    logits = as_logits(np.array([[200.0], [-50.0]]))
    made = Sample(Predictions(np.array(["a", "b"], object), np.array([0, 0]), softmax(logits), logits), np.arange(2))
    assert measure(made).log_loss == pytest.approx(100)


def plain_error(stated, true):
    """The usual calibration error, squared."""
    bins = equal_mass_bins(stated)
    means = np.array([(stated - true)[bins == number].mean() for number in range(bins.max() + 1)])
    return float((np.bincount(bins) / len(bins) * means**2).sum())


def test_calibrated_probabilities_of_few_photos_have_no_error_on_average():
    debiased, errors, plain = [], [], []
    for seed in range(400):
        generator = np.random.default_rng(seed)
        stated = generator.uniform(size=80)
        true = generator.uniform(size=80) < stated
        error = calibration_error(stated, true, np.arange(80))
        debiased.append(error.squared)
        errors.append(error.standard_error)
        plain.append(plain_error(stated, true))
    assert abs(np.mean(debiased)) < 2 * np.std(debiased) / np.sqrt(400)
    assert np.mean(plain) > 10 * abs(np.mean(debiased))
    assert np.mean(plain) ** 0.5 > 0.05
    assert np.mean(errors) == pytest.approx(np.std(debiased), rel=0.25)


def test_an_error_of_ten_points_is_found_with_its_standard_error():
    found = []
    for seed in range(200):
        generator = np.random.default_rng(seed)
        stated = generator.uniform(0.2, 0.8, 500)
        found.append(calibration_error(stated, generator.uniform(size=500) < stated + 0.1, np.arange(500)))
    squared = [error.squared for error in found]
    assert np.mean(squared) == pytest.approx(0.01, abs=2.5 * np.std(squared) / np.sqrt(200))
    assert np.mean([error.standard_error for error in found]) == pytest.approx(np.std(squared), rel=0.2)


def test_copies_in_one_group_are_no_evidence_of_an_error():
    squared = {"grouped": [], "ignored": []}
    for seed in range(200):
        generator = np.random.default_rng(seed)
        stated = np.repeat(generator.uniform(size=50), 4)
        true = np.repeat(generator.uniform(size=50) < stated[::4], 4)
        squared["grouped"].append(calibration_error(stated, true, np.repeat(np.arange(50), 4)).squared)
        squared["ignored"].append(calibration_error(stated, true, np.arange(200)).squared)
    assert abs(np.mean(squared["grouped"])) < 2.5 * np.std(squared["grouped"]) / np.sqrt(200)
    assert np.mean(squared["ignored"]) > 0.01


def test_bins_have_about_the_same_number_of_photos_and_equal_probabilities_share_one():
    stated = np.random.default_rng(2).uniform(size=1000)
    assert set(np.bincount(equal_mass_bins(stated))) <= {66, 67}
    assert equal_mass_bins(np.full(100, 0.9)).tolist() == [0] * 100
    mixed = np.repeat([0.1, 0.9], [90, 10])
    assert len({*zip(mixed, equal_mass_bins(mixed), strict=True)}) == 2
    assert equal_mass_bins(np.array([0.3])).tolist() == [0]


def test_labels_in_order_are_no_error_if_all_probabilities_are_equal():
    error = calibration_error(np.full(200, 0.5), np.repeat([False, True], 100), np.arange(200))
    assert error.bins == 1
    assert error.squared <= 0


def test_with_more_classes_the_most_probable_one_is_stated():
    made = sample(50, 3, seed=3).predictions
    stated, true = stated_and_true(made)
    np.testing.assert_array_equal(stated, made.probabilities.max(axis=1))
    np.testing.assert_array_equal(true, made.correct)
    two = sample(50, 2, seed=3).predictions
    np.testing.assert_array_equal(stated_and_true(two)[1], two.labels == 1)


@pytest.mark.parametrize("classes", [2, 3])
def test_the_temperature_of_the_validation_set_improves_the_test_set(classes):
    calibration = calibrate(sample(500, classes, 4, factor=3), sample(2000, classes, 5, factor=3), "0" * 64, False)
    assert calibration.reason is None
    assert calibration.temperature.low < 3 < calibration.temperature.high
    before, after = calibration.before, calibration.after
    assert after.log_loss < before.log_loss
    assert after.brier < before.brier
    assert before.slope.high < 0.5
    assert after.slope.estimate == pytest.approx(1, rel=0.25)
    assert before.error.squared > 4 * before.error.standard_error
    assert after.error.squared < 3 * after.error.standard_error
    assert calibration.gain.estimate == pytest.approx(before.log_loss - after.log_loss)
    assert calibration.gain.low > 0
    assert Calibration.from_json(calibration.to_json()) == calibration


def infinite(made):
    logits = made.predictions.logits.copy()
    logits[0, 1] = np.inf
    return replace(made, predictions=replace(made.predictions, logits=logits))


def separated(made):
    return replace(made, predictions=replace(made.predictions, labels=made.predictions.predicted))


@pytest.mark.parametrize(
    ("change", "diverged", "reason"),
    [
        (lambda made: made, True, "its training diverged"),
        (infinite, False, "its logits are infinite"),
        (separated, False, "every photo is classified correctly"),
    ],
    ids=["diverged", "infinite", "separated"],
)
def test_without_a_temperature_the_reason_is_recorded(change, diverged, reason):
    validation, test = change(sample(100, 2, seed=6)), sample(100, 2, seed=7)
    calibration = calibrate(validation, test, "0" * 64, diverged)
    assert calibration.temperature is calibration.after is calibration.gain is None
    assert calibration.reason.startswith(reason)
    assert Calibration.from_json(calibration.to_json()) == calibration
    is_finite = change is not infinite
    assert (calibration.before is not None) == bool(calibration.candidates) == is_finite
    plot_reliability(test, calibration, ("cat", "dog"))


def test_a_test_set_without_errors_has_no_slope():
    calibration = calibrate(sample(100, 2, seed=8), separated(sample(100, 2, seed=9)), "0" * 64, False)
    assert calibration.temperature
    assert calibration.before.slope is calibration.after.slope is None
    assert calibration.area == 0


def test_the_plot_shows_both_probabilities_and_names_what_they_are_of():
    test = sample(400, 2, seed=10, factor=2)
    calibration = calibrate(sample(400, 2, seed=11, factor=2), test, "0" * 64, False)
    left, right = plot_reliability(test, calibration, ("cat", "dog")).axes
    labels = [text.get_text() for text in left.get_legend().get_texts()]
    assert labels == ["probabilities of the network", f"with the temperature {calibration.temperature.value:.2f}"]
    assert left.get_xlabel() == "predicted probability of dog"
    np.testing.assert_allclose(right.lines[0].get_ydata()[-1], 1 - test.predictions.correct.mean())
    of_three = sample(400, 3, seed=12)
    axes = plot_reliability(of_three, calibrate(of_three, of_three, "0" * 64, False), ("a", "b", "c")).axes[0]
    assert axes.get_xlabel() == "probability of the predicted class"


def test_one_group_has_no_interval_of_the_gain():
    test = replace(sample(50, 2, seed=13), groups=np.zeros(50))
    assert calibrate(sample(100, 2, seed=14), test, "0" * 64, False).gain is None
