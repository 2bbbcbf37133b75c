"""The page: one HTML file that loads no other file and needs no network."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from canigatti.audit.page.selection import Judgments, ShownPair, ShownPhoto, select_doubtful, select_pairs
from canigatti.audit.page.thumbnails import Thumbnail
from canigatti.audit.records import NEIGHBORS, FeaturesRecord
from canigatti.pages import source_hash, template_environment
from canigatti.photos.records import Verdict

Draw = Callable[[str], Thumbnail | None]  # from the path of a photo in the source

_FOLDER = Path(__file__).parent


def render(
    study: str,
    judgments: Judgments,
    features: FeaturesRecord,
    options: Mapping[str, Any],
    draw: Draw,
) -> str:
    """Return the page as HTML; the same photos and corrections give the same text.

    Args:
        study: its name.
        judgments: of all photos.
        features: which network the judgments come from.
        options: `shown`, the number of doubtful photos; `given`, whether a split came with the photos; `corrections`,
            those in effect, each with id, sha256, action, label and reason.
        draw: returns the thumbnail of a photo, or None if it cannot be decoded.
    """
    corrections = options["corrections"]
    corrected = [one["id"] for one in corrections]
    doubtful, outsiders = select_doubtful(judgments, options["shown"], corrected)
    pairs = {kind: select_pairs(judgments, kind, corrected) for kind in ("labels", "subsets")}
    title = f"Photos of {'neither' if len(judgments.classes) == 2 else 'no'} class"
    style, script = ((_FOLDER / name).read_text(encoding="utf-8") for name in ("style.css", "review.js"))
    return (
        template_environment(_FOLDER)
        .get_template("template.html.j2")
        .render(
            study=study,
            features=features,
            classes=judgments.classes,
            judged=len(judgments.audit),
            neighbors=NEIGHBORS,
            median=judgments.audit["similarity"].median(),
            doubtful=_with_images(doubtful, draw),
            outsiders_title=title,
            outsiders=_with_images(outsiders, draw),
            contradictions=_pairs_with_images(pairs["labels"][0], draw),
            more_contradictions=pairs["labels"][1],
            rejects_contradictory=_are_rejected(judgments, pairs["labels"][0]),
            leaks=_pairs_with_images(pairs["subsets"][0], draw),
            more_leaks=pairs["subsets"][1],
            given=options["given"],
            corrections=corrections,
            contents=_contents(title, options["given"]),
            style=style,
            script=script,
            style_hash=source_hash(style),
            script_hash=source_hash(script),
        )
    )


def _are_rejected(judgments: Judgments, pairs: Sequence[ShownPair]) -> bool:
    """Return whether the study rejects near duplicates with different labels, given the pairs of them."""
    ids = {photo.id for pair in pairs for photo in pair.photos}
    rows = judgments.manifest[judgments.manifest["id"].isin(ids)]
    return bool((rows["verdict"] == Verdict.CONTRADICTORY).any())


def _contents(outsiders: str, given: bool) -> list[tuple[str, str]]:
    leaks = [("leaks", "Near duplicates in different subsets")] if given else []
    return [
        ("labels", "Doubtful labels"),
        ("outsiders", outsiders),
        ("contradictions", "Near duplicates with different labels"),
        *leaks,
        ("corrections", "Corrections so far"),
    ]


def _with_images(photos: Sequence[ShownPhoto], draw: Draw) -> list[dict[str, Any]]:
    return [{**asdict(photo), "image": draw(photo.path)} for photo in photos]


def _pairs_with_images(pairs: Sequence[ShownPair], draw: Draw) -> list[dict[str, Any]]:
    return [{"title": pair.title, "photos": _with_images(pair.photos, draw)} for pair in pairs]
