"""Classes that are missing, empty or almost empty are reported by name before the training starts."""

from pathlib import Path

import pytest

UNTIL_TRAINED = "--until=train"


@pytest.fixture
def study(tmp_path, copy_project, tiny, drawn_photos):
    """A project with thirty generated photos of each class in the folder `photos`."""
    project = copy_project(tmp_path / "project")
    for member, content in drawn_photos.items():
        path = project.folder / "photos" / Path(member).parent.name.lower() / Path(member).name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    only_plain = tiny[: tiny.index("  augmented:")]
    project.write_config(only_plain.replace("{generate: {count: 60, seed: 3}}", "{source: photos}"))
    return project


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


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (no_file, "no file of the class 'dog'"),
        (no_folder, "no file of the class 'dog'"),
        (no_photo, "the class 'dog' has 0 kept of "),
        (one_photo, "the class 'dog' has 1 kept of "),
        (third_folder, "the folder bird is next to the folders of the classes cat and dog"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_such_classes_are_reported_before_the_training(study, change, message):
    change(study.folder / "photos")
    answer = study.run(UNTIL_TRAINED)
    assert answer.returncode != 0
    assert message in answer.stdout + answer.stderr
    assert "Traceback" not in answer.stdout + answer.stderr
    assert not (study.folder / "results/tiny/training").exists()


def test_a_batch_size_above_the_number_of_photos_works(study):
    path = study.folder / "study.yaml"
    text = path.read_text(encoding="utf-8")
    assert "batch_size: 16" in text
    path.write_text(text.replace("batch_size: 16", "batch_size: 512"), encoding="utf-8")
    answer = study.run(UNTIL_TRAINED)
    assert answer.returncode == 0, answer.stdout + answer.stderr
    assert (study.folder / "results/tiny/training/plain/seed42/model.keras").is_file()
