"""Temperature and slope agree with statsmodels and scikit-learn, and recover a known truth."""

import numpy as np
import pytest
from scipy.stats import chi2, t
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.calibration import CalibratedClassifierCV
from sklearn.frozen import FrozenEstimator
from statsmodels.discrete.discrete_model import Logit

from canigatti.evaluation.predictions import as_logits, softmax
from canigatti.evaluation.temperature import NoSlopeError, fit_slope, fit_temperature


def drawn(n, classes, temperature, seed):
    """Logits of a network, and labels whose true probabilities are those of the logits divided by the temperature."""
    generator = np.random.default_rng(seed)
    logits = generator.normal(0, 3, (n, classes))
    if classes == 2:
        logits = as_logits(logits[:, 1:])
    uniform = generator.uniform(size=(n, 1))
    return logits, (uniform > softmax(logits / temperature).cumsum(axis=1)).sum(axis=1).clip(max=classes - 1)


def alone(labels):
    return np.arange(len(labels))


def test_the_slope_of_two_classes_and_its_interval_are_those_of_logistic_regression():
    logits, labels = drawn(400, 2, 2.0, seed=1)
    model = Logit(labels, logits[:, 1])
    fitted, slope = model.fit(disp=0), fit_slope(logits, labels, alone(labels))
    assert slope.estimate == pytest.approx(fitted.params[0], rel=1e-7)
    for limit in (slope.low, slope.high):
        assert 2 * (fitted.llf - model.loglike([limit])) == pytest.approx(chi2.ppf(0.95, 1), rel=1e-6)
    assert (slope.low, slope.high) == pytest.approx(fitted.conf_int()[0], rel=0.05)  # Wald's


def test_the_interval_for_groups_has_the_variance_of_statsmodels_between_clusters():
    logits, labels = drawn(400, 2, 2.0, seed=2)
    groups = np.random.default_rng(3).integers(0, 60, 400)
    model = Logit(labels, logits[:, 1])
    clustered = model.fit(disp=0, cov_type="cluster", cov_kwds={"groups": groups})
    slope, excess = fit_slope(logits, labels, groups), (clustered.bse[0] / model.fit(disp=0).bse[0]) ** 2
    assert excess > 1, "else this test says nothing"
    for limit in (slope.low, slope.high):
        deviance = 2 * (clustered.llf - model.loglike([limit]))
        assert deviance == pytest.approx(excess * t.ppf(0.975, 59) ** 2, rel=1e-5)


@pytest.mark.parametrize("classes", [2, 3])
def test_copies_of_photos_in_one_group_add_no_information(classes):
    logits, labels = drawn(300, classes, 2.0, seed=4)
    once, four = (
        fit_slope(np.repeat(logits, count, axis=0), np.repeat(labels, count), np.repeat(alone(labels), count))
        for count in (1, 4)
    )
    assert four.estimate == pytest.approx(once.estimate, rel=1e-9)
    assert four.high - four.low == pytest.approx(once.high - once.low, rel=0.2)
    independent = fit_slope(np.repeat(logits, 4, axis=0), np.repeat(labels, 4), np.arange(4 * len(labels)))
    assert independent.high - independent.low < 0.6 * (four.high - four.low)


class Network(ClassifierMixin, BaseEstimator):
    """A fitted classifier whose inputs are its logits."""

    def __init__(self, classes=2):
        self.classes = classes

    def fit(self, logits, labels):
        self.classes_ = np.arange(self.classes)
        return self

    def decision_function(self, logits):
        return logits[:, 1] if self.classes == 2 else logits

    def predict(self, logits):
        return logits.argmax(axis=1)


@pytest.mark.parametrize("classes", [2, 3, 7])
def test_calibrated_probabilities_are_those_of_scikit_learn(classes):
    logits, labels = drawn(300, classes, 1.7, seed=5)
    network = FrozenEstimator(Network(classes).fit(logits, labels))
    expected = CalibratedClassifierCV(network, method="temperature").fit(logits, labels).predict_proba(logits)
    fitted = fit_temperature(logits, labels, alone(labels))
    np.testing.assert_allclose(softmax(logits / fitted.value), expected, atol=1e-6)


@pytest.mark.parametrize("classes", [2, 3])
def test_a_true_temperature_of_two_is_found(classes):
    """`make coverage` has 1,000 runs."""
    found = [fit_temperature(*drawn(300, classes, 2.0, seed), np.arange(300)) for seed in range(60)]
    assert np.median([one.value for one in found]) == pytest.approx(2, rel=0.06)
    assert np.mean([one.low <= 2 <= one.high for one in found]) >= 0.87  # 95% but for chance
    assert all(one.slope.estimate == pytest.approx(1 / one.value) for one in found)


def test_logits_count_only_by_their_differences():
    logits, labels = drawn(200, 3, 2.0, seed=6)
    shifted = logits + np.random.default_rng(7).normal(0, 50, (200, 1))
    assert fit_slope(shifted, labels, alone(labels)).estimate == pytest.approx(
        fit_slope(logits, labels, alone(labels)).estimate, rel=1e-9
    )


@pytest.mark.parametrize("scale", [1e-3, 1e4])
def test_logits_of_any_size_have_a_temperature(scale):
    logits, labels = drawn(200, 2, 2.0, seed=8)
    fitted, scaled = (fit_temperature(factor * logits, labels, alone(labels)) for factor in (1, scale))
    for name in ("value", "low", "high"):
        assert getattr(scaled, name) == pytest.approx(scale * getattr(fitted, name), rel=1e-6)


LABELS = np.array([0, 1, 1, 0])
CASES = {
    "all right": ([-1.0, 2.0, 0.5, -3.0], "every photo is classified correctly"),
    "all wrong": ([1.0, -2.0, -0.5, 3.0], "the true class of every photo has the lowest probability"),
    "constant": ([0.0] * 4, "it has the same probability for all classes"),
    "inverse": ([1.0, -2.0, 0.5, 3.0], "its probabilities are not higher for the true classes"),
}


@pytest.mark.parametrize(("values", "reason"), CASES.values(), ids=CASES)
def test_without_a_finite_positive_slope_the_reason_is_given(values, reason):
    with pytest.raises(NoSlopeError, match=reason):
        fit_temperature(as_logits(np.array(values)[:, None]), LABELS, np.arange(4))


def test_one_group_has_no_interval():
    with pytest.raises(NoSlopeError, match="all photos belong to one group"):
        fit_temperature(as_logits(np.array([[-1.0], [2.0], [-0.5], [-3.0]])), LABELS, np.zeros(4))


def test_a_slope_that_may_be_zero_leaves_the_temperature_without_an_upper_limit():
    generator = np.random.default_rng(9)
    logits, labels = as_logits(generator.normal(0, 1, (30, 1))), generator.integers(0, 2, 30)
    slope = fit_slope(logits, labels, alone(labels))
    labels = labels if slope.estimate > 0 else 1 - labels
    assert fit_temperature(logits, labels, alone(labels)).high is None
