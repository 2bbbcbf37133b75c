"""Predictions as text, piece by piece as they come: an aligned table, CSV, or JSON."""

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any
from unicodedata import east_asian_width

from canigatti.evaluation.metrics import THRESHOLD
from canigatti.files import printable
from canigatti.prediction.files import Prediction

Listing = Callable[[Iterable[Prediction], tuple[str, str]], Iterator[str]]

_FIELDS = ("path", "class", "probability", "probability_of")


def as_table(predictions: Iterable[Prediction], classes: tuple[str, str]) -> Iterator[str]:
    """Class, probability of class 1 and file, in columns; the file comes last, since nobody knows the longest yet."""
    names = [printable(name) for name in classes]
    heading = f"probability of {names[1]}"
    width = max(_cells(text) for text in ("class", *names))
    yield f"{_padded('class', width)}  {heading}  photo\n"
    for prediction in predictions:
        name = _padded(names[prediction.probability > THRESHOLD], width)
        number = " " * (_cells(heading) - 8) + f"{prediction.probability:.6f}"
        yield f"{name}  {number}  {printable(prediction.path)}\n"


def as_csv(predictions: Iterable[Prediction], classes: tuple[str, str]) -> Iterator[str]:
    """A row a photo: path, class, probability of class 1, name of class 1."""
    yield _csv_line(_FIELDS)
    for prediction in predictions:
        yield _csv_line(_record(prediction, classes).values())


def as_json(predictions: Iterable[Prediction], classes: tuple[str, str]) -> Iterator[str]:
    """One array with an object a photo, of the fields of the CSV."""
    before = "[\n"
    for prediction in predictions:
        yield f"{before}  {json.dumps(_record(prediction, classes), ensure_ascii=False)}"
        before = ",\n"
    yield "[]\n" if before == "[\n" else "\n]\n"


def _record(prediction: Prediction, classes: tuple[str, str]) -> dict[str, Any]:
    name = classes[prediction.probability > THRESHOLD]
    return dict(zip(_FIELDS, (prediction.path, name, prediction.probability, classes[1]), strict=True))


def _csv_line(values: Iterable[Any]) -> str:
    fields = list(values)
    # A bare carriage return would end the row for a reader, and the writer quotes it in no version before 3.13.
    returns = any("\r" in str(field) for field in fields)
    line = io.StringIO()
    csv.writer(line, lineterminator="\n", quoting=csv.QUOTE_NONNUMERIC if returns else csv.QUOTE_MINIMAL).writerow(
        fields
    )
    return line.getvalue()


def _cells(text: str) -> int:
    """Columns of a terminal that a text takes; Chinese, Japanese and Korean characters take two."""
    return sum(2 if east_asian_width(letter) in "WF" else 1 for letter in text)


def _padded(text: str, cells: int) -> str:
    return text + " " * (cells - _cells(text))
