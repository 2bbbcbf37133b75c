"""The page of a study from what is there, while Snakemake runs or after it failed."""

import tempfile
import time
from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path

from canigatti.files import InputError, write_text
from canigatti.live.finished import Finished, read_finished, read_partial_study
from canigatti.live.states import State, read_states
from canigatti.live.study import LiveStudy
from canigatti.live.texts import describe
from canigatti.live.timing import expected_trainings, read_remaining, read_trainings
from canigatti.photos.records import ClassNames, PhotosSummary, SourceRecord
from canigatti.plots import save
from canigatti.report.conclusions import conclude
from canigatti.report.costs import accuracy_and_cost
from canigatti.report.edition import code_version
from canigatti.report.forecast import forecast_study
from canigatti.report.page.beginning import InspectedPhotos, render_beginning
from canigatti.report.page.embedding import quick_embedding
from canigatti.report.page.progress import Progress
from canigatti.report.page.rendering import Conclusions, render
from canigatti.report.plots import plot_accuracy_cost
from canigatti.report.results import StudyResults, read_photo_plots, read_search_seconds

_ATTEMPTS = 5  # Snakemake may delete a file between two looks at it
_PAUSE_SECONDS = 0.5


@dataclass(frozen=True)
class LivePage:
    """A page.

    Attributes:
        html: the page.
        summary: a line about the state of the study.
    """

    html: str
    summary: str


def page_path(live: LiveStudy) -> Path:
    """Return the path of the page: in a folder of its own, because a rule's outputs are deleted when it runs."""
    return live.folder / "live" / "index.html"


def write_page(live: LiveStudy) -> LivePage:
    """Write the page of a study, and return it.

    Raises:
        InputError: a file is damaged; the message names it.
        OSError: the page cannot be written.
    """
    page = read_page(live)
    write_text(page_path(live), page.html)
    return page


def read_page(live: LiveStudy) -> LivePage:
    """Return the page of a study.

    Raises:
        InputError: a file is damaged, and still is when it is read again; the message names it.
    """
    for attempt in range(_ATTEMPTS):
        try:
            return _read_page(live)
        except InputError:
            if attempt == _ATTEMPTS - 1:
                raise
        time.sleep(_PAUSE_SECONDS)
    raise AssertionError("unreachable")


def _read_page(live: LiveStudy) -> LivePage:
    finished = read_finished(live.outline, live.folder)
    state = read_states(live.study, live.folder, live.read_workflow(), finished)
    trainings = read_trainings(state, live.folder)
    seconds = forecast_study(expected_trainings(state, trainings), read_remaining(state, live.folder))
    progress = describe(live, state, finished, trainings, seconds)
    is_complete = all(run.state == State.FINISHED for run in state.runs)
    with nullcontext() if is_complete else quick_embedding():
        html = _render(live, finished, None if is_complete else progress)
    return LivePage(html, " ".join(progress.sentences))


def _render(live: LiveStudy, finished: Finished, progress: Progress | None) -> str:
    results = read_partial_study(live.outline, live.folder, [*finished.runs.values()])
    if results is None:
        if progress is None:
            raise InputError(f"{live.folder}: all training runs diverged, so there is nothing to compare")
        return render_beginning(live.outline, _inspected(live.folder), progress)
    conclusions = conclude(results)
    with tempfile.TemporaryDirectory() as folder:
        plot = Path(folder, "accuracy-cost.png")
        _plot_accuracy_cost(results, conclusions, live.folder, plot)
        return render(replace(results, accuracy_cost=plot), conclusions, code_version(), progress, "../report/")


def _plot_accuracy_cost(results: StudyResults, conclusions: Conclusions, folder: Path, path: Path) -> None:
    ranking = conclusions.evidence.ranking
    searches = read_search_seconds(results.outline, folder)
    costs = accuracy_and_cost(results.runs, conclusions.tables["all"], searches, ranking)
    save(plot_accuracy_cost(costs, ranking), path)


def _inspected(folder: Path) -> InspectedPhotos | None:
    """Return the photos; None before they are inspected."""
    photos = folder / "photos"
    try:
        return InspectedPhotos(
            classes=ClassNames.read(photos / "classes.json").names,
            source=SourceRecord.read(photos / "source.json"),
            summary=PhotosSummary.read(photos / "summary.json"),
            plots=read_photo_plots(folder, is_complete=False),
        )
    except InputError:
        return None
