"""How far a run of the workflow is, weighted by the cost of its jobs, and how long it will take."""

from collections import defaultdict
from collections.abc import Hashable, Mapping
from dataclasses import dataclass

from canigatti.terminal.costs import expected_seconds
from canigatti.terminal.naming import time_left, verb_and_noun

_PRIOR_SECONDS = 10.0  # of expected work, so that the first short jobs do not decide what the long ones are worth
_OVERDUE = 1.1  # a job that takes longer than expected is expected to take this much longer than it has
_FIRST_FORECAST = 0.02  # of the work must be done before a forecast is more than a guess


@dataclass(frozen=True)
class Job:
    """A job that waits or runs.

    Attributes:
        rule: name of its rule.
        seconds: expected duration, before the run has measured any.
        started: seconds since the epoch; 0 if it waits.
    """

    rule: str
    seconds: float
    started: float = 0.0

    @property
    def kind(self) -> str:
        """Jobs of a kind take longer or shorter than expected by the same factor; trials are trainings."""
        verb, noun = verb_and_noun(self.rule)
        return verb if verb == "train" else f"{verb} {noun}"


class Progress:
    """The jobs of a run: what they were expected to cost, and what the finished ones have.

    Work is in expected seconds of jobs, of which several can run at once.
    """

    def __init__(self) -> None:
        self.total = self.finished = 0
        self._waiting: dict[Hashable, Job] = {}
        self._running: dict[int, Job] = {}
        self._expected: dict[str, float] = defaultdict(float)
        self._measured: dict[str, float] = defaultdict(float)
        self._first = 0.0

    @property
    def has_started(self) -> bool:
        """Whether a job has started."""
        return self._first > 0

    def plan(self, counts: Mapping[str, int]) -> None:
        """Set the number of jobs by rule; jobs of a rule are taken to cost the same."""
        self.total = sum(counts.values())
        self._waiting = {
            (rule, n): Job(rule, expected_seconds(rule)) for rule, count in counts.items() for n in range(count)
        }

    def announce(self, jobs: Mapping[int, tuple[str, float]]) -> None:
        """Set rule and expected seconds of each job, by Snakemake's number of it."""
        self.total = len(jobs)
        self._waiting = {number: Job(*job) for number, job in jobs.items()}

    def start(self, number: int, rule: str, time: float) -> None:
        """Note that a job has started."""
        keys: list[Hashable] = [key for key, job in self._waiting.items() if key == number or job.rule == rule]
        waiting = self._waiting.pop(number if number in keys else keys[0]) if keys else None
        self._running[number] = Job(rule, waiting.seconds if waiting else expected_seconds(rule), time)
        self._first = self._first or time

    def finish(self, number: int, time: float) -> float | None:
        """Note that a job has finished, and return how many seconds it took; None if its start was not noted."""
        self.finished += 1
        job = self._running.pop(number, None)
        if job is None:
            return None
        self._expected[job.kind] += job.seconds
        self._measured[job.kind] += time - job.started
        return time - job.started

    def fail(self, number: int, time: float) -> float | None:
        """Note that a job has failed, and return after how many seconds; None if its start was not noted."""
        job = self._running.pop(number, None)
        return time - job.started if job else None

    def expects(self, number: int) -> float:
        """Return how many seconds a running job was expected to take, before the run measured any."""
        return self._running[number].seconds

    def text(self, time: float) -> str:
        """Return jobs, share of the work and time left, such as `8/16 · 57% · 12 min left`."""
        done, left = self.work(time)
        share = done / (done + left) if left else 1.0
        jobs = f"{self.finished:>{len(str(self.total))}}/{self.total}"
        if share == 1 or self.finished >= self.total:
            return f"{jobs} · 100%"
        percent = f"{jobs} · {min(99, int(100 * share))}%"
        return f"{percent} · {time_left(self.seconds_left(time))}" if share >= _FIRST_FORECAST else percent

    def seconds_left(self, time: float) -> float:
        """Return the forecast: the work left, at the rate of work per second of this run so far."""
        done, left = self.work(time)
        return left * (time - self._first) / done if done else left

    def work(self, time: float) -> tuple[float, float]:
        """Return the work done and the work left."""
        factors = {job.kind: self._factor(job.kind) for job in (*self._waiting.values(), *self._running.values())}
        overdue = {job.kind: _OVERDUE * (time - job.started) / job.seconds for job in self._running.values()}
        for kind, factor in overdue.items():
            if not self._expected.get(kind):
                factors[kind] = max(factors[kind], factor)
        done, left = sum(self._measured.values()), 0.0
        for job in self._waiting.values():
            left += job.seconds * factors[job.kind]
        for job in self._running.values():
            elapsed = time - job.started
            left += max(job.seconds * factors[job.kind], _OVERDUE * elapsed) - elapsed
            done += elapsed
        return done, left

    def _factor(self, kind: str) -> float:
        """Return how much longer jobs of a kind take than expected, from its finished jobs or else from all."""
        if self._expected.get(kind):
            return self._measured[kind] / self._expected[kind]
        measured, expected = sum(self._measured.values()), sum(self._expected.values())
        return (measured + _PRIOR_SECONDS) / (expected + _PRIOR_SECONDS)
