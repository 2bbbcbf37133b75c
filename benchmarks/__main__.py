"""`make bench`: the table of docs/performance.md, measured on this machine."""

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

COUNT = 800
SECTIONS = ("training", "inspection", "transfer", "prediction", "size", "planning", "demonstration")


def main() -> None:
    """Measure the sections that are named, or all; CANIGATTI_BENCH_PHOTOS names a source in place of drawn photos."""
    asked = sys.argv[1:] or SECTIONS
    if unknown := set(asked) - set(SECTIONS):
        sys.exit(f"no section is named {', '.join(unknown)}; there are {', '.join(SECTIONS)}")
    source = os.environ.get("CANIGATTI_BENCH_PHOTOS")
    with tempfile.TemporaryDirectory(prefix="canigatti-bench-") as name:
        folder = Path(name)
        of_study = photos.make(folder, COUNT, Path(source) if source else None)
        measured: dict[str, Callable[[], list[measure.Row]]] = {
            "training": lambda: training.rows(of_study, folder / "recipe"),
            "inspection": lambda: stages.inspection(of_study),
            "transfer": lambda: stages.transfer(of_study),
            "prediction": lambda: stages.prediction(of_study),
            "size": lambda: size.rows(folder),
            "planning": lambda: workflow.planning(folder),
            "demonstration": lambda: workflow.demonstration(folder),
        }
        print(f"{measure.machine()}\n\n{measure.HEAD}", flush=True)
        for section in asked:
            for row in measured[section]():
                print(measure.as_markdown(row), flush=True)


main()
