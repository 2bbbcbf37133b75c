"""`make bench`: measure the table of docs/performance.md on this machine."""

import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import measure
import photos
import search
import size
import stages
import starting
import training
import workflow

PHOTO_COUNT = 800
SECTIONS = ("starting", "training", "inspection", "transfer", "prediction", "size", "planning", "demonstration")
ON_REQUEST = ("search",)  # takes hours


def main() -> None:
    """Measure the sections named as arguments, or all but `search`; CANIGATTI_BENCH_PHOTOS is a source of photos."""
    selected = sys.argv[1:] or SECTIONS
    if unknown := set(selected) - {*SECTIONS, *ON_REQUEST}:
        sys.exit(
            f"unknown section {', '.join(sorted(unknown))}; the sections are {', '.join([*SECTIONS, *ON_REQUEST])}"
        )
    source = os.environ.get("CANIGATTI_BENCH_PHOTOS")
    with tempfile.TemporaryDirectory(prefix="canigatti-bench-") as name:
        folder = Path(name)
        given = Path(source).absolute() if source else None
        inspected = photos.prepare(folder, PHOTO_COUNT, given)
        sections: dict[str, Callable[[], list[measure.Row]]] = {
            "starting": starting.rows,
            "search": lambda: search.rows(folder, given),
            "training": lambda: training.rows(inspected, folder / "recipe"),
            "inspection": lambda: stages.inspection(inspected),
            "transfer": lambda: stages.transfer(inspected),
            "prediction": lambda: stages.prediction(inspected),
            "size": lambda: size.rows(folder),
            "planning": lambda: workflow.planning(folder),
            "demonstration": lambda: workflow.demonstration(folder),
        }
        print(f"{measure.machine()}\n\n{measure.HEADER}", flush=True)
        for section in selected:
            for row in sections[section]():
                print(measure.as_markdown(row), flush=True)


main()
