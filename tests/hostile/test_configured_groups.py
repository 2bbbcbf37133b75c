"""Photos that belong together, as configured: a split never divides them."""

import pytest

from canigatti.config import ConfigError, load_study
from canigatti.files import InputError
from canigatti.photos.commands.split import split
from canigatti.photos.configured_groups import read_groups
from canigatti.photos.layouts import find_photos
from canigatti.photos.records import GROUPS, SPLIT, PhotosSummary

FRACTIONS = '{"train": 0.5, "validation": 0.25, "test": 0.25, "seed": 42}'
CLASSES = ("cat", "dog")
# Four animals per class with five photos each, which do not look alike, and five photos of no known animal.
ANIMALS = {
    f"{name}/animal{animal}_{number}.png": 1000 * label + 10 * animal + number
    for label, name in enumerate(CLASSES)
    for animal in range(4)
    for number in range(5)
}
ANIMALS |= {f"{name}/stray{n}.png": 5000 + 100 * label + n for label, name in enumerate(CLASSES) for n in range(5)}


@pytest.fixture
def split_of(inspect_pictures, tmp_path):
    """A function that splits pictures and returns the split and the groups."""

    def run(pictures, groups):
        split(inspect_pictures(pictures, groups), tmp_path / "splits/half.csv", FRACTIONS)
        return SPLIT.read(tmp_path / "splits/half.csv"), GROUPS.read(tmp_path / "photos/groups.csv")

    return run


def subsets_by(rows, expression):
    return rows["part"].groupby(rows["id"].str.extract(expression)[0]).nunique()


def test_a_pattern_on_the_name_keeps_photos_together(split_of, tmp_path):
    rows, groups = split_of(ANIMALS, r"^(animal\d)_")
    assert (subsets_by(rows, r"(animal\d)") == 1).all()
    assert rows.groupby("part")["label"].nunique().to_dict() == {"train": 2, "validation": 2, "test": 2}
    assert groups.groupby("configured").size().to_dict() == {"": 10, **{f"animal{n}": 10 for n in range(4)}}
    summary = PhotosSummary.read(tmp_path / "photos/summary.json")
    assert (summary.configured_groups, summary.photos_in_configured_groups, summary.near_duplicate_groups) == (4, 40, 0)


def test_a_pattern_with_a_slash_is_searched_in_the_path(split_of):
    rows, groups = split_of(ANIMALS, r"(\w+/animal\d)")
    assert (subsets_by(rows, r"(\w+\.animal\d)") == 1).all()
    assert groups["configured"].nunique() == 9


@pytest.mark.parametrize("key", ["path", "id"])
def test_a_file_keeps_photos_together(split_of, tmp_path, key):
    names = {path: path if key == "path" else path.replace("/", ".", 1) for path in ANIMALS}
    lines = [f"{names[path]},{path.split('_')[0]}" for path in ANIMALS if "animal" in path]
    (tmp_path / "animals.csv").write_text("\n".join([f"{key},group", *lines]), encoding="utf-8-sig")
    rows, _ = split_of(ANIMALS, str(tmp_path / "animals.csv"))
    assert (subsets_by(rows, r"(\w+\.animal\d)") == 1).all()


def test_near_duplicates_connect_configured_groups(split_of):
    images = {
        f"{name}/c{clip}_{number}.png": 1000 * label + 10 * clip + number
        for label, name in enumerate(CLASSES)
        for clip in range(5)
        for number in range(3)
    }
    images |= {"cat/c0_9.png": (7, 1), "cat/c1_9.png": (7, 2)}
    rows, groups = split_of(images, r"(\w+/c\d)")
    joined = groups[groups["configured"].isin(["cat/c0", "cat/c1"])]
    assert joined["group"].nunique() == 1
    assert rows.set_index("id").loc[joined["id"], "part"].nunique() == 1
    assert joined["near_duplicates"].nunique() == 7


def test_groups_too_few_for_three_subsets_are_described(split_of):
    with pytest.raises(InputError, match=r"the class 'cat' has 20 kept photos in 1 group \(photos\.groups, near dup"):
        split_of({path: image for path, image in ANIMALS.items() if "animal" in path}, r"(animal)")


FOUND = find_photos([*ANIMALS], CLASSES)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("path,group\ncat/animal0_0.png,a\ncat/animal9_9.png,a\n", r"1 of 2 files in the column path .* cat/animal9_9"),
        ("path,group\ncat/stray0.png,a\ncat/stray0.png,b\n", "cat/stray0.png is listed with two different groups"),
        ("file,group\na,b\n", "columns group and path .*received file, group"),
        ("path;group\na;b\n", "separated by commas, received path;group"),
        ("", "expected a CSV file"),
        (b"\xff\xfe\x00p", "expected a CSV file"),
        (None, "No such file"),
    ],
)
def test_a_faulty_file_is_named(tmp_path, content, message):
    path = tmp_path / "groups.csv"
    if content is not None:
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(InputError, match=rf"photos\.groups: .*groups\.csv.*{message}"):
        read_groups(str(path), FOUND)


def test_a_pattern_that_matches_nothing_is_refused():
    message = r"photos\.groups: no name of a photo matches 'clip\(.\)'; .* cat/animal0_0\.png"
    with pytest.raises(InputError, match=message):
        read_groups("clip(.)", FOUND)


@pytest.mark.parametrize(
    ("groups", "message"),
    [
        ("clip[0-9]", "one group .*received 0 groups"),
        ("(a)(b)", "received 2 groups"),
        ("clip([0-9]", "expected a CSV file or a regular expression: "),
        ("absent.csv", "photos.groups: no such file: 'absent.csv'"),
        ("", "photos.groups: "),
    ],
)
def test_a_faulty_configuration_is_refused_by_key(tmp_path, groups, message):
    path = tmp_path / "study.yaml"
    path.write_text(
        "study: s\nclasses: [cat, dog]\nsplits: {half: {train: 0.5, validation: 0.25, test: 0.25}}\n"
        f"experiments: {{plain: {{split: half}}}}\nphotos: {{source: ., groups: {groups!r}}}\n"
    )
    with pytest.raises(ConfigError, match=rf"photos\.groups.*{message}|{message}"):
        load_study(path)
