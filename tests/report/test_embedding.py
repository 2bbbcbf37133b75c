"""The images on the page: which bytes they have alone and together, and what a smaller file still shows."""

import base64
import io
import random
import re
from functools import cache
from xml.etree import ElementTree

import matplotlib as mpl
import numpy as np
import pytest
from PIL import Image

from canigatti.evaluation.explained_plots import plot_explained
from canigatti.evaluation.explanations import Explanations, confident_errors, uncertain_photos
from canigatti.evaluation.plots import plot_misclassified, plot_uncertain
from canigatti.evaluation.predictions import Predictions, logits_of
from canigatti.photos.demo.scenes import draw_photo
from canigatti.photos.store import Store
from canigatti.plots import new_figure
from canigatti.report.page import embedding
from canigatti.report.page.embedding import embed, embed_together, quick_embedding
from canigatti.report.page.svg import compact

CLASSES = ("cat", "dog")


def decode(embedded):
    return Image.open(io.BytesIO(base64.b64decode(embedded.uri.split(",")[1])))


@pytest.fixture(scope="module")
def sheets(tmp_path_factory):
    """The contact sheets of a network that misclassifies 20 of 80 photos."""
    folder, count = tmp_path_factory.mktemp("sheets"), 80
    labels = np.resize([0, 1], count)
    photos = [draw_photo(CLASSES[label], random.Random(number)) for number, label in enumerate(labels)]
    ids = np.array([f"{CLASSES[label]}.{number}.jpg" for number, label in enumerate(labels)], dtype=object)
    store = Store(np.stack([np.asarray(photo.resize((200, 200))) for photo in photos]), ids, labels)
    dog = np.where(np.arange(count) % 8 < 2, 1 - labels, labels) * 0.4 + np.linspace(0.25, 0.35, count)
    probabilities = np.stack([1 - dog, dog], axis=1)
    predictions = Predictions(ids, labels, probabilities, logits_of(probabilities))
    chosen = np.array([*dict.fromkeys([*confident_errors(predictions), *uncertain_photos(predictions)])], object)
    maps = np.random.default_rng(1).random((len(chosen), 2, 6, 6), dtype=np.float32)
    explanations = Explanations(chosen, np.resize([0, 1], (len(chosen), 2)), maps)
    plot_misclassified(predictions, store, CLASSES).save(folder / "misclassified.png")
    plot_uncertain(predictions, store, CLASSES).save(folder / "uncertain.png")
    plot_explained(explanations, predictions, store, CLASSES).save(folder / "explained.png")
    return folder


def test_images_that_fit_together_are_as_they_are_alone(sheets):
    images = [(sheets / "uncertain.png", 180_000), (sheets / "misclassified.png", 180_000)]
    alone = [embed(path, max_bytes) for path, max_bytes in images]
    total = sum(image.bytes for image in alone)
    assert embed_together(images, total) == alone
    assert embed_together(images, total - 1) != alone
    assert embed_together([]) == []


@pytest.mark.parametrize("fraction", [0.9, 0.6, 0.4])
def test_images_that_do_not_fit_together_are_reduced_by_the_same_factor(sheets, fraction):
    images = [(sheets / f"{name}.png", 180_000) for name in ("uncertain", "misclassified", "explained")]
    alone = [embed(path, max_bytes) for path, max_bytes in images]
    total = int(fraction * sum(image.bytes for image in alone))
    together = embed_together(images, total)
    assert 0.7 * total < sum(image.bytes for image in together) <= total
    for before, after in zip(alone, together, strict=True):
        assert after.bytes <= fraction * before.bytes
        # On the page, it is as large as it was.
        assert (after.width, after.height) == (before.width, before.height)


def test_photos_keep_half_of_their_width_however_many_they_are(sheets):
    images = [(sheets / "uncertain.png", 180_000)]
    (smallest,) = embed_together(images, 1)
    (alone,) = (embed(*image) for image in images)
    assert 0.5 * alone.width < decode(smallest).width < alone.width
    assert smallest.width == alone.width


def test_images_of_a_page_that_is_soon_written_again_are_not_encoded_twice(sheets):
    images = [(sheets / "uncertain.png", 180_000)]
    with quick_embedding():
        assert embed_together(images, 1) == [embed(*image) for image in images]


def test_the_bytes_of_an_image_are_those_before_base64(sheets):
    image = embed(sheets / "uncertain.png")
    assert abs(image.bytes - len(base64.b64decode(image.uri.split(",")[1]))) <= 2


def test_a_page_of_fifteen_networks_has_at_most_2_mb(results, write_report, sheets, monkeypatch):
    study, folder = results(all_tables=True)
    outline = study.outline("config/study.yaml")
    outline = outline.model_copy(update={"experiments": outline.experiments[:15]})
    for run in (folder / "evaluation").glob("*/seed42"):
        for sheet in sheets.iterdir():
            (run / sheet.name).write_bytes(sheet.read_bytes())
    for name in ("sample", "sizes", "rejected"):  # the largest figures beside the sheets
        (folder / "photos" / f"{name}.png").write_bytes((sheets / "uncertain.png").read_bytes())
    monkeypatch.setattr(embedding, "_embed", cache(embedding._embed))  # all experiments have the same sheets
    page = write_report(outline, folder, curves=True) / "index.html"
    assert page.read_text().count("<h4>Least certain photos</h4>") == 15
    assert 1_500_000 < page.stat().st_size <= 2_000_000


@pytest.fixture(scope="module")
def drawn():
    """A figure as matplotlib writes it, with curves, markers, a band, and texts that a file name may contain."""
    figure = new_figure(4, 3)
    axes = figure.add_subplot()
    axes.plot(range(50), np.random.default_rng(0).normal(size=50).cumsum(), "o-", label="a < b & 'c'")
    axes.plot(range(50), np.linspace(-3, 3, 50), "--")
    axes.axvspan(3, 7.25, alpha=0.3)
    axes.set_ylabel("loss")
    axes.legend()
    stream = io.StringIO()
    with mpl.rc_context({"svg.fonttype": "none"}):
        figure.savefig(stream, format="svg")
    return stream.getvalue()


def points(path):
    """Yield the points of a path of lines, whose coordinates are absolute or relative."""
    x = y = 0.0
    for command, numbers in re.findall(r"([MLl])([^MLlz]*)", path):
        values = [float(number) for number in re.findall(r"-?(?:\d+\.?\d*|\.\d+)", numbers)]
        for first, second in zip(values[::2], values[1::2], strict=True):
            x, y = (x + first, y + second) if command == "l" else (first, second)
            yield x, y


def paths(svg):
    found = [element.get("d") for element in ElementTree.fromstring(svg).iter() if element.tag.endswith("path")]
    return [[*points(path)] for path in found if "C" not in path]


def texts(svg):
    return [element.text for element in ElementTree.fromstring(svg).iter() if element.tag.endswith("text")]


def test_a_compact_figure_has_all_points_and_texts_in_less_than_half_of_the_bytes(drawn):
    small = compact(drawn)
    assert len(small) < 0.5 * len(drawn)
    for before, after in zip(paths(drawn), paths(small), strict=True):
        np.testing.assert_allclose(after, before, atol=0.0501)  # no error adds up along a curve
    assert texts(small) == texts(drawn)
    assert "a < b & 'c'" in texts(small)


def test_a_compact_figure_keeps_what_it_refers_to_and_nothing_else_has_a_name(drawn):
    small = compact(drawn)
    names = re.findall(r' id="([^"]*)"', small)
    assert sorted(names) == sorted({*re.findall(r'(?:url\(|href=")#([^")]*)', small)})
    classes = re.findall(r' class="([^"]*)"', small)
    assert {*classes} == {*re.findall(r"\.(s\d+)\{", small)}
    assert "style=" not in small
