"""The test photos of all networks side by side: one row per photo, one column per network."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Self

import numpy as np
import pandas as pd

from canigatti.files import InputError
from canigatti.report.explorer.reading import TrainedNetwork

UNTESTED = -1  # the predicted label of a photo that is not in the test set of a network


@dataclass(frozen=True, eq=False)
class ComparedPhotos:
    """Test photos, and what each network made of them.

    Attributes:
        ids: (n,), ids in the manifest.
        labels: (n,), int64, the true labels.
        predicted: (n, networks), int64, the predicted labels, or `UNTESTED`.
        probabilities: (n, networks), of the predicted label, 0 to 1; NaN if untested.
        true_probabilities: (n, networks), of the true label, 0 to 1; NaN if untested.
        certainty: (n,), 0 to 1, mean over the networks that tested a photo of the difference between the two most
            probable classes.
    """

    ids: np.ndarray
    labels: np.ndarray
    predicted: np.ndarray
    probabilities: np.ndarray
    true_probabilities: np.ndarray
    certainty: np.ndarray

    def __len__(self) -> int:
        """Return the number of photos."""
        return len(self.ids)

    @property
    def is_tested(self) -> np.ndarray:
        """Whether a photo is in the test set of a network, (n, networks), bool."""
        return self.predicted != UNTESTED

    @property
    def tested(self) -> np.ndarray:
        """The number of networks that tested each photo, (n,), at least 1."""
        return np.asarray(self.is_tested.sum(axis=1))

    @property
    def wrong(self) -> np.ndarray:
        """The number of networks that classify each photo incorrectly, (n,)."""
        return np.asarray((self.is_tested & (self.predicted != self.labels[:, None])).sum(axis=1))

    @property
    def is_disputed(self) -> np.ndarray:
        """Whether networks classify a photo differently, (n,), bool."""
        lowest = np.where(self.is_tested, self.predicted, np.iinfo(np.int64).max).min(axis=1)
        return np.asarray(lowest != self.predicted.max(axis=1))

    def take(self, rows: np.ndarray) -> Self:
        """Return the photos at these positions, in this order."""
        return type(self)(**{field.name: getattr(self, field.name)[rows] for field in fields(self)})


def compare_photos(networks: Sequence[TrainedNetwork]) -> ComparedPhotos:
    """Return every photo that at least one network tested.

    First come the photos that all networks get wrong, then those that some get wrong, then the others; in each part
    those that most networks get wrong, of these the least certain ones, ties by id.

    Args:
        networks: at least one.

    Raises:
        InputError: two networks were tested with different labels of a photo.
    """
    labels = _labels(networks)
    index = labels.index
    shape = len(index), len(networks)
    predicted = np.full(shape, UNTESTED, np.int64)
    probabilities, true_probabilities, margins = (np.full(shape, np.nan) for _ in range(3))
    for column, network in enumerate(networks):
        made = network.predictions
        rows, positions = index.get_indexer(made.ids), np.arange(len(made))
        predicted[rows, column] = made.predicted
        probabilities[rows, column] = made.probabilities[positions, made.predicted]
        true_probabilities[rows, column] = made.probabilities[positions, made.labels]
        second, first = np.partition(made.probabilities, -2, axis=1)[:, -2:].T
        margins[rows, column] = first - second
    photos = ComparedPhotos(
        ids=index.to_numpy(dtype=object),
        labels=labels.to_numpy(dtype=np.int64),
        predicted=predicted,
        probabilities=probabilities,
        true_probabilities=true_probabilities,
        certainty=np.nanmean(margins, axis=1),
    )
    return photos.take(_order(photos))


def _labels(networks: Sequence[TrainedNetwork]) -> pd.Series:
    """Return the label of each photo, by id."""
    pairs = pd.concat(
        [pd.DataFrame({"id": one.predictions.ids, "label": one.predictions.labels}) for one in networks]
    ).drop_duplicates()
    if (repeated := pairs["id"].duplicated()).any():
        raise InputError(
            f"evaluation: expected one label of each test photo, but networks were tested with different labels of "
            f"{pairs['id'][repeated].iloc[0]}; evaluate them again"
        )
    return pairs.set_index("id")["label"]


def _order(photos: ComparedPhotos) -> np.ndarray:
    wrong, tested = photos.wrong, photos.tested
    by_id = np.argsort(photos.ids.astype(str), kind="stable")
    part = np.where(wrong == tested, 0, np.where(wrong > 0, 1, 2))
    order = np.lexsort((photos.certainty[by_id], -wrong[by_id], part[by_id]))  # the last key is the first one
    return np.asarray(by_id[order])
