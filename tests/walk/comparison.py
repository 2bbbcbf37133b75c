"""Comparison of the walk's results with those of a fresh folder, byte for byte, without what measures time."""

import csv
import io
import json
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from canigatti.report.findings.claims import TIME_TAKEN

_MEASURED = ("seconds", "seconds_per_epoch", "training_seconds", "milliseconds_per_photo")
# Keys of records that measure time, name the time, or hash a file that does; Keras writes the date into models.
_RECORDED = (
    *("wall_seconds", "seconds_per_epoch", "seconds", "started", "resumed_after"),
    *("history_sha256", "model_sha256", "files", "evaluations"),
)


@dataclass
class Differences:
    """How two result folders differ.

    Attributes:
        compared: number of files.
        numbers: files whose numbers differ.
        missing: files that only the fresh folder has.
        surplus: tables that only the walk's report has.
        figures: figures that differ.
    """

    compared: int = 0
    numbers: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    surplus: list[str] = field(default_factory=list)
    figures: list[str] = field(default_factory=list)

    @property
    def are_wrong(self) -> bool:
        """Whether the walk's results are wrong; Snakemake recreates missing files when a job needs them."""
        return bool(self.numbers or self.surplus or any(name.startswith("report/") for name in self.missing))


def compare(walked: Path, fresh: Path) -> Differences:
    """Compare all results that are a function of configuration, photos and code."""
    differences = Differences()
    for path in sorted(fresh.rglob("*")):
        name = path.relative_to(fresh).as_posix()
        if not path.is_file() or not (reader := _reader(name)):
            continue
        differences.compared += 1
        if not (walked / name).is_file():
            differences.missing.append(name)
        elif _read(reader, walked / name) != _read(reader, path):
            (differences.figures if name.endswith(".png") else differences.numbers).append(name)
    tables = {path.name for path in (walked / "report/tables").glob("*")}
    differences.surplus = sorted(tables - {path.name for path in (fresh / "report/tables").glob("*")})
    return differences


def _reader(name: str) -> Callable[[Path], Any] | None:
    """Return the function that reads what must be equal in this file; None if nothing in it must."""
    path = PurePosixPath(name)
    stage = path.parts[0]
    if any(part.startswith(".") for part in path.parts) or stage in ("logs", "benchmarks") or "tensorboard" in name:
        return None
    if path.name in ("speed.json", "index.html", "accuracy-cost.png", "configuration.json") or path.suffix == ".md":
        return None
    if path.name == "curves.png":  # shows the time
        return None
    if path.suffix == ".keras":
        return _read_model
    if path.suffix == ".csv" and (stage in ("report", "search") or path.name == "history.csv"):
        return _read_table
    return (
        _read_record if path.suffix == ".json" and stage in ("training", "search", "evaluation", "report") else _bytes
    )


def _read(reader: Callable[[Path], Any], path: Path) -> Any:
    """Return what must be equal; the whole content of a file that is damaged."""
    try:
        return reader(path)
    except (ValueError, KeyError, zipfile.BadZipFile):
        return path.read_bytes()


def _bytes(path: Path) -> bytes:
    return path.read_bytes()


def _read_table(path: Path) -> list[list[str]]:
    """Return the cells as written, without columns of measured times, and the finding on them."""
    header, *rows = csv.reader(io.StringIO(path.read_text(encoding="utf-8"), newline=""))
    columns = [n for n, name in enumerate(header) if not name.removesuffix("_std").endswith(_MEASURED)]
    return [[row[n] for n in columns] for row in [header, *rows] if row[0] != TIME_TAKEN.text]


def _read_record(path: Path) -> dict[str, Any]:
    record = json.loads(path.read_text(encoding="utf-8"))
    return {key: value for key, value in record.items() if key not in _RECORDED}


def _read_model(path: Path) -> dict[str, bytes]:
    """Return the weights; the architecture is written with numbers of objects in memory."""
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist() if name.endswith(".h5")}
