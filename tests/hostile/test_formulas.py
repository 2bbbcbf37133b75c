"""Names that a spreadsheet would run as formulas are neutral in every CSV, and the package reads them unchanged."""

import csv
import io

import pytest

from canigatti.evaluation.records import PREDICTIONS
from canigatti.prediction.files import Prediction
from canigatti.prediction.output import as_csv
from canigatti.search.records import TRIALS

FORMULAS = ["=HYPERLINK(1)", "@SUM(1)", "+1|cmd", "-1+1", "\tx", "\rx", "'quoted", "''", "'=1"]


def cells(text):
    return [cell for row in csv.reader(io.StringIO(text, newline="")) for cell in row]


def is_neutral(cell):
    return not cell.startswith(("=", "@", "+", "-", "\t", "\r"))


@pytest.mark.parametrize("name", FORMULAS)
def test_a_table_is_neutral_and_is_read_back_unchanged(tmp_path, name):
    path = tmp_path / "table.csv"
    PREDICTIONS.write(path, [{"id": name, "label": 1, "probability": 0.25}])
    assert all(map(is_neutral, cells(path.read_bytes().decode())))
    assert PREDICTIONS.read(path)["id"].tolist() == [name]
    trial = dict.fromkeys(TRIALS.columns, 1) | {"status": "failed", "error": name, "execution_1_error": name}
    TRIALS.write(path, [trial])
    assert all(map(is_neutral, cells(path.read_bytes().decode())))
    assert TRIALS.read(path)[["error", "execution_1_error"]].to_numpy().tolist() == [[name, name]]


def test_negative_numbers_stay_numbers(tmp_path):
    path = tmp_path / "table.csv"
    PREDICTIONS.write(path, [{"id": "a", "label": -1, "probability": -0.5}])
    assert path.read_text() == "id,label,probability\na,-1,-0.5\n"


@pytest.mark.parametrize("name", FORMULAS)
def test_predictions_are_neutral(name):
    text = "".join(as_csv([Prediction(name, 0.25)], (name, name)))
    assert all(map(is_neutral, cells(text)))
    (row,) = csv.DictReader(io.StringIO(text, newline=""))
    assert (row["path"].removeprefix("'"), row["probability"]) == (name, "0.25")
