"""Every record and every table of the package is read back as it was written."""

import json
import math
from pathlib import Path
from typing import ClassVar

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from record_strategies import FLOATS, INTEGERS, RECORDS, TABLES, TEXT, record, values

from canigatti.config import Split
from canigatti.evaluation.records import Speed
from canigatti.files import InputError
from canigatti.photos.records import SPLIT
from canigatti.records import Record, Table
from canigatti.search.records import Proposal

examples = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))


def test_the_records_and_tables_of_all_stages_are_found():
    names = {kind.__name__ for kind in RECORDS}
    assert {"Study", "Spec", "SearchSpec", "Outline", "SourceRecord", "TrainingRecord", "BestTrial", "Metrics"} <= names
    stages = {name.split(".")[1] for name in TABLES}
    assert stages == {"photos", "training", "search", "evaluation", "audit", "report"}


@pytest.mark.parametrize("kind", RECORDS, ids=lambda kind: kind.__name__)
def test_a_record_is_read_back_as_it_was_written(tmp_path, kind):
    @examples
    @given(record(kind))
    def read_back(written):
        assert kind.from_json(written.to_json()) == written
        written.write(tmp_path / "record.json")
        assert kind.read(tmp_path / "record.json") == written

    read_back()


@pytest.mark.parametrize("kind", RECORDS, ids=lambda kind: kind.__name__)
def test_unknown_keys_and_changes_of_a_record_are_rejected(kind):
    @settings(examples, max_examples=3)
    @given(record(kind))
    def check(written):
        with pytest.raises(InputError, match=f"expected a record of type {kind.__name__}, received mistyped"):
            kind.from_json(written.to_json()[:-1] + (", " if kind.model_fields else "") + '"mistyped": 1}')
        with pytest.raises(ValueError, match="frozen"):
            setattr(written, next(iter(kind.model_fields)), 1)

    check()


@pytest.mark.parametrize("name", TABLES)
def test_a_table_is_read_back_as_it_was_written(tmp_path, name):
    table = TABLES[name]
    cells = {
        str: TEXT,
        bool: st.booleans(),
        int: INTEGERS,
        float: FLOATS | st.just(math.inf) | st.just(math.nan),
        "Int64": st.none() | st.integers(-(2**53), 2**53),
    }
    rows = st.lists(st.fixed_dictionaries({column: cells[kind] for column, kind in table.columns.items()}), max_size=5)

    @examples
    @given(rows)
    def read_back(rows):
        written = table.frame(rows)
        table.write(tmp_path / "table.csv", rows)
        pd.testing.assert_frame_equal(table.read(tmp_path / "table.csv"), written, check_exact=True)
        assert set(written) == set(table.columns)

    read_back()


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_a_record_rejects_what_json_cannot_represent(value):
    with pytest.raises(ValueError, match="finite number"):
        Speed(milliseconds_per_photo=value, batch_size=1, batches=1, device="CPU")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "No such file or directory"),
        ("{", "Invalid JSON"),
        ("[]", "should be an object"),
        ('{"trials": 3}', "trials: .*valid"),
        ('{"trials": [], "trials_": 3}', r"trials_: .*not permitted \(3\)"),
    ],
)
def test_the_error_of_an_invalid_record_names_file_class_and_key(tmp_path, content, message):
    path = tmp_path / "proposed.json"
    if content is not None:
        path.write_text(content)
    with pytest.raises(InputError, match=rf"proposed\.json: expected a record of type Proposal.*{message}") as error:
        Proposal.read(path)
    assert len(str(error.value).splitlines()) == 1


@pytest.mark.parametrize("content", [None, "", "id,label\n", "id,label,part\na,zero,test\n", "\0"])
def test_the_error_of_an_invalid_table_names_file_and_columns(tmp_path, content):
    path = tmp_path / "split.csv"
    if content is not None:
        path.write_text(content)
    with pytest.raises(InputError, match=r"split\.csv: expected a table with the columns id, label, part"):
        SPLIT.read(path)


def test_other_columns_are_dropped_unless_the_table_is_open_ended(tmp_path):
    rows = [{"id": "a", "other": 1}]
    (tmp_path / "closed.csv").write_text("other,id\n1,a\n")
    assert list(Table({"id": str}).frame(rows)) == list(Table({"id": str}).read(tmp_path / "closed.csv")) == ["id"]
    open_ended = Table({"id": str}, open_ended=True)
    assert list(open_ended.frame(rows)) == ["id", "other"]
    assert list(open_ended.read(tmp_path / "closed.csv")) == ["other", "id"]


def test_an_optional_column_is_read_back_as_it_was_written_and_is_the_last(tmp_path):
    table = Table({"id": str, "count": int}, optional={"rate": float})
    rows = [{"rate": 0.1 + 0.2, "count": 1, "other": 2, "id": "a"}, {"rate": 1 / 3, "count": 2, "other": 2, "id": "b"}]
    table.write(tmp_path / "with.csv", rows)
    pd.testing.assert_frame_equal(table.read(tmp_path / "with.csv"), table.frame(rows), check_exact=True)
    assert list(table.read(tmp_path / "with.csv")) == ["id", "count", "rate"]
    table.write(tmp_path / "without.csv", [{"count": 1, "id": "a"}])
    assert list(table.read(tmp_path / "without.csv")) == ["id", "count"]
    assert list(table.frame([])) == ["id", "count"]


def test_equal_records_have_equal_json_with_sorted_keys():
    first, second = (Split(train=0.5, validation=0.25, test=0.25), Split(test=0.25, train=0.5, validation=0.25))
    assert first.to_json() == second.to_json() == '{"seed": 42, "test": 0.25, "train": 0.5, "validation": 0.25}'


class Extended(Record):
    omitted_defaults: ClassVar[tuple[str, ...]] = ("added", "pair")
    original: int = 1
    added: str | None = None
    pair: tuple[int, int] = (1, 2)


class Outer(Record):
    inner: Extended
    others: tuple[Extended, ...] = ()


def test_json_has_an_added_field_only_where_it_differs_from_its_default(tmp_path):
    outer = Outer(inner=Extended(), others=(Extended(original=2, added="x"), Extended(pair=(3, 4))))
    text = '{"inner": {"original": 1}, "others": [{"added": "x", "original": 2}, {"original": 1, "pair": [3, 4]}]}'
    assert outer.to_json() == text
    assert Outer.from_json(text) == outer
    outer.write(tmp_path / "outer.json")
    assert json.loads((tmp_path / "outer.json").read_text()) == json.loads(text)
    assert Extended().model_dump() == {"original": 1, "added": None, "pair": (1, 2)}


def test_an_unsupported_field_type_is_not_skipped():
    with pytest.raises(NotImplementedError, match="no strategy"):
        values(Path)
