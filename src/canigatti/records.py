"""Base classes of the files that stages exchange: JSON records and CSV tables, each declared once.

The records and tables of a stage are in its `records.py`; code that reads one of its files imports them from there.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    SerializationInfo,
    SerializerFunctionWrapHandler,
    ValidationError,
    model_serializer,
)

from canigatti.files import InputError, restore, write_csv, write_text

if TYPE_CHECKING:
    import pandas as pd

_LONGEST_INPUT = 80  # characters of a rejected value that a message quotes
_JSON = object()  # pydantic's context in `to_json` and `write`; `model_dump` returns all fields


class Record(BaseModel):
    """An immutable JSON document: unknown keys are rejected, types are not converted, NaN and infinity are rejected.

    For every record `r` of a class `C`, `C.from_json(r.to_json()) == r`.

    Attributes:
        omitted_defaults: fields that JSON has only where their values differ from their defaults. They were added after
            studies had run: a job runs again when the JSON of its spec changes, and a new key would change all.
    """

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)
    omitted_defaults: ClassVar[tuple[str, ...]] = ()

    def to_json(self) -> str:
        """Return the record as JSON on one line with sorted keys; equal records give equal texts."""
        return json.dumps(self.model_dump(mode="json", context=_JSON), sort_keys=True)

    @classmethod
    def from_json(cls, text: str | bytes) -> Self:
        """Parse what :meth:`to_json` or :meth:`write` produced.

        Raises:
            InputError: the text is not JSON, or not a record of this class.
        """
        try:
            return cls.model_validate_json(text)
        except ValidationError as error:
            raise InputError(f"expected a record of type {cls.__name__}, received {_first_error(error)}") from None

    def write(self, path: Path) -> None:
        """Write the record atomically as indented JSON, with keys in the order of the class.

        Raises:
            OSError: the file cannot be written; the message names it.
        """
        content = json.dumps(self.model_dump(mode="json", context=_JSON), indent=2, allow_nan=False, ensure_ascii=False)
        write_text(path, content + "\n")

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read a file that :meth:`write` wrote.

        Raises:
            InputError: the file is missing or is not a record of this class; the message names it.
        """
        try:
            return cls.from_json(path.read_bytes())
        except OSError as error:
            raise InputError(f"{path}: expected a record of type {cls.__name__} ({error.strerror or error})") from None
        except InputError as error:
            raise InputError(f"{path}: {error}") from None

    @model_serializer(mode="wrap")
    def _omit_defaults(self, serialize: SerializerFunctionWrapHandler, info: SerializationInfo) -> dict[str, Any]:
        fields: dict[str, Any] = serialize(self)
        if info.context is _JSON:
            for name in self.omitted_defaults:
                if getattr(self, name) == type(self).model_fields[name].default:
                    del fields[name]
        return fields


def _first_error(error: ValidationError) -> str:
    first: Any = error.errors()[0]
    key = ".".join(str(part) for part in first["loc"])
    received = json.dumps(first["input"], default=str)[:_LONGEST_INPUT]
    return f"{key}: {first['msg']} ({received})" if key else f"{first['msg']}"


@dataclass(frozen=True)
class Table:
    """A CSV file: its columns in order, and the pandas dtype of each.

    Attributes:
        columns: dtype by column name: `str`, `bool`, `int`, `float`, or `"Int64"` for integers up to 2**53 that may be
            missing. Text is never missing: a photo may be named `nan.jpg`.
        open_ended: whether there may be more columns, at any position.
        optional: columns that a table may leave out, after the others.
    """

    columns: Mapping[str, type | str]
    open_ended: bool = False
    optional: Mapping[str, type | str] = field(default_factory=dict)

    def frame(self, rows: "pd.DataFrame | Sequence[Mapping[str, Any]] | Mapping[str, Any]") -> "pd.DataFrame":
        """Return the rows as a data frame with the declared columns, in order, and dtypes.

        Raises:
            KeyError: a declared column is missing.
        """
        import pandas as pd

        frame = pd.DataFrame(rows) if len(rows) else pd.DataFrame(columns=[*self.columns])
        columns = self._columns_of(frame)
        return (frame if self.open_ended else frame[[*columns]]).astype(columns)

    def write(self, path: Path, rows: "pd.DataFrame | Sequence[Mapping[str, Any]]") -> None:
        """Write the rows atomically, with numbers in full precision.

        Raises:
            KeyError: a declared column is missing.
            OSError: the file cannot be written; the message names it.
        """
        write_csv(path, self.frame(rows))

    def read(self, path: Path) -> "pd.DataFrame":
        """Read a file that :meth:`write` wrote; declared columns are restored exactly.

        Raises:
            InputError: the file is missing, or its columns or values differ from the declaration; the message names it.
        """
        import pandas as pd

        columns = {**self.columns, **self.optional}
        try:
            frame = pd.read_csv(
                path,
                dtype={name: kind for name, kind in columns.items() if kind is not float},
                converters={name: _parse_float for name, kind in columns.items() if kind is float},
                keep_default_na=False,
                na_values={name: [""] for name, kind in columns.items() if kind is not str},
            )
            self._check_columns(list(frame))
        except (OSError, ValueError) as error:
            expected = ", ".join(self.columns)
            raise InputError(f"{path}: expected a table with the columns {expected}, received {error}") from None
        columns = self._columns_of(frame)
        frame = frame.astype({name: kind for name, kind in columns.items() if kind is float})  # for no rows
        for name in frame.select_dtypes(["object", "string"]):
            frame[name] = frame[name].map(lambda value: restore(value) if isinstance(value, str) else value)
        return frame if self.open_ended else frame[[*columns]]

    def _columns_of(self, frame: "pd.DataFrame") -> dict[str, type | str]:
        """Return the declared columns of a data frame: all that are not optional, and the optional ones that it has."""
        return {**self.columns, **{name: kind for name, kind in self.optional.items() if name in frame}}

    def _check_columns(self, received: Sequence[str]) -> None:
        if missing := [name for name in self.columns if name not in received]:
            raise ValueError(f"no column {missing[0]} among {', '.join(received)}")


def _parse_float(text: str) -> float:
    return float(text or "nan")  # exact, unlike the parser of pandas before 3.1
