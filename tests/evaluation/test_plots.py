import numpy as np
import pandas as pd
import pytest
from PIL import Image, ImageDraw

from canigatti.evaluation.commands import draw_evaluation
from canigatti.evaluation.plots import draw_confusion, draw_misclassified, draw_uncertain
from canigatti.files import InputError
from canigatti.photos.store import Store

CLASSES = ("cat", "dog")
COLORS = np.array([[200, 0, 0], [0, 160, 0], [0, 0, 220], [190, 190, 0], [180, 0, 180], [0, 180, 180]], np.uint8)
LABELS = np.array([0, 0, 0, 1, 1, 1])


def case(probabilities, ids=None):
    """Six photos, each of one colour, three a class, with these probabilities."""
    ids = np.array(ids or [f"{CLASSES[label]}.{number}.jpg" for number, label in enumerate(LABELS)], object)
    images = np.broadcast_to(COLORS[:, None, None], (6, 8, 8, 3))
    frame = pd.DataFrame({"id": ids, "label": LABELS, "probability": probabilities})
    return frame, Store(images, ids, LABELS)


def top_of(sheet, color):
    """The first line of the sheet where the photo of this colour shows, or None where it does not."""
    near = (np.abs(np.asarray(sheet.convert("RGB")).astype(int) - color) < 20).all(axis=-1)
    lines = np.flatnonzero(near.sum(axis=1) > 40)
    return lines[0] if len(lines) else None


@pytest.fixture
def written(monkeypatch):
    """Every text drawn into a picture: (text, left, right, its line)."""
    texts = []
    draw = ImageDraw.ImageDraw.text

    def record(self, xy, text, *arguments, **options):
        left, _, right, _ = self.textbbox(xy, text, font=options["font"], anchor=options["anchor"])
        texts.append((text, left, right, (self, xy[1])))
        return draw(self, xy, text, *arguments, **options)

    monkeypatch.setattr(ImageDraw.ImageDraw, "text", record)
    return texts


def test_every_misclassified_photo_shows_below_its_group_and_no_other():
    sheet = draw_misclassified(*case([0.9, 0.1, 0.6, 0.9, 0.2, 0.8]), CLASSES)
    tops = [top_of(sheet, color) for color in COLORS]
    assert tops[1] is tops[3] is tops[5] is None
    assert tops[0] == tops[2] < tops[4]


def test_the_groups_are_named_with_their_numbers(written):
    draw_misclassified(*case([0.9, 0.1, 0.6, 0.9, 0.2, 0.8]), CLASSES)
    texts = [text for text, *_ in written]
    assert "cat taken for dog (2)" in texts
    assert "dog taken for cat (1)" in texts
    assert "none" not in texts
    assert texts[texts.index("dog.4.jpg") + 1] == "0.2000"


def test_an_empty_group_says_none(written):
    draw_misclassified(*case([0.1, 0.1, 0.1, 0.9, 0.9, 0.9]), CLASSES)
    assert [text for text, *_ in written].count("none") == 2


@pytest.mark.parametrize("draw", [draw_misclassified, draw_uncertain])
def test_captions_never_touch_each_other_nor_the_edge(written, draw):
    ids = [f"{CLASSES[label]}.a folder/{'very long name ' * 20}{number}.jpg" for number, label in enumerate(LABELS)]
    sheet = draw(*case([0.9, 0.8, 0.7, 0.3, 0.2, 0.1], ids), ("c" * 300, "d" * 300))
    assert all(0 <= left <= right <= sheet.width for _, left, right, _ in written)
    neighbours = [(one, other) for one in written for other in written if one[3] == other[3] and one[1] < other[1]]
    assert len(neighbours) >= 6
    assert all(one[2] < other[1] for one, other in neighbours)


def test_names_that_cannot_be_written_do_not_stop_the_drawing(written):
    ids = ["cat.a\nb.jpg", "cat.\udce9.jpg", "cat.$x_1$.jpg", "dog.猫.jpg", "dog.😀.jpg", "dog..jpg"]
    draw_misclassified(*case([0.9, 0.9, 0.9, 0.1, 0.1, 0.1], ids), CLASSES)
    texts = [text for text, *_ in written]
    assert {"cat.a?b.jpg", "cat.?.jpg", "cat.$x_1$.jpg"} <= set(texts)


def test_the_uncertain_photos_say_what_they_are_and_were_taken_for(written):
    sheet = draw_uncertain(*case([0.1, 0.1, 0.6, 0.9, 0.9, 0.8]), CLASSES)
    texts = [text for text, *_ in written]
    first = texts.index("cat.2.jpg")
    assert texts[first + 1 : first + 4] == ["dog: 0.60000", "true cat", "predicted dog (wrong)"]
    assert all(top_of(sheet, color) is not None for color in COLORS)


def test_four_hundred_errors_fit_in_two_megabytes(tmp_path):
    generator = np.random.default_rng(5)
    coarse = generator.integers(0, 256, (400, 12, 12, 3), dtype=np.uint8)
    images = np.stack([np.asarray(Image.fromarray(photo).resize((100, 100))) for photo in coarse])
    labels = np.arange(400) % 2
    ids = np.array([f"photo.{number}.jpg" for number in range(400)], object)
    frame = pd.DataFrame({"id": ids, "label": labels, "probability": 0.9 - 0.8 * labels})
    draw_misclassified(frame, Store(images, ids, labels), CLASSES).save(tmp_path / "sheet.png")
    assert (tmp_path / "sheet.png").stat().st_size < 2_000_000


def test_the_confusion_matrix_shows_counts_and_shares_of_the_row():
    axes = draw_confusion(np.array([[984, 266], [256, 994]]), CLASSES).axes[0]
    texts = [text.get_text().replace("\n", " ") for text in axes.texts]
    assert [texts[0], texts[2], texts[4], texts[6]] == ["984", "266", "256", "994"]
    assert texts[1].startswith("78.7%")
    assert texts[5].startswith("20.5%")
    assert [label.get_text() for label in axes.get_xticklabels()] == ["predicted cat", "predicted dog"]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["true cat", "true dog"]
    assert axes.get_title(loc="left") == "1,978 of 2,500 photos right"


@pytest.mark.parametrize("probabilities", [[0.1] * 3 + [0.9] * 3, [0.9] * 3 + [0.1] * 3, [0.5] * 6])
def test_all_pictures_are_written_whatever_is_right_or_wrong(tmp_path, photos_of, probabilities):
    frame, store = case(probabilities)
    options = photos_of(tmp_path, np.array(store.images), LABELS)
    frame.to_csv(tmp_path / "predictions.csv", index=False)
    pictures = {name: tmp_path / "out" / f"{name}.png" for name in ("confusion", "misclassified", "uncertain")}
    content = []
    for _ in range(2):
        draw_evaluation(predictions=tmp_path / "predictions.csv", classes=list(CLASSES), **options, **pictures)
        content.append([path.read_bytes() for path in pictures.values()])
    for path in pictures.values():
        with Image.open(path) as picture:
            picture.verify()
    assert content[0] == content[1]
    assert len(list((tmp_path / "out").iterdir())) == 3


def test_one_class_name_is_not_enough(tmp_path):
    paths = dict.fromkeys(
        ("predictions", "manifest", "images", "confusion", "misclassified", "uncertain"), tmp_path / "absent"
    )
    with pytest.raises(InputError, match="--class: expected two names, received 1: cat"):
        draw_evaluation(classes=["cat"], **paths)
