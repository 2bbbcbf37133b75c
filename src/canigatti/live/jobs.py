"""The jobs of a study: the files that each leaves, the output that it claims, and its log."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from canigatti.config import Experiment, Pretrained, Study
from canigatti.search.rungs import members, result_file, rungs_of, trial_count


@dataclass(frozen=True)
class Job:
    """A job of the workflow.

    Attributes:
        step: what it does, as a noun.
        outputs: the files by which it is known to have ended.
        claims: the output that it claims while it runs, see :func:`canigatti.ownership.claim`.
        log: its log.
        checkpoint: the folder of its checkpoints; None if it does not train.
        only_for: the split, the square or the backbone that it is about; empty if all runs need it.
    """

    step: str
    outputs: tuple[Path, ...]
    claims: Path
    log: Path
    checkpoint: Path | None = None
    only_for: str = ""

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

    def needs(self, job: Job) -> bool:
        """Return whether its training needs the output of one of :func:`photo_jobs`."""
        network, starts_from_weights = self.settings.network, not self.settings.start_from
        own = {"", self.settings.split, str(self.settings.square)}
        own |= {network.backbone} if isinstance(network, Pretrained) and starts_from_weights else set()
        return job.only_for in own


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
        *(_job(step, photos / name, logs / "generate_photos.log") for name, step in drawn.items()),
        _job("getting the photos", photos / "source.json", logs / "fetch_photos.log"),
        Job("inspecting the photos", inspected, photos, logs / "inspect_photos.log"),
        *(_job(f"split {one}", folder / f"splits/{one}.csv", logs / f"split_photos/{one}.log", one) for one in splits),
        *(
            _job(f"photos of {one} pixels", photos / f"images-{one}.npy", logs / f"store_photos/{one}.log", one)
            for one in squares
        ),
        *(
            _job(f"weights of {one}", folder / f"weights/{one}.weights.h5", logs / f"fetch_weights/{one}.log", one)
            for one in sorted(_backbones(study))
        ),
    ]


def _job(step: str, output: Path, log: Path, only_for: str = "") -> Job:
    return Job(step, (output,), output, log, only_for=only_for)


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
    found, rungs = folder / "search" / name, rungs_of(search)
    for rung in rungs:
        rule, after = ("train_first_rung", "") if rung.number == 1 else ("train_next_rung", f", rung {rung.number}")
        for trial in members(rungs, found, rung.number):
            for execution in range(1, search.executions + 1):
                result = result_file(found, rung.number, trial, execution)
                yield _training_job(f"trial {trial} of the search{after}", result, folder, rule)
    for trial in range(1, 0 if rungs else trial_count(search) + 1):
        for execution in range(1, search.executions + 1):
            result = found / f"trial{trial}" / f"execution{execution}.json"
            yield _training_job(f"trial {trial} of the search", result, folder, "train_trial")
    yield Job(
        "choice of the best trial", (found / "spec.json",), found, folder / "logs" / "select_trial" / f"{name}.log"
    )


def _training_job(step: str, result: Path, folder: Path, rule: str) -> Job:
    log = folder / "logs" / rule / result.relative_to(folder / "search").with_suffix(".log")
    return Job(step, (result,), result, log, result.with_suffix(".checkpoint"))


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
