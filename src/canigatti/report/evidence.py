"""What each network of the study got right, photo by photo."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from canigatti.evaluation.metrics import THRESHOLD
from canigatti.files import InputError
from canigatti.report.results import Run


@dataclass(frozen=True, eq=False)
class Network:
    """An experiment's network, trained once with each seed.

    Attributes:
        name: the experiment's.
        settings: its resolved spec.
        right: whether each test photo was told rightly: photos by id, a column of booleans for each seed.
        loss: on the test photos, mean over seeds.
        best_epochs: by seed.
        seconds_per_epoch: by seed.
        random_initialization: whether random weights stand where pretrained ones were meant.
    """

    name: str
    settings: dict[str, Any]
    right: pd.DataFrame
    loss: float
    best_epochs: pd.Series
    seconds_per_epoch: pd.Series
    parameters: int
    random_initialization: bool

    @property
    def split(self) -> str:
        """Name of the split that it was trained and tested on."""
        return str(self.settings["split"])

    @property
    def share(self) -> pd.Series:
        """Share of the seeds that told each photo rightly, 0 to 1."""
        return self.right.mean(axis="columns")

    @property
    def accuracy(self) -> float:
        """Mean over seeds, 0 to 1."""
        return float(self.share.mean())


Pair = tuple[Network, Network]


def networks_of(runs: Sequence[Run]) -> list[Network]:
    """The networks of these runs, in their order, without those that diverged.

    Raises:
        InputError: two seeds of an experiment were tested on different photos.
    """
    told = [run for run in runs if not run.diverged]
    names = dict.fromkeys(run.experiment for run in told)
    return [_network([run for run in told if run.experiment == name]) for name in names]


def _network(seeds: Sequence[Run]) -> Network:
    first = seeds[0]
    right = {run.seed: _right(run.predictions) for run in seeds}
    for seed, photos in right.items():
        refuse_other_photos(f"{first.experiment}/seed{seed}", photos.index, right[first.seed].index)
    return Network(
        name=first.experiment,
        settings=first.training.spec.model_dump(mode="json"),
        right=pd.DataFrame(right),
        loss=float(np.mean([run.metrics.loss for run in seeds])),
        best_epochs=pd.Series({run.seed: run.training.best_epoch for run in seeds}),
        seconds_per_epoch=pd.Series({run.seed: run.training.seconds_per_epoch for run in seeds}),
        parameters=first.training.parameters,
        random_initialization=first.training.random_initialization,
    )


def _right(predictions: pd.DataFrame) -> pd.Series:
    told = predictions.set_index("id")
    return (told["probability"] > THRESHOLD) == (told["label"] == 1)


def refuse_other_photos(whose: str, photos: pd.Index, expected: pd.Index) -> None:
    """Make sure that predictions are comparable photo by photo.

    Raises:
        InputError: the ids differ, or their order.
    """
    if not photos.equals(expected):
        raise InputError(
            f"evaluation/{whose}/predictions.csv: expected the same {len(expected):,} test photos as in the split's "
            f"other evaluations, received {len(photos):,} others; evaluate it again"
        )


def differences(of_pairs: Sequence[Pair]) -> pd.DataFrame:
    """How much righter the second network of each pair is on each photo that tested both.

    Returns:
        Photos by id, a column a pair, -1 to 1; NaN where a photo is not in both test parts.
    """
    columns = {number: after.share - before.share for number, (before, after) in enumerate(of_pairs)}
    return pd.DataFrame(columns).dropna(how="all")
