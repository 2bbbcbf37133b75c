"""The rounds of a Bayesian search: which of its trials are proposed at a time."""

from canigatti.config import Search


def round_of(search: Search, trial: int) -> int:
    """Return the number of the round that proposes a trial, from 1, which is that of the random trials.

    Args:
        search: a Bayesian search.
        trial: number of the trial, from 1.
    """
    return 1 + max(0, -(-(trial - search.option("initial_trials")) // search.option("round_trials")))


def trials_before(search: Search, number: int) -> int:
    """Return how many trials the rounds before a round have.

    Args:
        search: a Bayesian search.
        number: of the round, from 2.
    """
    return search.option("initial_trials") + (number - 2) * search.option("round_trials")
