import pytest

from canigatti.files import InputError
from canigatti.photos.records import (
    SPLIT,
    SUBSETS,
    RejectedFile,
    Verdict,
    count_subsets,
    read_subset,
)


@pytest.mark.parametrize("verdict", Verdict)
def test_every_verdict_has_a_description(verdict):
    assert verdict.description.endswith(".")
    assert verdict.description[0].isupper()
    assert verdict == verdict.value == str(verdict)


def test_descriptions_of_verdicts_are_unique():
    assert len({verdict.description for verdict in Verdict}) == len(Verdict)


def test_an_unknown_verdict_is_rejected():
    text = '{"id": "a", "path": "a", "verdict": "strange", "reason": ""}'
    with pytest.raises(InputError, match=r"verdict: .*strange"):
        RejectedFile.from_json(text)


def test_subsets_are_read_in_order_and_counted(tmp_path):
    path = tmp_path / "split.csv"
    parts = ["train", "test", "train", "validation"]
    SPLIT.write(path, [{"id": f"{n}.jpg", "label": n % 2, "part": part} for n, part in enumerate(parts)])
    assert read_subset(path, "train").tolist() == ["0.jpg", "2.jpg"]
    counts_by_subset = count_subsets([path], ["cat", "dog"])
    assert list(counts_by_subset.index) == list(SUBSETS)
    assert counts_by_subset.to_numpy().tolist() == [[2, 0], [0, 1], [0, 1]]
