"""Bayesian search: rounds, proposals that depend on results only, and whether they are better than random ones."""

import itertools
import math

import numpy as np
import pytest
from scipy.stats import wilcoxon

from canigatti.config import Search, Space
from canigatti.search.bayesian import propose_next
from canigatti.search.commands.propose_round import propose_round
from canigatti.search.records import Proposal
from canigatti.search.rounds import round_of, trials_before
from canigatti.search.space import hyperparameters, propose

SPACE = Space(
    learning_rate={"low": 1e-5, "high": 1e-1, "values": 41},
    dropout=[{"low": 0, "high": 0.8, "step": 0.05}],
    dense_units={"low": 16, "high": 512, "step": 16},
)
LINE = Space(learning_rate={"low": 1e-5, "high": 1e-1, "values": 41})
SMALL = Space(dense_units={"low": 1, "high": 6, "step": 1})


def accuracy(values):
    """A made-up accuracy with one peak, as that of a network: a rate that is too high is worst."""
    rate, units = math.log10(values["learning_rate"]) + 3, math.log2(values["dense_units"]) - 7
    return 0.95 - 0.04 * rate**2 - 0.3 * (values["dropout_1"] - 0.4) ** 2 - 0.025 * units**2


def line(values):
    return 0.9 - 0.04 * (math.log10(values["learning_rate"]) + 3) ** 2


def test_rounds_follow_the_random_trials():
    search = Search(method="bayesian", trials=12, initial_trials=5, round_trials=3, space=SMALL)
    assert [round_of(search, trial) for trial in range(1, 13)] == [1] * 5 + [2] * 3 + [3] * 3 + [4]
    assert [trials_before(search, number) for number in (2, 3, 4)] == [5, 8, 11]


@pytest.fixture
def tried(execution):
    """The first trials of the random search, with their scores."""

    def run(combinations, score=accuracy):
        return [execution(trial, 1, score(values), values=values) for trial, values in enumerate(combinations, 1)]

    return run


def test_proposals_depend_on_results_only_and_are_new(tried):
    first = propose(LINE, 3, 5)
    known = tried(first, line)
    proposed = propose_next(LINE, 3, "val_accuracy", known, 2)
    assert propose_next(LINE, 3, "val_accuracy", reversed(known), 2) == proposed
    assert all(values not in first for values in proposed)
    assert proposed[0] != proposed[1]
    worse = tried(first, lambda values: 1 - line(values))
    assert propose_next(LINE, 3, "val_loss", worse, 2) == proposed, "a loss is minimized"
    assert propose_next(LINE, 3, "val_accuracy", worse, 2) != proposed


def test_every_combination_of_a_small_space_is_proposed_once(tried):
    combinations = propose(SMALL, 1, 2)
    while len(combinations) < 6:
        known = tried(combinations, lambda values: 0.9 - 0.1 * abs(values["dense_units"] - 3))
        combinations += propose_next(SMALL, 1, "val_accuracy", known, 3)
    assert sorted(values["dense_units"] for values in combinations) == [1, 2, 3, 4, 5, 6]
    assert propose_next(SMALL, 1, "val_accuracy", tried(combinations, lambda _: 0.5), 3) == []


def test_if_all_trials_failed_the_random_search_continues(execution):
    first = propose(SMALL, 1, 4)
    failed = [execution(trial, 1, values=values) for trial, values in enumerate(first[:2], start=1)]
    assert propose_next(SMALL, 1, "val_accuracy", failed, 2) == first[2:]


def test_a_round_is_written_after_the_trials_before_it(tried, tmp_path):
    known = tried(propose(SMALL, 1, 4), lambda values: values["dense_units"] / 10)
    paths = [tmp_path / f"trial{one.trial}.json" for one in known]
    for one, path in zip(known, paths, strict=True):
        one.write(path)
    from canigatti.config import Experiment

    search = {"method": "bayesian", "seed": 1, "space": SMALL}
    network = {"filters": [4], "dropout": [0.1, 0.1]}
    experiment = Experiment(split="a", image_size=16, network=network, search=search)
    propose_round(experiment.resolve_search().to_json(), 1, paths[::-1], tmp_path / "proposed.json")
    trials = Proposal.read(tmp_path / "proposed.json").trials
    assert trials[:4] == tuple(one.values for one in known)
    assert len(trials) == 5
    assert trials[4] not in trials[:4]


@pytest.mark.slow  # three minutes
def test_twenty_trials_are_better_than_twenty_random_ones(tried):
    choices = hyperparameters(SPACE)
    best = max(accuracy(dict(zip(choices, values, strict=True))) for values in itertools.product(*choices.values()))
    random, bayesian = [], []
    for seed in range(1, 21):
        drawn = propose(SPACE, seed, 20)
        found = drawn[:5]
        while len(found) < 20:
            found = [*found, *propose_next(SPACE, seed, "val_accuracy", tried(found), 3)]
        random.append(best - max(map(accuracy, drawn)))
        bayesian.append(best - max(map(accuracy, found)))
    assert np.median(bayesian) < np.median(random)
    assert wilcoxon(random, bayesian, alternative="greater").pvalue < 0.05
