"""Sentences about what a study can show, for `canigatti init` and the page."""

from canigatti.evaluation.power import Assumptions, photos_needed, seeds_needed, smallest_difference

DIFFERENCES = (0.02, 0.01)  # for which the numbers of photos and seeds are given, if the study cannot show them


def power_sentences(photos: int, seeds: int, assumptions: Assumptions) -> list[str]:
    """Return sentences about the smallest difference that a study can show, and what smaller ones need.

    Args:
        photos: number of independent test photos: of groups, if some belong together.
        seeds: of each network.
        assumptions: about the networks.
    """
    smallest = smallest_difference(photos, seeds, assumptions)
    subject = f"With {photos:,} independent test photos and {_seeds(seeds)},"
    networks = "approaches" if seeds > 1 else "trained networks"
    basis = (
        "as measured here" if assumptions.is_measured else f"assumed to classify {assumptions.accuracy:.0%} correctly"
    )
    if smallest is None:
        return [
            f"{subject} this study does not show a difference below 50 percentage points between two {networks} "
            f"({basis}) in four of five cases."
        ]
    sentences = [
        f"{subject} this study shows a difference of {100 * smallest:.1f} percentage points or more between two "
        f"{networks} ({basis}) in four of five cases."
    ]
    if seeds == 1:
        sentences.append(
            "With one seed, it is a statement about these trained networks: whether the approaches differ, only "
            "several seeds can tell."
        )
    sentences += [
        _needed(difference, photos, seeds, assumptions) for difference in DIFFERENCES if difference < smallest
    ]
    return sentences


def _needed(difference: float, photos: int, seeds: int, assumptions: Assumptions) -> str:
    more_photos = photos_needed(difference, seeds, assumptions)
    points = f"{100 * difference:g} {'point' if difference == 0.01 else 'points'}"
    if seeds == 1:  # other seeds answer another question
        needed = f"{_rounded(more_photos):,}" if more_photos else "more than ten million"
        return f"A difference of {points} needs {needed} test photos."
    more_seeds = seeds_needed(difference, photos, assumptions)
    ways = [f"{_rounded(more_photos):,} test photos"] if more_photos else []
    ways += [f"{more_seeds} seeds"] if more_seeds else []
    if not ways:
        return f"A difference of {points} needs more photos and more seeds."
    without = [] if more_photos else ["more photos alone do not suffice"]
    without += [] if more_seeds else ["more seeds alone do not suffice"]
    return f"A difference of {points} needs {' or '.join(ways)}{'; ' + without[0] if without else ''}."


def _rounded(count: int) -> int:
    """Return a number of photos, rounded up to two significant digits: the assumptions are no more precise."""
    unit = 10 ** max(0, len(str(count)) - 2)
    return -(-count // unit) * unit


def _seeds(count: int) -> str:
    return "one seed" if count == 1 else f"{count} seeds"
