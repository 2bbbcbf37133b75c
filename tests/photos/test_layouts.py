"""Which class and id are inferred for a file, and which layouts are rejected."""

import pytest

from canigatti.files import InputError
from canigatti.photos.layouts import FoundPhoto, find_photos, natural_key

CLASSES = ("cat", "dog")


def found(*members: str, classes: tuple[str, ...] = CLASSES) -> dict[str, tuple[str, int | None, bool]]:
    return {photo.path: (photo.id, photo.label, photo.conflict) for photo in find_photos(members, classes)}


class TestLayouts:
    def test_petimages(self) -> None:
        assert found("PetImages/Cat/0.jpg", "PetImages/Dog/0.jpg", "readme.txt") == {
            "PetImages/Cat/0.jpg": ("cat.0.jpg", 0, False),
            "PetImages/Dog/0.jpg": ("dog.0.jpg", 1, False),
            "readme.txt": ("readme.txt", None, False),
        }

    def test_kaggle_flat(self) -> None:
        assert found("train/cat.0.jpg", "train/dog.12.jpg", "test1/1.jpg", "sampleSubmission.csv") == {
            "train/cat.0.jpg": ("cat.0.jpg", 0, False),
            "train/dog.12.jpg": ("dog.12.jpg", 1, False),
            "sampleSubmission.csv": ("sampleSubmission.csv", None, False),
            "test1/1.jpg": ("test1/1.jpg", None, False),
        }

    def test_kaggle_flat_without_a_folder_and_in_capitals(self) -> None:
        assert found("Cat.0.JPG", "DOG.0.JPG")["Cat.0.JPG"] == ("cat.0.JPG", 0, False)

    def test_one_folder_per_class_with_subfolders(self) -> None:
        assert found("a/b/CAT/kittens/1/0.jpg", "a/b/dog/0.jpg")["a/b/CAT/kittens/1/0.jpg"] == (
            "cat.kittens/1/0.jpg",
            0,
            False,
        )

    def test_a_class_is_spelled_as_in_the_configuration(self) -> None:
        assert found("CAFÉ/0.jpg", "dog/0.jpg", classes=("Café", "Dog")) == {
            "CAFÉ/0.jpg": ("Café.0.jpg", 0, False),
            "dog/0.jpg": ("Dog.0.jpg", 1, False),
        }

    def test_a_decomposed_accent_is_the_same_name(self) -> None:
        assert found("chie\u0302n/0.jpg", "dog/0.jpg", classes=("chi\u00ean", "dog"))["chie\u0302n/0.jpg"][1] == 0

    def test_a_class_name_may_be_the_prefix_of_another(self) -> None:
        assert found("cat.0.jpg", "cats.0.jpg", classes=("cat", "cats"))["cats.0.jpg"] == ("cats.0.jpg", 1, False)

    @pytest.mark.parametrize("path", ["Cat/dog.5.jpg", "Cat/DOG.5.jpg", "Cat/dog/5.jpg", "Cat/a/Dog/5.jpg"])
    def test_a_path_with_both_classes_conflicts(self, path: str) -> None:
        assert found("Cat/0.jpg", "Dog/0.jpg", path)[path][1:] == (0, True)

    @pytest.mark.parametrize("path", ["Cat/cat.5.jpg", "Cat/dogs.5.jpg", "Cat/hotdog.jpg"])
    def test_a_name_with_its_own_class_does_not_conflict(self, path: str) -> None:
        assert found("Cat/0.jpg", "Dog/0.jpg", path)[path][1:] == (0, False)

    @pytest.mark.parametrize("path", ["__MACOSX/PetImages/Cat/._0.jpg", "PetImages/Cat/.DS_Store", ".x/Cat/1.jpg"])
    def test_hidden_files_have_no_class(self, path: str) -> None:
        assert found("PetImages/Cat/0.jpg", "PetImages/Dog/0.jpg", path)[path] == (path, None, False)

    def test_paths_that_start_with_the_current_folder_are_not_hidden(self) -> None:
        assert found("./Cat/0.jpg", "./Dog/0.jpg")["./Cat/0.jpg"] == ("cat.0.jpg", 0, False)

    def test_names_outside_class_folders_are_ignored(self) -> None:
        photos = found("PetImages/Cat/0.jpg", "PetImages/Dog/0.jpg", "train/cat.0.jpg")
        assert photos["train/cat.0.jpg"] == ("train/cat.0.jpg", None, False)

    def test_classes_come_first_in_natural_order(self) -> None:
        members = ["z.txt", "Dog/10.jpg", "Dog/9.jpg", "Cat/10.jpg", "Cat/2.jpg", "a.txt"]
        assert list(found(*members)) == ["Cat/2.jpg", "Cat/10.jpg", "Dog/9.jpg", "Dog/10.jpg", "a.txt", "z.txt"]

    def test_other_classes_work(self) -> None:
        photos = find_photos(["fox/1.jpg", "owl/1.jpg"], ["owl", "fox"])
        assert photos == [FoundPhoto("owl.1.jpg", 0, "owl/1.jpg"), FoundPhoto("fox.1.jpg", 1, "fox/1.jpg")]

    def test_the_name_of_any_other_class_conflicts(self) -> None:
        members = [f"{name}/0.jpg" for name in ("ant", "bee", "cat")]
        photos = found(*members, "bee/cat.1.jpg", "bee/ant/1.jpg", "bee/bee.1.jpg", classes=("ant", "bee", "cat"))
        assert {path: conflict for path, (_, _, conflict) in photos.items() if path not in members} == {
            "bee/cat.1.jpg": True,
            "bee/ant/1.jpg": True,
            "bee/bee.1.jpg": False,
        }

    def test_numbered_files_and_folders_do_not_conflict_with_numbers_as_classes(self) -> None:
        photos = found("0/1.jpg", "1/0.jpg", "2/1/0.jpg", "2/2.1.jpg", classes=("0", "1", "2"))
        assert {label: conflict for _, label, conflict in photos.values()} == {0: False, 1: False, 2: False}


class TestRejectedLayouts:
    def test_two_files_with_the_same_id_are_both_reported(self) -> None:
        with pytest.raises(InputError, match=r"Cat/0\.jpg and cat/0\.jpg"):
            find_photos(["Cat/0.jpg", "cat/0.jpg", "Dog/0.jpg"], CLASSES)

    def test_a_file_without_a_class_needs_a_unique_id(self) -> None:
        with pytest.raises(InputError, match=r"x/cat/a/0\.jpg and cat\.a/0\.jpg"):
            find_photos(["x/cat/a/0.jpg", "x/dog/0.jpg", "cat.a/0.jpg"], CLASSES)

    @pytest.mark.parametrize(
        "members", [["data/Cat/0.jpg", "data/Canines/0.jpg"], ["data/cat.0.jpg", "data/Canines/1"]]
    )
    def test_a_class_without_files_is_reported_with_the_existing_folders(self, members: list[str]) -> None:
        with pytest.raises(InputError, match=r"'dog'.*data/Canines"):
            find_photos(members, CLASSES)

    def test_an_empty_source_is_rejected(self) -> None:
        with pytest.raises(InputError, match=r"'cat'.*0 files and no folder"):
            find_photos([], CLASSES)

    def test_a_class_of_hidden_files_is_empty(self) -> None:
        with pytest.raises(InputError, match="'dog'"):
            find_photos(["Cat/0.jpg", "Dog/.DS_Store", "__MACOSX/Dog/0.jpg"], CLASSES)

    def test_an_archive_in_the_source_is_reported(self) -> None:
        with pytest.raises(InputError, match=r"train\.zip"):
            find_photos(["test1.csv", "dogs-vs-cats/train.zip"], CLASSES)

    def test_a_long_list_of_folders_is_shortened(self) -> None:
        with pytest.raises(InputError, match="and 88 more"):
            find_photos([f"{number}/0.jpg" for number in range(100)], CLASSES)

    @pytest.mark.parametrize("path", ["data/Bird/0.jpg", "data/Bird/x/0.PNG", "data/Bird/0.HEIC"])
    def test_a_third_folder_of_images_is_rejected(self, path: str) -> None:
        with pytest.raises(InputError, match="folder data/Bird "):
            find_photos(["data/Cat/0.jpg", "data/Dog/0.jpg", path], CLASSES)

    def test_a_folder_next_to_many_classes_is_rejected_without_all_their_names(self) -> None:
        classes = [f"c{number}" for number in range(100)]
        with pytest.raises(InputError, match=r"classes c0, c1, .*, c11 and 88 more and contains images"):
            find_photos([*(f"{name}/0.jpg" for name in classes), "more/0.jpg"], classes)

    @pytest.mark.parametrize(
        "path",
        ["data/docs/x.pdf", "data/0.jpg", "other/Bird/0.jpg", "data/.Bird/0.jpg", "__MACOSX/data/Bird/0.jpg"],
    )
    def test_other_files_are_outside(self, path: str) -> None:
        assert found("data/Cat/0.jpg", "data/Dog/0.jpg", path)[path] == (path, None, False)


class TestNaturalKey:
    def test_orders_numbers_by_value(self) -> None:
        names = ["a10", "a9", "a", "a09", "a9b", "b1", "a0", "²", "a" + "1" * 5000]
        expected = ["a", "a0", "a09", "a9", "a9b", "a10", "a" + "1" * 5000, "b1", "²"]
        assert sorted(names, key=natural_key) == expected
