"""The files of results, from the classes that read and write them.

Columns of tables, and fields whose name says most, are described in `reference/files.yaml`.
"""

import importlib
import inspect
import re
from enum import StrEnum
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import yaml

from canigatti import records
from canigatti.records import Record, Table
from reference_pages.entries import Entry, Section, anchor

PACKAGE = "canigatti"
_DESCRIBED = Path(__file__).parents[1] / "reference" / "files.yaml"


def result_sections() -> list[Section]:
    """Return the files that the stages write: records (JSON), then tables (CSV), in the order of the stages."""
    described = yaml.safe_load(_DESCRIBED.read_text(encoding="utf-8"))
    sections = []
    for stage in [*described["stages"], *_other_places(described["stages"] + described["not_files"])]:
        module = importlib.import_module(f"{PACKAGE}.{stage}.records")
        members = [(name, value) for name, value in vars(module).items() if not name.startswith("_")]
        classes = [value for _, value in members if _is_record_of(value, module.__name__)]
        tables = {name: value for name, value in members if isinstance(value, Table)}
        own = {**described["columns"], **described["tables"].get(stage, {}).get("columns", {})}
        sections += [_record_section(record, stage, described["fields"]) for record in classes]
        sections += [_table_section(stage, name, table, described, own) for name, table in tables.items()]
    return sections


def _heading(place: str) -> str:
    return f"Written by: {place.replace('.', ', ')}"


def _other_places(known: list[str]) -> list[str]:
    """Return the other packages with a `records.py`, such as `prediction.export`, without those that are known."""
    package = Path(records.__file__).parent
    found = (path.parent.relative_to(package).parts for path in package.rglob("records.py") if path.parent != package)
    return sorted({".".join(parts) for parts in found} - {*known})


def _is_record_of(value: Any, module: str) -> bool:
    return inspect.isclass(value) and issubclass(value, Record) and value.__module__ == module


def _record_section(record: type[Record], stage: str, common: dict[str, str]) -> Section:
    head = inspect.cleandoc(record.__doc__ or "").partition("\nAttributes:\n")[0]
    specific = {key.partition(".")[2]: text for key, text in common.items() if key.startswith(f"{record.__name__}.")}
    described = {**common, **_attributes(record), **specific}
    entries = tuple(
        Entry(name, _annotation(field.annotation), "", described.get(name, ""))
        for name, field in record.model_fields.items()
    )
    return Section(record.__name__, (_heading(stage),), _without_roles(head).strip(), entries)


def _attributes(record: type[Record]) -> dict[str, str]:
    """Return the descriptions of a record's fields, those of the classes that it extends included."""
    found: dict[str, str] = {}
    for base in reversed(record.__mro__):
        listed = inspect.cleandoc(base.__doc__ or "").partition("\nAttributes:\n")[2].split("\n\n")[0]
        for name, text in re.findall(r"^ {4}(\w+): (.*(?:\n {8}.*)*)", listed, flags=re.MULTILINE):
            found[name] = _without_roles(" ".join(text.split()))
    return {name: text for name, text in found.items() if name in record.model_fields}


def _annotation(annotation: Any) -> str:
    """Return a type in words, as it is in JSON; a part of the file links to its section."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _annotation(arguments[0])
    if origin in (UnionType, Union):
        return " or ".join(dict.fromkeys(map(_annotation, arguments)))
    if origin is Literal:
        return ", ".join(f"`{value}`" for value in arguments)
    if origin is tuple and arguments[-1] is ...:
        return f"list of {_annotation(arguments[0])}"
    if origin is tuple:
        return f"list of {len(arguments)}: {', '.join(map(_annotation, arguments))}"
    if origin is dict:
        return f"mapping of {_annotation(arguments[1])}"
    return _simple_type(annotation)


def _simple_type(annotation: Any) -> str:
    if issubclass(annotation, Record):
        prefix = "config" if annotation.__module__.startswith(f"{PACKAGE}.config") else "file"
        name = "Experiment" if annotation.__name__ == "Spec" else annotation.__name__
        return f"[{name}](#{anchor(prefix, name)})"
    words = {str: "text", int: "integer", float: "number", bool: "true or false", type(None): "null"}
    return "text" if issubclass(annotation, StrEnum) else words[annotation]


def _table_section(stage: str, name: str, table: Table, described: dict[str, Any], columns: dict[str, str]) -> Section:
    own = described["tables"].get(stage, {}).get(name, {})
    entries = [
        Entry(column, "integer" if kind == "Int64" else _annotation(kind), "", _column(column, own, columns))
        for column, kind in {**table.columns, **table.optional}.items()
    ]
    entries += [Entry(column, "", "", text) for column, text in own.get("more", {}).items()]
    return Section(own.get("path", name), (_heading(stage),), own.get("description", ""), tuple(entries))


def _column(name: str, own: dict[str, Any], columns: dict[str, str]) -> str:
    """Return the description of a column: the file's own, the general one, or that of a pattern such as `*_low`."""
    specific = {**columns, **own.get("columns", {})}
    if name in specific:
        return specific[name]
    for pattern, text in specific.items():
        if "*" in pattern and (match := re.fullmatch(pattern.replace("*", "(.+)"), name)):
            return text.format(match.group(1))
    return ""


def _without_roles(text: str) -> str:
    """Return a docstring for readers of JSON: without Sphinx's roles, and with null for None."""
    return re.sub(r"\bNone\b", "null", re.sub(r":\w+:`~?([\w.]+)`", r"`\1`", text))
