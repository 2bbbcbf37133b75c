import os
import subprocess
import sys

import pandas as pd
import pytest

from canigatti.files import atomic_path, is_url, printable, sha256_of, write_csv, write_text


def test_a_failed_write_leaves_the_old_file_and_no_temporary_file(tmp_path):
    path = tmp_path / "table.csv"
    write_text(path, "old")

    def write_half():
        with atomic_path(path) as temporary:
            temporary.write_text("ne")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        write_half()
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_the_temporary_file_has_the_suffix_from_which_writers_infer_the_format(tmp_path):
    with atomic_path(tmp_path / "folder" / "plot.png") as temporary:
        assert temporary.suffix == ".png"
        temporary.touch()
    assert (tmp_path / "folder" / "plot.png").exists()


def test_text_is_written_as_utf8_in_a_locale_without_it(tmp_path):
    script = (
        "import sys\n"
        "from pathlib import Path\n"
        "from canigatti.files import write_text\n"
        "write_text(Path(sys.argv[1]), '\\U0001f408\\xe9')\n"
    )
    plain = {
        "LC_ALL": "C",
        "PYTHONUTF8": "0",
        "PYTHONCOERCECLOCALE": "0",
    }  # otherwise Python uses UTF-8 in the C locale
    subprocess.run([sys.executable, "-c", script, tmp_path / "text"], check=True, env={**os.environ, **plain})
    assert (tmp_path / "text").read_text(encoding="utf-8") == "🐈é"


def test_the_error_of_a_failed_write_names_the_path(tmp_path):
    (tmp_path / "taken").mkdir()
    with pytest.raises(OSError, match=r"cannot write .*taken"):
        write_text(tmp_path / "taken", "text")


def test_sha256_of_an_empty_file(tmp_path):
    write_text(tmp_path / "empty", "")
    assert sha256_of(tmp_path / "empty") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


@pytest.mark.parametrize(
    "name", ["plain.jpg", "a,b.jpg", 'quo"te.jpg', "new\nline.jpg", "Icon\r", " space ", "nan", "\U0001f431.jpg"]
)
def test_a_table_with_unusual_names_is_read_back(tmp_path, name):
    frame = pd.DataFrame({"id": [name, "other.jpg"], "probability": [0.1 + 0.2, 1.0]})
    write_csv(tmp_path / "table.csv", frame)
    read = pd.read_csv(tmp_path / "table.csv", keep_default_na=False, dtype=str)
    assert list(read["id"]) == [name, "other.jpg"]
    assert list(map(float, read["probability"])) == [0.1 + 0.2, 1.0]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("https://a.b/c.zip", True),
        ("http://a", True),
        ("photos.zip", False),
        ("./https://a", False),
        ("httpx://a", False),
    ],
)
def test_only_http_and_https_urls_are_recognized(source, expected):
    assert is_url(source) == expected


def test_unprintable_characters_are_replaced():
    assert printable("a\nb\x1b[31m\udce9\u200bé猫.jpg") == "a?b?[31m???é猫.jpg".replace("???", "??")
