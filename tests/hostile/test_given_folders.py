"""Photos that come divided into folders for training, validation and test."""

import re

import pandas as pd
import pytest
import yaml

from canigatti.config import ConfigError, Study, load_study
from canigatti.files import InputError
from canigatti.photos.commands.split import split
from canigatti.photos.given_splits import assign_from_folders
from canigatti.photos.layouts import find_photos
from canigatti.photos.records import GROUPS, SPLIT, PhotosSummary, count_divided_groups

FRACTIONS = '{"train": 0.6, "validation": 0.2, "test": 0.2, "seed": 42}'


def divided(names=("train", "validation", "test"), sizes=(6, 2, 2)):
    """Different photos under the same names in every folder."""
    return {
        f"{subset}/{name}/{number}.png": 1000 * label + 100 * place + number
        for place, (subset, size) in enumerate(zip(names, sizes, strict=True))
        for label, name in enumerate(("cat", "dog"))
        for number in range(size)
    }


@pytest.fixture
def split_of(inspect_pictures, tmp_path):
    """A function that splits pictures by path and returns the split."""

    def run(pictures, groups=None, **options):
        output = tmp_path / "splits/given.csv"
        split(inspect_pictures(pictures, groups), output, **(options or {"from_folders": True}))
        return SPLIT.read(output)

    return run


@pytest.mark.parametrize(
    "names", [("train", "validation", "test"), ("Training", "val", "Testing"), ("a/TRAIN/b", "a/valid/b", "a/test/b")]
)
def test_the_folders_are_the_split(split_of, names):
    rows = split_of(divided(names))
    assert rows.groupby(["part", "label"]).size().to_dict() == {
        (subset, label): size for subset, size in (("train", 6), ("validation", 2), ("test", 2)) for label in (0, 1)
    }
    for row in rows.itertuples():
        assert row.id.startswith(f"{('cat', 'dog')[row.label]}.{row.part}/")


def test_the_folders_of_three_classes_are_the_split():
    members = [f"{subset}/{name}/1.jpg" for subset in ("train", "val", "test") for name in ("ant", "bee", "owl")]
    rows = pd.DataFrame({"id": members, "path": members, "label": [0, 1, 2] * 3})
    groups = pd.DataFrame({"id": members, "group": members})
    subsets = assign_from_folders(rows, groups, ["ant", "bee", "owl"])
    assert subsets.tolist() == ["train"] * 3 + ["validation"] * 3 + ["test"] * 3
    with pytest.raises(InputError, match="class 'owl' has no photo in test"):
        assign_from_folders(rows[:-1], groups[:-1], ["ant", "bee", "owl"])


def test_class_names_in_file_names_work_too(split_of):
    rows = split_of({re.sub(r"/(\w+)/(\d)", r"/\1.\2", path): image for path, image in divided().items()})
    assert rows.groupby("part").size().to_dict() == {"train": 12, "validation": 4, "test": 4}
    assert "dog.test/1.png" in set(rows["id"])


def test_the_usual_layouts_keep_their_ids():
    members = ["train/cat.0.jpg", "train/dog.0.jpg", "test1/1.jpg"]
    assert [photo.id for photo in find_photos(members, ["cat", "dog"])] == ["cat.0.jpg", "dog.0.jpg", "test1/1.jpg"]


def test_a_folder_below_the_class_or_a_class_of_that_name_is_no_subset():
    members = ["cat/test/1.jpg", "dog/train/1.jpg", "cat/2.jpg"]
    assert {photo.subset for photo in find_photos(members, ["cat", "dog"])} == {None}
    members = ["photos/train/1.jpg", "photos/plane/1.jpg"]
    assert {photo.subset for photo in find_photos(members, ["train", "plane"])} == {None}


def test_a_missing_folder_is_named(split_of):
    message = r"splits/given\.csv: expected folders .* class 'cat' has no photo in validation \(6 in train, 0 in "
    with pytest.raises(InputError, match=message):
        split_of(divided(sizes=(6, 0, 2)))


def test_a_photo_outside_of_the_folders_is_named(split_of):
    with pytest.raises(InputError, match=r"1 of 21 photos are in none of them, such as more/cat/x\.png"):
        split_of({**divided(), "more/cat/x.png": 9000})


def test_photos_of_the_same_names_can_be_divided_anew_and_the_folders_are_mentioned(split_of, tmp_path, capsys):
    rows = split_of(divided(), spec=FRACTIONS)
    assert rows.groupby("part").size().to_dict() == {"train": 12, "validation": 4, "test": 4}
    assert "folders for train and validation and test" in capsys.readouterr().err
    assert PhotosSummary.read(tmp_path / "photos/summary.json").given_subsets == ("train", "validation", "test")


def test_a_copy_in_two_folders_is_used_once(split_of):
    images = divided()
    images["test/cat/0.png"] = images["train/cat/0.png"]
    rows = split_of(images)
    assert len(rows) == 19
    assert "cat.test/0.png" in set(rows["id"])


def test_configured_groups_in_two_folders_are_refused(split_of):
    with pytest.raises(InputError, match=r"photos\.groups: 2 of 6 groups are in several folders, such as cat/0 in"):
        split_of(divided(), groups=r"(cat/.)|/dog/(?:.)")


def test_near_duplicates_in_two_folders_are_counted(split_of, tmp_path):
    images = {**divided(), "train/cat/clip.png": (5, 1), "test/cat/clip.png": (5, 2)}
    split_of(images)
    groups = GROUPS.read(tmp_path / "photos/groups.csv").set_index("id")["group"]
    assert count_divided_groups(tmp_path / "splits/given.csv", groups) == 1


STUDY = {
    "study": "given",
    "classes": ["cat", "dog"],
    "photos": {"source": "."},
    "splits": {"given": "from-folders"},
    "experiments": {"plain": {"split": "given"}},
}


def test_a_study_with_folders_is_its_own_record():
    study = Study.model_validate(STUDY)
    assert study.splits == {"given": "from-folders"}
    outline = study.outline("study.yaml")
    assert type(outline).from_json(outline.to_json()) == outline


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"splits": {"given": "from-folder"}}, "splits.given: .*'from-folders'"),
        ({"splits": {"given": {"train": 0.5}}}, "splits.given.validation: this key is required"),
        ({"photos": {"source": ".", "limit_per_class": 9}}, "splits.given: from-folders .* photos.limit_per_class"),
        ({"photos": {"generate": {}}}, "splits.given: from-folders requires photos.source"),
    ],
)
def test_what_does_not_fit_to_folders_is_refused_by_key(tmp_path, changes, message):
    path = tmp_path / "study.yaml"
    path.write_text(yaml.safe_dump({**STUDY, **changes}))
    with pytest.raises(ConfigError, match=message):
        load_study(path)
