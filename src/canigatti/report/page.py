"""The page: one HTML file that needs no other file and no network."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from canigatti.report.charts import accuracy_intervals, learning_curves
from canigatti.report.pictures import Picture, embed
from canigatti.report.results import Outline, Run, StudyResults
from canigatti.report.settings import compare_settings
from canigatti.report.tables import BEST, LEFT_ALIGNED, NOT_CLEARLY_WORSE, for_reading, notes

MAX_REJECTED = 300  # rows of the list of rejected files; the manifest has them all
VERDICTS = {
    "empty": "The file has no content.",
    "unreadable": "It is no picture, or one that cannot be decoded to its end.",
    "too-large": "It has so many pixels that decoding it would not be safe.",
    "duplicate": "It is the same picture as another one of its class. The first is kept.",
    "conflicting": "Its content or its name belongs to both classes, so its label is unknown.",
    "over-limit": "It is fine, but the study uses only the first photos of each class.",
    "outside": "It lies in no class's folder.",
}

DEFAULT_CONFIGURATION = "config/full.yaml"  # what the Snakefile takes when none is given


@dataclass(frozen=True)
class TableView:
    """A table for the template: `rows` are cells of text with the row's standing."""

    headings: list[str]
    left_aligned: tuple[str, ...]
    rows: list[tuple[str, list[str]]]
    notes: list[str]


@dataclass(frozen=True)
class Confusion:
    """Counts of the test photos, rows true and columns predicted, and each as a share of its row."""

    experiment: str
    counts: list[list[int]]
    shares: list[list[float]]


@dataclass(frozen=True)
class Details:
    """What the page shows of one experiment alone, from its first seed."""

    experiment: str
    seed: int
    accuracy: float
    wrong: tuple[int, int]
    pictures: dict[str, Picture]
    uncertain: list[dict[str, Any]]


def render(study: StudyResults, base: pd.DataFrame) -> str:
    """The page as HTML; the same results give the same text.

    Args:
        study: everything the study produced.
        base: the table of `tables.base_table` for the study's runs.

    Raises:
        InputError: a picture cannot be read.
    """
    sections = _study_section(study) | _photos_section(study) | _results_section(study.runs, base)
    first_seed = [run for run in study.runs if run.seed == study.outline.seeds[0]]
    return (
        _environment()
        .get_template("template.html.j2")
        .render(
            sections,
            details=[_details(run) for run in first_seed],
            settings=compare_settings([(run.experiment, run.training.spec) for run in first_seed]),
            commands=commands(study.outline, str(base.loc[base["standing"] == BEST, "experiment"].iloc[0])),
        )
    )


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"duration": duration, "amount": amount}
    return environment


def _study_section(study: StudyResults) -> dict[str, Any]:
    runs = study.runs
    return {
        "outline": study.outline,
        "source": study.source,
        "devices": sorted({run.training.device for run in runs}),
        "versions": versions_of(runs),
        "wall_seconds": sum(run.training.wall_seconds for run in runs),
        "splits": _split_rows(study),
    }


def _photos_section(study: StudyResults) -> dict[str, Any]:
    return {
        "photos": study.photos,
        "photo_pictures": {name: embed(path) for name, path in study.pictures.items()},
        "image_sizes": sorted({run.training.spec.image_size for run in study.runs}),
        "verdicts": [(name, count, VERDICTS.get(name, "")) for name, count in _rejections(study)],
        "rejected": study.photos.rejected[:MAX_REJECTED],
    }


def _results_section(runs: Sequence[Run], base: pd.DataFrame) -> dict[str, Any]:
    return {
        "base": table_view(base),
        "best": base[base["standing"] == BEST].to_dict("records"),
        "not_clearly_worse": list(base.loc[base["standing"] == NOT_CLEARLY_WORSE, "experiment"]),
        "has_original": "original_accuracy" in base,
        "intervals": accuracy_intervals(base),
        "charts": {measure: learning_curves(runs, measure) for measure in ("loss", "accuracy")},
        "confusions": confusions(runs),
    }


def table_view(table: pd.DataFrame) -> TableView:
    """A study table as the template shows it."""
    texts = for_reading(table)
    rows = [(str(standing), list(cells)) for standing, cells in zip(table["standing"], texts.to_numpy(), strict=True)]
    return TableView(list(texts.columns), LEFT_ALIGNED, rows, notes(table))


def confusions(runs: Sequence[Run]) -> list[Confusion]:
    """One matrix an experiment, the seeds' counts added up."""
    matrices: dict[str, np.ndarray] = {}
    for run in runs:
        matrices[run.experiment] = matrices.get(run.experiment, 0) + np.array(run.metrics.confusion)
    return [
        Confusion(name, counts.tolist(), (counts / np.maximum(1, counts.sum(axis=1, keepdims=True))).tolist())
        for name, counts in matrices.items()
    ]


def versions_of(runs: Sequence[Run]) -> dict[str, str]:
    """The version of each library; where runs differ, all of them."""
    found: dict[str, set[str]] = {}
    for run in runs:
        for library, version in run.training.versions.items():
            found.setdefault(library, set()).add(version)
    return {library: ", ".join(sorted(versions)) for library, versions in sorted(found.items())}


def commands(outline: Outline, experiment: str) -> dict[str, str]:
    """Command lines that make the study, one experiment and the report again."""
    config = "" if outline.configuration == DEFAULT_CONFIGURATION else f" --configfile {outline.configuration}"
    options = f"--cores 1 --resources gpu=1{config}"  # after the file: --resources takes all that follows it
    results, run = f"results/{outline.study}", f"{experiment}/seed{outline.seeds[0]}"
    return {
        "The whole study; what is up to date stays as it is": f"snakemake {options}",
        f"One experiment again, here {experiment}": f"snakemake {results}/evaluation/{run}/metrics.json \\\n"
        f"    {options} \\\n    --forcerun {results}/training/{run}/model.keras",
        "This report again": f"snakemake {results}/report/index.html \\\n    {options} --force",
    }


def duration(seconds: float) -> str:
    """A span of time in the two units that matter: `3 h 25 min`, `4 min 10 s`, `8.2 s`."""
    if seconds < 60:
        return f"{seconds:.3g} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"


def amount(count: int, one: str, many: str | None = None) -> str:
    """A count with its noun: `1 photo`, `12,500 photos`."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def _rejections(study: StudyResults) -> list[tuple[str, int]]:
    counts = Counter({name: count for name, count in study.photos.verdicts.items() if name != "keep" and count})
    return counts.most_common()


def _split_rows(study: StudyResults) -> list[tuple[str, list[tuple[int, list[int]]]]]:
    """Each split with the photos of its parts: all, and those of each class."""
    return [
        (name, [(int(row.sum()), [int(count) for count in row]) for row in counts.to_numpy()])
        for name, counts in study.split_counts.items()
    ]


def _details(run: Run) -> Details:
    confusion = run.metrics.confusion
    return Details(
        experiment=run.experiment,
        seed=run.seed,
        accuracy=run.metrics.accuracy,
        wrong=(confusion[0][1], confusion[1][0]),
        pictures={name: embed(path) for name, path in run.pictures.items()},
        uncertain=run.uncertain.to_dict("records"),
    )
