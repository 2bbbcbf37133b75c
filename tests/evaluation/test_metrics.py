import math

import numpy as np
import pandas as pd
import pytest
from sklearn import metrics as sklearn_metrics
from statsmodels.stats.proportion import proportion_confint

from canigatti.evaluation.metrics import (
    THRESHOLD,
    classify,
    compute_metrics,
    confusion_matrix,
    least_certain,
    misclassified,
)
from canigatti.evaluation.records import PREDICTIONS, Metrics
from canigatti.files import InputError


def predictions(*rows):
    return pd.DataFrame(rows, columns=["id", "label", "probability"])


def test_metrics_of_four_photos_computed_by_hand():
    metrics = compute_metrics(np.array([0, 0, 1, 1]), np.array([0.1, 0.6, 0.8, 0.3]))
    assert metrics.confusion == ((1, 1), (1, 1))
    assert metrics.accuracy == 0.5
    # -(ln 0.9 + ln 0.4 + ln 0.8 + ln 0.3) / 4
    assert metrics.loss == pytest.approx(0.6121919, abs=1e-7)
    assert metrics.n == 4
    assert metrics.threshold == 0.5


def test_wilson_interval_of_eight_correct_in_ten():
    metrics = compute_metrics(np.ones(10, int), np.array([0.9] * 8 + [0.1] * 2))
    # (p + z²/2n ± z √(p(1 - p)/n + z²/4n²)) / (1 + z²/n) with p = 0.8, n = 10, z = 1.959964
    assert metrics.accuracy_interval == pytest.approx([0.4901625, 0.9433178], abs=1e-7)


def test_rows_of_the_confusion_matrix_are_true_classes():
    metrics = compute_metrics(np.array([0, 0, 0, 1]), np.array([0.9, 0.9, 0.1, 0.9]))
    assert metrics.confusion == ((1, 2), (0, 1))


def test_metrics_agree_with_scikit_learn_and_statsmodels():
    generator = np.random.default_rng(3)
    labels = generator.integers(0, 2, 2500)
    probabilities = generator.uniform(size=2500)
    metrics = compute_metrics(labels, probabilities)
    correct = ((probabilities > 0.5) == labels).sum()
    assert (
        np.array(metrics.confusion).tolist() == sklearn_metrics.confusion_matrix(labels, probabilities > 0.5).tolist()
    )
    assert metrics.loss == pytest.approx(sklearn_metrics.log_loss(labels, probabilities), abs=1e-12)
    assert metrics.accuracy_interval == pytest.approx(proportion_confint(correct, 2500, method="wilson"), abs=1e-12)


def test_a_probability_of_one_half_is_classified_as_class_0_as_in_keras():
    assert compute_metrics(np.array([0, 1]), np.array([0.5, 0.5])).confusion == ((1, 0), (1, 0))


def test_every_metric_applies_the_same_threshold():
    probabilities = np.array([0.0, np.nextafter(THRESHOLD, 0), THRESHOLD, np.nextafter(THRESHOLD, 1), 1.0])
    assert classify(probabilities).tolist() == [0, 0, 0, 1, 1]
    assert compute_metrics(np.zeros(5, int), probabilities).threshold == THRESHOLD


def test_the_loss_of_a_confident_error_is_clipped_as_in_keras():
    assert compute_metrics(np.array([1, 1]), np.array([0.0, 0.0])).loss == pytest.approx(-math.log(1e-7))
    assert compute_metrics(np.array([1, 1]), np.array([1.0, 1.0])).loss == pytest.approx(1e-7, rel=1e-3)


def test_a_single_class_gives_a_two_by_two_matrix():
    assert compute_metrics(np.array([1, 1]), np.array([0.9, 0.8])).confusion == ((0, 0), (0, 2))
    assert confusion_matrix(np.array([0]), np.array([0.9])).tolist() == [[0, 1], [0, 0]]


@pytest.mark.parametrize("bad", [math.nan, math.inf, -0.1, 1.1])
def test_predictions_of_a_diverged_model_raise(bad):
    with pytest.raises(InputError, match=r"diverged: expected probabilities from 0 to 1, .* for 1 of 3 photos"):
        compute_metrics(np.array([0, 1, 1]), np.array([0.2, bad, 0.4]))


def test_an_empty_test_set_raises():
    with pytest.raises(InputError, match="expected at least one photo to evaluate, received none"):
        compute_metrics(np.array([], int), np.array([]))


def test_metrics_recomputed_from_the_file_are_equal(tmp_path):
    generator = np.random.default_rng(4)
    frame = pd.DataFrame({"id": [f"cat.{n}.jpg" for n in range(500)], "label": generator.integers(0, 2, 500)})
    frame["probability"] = generator.uniform(size=500)
    frame.loc[0, "probability"] = 1e-30
    metrics = compute_metrics(frame["label"].to_numpy(), frame["probability"].to_numpy())
    PREDICTIONS.write(tmp_path / "predictions.csv", frame)
    read = PREDICTIONS.read(tmp_path / "predictions.csv")
    assert compute_metrics(read["label"].to_numpy(), read["probability"].to_numpy()) == metrics
    metrics.write(tmp_path / "metrics.json")
    assert Metrics.read(tmp_path / "metrics.json") == metrics


def test_ids_that_look_like_numbers_or_missing_values_stay_text(tmp_path):
    (tmp_path / "predictions.csv").write_text("id,label,probability\n007,0,0.25\n1e3,1,0.75\n")
    assert PREDICTIONS.read(tmp_path / "predictions.csv")["id"].tolist() == ["007", "1e3"]
    (tmp_path / "predictions.csv").write_text("id,label,probability\nnan,0,0.25\nNA,1,0.75\n")
    assert PREDICTIONS.read(tmp_path / "predictions.csv")["id"].tolist() == ["nan", "NA"]


@pytest.mark.parametrize("content", [None, "", "id,label\ncat.0.jpg,0\n", "id,label,probability\ncat.0.jpg,0,high\n"])
def test_the_error_names_a_file_without_predictions(tmp_path, content):
    path = tmp_path / "predictions.csv"
    if content is not None:
        path.write_text(content)
    with pytest.raises(
        InputError, match=r"predictions.csv: expected a table with the columns id, label, probability, received"
    ):
        PREDICTIONS.read(path)


def test_the_least_certain_photos_come_first_with_ties_by_id():
    frame = predictions(("d", 1, 0.25), ("c", 0, 0.75), ("b", 1, 0.5), ("a", 0, 0.99), ("e", 0, 0.375))
    photos = least_certain(frame, n=4)
    assert photos["id"].tolist() == ["b", "e", "c", "d"]
    assert photos["distance"].tolist() == [0.0, 0.125, 0.25, 0.25]
    assert photos["true"].tolist() == [1, 0, 0, 1]
    assert photos["predicted"].tolist() == [0, 0, 1, 0]
    assert photos.columns.tolist() == ["id", "probability", "true", "predicted", "distance"]


def test_equally_uncertain_photos_are_sorted_by_id_whatever_their_order():
    frame = predictions(*((f"cat.{n:02}.jpg", 0, 0.25 + 0.5 * (n % 2)) for n in range(40)))
    shuffled = frame.sample(frac=1, random_state=9)
    assert least_certain(shuffled)["id"].tolist() == frame["id"].head(10).tolist()


def test_at_most_ten_least_certain_photos_are_returned():
    many = predictions(*((f"cat.{n}.jpg", 0, n / 100) for n in range(30)))
    assert len(least_certain(many)) == 10
    assert len(least_certain(many.head(3))) == 3


def test_misclassified_photos_are_grouped_by_class_most_confident_first():
    frame = predictions(
        ("cat.1", 0, 0.6), ("cat.2", 0, 0.9), ("cat.3", 0, 0.1), ("dog.3", 1, 0.4), ("dog.2", 1, 0.1), ("dog.1", 1, 0.1)
    )
    zeros, ones = misclassified(frame)
    assert zeros["id"].tolist() == ["cat.2", "cat.1"]
    assert ones["id"].tolist() == ["dog.1", "dog.2", "dog.3"]
    assert (zeros["predicted"] == 1).all()
    assert (ones["predicted"] == 0).all()


def test_both_groups_are_empty_without_errors():
    zeros, ones = misclassified(predictions(("cat.1", 0, 0.1), ("dog.1", 1, 0.9)))
    assert len(zeros) == len(ones) == 0
