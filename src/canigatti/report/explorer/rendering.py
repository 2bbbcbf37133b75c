"""The page of the explorer: one HTML file that loads no other file and needs no network."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np

from canigatti.pages import source_hash, template_environment
from canigatti.report.explorer.comparing import UNTESTED, ComparedPhotos
from canigatti.report.explorer.packing import LEAST_CERTAIN, certainty_ranks, pack
from canigatti.report.explorer.reading import TestedStudy
from canigatti.report.explorer.thumbnails import Thumbnail

MAX_REJECTED = 300  # rows of the list of rejected files; the manifest lists all
_MOST_CLASSES = 3  # named in the line of a photo
_FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Card:
    """A photo on the page.

    Attributes:
        anchor: its place on the page, in the form that addresses have.
        label: name of its class.
        outcome: what the networks made of it.
        group: ids of its near duplicates; empty if it has none.
        certainty: mean over the networks, 0 to 1.
    """

    id: str
    anchor: str
    label: str
    outcome: str
    group: tuple[str, ...]
    certainty: float
    image: Thumbnail


def render(study: TestedStudy, photos: ComparedPhotos, images: Sequence[Thumbnail], total: int) -> str:
    """Return the page as HTML; the same photos and predictions give the same text.

    Args:
        study: the study.
        photos: those on the page, in the order of :func:`canigatti.report.explorer.comparing.compare_photos`.
        images: of these photos.
        total: the number of test photos, on the page or not.
    """
    paths = study.kept.set_index("id")["path"].reindex(photos.ids)
    data = pack(study, photos, paths.tolist())
    cards = _cards(study, photos, images, data)
    ranks, wrong, tested, disputed = certainty_ranks(photos), photos.wrong, photos.tested, photos.is_disputed
    least = [cards[place] for place in np.argsort(ranks)[:LEAST_CERTAIN]]
    parts = {
        "wrong": [card for card, part in zip(cards, wrong == tested, strict=True) if part],
        "disagree": [card for card, part in zip(cards, (wrong > 0) & (wrong < tested), strict=True) if part],
        "right": [card for card, part in zip(cards, wrong == 0, strict=True) if part],
    }
    counts = {"all": len(cards), "wrong": len(parts["wrong"]), "disagree": int(disputed.sum()), "least": len(least)}
    counts |= {"duplicates": sum(place >= 0 for place in data["groups"]), "rejected": len(study.rejected)}
    style, script = ((_FOLDER / name).read_text(encoding="utf-8") for name in ("style.css", "explorer.js"))
    return (
        template_environment(_FOLDER)
        .get_template("template.html.j2")
        .render(
            study=study,
            data=data,
            parts=parts,
            counts=counts,
            total=total,
            least=least,
            disputed_errors=[card for card, both in zip(cards, disputed & (wrong == tested), strict=True) if both],
            groups=data["members"],
            anchors={card.id: card.anchor for card in cards},
            rejected=study.rejected[:MAX_REJECTED],
            experiments=len({one.experiment for one in study.networks}),
            several=len({one.seed for one in study.networks}) > 1,
            is_partly_tested=bool((tested < len(study.networks)).any()),
            style=style,
            script=script,
            style_hash=source_hash(style),
            script_hash=source_hash(script),
        )
    )


def _cards(study: TestedStudy, photos: ComparedPhotos, images: Sequence[Thumbnail], data: dict[str, Any]) -> list[Card]:
    outcomes = _outcomes(photos, study.classes)
    return [
        Card(
            id=name,
            anchor=f"photo={quote(name, safe='')}",
            label=study.classes[label],
            outcome=outcome,
            group=tuple(one for one in data["members"][group] if one != name) if group >= 0 else (),
            certainty=float(certainty),
            image=image,
        )
        for name, label, outcome, group, certainty, image in zip(
            photos.ids, photos.labels, outcomes, data["groups"], photos.certainty, images, strict=True
        )
    ]


def _outcomes(photos: ComparedPhotos, classes: Sequence[str]) -> list[str]:
    """Describe what the networks made of each photo, such as `wrong: 2 of 3 (dog 2, cat 1)`."""
    texts = []
    for predicted, wrong, tested in zip(photos.predicted, photos.wrong, photos.tested, strict=True):
        counts = Counter(predicted[predicted != UNTESTED].tolist())
        if not wrong:
            texts.append(f"right: {tested} of {tested}")
            continue
        several = len(counts) > 1
        named = [classes[label] + (f" {n}" if several else "") for label, n in counts.most_common(_MOST_CLASSES)]
        others = ["…"] if len(counts) > _MOST_CLASSES else []
        texts.append(f"wrong: {wrong} of {tested} ({', '.join([*named, *others])})")
    return texts
