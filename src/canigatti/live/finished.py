"""The results of a study that is not complete: the runs that are finished, and everything that they are compared by."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from canigatti.config import Outline
from canigatti.files import InputError
from canigatti.photos.records import ClassNames
from canigatti.report.checking import check_files
from canigatti.report.further import read_further
from canigatti.report.results import Run, StudyResults, read_run, read_study

Key = tuple[str, int]  # experiment and seed


@dataclass(frozen=True)
class Finished:
    """The runs of a study whose results are complete.

    Attributes:
        runs: by experiment and seed, in the order of the outline.
        outdated: why the results of other runs are not those of the configuration.
    """

    runs: Mapping[Key, Run]
    outdated: Mapping[Key, str]


def read_finished(outline: Outline, folder: Path) -> Finished:
    """Read the finished runs of a study; a file that is missing, or deleted meanwhile, makes a run unfinished.

    Args:
        outline: the study.
        folder: results/<study>.
    """
    runs: dict[Key, Run] = {}
    outdated: dict[Key, str] = {}
    try:
        classes = ClassNames.read(folder / "photos" / "classes.json").names
    except InputError:
        return Finished({}, {})
    for outlined in outline.experiments:
        for seed in outline.seeds:
            key = outlined.name, seed
            try:
                run = read_run(folder, outlined, seed, classes)
            except InputError:
                continue
            try:
                check_files(folder, outlined, seed)
                runs[key] = run
            except InputError as error:
                outdated[key] = str(error).split("; delete this file")[0]
    return Finished(runs, outdated)


def read_partial_study(outline: Outline, folder: Path, runs: Sequence[Run]) -> StudyResults | None:
    """Read the results of the finished runs; None if there is nothing to compare yet.

    Args:
        outline: the study, whose outline in the results has the experiments with a finished run only.
        folder: results/<study>.
        runs: the finished runs.

    Raises:
        InputError: a file is missing, as if Snakemake has deleted it meanwhile; the message names it.
    """
    if all(run.diverged for run in runs):  # also if there are none
        return None
    return read_study(_reduced(outline, folder, runs), folder, runs)


def _reduced(outline: Outline, folder: Path, runs: Sequence[Run]) -> Outline:
    """Return the outline without what is not measured yet."""
    finished = {run.experiment for run in runs}
    experiments = tuple(
        one
        for one in outline.experiments
        if one.name in finished and (not one.searched or (folder / "search" / one.name / "curves.png").is_file())
    )
    tables = {one.table for one in experiments}
    reduced = outline.model_copy(
        update={
            "experiments": experiments,
            "tables": tuple(name for name in outline.tables if name in tables or name == "all"),
            "robustness": (),
            "test_time_augmentation": (),
            "learning_curve": None,
        }
    )
    classes = ClassNames.read(folder / "photos" / "classes.json").names
    for field in ("robustness", "test_time_augmentation"):
        measured = [
            name for name in getattr(outline, field) if _is_measured(reduced, {field: (name,)}, folder, classes)
        ]
        reduced = reduced.model_copy(update={field: tuple(measured)})
    curve = {"learning_curve": outline.learning_curve}
    return reduced.model_copy(update=curve) if _is_measured(reduced, curve, folder, classes) else reduced


def _is_measured(outline: Outline, asked: dict, folder: Path, classes: Sequence[str]) -> bool:
    names = {one.name for one in outline.experiments}
    curve = asked.get("learning_curve")
    if not {name for value in asked.values() if isinstance(value, tuple) for name in value} <= names:
        return False
    if curve and curve.experiment not in names:
        return False
    only = {"robustness": (), "test_time_augmentation": (), "learning_curve": None}
    try:
        read_further(outline.model_copy(update=only | asked), folder, classes)
    except InputError:
        return False
    return True
