import hashlib
import io
import tempfile
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from canigatti.photos.commands.inspect import inspect
from canigatti.photos.commands.store import store
from canigatti.photos.configured_groups import read_groups
from canigatti.photos.inspection import Inspection, inspect_all
from canigatti.photos.layouts import FoundPhoto, find_photos
from canigatti.photos.manifest import assemble, summarize
from canigatti.photos.origin import describe
from canigatti.photos.records import CONTRADICTIONS, GROUPS, MANIFEST, ClassNames, PhotosSummary, Verdict
from canigatti.photos.sources import FolderSource, ZipSource
from canigatti.photos.store import open_store


def texture(seed, size=(60, 45)):
    noise = np.random.default_rng(seed).integers(0, 256, (6, 8, 3), dtype=np.uint8)
    return Image.fromarray(noise).resize(size, Image.Resampling.BICUBIC)


def encode(image, form, **options):
    buffer = io.BytesIO()
    image.save(buffer, form, **options)
    return buffer.getvalue()


def photo(seed, form="JPEG", size=(60, 45), **options):
    return encode(texture(seed, size), form, **options)


def assemble_files(folder, files, limit_per_class=None, configured=None, classes=("cat", "dog"), **options):
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    source = FolderSource(folder)
    found = find_photos(source.members(), classes)
    inspections = inspect_all(source, found, workers=1)
    groups_of_files = configured and read_groups(configured, found)
    rows, groups, _ = assemble(found, inspections, limit_per_class, groups_of_files, **options)
    return rows, groups, summarize(rows, groups, found, inspections, classes)


def verdicts(rows):
    return dict(zip(rows["id"], rows["verdict"], strict=True))


def reasons(rows):
    return dict(zip(rows["id"], rows["reason"], strict=True))


@pytest.fixture
def mixed(tmp_path):
    """A file of every verdict except over-limit and too-large."""
    return assemble_files(
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


def test_every_file_has_a_row_in_natural_order(mixed):
    rows = mixed[0]
    assert list(rows.columns) == list(MANIFEST.columns)
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
    reason = reasons(mixed[0])
    assert reason["cat.10.jpg"] == "the same content as cat.0.jpg"
    assert reason["dog.0.jpg"] == "the same content has both labels: cat.11.jpg, dog.0.jpg"
    assert reason["cat.13.jpg"] == "near duplicate of cat.2.jpg"
    assert reason["dog.1.jpg"] == "PNG content in a file named .jpg"
    assert reason["cat.0.jpg"] == ""


def test_every_rejected_file_has_a_reason(mixed):
    rows = mixed[0]
    assert (rows.loc[rows["verdict"] != "keep", "reason"] != "").all()


def test_properties_of_decoded_photos_are_set_and_others_are_missing(mixed):
    rows = mixed[0].set_index("id")
    assert rows.loc["cat.10.jpg", ["width", "height", "mode", "format"]].tolist() == [60, 45, "RGB", "JPEG"]
    assert len(rows.loc["cat.10.jpg", "phash"]) == 16
    assert rows.loc["cat.12.jpg", ["width", "height"]].isna().all()
    assert rows.loc["cat.12.jpg", ["mode", "format", "phash", "bytes"]].tolist() == ["", "", "", 0]
    assert rows.loc["readme.txt", "sha256"] == hashlib.sha256(b"about").hexdigest()


def test_groups_contain_the_kept_photos(mixed):
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
    assert summary.files == 12
    assert summary.kept == {"cat": 3, "dog": 1}
    assert summary.verdicts[Verdict.CONFLICTING] == 3
    assert sum(summary.verdicts.values()) == 12
    assert summary.near_duplicate_groups == 1
    assert [file.id for file in summary.rejected] == rows.loc[rows["verdict"] != "keep", "id"].tolist()


def test_the_jfif_test_would_drop_kept_files(mixed):
    assert mixed[2].jfif_test_drops == 3  # 12.jpg and Thumbs.db in Cat, and the PNG in Dog
    assert mixed[2].jfif_test_drops_kept == 1


def test_the_limit_does_not_count_copies(tmp_path):
    rows, groups, summary = assemble_files(
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
    assert [file.verdict for file in summary.rejected] == ["duplicate", "empty"]


def test_every_verdict_occurs_and_no_other_text(tmp_path, mixed):
    """The files of `mixed`, a photo over the limit, an image with too many pixels, and a dog that is almost a cat."""
    files = {"Dog/4.jpg": photo(6), "Dog/large.png": encode(Image.new("1", (10_000, 5_001)), "PNG")}
    files["Dog/5.jpg"] = photo(1, quality=60)
    rows, _, summary = assemble_files(tmp_path, files, limit_per_class=1)
    assert set(rows["verdict"]) == {verdict.value for verdict in Verdict}
    assert set(summary.verdicts) == set(Verdict)


def test_a_near_duplicate_of_the_other_class_is_in_the_same_group(tmp_path):
    files = {"Cat/0.jpg": photo(0), "Dog/0.jpg": photo(0, quality=50)}
    rows, groups, _ = assemble_files(tmp_path, files, keep_contradictory=True)
    assert reasons(rows)["dog.0.jpg"] == "near duplicate of cat.0.jpg"
    assert groups["group"].tolist() == ["cat.0.jpg", "cat.0.jpg"]


def test_a_file_that_is_not_a_photo_does_not_conflict(tmp_path):
    rows, _, _ = assemble_files(tmp_path, {"Cat/0.jpg": photo(0), "Dog/cat.1.jpg": b"", "Dog/2.jpg": photo(1)})
    assert verdicts(rows)["dog.cat.1.jpg"] == "empty"


def test_a_copy_of_a_photo_named_after_the_other_class_is_rejected(tmp_path):
    rows, _, _ = assemble_files(tmp_path, {"Cat/0.jpg": photo(0), "Dog/cat.1.jpg": photo(1), "Dog/dog.2.jpg": photo(1)})
    assert verdicts(rows) == {"cat.0.jpg": "keep", "dog.cat.1.jpg": "conflicting", "dog.dog.2.jpg": "duplicate"}


def test_the_first_copy_is_rejected_if_a_later_one_is_named_after_the_other_class(tmp_path):
    rows, _, _ = assemble_files(tmp_path, {"Cat/0.jpg": photo(0), "Dog/1.jpg": photo(1), "Dog/cat.2.jpg": photo(1)})
    assert verdicts(rows) == {"cat.0.jpg": "keep", "dog.1.jpg": "conflicting", "dog.cat.2.jpg": "conflicting"}
    assert reasons(rows)["dog.1.jpg"].startswith("the same content as dog.cat.2.jpg, whose name")


def test_photos_of_any_two_of_three_classes_conflict(tmp_path):
    files = {
        "ant/0.jpg": photo(0),
        "ant/1.jpg": photo(1),
        "bee/1.jpg": photo(1),
        "bee/2.jpg": photo(2),
        "owl/2.jpg": photo(2),
        "owl/ant.3.jpg": photo(3),
        "owl/4.jpg": photo(3),
    }
    rows, _, summary = assemble_files(tmp_path, files, classes=("ant", "bee", "owl"))
    assert summary.kept == {"ant": 1, "bee": 0, "owl": 0}
    assert reasons(rows)["ant.1.jpg"] == "the same content has different labels: ant.1.jpg, bee.1.jpg"
    assert reasons(rows)["bee.2.jpg"] == "the same content has different labels: bee.2.jpg, owl.2.jpg"
    assert reasons(rows)["owl.ant.3.jpg"] == "its name, or a folder below its class folder, names another class"
    assert verdicts(rows)["owl.4.jpg"] == "conflicting"


def test_without_classes_they_are_found_in_the_folders(tmp_path):
    for number, name in enumerate(("Wolf", "ant", "10")):
        for repeat in range(3):
            path = tmp_path / "source" / "photos" / name / f"{repeat}.jpg"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(photo(10 * number + repeat))
    describe("photos", tmp_path / "source", None).write(tmp_path / "source.json")
    inspect(tmp_path / "source.json", [], tmp_path)
    assert ClassNames.beside(tmp_path / "manifest.csv") == ("10", "ant", "Wolf")
    assert PhotosSummary.read(tmp_path / "summary.json").kept == {"10": 3, "ant": 3, "Wolf": 3}


def test_a_thousand_classes_of_four_photos_are_inspected_in_seconds(tmp_path):
    found = [FoundPhoto(f"c{n // 4}.{n}.jpg", n // 4, f"c{n // 4}/{n}.jpg") for n in range(4000)]
    pixels = np.random.default_rng(0).integers(0, 256, (4000, 1024), dtype=np.uint8)
    inspections = [
        Inspection(1, f"{n:064x}", True, Verdict.KEEP, "", 32, 32, "RGB", "JPEG", pixels[n].tobytes())
        for n in range(4000)
    ]
    start = time.process_time()
    rows, groups, _ = assemble(found, inspections, None)
    summary = summarize(rows, groups, found, inspections, [f"c{n}" for n in range(1000)])
    assert time.process_time() - start < 20
    assert {*summary.kept.values()} == {4}


def test_real_photos(shared):
    """Two pairs are identical files; the maximum correlation of all others is 0.89, of different animals."""
    source = ZipSource(shared / "data" / "petimages-4k.zip")
    found = find_photos(source.members(), ["cat", "dog"])
    rows, groups, _ = assemble(found, inspect_all(source, found, workers=2), None)
    reason = reasons(rows[rows["label"].notna() & (rows["verdict"] != "keep")])
    assert {name: reason[name] for name in ("cat.666.jpg", "dog.180.jpg", "dog.1273.jpg")} == {
        "cat.666.jpg": "the file has 0 bytes",
        "dog.180.jpg": "the same content as dog.74.jpg",
        "dog.1273.jpg": "the same content as dog.980.jpg",
    }
    assert len(reason) == 5  # with two Thumbs.db
    assert (groups["id"] == groups["group"]).all()


def truncated(seed):
    return photo(seed)[:-200]


FILES = {
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
    mix=st.lists(st.tuples(st.sampled_from(["Cat", "Dog"]), st.sampled_from(list(FILES))), max_size=12),
    unusual_name=NAMES,
    limit=st.none() | st.integers(1, 3),
)
def test_any_mix_of_files_gives_one_row_per_file_and_a_store_of_the_kept_photos(mix, unusual_name, limit):
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for label in ("Cat", "Dog"):
            (folder / "photos" / label).mkdir(parents=True)
            (folder / "photos" / label / "first.jpg").write_bytes(photo(len(label) + ord(label[0])))
        (folder / "photos" / "Cat" / unusual_name).write_bytes(photo(97))
        for number, (label, kind) in enumerate(mix):
            (folder / "photos" / label / f"{number}.jpg").write_bytes(FILES[kind](number))
        files = {str(path.relative_to(folder / "photos")) for path in folder.glob("photos/**/*") if path.is_file()}
        describe("photos", folder / "photos", None).write(folder / "source.json")
        inspect(folder / "source.json", ["cat", "dog"], folder, limit_per_class=limit)
        store(folder / "source.json", folder / "manifest.csv", "8", folder / "images.npy")

        rows = MANIFEST.read(folder / "manifest.csv")
        assert sorted(rows["path"]) == sorted(files)
        kept = rows[rows["verdict"] == "keep"]
        assert kept["sha256"].is_unique
        assert len(open_store(folder / "images.npy", folder / "manifest.csv").images) == len(kept)
        assert sum(PhotosSummary.read(folder / "summary.json").kept.values()) == len(kept)
        assert GROUPS.read(folder / "groups.csv")["id"].tolist() == kept["id"].tolist()
        assert ClassNames.beside(folder / "manifest.csv") == ("cat", "dog")
        if limit:
            assert kept.groupby("label").size().max() <= limit


CONTRADICTORY = {
    **{f"Cat/{number}.jpg": photo(number) for number in range(4)},
    **{f"Dog/{number}.jpg": photo(10 + number) for number in range(4)},
    "Dog/7.jpg": photo(2, quality=40, size=(90, 70)),  # what Cat/2.jpg shows
}


def test_near_duplicates_with_different_labels_are_rejected(tmp_path):
    rows, groups, summary = assemble_files(tmp_path, CONTRADICTORY)
    rejected = {name: verdict for name, verdict in verdicts(rows).items() if verdict != "keep"}
    assert rejected == {"cat.2.jpg": "contradictory", "dog.7.jpg": "contradictory"}
    assert reasons(rows)["cat.2.jpg"] == "near duplicate of dog.7.jpg with another label"
    assert reasons(rows)["dog.7.jpg"] == "near duplicate of cat.2.jpg with another label"
    assert set(groups["id"]) == set(rows.query("verdict == 'keep'")["id"])
    assert summary.verdicts[Verdict.CONTRADICTORY] == 2
    assert {file.id for file in summary.rejected} == set(rejected)


def test_near_duplicates_with_different_labels_are_kept_if_that_is_configured(tmp_path):
    rows, groups, _ = assemble_files(tmp_path, CONTRADICTORY, keep_contradictory=True)
    assert set(rows["verdict"]) == {"keep"}
    assert groups.set_index("id")["group"][["cat.2.jpg", "dog.7.jpg"]].tolist() == ["cat.2.jpg"] * 2


def test_a_limit_counts_no_contradictory_photos(tmp_path):
    rows, _, _ = assemble_files(tmp_path, CONTRADICTORY, limit_per_class=3)
    kept = rows.query("verdict == 'keep'")["id"].tolist()
    assert kept == ["cat.0.jpg", "cat.1.jpg", "cat.3.jpg", "dog.0.jpg", "dog.1.jpg", "dog.2.jpg"]


def test_a_near_duplicate_of_a_rejected_photo_with_its_own_label_is_rejected_too_if_it_is_similar_to_the_other(
    tmp_path,
):
    files = {**CONTRADICTORY, "Cat/9.jpg": photo(2, quality=60), "Cat/8.jpg": photo(1, quality=40)}
    rows, groups, _ = assemble_files(tmp_path, files)
    rejected = [name for name, verdict in verdicts(rows).items() if verdict == "contradictory"]
    assert rejected == ["cat.2.jpg", "cat.9.jpg", "dog.7.jpg"]
    assert reasons(rows)["dog.7.jpg"] == "near duplicate of cat.2.jpg and 1 more with another label"
    assert groups.set_index("id")["group"]["cat.8.jpg"] == "cat.1.jpg"


def test_the_pairs_of_contradictory_photos_are_listed(tmp_path):
    for name, content in CONTRADICTORY.items():
        (tmp_path / "photos" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "photos" / name).write_bytes(content)
    describe(str(tmp_path / "photos"), tmp_path / "photos", None).write(tmp_path / "source.json")
    for keep in (False, True):
        inspect(tmp_path / "source.json", ["cat", "dog"], tmp_path, keep_contradictory=keep)
        pairs = CONTRADICTIONS.read(tmp_path / "contradictions.csv")
        assert pairs.to_numpy().tolist() == [["cat.2.jpg", 0, "dog.7.jpg", 1]]
