"""Names that a spreadsheet would run as formulas are neutral in every CSV, and the package reads them unchanged."""

import csv
import io

import numpy as np
import pytest

from canigatti.evaluation.predictions import Predictions, read_predictions, write_predictions
from canigatti.photos.records import SPLIT
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
    made = Predictions(np.array([name], dtype=object), np.array([1]), np.array([[0.75, 0.25]]), np.array([[0, 1.5]]))
    write_predictions(path, made, ("cat", "dog"))
    assert all(map(is_neutral, cells(path.read_bytes().decode())))
    assert read_predictions(path, ("cat", "dog")).ids.tolist() == [name]
    trial = dict.fromkeys(TRIALS.columns, 1) | {"status": "failed", "error": name, "execution_1_error": name}
    TRIALS.write(path, [trial])
    assert all(map(is_neutral, cells(path.read_bytes().decode())))
    assert TRIALS.read(path)[["error", "execution_1_error"]].to_numpy().tolist() == [[name, name]]


def test_negative_numbers_stay_numbers(tmp_path):
    path = tmp_path / "table.csv"
    SPLIT.write(path, [{"id": "a", "label": -1, "part": "-test"}])
    assert path.read_text() == "id,label,part\na,-1,'-test\n"


@pytest.mark.parametrize("name", FORMULAS)
def test_predictions_are_neutral(name):
    text = "".join(as_csv([Prediction(name, (0.75, 0.25))], (name, name)))
    assert all(map(is_neutral, cells(text)))
    (row,) = csv.DictReader(io.StringIO(text, newline=""))
    assert (row["path"].removeprefix("'"), row["probability"]) == (name, "0.25")
