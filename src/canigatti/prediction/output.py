"""Predictions formatted as an aligned table, CSV or JSON, yielded in pieces as they become available."""

import csv
import io
import json
from collections.abc import Iterable, Iterator
from typing import Any
from unicodedata import east_asian_width

from canigatti.files import neutralize, printable
from canigatti.prediction.files import Prediction

_FIELDS = ("path", "class", "probability", "probability_of")


def as_table(predictions: Iterable[Prediction], classes: tuple[str, str]) -> Iterator[str]:
    """Format class, probability of class 1 and path in aligned columns.

    The path is the last column because the width of the longest one is not known until the end.
    """
    names = [printable(name) for name in classes]
    heading = f"probability of {names[1]}"
    width = max(_display_width(text) for text in ("class", *names))
    yield f"{_pad('class', width)}  {heading}  photo\n"
    for prediction in predictions:
        name = _pad(names[prediction.label], width)
        number = " " * (_display_width(heading) - 8) + f"{prediction.probability:.6f}"
        yield f"{name}  {number}  {printable(prediction.path)}\n"


def as_csv(predictions: Iterable[Prediction], classes: tuple[str, str]) -> Iterator[str]:
    """Format one row per photo: path, predicted class, probability of class 1, name of class 1."""
    yield _csv_line(_FIELDS)
    for prediction in predictions:
        yield _csv_line(_fields(prediction, classes).values())


def as_json(predictions: Iterable[Prediction], classes: tuple[str, str]) -> Iterator[str]:
    """Format one array with one object per photo, with the fields of the CSV."""
    separator = "[\n"
    for prediction in predictions:
        yield f"{separator}  {json.dumps(_fields(prediction, classes), ensure_ascii=False)}"
        separator = ",\n"
    yield "[]\n" if separator == "[\n" else "\n]\n"


def _fields(prediction: Prediction, classes: tuple[str, str]) -> dict[str, Any]:
    values = (prediction.path, classes[prediction.label], prediction.probability, classes[1])
    return dict(zip(_FIELDS, values, strict=True))


def _csv_line(values: Iterable[Any]) -> str:
    fields = [neutralize(value) if isinstance(value, str) else value for value in values]
    # Before Python 3.13 the csv module does not quote a lone carriage return, which readers take for the end of a row.
    has_return = any("\r" in str(field) for field in fields)
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n", quoting=csv.QUOTE_NONNUMERIC if has_return else csv.QUOTE_MINIMAL)
    writer.writerow(fields)
    return buffer.getvalue()


def _display_width(text: str) -> int:
    """Return the number of terminal columns of a text; Chinese, Japanese and Korean characters take two."""
    return sum(2 if east_asian_width(letter) in "WF" else 1 for letter in text)


def _pad(text: str, width: int) -> str:
    return text + " " * (width - _display_width(text))
