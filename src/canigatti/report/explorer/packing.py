"""What the script of the explorer needs, in few bytes."""

import base64
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from canigatti.report.explorer.comparing import ComparedPhotos
from canigatti.report.explorer.reading import TestedStudy

LEAST_CERTAIN = 100  # photos in the list of the least certain ones
_PROBABILITY_STEPS = 10_000  # probabilities are rounded to 0.01%
_UNTESTED = 0xFFFF  # of a photo that a network did not test


def pack(study: TestedStudy, photos: ComparedPhotos, paths: Sequence[str]) -> dict[str, Any]:
    """Return the data of the page's script, which it reads as JSON.

    Args:
        study: the study.
        photos: those on the page, in its order.
        paths: of these photos in the source.

    Returns:
        Lists with one element per photo; and for each kind of value of a photo and a network, base64 of unsigned 16-bit
        numbers, little endian, network by network: labels, and probabilities in steps of 0.01%, 65535 if the
        network did not test the photo.
    """
    names = study.groups.reindex(photos.ids)
    members = _near_duplicates(study.groups, names)
    places = {name: place for place, name in enumerate(members)}
    return {
        "classes": [*study.classes],
        "networks": [[one.experiment, one.seed] for one in study.networks],
        "ids": photos.ids.tolist(),
        "paths": [*paths],
        "labels": photos.labels.tolist(),
        "wrong": photos.wrong.tolist(),
        "tested": photos.tested.tolist(),
        "disputed": photos.is_disputed.astype(int).tolist(),
        "certainty": [round(float(value), 4) for value in photos.certainty],
        "least": LEAST_CERTAIN,
        "ranks": certainty_ranks(photos).tolist(),
        "groups": [places.get(name, -1) for name in names],
        "members": [*members.values()],
        "predicted": _base64(np.where(photos.is_tested, photos.predicted, _UNTESTED)),
        "probabilities": _base64(_quantize(photos.probabilities)),
        "trueProbabilities": _base64(_quantize(photos.true_probabilities)),
    }


def certainty_ranks(photos: ComparedPhotos) -> np.ndarray:
    """Return the rank of each photo by certainty, (n,), int64, 0 for the least certain one."""
    ranks = np.empty(len(photos), np.int64)
    ranks[np.argsort(photos.certainty, kind="stable")] = np.arange(len(photos))
    return ranks


def _near_duplicates(groups: pd.Series, shown: pd.Series) -> dict[str, list[str]]:
    """Return the photos of each group that has at least two photos, one of which is shown."""
    alike = groups[groups.isin(shown) & groups.duplicated(keep=False)]
    return {str(name): [*ids] for name, ids in alike.groupby(alike, sort=False).groups.items()}


def _quantize(values: np.ndarray) -> np.ndarray:
    return np.where(np.isnan(values), _UNTESTED, np.round(np.nan_to_num(values) * _PROBABILITY_STEPS))


def _base64(values: np.ndarray) -> str:
    """Return the columns of (n, networks), one after the other."""
    return base64.b64encode(values.T.astype("<u2").tobytes()).decode("ascii")
