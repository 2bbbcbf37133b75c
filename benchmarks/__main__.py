"""`make bench`: measure the table of docs/performance.md on this machine."""

import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import measure
import photos
import size
import stages
import training
import workflow

PHOTO_COUNT = 800
SECTIONS = ("training", "inspection", "transfer", "prediction", "size", "planning", "demonstration")


def main() -> None:
    """Measure the sections named as arguments, or all; CANIGATTI_BENCH_PHOTOS replaces the generated photos."""
    selected = sys.argv[1:] or SECTIONS
    if unknown := set(selected) - set(SECTIONS):
        sys.exit(f"unknown section {', '.join(sorted(unknown))}; the sections are {', '.join(SECTIONS)}")
    source = os.environ.get("CANIGATTI_BENCH_PHOTOS")
    with tempfile.TemporaryDirectory(prefix="canigatti-bench-") as name:
        folder = Path(name)
        inspected = photos.prepare(folder, PHOTO_COUNT, Path(source) if source else None)
        sections: dict[str, Callable[[], list[measure.Row]]] = {
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
