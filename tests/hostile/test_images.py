"""Files that are not valid photos get a verdict, do not affect other files, and need little memory."""

import struct
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hostile_photos import BOMBS, FORMATS, KINDS, encoded, photo, png_with_a_text_bomb, texture
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from canigatti.photos.commands.inspect import inspect
from canigatti.photos.commands.store import store
from canigatti.photos.decoding import UnreadablePhoto, decode
from canigatti.photos.inspection import inspect_photo
from canigatti.photos.layouts import FoundPhoto
from canigatti.photos.origin import describe
from canigatti.photos.records import MANIFEST, Verdict
from canigatti.photos.store import open_store


class OneFile:
    def __init__(self, content):
        self.content = content

    def members(self):
        return ["Cat/0.jpg"]

    def read(self, member):
        return self.content


def inspected(content, name="Cat/0.jpg"):
    return inspect_photo(OneFile(content), FoundPhoto("cat.0.jpg", 0, name))


def verdict_of(content, **options):
    """Return the verdict; an unexpected error fails the test."""
    try:
        decode(content, **options)
    except UnreadablePhoto as error:
        return error.verdict
    return Verdict.KEEP


@pytest.mark.parametrize("fraction", [0.1, 0.5, 0.99])
@pytest.mark.parametrize("form", FORMATS)
def test_a_truncated_photo_is_unreadable(form, fraction):
    content = photo(form)
    inspection = inspected(content[: int(fraction * len(content))])
    assert inspection.verdict == "unreadable"
    assert inspection.reason
    assert "\n" not in inspection.reason


@pytest.mark.parametrize(
    "content",
    [b"text", b"<html>404</html>", b"\0" * 5000, b"\xff\xd8", b"\xff\xd8\xff\xe0\0\x10JFIF\0", b"GIF89a", b"II*\0"],
)
def test_other_content_is_unreadable(content):
    assert inspected(content).verdict == "unreadable"


def test_an_empty_file_is_empty():
    assert inspected(b"").verdict == "empty"


def test_documents_are_not_rendered():
    """Pillow would render this with Ghostscript, which runs programs."""
    postscript = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 100 100\n%%EndComments\nshowpage\n"
    assert inspected(postscript).reason.startswith("no image in a known format")


@pytest.mark.parametrize("brand", [b"heic", b"heix", b"hevc", b"mif1", b"msf1"])
def test_heic_is_reported_by_name(brand):
    assert "HEIC" in inspected(struct.pack(">I", 24) + b"ftyp" + brand + bytes(99)).reason


@pytest.mark.parametrize("form", [form for form in FORMATS if form != "JPEG"])
def test_another_format_named_jpg_is_kept_with_a_note(form):
    inspection = inspected(photo(form))
    assert (inspection.verdict, inspection.format) == ("keep", form)
    assert inspection.reason == f"{form} content in a file named .jpg"


@pytest.mark.parametrize("form", FORMATS)
def test_flipped_bytes_give_the_same_verdict_with_and_without_colors(form, capfd):
    whole = np.frombuffer(photo(form), np.uint8)
    rng = np.random.default_rng(7)
    for flips in [1, 2, 5, 20, 100] * 8:
        content = whole.copy()
        positions = rng.integers(0, len(content), flips)
        content[positions] ^= rng.integers(1, 256, flips, dtype=np.uint8)
        verdict = verdict_of(content.tobytes())
        assert verdict in ("keep", "unreadable", "too-large", "too-small")
        assert verdict_of(content.tobytes(), allow_gray=True) == verdict
    assert capfd.readouterr().out == ""


def test_flipped_bytes_in_the_header_print_nothing(capfd):
    """JPEG headers contain EXIF, profiles and thumbnails, which often make Pillow warn."""
    exif = Image.Exif()
    exif[0x0112], exif[0x010E] = 6, "described" * 20
    whole = np.frombuffer(photo("JPEG", exif=exif), np.uint8)
    rng = np.random.default_rng(3)
    for _ in range(100):
        content = whole.copy()
        content[rng.integers(20, 300, 4)] = rng.integers(0, 256, 4, dtype=np.uint8)
        verdict_of(content.tobytes())
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("form", BOMBS)
def test_an_image_that_declares_too_many_pixels_is_rejected(form):
    inspection = inspected(BOMBS[form]())
    assert inspection.verdict == "too-large"
    assert "50,000,000" in inspection.reason


@pytest.mark.parametrize("bomb", [*BOMBS.values(), png_with_a_text_bomb])
def test_a_decompression_bomb_needs_little_memory(bomb, tmp_path):
    """The peak memory is measured in a separate process."""
    (tmp_path / "bomb").write_bytes(bomb())
    decoding = (
        "import sys\n"
        "from canigatti.photos.decoding import UnreadablePhoto, decode\n"
        "try: decode(open(sys.argv[1], 'rb').read())\n"
        "except UnreadablePhoto: pass\n"
    )
    growth = peak_memory([tmp_path / "bomb"], decoding) - peak_memory([], "import canigatti.photos.decoding")
    assert growth < 50_000  # kB; decoded, the smallest would take 190,000


def peak_memory(arguments, script):
    """Return the peak memory (kB) of a script; its parent is small, because a fork begins as large as its parent."""
    outer = (
        "import resource, subprocess, sys\n"
        "subprocess.run([sys.executable, *sys.argv[1:]], check=True)\n"
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)\n"
    )
    run = [sys.executable, "-c", outer, "-c", script, *arguments]
    return int(subprocess.run(run, capture_output=True, text=True, check=True).stdout)


def test_a_hundred_decompression_bombs_need_less_than_a_gigabyte_in_all_processes(tmp_path):
    bombs = [bomb() for bomb in (*BOMBS.values(), png_with_a_text_bomb)]
    for number in range(100):
        path = tmp_path / "photos" / ("Cat", "Dog")[number % 2] / f"{number}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(bombs[number % len(bombs)])
    describe("photos", tmp_path / "photos", None).write(tmp_path / "source.json")
    command = ["inspect", f"--source={tmp_path / 'source.json'}", f"--output={tmp_path}", "--workers=2"]
    script = "from canigatti.__main__ import main; main()"
    peak = peak_memory([*command, "--class=cat", "--class=dog"], script)
    rows = MANIFEST.read(tmp_path / "manifest.csv")
    assert rows["verdict"].value_counts().to_dict() == {"too-large": 80, "unreadable": 20}
    assert 3 * peak < 1_000_000  # kB; there are three processes


@pytest.fixture
def faulty(tmp_path):
    """A folder with valid photos and a file of every kind of fault."""
    files = {f"Cat/{number}.jpg": encoded(texture(number), "JPEG") for number in range(10)}
    files |= {f"Dog/{number}.jpg": encoded(texture(100 + number), "JPEG") for number in range(10)}
    files |= {f"Cat/cut{form}.jpg": photo(form)[:-300] for form in FORMATS}
    files |= {f"Dog/bomb{form}.jpg": BOMBS[form]() for form in BOMBS}
    files |= {"Dog/empty.jpg": b"", "Dog/text.jpg": b"text", "Dog/a \"q\", 'p'\n🐶.jpg": encoded(texture(50), "PNG")}
    files |= {"Dog/deep.jpg": encoded(Image.fromarray(np.arange(4096, dtype=np.uint16).reshape(64, 64) * 15), "PNG")}
    for name, content in files.items():
        (tmp_path / "photos" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "photos" / name).write_bytes(content)
    describe("photos", tmp_path / "photos", None).write(tmp_path / "source.json")
    return tmp_path, files


def test_a_folder_with_faulty_files_gives_one_row_per_file_and_a_store_of_the_others(faulty):
    folder, files = faulty
    inspect(folder / "source.json", ["cat", "dog"], folder, workers=2)
    store(folder / "source.json", folder / "manifest.csv", "32", folder / "images.npy", workers=2)
    rows = MANIFEST.read(folder / "manifest.csv")
    assert sorted(rows["path"]) == sorted(files)
    assert rows["verdict"].value_counts().to_dict() == {"keep": 22, "unreadable": 7, "too-large": 4, "empty": 1}
    images = open_store(folder / "images.npy", folder / "manifest.csv").images
    assert len(images) == 22
    assert (images.reshape(22, -1).std(axis=1) > 10).all()


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(mix=st.lists(st.tuples(st.sampled_from([*KINDS]), st.sampled_from(["Cat", "Dog", "."])), max_size=12))
def test_any_mix_of_files_gives_one_row_per_file_and_a_store_of_the_kept_photos(tmp_path, mix):
    files = {f"{kind}/fine.jpg": encoded(texture(number), "JPEG") for number, kind in enumerate(("Cat", "Dog"))}
    paths = {Path(folder, f"{number}.jpg").as_posix(): kind for number, (kind, folder) in enumerate(mix)}
    files |= {path: KINDS[kind](number) for number, (path, kind) in enumerate(paths.items())}
    with tempfile.TemporaryDirectory(dir=tmp_path) as name:
        folder = Path(name)
        for path, content in files.items():
            (folder / "photos" / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / "photos" / path).write_bytes(content)
        describe("photos", folder / "photos", None).write(folder / "source.json")
        inspect(folder / "source.json", ["cat", "dog"], folder)
        store(folder / "source.json", folder / "manifest.csv", "16", folder / "images.npy")
        rows = MANIFEST.read(folder / "manifest.csv")
        assert sorted(rows["path"]) == sorted(files)
        assert rows["id"].is_unique
        kept = rows.query("verdict == 'keep'")
        assert len(open_store(folder / "images.npy", folder / "manifest.csv").images) == len(kept) >= 2
        usable = {path for path, kind in paths.items() if kind in ("valid", "GIF", "CMYK") and "/" in path}
        unusable = {path for path, kind in paths.items() if kind in ("truncated", "empty", "text", "bomb", "one pixel")}
        assert usable <= set(kept["path"])
        assert not unusable & set(kept["path"])


def test_the_command_prints_only_its_progress(faulty):
    folder, _ = faulty
    options = [f"--source={folder / 'source.json'}", f"--output={folder}", "--workers=2"]
    command = ["-m", "canigatti", "inspect", *options]
    run = subprocess.run(
        [sys.executable, *command, "--class=cat", "--class=dog"], capture_output=True, text=True, check=True
    )
    assert run.stdout == ""
    assert {line.split(":")[0] for line in run.stderr.replace("\r", "\n").split("\n") if line.strip()} == {"inspect"}
