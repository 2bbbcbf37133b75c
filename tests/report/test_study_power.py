"""The power of a study: what is measured on its networks, and what is assumed."""

import numpy as np
import pandas as pd
import pytest

from canigatti.evaluation.power import Assumptions, assume
from canigatti.report.power import assumptions_of, measured_assumptions, power_table


def test_the_power_is_computed_from_what_is_measured(network):
    generator = np.random.default_rng(8)
    difficulty = generator.random((2_000, 1))
    ids = pd.Index([f"photo.{number}.jpg" for number in range(2_000)], name="id")

    def made(name):
        chance = np.clip(1.02 - 0.2 * difficulty, 0, 1)
        correct = pd.DataFrame(generator.random((2_000, 4)) < chance, columns=[1, 2, 3, 4], index=ids)
        return network(name, photos=2_000, correct=correct, groups=pd.Series(ids, index=ids))

    networks = [made("a"), made("b")]
    measured = measured_assumptions(networks)
    chance = np.clip(1.02 - 0.2 * difficulty, 0, 1)
    expected = 2 * (chance * (1 - chance)).mean()
    assert measured.is_measured
    assert measured.seed_disagreement == pytest.approx(expected, rel=0.1)
    assert measured.disagreement == pytest.approx(expected, rel=0.1)
    assert measured.seed_std < 0.01
    table = power_table(networks, 4)
    assert table["n"].tolist() == [2_000]
    assert assumptions_of(table.iloc[0]) == measured


def test_what_one_seed_cannot_measure_is_assumed(network):
    alone = measured_assumptions([network("a", wrong=range(10))])
    assert alone == assume(0.9)
    assert not alone.is_measured
    assert measured_assumptions([network("a", wrong=range(10)), network("b", wrong=range(5, 12))]).is_measured
    perfect = measured_assumptions([network("a"), network("b")])
    assert isinstance(perfect, Assumptions)
    assert perfect.disagreement >= perfect.seed_disagreement > 0
    assert len(power_table([network("a"), network("b")], 1)) == 1
