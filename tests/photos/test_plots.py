import numpy as np
import pandas as pd
import pytest
from matplotlib.text import Text
from PIL import Image

from canigatti.files import write_csv, write_json
from canigatti.photos import commands
from canigatti.photos import plots as pictures
from canigatti.photos.manifest import COLUMNS
from canigatti.photos.plots import Rejected
from canigatti.plots import save

CLASSES = ["oak", "birch"]
NAMES = ["sample", "sizes", "formats", "balance", "rejected"]


def table(*rows):
    """A manifest of (label, verdict, width, height, format, mode, reason)."""
    full = [
        {"id": f"{n}.jpg", "label": label, "path": f"{n}.jpg", "width": width, "height": height, "mode": mode}
        | {"format": form, "bytes": 1, "sha256": "", "phash": "", "verdict": verdict, "reason": reason}
        for n, (label, verdict, width, height, form, mode, reason) in enumerate(rows)
    ]
    integers = dict.fromkeys(("label", "width", "height", "bytes"), "Int64")
    return pd.DataFrame(full, columns=list(COLUMNS)).astype(integers)


def kept(label, width=100, height=80, reason=""):
    return (label, "keep", width, height, "JPEG", "RGB", reason)


def rejected(label, verdict="unreadable"):
    return (label, verdict, None, None, "", "", "no photo")


def texts(figure):
    return [text.get_text() for text in figure.findobj(Text) if text.get_text()]


def images(figure):
    return [image for axes in figure.findobj(lambda artist: hasattr(artist, "images")) for image in axes.images]


def test_a_sample_is_spread_over_the_kept_photos_of_a_class():
    rows = table(*[kept(0)] * 100, *[rejected(0)] * 50, *[kept(1)] * 3)
    chosen = pictures.choose_sample(rows, 0).index
    assert len(chosen) == 16
    assert (chosen[0], chosen[-1]) == (0, 99)
    assert pictures.choose_sample(rows, 1).index.tolist() == [150, 151, 152]


def test_the_sample_shows_each_class_under_its_name():
    photos = [[Image.new("RGB", (30, 50), (n, 0, 0)) for n in range(16)], [Image.new("RGB", (50, 30), (0, 0, 99))] * 3]
    figure = pictures.draw_sample(CLASSES, photos)
    assert [name for name in texts(figure) if name in CLASSES] == CLASSES
    assert len(images(figure)) == 19


def test_sizes_are_told_for_each_class():
    told = texts(pictures.draw_sizes(table(kept(0, 20, 30), kept(0, 300, 200), kept(1), kept(1)), CLASSES))
    assert "oak: 20×30 to 300×200" in told
    assert "birch: all 100×80" in told


def test_a_few_enormous_photos_do_not_hide_the_others():
    figure = pictures.draw_sizes(table(*[kept(0)] * 9, kept(1, 9000, 6000)), CLASSES)
    assert {axes.get_xscale() for axes in figure.axes} == {"log"}


def test_formats_and_notes_are_counted():
    rows = table(
        *[kept(0)] * 11,
        kept(0, reason="rotated upright (EXIF orientation 6); near duplicate of 0.jpg"),
        kept(1, reason="rotated upright (EXIF orientation 3)"),
        (1, "keep", 9, 9, "GIF", "P", "GIF content in a file named .jpg"),
        rejected(1),
    )
    told = texts(pictures.draw_formats(rows, CLASSES))
    for kind, count in {"JPEG": 13, "GIF": 1, "P": 1, "rotated upright": 2, "near duplicate": 1}.items():
        assert kind in told
        assert str(count) in told


def test_the_balance_counts_what_is_kept_and_what_is_not():
    rows = table(*[kept(0)] * 1200, *[kept(1)] * 1100, *[rejected(1, "duplicate")] * 7, rejected(None, "outside"))
    told = texts(pictures.draw_balance(rows, CLASSES))
    for text in ("1,200", "1,100", "7", "1", "duplicate", "outside", "kept: 2,300 of 2,308 files", "not kept: 8"):
        assert text in told


def test_of_many_rejected_files_every_verdict_is_shown():
    rows = table(*[rejected(0, "duplicate")] * 100, *[rejected(0, "over-limit")] * 9, *[rejected(1, "empty")] * 3)
    shown, total = pictures.choose_rejected(rows)
    assert total == 103
    assert shown["verdict"].value_counts().to_dict() == {"duplicate": 37, "empty": 3}


def test_rejected_files_are_shown_with_reasons_and_the_number_left_out():
    files = [
        Rejected("a.jpg", "duplicate", "the same content as b.jpg", Image.new("RGB", (200, 20))),
        Rejected("line\nbreak $x$ 🐱 " + "long" * 20, "empty", "the file has 0 bytes", None),
    ]
    figure = pictures.draw_rejected(files, total=45)
    told = texts(figure)
    assert "rejected files: 45, of which 43 are shown only in summary.json" in told
    assert {"a.jpg\nduplicate", "the same content as\nb.jpg", "the file has 0 bytes", "no picture"} <= set(told)
    assert len(images(figure)) == 2


@pytest.mark.parametrize(
    "rows", [table(), table(rejected(None, "outside")), table(kept(0)), table(kept(1, reason="a; b"), rejected(0))]
)
def test_a_poor_manifest_can_be_drawn(rows, tmp_path):
    figures = [
        pictures.draw_sample(CLASSES, [[], []]),
        pictures.draw_sizes(rows, CLASSES),
        pictures.draw_formats(rows, CLASSES),
        pictures.draw_balance(rows, CLASSES),
        pictures.draw_rejected([], 0),
    ]
    for figure in figures:
        save(figure, tmp_path / "figure.png")
        with Image.open(tmp_path / "figure.png") as picture:
            assert np.asarray(picture.convert("L")).std() > 0


def test_the_command_draws_five_pictures_and_the_same_ones_again(tmp_path):
    (tmp_path / "photos").mkdir()
    for number in range(3):
        noise = np.random.default_rng(number).integers(0, 256, (50, 60, 3), dtype=np.uint8)
        Image.fromarray(noise).save(tmp_path / "photos" / f"{number}.jpg")
    write_csv(tmp_path / "manifest.csv", table(kept(0), kept(1), rejected(0, "duplicate"), rejected(1)))
    write_json(tmp_path / "source.json", {"path": str(tmp_path / "photos"), "kind": "folder"})
    for folder in ("one", "two"):
        commands.draw_photos(tmp_path / "source.json", CLASSES, tmp_path / "manifest.csv", tmp_path / folder)
    assert sorted(path.name for path in (tmp_path / "one").iterdir()) == sorted(f"{name}.png" for name in NAMES)
    for name in NAMES:
        assert (tmp_path / "one" / f"{name}.png").read_bytes() == (tmp_path / "two" / f"{name}.png").read_bytes()
