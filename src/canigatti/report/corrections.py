"""What corrections have changed: how many photos of each subset, and the accuracy of each experiment."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from canigatti.config import Outline
from canigatti.evaluation.records import Metrics
from canigatti.photos.records import SPLIT, SUBSETS, corrected_parts


@dataclass(frozen=True)
class SubsetChange:
    """How many photos of a subset corrections have excluded and relabeled."""

    split: str
    subset: str
    photos: int
    excluded: int
    relabeled: int


@dataclass(frozen=True)
class AccuracyChange:
    """The accuracy of the same networks on the test set as it was assigned and after corrections, mean over seeds.

    Attributes:
        photos: number of test photos before and after.
        accuracy: before and after, 0 to 1.
    """

    experiment: str
    photos: tuple[int, int]
    accuracy: tuple[float, float]


@dataclass(frozen=True)
class AppliedCorrections:
    """The corrections that have changed something.

    Attributes:
        subsets: those in which photos have changed.
        experiments: those whose test set has changed, in the order of the outline.
    """

    subsets: tuple[SubsetChange, ...]
    experiments: tuple[AccuracyChange, ...]


def read_applied(
    outline: Outline, folder: Path, splits: Mapping[str, Path], seeds: Mapping[str, Sequence[int]]
) -> AppliedCorrections | None:
    """Read what corrections have changed in a study; None if they have changed nothing.

    Args:
        outline: the study.
        folder: results/<study>.
        splits: the files of the splits in use, as assigned, by name.
        seeds: those of each experiment that did not diverge; an experiment may be missing.

    Raises:
        InputError: a file is missing or invalid.
    """
    subsets = tuple(change for name, path in splits.items() for change in _compare(name, path))
    tested = {change.split for change in subsets if change.subset == "test"}
    experiments = tuple(
        _read_change(folder / "evaluation" / one.name, seeds[one.name])
        for one in outline.experiments
        if one.split in tested and one.name in seeds
    )
    return AppliedCorrections(subsets, experiments) if subsets else None


def _compare(split: str, path: Path) -> Iterable[SubsetChange]:
    before = SPLIT.read(path)
    after = pd.concat([SPLIT.read(part) for part in corrected_parts(path).values()]).set_index("id")["label"]
    for subset in SUBSETS:
        photos = before[before["part"] == subset]
        now = photos["id"].map(after)
        excluded, relabeled = int(now.isna().sum()), int((now.notna() & (now != photos["label"])).sum())
        if excluded or relabeled:
            yield SubsetChange(split, subset, len(photos), excluded, relabeled)


def _read_change(folder: Path, seeds: Sequence[int]) -> AccuracyChange:
    runs = [folder / f"seed{seed}" for seed in seeds]
    before, after = (
        [Metrics.read(run / name) for run in runs] for name in ("uncorrected/metrics.json", "metrics.json")
    )
    accuracies = [float(np.mean([metrics.accuracy for metrics in several])) for several in (before, after)]
    return AccuracyChange(folder.name, (before[0].n, after[0].n), (accuracies[0], accuracies[1]))
