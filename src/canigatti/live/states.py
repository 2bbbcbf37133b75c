"""The state of every run of a study: finished, running, waiting, failed, or interrupted, and why."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

from canigatti.config import Study
from canigatti.live.finished import Finished, Key
from canigatti.live.jobs import Job, PlannedRun, photo_jobs, planned_runs, run_jobs, search_jobs
from canigatti.live.logs import failure_in, last_change
from canigatti.ownership import is_claimed
from canigatti.training.checkpoint import Rows, read_rows

_WITHOUT_ERROR = "it ended without a result and without an error, as a process that is killed, such as for its memory"


class State(StrEnum):
    """What a run, or another job, does now."""

    FINISHED = "finished"
    RUNNING = "running"
    WAITING = "waiting"
    FAILED = "failed"
    INTERRUPTED = "interrupted"
    TRAINED = "trained"


@dataclass(frozen=True)
class Workflow:
    """The Snakemake that computes the results of a study.

    Attributes:
        is_alive: whether it runs now; None if that cannot be known.
        started: when the last one started, seconds (Unix time); 0 if unknown.
    """

    is_alive: bool | None
    started: float


@dataclass(frozen=True)
class JobState:
    """A job that is not done.

    Attributes:
        reason: why it does not run; empty if it does, or if it only waits for its turn.
        rows: of the history of a training run so far, see :data:`canigatti.training.records.HISTORY`.
    """

    job: Job
    state: State
    reason: str = ""
    rows: Rows | None = None


@dataclass(frozen=True)
class RunState:
    """A run of a study.

    Attributes:
        now: the job that the run has come to; None if the run is finished.
        searched: number of finished training runs of its search, and their number; None without a search.
        outdated: why results that exist are not those of the configuration; empty if they are.
        is_trained: whether its network is trained, evaluated or not.
    """

    planned: PlannedRun
    state: State
    is_trained: bool
    now: JobState | None = None
    searched: tuple[int, int] | None = None
    outdated: str = ""


@dataclass(frozen=True)
class StudyState:
    """All runs of a study, and the jobs before them that are not done."""

    workflow: Workflow
    photos: Sequence[JobState]
    runs: Sequence[RunState]


def read_states(study: Study, folder: Path, workflow: Workflow, finished: Finished) -> StudyState:
    """Read the state of a study from its folder.

    Args:
        study: the study.
        folder: results/<study>.
        workflow: the last Snakemake.
        finished: the finished runs.
    """
    photos = [state_of(job, workflow) for job in photo_jobs(study, folder) if not job.is_done]
    runs: dict[Key, RunState] = {}
    for planned in planned_runs(study):
        key = (planned.experiment, planned.seed)
        done = key in finished.runs or (
            not planned.is_compared and all(job.is_done for job in run_jobs(planned, folder))
        )
        if done:
            runs[key] = RunState(planned, State.FINISHED, True)
        else:
            runs[key] = _unfinished(planned, folder, workflow, finished.outdated.get(key, ""))
    return StudyState(workflow, photos, [_with_cause(run, runs, photos) for run in runs.values()])


def state_of(job: Job, workflow: Workflow) -> JobState:
    """Return the state of a job that is not done.

    Args:
        job: the job.
        workflow: the last Snakemake. A log that is older than it is that of an earlier attempt.
    """
    if is_claimed(job.claims) and not job.is_done:
        return JobState(job, State.RUNNING, rows=read_rows(job.checkpoint) if job.checkpoint else None)
    written, rows = last_change(job.log), read_rows(job.checkpoint) if job.checkpoint else None
    error = failure_in(job.log)
    if workflow.is_alive and (written is None or written < workflow.started):
        return JobState(job, State.WAITING, f"it failed in an earlier attempt: {error}" if error else "", rows)
    if error:
        return JobState(job, State.FAILED, error, rows)
    if workflow.is_alive:
        return JobState(job, State.FAILED, _WITHOUT_ERROR, rows)
    if rows:
        return JobState(job, State.INTERRUPTED, f"after {len(rows)} epochs; the next start resumes there", rows)
    return JobState(job, State.WAITING)


def _unfinished(planned: PlannedRun, folder: Path, workflow: Workflow, outdated: str) -> RunState:
    jobs = run_jobs(planned, folder)
    searching = list(search_jobs(planned, folder))
    is_trained = jobs[0].is_done and not outdated
    if searching and not searching[-1].is_done:
        states = [state_of(job, workflow) for job in searching if not job.is_done]
        now = min(states, key=lambda one: _URGENCY.index(one.state))
        done = sum(job.is_done for job in searching[:-1]), len(searching) - 1
        return RunState(planned, now.state, is_trained, now, done, outdated)
    waiting = [job for job in jobs if not job.is_done]
    now = state_of(waiting[0] if waiting else jobs[0], workflow)
    state = State.TRAINED if is_trained and now.state == State.WAITING else now.state
    return RunState(planned, state, is_trained, now, None, outdated)


_URGENCY = (State.RUNNING, State.FAILED, State.INTERRUPTED, State.WAITING, State.FINISHED)


def _with_cause(run: RunState, runs: Mapping[Key, RunState], photos: Sequence[JobState]) -> RunState:
    """Return the run; one that waits, with what it waits for."""
    if run.now is None or run.state != State.WAITING or run.now.reason:
        return run
    reason, parent = "", runs.get((run.planned.settings.start_from or "", run.planned.seed))
    if failed := next((one for one in photos if one.state == State.FAILED), None):
        reason = f"{failed.job.step} has failed"
    elif photos:
        reason = f"first: {photos[0].job.step}"
    elif parent and not parent.is_trained:
        verb = "has failed" if parent.state == State.FAILED else "is trained first"
        reason = f"{parent.planned.experiment}, from which it starts, {verb}"
    return replace(run, now=replace(run.now, reason=reason))
