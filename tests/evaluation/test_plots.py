import numpy as np
import pytest
from PIL import Image, ImageDraw

from canigatti.evaluation.calibration import Sample, calibrate
from canigatti.evaluation.commands.plot import plot_evaluation
from canigatti.evaluation.confusion_plots import confused_pairs, plot_confusion
from canigatti.evaluation.explanations import Explanations, explained_labels, explained_photos, write_explanations
from canigatti.evaluation.plots import plot_misclassified, plot_uncertain
from canigatti.evaluation.predictions import Predictions, as_probabilities, logits_of, write_predictions
from canigatti.evaluation.records import EVALUATION_PLOTS
from canigatti.files import sha256_of
from canigatti.photos.records import ClassNames
from canigatti.photos.store import Store

CLASSES = ("cat", "dog")
COLORS = np.array([[200, 0, 0], [0, 160, 0], [0, 0, 220], [190, 190, 0], [180, 0, 180], [0, 180, 180]], np.uint8)
LABELS = np.array([0, 0, 0, 1, 1, 1])


def case(probabilities, ids=None):
    """Return predictions and store of six single-color photos, three per class."""
    ids = np.array(ids or [f"{CLASSES[label]}.{number}.jpg" for number, label in enumerate(LABELS)], object)
    images = np.broadcast_to(COLORS[:, None, None], (6, 8, 8, 3))
    made = as_probabilities(np.array(probabilities)[:, None])
    return Predictions(ids, LABELS, made, logits_of(made)), Store(images, ids, LABELS)


def explain(folder, predictions):
    """Write made-up maps of the photos that a network is explained by, and return the path of their record."""
    rows = explained_photos(predictions)
    maps = np.random.default_rng(1).uniform(0, 1, (len(rows), 2, 3, 3)).astype(np.float32)
    sources = {"model_sha256": "0" * 64, "images_sha256": "0" * 64}
    sources["predictions_sha256"] = sha256_of(folder / "predictions.csv")
    made = Explanations(predictions.ids[rows], explained_labels(predictions, rows), maps)
    write_explanations(folder / "explained.json", made, sources)
    return folder / "explained.json"


def top_of(sheet, color):
    """Return the first row of the sheet that shows the photo of this color, or None."""
    matches = (np.abs(np.asarray(sheet.convert("RGB")).astype(int) - color) < 20).all(axis=-1)
    rows = np.flatnonzero(matches.sum(axis=1) > 40)
    return rows[0] if len(rows) else None


@pytest.fixture
def texts(monkeypatch):
    """Record every text of a plot: (text, left, right, line)."""
    recorded = []
    draw_text = ImageDraw.ImageDraw.text

    def record(self, xy, text, *arguments, **options):
        left, _, right, _ = self.textbbox(xy, text, font=options["font"], anchor=options["anchor"])
        recorded.append((text, left, right, (self, xy[1])))
        return draw_text(self, xy, text, *arguments, **options)

    monkeypatch.setattr(ImageDraw.ImageDraw, "text", record)
    return recorded


def test_all_and_only_misclassified_photos_are_shown_by_true_class():
    sheet = plot_misclassified(*case([0.9, 0.1, 0.6, 0.9, 0.2, 0.8]), CLASSES)
    tops = [top_of(sheet, color) for color in COLORS]
    assert tops[1] is tops[3] is tops[5] is None
    assert tops[0] == tops[2] < tops[4]


def test_group_headings_contain_class_names_and_counts(texts):
    plot_misclassified(*case([0.9, 0.1, 0.6, 0.9, 0.2, 0.8]), CLASSES)
    captions = [text for text, *_ in texts]
    assert "cat classified as dog (2)" in captions
    assert "dog classified as cat (1)" in captions
    assert "none" not in captions
    assert captions[captions.index("dog.4.jpg") + 1] == "0.2000"


def test_an_empty_group_is_labeled_none(texts):
    plot_misclassified(*case([0.1, 0.1, 0.1, 0.9, 0.9, 0.9]), CLASSES)
    assert [text for text, *_ in texts].count("none") == 2


@pytest.mark.parametrize("plot", [plot_misclassified, plot_uncertain])
def test_captions_do_not_overlap_or_leave_the_sheet(texts, plot):
    ids = [f"{CLASSES[label]}.a folder/{'very long name ' * 20}{number}.jpg" for number, label in enumerate(LABELS)]
    sheet = plot(*case([0.9, 0.8, 0.7, 0.3, 0.2, 0.1], ids), ("c" * 300, "d" * 300))
    assert all(0 <= left <= right <= sheet.width for _, left, right, _ in texts)
    neighbors = [(a, b) for a in texts for b in texts if a[3] == b[3] and a[1] < b[1]]
    assert len(neighbors) >= 6
    assert all(a[2] < b[1] for a, b in neighbors)


def test_unprintable_names_can_be_plotted(texts):
    ids = ["cat.a\nb.jpg", "cat.\udce9.jpg", "cat.$x_1$.jpg", "dog.猫.jpg", "dog.😀.jpg", "dog..jpg"]
    plot_misclassified(*case([0.9, 0.9, 0.9, 0.1, 0.1, 0.1], ids), CLASSES)
    captions = [text for text, *_ in texts]
    assert {"cat.a?b.jpg", "cat.?.jpg", "cat.$x_1$.jpg"} <= set(captions)


def test_uncertain_photos_are_shown_with_true_and_predicted_class(texts):
    sheet = plot_uncertain(*case([0.1, 0.1, 0.6, 0.9, 0.9, 0.8]), CLASSES)
    captions = [text for text, *_ in texts]
    first = captions.index("cat.2.jpg")
    assert captions[first + 1 : first + 4] == ["dog: 0.60000", "true cat", "predicted dog (incorrect)"]
    assert all(top_of(sheet, color) is not None for color in COLORS)


def test_a_plot_of_four_hundred_errors_is_smaller_than_two_megabytes(tmp_path):
    generator = np.random.default_rng(5)
    coarse = generator.integers(0, 256, (400, 12, 12, 3), dtype=np.uint8)
    images = np.stack([np.asarray(Image.fromarray(photo).resize((100, 100))) for photo in coarse])
    labels = np.arange(400) % 2
    ids = np.array([f"photo.{number}.jpg" for number in range(400)], object)
    probabilities = as_probabilities(0.9 - 0.8 * labels[:, None])
    predictions = Predictions(ids, labels, probabilities, logits_of(probabilities))
    plot_misclassified(predictions, Store(images, ids, labels), CLASSES).save(tmp_path / "sheet.png")
    assert (tmp_path / "sheet.png").stat().st_size < 2_000_000


def test_the_confusion_matrix_shows_counts_and_fractions_of_the_true_class():
    axes = plot_confusion(np.array([[984, 266], [256, 994]]), CLASSES).axes[0]
    texts = [text.get_text().replace("\n", " ") for text in axes.texts]
    assert [texts[0], texts[2], texts[4], texts[6]] == ["984", "266", "256", "994"]
    assert texts[1].startswith("78.7%")
    assert texts[5].startswith("20.5%")
    assert [label.get_text() for label in axes.get_xticklabels()] == ["predicted cat", "predicted dog"]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["true cat", "true dog"]
    assert axes.get_title(loc="left") == "1,978 of 2,500 photos classified correctly"


@pytest.mark.parametrize("probabilities", [[0.1] * 3 + [0.9] * 3, [0.9] * 3 + [0.1] * 3, [0.5] * 6])
def test_the_command_writes_all_plots_reproducibly_for_any_predictions(tmp_path, photos_of, probabilities):
    predictions, store = case(probabilities)
    images = photos_of(tmp_path, np.array(store.images), LABELS)["images"]
    write_predictions(tmp_path / "predictions.csv", predictions, CLASSES)
    plots = [tmp_path / "out" / f"{name}.png" for name in (*EVALUATION_PLOTS, "explained")]
    sample = Sample(predictions, predictions.ids)
    calibrate(sample, sample, "0" * 64, False).write(tmp_path / "calibration.json")
    files = {"predictions": tmp_path / "predictions.csv", "calibration": tmp_path / "calibration.json"}
    files["explained"] = explain(tmp_path, predictions)
    content = []
    for _ in range(2):
        plot_evaluation(**files, images=images, output=tmp_path / "out")
        content.append([path.read_bytes() for path in plots])
    for path in plots:
        with Image.open(path) as image:
            image.verify()
    assert content[0] == content[1]
    assert len(list((tmp_path / "out").iterdir())) == 5


def test_the_plots_show_the_class_names_of_the_photos_folder(tmp_path, photos_of, texts):
    predictions, store = case([0.9] * 6)
    images = photos_of(tmp_path, np.array(store.images), LABELS)["images"]
    ClassNames(names=("rose", "tulip")).write(tmp_path / "classes.json")
    write_predictions(tmp_path / "predictions.csv", predictions, CLASSES)
    sample = Sample(predictions, predictions.ids)
    calibrate(sample, sample, "0" * 64, False).write(tmp_path / "calibration.json")
    files = {"predictions": tmp_path / "predictions.csv", "calibration": tmp_path / "calibration.json"}
    files["explained"] = explain(tmp_path, predictions)
    plot_evaluation(**files, images=images, output=tmp_path / "out")
    assert "rose classified as tulip (3)" in [text for text, *_ in texts]


def test_the_most_confused_pairs_come_first():
    confusion = np.array([[5, 1, 4], [2, 6, 0], [4, 0, 9]])
    assert confused_pairs(confusion, 3) == [(0, 2, 4), (2, 0, 4), (1, 0, 2)]
    assert confused_pairs(np.diag([3, 4]), 3) == []


@pytest.mark.parametrize("count", [3, 15, 29, 30, 1000])
def test_many_classes_stay_readable(count):
    generator = np.random.default_rng(3)
    confusion = np.diag(np.full(count, 10)) + generator.integers(0, 2, (count, count))
    figure = plot_confusion(confusion, [f"class {number}" for number in range(count)])
    width, height = figure.get_size_inches()
    assert width <= 20
    assert height <= 18
    axes = figure.axes[0]
    labels = [label.get_text() for label in axes.get_yticklabels()]
    assert len(labels) == (count if count < 30 else 25)
    assert labels[0] == "class 0" if count < 30 else " as class " in labels[0]


def test_more_classes_are_shown_by_pair_with_the_probability_of_the_predicted_class(texts):
    predictions, store = case([0.5] * 6)
    probabilities = np.array([[0.1, 0.7, 0.2]] * 2 + [[0.9, 0.1, 0]] * 2 + [[0.2, 0.1, 0.7]] * 2)
    labels = np.array([0, 0, 0, 1, 2, 2])
    made = Predictions(predictions.ids, labels, probabilities, logits_of(probabilities))
    plot_misclassified(made, store, ("a", "b", "c"))
    captions = [text for text, *_ in texts]
    assert [text for text in captions if "classified as" in text] == ["a classified as b (2)", "b classified as a (1)"]
    assert captions.count("0.7000") == 2
