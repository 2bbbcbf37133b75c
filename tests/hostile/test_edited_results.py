"""Results that were edited by hand: the next run names them before any job runs."""

import os
import shutil
import time

import pytest

from canigatti import written
from canigatti.__main__ import STEPS, app
from canigatti.files import InputError, write_text
from canigatti.written import check_unedited, recorded

FILES = {
    **{f"photos/{name}": "inspect" for name in ("manifest.csv", "groups.csv", "summary.json", "classes.json")},
    **{f"photos/{name}": name for name in ("source.json", "images-16.npy", "images-16.npy.sha256", "sizes.png")},
    **{f"splits/{name}.csv": "split" for name in ("half", "half/training", "half/test")},
    "evaluation/plain/seed42/uncorrected/predictions.csv": "evaluate",
    **{f"training/plain/seed42/{name}": "train" for name in ("model.keras", "history.csv", "run.json", "curves.png")},
    "training/plain/seed42/calibration.json": "calibrate",
    **{f"evaluation/plain/seed42/{name}": "measure" for name in ("speed.json", "evaluation.json", "confusion.png")},
    **{f"evaluation/plain/seed42/{name}": "measure" for name in ("validation.csv", "reliability.png")},
    **{f"report/{name}": "report" for name in ("index.html", "tables/comparison.csv", "tables/all.md", "checked.json")},
}


def change_a_byte(path):
    """Change a byte in the middle; the size stays."""
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


@pytest.fixture
def results(finished, tmp_path):
    """The results of the tiny study."""
    shutil.copytree(finished.folder / "results" / "tiny", tmp_path / "tiny")
    return tmp_path / "tiny"


@pytest.mark.parametrize("name", FILES)
def test_an_edited_file_is_named(results, name):
    check_unedited(results)
    change_a_byte(results / name)
    with pytest.raises(InputError, match=rf"^{results / name}: it has changed .*; delete this file and run the same"):
        check_unedited(results)
    (results / name).unlink()
    check_unedited(results)


def test_every_edited_file_is_named_once(results):
    for name in FILES:
        (results / name).write_bytes(b"")
    with pytest.raises(InputError) as error:
        check_unedited(results)
    named = [line.partition(": ")[0] for line in str(error.value).split("\n")]
    assert named == [str(path) for path in sorted(results / name for name in FILES)]


def test_touched_files_and_damaged_records_are_no_edits(results):
    later = time.time() + 60
    for path in results.rglob("*"):
        os.utime(path, (later, later))
    (results / "splits/.half.csv.split.json").write_text("{")
    check_unedited(results)
    change_a_byte(results / "splits/half.csv")
    check_unedited(results)


def test_a_command_that_runs_meanwhile_edits_nothing(results, monkeypatch):
    """It deletes its record before it writes."""
    change_a_byte(results / "splits/half.csv")
    unchanged = written._is_edited

    def start_a_command(path, file):
        (results / "splits/.half.csv.split.json").unlink(missing_ok=True)
        return unchanged(path, file)

    monkeypatch.setattr(written, "_is_edited", start_a_command)
    check_unedited(results)


def test_a_command_without_end_leaves_no_record(tmp_path):
    def write(output, fails):
        write_text(output / "first.txt", "text")
        if fails:
            raise InputError("no second file")
        write_text(output / "second.txt", "text")

    output, record = tmp_path / "folder", tmp_path / ".folder.write.json"
    recorded(write)(output=output, fails=False)
    assert set(written.WrittenFiles.read(record).files) == {"folder/first.txt", "folder/second.txt"}
    with pytest.raises(InputError):
        recorded(write)(output=output, fails=True)
    assert not record.exists()


def test_every_command_that_writes_results_records_them():
    names = {one.callback.__name__ for one in app.registered_commands if hasattr(one.callback, "__wrapped__")}
    deepest = [one.callback.__wrapped__ for one in app.registered_commands if one.callback.__name__ in names]
    assert names == {one.callback.__name__ for one in app.registered_commands if one.rich_help_panel == STEPS} - {
        "schema"
    }
    assert all(hasattr(command, "__wrapped__") for command in deepest)


@pytest.mark.parametrize("name", ["photos/manifest.csv", "splits/half.csv", "report/tables/comparison.csv"])
def test_no_job_runs_until_the_edited_file_is_deleted(project, name):
    path = project.folder / "results/tiny" / name
    change_a_byte(path)
    answer = project.run("--dry-run")
    assert answer.returncode != 0
    assert f"results/tiny/{name}: it has changed since it was written; delete" in answer.stdout + answer.stderr
    assert "Traceback" not in answer.stdout + answer.stderr
    path.unlink()
    assert project.planned() == ({"write_report", "write_cards"} if name.startswith("report") else set())
