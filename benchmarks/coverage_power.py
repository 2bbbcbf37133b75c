"""Simulated power of the test of two networks, where 80% is computed: `canigatti.evaluation.power`."""

import numpy as np
from measure import Row
from scipy.stats import norm

from canigatti.evaluation.power import Assumptions, smallest_difference
from canigatti.report.intervals import mid_p
from canigatti.report.multireader import difference

RUNS = 4_000  # a standard error of 0.6 points; that of 1,000 is 1.3, too much for a range of 5
ACCURACY = 0.9
SEED = 7
_DRAWS = 400_000  # photos from which the assumptions of a case are computed

# Standard deviations on the probit scale: of a photo's difficulty that all networks share, of what one experiment makes
# of it, and of a seed. The residual, of a photo with one seed, is 1.
SPREADS = {"no": 0.0, "weak": 0.05, "strong": 0.15}
SHARED, OWN = 1.5, 0.5
CASES = [
    *((photos, seeds, spread) for photos in (80, 500, 2_500) for seeds in (3, 5, 10) for spread in SPREADS),
    *((photos, 1, "no") for photos in (80, 500, 2_500)),
]


def rows() -> list[Row]:
    """Return the simulated power of each case, with the difference for which 80% is computed."""
    return [_row(*case) for case in CASES]


def _row(photos: int, seeds: int, spread: str) -> Row:
    assumptions = _assumptions(SPREADS[spread])
    smallest = smallest_difference(photos, seeds, assumptions)
    name = f"power where 80% is computed: {photos:,} photos, {seeds} seeds, {spread} seed spread"
    if smallest is None or smallest > 2 * (1 - ACCURACY):
        return Row(name, "no such difference", "78 to 83%", True)
    value = np.mean(_tests(photos, seeds, SPREADS[spread], smallest))
    return Row(name, f"{value:.1%}", "78 to 83%", bool(0.78 <= value <= 0.83), f"{smallest:.1%} difference")


def _locations(spread: float, apart: float) -> tuple[float, float]:
    """Return the probit means of two networks whose accuracies are `ACCURACY` ± half of what they are apart."""
    scale = np.sqrt(1 + SHARED**2 + OWN**2 + spread**2)
    return norm.ppf(ACCURACY + apart / 2) * scale, norm.ppf(ACCURACY - apart / 2) * scale


def _assumptions(spread: float) -> Assumptions:
    """Return the assumptions that hold for equal networks of this kind."""
    generator = np.random.default_rng(SEED)
    mean, _ = _locations(spread, 0)
    shared = mean + SHARED * generator.standard_normal(_DRAWS)
    first, second = (norm.cdf((shared + OWN * generator.standard_normal(_DRAWS)) / np.hypot(1, spread)) for _ in "ab")
    scale = np.sqrt(1 + SHARED**2 + OWN**2)
    accuracies = norm.cdf((mean + spread * norm.ppf((np.arange(1000) + 0.5) / 1000)) / scale)
    return Assumptions(
        accuracy=ACCURACY,
        disagreement=float((first * (1 - second) + second * (1 - first)).mean()),
        seed_disagreement=float((2 * first * (1 - first)).mean()),
        seed_std=float(accuracies.std()),
    )


def _tests(photos: int, seeds: int, spread: float, apart: float) -> list[bool]:
    generator = np.random.default_rng([SEED, photos, seeds, int(1000 * spread)])
    means = _locations(spread, apart)
    results = []
    for _ in range(RUNS):
        shared = SHARED * generator.standard_normal(photos)
        correct = []
        for mean in means:
            of_photos = mean + shared + OWN * generator.standard_normal(photos)
            latent = of_photos[:, None] + spread * generator.standard_normal(seeds)
            correct.append(latent + generator.standard_normal((photos, seeds)) > 0)
        results.append(_is_shown(*correct))
    return results


def _is_shown(first: np.ndarray, second: np.ndarray) -> bool:
    """Return whether the test of the report calls two networks different; (photos, seeds) each."""
    photos = np.arange(len(first))
    if first.shape[1] == 1:
        return mid_p(first[:, 0].astype(int) - second[:, 0], photos) < 0.05
    return difference(first, second, photos).p < 0.05
