from collections import Counter

import numpy as np
import pandas as pd
import pytest
from matplotlib.text import Text
from PIL import Image

from canigatti.photos import plots
from canigatti.photos.class_bars import ClassBars, ShownClasses, choose_classes
from canigatti.photos.commands.plot import plot_photos
from canigatti.photos.origin import describe
from canigatti.photos.records import MANIFEST, PHOTO_PLOTS, ClassNames, RejectedFile, Verdict
from canigatti.plots import CLASS_COLORS, class_colors, save

CLASSES = ["oak", "birch"]


def manifest(*rows):
    """Return a manifest with rows of (label, verdict, width, height, format, mode, reason)."""
    complete = [
        {"id": f"{n}.jpg", "label": label, "path": f"{n}.jpg", "width": width, "height": height, "mode": mode}
        | {"format": form, "bytes": 1, "sha256": "", "phash": "", "verdict": verdict, "reason": reason}
        for n, (label, verdict, width, height, form, mode, reason) in enumerate(rows)
    ]
    return MANIFEST.frame(complete)


def kept_photo(label, width=100, height=80, reason=""):
    return (label, "keep", width, height, "JPEG", "RGB", reason)


def rejected_file(label, verdict="unreadable"):
    return (label, verdict, None, None, "", "", "no photo")


def texts(figure):
    return [text.get_text() for text in figure.findobj(Text) if text.get_text()]


def images(figure):
    return [image for axes in figure.findobj(lambda artist: hasattr(artist, "images")) for image in axes.images]


def test_a_sample_is_evenly_spaced_in_the_kept_photos_of_a_class():
    rows = manifest(*[kept_photo(0)] * 100, *[rejected_file(0)] * 50, *[kept_photo(1)] * 3)
    chosen = plots.choose_sample(rows, 0).index
    assert len(chosen) == 16
    assert (chosen[0], chosen[-1]) == (0, 99)
    assert plots.choose_sample(rows, 1).index.tolist() == [150, 151, 152]


def test_the_sample_shows_each_class_under_its_name():
    photos = [[Image.new("RGB", (30, 50), (n, 0, 0)) for n in range(16)], [Image.new("RGB", (50, 30), (0, 0, 99))] * 3]
    figure = plots.plot_sample(CLASSES, photos)
    assert [name for name in texts(figure) if name in CLASSES] == CLASSES
    assert len(images(figure)) == 19


def test_the_range_of_sizes_of_each_class_is_shown():
    shown = texts(
        plots.plot_sizes(
            manifest(kept_photo(0, 20, 30), kept_photo(0, 300, 200), kept_photo(1), kept_photo(1)), CLASSES
        )
    )
    assert "oak: 20×30 to 300×200" in shown
    assert "birch: all 100×80" in shown


def test_enormous_photos_give_logarithmic_axes():
    figure = plots.plot_sizes(manifest(*[kept_photo(0)] * 9, kept_photo(1, 9000, 6000)), CLASSES)
    assert {axes.get_xscale() for axes in figure.axes} == {"log"}


def test_formats_and_notes_are_counted():
    rows = manifest(
        *[kept_photo(0)] * 11,
        kept_photo(0, reason="rotated upright (EXIF orientation 6); near duplicate of 0.jpg"),
        kept_photo(1, reason="rotated upright (EXIF orientation 3)"),
        (1, "keep", 9, 9, "GIF", "P", "GIF content in a file named .jpg"),
        rejected_file(1),
    )
    shown = texts(plots.plot_formats(rows, CLASSES))
    for kind, count in {"JPEG": 13, "GIF": 1, "P": 1, "rotated upright": 2, "near duplicate": 1}.items():
        assert kind in shown
        assert str(count) in shown


def test_the_balance_counts_kept_and_other_files():
    rows = manifest(
        *[kept_photo(0)] * 1200,
        *[kept_photo(1)] * 1100,
        *[rejected_file(1, "duplicate")] * 7,
        rejected_file(None, "outside"),
    )
    shown = texts(plots.plot_balance(rows, CLASSES))
    for text in ("1,200", "1,100", "7", "1", "duplicate", "outside", "kept: 2,300 of 2,308 files", "not kept: 8"):
        assert text in shown


def test_every_verdict_of_many_rejected_files_is_shown():
    rows = manifest(
        *[rejected_file(0, "duplicate")] * 100, *[rejected_file(0, "over-limit")] * 9, *[rejected_file(1, "empty")] * 3
    )
    shown, total = plots.choose_rejected(rows)
    assert total == 103
    assert Counter(file.verdict for file in shown) == {Verdict.DUPLICATE: 37, Verdict.EMPTY: 3}


def test_rejected_files_are_shown_with_reasons_and_their_number():
    long_id = "line\nbreak $x$ 🐱 " + "long" * 20
    reason = "the same content as b.jpg"
    files = [
        (RejectedFile(id="a.jpg", path="a.jpg", verdict=Verdict.DUPLICATE, reason=reason), Image.new("RGB", (200, 20))),
        (RejectedFile(id=long_id, path="b.jpg", verdict=Verdict.EMPTY, reason="the file has 0 bytes"), None),
    ]
    figure = plots.plot_rejected(files, total=45)
    shown = texts(figure)
    assert "rejected files: 45 (2 shown; all are listed in summary.json)" in shown
    assert {"a.jpg\nduplicate", "the same content as\nb.jpg", "the file has 0 bytes", "no image"} <= set(shown)
    assert len(images(figure)) == 2


def many(classes):
    """A manifest with 4 to 23 photos of each class, the most of class 19, and rejected files."""
    kept = [kept_photo(label) for label in range(classes) for _ in range(4 + label % 20)]
    return manifest(*kept, *[rejected_file(label) for label in range(classes)], rejected_file(None, "outside"))


@pytest.mark.parametrize("count", [3, 5, 29])
def test_every_one_of_some_classes_is_shown(count):
    rows, classes = many(count), [f"class {number}" for number in range(count)]
    assert choose_classes(rows, count) == ShownClasses(tuple(range(count)), "")
    for figure in (plots.plot_balance(rows, classes), plots.plot_sample(classes, [[]] * count)):
        assert {*classes} <= {*texts(figure)}
    assert {f"{name}\nall 100×80" for name in classes} <= {*texts(plots.plot_sizes(rows, classes))}


@pytest.mark.parametrize("count", [30, 1000])
def test_the_largest_and_smallest_of_many_classes_are_shown(count, tmp_path):
    rows, classes = many(count), [f"class {number}" for number in range(count)]
    shown = choose_classes(rows, count)
    assert shown.note == f"the 10 largest and the 10 smallest of {count:,} classes"
    sizes = rows[rows["verdict"] == "keep"].groupby("label").size()
    assert sorted(sizes[list(shown.labels)]) == [*sorted(sizes)[:10], *sorted(sizes)[-10:]]
    names = [classes[label] for label in shown.labels]
    balance = plots.plot_balance(rows, classes)
    assert [text.get_text() for text in balance.axes[0].get_yticklabels()] == names
    for figure in (
        balance,
        plots.plot_sizes(rows, classes),
        plots.plot_sample(names, [[]] * len(names), shown.note),
    ):
        assert any(shown.note in text for text in texts(figure))
        save(figure, tmp_path / "figure.png")
        with Image.open(tmp_path / "figure.png") as image:
            assert image.height < 2500


def test_up_to_nine_classes_divide_a_bar_and_more_are_one_part():
    assert len(ClassBars.of("abcdefghi").colors) == 10
    bars = ClassBars.of("abcdefghij")
    assert bars.names == ("all 10 classes",)
    table = bars.count(pd.Series(["JPEG", "JPEG", "PNG"]), pd.Series([0, 9, None], dtype="Int64"))
    assert table.to_numpy().tolist() == [[2, 0], [0, 1]]


def test_classes_have_different_colors_up_to_nine_and_none_is_that_of_no_class():
    assert class_colors(2) == CLASS_COLORS
    for count in (3, 9):
        assert len({*class_colors(count)} - {"#7f7f7f"}) == count
    assert len(class_colors(1000)) == 1000


@pytest.mark.parametrize(
    "rows",
    [
        manifest(),
        manifest(rejected_file(None, "outside")),
        manifest(kept_photo(0)),
        manifest(kept_photo(1, reason="a; b"), rejected_file(0)),
    ],
)
def test_a_manifest_with_few_rows_can_be_plotted(rows, tmp_path):
    figures = [
        plots.plot_sample(CLASSES, [[], []]),
        plots.plot_sizes(rows, CLASSES),
        plots.plot_formats(rows, CLASSES),
        plots.plot_balance(rows, CLASSES),
        plots.plot_rejected([], 0),
    ]
    for figure in figures:
        save(figure, tmp_path / "figure.png")
        with Image.open(tmp_path / "figure.png") as image:
            assert np.asarray(image.convert("L")).std() > 0


def test_the_command_writes_every_plot_reproducibly(tmp_path):
    (tmp_path / "photos").mkdir()
    for number in range(3):
        noise = np.random.default_rng(number).integers(0, 256, (50, 60, 3), dtype=np.uint8)
        Image.fromarray(noise).save(tmp_path / "photos" / f"{number}.jpg")
    MANIFEST.write(
        tmp_path / "manifest.csv",
        manifest(kept_photo(0), kept_photo(1), rejected_file(0, "duplicate"), rejected_file(1)),
    )
    ClassNames(names=tuple(CLASSES)).write(tmp_path / "classes.json")
    describe("photos", tmp_path / "photos", None).write(tmp_path / "source.json")
    for folder in ("first", "second"):
        plot_photos(tmp_path / "source.json", tmp_path / "manifest.csv", tmp_path / folder)
    assert {path.name for path in (tmp_path / "first").iterdir()} == {f"{name}.png" for name in PHOTO_PLOTS}
    for name in PHOTO_PLOTS:
        first, second = (tmp_path / folder / f"{name}.png" for folder in ("first", "second"))
        assert first.read_bytes() == second.read_bytes()
