"""What the page says about the probabilities of the networks."""

from typing import Any

from canigatti.report.calibration import (
    CALIBRATION_NOTE,
    PROMISE_NOTE,
    calibration_texts,
    error_sentence,
    promise_sentence,
    promise_texts,
    temperature_sentence,
)
from canigatti.report.page.embedding import embed
from canigatti.report.results import Run, StudyResults


def calibration_context(study: StudyResults, best: Run) -> dict[str, Any]:
    """Return what the template `calibration.html.j2` shows.

    Args:
        study: all results.
        best: a run of the best experiment.
    """
    firsts = {run.experiment: run for run in reversed(study.runs) if not run.diverged}
    runs = [firsts[listed.name] for listed in study.outline.experiments if listed.name in firsts]
    return {
        "calibration_tables": [
            (CALIBRATION_NOTE, "Calibration of the probabilities", calibration_texts(runs).to_dict("split")),
            (PROMISE_NOTE, "Answers with a promised error", promise_texts(runs).to_dict("split")),
        ],
        "best_run": best,
        "best_sentences": sentences_of(best),
        "reliability": embed(best.plots["reliability"]),
    }


def sentences_of(run: Run) -> tuple[list[str], list[str]]:
    """Return sentences on the probabilities of a network, and sentences on the errors that it can promise."""
    calibration = run.calibration
    about = [temperature_sentence(calibration), error_sentence(calibration)]
    return [text for text in about if text], [promise_sentence(point, calibration) for point in calibration.points]
