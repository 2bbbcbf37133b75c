import hashlib
import io
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from canigatti.files import read_json, write_json
from canigatti.photos import commands
from canigatti.photos.inspection import inspect_all
from canigatti.photos.manifest import COLUMNS, assemble, summarize
from canigatti.photos.sources import FolderSource, ZipSource, find_photos
from canigatti.photos.store import open_store, read_manifest


def texture(seed, size=(60, 45)):
    noise = np.random.default_rng(seed).integers(0, 256, (6, 8, 3), dtype=np.uint8)
    return Image.fromarray(noise).resize(size, Image.Resampling.BICUBIC)


def photo(seed, form="JPEG", size=(60, 45), **options):
    buffer = io.BytesIO()
    texture(seed, size).save(buffer, form, **options)
    return buffer.getvalue()


def assembled(folder, files, limit_per_class=None):
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    source = FolderSource(folder)
    found = find_photos(source.members(), ["cat", "dog"])
    inspections = inspect_all(source, found, workers=1)
    rows, groups = assemble(found, inspections, limit_per_class)
    return rows, groups, summarize(rows, groups, inspections, ["cat", "dog"])


def verdicts(rows):
    return dict(zip(rows["id"], rows["verdict"], strict=True))


def reasons(rows):
    return dict(zip(rows["id"], rows["reason"], strict=True))


@pytest.fixture
def mixed(tmp_path):
    """A file of every verdict but over-limit."""
    return assembled(
        tmp_path,
        {
            "Cat/0.jpg": photo(0),
            "Cat/2.jpg": photo(1),
            "Cat/10.jpg": photo(0),
            "Cat/11.jpg": photo(2),
            "Cat/12.jpg": b"",
            "Cat/13.jpg": photo(1, quality=40, size=(90, 70)),
            "Cat/Thumbs.db": b"\xd0\xcf\x11\xe0",
            "Dog/0.jpg": photo(2),
            "Dog/1.jpg": photo(3, "PNG"),
            "Dog/2.jpg": photo(4, size=(4, 4)),
            "Dog/cat.3.jpg": photo(5),
            "readme.txt": b"about",
        },
    )


def test_every_file_has_a_row_in_natural_order_with_the_fixed_columns(mixed):
    rows = mixed[0]
    assert tuple(rows.columns) == COLUMNS
    assert rows["path"].tolist() == [
        "Cat/0.jpg", "Cat/2.jpg", "Cat/10.jpg", "Cat/11.jpg", "Cat/12.jpg", "Cat/13.jpg", "Cat/Thumbs.db",
        "Dog/0.jpg", "Dog/1.jpg", "Dog/2.jpg", "Dog/cat.3.jpg", "readme.txt",
    ]  # fmt: skip
    assert rows["label"].fillna(-1).tolist() == [0] * 7 + [1] * 4 + [-1]


def test_verdicts(mixed):
    assert verdicts(mixed[0]) == {
        "cat.0.jpg": "keep",
        "cat.2.jpg": "keep",
        "cat.10.jpg": "duplicate",
        "cat.11.jpg": "conflicting",
        "cat.12.jpg": "empty",
        "cat.13.jpg": "keep",
        "cat.Thumbs.db": "unreadable",
        "dog.0.jpg": "conflicting",
        "dog.1.jpg": "keep",
        "dog.2.jpg": "too-small",
        "dog.cat.3.jpg": "conflicting",
        "readme.txt": "outside",
    }


def test_reasons_name_the_other_file(mixed):
    told = reasons(mixed[0])
    assert told["cat.10.jpg"] == "the same content as cat.0.jpg"
    assert told["dog.0.jpg"] == "the same content has both labels: cat.11.jpg, dog.0.jpg"
    assert told["cat.13.jpg"] == "near duplicate of cat.2.jpg"
    assert told["dog.1.jpg"] == "PNG content in a file named .jpg"
    assert told["cat.0.jpg"] == ""


def test_only_kept_photos_need_no_reason(mixed):
    rows = mixed[0]
    assert (rows.loc[rows["verdict"] != "keep", "reason"] != "").all()


def test_facts_are_there_for_decoded_photos_and_missing_for_the_rest(mixed):
    rows = mixed[0].set_index("id")
    assert rows.loc["cat.10.jpg", ["width", "height", "mode", "format"]].tolist() == [60, 45, "RGB", "JPEG"]
    assert len(rows.loc["cat.10.jpg", "phash"]) == 16
    assert rows.loc["cat.12.jpg", ["width", "height"]].isna().all()
    assert rows.loc["cat.12.jpg", ["mode", "format", "phash", "bytes"]].tolist() == ["", "", "", 0]
    assert rows.loc["readme.txt", "sha256"] == hashlib.sha256(b"about").hexdigest()


def test_groups_hold_the_kept_photos(mixed):
    rows, groups, _ = mixed
    assert groups["id"].tolist() == rows.loc[rows["verdict"] == "keep", "id"].tolist()
    assert dict(zip(groups["id"], groups["group"], strict=True)) == {
        "cat.0.jpg": "cat.0.jpg",
        "cat.2.jpg": "cat.2.jpg",
        "cat.13.jpg": "cat.2.jpg",
        "dog.1.jpg": "dog.1.jpg",
    }


def test_the_summary_adds_up(mixed):
    rows, _, summary = mixed
    assert summary["files"] == 12
    assert summary["kept"] == {"cat": 3, "dog": 1}
    assert summary["verdicts"]["conflicting"] == 3
    assert sum(summary["verdicts"].values()) == 12
    assert summary["near_duplicate_groups"] == 1
    assert [each["id"] for each in summary["rejected"]] == rows.loc[rows["verdict"] != "keep", "id"].tolist()


def test_the_jfif_test_would_drop_files_that_are_kept(mixed):
    assert mixed[2]["jfif_test_drops"] == 3  # 12.jpg and Thumbs.db in Cat, and the PNG in Dog
    assert mixed[2]["jfif_test_drops_kept"] == 1


def test_the_limit_counts_photos_and_no_copies(tmp_path):
    rows, groups, summary = assembled(
        tmp_path,
        {
            "Cat/0.jpg": photo(0),
            "Cat/1.jpg": photo(0),
            "Cat/2.jpg": b"",
            "Cat/3.jpg": photo(1),
            "Cat/4.jpg": photo(2),
            "Dog/0.jpg": photo(3),
        },
        limit_per_class=2,
    )
    assert list(verdicts(rows).values()) == ["keep", "duplicate", "empty", "keep", "over-limit", "keep"]
    assert reasons(rows)["cat.4.jpg"] == "the first 2 usable photos of its class are kept"
    assert len(groups) == 3
    assert [each["verdict"] for each in summary["rejected"]] == ["duplicate", "empty"]


def test_a_near_duplicate_of_the_other_class_is_kept_in_the_same_group(tmp_path):
    rows, groups, _ = assembled(tmp_path, {"Cat/0.jpg": photo(0), "Dog/0.jpg": photo(0, quality=50)})
    assert reasons(rows)["dog.0.jpg"] == "near duplicate of cat.0.jpg"
    assert groups["group"].tolist() == ["cat.0.jpg", "cat.0.jpg"]


def test_a_file_that_gives_no_photo_cannot_conflict(tmp_path):
    rows, _, _ = assembled(tmp_path, {"Cat/0.jpg": photo(0), "Dog/cat.1.jpg": b"", "Dog/2.jpg": photo(1)})
    assert verdicts(rows)["dog.cat.1.jpg"] == "empty"


def test_a_copy_of_a_photo_whose_name_says_the_other_class_is_not_kept(tmp_path):
    rows, _, _ = assembled(tmp_path, {"Cat/0.jpg": photo(0), "Dog/cat.1.jpg": photo(1), "Dog/dog.2.jpg": photo(1)})
    assert verdicts(rows) == {"cat.0.jpg": "keep", "dog.cat.1.jpg": "conflicting", "dog.dog.2.jpg": "duplicate"}


def test_nor_is_the_first_copy_when_the_name_of_a_later_one_says_the_other_class(tmp_path):
    rows, _, _ = assembled(tmp_path, {"Cat/0.jpg": photo(0), "Dog/1.jpg": photo(1), "Dog/cat.2.jpg": photo(1)})
    assert verdicts(rows) == {"cat.0.jpg": "keep", "dog.1.jpg": "conflicting", "dog.cat.2.jpg": "conflicting"}
    assert reasons(rows)["dog.1.jpg"].startswith("the same content as dog.cat.2.jpg, whose name")


def test_real_photos(shared):
    """Two pairs are the same file; the closest of the others correlate by 0.89 and show different animals."""
    source = ZipSource(shared / "data" / "petimages-4k.zip")
    found = find_photos(source.members(), ["cat", "dog"])
    rows, groups = assemble(found, inspect_all(source, found, workers=2), None)
    told = reasons(rows[rows["label"].notna() & (rows["verdict"] != "keep")])
    assert {name: told[name] for name in ("cat.666.jpg", "dog.180.jpg", "dog.1273.jpg")} == {
        "cat.666.jpg": "the file has 0 bytes",
        "dog.180.jpg": "the same content as dog.74.jpg",
        "dog.1273.jpg": "the same content as dog.980.jpg",
    }
    assert len(told) == 5  # and two Thumbs.db
    assert (groups["id"] == groups["group"]).all()


def truncated(seed):
    return photo(seed)[:-200]


FAULTS = {
    "photo": photo,
    "empty": lambda seed: b"",
    "text": lambda seed: f"<html>{seed}</html>".encode(),
    "truncated": truncated,
    "GIF": lambda seed: photo(seed, "GIF"),
    "tiny": lambda seed: photo(seed, "PNG", size=(3, 3)),
    "same": lambda seed: photo(99),
    "near": lambda seed: photo(98, quality=30 + seed),
}
NAMES = st.text(st.characters(exclude_characters="/\0\r", codec="utf-8"), min_size=1, max_size=12).filter(
    lambda name: name not in (".", "..")
)


@settings(max_examples=25, deadline=None)
@given(
    fates=st.lists(st.tuples(st.sampled_from(["Cat", "Dog"]), st.sampled_from(list(FAULTS))), max_size=12),
    odd_name=NAMES,
    limit=st.none() | st.integers(1, 3),
)
def test_any_mix_of_faults_gives_one_row_a_file_and_a_store_of_the_kept(fates, odd_name, limit):
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for label in ("Cat", "Dog"):
            (folder / "photos" / label).mkdir(parents=True)
            (folder / "photos" / label / "first.jpg").write_bytes(photo(len(label) + ord(label[0])))
        (folder / "photos" / "Cat" / odd_name).write_bytes(photo(97))
        for number, (label, fault) in enumerate(fates):
            (folder / "photos" / label / f"{number}.jpg").write_bytes(FAULTS[fault](number))
        files = {str(path.relative_to(folder / "photos")) for path in folder.glob("photos/**/*") if path.is_file()}
        write_json(folder / "source.json", {"path": str(folder / "photos"), "kind": "folder"})
        inputs = {"source_record": folder / "source.json", "manifest": folder / "manifest.csv", "workers": 1}
        outputs = {"groups": folder / "groups.csv", "summary": folder / "summary.json"}
        commands.inspect(**inputs, **outputs, classes=["cat", "dog"], limit_per_class=limit)
        commands.store(**inputs, size=8, output=folder / "images.npy", hash=folder / "images.sha256")

        rows = read_manifest(folder / "manifest.csv")
        assert sorted(rows["path"]) == sorted(files)
        kept = rows[rows["verdict"] == "keep"]
        assert kept["sha256"].is_unique
        assert len(open_store(folder / "images.npy", folder / "manifest.csv").images) == len(kept)
        assert sum(read_json(folder / "summary.json")["kept"].values()) == len(kept)
        if limit:
            assert kept.groupby("label").size().max() <= limit
