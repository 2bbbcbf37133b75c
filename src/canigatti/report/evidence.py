"""What the networks of a study predicted, photo by photo and seed by seed."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from canigatti.evaluation.metrics import compute_metrics, photo_losses
from canigatti.files import InputError
from canigatti.report.guessing import guess_predictions
from canigatti.report.ranking import ACCURACY, Ranking
from canigatti.report.results import Run


@dataclass(frozen=True, eq=False)
class Network:
    """The network of an experiment, trained once per seed.

    A seed whose training diverged counts as always guessing the largest class: it has no network that could be used.

    Attributes:
        name: name of the experiment.
        settings: the resolved spec of the experiment.
        correct: whether each test photo is classified correctly: one row per photo id, one boolean column per seed.
        losses: cross-entropy of each test photo: one row per photo id, one column per seed that did not diverge.
        groups: the group of each test photo, by photo id; photos of a group are not independent.
        loss: on the test photos, mean over the seeds that did not diverge.
        validation: the metric that ranks on the validation set, mean over all seeds; NaN if it is undefined.
        validation_loss: on the validation set, mean over the seeds that did not diverge.
        best_epochs: by seed, of the seeds that did not diverge.
        seconds_per_epoch: by seed, of the seeds that did not diverge.
        random_initialization: whether the network started from random weights instead of the requested pretrained ones.
    """

    name: str
    settings: dict[str, Any]
    correct: pd.DataFrame
    losses: pd.DataFrame
    groups: pd.Series
    loss: float
    validation: float
    validation_loss: float
    best_epochs: pd.Series
    seconds_per_epoch: pd.Series
    parameters: int
    random_initialization: bool

    @property
    def split(self) -> str:
        """Name of the split that the network was trained and tested on."""
        return str(self.settings["split"])

    @property
    def seeds(self) -> int:
        """Number of training runs, including those that diverged."""
        return self.correct.shape[1]

    @property
    def correct_fraction(self) -> pd.Series:
        """Fraction of the seeds that classify each photo correctly, 0 to 1."""
        return self.correct.mean(axis="columns")

    @property
    def accuracy(self) -> float:
        """Accuracy on the test photos, mean over seeds, 0 to 1."""
        return float(self.correct_fraction.mean())


Pair = tuple[Network, Network]


def collect_networks(runs: Sequence[Run], groups: pd.Series, ranking: Ranking = ACCURACY) -> list[Network]:
    """Return one network per experiment in the order of the runs, without those of which all seeds diverged.

    Args:
        runs: of the study.
        groups: the group of each photo, by photo id.
        ranking: the metric that ranks.

    Raises:
        InputError: two seeds of an experiment were tested on different photos, or a photo has no group.
    """
    names = dict.fromkeys(run.experiment for run in runs if not run.diverged)
    return [_build_network([run for run in runs if run.experiment == name], groups, ranking) for name in names]


def _build_network(runs: Sequence[Run], groups: pd.Series, ranking: Ranking) -> Network:
    """Build the network of one experiment from its runs, one per seed."""
    converged = [run for run in runs if not run.diverged]
    first = converged[0]
    photos = pd.Index(first.predictions.ids, name="id")
    for run in converged:
        require_same_photos(f"{run.experiment}/seed{run.seed}", pd.Index(run.predictions.ids, name="id"), photos)
    used = [guess_predictions(first.predictions) if run.diverged else run.predictions for run in runs]
    return Network(
        name=first.experiment,
        settings=first.training.spec.model_dump(mode="json"),
        correct=pd.DataFrame(
            {run.seed: predictions.correct for run, predictions in zip(runs, used, strict=True)}, index=photos
        ),
        losses=pd.DataFrame({run.seed: photo_losses(run.predictions) for run in converged}, index=photos),
        groups=_select_groups(groups, photos),
        loss=float(np.mean([run.metrics.loss for run in converged])),
        validation=float(np.mean([_validation_value(run, ranking) for run in runs])),
        validation_loss=float(np.mean([photo_losses(run.validation).mean() for run in converged])),
        best_epochs=pd.Series({run.seed: run.training.best_epoch for run in converged}),
        seconds_per_epoch=pd.Series({run.seed: run.training.seconds_per_epoch for run in converged}),
        parameters=first.training.parameters,
        random_initialization=first.training.random_initialization,
    )


def _validation_value(run: Run, ranking: Ranking) -> float:
    """Return the metric that ranks on the validation set; that of a guess if the training diverged."""
    predictions = guess_predictions(run.validation) if run.diverged else run.validation
    if run.diverged and ranking.is_loss:
        return float(np.log(predictions.probabilities.shape[1]))  # of equal probabilities
    if ranking.is_accuracy:
        return float(predictions.correct.mean())
    value = getattr(compute_metrics(predictions), ranking.metric)
    return float("nan") if value is None else float(value)


def _select_groups(groups: pd.Series, photos: pd.Index) -> pd.Series:
    selected = groups.reindex(photos)
    if selected.isna().any():
        example = photos[selected.isna()][0]
        raise InputError(f"photos/groups.csv: expected a row for each test photo, but {example} has none")
    return selected


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


def are_grouped(networks: Sequence[Network]) -> bool:
    """Return whether a network has two test photos in the same group."""
    return any(not network.groups.is_unique for network in networks)
