"""Predictions formatted as an aligned table, CSV or JSON, yielded in pieces as they become available."""

import csv
import io
import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any
from unicodedata import east_asian_width

from canigatti.files import neutralize, printable
from canigatti.prediction.files import Prediction

UNSURE = "unsure"  # instead of a class


def as_table(predictions: Iterable[Prediction], classes: Sequence[str], kind: str = "") -> Iterator[str]:
    """Format class, probability and path in aligned columns.

    The probability is that of the predicted class, also of photos that are unsure. The path is the last column because
    the width of the longest one is not known until the end.

    Args:
        predictions: in the order of the rows.
        classes: names of the classes, label 0 first.
        kind: of the probabilities, see :class:`canigatti.prediction.calibration.Rules`.
    """
    names = [printable(name) for name in classes]
    heading = f"{kind} probability".lstrip()
    width = max(_display_width(text) for text in ("class", UNSURE, *names))
    yield f"{_pad('class', width)}  {heading}  photo\n"
    for prediction in predictions:
        name = _pad(names[prediction.label] if prediction.is_sure else UNSURE, width)
        number = " " * (_display_width(heading) - 8) + f"{prediction.probabilities[prediction.label]:.6f}"
        yield f"{name}  {number}  {printable(prediction.path)}\n"


def as_csv(predictions: Iterable[Prediction], classes: Sequence[str]) -> Iterator[str]:
    """Format one row per photo: path, predicted class, and probabilities.

    Of two classes: the probability of class 1, and its name. Of more: the probability of the predicted class, and of
    each class.
    """
    yield _csv_line(_fields(Prediction("", (1.0,) * len(classes)), classes))
    for prediction in predictions:
        yield _csv_line(_fields(prediction, classes).values())


def as_json(predictions: Iterable[Prediction], classes: Sequence[str]) -> Iterator[str]:
    """Format one array with one object per photo, with the fields of the CSV."""
    separator = "[\n"
    for prediction in predictions:
        yield f"{separator}  {json.dumps(_fields(prediction, classes), ensure_ascii=False)}"
        separator = ",\n"
    yield "[]\n" if separator == "[\n" else "\n]\n"


def _fields(prediction: Prediction, classes: Sequence[str]) -> dict[str, Any]:
    fields = {
        "path": prediction.path,
        "class": classes[prediction.label] if prediction.is_sure else UNSURE,
        "probability": _shown_probability(prediction),
    }
    if len(classes) == 2:
        return {**fields, "probability_of": classes[1]}
    each = zip(classes, prediction.probabilities, strict=True)
    return fields | {f"probability_{name}": probability for name, probability in each}


def _shown_probability(prediction: Prediction) -> float:
    two = len(prediction.probabilities) == 2
    return prediction.probabilities[1] if two else max(prediction.probabilities)


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
