"""Files that claim to be photos: each gets a verdict, none stops the others, none takes the machine's memory."""

import io
import struct
import subprocess
import sys
import tempfile
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from canigatti.files import write_json
from canigatti.photos import commands
from canigatti.photos.decoding import UnreadablePhoto, decode
from canigatti.photos.inspection import inspect_photo
from canigatti.photos.sources import FoundPhoto
from canigatti.photos.store import open_store, read_manifest

FORMATS = ["JPEG", "PNG", "GIF", "BMP", "WEBP", "TIFF"]


def encoded(image, form, **options):
    buffer = io.BytesIO()
    image.save(buffer, form, **options)
    return buffer.getvalue()


def texture(seed=0, size=(160, 120)):
    noise = np.random.default_rng(seed).integers(0, 256, (24, 32, 3), dtype=np.uint8)
    return Image.fromarray(noise).resize(size, Image.Resampling.BICUBIC)


def photo(form, **options):
    image = texture().quantize(200) if form == "GIF" else texture()
    return encoded(image, form, **options)


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
    """The verdict, whatever happens short of an error that is none of ours."""
    try:
        decode(content, **options)
    except UnreadablePhoto as fault:
        return fault.verdict
    return "keep"


@pytest.mark.parametrize("share", [0.1, 0.5, 0.99])
@pytest.mark.parametrize("form", FORMATS)
def test_a_truncated_photo_is_unreadable(form, share):
    content = photo(form)
    told = inspected(content[: int(share * len(content))])
    assert told.verdict == "unreadable"
    assert told.reason
    assert "\n" not in told.reason


@pytest.mark.parametrize(
    "content",
    [b"text", b"<html>404</html>", b"\0" * 5000, b"\xff\xd8", b"\xff\xd8\xff\xe0\0\x10JFIF\0", b"GIF89a", b"II*\0"],
)
def test_other_content_is_unreadable(content):
    assert inspected(content).verdict == "unreadable"


def test_an_empty_file_is_empty():
    assert inspected(b"").verdict == "empty"


def test_documents_are_not_rendered():
    """Pillow would hand this to Ghostscript, which runs programs."""
    postscript = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 100 100\n%%EndComments\nshowpage\n"
    assert inspected(postscript).reason.startswith("no image in a known format")


@pytest.mark.parametrize("brand", [b"heic", b"heix", b"hevc", b"mif1", b"msf1"])
def test_heic_is_told_by_name(brand):
    assert "HEIC" in inspected(struct.pack(">I", 24) + b"ftyp" + brand + bytes(99)).reason


@pytest.mark.parametrize("form", [form for form in FORMATS if form != "JPEG"])
def test_another_format_named_jpg_is_kept_with_a_note(form):
    told = inspected(photo(form))
    assert (told.verdict, told.format) == ("keep", form)
    assert told.reason == f"{form} content in a file named .jpg"


@pytest.mark.parametrize("form", FORMATS)
def test_flipped_bytes_give_a_verdict_with_or_without_colours(form, capfd):
    whole = np.frombuffer(photo(form), np.uint8)
    dice = np.random.default_rng(7)
    for flips in [1, 2, 5, 20, 100] * 8:
        content = whole.copy()
        places = dice.integers(0, len(content), flips)
        content[places] ^= dice.integers(1, 256, flips, dtype=np.uint8)
        verdict = verdict_of(content.tobytes())
        assert verdict in ("keep", "unreadable", "too-large", "too-small")
        assert verdict_of(content.tobytes(), gray_suffices=True) == verdict
    assert capfd.readouterr().out == ""


def test_flipped_bytes_in_the_header_print_nothing(capfd):
    """JPEG headers hold EXIF, profiles and thumbnails, about which Pillow likes to warn."""
    exif = Image.Exif()
    exif[0x0112], exif[0x010E] = 6, "described" * 20
    whole = np.frombuffer(photo("JPEG", exif=exif), np.uint8)
    dice = np.random.default_rng(3)
    for _ in range(100):
        content = whole.copy()
        content[dice.integers(20, 300, 4)] = dice.integers(0, 256, 4, dtype=np.uint8)
        verdict_of(content.tobytes())
    assert capfd.readouterr() == ("", "")


def png_bomb():
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    rows = zlib.compress(bytes(10_000_000), 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def jpeg_bomb():
    content = bytearray(photo("JPEG"))
    start = content.index(b"\xff\xc0")  # frame header: length (2), precision (1), height (2), width (2)
    content[start + 5 : start + 9] = struct.pack(">HH", 65_000, 65_000)
    return bytes(content)


def gif_bomb():
    return b"GIF89a" + struct.pack("<HH", 65_000, 65_000) + photo("GIF")[10:]


def webp_bomb():
    return encoded(Image.new("RGB", (16_383, 4_000)), "WEBP", lossless=True, quality=0, method=0)


BOMBS = {"PNG": png_bomb, "JPEG": jpeg_bomb, "GIF": gif_bomb, "WEBP": webp_bomb}


def png_with_a_text_bomb():
    text = b"comment\0\0" + zlib.compress(bytes(200_000_000), 9)
    chunk = struct.pack(">I", len(text)) + b"zTXt" + text + struct.pack(">I", zlib.crc32(b"zTXt" + text))
    return photo("PNG")[:33] + chunk + photo("PNG")[33:]


@pytest.mark.parametrize("form", BOMBS)
def test_an_image_of_too_many_pixels_is_refused_by_its_declared_size(form):
    told = inspected(BOMBS[form]())
    assert told.verdict == "too-large"
    assert "50,000,000" in told.reason


@pytest.mark.parametrize("bomb", [*BOMBS.values(), png_with_a_text_bomb])
def test_a_bomb_does_not_take_the_memory(bomb, tmp_path):
    """In a process of its own, which is asked for its highest use of memory."""
    (tmp_path / "bomb").write_bytes(bomb())
    decoding = (
        "import sys\n"
        "from canigatti.photos.decoding import UnreadablePhoto, decode\n"
        "try: decode(open(sys.argv[1], 'rb').read())\n"
        "except UnreadablePhoto: pass\n"
    )
    grown = highest_use([tmp_path / "bomb"], decoding) - highest_use([], "import canigatti.photos.decoding")
    assert grown < 50_000  # kB; decoded, the smallest would take 190,000


def highest_use(arguments, script):
    """Memory (kB) of a process that runs this script: of a child of a small one, since forks begin as large as this."""
    outer = (
        "import resource, subprocess, sys\n"
        "subprocess.run([sys.executable, *sys.argv[1:]], check=True)\n"
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)\n"
    )
    run = [sys.executable, "-c", outer, "-c", script, *arguments]
    return int(subprocess.run(run, capture_output=True, text=True, check=True).stdout)


def test_a_hundred_bombs_are_refused_by_processes_of_less_than_a_gigabyte_in_all(tmp_path):
    made = [bomb() for bomb in (*BOMBS.values(), png_with_a_text_bomb)]
    for number in range(100):
        path = tmp_path / "photos" / ("Cat", "Dog")[number % 2] / f"{number}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(made[number % len(made)])
    write_json(tmp_path / "source.json", {"path": str(tmp_path / "photos"), "kind": "folder"})
    outputs = [f"--{name}={tmp_path / name}" for name in ("manifest", "groups", "summary")]
    command = ["inspect", f"--source-record={tmp_path / 'source.json'}", *outputs, "--workers=2"]
    script = "from canigatti.__main__ import main; main()"
    peak = highest_use([*command, "--class=cat", "--class=dog"], script)
    rows = read_manifest(tmp_path / "manifest")
    assert rows["verdict"].value_counts().to_dict() == {"too-large": 80, "unreadable": 20}
    assert 3 * peak < 1_000_000  # kB of the largest process, of which there are three


@pytest.fixture
def faulty(tmp_path):
    """A folder with a file of every fault among good photos."""
    files = {f"Cat/{number}.jpg": encoded(texture(number), "JPEG") for number in range(10)}
    files |= {f"Dog/{number}.jpg": encoded(texture(100 + number), "JPEG") for number in range(10)}
    files |= {f"Cat/cut{form}.jpg": photo(form)[:-300] for form in FORMATS}
    files |= {f"Dog/bomb{form}.jpg": BOMBS[form]() for form in BOMBS}
    files |= {"Dog/empty.jpg": b"", "Dog/text.jpg": b"text", "Dog/a \"q\", 'p'\n🐶.jpg": encoded(texture(50), "PNG")}
    files |= {"Dog/deep.jpg": encoded(Image.fromarray(np.arange(4096, dtype=np.uint16).reshape(64, 64) * 15), "PNG")}
    for name, content in files.items():
        (tmp_path / "photos" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "photos" / name).write_bytes(content)
    write_json(tmp_path / "source.json", {"path": str(tmp_path / "photos"), "kind": "folder"})
    return tmp_path, files


def test_a_folder_of_faults_gives_a_row_each_and_a_store_of_the_rest(faulty):
    folder, files = faulty
    inputs = {"source_record": folder / "source.json", "manifest": folder / "manifest.csv", "workers": 2}
    commands.inspect(**inputs, classes=["cat", "dog"], groups=folder / "groups.csv", summary=folder / "summary.json")
    commands.store(**inputs, size=32, output=folder / "images.npy", hash=folder / "hash")
    rows = read_manifest(folder / "manifest.csv")
    assert sorted(rows["path"]) == sorted(files)
    assert rows["verdict"].value_counts().to_dict() == {"keep": 22, "unreadable": 7, "too-large": 4, "empty": 1}
    images = open_store(folder / "images.npy", folder / "manifest.csv").images
    assert len(images) == 22
    assert (images.reshape(22, -1).std(axis=1) > 10).all()


SAME = encoded(texture(60), "JPEG")
KINDS = {
    "good": lambda number: encoded(texture(200 + number), "JPEG"),
    "the same": lambda _: SAME,
    "cut": lambda number: encoded(texture(300 + number), "JPEG")[:-300],
    "flipped": lambda number: flipped(encoded(texture(400 + number), "PNG"), number),
    "empty": lambda _: b"",
    "text": lambda number: b"text" * number,
    "bomb": lambda _: BOMBS["PNG"](),
    "GIF": lambda number: encoded(texture(500 + number).quantize(200), "GIF"),
    "16 bits": lambda _: encoded(Image.fromarray(np.arange(4096, dtype=np.uint16).reshape(64, 64) * 15), "PNG"),
    "CMYK": lambda number: encoded(texture(600 + number).convert("CMYK"), "JPEG"),
    "one pixel": lambda _: encoded(Image.new("RGB", (1, 1)), "PNG"),
}


def flipped(content, number):
    middle = len(content) // 2 + number
    return content[:middle] + bytes([content[middle] ^ 255]) + content[middle + 1 :]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(mix=st.lists(st.tuples(st.sampled_from([*KINDS]), st.sampled_from(["Cat", "Dog", "."])), max_size=12))
def test_any_mix_of_faults_gives_a_row_for_each_file_and_a_store_of_those_kept(tmp_path, mix):
    files = {f"{kind}/fine.jpg": encoded(texture(number), "JPEG") for number, kind in enumerate(("Cat", "Dog"))}
    paths = {Path(folder, f"{number}.jpg").as_posix(): kind for number, (kind, folder) in enumerate(mix)}
    files |= {path: KINDS[kind](number) for number, (path, kind) in enumerate(paths.items())}
    with tempfile.TemporaryDirectory(dir=tmp_path) as name:
        folder = Path(name)
        for path, content in files.items():
            (folder / "photos" / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / "photos" / path).write_bytes(content)
        write_json(folder / "source.json", {"path": str(folder / "photos"), "kind": "folder"})
        inputs = {"source_record": folder / "source.json", "manifest": folder / "manifest.csv"}
        commands.inspect(
            **inputs, classes=["cat", "dog"], groups=folder / "groups.csv", summary=folder / "summary.json"
        )
        commands.store(**inputs, size=16, output=folder / "images.npy", hash=folder / "hash")
        rows = read_manifest(folder / "manifest.csv")
        assert sorted(rows["path"]) == sorted(files)
        assert rows["id"].is_unique
        kept = rows.query("verdict == 'keep'")
        assert len(open_store(folder / "images.npy", folder / "manifest.csv").images) == len(kept) >= 2
        sound = {path for path, kind in paths.items() if kind in ("good", "GIF", "CMYK") and "/" in path}
        never = {path for path, kind in paths.items() if kind in ("cut", "empty", "text", "bomb", "one pixel")}
        assert sound <= set(kept["path"])
        assert not never & set(kept["path"])


def test_the_command_says_nothing_but_its_progress(faulty):
    folder, _ = faulty
    outputs = [f"--{name}={folder / name}" for name in ("manifest", "groups", "summary")]
    command = ["-m", "canigatti", "inspect", f"--source-record={folder / 'source.json'}", *outputs, "--workers=2"]
    run = subprocess.run(
        [sys.executable, *command, "--class=cat", "--class=dog"], capture_output=True, text=True, check=True
    )
    assert run.stdout == ""
    assert {line.split(":")[0] for line in run.stderr.replace("\r", "\n").split("\n") if line.strip()} == {"inspect"}
