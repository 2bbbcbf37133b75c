"""The page: one HTML file that loads no other file and needs no network."""

import shlex
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath, PureWindowsPath
from typing import Any

import pandas as pd

from canigatti.config import Outline, Spec
from canigatti.files import is_url
from canigatti.photos.records import PhotosSummary, Verdict
from canigatti.project import own_command
from canigatti.report.evidence import are_grouped
from canigatti.report.findings.verdicts import Finding
from canigatti.report.guessing import Guess, guess_note
from canigatti.report.notes import (
    comparison_note,
    findings_note,
    untested_note,
)
from canigatti.report.page.answer import answer
from canigatti.report.page.calibration import calibration_context
from canigatti.report.page.classes import class_context, class_table, confused_classes, summed_counts
from canigatti.report.page.details import details_of
from canigatti.report.page.embedding import embed
from canigatti.report.page.environment import environment, scripts
from canigatti.report.page.further import Further, further_context
from canigatti.report.page.headline import best_runs, headline
from canigatti.report.page.introductions import TITLES
from canigatti.report.page.progress import Progress
from canigatti.report.page.sections import matrices, section, table_view
from canigatti.report.page.settings import compare_settings
from canigatti.report.results import Run, StudyResults
from canigatti.report.tables import BEST, Evidence, grouped
from canigatti.report.texts import ending_marks

MAX_REJECTED = 300  # rows of the list of rejected files; the manifest lists all
DEFAULT_CONFIGURATION = "config/full.yaml"  # the default of the Snakefile


@dataclass(frozen=True)
class Conclusions:
    """Tables, comparison and findings of a study.

    Attributes:
        tables: tables of experiments, see :func:`canigatti.report.tables.study_tables`.
        evidence: the networks and their comparison.
        findings: see :func:`canigatti.report.findings.testing.findings`; empty if the study does not ask for them.
        guesses: see :func:`canigatti.report.guessing.guesses_of`.
        further: ensembles, robustness, learning curve and power.
    """

    tables: dict[str, pd.DataFrame]
    evidence: Evidence
    findings: list[Finding]
    guesses: dict[str, Guess]
    further: Further

    @property
    def grouped(self) -> bool:
        """Whether test photos belong to the same group."""
        return are_grouped([*self.evidence.networks.values()])


def render(
    study: StudyResults, conclusions: Conclusions, code: str, progress: Progress | None = None, report: str = ""
) -> str:
    """Return the page as HTML; the same results and the same code give the same text.

    Args:
        study: the results.
        conclusions: from them.
        code: what has written the page, see :func:`canigatti.report.edition.code_version`.
        progress: of a study that is not complete, whose results are those of its finished experiments.
        report: path from the page to the folder of the report; empty if it is in it, else with a slash at its end.

    Raises:
        InputError: an image cannot be read.
    """
    everything = conclusions.tables["all"]
    context = (
        class_context(study.classes, study.photos.kept)
        | _study_context(study)
        | _photos_context(study)
        | _results_context(study, conclusions)
        | _classes_context(study, everything)
        | calibration_context(study, best_runs(study, everything)[0])
        | further_context(conclusions.further)
    )
    ranked = everything.loc[everything["standing"] == BEST, "experiment"]
    example = str(ranked.iloc[0]) if len(ranked) else study.outline.experiments[0].name
    firsts = {run.experiment: run for run in reversed(study.runs) if not run.diverged}
    details = [firsts[listed.name] for listed in study.outline.experiments if listed.name in firsts]
    first_seed = {run.experiment: run.training.spec for run in reversed(study.runs)}
    return (
        environment()
        .get_template("template.html.j2")
        .render(
            context,
            code=code,
            progress=progress,
            report=report,
            scripts=scripts(),
            answer=answer(study, everything, conclusions.evidence, conclusions.guesses),
            matrices=matrices(conclusions.evidence.comparison),
            accuracy_cost=embed(study.accuracy_cost),
            findings=conclusions.findings,
            grouped=conclusions.grouped,
            comparison_note=comparison_note(
                conclusions.evidence.comparison, conclusions.grouped, conclusions.evidence.ranking
            ),
            findings_note=findings_note(conclusions.grouped),
            details=details_of(details, study.classes),
            settings=compare_settings([(one.name, first_seed[one.name]) for one in study.outline.experiments]),
            commands=commands(study.outline, example),
        )
    )


def _study_context(study: StudyResults) -> dict[str, Any]:
    runs = study.runs
    return {
        "outline": study.outline,
        "source": study.source,
        "source_name": shown_source(study.source.source),
        "newest": study.newest,
        "manifest_sha256": study.manifest_sha256,
        "devices": sorted({run.training.device for run in runs}),
        "versions": versions_of(runs),
        "wall_seconds": sum(run.training.wall_seconds for run in runs),
        "splits": _split_rows(study),
        "corrections": study.corrections,
    }


def _photos_context(study: StudyResults) -> dict[str, Any]:
    return {
        "photos": study.photos,
        "photo_plots": {name: embed(path) for name, path in study.photo_plots.items()},
        "image_sizes": sorted({run.training.spec.image_size for run in study.runs}),
        "resize_modes": sorted({run.training.spec.resize for run in study.runs}),
        "verdicts": [(verdict, count, verdict.description) for verdict, count in rejections(study.photos)],
        "rejected": study.photos.rejected[:MAX_REJECTED],
        "divided_groups": study.divided_groups,
    }


def _results_context(study: StudyResults, conclusions: Conclusions) -> dict[str, Any]:
    tables, ranking, guesses = conclusions.tables, conclusions.evidence.ranking, conclusions.guesses
    groups, everything = grouped(study), tables["all"]
    return {
        "sections": [section(study, name, groups[name], tables[name], ranking) for name in TITLES if name in groups],
        "everything": table_view(everything, ranking),
        "ranking": ranking,
        "untested_note": untested_note(ranking),
        "guess_note": lambda splits: guess_note([guesses[split] for split in splits]),
        "headline": headline(everything, conclusions.evidence, guesses),
        "diverged": dict(zip(everything["experiment"], ending_marks(everything), strict=True)),
        "any_diverged": bool(everything["diverged"].any()),
        "has_modified_losses": any(_has_modified_loss(run.training.spec) for run in study.runs),
        "randomly_initialized": set(everything.loc[everything["random_initialization"], "experiment"]),
    }


def _has_modified_loss(spec: Spec) -> bool:
    return spec.class_weight is not None or spec.oversample or spec.label_smoothing > 0


def _classes_context(study: StudyResults, everything: pd.DataFrame) -> dict[str, Any]:
    runs = best_runs(study, everything)
    return {
        "best_experiment": runs[0].experiment,
        "best_classes": class_table(runs[0], study.classes),
        "confused": confused_classes(summed_counts(runs)[runs[0].experiment], study.classes),
    }


def versions_of(runs: Sequence[Run]) -> dict[str, str]:
    """Return the version of each library; if runs differ, all versions."""
    found: dict[str, set[str]] = {}
    for run in runs:
        for library, version in run.training.versions.items():
            found.setdefault(library, set()).add(version)
    return {library: ", ".join(sorted(versions)) for library, versions in sorted(found.items())}


def shown_source(source: str) -> str:
    """Return the configured source of the photos as the page shows it: of an absolute path only the last part.

    A page is handed on, and the folders of a machine are nobody's business.
    """
    is_absolute = PurePosixPath(source).is_absolute() or PureWindowsPath(source).is_absolute()
    return PureWindowsPath(source).name if is_absolute and not is_url(source) else source


def commands(outline: Outline, experiment: str) -> dict[str, str]:
    """Return the command lines that reproduce the study, one experiment, and the report.

    There are none for a workflow that another one imports: only the importing workflow knows its files and rules.
    """
    if outline.configuration is None:
        return {}
    program, selection = ["snakemake"], ["--configfile", outline.configuration, *outline.options]
    if own := own_command(outline.configuration, outline.options):
        program, selection = own, [*outline.options[2:]]
    elif outline.configuration == DEFAULT_CONFIGURATION and "--snakefile" not in outline.options:
        selection = [*outline.options]
    # Targets go before the options: --resources reads all arguments that follow it, as --configfile and --config do.
    call, options = shlex.join(program), shlex.join(["--cores", "1", "--resources", "gpu=1", *selection])
    results, run = f"results/{outline.study}", f"{experiment}/seed{outline.seeds[0]}"
    return {
        "The whole study (skips results that are up to date)": f"{call} {options}",
        f"Rerun one experiment, here {experiment}": f"{call} {results}/evaluation/{run}/metrics.json \\\n"
        f"    {options} \\\n    --forcerun {results}/training/{run}/model.keras",
        "Rewrite this report": f"{call} {results}/report/index.html \\\n    {options} --force",
    }


def rejections(photos: PhotosSummary) -> list[tuple[Verdict, int]]:
    """Return the number of files that are not used by reason, the most frequent first."""
    counts = {name: count for name, count in photos.verdicts.items() if name != Verdict.KEEP and count}
    return Counter[Verdict](counts).most_common()


def _split_rows(study: StudyResults) -> list[tuple[str, list[tuple[int, list[int]]]]]:
    """Return for each split the number of photos of each subset: in total, and per class."""
    return [
        (name, [(int(row.sum()), [int(count) for count in row]) for row in counts.to_numpy()])
        for name, counts in study.split_counts.items()
    ]
