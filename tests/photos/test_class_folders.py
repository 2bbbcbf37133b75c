"""Which classes are found in the folders and file names of a source, for a study that does not list them."""

import time

import pytest

from canigatti.files import InputError
from canigatti.photos.class_folders import find_classes
from canigatti.photos.layouts import find_photos

FOUND = {
    "one folder per class": (["cat/1.jpg", "dog/1.jpg"], ("cat", "dog")),
    "five classes": ([f"flowers/{name}/1.jpg" for name in "ebadc"], ("a", "b", "c", "d", "e")),
    "natural order": (["10/x.jpg", "9/x.jpg", "Zebra/x.jpg", "ant/x.jpg"], ("9", "10", "ant", "Zebra")),
    "Microsoft's archive": (["PetImages/Cat/0.jpg", "PetImages/Dog/0.jpg", "readme.txt"], ("Cat", "Dog")),
    "below one folder": (["a/b/cat/1.jpg", "a/b/dog/x/y/1.jpg", "a/b/x.jpg", "z.jpg"], ("cat", "dog")),
    "the outermost level": (["cat/in/1.jpg", "cat/out/1.jpg", "dog/in/1.jpg"], ("cat", "dog")),
    "subsets": (["train/cat/1.jpg", "train/dog/1.jpg", "val/cat/2.jpg", "Test/dog/3.jpg"], ("cat", "dog")),
    "subsets below a folder": (["x/train/cat/1.jpg", "x/validation/dog/1.jpg"], ("cat", "dog")),
    "subsets twice": (["train/train/cat/1.jpg", "test/test/dog/1.jpg"], ("cat", "dog")),
    "next to subsets": (["train/cat/1.jpg", "train/dog/1.jpg", "test1/1.jpg", "extra/2.jpg"], ("cat", "dog")),
    "a subset below the class": (["cat/train/1.jpg", "dog/train/1.jpg"], ("cat", "dog")),
    "other spellings": (["train/Cat/1.jpg", "train/dog/1.jpg", "val/cat/1.jpg", "val/DOG/1.jpg"], ("Cat", "DOG")),
    "a decomposed accent": (["chie\u0302n/1.jpg", "chi\u00ean/2.jpg", "chat/1.jpg"], ("chat", "chi\u00ean")),
    "a point": (["001.Albatross/1.jpg", "002.Auklet/1.jpg"], ("001.Albatross", "002.Auklet")),
    "hidden": (["cat/1.jpg", "dog/1.jpg", ".git/1.jpg", "__MACOSX/cat/._1.jpg", "bird/.DS_Store"], ("cat", "dog")),
    "without images": (["cat/1.jpg", "dog/1.PNG", "annotations/1.xml"], ("cat", "dog")),
    "Kaggle's archive": (["train/cat.0.jpg", "train/dog.0.jpg", "test1/1.jpg"], ("cat", "dog")),
    "Kaggle's with numbers": (["cat.0.jpg", "dog.0.jpg", "12.final.jpg", "photo.jpg", "x.y.txt"], ("cat", "dog")),
    "the current folder": (["./cat/1.jpg", "./dog/1.jpg"], ("cat", "dog")),
}


@pytest.mark.parametrize(("members", "classes"), FOUND.values(), ids=FOUND)
def test_the_classes_are_found_in_any_order_of_the_files(members, classes):
    assert find_classes(members) == find_classes(members[::-1]) == classes
    found = find_photos(members, classes)
    assert {photo.label for photo in found} - {None} == {*range(len(classes))}


REFUSED = {
    "nothing": ([], "received no classes, 0 images among 0 files and no folder"),
    "one folder": (["cat/1.jpg", "cat/2.jpg"], "no classes, 2 images among 2 files and the folders cat"),
    "one class in names": (["x/cat.1.jpg", "x/cat.2.jpg"], r"1 class \(cat\), 2 images"),
    "files without folders": (["1.jpg", "2.jpg", "readme.txt"], "2 images among 3 files and no folder"),
    "numbers in names": (["1.a.jpg", "2.a.jpg"], "no classes"),
    "only subsets": (["train/1.jpg", "test/1.jpg"], "the folders test, train"),
    "an archive": (["data/train.zip"], r"the archive data/train\.zip: extract it"),
    "too many": ([f"{n}/1.jpg" for n in range(1001)], r"expected 2 to 1,000 folders .* 1001 classes \(0, 1, 2, …\)"),
    "a long name": ([f"{'a' * 101}/1.jpg", "b/1.jpg"], "at most 100 printable characters, received 'aaa"),
    "a line break": (["a\nb/1.jpg", "b/1.jpg"], r"received 'a\\nb'"),
    "an empty name": ([" /1.jpg", "b/1.jpg"], "printable characters, received ''"),
    "a folder above": (["cat/cat/1.jpg", "cat/dog/1.jpg"], "'cat' is that of a class and of a folder above classes"),
    "a folder of names": (["cat/cat.1.jpg", "cat/dog.1.jpg"], "'cat' is that of a class and of a folder above"),
}


@pytest.mark.parametrize(("members", "message"), REFUSED.values(), ids=REFUSED)
def test_what_has_no_classes_is_described(members, message):
    with pytest.raises(InputError, match=message):
        find_classes(members)


def test_a_hundred_thousand_files_take_seconds():
    members = [f"class {number % 1000}/part/{number}.jpg" for number in range(100_000)]
    start = time.process_time()
    classes = find_classes(members)
    assert len(find_photos(members, classes)) == 100_000
    assert time.process_time() - start < 15
    assert classes[:3] == ("class 0", "class 1", "class 2")


def test_folders_nested_beyond_any_measure_are_no_classes():
    with pytest.raises(InputError, match="no classes"):
        find_classes(["/".join("a" * 30_000) + "/1.jpg"])
