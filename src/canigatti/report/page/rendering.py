"""The page: one HTML file that needs no other file and no network."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from canigatti.config import Outline
from canigatti.photos.records import Verdict
from canigatti.report.findings.verdicts import Finding
from canigatti.report.page.embedding import Picture, embed
from canigatti.report.page.sections import TITLES, matrices, section, table_view
from canigatti.report.page.settings import compare_settings
from canigatti.report.results import Run, StudyResults
from canigatti.report.tables import BEST, NOT_CLEARLY_WORSE, grouped
from canigatti.report.texts import (
    COMPARISON_NOTE,
    DIVERGED_NOTE,
    FINDINGS_NOTE,
    LEFT_ALIGNED,
    RANDOM_INITIALIZATION,
    RANDOM_INITIALIZATION_NOTE,
    amount,
    divergence_marks,
    duration,
    in_points,
    p_value,
)

MAX_REJECTED = 300  # rows of the list of rejected files; the manifest has them all
DEFAULT_CONFIGURATION = "config/full.yaml"  # what the Snakefile takes when none is given


@dataclass(frozen=True)
class Details:
    """What the page shows of one experiment alone, from its first seed that did not diverge."""

    experiment: str
    seed: int
    accuracy: float
    wrong: tuple[int, int]
    pictures: dict[str, Picture]
    uncertain: list[dict[str, Any]]


@dataclass(frozen=True)
class Conclusions:
    """What the report concludes from the results.

    Attributes:
        tables: of experiments, see :func:`canigatti.report.tables.study_tables`.
        comparison: of pairs, see :func:`canigatti.report.comparison.compare`.
        findings: see :func:`canigatti.report.findings.findings`.
        accuracy_cost: see :func:`canigatti.report.plots.draw_accuracy_cost`.
    """

    tables: dict[str, pd.DataFrame]
    comparison: pd.DataFrame
    findings: list[Finding]


def render(study: StudyResults, conclusions: Conclusions) -> str:
    """The page as HTML; the same results give the same text.

    Raises:
        InputError: a picture cannot be read.
    """
    everything = conclusions.tables["all"]
    parts = _study_part(study) | _photos_part(study) | _results_part(study, conclusions.tables)
    ranked = everything.loc[everything["standing"] == BEST, "experiment"]
    example = str(ranked.iloc[0]) if len(ranked) else study.outline.experiments[0].name
    firsts = {run.experiment: run for run in reversed(study.runs) if not run.diverged}
    details = [firsts[listed.name] for listed in study.outline.experiments if listed.name in firsts]
    first_seed = [run for run in study.runs if run.seed == study.outline.seeds[0]]
    return (
        _environment()
        .get_template("template.html.j2")
        .render(
            parts,
            matrices=matrices(conclusions.comparison),
            accuracy_cost=embed(study.accuracy_cost),
            findings=conclusions.findings,
            details=[_details(run) for run in details],
            settings=compare_settings([(run.experiment, run.training.spec) for run in first_seed]),
            commands=commands(study.outline, example),
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
    environment.filters |= {"duration": duration, "amount": amount, "p_value": p_value}
    environment.globals |= {
        "left_aligned": LEFT_ALIGNED,
        "in_points": in_points,
        "random_initialization": RANDOM_INITIALIZATION,
        "random_initialization_note": RANDOM_INITIALIZATION_NOTE,
        "diverged_note": DIVERGED_NOTE,
        "comparison_note": COMPARISON_NOTE,
        "findings_note": FINDINGS_NOTE,
    }
    return environment


def _study_part(study: StudyResults) -> dict[str, Any]:
    runs = study.runs
    return {
        "outline": study.outline,
        "source": study.source,
        "devices": sorted({run.training.device for run in runs}),
        "versions": versions_of(runs),
        "wall_seconds": sum(run.training.wall_seconds for run in runs),
        "splits": _split_rows(study),
    }


def _photos_part(study: StudyResults) -> dict[str, Any]:
    return {
        "photos": study.photos,
        "photo_pictures": {name: embed(path) for name, path in study.photo_plots.items()},
        "image_sizes": sorted({run.training.spec.image_size for run in study.runs}),
        "verdicts": [(verdict, count, verdict.description) for verdict, count in _rejections(study)],
        "rejected": study.photos.rejected[:MAX_REJECTED],
    }


def _results_part(study: StudyResults, tables: dict[str, pd.DataFrame]) -> dict[str, Any]:
    groups, everything = grouped(study), tables["all"]
    return {
        "sections": [section(name, groups[name], tables[name], study.searches) for name in TITLES if name in groups],
        "everything": table_view(everything),
        "best": everything[everything["standing"] == BEST].to_dict("records"),
        "not_clearly_worse": list(everything.loc[everything["standing"] == NOT_CLEARLY_WORSE, "experiment"]),
        "clearly_lower": bool((_ranked(everything)["standing"] == "").any()),
        "without_accuracy": list(everything.loc[everything["accuracy"].isna(), "experiment"]),
        "diverged": dict(zip(everything["experiment"], divergence_marks(everything), strict=True)),
        "any_diverged": bool(everything["diverged"].any()),
        "untrained": set(everything.loc[everything["random_initialization"], "experiment"]),
    }


def _ranked(table: pd.DataFrame) -> pd.DataFrame:
    return table[table["accuracy"].notna() & ~table["random_initialization"]]


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
    config += f" --config 'include=[{', '.join(outline.include)}]'" if outline.include else ""
    options = f"--cores 1 --resources gpu=1{config}"  # after the file: --resources takes all that follows it
    results, run = f"results/{outline.study}", f"{experiment}/seed{outline.seeds[0]}"
    return {
        "The whole study; what is up to date stays as it is": f"snakemake {options}",
        f"One experiment again, here {experiment}": f"snakemake {results}/evaluation/{run}/metrics.json \\\n"
        f"    {options} \\\n    --forcerun {results}/training/{run}/model.keras",
        "This report again": f"snakemake {results}/report/index.html \\\n    {options} --force",
    }


def _rejections(study: StudyResults) -> list[tuple[Verdict, int]]:
    counts = Counter({one: count for one, count in study.photos.verdicts.items() if one != Verdict.KEEP and count})
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
        pictures={name: embed(path) for name, path in run.plots.items()},
        uncertain=run.uncertain.to_dict("records"),
    )
