"""Corrections: refused by file, line and photo where they are wrong; otherwise subsets stay as they are."""

import pytest

from canigatti.files import InputError
from canigatti.photos.corrected_splits import correct
from canigatti.photos.corrections import (
    ListedPhoto,
    check_photos,
    digest_of,
    find_label,
    read_corrections,
)
from canigatti.photos.records import SPLIT

CLASSES = ("cat", "dog")
HASH = {name: f"{number:x}" * 64 for number, name in enumerate(["cat.1", "cat.2", "dog.1", "dog.2"], start=1)}
PHOTOS = {name: ListedPhoto("0" if name.startswith("cat") else "1", sha256, "keep") for name, sha256 in HASH.items()}
PHOTOS["cat.copy"] = ListedPhoto("0", "9" * 64, "duplicate")
HEADER = "id,sha256,action,label,reason\n"


def line(name, action="exclude", label="", sha256=None, reason=""):
    return f"{name},{HASH.get(name, '9' * 64) if sha256 is None else sha256},{action},{label},{reason}\n"


@pytest.fixture
def read(tmp_path):
    def read(*lines):
        path = tmp_path / "corrections.csv"
        path.write_text(HEADER + "".join(lines), encoding="utf-8")
        found = read_corrections(path)
        check_photos(path, found, PHOTOS, CLASSES)
        return found

    return read


BAD = {
    "unknown id": ([line("cat.1"), line("cat.9")], r"line 3: cat\.9: the study has no photo with this id"),
    "wrong hash": ([line("cat.1", sha256="a" * 64)], rf"line 2: cat\.1: expected the SHA-256 {'1' * 64}, received a"),
    "no hash": ([line("cat.1", sha256="")], r"line 2: cat\.1: expected the SHA-256 1+, received none"),
    "unknown action": (
        [line("cat.1", "delete")],
        r"line 2: cat\.1: expected the action exclude, relabel or keep.*delete",
    ),
    "unknown label": ([line("cat.1", "relabel", "bird")], r"line 2: cat\.1: .*\(cat, dog\), received 'bird'"),
    "label without class": ([line("cat.1", "relabel", "2")], r"line 2: cat\.1: .*received '2'"),
    "label of an exclusion": ([line("cat.1", "exclude", "bird")], r"line 2: cat\.1: .*received 'bird'"),
    "no label": ([line("cat.1", "relabel")], r"line 2: cat\.1: expected the new label"),
    "same label": ([line("cat.1", "relabel", "cat")], r"line 2: cat\.1: the photo has the label cat already"),
    "same number": ([line("dog.1", "relabel", "1")], r"line 2: dog\.1: the photo has the label 1 already"),
    "twice": ([line("cat.1"), line("cat.2"), line("cat.1", "keep")], r"line 4: cat\.1: .*line 2 has this photo too"),
    "not used": (
        [line("cat.copy")],
        r"line 2: cat\.copy: the study does not use this photo anyway \(verdict duplicate",
    ),
    "too few values": (["cat.1,1,keep\n"], r"line 2: cat\.1: expected 5 values, received 3"),
    "after a reason of two lines": ([line("cat.1", reason='"a\nb"'), line("dog.9")], r"line 4: dog\.9: "),
}


@pytest.mark.parametrize(("lines", "message"), BAD.values(), ids=BAD)
def test_a_wrong_row_is_named(read, lines, message):
    with pytest.raises(InputError, match=rf"^photos\.corrections: .*corrections\.csv: {message}"):
        read(*lines)


@pytest.mark.parametrize("content", ["", "id,action\n", "id;sha256;action;label;reason\n", b"\xff\xfe\x00", None])
def test_a_file_that_is_no_such_table_is_named(tmp_path, content):
    path = tmp_path / "corrections.csv"
    if content is not None:
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(InputError, match=r"corrections\.csv: expected a CSV file with the columns id,sha256,action,"):
        read_corrections(path)


def test_spreadsheets_may_save_the_file(tmp_path):
    path = tmp_path / "corrections.csv"
    text = (
        f'{HEADER}cat.1,{HASH["cat.1"].upper()},relabel , dog,"blurred, ""odd"""\n\'=cat.1,{HASH["cat.1"]},keep,,\n\n'
    )
    path.write_text(text.replace("\n", "\r\n"), encoding="utf-8-sig")
    first, second = read_corrections(path)
    assert (first.id, first.sha256, first.action, first.label) == ("cat.1", HASH["cat.1"], "relabel", "dog")
    assert first.reason == 'blurred, "odd"'
    assert second.id == "=cat.1"


def test_a_label_is_the_name_of_a_class_or_else_its_number():
    assert [find_label(text, CLASSES) for text in ("cat", "dog", "0", "1", "2", "Dog", "-1")] == [0, 1, 0, 1] + [
        None
    ] * 3
    assert find_label("1", ("1", "2")) == 0


PARTS = ["train", "train", "train", "validation", "validation", "test", "test", "test"]
NAMES = ["cat.1", "dog.1", "dog.3", "cat.3", "dog.4", "cat.2", "dog.2", "cat.4"]
ROWS = SPLIT.frame(
    [{"id": name, "label": int(name.startswith("dog")), "part": part} for name, part in zip(NAMES, PARTS, strict=True)]
)


def test_excluded_photos_drop_out_and_relabeled_ones_stay_in_their_subset(read):
    made = read(line("dog.1"), line("cat.2", "relabel", "dog"), line("dog.2", "keep"))
    training, test = (correct(ROWS, made, part, CLASSES) for part in ("training", "test"))
    assert training.to_numpy().tolist() == [
        ["cat.1", 0, "train"],
        ["dog.3", 1, "train"],
        ["cat.3", 0, "validation"],
        ["dog.4", 1, "validation"],
    ]
    assert test.to_numpy().tolist() == [["cat.2", 1, "test"], ["dog.2", 1, "test"], ["cat.4", 0, "test"]]


def test_without_corrections_the_parts_are_the_split():
    parts = [correct(ROWS, [], part, CLASSES) for part in ("training", "test")]
    assert [row for part in parts for row in part.to_numpy().tolist()] == ROWS.to_numpy().tolist()


def test_a_subset_that_loses_a_class_is_named(read):
    with pytest.raises(InputError, match="no photo of the class 'dog' is left in the test set"):
        correct(ROWS, read(line("dog.2")), "test", CLASSES)
    with pytest.raises(InputError, match="no photo of the class 'cat' is left in the train set"):
        correct(ROWS, read(line("cat.1", "relabel", "dog")), "training", CLASSES)


def test_the_digest_changes_with_what_a_correction_does_and_with_nothing_else(read):
    def digest(*lines, photos=("cat.1", "dog.1")):
        return digest_of(read(*lines), photos, CLASSES)

    excluded = digest(line("cat.1"))
    assert digest() == digest(line("cat.1", "keep")) == digest(line("cat.2")) == ""
    assert excluded == digest(line("dog.2"), line("cat.1", reason="blurred"))
    relabeled = digest(line("cat.1", "relabel", "dog"))
    assert relabeled == digest(line("cat.1", "relabel", "1"))
    assert len({"", excluded, relabeled, digest(line("dog.1"))}) == 4
    assert digest(line("cat.1"), line("dog.1")) == digest(line("dog.1"), line("cat.1"))
