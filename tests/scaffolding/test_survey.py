"""What `canigatti init` finds in a folder or zip, and what it points out."""

import os
import zipfile

import pytest

from canigatti.scaffolding.observations import observe
from canigatti.scaffolding.output import describe_survey
from canigatti.scaffolding.survey import survey


def zip_of(folder, path):
    with zipfile.ZipFile(path, "w") as archive:
        for file in folder.rglob("*.*"):
            archive.write(file, file.relative_to(folder.parent))
    return path


@pytest.fixture
def described(write_photos, tmp_path):
    """Return a function that writes photos and returns what is printed about them."""

    def describe(counts, **options):
        return "\n".join(describe_survey(survey(write_photos(tmp_path / "photos", counts, **options))))

    return describe


def test_a_folder_and_its_zip_are_described_alike(write_photos, tmp_path):
    folder = write_photos(tmp_path / "photos", {"cat": 4, "dog": 5})
    in_folder, in_zip = survey(folder), survey(zip_of(folder, tmp_path / "photos.zip"))
    assert (in_zip.classes, in_zip.counts.tolist()) == (in_folder.classes, in_folder.counts.tolist())
    assert in_zip.sample.formats == in_folder.sample.formats == {"PNG": 9}
    assert in_zip.sample.sizes == [(48, 40)] * 9
    assert in_zip.sample.shorter_side == 40


def test_classes_counts_examples_and_the_sample_are_listed(described):
    text = described({"cat": 4, "dog": 5})
    assert "9 files in 2 classes; one folder per class" in text
    assert "cat        4  such as cat/0.png" in text
    assert "9 files decoded as a sample: 9 PNG; the shorter side has 40 to 40 pixels (median 40)" in text
    assert "note:" not in text


def test_a_thousand_classes_are_not_all_listed(described):
    text = described({f"class{number}": 3 + (number == 30) for number in range(60)}, side=8)
    assert "class30        4" in text
    assert "and 39 more, with 3 to 4 files each" in text
    assert len(text.splitlines()) < 30


def test_classes_in_file_names_are_found(write_photos, tmp_path):
    folder = write_photos(tmp_path / "photos", {"train": 6})
    for number, photo in enumerate(sorted((folder / "train").iterdir())):
        photo.rename(photo.with_name(f"{('cat', 'dog')[number % 2]}.{number}.png"))
    found = survey(folder)
    assert (found.classes, found.in_folders) == (("cat", "dog"), False)
    assert "a file name begins with its class" in "\n".join(describe_survey(found))


SUBSETS = ("train", "validation", "test")


def test_folders_of_subsets_are_a_split(write_photos, tmp_path):
    folder = write_photos(tmp_path / "photos", {f"{subset}/{name}": 3 for subset in SUBSETS for name in ("cat", "dog")})
    found = survey(folder)
    assert found.has_given_split
    assert found.in_subsets.tolist() == [[3, 3, 3], [3, 3, 3]]
    text = "\n".join(describe_survey(found))
    assert "9 (3 train, 3 validation, 3 test)  such as test/cat/0.png" in text
    assert "in folders for train and validation and test" in text


def test_incomplete_folders_of_subsets_are_no_split(write_photos, tmp_path):
    places = [f"{subset}/{name}" for subset in SUBSETS for name in ("cat", "dog")]
    found = survey(write_photos(tmp_path / "photos", dict.fromkeys(places[:-1], 3)))
    assert found.given_subsets == SUBSETS
    assert not found.has_given_split


def test_subsets_that_are_taken_for_classes_are_pointed_out(described):
    """The Intel image classification archive."""
    places = [f"seg_{subset}/seg_{subset}/{name}" for subset in ("train", "test") for name in ("forest", "sea")]
    text = described({**dict.fromkeys(places, 3), "seg_pred/seg_pred": 3})
    assert "such as seg_train/seg_train/forest/0.png" in text
    assert "note: seg_pred, seg_test, seg_train are probably not classes but subsets. Rename" in text


def test_classes_below_the_classes_are_pointed_out(described):
    text = described({f"{site}/{name}": 3 for site in ("north", "south") for name in ("cat", "dog")})
    assert "note: the folder of every class contains the folders cat, dog" in text


def test_unequal_classes_are_pointed_out(described):
    text = described({"daisy": 4, "dandelion": 40})
    assert "note: the classes are unequal: 40 files of dandelion and 4 of daisy." in text
    assert "Always predicting dandelion would have an accuracy of 91%" in text
    assert "ranks by balanced accuracy" in text


def test_almost_equal_classes_are_not_pointed_out(write_photos, tmp_path):
    assert [*observe(survey(write_photos(tmp_path / "photos", {"cat": 10, "dog": 15})))] == []


def test_images_without_a_class_and_unusable_files_are_counted(write_photos, tmp_path):
    folder = write_photos(tmp_path / "photos", {"cat": 10, "dog": 10, ".": 2})
    (folder / "cat" / "notes.txt").write_text("no photo")
    first, second = observe(survey(folder))
    assert first == "2 images are in no class and will not be used, such as 0.png"
    assert second.startswith("1 of 21 files in the sample cannot be used, such as cat/notes.txt: no image")


def test_only_a_sample_is_decoded(write_photos, tmp_path):
    folder = write_photos(tmp_path / "photos", {"cat": 3, "dog": 1}, side=8)
    for number in range(1, 1000):
        os.link(folder / "dog" / "0.png", folder / "dog" / f"{number}.png")
    sample = survey(folder).sample
    assert sample.count == 200
    assert sample.usable == {0: 3, 1: 1}  # of a small class, all


def test_control_characters_in_names_do_not_reach_the_terminal(write_photos, tmp_path):
    folder = write_photos(tmp_path / "photos", {"cat": 3, "dog": 3})
    (folder / "cat" / "0.png").rename(folder / "cat" / "\x1b[31m.png")
    assert "\x1b" not in "\n".join(describe_survey(survey(folder)))
