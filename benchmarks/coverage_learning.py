"""How often the truth at twice the photos is within the range of a learning curve: `canigatti.report.curve_fitting`."""

import numpy as np
from measure import Row
from scipy.stats import norm

from canigatti.report.curve_fitting import TWICE, envelope

RUNS = 1_000
FRACTIONS = np.array([1 / 16, 1 / 8, 1 / 4, 1 / 2, 1.0])
TEST_PHOTOS, SEEDS = 500, 3
PHOTO_STD, SEED_STD = 1.0, 0.1  # on the probit scale, where the residual of a photo with one seed is 1
SEED = 11

# The true error against the number of training photos, as a fraction of the whole training set.
SHAPES = {
    "power law to zero": lambda n: 0.05 * n**-0.5,
    "power law with a floor": lambda n: 0.03 + 0.03 * n**-0.7,
    "exponential with a floor": lambda n: 0.03 + 0.22 * np.exp(-n / 0.35),
}


def rows() -> list[Row]:
    """Return the coverage for each shape, over all runs; the detail has that of the runs that make a statement."""
    return [_row(name) for name in SHAPES]


def _row(name: str) -> Row:
    truth = SHAPES[name](TWICE)
    found = [_run(name, number) for number in range(RUNS)]
    is_covered = np.array([one.low[-1] <= truth <= one.high[-1] for one in found])
    states = np.array([one.fits and one.falls for one in found])
    widths = np.array([one.high[-1] - one.low[-1] for one in found])
    stated = (
        f"{is_covered[states].mean():.1%} of the {states.mean():.0%} of runs with a statement" if states.any() else "no"
    )
    value = is_covered.mean()
    detail = f"{stated}; median width {100 * np.median(widths):.1f} points, true error {truth:.2%}"
    return Row(f"learning curve, twice the photos: {name}", f"{value:.1%}", "at least 93%", bool(value >= 0.93), detail)


def _run(name: str, number: int):
    generator = np.random.default_rng([SEED, list(SHAPES).index(name), number])
    scale = np.sqrt(1 + PHOTO_STD**2 + SEED_STD**2)
    difficulty = PHOTO_STD * generator.standard_normal((TEST_PHOTOS, 1))
    wrong = []
    for error in SHAPES[name](FRACTIONS):
        location = norm.ppf(1 - error) * scale
        latent = location + difficulty + SEED_STD * generator.standard_normal((1, SEEDS))
        wrong.append(latent + generator.standard_normal((TEST_PHOTOS, SEEDS)) <= 0)
    return envelope(FRACTIONS, wrong, np.arange(TEST_PHOTOS), np.array([1.0, TWICE]))
