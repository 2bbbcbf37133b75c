"""The page of a study of which no experiment is finished: the study, its photos, and its progress."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from canigatti.config import Outline
from canigatti.photos.records import PhotosSummary, SourceRecord
from canigatti.report.page.classes import class_context
from canigatti.report.page.embedding import embed
from canigatti.report.page.headline import Headline
from canigatti.report.page.progress import Progress
from canigatti.report.page.rendering import MAX_REJECTED, commands, page_environment, rejections
from canigatti.report.page.settings import compare_settings
from canigatti.report.ranking import RANKINGS

_NOTHING = Headline(None, "", "", "", [], False, False, "", [], False)


@dataclass(frozen=True)
class InspectedPhotos:
    """The photos of a study.

    Attributes:
        classes: names of the classes, label 0 first.
        plots: paths of their plots (PNG) by name, which exist; empty before they are drawn.
    """

    classes: tuple[str, ...]
    source: SourceRecord
    summary: PhotosSummary
    plots: dict[str, Path]


def render_beginning(outline: Outline, inspected: InspectedPhotos | None, progress: Progress) -> str:
    """Return the page as HTML.

    Args:
        outline: the study.
        inspected: its photos; None before they are inspected.
        progress: of the study.

    Raises:
        InputError: an image cannot be read.
    """
    nothing: dict[str, Any] = dict.fromkeys(("robustness", "learning_curve", "derived", "corrections"))
    nothing |= {name: [] for name in ("sections", "splits", "findings", "details", "image_sizes", "resize_modes")}
    context = {
        **nothing,
        **(_photos_context(inspected) if inspected else _unknown_photos(outline)),
        "outline": outline,
        "progress": progress,
        "headline": _NOTHING,
        "ranking": RANKINGS[outline.rank_by],
        "randomly_initialized": set(),
        "diverged": {},
        "divided_groups": {},
        "settings": compare_settings([]),
        "commands": commands(outline, outline.experiments[0].name),
    }
    return page_environment().get_template("template.html.j2").render(context)


def _unknown_photos(outline: Outline) -> dict[str, Any]:
    return {
        "classes": (),
        "question": f"The study {outline.study}",
        "class_list": "several classes",
        "unequal": [],
        "photos": None,
        "source": None,
    }


def _photos_context(inspected: InspectedPhotos) -> dict[str, Any]:
    summary = inspected.summary
    return class_context(inspected.classes, summary.kept) | {
        "photos": summary,
        "source": inspected.source,
        "photo_plots": {name: embed(path) for name, path in inspected.plots.items()},
        "verdicts": [(verdict, count, verdict.description) for verdict, count in rejections(summary)],
        "rejected": summary.rejected[:MAX_REJECTED],
    }
