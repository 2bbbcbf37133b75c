import pytest
from hypothesis import given
from hypothesis import strategies as st

from canigatti.files import InputError
from canigatti.photos.records import (
    SPLIT,
    SUBSETS,
    ClassNames,
    PhotosSummary,
    RejectedFile,
    SourceRecord,
    Verdict,
    count_subsets,
    read_subset,
)
from canigatti.photos.transfer import RemoteFile

texts = st.text(st.characters(codec="utf-8"), max_size=20)
counts = st.integers(0, 10**9)
rejected = st.builds(RejectedFile, id=texts, path=texts, verdict=st.sampled_from(Verdict), reason=texts)
RECORDS = {
    SourceRecord: st.builds(
        SourceRecord,
        source=texts,
        path=texts,
        kind=st.sampled_from(["zip", "folder"]),
        bytes=counts,
        sha256=st.none() | texts,
    ),
    ClassNames: st.builds(ClassNames, names=st.tuples(texts, texts)),
    RejectedFile: rejected,
    PhotosSummary: st.builds(
        PhotosSummary,
        files=counts,
        kept=st.dictionaries(texts, counts),
        verdicts=st.dictionaries(st.sampled_from(Verdict), counts),
        jfif_test_drops=counts,
        jfif_test_drops_kept=counts,
        near_duplicate_groups=counts,
        rejected=st.lists(rejected, max_size=3).map(tuple),
    ),
    RemoteFile: st.builds(RemoteFile, size=st.none() | counts, validator=st.none() | texts),
}


@pytest.mark.parametrize("record_class", RECORDS)
@given(data=st.data())
def test_a_record_survives_writing_and_reading(record_class, data):
    record = data.draw(RECORDS[record_class])
    assert record_class.from_json(record.to_json()) == record


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
    counts_by_subset = count_subsets(path, ["cat", "dog"])
    assert list(counts_by_subset.index) == list(SUBSETS)
    assert counts_by_subset.to_numpy().tolist() == [[2, 0], [0, 1], [0, 1]]
