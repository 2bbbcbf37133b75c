"""Simulated networks: how often intervals, p-values and choices of the report hold.

The model is a probit with crossed effects: whether a photo is classified correctly depends on the network, on the photo
(for all networks, and for one), on the training seed (for all photos), and on chance.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from measure import Row
from scipy.stats import norm

from canigatti.report.comparison import holm
from canigatti.report.intervals import Interval, mid_p, superiority
from canigatti.report.multireader import accuracy, difference, mean_over_pairs

RUNS = 1_000
PHOTO, OWN, CHANCE = 1.0, 0.5, 0.6  # standard deviations of the effects
SEED_EFFECTS = {
    "no": 0.0,
    "weak": 0.15,
    "strong": 0.45,
}  # the accuracy of 90% varies by 0, 2 and 6 points between seeds
SEEDS, PHOTOS = (3, 5, 10), (80, 500, 2500)
NETWORKS = 15


@dataclass(frozen=True)
class Model:
    """The distribution of simulated networks.

    Attributes:
        photos: of the test set.
        seeds: of each network.
        seed_effect: standard deviation of the effect of a seed.
        group: number of photos with the same effects, one after the other.
    """

    photos: int
    seeds: int
    seed_effect: float = 0.0
    group: int = 1

    @property
    def groups(self) -> np.ndarray:
        """The group of each photo."""
        return np.arange(self.photos) // self.group

    def draw(self, rng: np.random.Generator, accuracies: np.ndarray) -> np.ndarray:
        """Return whether each photo is classified correctly, (networks, photos, seeds), for these true accuracies."""
        shape = (len(accuracies), self.photos, self.seeds)
        photo = PHOTO * self._normal(rng, (1, self.photos, 1)) + OWN * self._normal(rng, (len(accuracies), shape[1], 1))
        seed = self.seed_effect * rng.standard_normal((shape[0], 1, self.seeds))
        total = np.sqrt(PHOTO**2 + OWN**2 + CHANCE**2 + self.seed_effect**2)
        means = total * norm.ppf(accuracies)[:, None, None]
        return means + photo + seed + CHANCE * self._normal(rng, shape) > 0

    def _normal(self, rng: np.random.Generator, shape: tuple[int, int, int]) -> np.ndarray:
        networks, photos, seeds = shape
        return np.repeat(rng.standard_normal((networks, -(-photos // self.group), seeds)), self.group, axis=1)[
            :, :photos
        ]


def rows() -> Iterator[Row]:
    """Simulate everything that the report says about the networks of a split."""
    for effect, deviation in SEED_EFFECTS.items():
        for seeds in SEEDS:
            for photos in PHOTOS:
                yield from intervals(effect, Model(photos, seeds, deviation))
    yield from intervals("weak", Model(500, 3, SEED_EFFECTS["weak"], group=4))
    for photos in PHOTOS:
        yield from trained_networks(photos)
    for seeds in (1, 3):
        yield from choice(Model(80, seeds))
    yield pairs_as_units()
    for seeds in (5, 10):
        yield new_run(seeds)


def intervals(effect: str, model: Model) -> Iterator[Row]:
    """Count how often the intervals of a difference and of an accuracy contain the truth, and false alarms."""
    rng, truths = np.random.default_rng(42), np.array([0.90, 0.86, 0.90])
    covered, covered_accuracy, alarms = [], [], []
    for _ in range(RUNS):
        better, worse, equal = model.draw(rng, truths)
        covered.append(contains(difference(better, worse, model.groups).interval, 0.04))
        alarms.append(difference(better, equal, model.groups).p < 0.05)
        covered_accuracy.append(contains(accuracy(better, model.groups), 0.90))
    low, high = (93, 97) if model.seed_effect else (95, 98)
    what = f"{model.seeds} seeds, {effect} seed effects, {model.photos:,} photos"
    what += f" in groups of {model.group}" * (model.group > 1)
    yield share(f"interval of a difference: {what}", covered, low, high)
    yield share(f"interval of an accuracy: {what}", covered_accuracy, low, high)
    yield share(f"false alarms: {what}", alarms, 0, 6)


def trained_networks(photos: int) -> Iterator[Row]:
    """Count the same for one seed, where the truth is that of the two trained networks."""
    rng, model = np.random.default_rng(42), Model(photos, 1)
    covered, alarms = [], []
    for _ in range(RUNS):
        better, worse, equal = model.draw(rng, np.array([0.90, 0.86, 0.90]))
        covered.append(contains(difference(better, worse, model.groups).interval, 0.04))
        alarms.append(mid_p(better[:, 0].astype(int) - equal[:, 0].astype(int), model.groups) < 0.05)
    yield share(f"interval of a difference of two trained networks: {photos:,} photos", covered, 93, 98)
    yield share(f"false alarms for two trained networks: {photos:,} photos", alarms, 0, 6)


def choice(model: Model) -> Iterator[Row]:
    """Choose the best of equal networks on the validation set; test which networks no other beats."""
    rng = np.random.default_rng(42)
    reported, flattered = [], []
    for _ in range(RUNS):
        chosen, tested = two_sets(model, rng, np.full(NETWORKS, 0.90))
        reported.append(tested[chosen.argmax()])
        flattered.append(tested.max())
    bias, naive = 100 * (np.mean(reported) - 0.90), 100 * (np.mean(flattered) - 0.90)
    name = f"best of {NETWORKS} equal networks, {model.seeds} seeds, {model.photos} photos: bias in points"
    detail = f"{naive:+.2f} for the best on the test set"
    yield Row(name, f"{bias:+.2f}", "within 0.2", abs(bias) <= 0.2, detail)
    if model.seeds > 1:
        kept = [unbeaten(model, rng) for _ in range(RUNS // 5)]
        yield share(f"the unbeaten networks include the best of {NETWORKS}", kept, 95, 100)


def two_sets(model: Model, rng: np.random.Generator, truths: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the mean accuracies of the same networks on a validation set and on a test set of the same size."""
    double = Model(2 * model.photos, model.seeds, model.seed_effect).draw(rng, truths)
    return double[:, : model.photos].mean(axis=(1, 2)), double[:, model.photos :].mean(axis=(1, 2))


def unbeaten(model: Model, rng: np.random.Generator) -> bool:
    """Return whether no network is significantly better than the truly best one, of networks with other accuracies."""
    truths = np.concatenate([[0.92], rng.uniform(0.80, 0.92, NETWORKS - 1)])
    networks = model.draw(rng, truths)
    pairs = [(a, b) for a in range(NETWORKS) for b in range(a)]
    tests = [difference(networks[a], networks[b], model.groups) for a, b in pairs]
    significant = holm([test.p for test in tests]) < 0.05
    losses = [
        b if test.interval.estimate > 0 else a
        for (a, b), test, found in zip(pairs, tests, significant, strict=True)
        if found
    ]
    return 0 not in losses


def pairs_as_units() -> Row:
    """Count how often the interval of a mean over four pairs contains the truth, if pairs differ."""
    rng, model, covered = np.random.default_rng(42), Model(500, 1), []
    for _ in range(RUNS):
        gains = rng.normal(0.03, 0.02, 4)
        networks = model.draw(rng, np.concatenate([np.full(4, 0.85), 0.85 + gains])).astype(float)
        differences = (networks[4:] - networks[:4])[:, :, 0].T
        covered.append(contains(mean_over_pairs(differences, model.groups), 0.03))
    return share("interval of a mean over four pairs that differ", covered, 93, 98)


def new_run(seeds: int) -> Row:
    """Count how often the interval of the probability that one network beats another in a new run is right."""
    rng, covered = np.random.default_rng(42), []
    for _ in range(RUNS):
        first, second = rng.normal(0.90, 0.01, seeds), rng.normal(0.89, 0.01, seeds)
        interval = superiority(first, second)
        covered.append(interval is not None and contains(interval, float(norm.cdf(1 / np.sqrt(2)))))
    return share(f"probability of being better in a new run: {seeds} seeds", covered, 93, 98)


def contains(interval: Interval, truth: float) -> bool:
    """Return whether an interval contains the truth."""
    return interval.low <= truth <= interval.high


def share(name: str, events: list, low: float, high: float) -> Row:
    """Return the row of a frequency that should be between two percentages, within two standard errors."""
    percent = 100 * float(np.mean(events))
    error = 100 * float(np.sqrt(np.var(events) / len(events)))
    met = percent + 2 * error >= low and percent - 2 * error <= high
    return Row(name, f"{percent:.1f}%", f"{low:g} to {high:g}%", met, f"standard error {error:.1f}")
