"""The jobs of a study: the files that each leaves, the output that it claims, and its log."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from canigatti.config import Experiment, Pretrained, Study
from canigatti.search.space import size


@dataclass(frozen=True)
class Job:
    """A job of the workflow.

    Attributes:
        step: what it does, as a noun.
        outputs: the files by which it is known to have ended.
        claims: the output that it claims while it runs, see :func:`canigatti.ownership.claim`.
        log: its log.
        checkpoint: the folder of its checkpoints; None if it does not train.
    """

    step: str
    outputs: tuple[Path, ...]
    claims: Path
    log: Path
    checkpoint: Path | None = None

    @property
    def is_done(self) -> bool:
        """Whether its outputs exist; Snakemake deletes them before it runs the job again."""
        return all(path.exists() for path in self.outputs)


@dataclass(frozen=True)
class PlannedRun:
    """An experiment that is trained and evaluated with one seed.

    Attributes:
        is_compared: whether it is part of the tables of experiments; others are points of the learning curve.
    """

    experiment: str
    seed: int
    settings: Experiment
    is_compared: bool


def planned_runs(study: Study) -> list[PlannedRun]:
    """Return the runs of a study: those of its experiments, and those of the smaller training sets of its curve."""
    compared = [
        PlannedRun(name, seed, experiment, True)
        for name, experiment in study.included().items()
        for seed in study.seeds
    ]
    curve = study.outline(None).learning_curve
    if curve is None:
        return compared
    derived = {name: one for members in study.curve_experiments().values() for name, one in members.items()}
    derived = {name: one for name, one in derived.items() if one.train_fraction < 1}
    more = {curve.experiment: study.included()[curve.experiment]} | derived
    known = {(run.experiment, run.seed) for run in compared}
    return compared + [
        PlannedRun(name, seed, experiment, False)
        for name, experiment in more.items()
        for seed in curve.seeds
        if (name, seed) not in known
    ]


def photo_jobs(study: Study, folder: Path) -> list[Job]:
    """Return the jobs before the first training: photos, splits and pretrained weights.

    Args:
        study: the study.
        folder: results/<study>.
    """
    photos, logs = folder / "photos", folder / "logs"
    experiments = study.included().values()
    splits = sorted({one.split for one in experiments if one.split})
    squares = sorted({str(one.square) for one in experiments})
    inspected = tuple(photos / name for name in ("manifest.csv", "groups.csv", "summary.json", "classes.json"))
    drawn = {"generated.zip": "drawing photos"} if study.photos.generate else {}
    return [
        *(_job(step, [photos / name], logs / "generate_photos.log") for name, step in drawn.items()),
        _job("getting the photos", [photos / "source.json"], logs / "fetch_photos.log"),
        Job("inspecting the photos", inspected, photos, logs / "inspect_photos.log"),
        *(_job(f"split {one}", [folder / f"splits/{one}.csv"], logs / f"split_photos/{one}.log") for one in splits),
        *(
            _job(f"photos of {one} pixels", [photos / f"images-{one}.npy"], logs / f"store_photos/{one}.log")
            for one in squares
        ),
        *(
            _job(f"weights of {one}", [folder / f"weights/{one}.weights.h5"], logs / f"fetch_weights/{one}.log")
            for one in sorted(_backbones(study))
        ),
    ]


def _job(step: str, outputs: list[Path], log: Path) -> Job:
    return Job(step, tuple(outputs), outputs[0], log)


def _backbones(study: Study) -> set[str]:
    networks = [one.network for one in study.included().values() if not one.start_from]
    return {network.backbone for network in networks if isinstance(network, Pretrained)}


def search_jobs(run: PlannedRun, folder: Path) -> Iterator[Job]:
    """Yield the jobs of an experiment's search, training runs first; none without a search.

    Args:
        run: a run of the experiment.
        folder: results/<study>.
    """
    search, name = run.settings.search, run.experiment
    if search is None:
        return
    for trial in range(1, min(search.trials, size(search.space)) + 1):
        for execution in range(1, search.executions + 1):
            part = f"{name}/trial{trial}/execution{execution}"
            result, log = folder / f"search/{part}.json", folder / f"logs/train_trial/{part}.log"
            yield Job(f"trial {trial} of the search", (result,), result, log, result.with_suffix(".checkpoint"))
    found = folder / "search" / name
    yield Job(
        "choice of the best trial", (found / "spec.json",), found, folder / "logs" / "select_trial" / f"{name}.log"
    )


def run_jobs(run: PlannedRun, folder: Path) -> list[Job]:
    """Return the jobs that train and evaluate a network, in their order.

    Args:
        run: the run.
        folder: results/<study>.
    """
    name = f"{run.experiment}/seed{run.seed}"
    training, evaluation, logs = folder / "training" / name, folder / "evaluation" / name, folder / "logs"
    first = evaluation / "uncorrected"
    trained = tuple(training / file for file in ("model.keras", "history.csv", "run.json"))
    drawn = tuple(evaluation / f"{plot}.png" for plot in ("misclassified", "uncertain", "reliability"))
    calibrated = training / "calibration.json"
    jobs = [
        Job("training", trained, training, logs / "train" / f"{name}.log", training / "checkpoint"),
        Job("evaluation", (first / "evaluation.json",), first, logs / "evaluate" / f"{name}.log"),
        Job("metrics", (evaluation / "evaluation.json",), evaluation, logs / "measure" / f"{name}.log"),
        Job("calibration", (calibrated,), calibrated, logs / "calibrate" / f"{name}.log"),
    ]
    return jobs + [Job("figures", drawn, evaluation, logs / "plot_evaluation" / f"{name}.log")] * run.is_compared
