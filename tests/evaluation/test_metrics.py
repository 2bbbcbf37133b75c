import math

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sklearn import metrics as sklearn_metrics
from statsmodels.stats.proportion import proportion_confint

from canigatti.evaluation.metrics import (
    THRESHOLD,
    compute_metrics,
    confusion_matrix,
    least_certain,
    misclassified,
)
from canigatti.evaluation.predictions import (
    Predictions,
    as_logits,
    as_probabilities,
    classify,
    logits_of,
    read_predictions,
    softmax,
    write_predictions,
)
from canigatti.evaluation.records import Metrics
from canigatti.files import InputError

CLASSES = ("cat", "dog")


def two(labels, probabilities, ids=None):
    """Predictions of two classes, given the probability of class 1."""
    labels, probabilities = np.array(labels, int), np.array(probabilities, float)
    ids = np.array([f"photo.{n}" for n in range(len(labels))] if ids is None else ids, dtype=object)
    made = as_probabilities(probabilities.reshape(-1, 1))
    return Predictions(ids, labels, made, np.zeros_like(made))


def predictions(*rows):
    ids, labels, probabilities = zip(*rows, strict=True)
    return two(labels, probabilities, ids)


def select(of, positions):
    return Predictions(*(values[positions] for values in (of.ids, of.labels, of.probabilities, of.logits)))


def many(count, classes, seed, concentration=0.5):
    """Random predictions of several classes, more often correct than not."""
    generator = np.random.default_rng(seed)
    labels = generator.integers(0, classes, count)
    probabilities = generator.dirichlet(np.full(classes, concentration), count) + np.eye(classes)[labels] * 0.3
    ids = np.array([f"photo.{n}" for n in range(count)], dtype=object)
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    return Predictions(ids, labels, probabilities, logits_of(probabilities))


def test_metrics_of_four_photos_computed_by_hand():
    metrics = compute_metrics(two([0, 0, 1, 1], [0.1, 0.6, 0.8, 0.3]))
    assert metrics.confusion == ((1, 1), (1, 1))
    assert metrics.accuracy == 0.5
    # -(ln 0.9 + ln 0.4 + ln 0.8 + ln 0.3) / 4
    assert metrics.loss == pytest.approx(0.6121919, abs=1e-7)
    assert metrics.n == 4
    assert metrics.threshold == 0.5


def test_wilson_interval_of_eight_correct_in_ten():
    metrics = compute_metrics(two([1] * 10, [0.9] * 8 + [0.1] * 2))
    # (p + z²/2n ± z √(p(1 - p)/n + z²/4n²)) / (1 + z²/n) with p = 0.8, n = 10, z = 1.959964
    assert metrics.accuracy_interval == pytest.approx([0.4901625, 0.9433178], abs=1e-7)


def test_rows_of_the_confusion_matrix_are_true_classes():
    metrics = compute_metrics(two([0, 0, 0, 1], [0.9, 0.9, 0.1, 0.9]))
    assert metrics.confusion == ((1, 2), (0, 1))


def test_metrics_agree_with_scikit_learn_and_statsmodels():
    generator = np.random.default_rng(3)
    labels = generator.integers(0, 2, 2500)
    probabilities = generator.uniform(size=2500)
    metrics = compute_metrics(two(labels, probabilities))
    correct = ((probabilities > 0.5) == labels).sum()
    assert (
        np.array(metrics.confusion).tolist() == sklearn_metrics.confusion_matrix(labels, probabilities > 0.5).tolist()
    )
    assert metrics.loss == pytest.approx(sklearn_metrics.log_loss(labels, probabilities), abs=1e-12)
    assert metrics.accuracy_interval == pytest.approx(proportion_confint(correct, 2500, method="wilson"), abs=1e-12)


def test_a_probability_of_one_half_is_classified_as_class_0_as_in_keras():
    assert compute_metrics(two([0, 1], [0.5, 0.5])).confusion == ((1, 0), (1, 0))


def test_every_metric_applies_the_same_threshold():
    probabilities = np.array([0.0, np.nextafter(THRESHOLD, 0), THRESHOLD, np.nextafter(THRESHOLD, 1), 1.0])
    assert classify(as_probabilities(probabilities[:, None])).tolist() == [0, 0, 0, 1, 1]
    assert compute_metrics(two([0] * 5, probabilities)).threshold == THRESHOLD


def test_the_loss_of_a_confident_error_is_clipped_as_in_keras():
    assert compute_metrics(two([1, 1], [0.0, 0.0])).loss == pytest.approx(-math.log(1e-7))
    assert compute_metrics(two([1, 1], [1.0, 1.0])).loss == pytest.approx(1e-7, rel=1e-3)


def test_a_single_class_gives_a_two_by_two_matrix():
    assert compute_metrics(two([1, 1], [0.9, 0.8])).confusion == ((0, 0), (0, 2))
    assert confusion_matrix(two([0], [0.9])).tolist() == [[0, 1], [0, 0]]


@pytest.mark.parametrize("bad", [math.nan, math.inf, -0.1, 1.1])
def test_predictions_of_a_diverged_model_raise(bad):
    with pytest.raises(InputError, match=r"diverged: expected probabilities from 0 to 1, .* for 1 of 3 photos"):
        compute_metrics(two([0, 1, 1], [0.2, bad, 0.4]))


def test_an_empty_test_set_raises():
    with pytest.raises(InputError, match="expected at least one photo to evaluate, received none"):
        compute_metrics(two([], []))


@pytest.mark.parametrize("classes", [CLASSES, ("a", "b", "c"), tuple(f"class {n}" for n in range(40))])
def test_metrics_recomputed_from_the_file_are_equal(tmp_path, classes):
    made = many(500, len(classes), seed=4)
    made.probabilities[0] = [1 - 1e-30, 1e-30] + [0] * (len(classes) - 2)
    metrics = compute_metrics(made)
    write_predictions(tmp_path / "predictions.csv", made, classes)
    read = read_predictions(tmp_path / "predictions.csv", classes)
    assert read.ids.tolist() == made.ids.tolist()
    np.testing.assert_array_equal(read.probabilities[:, 1:], made.probabilities[:, 1:])
    np.testing.assert_array_equal(read.logits, made.logits)
    assert compute_metrics(read) == metrics
    metrics.write(tmp_path / "metrics.json")
    assert Metrics.read(tmp_path / "metrics.json") == metrics


def test_two_classes_have_one_column_and_more_have_one_each(tmp_path):
    ids, label = np.array(["b.1"], dtype=object), np.array([1])
    write_predictions(
        tmp_path / "two.csv", Predictions(ids, label, np.array([[0.25, 0.75]]), as_logits(np.array([[1.5]]))), CLASSES
    )
    assert (tmp_path / "two.csv").read_text() == "id,label,probability,logit\nb.1,1,0.75,1.5\n"
    made = Predictions(ids, label, np.array([[0.25, 0.5, 0.25]]), np.array([[-1.0, 0.5, -2.25]]))
    write_predictions(tmp_path / "three.csv", made, ("a", "b,", "c"))
    expected = (
        'id,label,probability_a,"probability_b,",probability_c,logit_a,"logit_b,",logit_c\n'
        "b.1,1,0.25,0.5,0.25,-1.0,0.5,-2.25\n"
    )
    assert (tmp_path / "three.csv").read_text() == expected


@pytest.mark.parametrize("classes", [2, 3])
def test_the_softmax_of_logits_of_probabilities_is_the_probabilities(classes):
    probabilities = np.random.default_rng(1).dirichlet(np.ones(classes), 100)
    np.testing.assert_allclose(softmax(logits_of(probabilities)), probabilities, rtol=1e-12)
    assert softmax(np.array([[0.0, 800.0]])).tolist() == [[0.0, 1.0]]


def test_the_logit_of_class_0_of_two_is_zero():
    assert as_logits(np.array([[-2.5], [3.0]])).tolist() == [[0.0, -2.5], [0.0, 3.0]]
    assert logits_of(np.array([[0.25, 0.75], [1, 0]])).tolist() == [[0.0, pytest.approx(np.log(3))], [0.0, -np.inf]]


def test_ids_that_look_like_numbers_or_missing_values_stay_text(tmp_path):
    (tmp_path / "predictions.csv").write_text("id,label,probability,logit\n007,0,0.25,-1.0\n1e3,1,0.75,1.0\n")
    assert read_predictions(tmp_path / "predictions.csv", CLASSES).ids.tolist() == ["007", "1e3"]
    (tmp_path / "predictions.csv").write_text("id,label,probability,logit\nnan,0,0.25,-1.0\nNA,1,0.75,1.0\n")
    assert read_predictions(tmp_path / "predictions.csv", CLASSES).ids.tolist() == ["nan", "NA"]


@pytest.mark.parametrize(
    "content",
    [
        *(None, "", "id,label\ncat.0.jpg,0\n", "id,label,probability\ncat.0.jpg,0,0.25\n"),
        "id,label,probability,logit\ncat.0.jpg,0,high,1.0\n",
    ],
)
def test_the_error_names_a_file_without_predictions(tmp_path, content):
    path = tmp_path / "predictions.csv"
    if content is not None:
        path.write_text(content)
    with pytest.raises(
        InputError, match=r"predictions.csv: expected a table with the columns id, label, probability, logit, received"
    ):
        read_predictions(path, CLASSES)


def test_a_label_without_a_class_is_refused(tmp_path):
    (tmp_path / "predictions.csv").write_text("id,label,probability,logit\na,2,0.25,-1.0\n")
    with pytest.raises(InputError, match=r"predictions\.csv: expected labels from 0 to 1, received 2 to 2"):
        read_predictions(tmp_path / "predictions.csv", CLASSES)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from([2, 3, 7]), st.integers(1, 120), st.integers(0, 10_000), st.sampled_from([0.1, 1.0]))
@example(2, 13, 110, 0.1)  # where scikit-learn's average precision is 1 + 2e-16
@pytest.mark.filterwarnings("ignore::UserWarning")  # scikit-learn warns of classes without photos
def test_every_metric_agrees_with_scikit_learn(classes, count, seed, concentration):
    made = many(count, classes, seed, concentration)
    metrics, labels, predicted = compute_metrics(made), made.labels, made.predicted
    numbers = list(range(classes))
    each = sklearn_metrics.precision_recall_fscore_support(labels, predicted, labels=numbers, zero_division=0)
    for values, name in zip(each, ("precision", "recall", "f1", "n"), strict=True):
        assert [getattr(one, name) for one in metrics.classes] == pytest.approx(values.tolist(), abs=1e-9)
    expected = {
        "accuracy": sklearn_metrics.accuracy_score(labels, predicted),
        "balanced_accuracy": sklearn_metrics.balanced_accuracy_score(labels, predicted),
        "macro_f1": sklearn_metrics.f1_score(labels, predicted, average="macro", zero_division=0),
        "matthews": sklearn_metrics.matthews_corrcoef(labels, predicted),
        "largest_class": np.bincount(labels).max() / count,
    }
    if set(labels) == set(numbers):
        if classes == 2:
            scores = labels, made.probabilities[:, 1]
            options = {}
        else:
            scores, options = (np.eye(classes)[labels], made.probabilities), {"average": "macro"}
        expected["roc_auc"] = sklearn_metrics.roc_auc_score(*scores, **options)
        expected["average_precision"] = sklearn_metrics.average_precision_score(*scores, **options)
    else:
        assert metrics.roc_auc is metrics.average_precision is None
    loss = sklearn_metrics.log_loss(labels, made.probabilities, labels=numbers)
    assert metrics.loss == pytest.approx(loss, abs=2e-7)  # Keras' clipping
    for name, value in expected.items():
        assert getattr(metrics, name) == pytest.approx(value, abs=1e-9), name
    assert (
        np.array(metrics.confusion).tolist()
        == sklearn_metrics.confusion_matrix(labels, predicted, labels=numbers).tolist()
    )


def test_the_intervals_of_a_class_are_those_of_its_photos():
    made = many(300, 3, seed=5)
    one = compute_metrics(made).classes[1]
    hits = one.recall * one.n
    assert one.recall_interval == pytest.approx(proportion_confint(hits, one.n, method="wilson"))
    assert one.precision_interval == pytest.approx(proportion_confint(hits, one.predicted, method="wilson"))


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
    shuffled = select(frame, np.random.default_rng(9).permutation(40))
    assert least_certain(shuffled)["id"].tolist() == frame.ids[:10].tolist()


def test_at_most_ten_least_certain_photos_are_returned():
    thirty = predictions(*((f"cat.{n}.jpg", 0, n / 100) for n in range(30)))
    assert len(least_certain(thirty)) == 10
    assert len(least_certain(select(thirty, slice(3)))) == 3


def test_with_more_classes_the_smallest_margin_comes_first():
    probabilities = np.array([[0.5, 0.3, 0.2], [0.4, 0.35, 0.25], [0.1, 0.1, 0.8]])
    ids = np.array(["a", "b", "c"], dtype=object)
    photos = least_certain(Predictions(ids, np.array([0, 1, 2]), probabilities, logits_of(probabilities)))
    assert photos["id"].tolist() == ["b", "a", "c"]
    assert photos["distance"].tolist() == pytest.approx([0.025, 0.1, 0.35])
    assert photos["probability"].tolist() == [0.4, 0.5, 0.8]
    assert photos["predicted"].tolist() == [0, 0, 2]


def test_with_more_classes_misclassified_photos_are_grouped_by_pair_the_most_frequent_first():
    probabilities = np.array([[0.2, 0.5, 0.3], [0.1, 0.8, 0.1], [0.6, 0.4, 0.0], [0.9, 0.1, 0.0]])
    ids = np.array(["a", "b", "c", "d"], dtype=object)
    made = Predictions(ids, np.array([0, 0, 2, 0]), probabilities, logits_of(probabilities))
    pairs = misclassified(made)
    assert [*pairs] == [(0, 1), (2, 0)]
    assert pairs[0, 1]["id"].tolist() == ["b", "a"]


def test_misclassified_photos_are_grouped_by_class_most_confident_first():
    frame = predictions(
        ("cat.1", 0, 0.6), ("cat.2", 0, 0.9), ("cat.3", 0, 0.1), ("dog.3", 1, 0.4), ("dog.2", 1, 0.1), ("dog.1", 1, 0.1)
    )
    zeros, ones = misclassified(frame).values()
    assert zeros["id"].tolist() == ["cat.2", "cat.1"]
    assert ones["id"].tolist() == ["dog.1", "dog.2", "dog.3"]
    assert (zeros["predicted"] == 1).all()
    assert (ones["predicted"] == 0).all()


def test_both_groups_are_empty_without_errors():
    zeros, ones = misclassified(predictions(("cat.1", 0, 0.1), ("dog.1", 1, 0.9))).values()
    assert len(zeros) == len(ones) == 0
