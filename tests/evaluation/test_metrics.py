import json
import math

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import confusion_matrix, log_loss
from statsmodels.stats.proportion import proportion_confint

from canigatti.evaluation.metrics import confusion, measure, misclassified, read_predictions, uncertain
from canigatti.files import InputError, write_csv


def predictions(*rows):
    return pd.DataFrame(rows, columns=["id", "label", "probability"])


def test_four_photos_measured_by_hand():
    measured = measure(np.array([0, 0, 1, 1]), np.array([0.1, 0.6, 0.8, 0.3]))
    assert measured["confusion"] == [[1, 1], [1, 1]]
    assert measured["accuracy"] == 0.5
    # -(ln 0.9 + ln 0.4 + ln 0.8 + ln 0.3) / 4
    assert measured["loss"] == pytest.approx(0.6121919, abs=1e-7)
    assert measured["n"] == 4
    assert measured["threshold"] == 0.5


def test_wilson_interval_of_eight_right_in_ten():
    measured = measure(np.ones(10, int), np.array([0.9] * 8 + [0.1] * 2))
    # (p + z²/2n ± z √(p(1 - p)/n + z²/4n²)) / (1 + z²/n) with p = 0.8, n = 10, z = 1.959964
    assert measured["accuracy_interval"] == pytest.approx([0.4901625, 0.9433178], abs=1e-7)


def test_rows_of_the_confusion_matrix_are_true_classes():
    measured = measure(np.array([0, 0, 0, 1]), np.array([0.9, 0.9, 0.1, 0.9]))
    assert measured["confusion"] == [[1, 2], [0, 1]]


def test_measures_agree_with_scikit_learn_and_statsmodels():
    generator = np.random.default_rng(3)
    labels = generator.integers(0, 2, 2500)
    probabilities = generator.uniform(size=2500)
    measured = measure(labels, probabilities)
    right = ((probabilities > 0.5) == labels).sum()
    assert measured["confusion"] == confusion_matrix(labels, probabilities > 0.5).tolist()
    assert measured["loss"] == pytest.approx(log_loss(labels, probabilities), abs=1e-12)
    assert measured["accuracy_interval"] == pytest.approx(proportion_confint(right, 2500, method="wilson"), abs=1e-12)


def test_a_probability_of_one_half_means_class_0_as_in_keras():
    assert measure(np.array([0, 1]), np.array([0.5, 0.5]))["confusion"] == [[1, 0], [1, 0]]


def test_certainty_in_the_wrong_costs_what_it_costs_in_keras():
    assert measure(np.array([1, 1]), np.array([0.0, 0.0]))["loss"] == pytest.approx(-math.log(1e-7))
    assert measure(np.array([1, 1]), np.array([1.0, 1.0]))["loss"] == pytest.approx(1e-7, rel=1e-3)


def test_one_class_alone_still_gives_a_matrix_of_two():
    assert measure(np.array([1, 1]), np.array([0.9, 0.8]))["confusion"] == [[0, 0], [0, 2]]
    assert confusion(np.array([0]), np.array([0.9])).tolist() == [[0, 1], [0, 0]]


@pytest.mark.parametrize("bad", [math.nan, math.inf, -0.1, 1.1])
def test_a_diverged_model_is_refused(bad):
    with pytest.raises(InputError, match=r"diverged: expected probabilities from 0 to 1, .* for 1 of 3 photos"):
        measure(np.array([0, 1, 1]), np.array([0.2, bad, 0.4]))


def test_no_photos_are_refused():
    with pytest.raises(InputError, match="expected photos to measure on, received none"):
        measure(np.array([], int), np.array([]))


def test_metrics_recomputed_from_the_file_are_equal(tmp_path):
    generator = np.random.default_rng(4)
    frame = pd.DataFrame({"id": [f"cat.{n}.jpg" for n in range(500)], "label": generator.integers(0, 2, 500)})
    frame["probability"] = generator.uniform(size=500)
    frame.loc[0, "probability"] = 1e-30
    measured = measure(frame["label"].to_numpy(), frame["probability"].to_numpy())
    write_csv(tmp_path / "predictions.csv", frame)
    read = read_predictions(tmp_path / "predictions.csv")
    assert measure(read["label"].to_numpy(), read["probability"].to_numpy()) == measured
    assert json.loads(json.dumps(measured)) == measured


def test_ids_that_look_like_numbers_or_nothing_stay_text(tmp_path):
    (tmp_path / "predictions.csv").write_text("id,label,probability\n007,0,0.25\n1e3,1,0.75\n")
    assert read_predictions(tmp_path / "predictions.csv")["id"].tolist() == ["007", "1e3"]
    (tmp_path / "predictions.csv").write_text("id,label,probability\nnan,0,0.25\nNA,1,0.75\n")
    assert read_predictions(tmp_path / "predictions.csv")["id"].tolist() == ["nan", "NA"]


@pytest.mark.parametrize("content", [None, "", "id,label\ncat.0.jpg,0\n", "id,label,probability\ncat.0.jpg,0,high\n"])
def test_a_file_without_predictions_is_named(tmp_path, content):
    path = tmp_path / "predictions.csv"
    if content is not None:
        path.write_text(content)
    with pytest.raises(InputError, match=r"predictions.csv: expected the columns id, label and probability"):
        read_predictions(path)


def test_the_least_certain_photos_come_first_and_ties_by_id():
    frame = predictions(("d", 1, 0.25), ("c", 0, 0.75), ("b", 1, 0.5), ("a", 0, 0.99), ("e", 0, 0.375))
    chosen = uncertain(frame, n=4)
    assert chosen["id"].tolist() == ["b", "e", "c", "d"]
    assert chosen["distance"].tolist() == [0.0, 0.125, 0.25, 0.25]
    assert chosen["true"].tolist() == [1, 0, 0, 1]
    assert chosen["predicted"].tolist() == [0, 0, 1, 0]
    assert chosen.columns.tolist() == ["id", "probability", "true", "predicted", "distance"]


def test_equally_uncertain_photos_come_by_id_whatever_their_order():
    frame = predictions(*((f"cat.{n:02}.jpg", 0, 0.25 + 0.5 * (n % 2)) for n in range(40)))
    shuffled = frame.sample(frac=1, random_state=9)
    assert uncertain(shuffled)["id"].tolist() == frame["id"].head(10).tolist()


def test_ten_photos_are_least_certain_or_all_when_there_are_fewer():
    many = predictions(*((f"cat.{n}.jpg", 0, n / 100) for n in range(30)))
    assert len(uncertain(many)) == 10
    assert len(uncertain(many.head(3))) == 3


def test_errors_fall_in_two_groups_the_most_confident_first():
    frame = predictions(
        ("cat.1", 0, 0.6), ("cat.2", 0, 0.9), ("cat.3", 0, 0.1), ("dog.3", 1, 0.4), ("dog.2", 1, 0.1), ("dog.1", 1, 0.1)
    )
    zeros, ones = misclassified(frame)
    assert zeros["id"].tolist() == ["cat.2", "cat.1"]
    assert ones["id"].tolist() == ["dog.1", "dog.2", "dog.3"]
    assert (zeros["predicted"] == 1).all()
    assert (ones["predicted"] == 0).all()


def test_a_model_without_errors_leaves_both_groups_empty():
    zeros, ones = misclassified(predictions(("cat.1", 0, 0.1), ("dog.1", 1, 0.9)))
    assert len(zeros) == len(ones) == 0
