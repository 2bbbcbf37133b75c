import hashlib
import io
import os
import subprocess
import sys

import pytest
from PIL import Image

from canigatti.files import InputError
from canigatti.photos.inspection import inspect_all, inspect_photo
from canigatti.photos.layouts import FoundPhoto
from canigatti.photos.sources import FolderSource
from canigatti.photos.workers import map_processes


def jpeg(color, size=(24, 16)):
    buffer = io.BytesIO()
    Image.new("RGB", size, color).save(buffer, "JPEG")
    return buffer.getvalue()


@pytest.fixture
def folder(tmp_path):
    """80 files: photos of different widths, except that every seventh file is text."""
    for number in range(80):
        content = b"text" if number % 7 == 0 else jpeg((3 * number, 90, 200), (20 + number, 16))
        (tmp_path / f"{number}.jpg").write_bytes(content)
    return FolderSource(tmp_path), [FoundPhoto(f"cat.{number}.jpg", 0, f"{number}.jpg") for number in range(80)]


def inspected(tmp_path, name, content, label=0):
    (tmp_path / name).write_bytes(content)
    return inspect_photo(FolderSource(tmp_path), FoundPhoto(f"cat.{name}", label, name))


def test_the_properties_of_a_photo(tmp_path):
    content = jpeg("red")
    photo = inspected(tmp_path, "0.jpg", content)
    assert (photo.width, photo.height, photo.mode, photo.format) == (24, 16, "RGB", "JPEG")
    assert (photo.bytes, photo.sha256) == (len(content), hashlib.sha256(content).hexdigest())
    assert (photo.verdict, photo.reason, photo.jfif) == ("keep", "", True)
    assert len(photo.thumbnail) == 1024


def test_content_that_does_not_match_the_suffix_is_noted(tmp_path):
    buffer = io.BytesIO()
    Image.new("RGB", (9, 9)).save(buffer, "PNG")
    assert inspected(tmp_path, "0.JPG", buffer.getvalue()).reason == "PNG content in a file named .JPG"
    assert inspected(tmp_path, "0.png", buffer.getvalue()).reason == ""
    assert inspected(tmp_path, "photo", buffer.getvalue()).reason == ""


@pytest.mark.parametrize(
    ("content", "found"), [(b"", False), (b"0123JFIF", True), (b"0123456JFIF", False), (b"0123456JFI", False)]
)
def test_the_jfif_test_reads_the_first_ten_bytes(tmp_path, content, found):
    assert inspected(tmp_path, "0.jpg", content).jfif is found


def test_a_photo_without_a_class_is_outside(tmp_path):
    photo = inspected(tmp_path, "0.jpg", jpeg("red"), label=None)
    assert (photo.verdict, photo.width) == ("outside", None)
    assert photo.bytes > 0


def test_a_file_that_cannot_be_read_is_unreadable(tmp_path):
    photo = inspect_photo(FolderSource(tmp_path), FoundPhoto("cat.0.jpg", 0, "0.jpg"))
    assert photo.verdict == "unreadable"
    assert "0.jpg" in photo.reason
    assert photo.bytes is None


def test_several_processes_return_the_same_in_the_same_order(folder):
    single, parallel = inspect_all(*folder, workers=1), inspect_all(*folder, workers=2)
    assert [photo.width for photo in single if photo.verdict == "keep"] == [20 + n for n in range(80) if n % 7]
    assert parallel == single


def test_spawned_processes_work_like_forked_ones(folder, tmp_path):
    """As on macOS and Windows, where a process inherits no state."""
    script = tmp_path / "spawn.py"
    script.write_text(
        "import multiprocessing\n"
        "from pathlib import Path\n"
        "from canigatti.photos.inspection import inspect_all\n"
        "from canigatti.photos.layouts import FoundPhoto\n"
        "from canigatti.photos.sources import FolderSource\n"
        "if __name__ == '__main__':\n"
        "    multiprocessing.set_start_method('spawn')\n"
        "    found = [FoundPhoto('a', 0, '1.jpg')] * 40\n"
        f"    print(sum(photo.width for photo in inspect_all(FolderSource(Path({str(tmp_path)!r})), found, 2)))\n"
    )
    run = subprocess.run([sys.executable, script], capture_output=True, text=True, check=True)
    assert run.stdout == "840\n"
    assert "inspect: 100%" in run.stderr


def die(item):
    os._exit(9)


def test_a_killed_process_is_reported():
    with pytest.raises(InputError, match="a worker process was killed"):
        list(map_processes(die, range(40), 2, "die"))


def fail_at_33(item):
    if item == 33:
        raise ValueError(item)
    return item


@pytest.mark.parametrize("workers", [1, 2])
def test_an_error_of_a_task_is_raised(workers):
    with pytest.raises(ValueError, match="33"):
        list(map_processes(fail_at_33, range(100), workers, "fail"))
