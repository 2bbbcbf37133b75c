import os
import subprocess
import sys

import pandas as pd
import pytest

from canigatti.files import sha256_of, write_csv, write_json, write_text, atomic_path


def test_a_file_that_fails_half_way_leaves_the_old_one_and_nothing_else(tmp_path):
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


def test_the_temporary_file_has_the_suffix_by_which_writers_choose_the_format(tmp_path):
    with atomic_path(tmp_path / "deeper" / "picture.png") as temporary:
        assert temporary.suffix == ".png"
        temporary.touch()
    assert (tmp_path / "deeper" / "picture.png").exists()


def test_text_is_written_as_utf8_where_the_locale_knows_none(tmp_path):
    script = (
        "import sys\n"
        "from pathlib import Path\n"
        "from canigatti.files import write_text\n"
        "write_text(Path(sys.argv[1]), '\\U0001f408\\xe9')\n"
    )
    plain = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}  # else Python takes C for UTF-8
    subprocess.run([sys.executable, "-c", script, tmp_path / "text"], check=True, env={**os.environ, **plain})
    assert (tmp_path / "text").read_text(encoding="utf-8") == "🐈é"


def test_a_path_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "taken").mkdir()
    with pytest.raises(OSError, match=r"cannot write .*taken"):
        write_text(tmp_path / "taken", "text")


def test_json_refuses_what_it_cannot_say(tmp_path):
    with pytest.raises(ValueError, match="JSON"):
        write_json(tmp_path / "metrics.json", {"loss": float("nan")})
    assert not (tmp_path / "metrics.json").exists()


def test_the_hash_is_that_of_the_content(tmp_path):
    write_text(tmp_path / "empty", "")
    assert sha256_of(tmp_path / "empty") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


@pytest.mark.parametrize(
    "name", ["plain.jpg", "a,b.jpg", 'quo"te.jpg', "new\nline.jpg", "Icon\r", " space ", "nan", "\U0001f431.jpg"]
)
def test_a_table_reads_back_whatever_the_names_in_it(tmp_path, name):
    frame = pd.DataFrame({"id": [name, "other.jpg"], "probability": [0.1 + 0.2, 1.0]})
    write_csv(tmp_path / "table.csv", frame)
    read = pd.read_csv(tmp_path / "table.csv", keep_default_na=False, dtype=str)
    assert list(read["id"]) == [name, "other.jpg"]
    assert list(map(float, read["probability"])) == [0.1 + 0.2, 1.0]
