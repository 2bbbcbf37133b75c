"""What the page of a study that is not complete says about its progress, as texts."""

from collections.abc import Sequence
from dataclasses import dataclass

from canigatti.report.page.embedding import EmbeddedImage


@dataclass(frozen=True)
class JobProgress:
    """A job of the photos: its state, what it does or why it failed, and the path of its log."""

    name: str
    state: str
    detail: str
    log: str


@dataclass(frozen=True)
class RunProgress(JobProgress):
    """An experiment with one seed: its epochs and its test accuracy as texts, which are empty before there are any."""

    seed: int
    epochs: str
    accuracy: str


@dataclass(frozen=True)
class RunningCurve:
    """The learning curve of a training run so far."""

    title: str
    plot: EmbeddedImage
    detail: str


@dataclass(frozen=True)
class Progress:
    """The progress of a study.

    Attributes:
        written: date and time of the page.
        experiments: number of experiments of the study, finished or not.
        sentences: on the study as a whole.
        awaited: what the page does not show yet.
        jobs: of the photos, those that are not done.
        runs: the most urgent first.
        curves: of the training runs that run now.
        has_forecast: whether any of the texts is a forecast.
    """

    written: str
    experiments: int
    sentences: Sequence[str]
    awaited: Sequence[str]
    jobs: Sequence[JobProgress]
    runs: Sequence[RunProgress]
    curves: Sequence[RunningCurve]
    has_forecast: bool
