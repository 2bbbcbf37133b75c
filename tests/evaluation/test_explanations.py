"""Which photos and classes of a network are explained, the files of their maps, and the sheet that shows them."""

import numpy as np
import pytest
from PIL import ImageDraw

from canigatti.evaluation.explained_plots import plot_explained
from canigatti.evaluation.explanations import (
    MAX_ERRORS,
    MAX_UNCERTAIN,
    ExplanationRecord,
    Explanations,
    explained_labels,
    explained_photos,
    read_explanations,
    write_explanations,
)
from canigatti.evaluation.predictions import Predictions, as_probabilities, logits_of
from canigatti.files import InputError, sha256_of
from canigatti.photos.store import Store

SOURCES = {"model_sha256": "1" * 64, "images_sha256": "2" * 64}


def predict(probabilities, labels):
    """Return predictions of photos a, b, c, …: probabilities of class 1, or of each class."""
    values = np.array(probabilities, float)
    made = as_probabilities(values[:, None]) if values.ndim == 1 else values
    ids = np.array([f"{number:03}" for number in range(len(made))], object)
    return Predictions(ids, np.array(labels), made, logits_of(made.clip(1e-9, 1 - 1e-9)))


def explain(predictions, maps=None):
    rows = explained_photos(predictions)
    values = np.ones((len(rows), 2, 2, 2), np.float32) if maps is None else maps
    return Explanations(predictions.ids[rows], explained_labels(predictions, rows), values)


def test_the_most_confident_errors_come_first_then_the_least_certain_photos():
    predictions = predict([0.9, 0.2, 0.6, 0.1, 0.55, 0.05], [0, 0, 0, 1, 1, 0])
    assert predictions.ids[explained_photos(predictions)].tolist() == ["000", "003", "002", "004", "001", "005"]


def test_the_number_of_photos_is_bounded():
    generator = np.random.default_rng(1)
    predictions = predict(generator.uniform(0, 1, 2000), generator.integers(0, 2, 2000))
    rows = explained_photos(predictions)
    assert len(set(rows.tolist())) == len(rows)
    assert MAX_ERRORS <= len(rows) <= MAX_ERRORS + MAX_UNCERTAIN
    assert not predictions.correct[rows[:MAX_ERRORS]].any()


def test_an_error_is_explained_by_its_predicted_and_true_class_and_another_photo_by_the_second_one():
    predictions = predict([[0.5, 0.2, 0.3], [0.5, 0.2, 0.3], [0.1, 0.1, 0.8]], [1, 0, 2])
    assert explained_labels(predictions, np.arange(3)).tolist() == [[0, 1], [0, 2], [2, 0]]
    two = predict([0.9, 0.9], [0, 1])
    assert explained_labels(two, np.arange(2)).tolist() == [[1, 0], [1, 0]]


@pytest.fixture
def written(tmp_path):
    """The record of written maps, one of which is undefined, and the predictions that they belong to."""
    predictions = predict([0.9, 0.2], [0, 0])
    maps = np.random.default_rng(2).uniform(0, 1e-9, (2, 2, 3, 4)).astype(np.float32)
    maps[1, 1] = np.nan
    path = tmp_path / "predictions.csv"
    path.write_text("predictions")
    explanations = explain(predictions, maps)
    write_explanations(tmp_path / "explained.json", explanations, SOURCES | {"predictions_sha256": sha256_of(path)})
    return tmp_path / "explained.json", path, explanations


def test_maps_are_restored_exactly_and_written_the_same_twice(written):
    record, predictions, explanations = written
    restored = read_explanations(record, predictions)
    for name in ("ids", "labels", "maps"):
        np.testing.assert_array_equal(getattr(restored, name), getattr(explanations, name))
    assert ExplanationRecord.read(record).columns == 4
    before = record.with_suffix(".npz").read_bytes()
    write_explanations(record, restored, SOURCES | {"predictions_sha256": sha256_of(predictions)})
    assert record.with_suffix(".npz").read_bytes() == before


@pytest.mark.parametrize("name", ["predictions.csv", "explained.npz"])
def test_maps_of_other_predictions_and_changed_maps_are_refused(written, name):
    record, predictions, _ = written
    with record.with_name(name).open("ab") as stream:
        stream.write(b"!")
    with pytest.raises(InputError, match=r"explained\.json: its maps are not those of"):
        read_explanations(record, predictions)


def test_missing_maps_are_refused(written):
    record, predictions, _ = written
    record.with_suffix(".npz").unlink()
    with pytest.raises(InputError, match=r"explained\.npz: expected the maps"):
        read_explanations(record, predictions)


@pytest.fixture
def texts(monkeypatch):
    """Record every text of a sheet."""
    recorded, draw_text = [], ImageDraw.ImageDraw.text

    def record(self, xy, text, *arguments, **options):
        recorded.append(text)
        return draw_text(self, xy, text, *arguments, **options)

    monkeypatch.setattr(ImageDraw.ImageDraw, "text", record)
    return recorded


def sheet_of(predictions, maps=None):
    images = np.full((len(predictions), 8, 8, 3), 90, np.uint8)
    store = Store(images, predictions.ids, predictions.labels)
    return plot_explained(explain(predictions, maps), predictions, store, ("cat", "dog"))


def test_the_sheet_says_for_which_class_each_map_is(texts):
    maps = np.ones((3, 2, 2, 2), np.float32)
    maps[0, 0], maps[0, 1] = 0, np.nan
    sheet = sheet_of(predict([0.9, 0.2, 0.7], [0, 0, 1]), maps)
    assert sheet.width == 1152
    assert "Most confident errors (1 of 1)" in texts
    assert "Least certain of the other photos (2)" in texts
    first = texts.index("000")
    assert texts[first : first + 6] == [
        *("000", "true cat"),
        *("predicted dog", "0.9000, empty"),
        *("true cat", "0.1000, undefined"),
    ]
    third = texts.index("002")
    assert texts[third : third + 6] == [*("002", "true dog"), "predicted dog", "0.7000", "second cat", "0.3000"]


def test_a_network_without_errors_has_a_sheet(texts):
    sheet_of(predict([0.1, 0.9], [0, 1]))
    assert "Most confident errors (0 of 0)" in texts
    assert "none" in texts


def test_the_color_is_where_the_map_is_high():
    predictions = predict([0.1], [0])
    maps = np.zeros((1, 2, 4, 4), np.float32)
    maps[0, 0, 0, 3] = maps[0, 1, 3, 0] = 1
    pixels = np.asarray(sheet_of(predictions, maps)).astype(int)
    colorful = pixels.max(axis=2) - pixels.min(axis=2)
    colorful[:, :130] = 0  # the heading's square, and the photo itself, which is gray here
    colorful[:, 390:] = 0
    tops = [np.unravel_index(colorful[:, left : left + 120].argmax(), (len(pixels), 120)) for left in (136, 260)]
    assert tops[0][1] > 90  # right
    assert tops[1][1] < 30  # left
    assert tops[0][0] < tops[1][0] - 60  # above
