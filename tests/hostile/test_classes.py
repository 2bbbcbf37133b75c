"""Classes that are missing, empty or almost empty are reported by name before the training starts."""

from pathlib import Path

import pytest

from canigatti.files import InputError
from canigatti.photos.commands.fetch import fetch
from canigatti.photos.commands.inspect import inspect
from canigatti.photos.commands.split import split

HALF = '{"train": 0.5, "validation": 0.25, "test": 0.25, "seed": 42}'


def write_photos(folder: Path, drawn_photos: dict[str, bytes]) -> Path:
    """Write thirty generated photos of each class into a folder."""
    for member, content in drawn_photos.items():
        path = folder / Path(member).parent.name.lower() / Path(member).name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder


def run_photos_stage(photos: Path, results: Path) -> None:
    source = results / "photos/source.json"
    fetch(str(photos), source)
    inspect(source, ["cat", "dog"], source.parent)
    split(source.with_name("manifest.csv"), results / "splits/half.csv", HALF)


def keep_first(folder: Path, count: int) -> None:
    for path in sorted(folder.iterdir())[count:]:
        path.unlink()


def no_file(photos: Path) -> None:
    keep_first(photos / "dog", 0)


def no_folder(photos: Path) -> None:
    no_file(photos)
    (photos / "dog").rmdir()


def no_photo(photos: Path) -> None:
    no_file(photos)
    (photos / "dog" / "1.jpg").write_bytes(b"text")


def one_photo(photos: Path) -> None:
    keep_first(photos / "dog", 1)


def third_folder(photos: Path) -> None:
    (photos / "bird").mkdir()
    (photos / "bird" / "1.jpg").write_bytes(next((photos / "cat").iterdir()).read_bytes())


CHANGES = {
    no_file: "no file of the class 'dog'",
    no_folder: "no file of the class 'dog'",
    no_photo: "the class 'dog' has 0 kept of ",
    one_photo: "the class 'dog' has 1 kept of ",
    third_folder: "the folder bird is next to the folders of the classes cat and dog",
}


@pytest.mark.parametrize(("change", "message"), CHANGES.items(), ids=lambda value: getattr(value, "__name__", ""))
def test_such_classes_are_reported_by_the_stage_before_the_training(tmp_path, drawn_photos, change, message):
    change(write_photos(tmp_path / "source", drawn_photos))
    with pytest.raises(InputError, match=message):
        run_photos_stage(tmp_path / "source", tmp_path)


@pytest.mark.parametrize("change", [one_photo, third_folder], ids=lambda change: change.__name__)
def test_the_workflow_shows_the_message_and_trains_nothing(tmp_path, copy_project, tiny, drawn_photos, change):
    project = copy_project(tmp_path / "project")
    change(write_photos(project.folder / "photos", drawn_photos))
    only_plain = tiny[: tiny.index("  augmented:")]
    project.write_config(only_plain.replace("{generate: {count: 60, seed: 3}}", "{source: photos}"))
    answer = project.run("--until=train", warm=True)
    assert answer.returncode != 0
    assert CHANGES[change] in answer.stdout + answer.stderr
    assert "Traceback" not in answer.stdout + answer.stderr
    assert not (project.folder / "results/tiny/training").exists()
