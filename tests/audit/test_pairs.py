"""Near duplicates that should not be: with different labels, and in different subsets."""

import pandas as pd

from canigatti.audit.pairs import find_pairs
from canigatti.audit.records import PAIRS
from canigatti.photos.records import CONTRADICTIONS, GROUPS, SPLIT

NONE = CONTRADICTIONS.frame([])
GIVEN = SPLIT.frame(
    [
        {"id": "a", "label": 0, "part": "train"},
        {"id": "b", "label": 0, "part": "train"},
        {"id": "c", "label": 0, "part": "validation"},
        {"id": "d", "label": 0, "part": "test"},
        {"id": "e", "label": 1, "part": "validation"},
        {"id": "f", "label": 1, "part": "test"},
        {"id": "g", "label": 1, "part": "test"},
    ]
)


def groups(**group_of):
    rows = [{"id": name, "group": group_of.get(name, name)} for name in GIVEN["id"]]
    return GROUPS.frame(rows)


def test_near_duplicates_with_different_labels_are_listed_whatever_the_splits():
    rows = CONTRADICTIONS.frame([{"id": "cat.1", "label": 0, "other": "dog.2", "other_label": 1}])
    pairs = find_pairs(rows, groups(), {})
    expected = {"kind": "labels", "split": "", "id": "cat.1", "label": 0, "subset": ""}
    expected |= {"other": "dog.2", "other_label": 1, "other_subset": ""}
    assert pairs.to_dict("records") == [expected]


def test_each_photo_of_a_divided_group_is_paired_with_one_in_an_earlier_subset():
    pairs = find_pairs(NONE, groups(b="a", c="a", d="a", f="e"), {"given": GIVEN})
    assert pairs[["kind", "split"]].drop_duplicates().to_numpy().tolist() == [["subsets", "given"]]
    columns = ["id", "subset", "other", "other_subset"]
    assert pairs[columns].to_numpy().tolist() == [
        ["c", "validation", "a", "train"],
        ["d", "test", "a", "train"],
        ["f", "test", "e", "validation"],
    ]


def test_a_group_within_a_subset_and_photos_of_a_configured_group_are_no_pairs():
    assert find_pairs(NONE, groups(b="a", g="f"), {"given": GIVEN}).empty
    configured = groups(c="a").assign(configured="clip", near_duplicates=GIVEN["id"])
    assert find_pairs(NONE, configured, {"given": GIVEN}).empty


def test_the_table_of_no_pairs_is_read_back(tmp_path):
    PAIRS.write(tmp_path / "pairs.csv", find_pairs(NONE, groups(), {"given": GIVEN}))
    pd.testing.assert_frame_equal(PAIRS.read(tmp_path / "pairs.csv"), PAIRS.frame([]))
