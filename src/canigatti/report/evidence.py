"""Correct and incorrect predictions of each network, photo by photo."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from canigatti.evaluation.predictions import Predictions
from canigatti.files import InputError
from canigatti.report.intervals import Interval, grouped_mean_difference, mean_difference
from canigatti.report.results import Run


@dataclass(frozen=True, eq=False)
class Network:
    """The network of an experiment, trained once per seed.

    Attributes:
        name: name of the experiment.
        settings: the resolved spec of the experiment.
        correct: whether each test photo is classified correctly: one row per photo id, one boolean column per seed.
        groups: the group of each test photo, by photo id; photos of a group are not independent.
        loss: on the test photos, mean over seeds.
        best_epochs: by seed.
        seconds_per_epoch: by seed.
        random_initialization: whether the network started from random weights instead of the requested pretrained ones.
    """

    name: str
    settings: dict[str, Any]
    correct: pd.DataFrame
    groups: pd.Series
    loss: float
    best_epochs: pd.Series
    seconds_per_epoch: pd.Series
    parameters: int
    random_initialization: bool

    @property
    def split(self) -> str:
        """Name of the split that the network was trained and tested on."""
        return str(self.settings["split"])

    @property
    def correct_fraction(self) -> pd.Series:
        """Fraction of the seeds that classify each photo correctly, 0 to 1."""
        return self.correct.mean(axis="columns")

    @property
    def accuracy(self) -> float:
        """Accuracy on the test photos, mean over seeds, 0 to 1."""
        return float(self.correct_fraction.mean())


Pair = tuple[Network, Network]


def collect_networks(runs: Sequence[Run], groups: pd.Series) -> list[Network]:
    """Return one network per experiment in the order of the runs, without the runs that diverged.

    Args:
        runs: of the study.
        groups: the group of each photo, by photo id.

    Raises:
        InputError: two seeds of an experiment were tested on different photos, or a photo has no group.
    """
    converged = [run for run in runs if not run.diverged]
    names = dict.fromkeys(run.experiment for run in converged)
    return [_build_network([run for run in converged if run.experiment == name], groups) for name in names]


def _build_network(runs: Sequence[Run], groups: pd.Series) -> Network:
    """Build the network of one experiment from its runs, one per seed."""
    first = runs[0]
    correct = {run.seed: _is_correct(run.predictions) for run in runs}
    for seed, photos in correct.items():
        require_same_photos(f"{first.experiment}/seed{seed}", photos.index, correct[first.seed].index)
    return Network(
        name=first.experiment,
        settings=first.training.spec.model_dump(mode="json"),
        correct=pd.DataFrame(correct),
        groups=_select_groups(groups, correct[first.seed].index),
        loss=float(np.mean([run.metrics.loss for run in runs])),
        best_epochs=pd.Series({run.seed: run.training.best_epoch for run in runs}),
        seconds_per_epoch=pd.Series({run.seed: run.training.seconds_per_epoch for run in runs}),
        parameters=first.training.parameters,
        random_initialization=first.training.random_initialization,
    )


def _select_groups(groups: pd.Series, photos: pd.Index) -> pd.Series:
    selected = groups.reindex(photos)
    if selected.isna().any():
        example = photos[selected.isna()][0]
        raise InputError(f"photos/groups.csv: expected a row for each test photo, but {example} has none")
    return selected


def _is_correct(predictions: Predictions) -> pd.Series:
    return pd.Series(predictions.correct, index=pd.Index(predictions.ids, name="id"))


def require_same_photos(run: str, photos: pd.Index, expected: pd.Index) -> None:
    """Check that the predictions of a run can be compared photo by photo.

    Args:
        run: folder of the run, `<experiment>/seed<seed>`.
        photos: ids of the run's test photos.
        expected: ids of the test photos of the other runs.

    Raises:
        InputError: the ids or their order differ.
    """
    if not photos.equals(expected):
        raise InputError(
            f"evaluation/{run}/predictions.csv: expected the same {len(expected):,} test photos as in the other "
            f"evaluations of this split, received {len(photos):,} different ones; evaluate this run again"
        )


def mean_gain(pairs: Sequence[Pair]) -> Interval:
    """Return the mean over pairs of the gain in accuracy, -1 to 1, with its 95% interval.

    Photos are the independent units of the interval, or groups of photos if two test photos are in the same one.
    """
    differences = paired_differences(pairs)
    groups = _groups_of(pairs, differences.index)
    if groups.is_unique:
        return mean_difference(differences.to_numpy())
    return grouped_mean_difference(differences.to_numpy(), groups.to_numpy())


def are_grouped(networks: Sequence[Network]) -> bool:
    """Return whether a network has two test photos in the same group."""
    return any(not network.groups.is_unique for network in networks)


def _groups_of(pairs: Sequence[Pair], photos: pd.Index) -> pd.Series:
    groups = pd.concat([network.groups for pair in pairs for network in pair])
    return groups[~groups.index.duplicated()].reindex(photos)


def paired_differences(pairs: Sequence[Pair]) -> pd.DataFrame:
    """Return the correct fraction of the second network minus that of the first, for each photo and pair.

    Returns:
        One row per photo id, one column per pair, -1 to 1; NaN if the photo is not in the test set of both networks.
    """
    columns = {number: after.correct_fraction - before.correct_fraction for number, (before, after) in enumerate(pairs)}
    return pd.DataFrame(columns).dropna(how="all")
