"""The settings of a study for some photos: split, image sizes, batch size, epochs and learning rates."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from canigatti.photos.records import SUBSETS
from canigatti.scaffolding.survey import Survey

MIN_TEST_PHOTOS = 30  # of a class: an accuracy of 90% on them has a 95% interval from 74% to 97% (Wilson)
_SPLITS = ((80, 10, 10), (70, 15, 15), (64, 16, 20), (50, 20, 30))  # percent; the first with enough test photos
_DEFAULT_SPLIT = (64, 16, 20)  # if none has enough
_RESERVE = 1.1  # of the test photos: copies are found only when a study decodes all photos

_BASE_SIZES = (8, 16, 24, 32, 48, 64, 96)  # pixels; the base network halves them three times
_PRETRAINED_SIZES = (96, 128, 160, 192, 224)  # pixels; those of the ImageNet weights of MobileNetV2
_FEW_PHOTOS = 2_000  # training photos; with fewer, small batches give more training steps in an epoch
_BASE_STEPS = 1_500  # training steps of the base network, at least 15 epochs and at most 40


@dataclass(frozen=True)
class Limits:
    """Upper bounds of a study, which decide how long it takes.

    Attributes:
        base_size: image size of networks trained from scratch, pixels.
        pretrained_size: image size of pretrained networks, pixels.
        epochs: factor of the numbers of epochs.
        photos: number of photos, all classes together; None for all there are.
    """

    base_size: int = _BASE_SIZES[-1]
    pretrained_size: int = _PRETRAINED_SIZES[-1]
    epochs: float = 1.0
    photos: int | None = None


# From the longest study to the shortest, for `--minutes`. Fewer epochs cost the least accuracy, fewer photos the most.
ALL_LIMITS = (
    Limits(),
    Limits(epochs=0.6),
    Limits(64, 160, 0.6),
    Limits(64, 128, 0.4),
    *(Limits(64, 128, 0.4, photos) for photos in (16_000, 8_000, 4_000, 2_000, 1_000)),
    *(Limits(48, 96, 0.2, photos) for photos in (1_000, 500)),
)


@dataclass(frozen=True)
class Schedule:
    """How long a network is trained.

    Attributes:
        epochs: at most.
        patience: epochs without a lower validation loss before it stops.
        learning_rate: of Adam.
    """

    epochs: int
    patience: int
    learning_rate: float


@dataclass(frozen=True)
class Design:
    """The settings of a study.

    Attributes:
        split: percent of the photos in the training, validation and test sets; None for the folders of the source.
        photos: number of usable photos of each class and subset, estimated, (classes, 3).
        limit_per_class: maximum number of photos per class; None for no limit.
        base_size: image size of networks trained from scratch, pixels.
        pretrained_size: image size of pretrained networks, pixels.
        batch_size: photos per training step.
        augments_head: whether the head of a frozen backbone is trained with augmentation; without it, the features of
            each photo are computed only once.
        base: of a network trained from scratch.
        head: of the new head of a frozen backbone.
        finetuning: of the last layers of the backbone.
        search: of one execution of a search.
    """

    split: tuple[int, int, int] | None
    photos: np.ndarray
    limit_per_class: int | None
    base_size: int
    pretrained_size: int
    batch_size: int
    augments_head: bool
    base: Schedule
    head: Schedule
    finetuning: Schedule
    search: Schedule

    @property
    def test_photos(self) -> int:
        """Number of test photos of the class with the fewest."""
        return int(self.photos[:, SUBSETS.index("test")].min())


def designs(survey: Survey) -> Iterator[Design]:
    """Yield studies for these photos, from the longest to the shortest."""
    for limits in ALL_LIMITS:
        if limits.photos is None or (limits.photos < survey.total and not survey.has_given_split):
            yield design(survey, limits)


def design(survey: Survey, limits: Limits) -> Design:
    """Return the settings of a study for these photos.

    Args:
        survey: what the source contains.
        limits: upper bounds.
    """
    limit = -(-limits.photos // len(survey.classes)) if limits.photos else None
    limit = limit if limit and limit < survey.counts.max() else None
    counts = np.minimum(survey.counts, limit) if limit else survey.counts
    split = None if survey.has_given_split else choose_split(int(counts.min() * survey.sample.usable_fraction))
    fractions = survey.in_subsets if split is None else counts[:, None] * np.array(split) / 100
    photos = fractions * survey.sample.usable_fraction
    train = max(1, int(photos[:, SUBSETS.index("train")].sum()))
    batch_size = 32 if train < _FEW_PHOTOS else 64
    return Design(
        split=split,
        photos=photos,
        limit_per_class=limit,
        base_size=_base_size(survey.sample.shorter_side, limits.base_size),
        pretrained_size=_pretrained_size(survey.sample.shorter_side, limits.pretrained_size),
        batch_size=batch_size,
        augments_head=train < _FEW_PHOTOS,
        **_schedules(train, batch_size, limits.epochs),
    )


def _schedules(train: int, batch_size: int, factor: float) -> dict[str, Schedule]:
    """Return the schedules of a study by name.

    The learning rates are for batches of 32 photos; for others, they are scaled by the square root of the batch size
    (Malladi et al., "On the SDEs and scaling rules for adaptive gradient algorithms", 2022).

    Args:
        train: number of training photos.
        batch_size: photos per training step.
        factor: of the numbers of epochs.
    """
    epochs = min(40, max(15, round(_BASE_STEPS * batch_size / train)))

    def schedule(epochs: float, learning_rate: float) -> Schedule:
        number = max(2, round(epochs * factor))
        rate = float(f"{learning_rate * math.sqrt(batch_size / 32):.1g}")
        return Schedule(number, max(3, number // 4), rate)

    return {
        "base": schedule(epochs, 0.0005),
        "head": schedule(epochs / 2, 0.001),
        "finetuning": schedule(epochs / 4, 0.00003),
        "search": schedule(epochs / 4, 0.0005),
    }


def choose_split(smallest: int) -> tuple[int, int, int]:
    """Return the percentages of the training, validation and test sets.

    Args:
        smallest: number of usable photos of the class with the fewest.
    """
    needed = MIN_TEST_PHOTOS * _RESERVE
    return next((split for split in _SPLITS if smallest * split[2] >= 100 * needed), _DEFAULT_SPLIT)


def _base_size(shorter_side: int, limit: int) -> int:
    """Return the largest image size that does not enlarge most photos."""
    return max((size for size in _BASE_SIZES if size <= min(shorter_side, limit)), default=_BASE_SIZES[0])


def _pretrained_size(shorter_side: int, limit: int) -> int:
    """Return the smallest image size that does not reduce most photos, or the limit if that is smaller."""
    return min(limit, next((size for size in _PRETRAINED_SIZES if size >= shorter_side), limit))
