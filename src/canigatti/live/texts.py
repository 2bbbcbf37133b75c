"""The progress of a study as texts and plots for its page."""

import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pandas as pd

from canigatti.live.finished import Finished, Key
from canigatti.live.states import JobState, RunState, State, StudyState
from canigatti.live.study import LiveStudy
from canigatti.report.forecast import Training, forecast_epochs, forecast_training
from canigatti.report.page.embedding import embed_figure
from canigatti.report.page.progress import JobProgress, Progress, RunningCurve, RunProgress
from canigatti.report.texts import count_noun, duration, enumerate_words
from canigatti.training.plots import plot_curves

_ORDER = (State.RUNNING, State.FAILED, State.INTERRUPTED, State.FINISHED, State.TRAINED, State.WAITING)
_MAX_CURVES = 4  # of training runs at a time


def describe(
    live: LiveStudy, state: StudyState, finished: Finished, trainings: Sequence[Training], seconds: float | None
) -> Progress:
    """Return the progress of a study for its page.

    Args:
        live: the study.
        state: of its runs.
        finished: the finished runs.
        trainings: its training runs, in the order of the runs, see :func:`canigatti.live.timing.read_trainings`.
        seconds: forecast of the time until the study ends; None if there is none.
    """
    pairs = list(zip(state.runs, trainings, strict=True))
    pairs.sort(key=lambda pair: _ORDER.index(pair[0].state))
    return Progress(
        written=time.strftime("%Y-%m-%d %H:%M:%S"),
        experiments=len(live.outline.experiments),
        sentences=[*_sentences(state, seconds)],
        awaited=[*_awaited(live, finished)],
        jobs=[_job(job) for job in state.photos if job.state != State.WAITING],
        runs=[_run(run, training, finished, trainings) for run, training in pairs],
        curves=[_curve(run, one, trainings) for run, one in pairs if _is_training(run)][:_MAX_CURVES],
        has_forecast=seconds is not None,
    )


def about(seconds: float) -> str:
    """Format a forecast of a duration in as many digits as it deserves: `about 40 s`, `about 12 min`, `about 3 h`."""
    if seconds < 90:
        return f"about {max(10, round(seconds, -1)):.0f} s"
    step = 60 if seconds < 7200 else 600
    return f"about {duration(max(step, step * round(seconds / step)))}"


def _sentences(state: StudyState, seconds: float | None) -> Iterator[str]:
    counts = Counter(run.state for run in state.runs)
    parts = [f"{counts[one]} {one}" for one in _ORDER if counts[one]]
    yield f"Of {count_noun(len(state.runs), 'training run')}, {enumerate_words(parts)}."
    alive = state.workflow.is_alive
    if alive is False:
        yield "Snakemake is not running; started again, it goes on with what is missing."
    if seconds is None:
        yield "There is no forecast of the time before the first epoch of a training run has ended."
    elif alive is False:
        yield f"What is missing takes {about(seconds)}, as a forecast."
    else:
        clock = time.strftime("%H:%M" if seconds < 43_200 else "%Y-%m-%d %H:%M", time.localtime(time.time() + seconds))
        yield f"Forecast for the whole study: {about(seconds)} left, until {clock}."


def _awaited(live: LiveStudy, finished: Finished) -> Iterator[str]:
    """Yield what the page does not show yet."""
    if not finished.runs:
        yield "results, from the first evaluated network on"
        return
    seeds = Counter(name for name, _ in finished.runs)
    missing = [one.name for one in live.outline.experiments if not seeds[one.name]]
    if missing:
        yield f"{count_noun(len(missing), 'experiment')} without a result ({enumerate_words(missing)})"
    some = [f"{name}, {count} of {len(live.outline.seeds)}" for name, count in seeds.items()]
    some = [text for text, count in zip(some, seeds.values(), strict=True) if count < len(live.outline.seeds)]
    if some:
        yield f"other seeds of {'; '.join(some)}"


def _job(state: JobState) -> JobProgress:
    name = state.job.step
    return JobProgress(f"{name[0].upper()}{name[1:]}", state.state, state.reason, _log(state))


def _log(state: JobState) -> str:
    return str(state.job.log) if state.job.log.exists() else ""


def _run(run: RunState, training: Training, finished: Finished, trainings: Sequence[Training]) -> RunProgress:
    planned, now = run.planned, run.now
    return RunProgress(
        name=planned.experiment,
        seed=planned.seed,
        state=run.state,
        epochs=f"{training.epochs} of {training.max_epochs}" if training.epochs else "",
        accuracy=_accuracy(finished.runs, (planned.experiment, planned.seed)),
        detail=" ".join(filter(None, _details(run, training, trainings))),
        log=_log(now) if now and run.state in (State.FAILED, State.RUNNING, State.INTERRUPTED) else "",
    )


def _accuracy(runs: Mapping[Key, object], key: Key) -> str:
    run = runs.get(key)
    if run is None:
        return ""
    return "diverged" if run.diverged else f"{100 * run.metrics.accuracy:.1f}%"  # type: ignore[attr-defined]


def _details(run: RunState, training: Training, trainings: Sequence[Training]) -> Iterator[str]:
    now = run.now
    if now is None:
        return
    if run.searched:
        yield f"Search: {run.searched[0]} of {count_noun(run.searched[1], 'training run')}."
    if run.state == State.TRAINED:
        yield f"Not yet done: {now.job.step}."
    elif run.state != State.WAITING:
        yield f"{now.job.step[0].upper()}{now.job.step[1:]}{': ' + now.reason if now.reason else '.'}"
    elif now.reason:
        yield f"{now.reason[0].upper()}{now.reason[1:]}."
    if _is_training(run) and (left := forecast_training(training, trainings)) is not None:
        yield f"{about(left)[0].upper()}{about(left)[1:]} left."
    if run.outdated:
        yield f"Results that are there are not those of the configuration: {run.outdated}."


def _is_training(run: RunState) -> bool:
    return run.state == State.RUNNING and bool(run.now and run.now.rows) and not run.searched


def _curve(run: RunState, training: Training, trainings: Sequence[Training]) -> RunningCurve:
    history = pd.DataFrame(run.now.rows if run.now else None).replace([np.inf, -np.inf], np.nan)
    title = f"{run.planned.experiment}, seed {run.planned.seed}"
    epochs = round(forecast_epochs(training, trainings))
    left = forecast_training(training, trainings)
    detail = f"Epoch {training.epochs} of at most {training.max_epochs}, expected to end after about {epochs}"
    return RunningCurve(
        title,
        embed_figure(plot_curves(history, training.best_epoch, title)),
        f"{detail}{f': {about(left)} left' if left is not None else ''}.",
    )
