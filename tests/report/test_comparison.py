"""Pairs of networks: McNemar, Holm and the difference, on cases worked out by hand."""

import numpy as np
import pandas as pd
import pytest
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.multitest import multipletests

from canigatti.files import InputError
from canigatti.report.comparison import compare
from canigatti.report.evidence import collect_networks
from canigatti.report.records import COMPARISON


def test_mcnemar_of_a_case_worked_out_by_hand(network):
    # Only the first is right on 6 photos, only the second on 1: p = 2 · (C(7,0) + C(7,1)) / 2⁷ = 16/128
    pair = compare([network("a", wrong=[0, 50]), network("b", wrong=[1, 2, 3, 4, 5, 6, 50])]).iloc[0]
    assert (pair["only_first_correct"], pair["only_second_correct"]) == (6, 1)
    assert pair["p"] == 0.125
    assert pair["p"] == pytest.approx(mcnemar([[92, 6], [1, 1]], exact=True).pvalue)
    assert (pair["accuracy_first"], pair["accuracy_second"]) == (0.98, 0.93)
    assert pair["difference"] == pytest.approx(0.05)
    assert pair["difference_low"] < 0.05 < pair["difference_high"]


def test_holm_corrects_for_the_pairs_of_the_split(network):
    # b misses 7 photos, c 6 others, a none: p = 2/2⁷, 2/2⁶ and 1; Holm: 3 · 2/128, 2 · 2/64 and 1
    pairs = compare([network("a"), network("b", wrong=range(7)), network("c", wrong=range(7, 13))])
    found = {(pair.first, pair.second): (pair.p, pair.p_holm, pair.significant) for pair in pairs.itertuples()}
    assert found == {
        ("a", "b"): (0.015625, 0.046875, True),
        ("a", "c"): (0.03125, 0.0625, False),
        ("c", "b"): (1, 1, False),
    }
    assert pairs["p_holm"].tolist() == pytest.approx(multipletests(pairs["p"], method="holm")[1])


def test_no_pair_lies_across_two_splits(network):
    networks = [network(f"{split}{number}", split=split) for split in ("half", "most") for number in (1, 2, 3)]
    pairs = compare(networks)
    assert len(pairs) == 3 + 3
    assert all(pair.first[:4] == pair.second[:4] == pair.split for pair in pairs.itertuples())


def test_another_split_leaves_the_numbers_of_a_split_alone(network):
    alone = [network("a", wrong=range(7)), network("b", wrong=range(20))]
    other = [network("c", split="most"), network("d", split="most", wrong=range(9))]
    pd.testing.assert_frame_equal(compare(alone), compare([*other, *alone]).tail(1).reset_index(drop=True))


def test_networks_that_agree_on_every_photo_are_not_different(network):
    pair = compare([network("a", wrong=[3]), network("b", wrong=[3])]).iloc[0]
    assert pair[["difference", "difference_low", "difference_high", "p"]].tolist() == [0, 0, 0, 1]
    assert (pair["first"], pair["second"]) == ("a", "b")


def test_a_network_alone_in_its_split_has_no_pair(network):
    pairs = compare([network("a"), network("b", split="most")])
    assert len(pairs) == 0
    assert tuple(pairs.columns) == tuple(COMPARISON.columns)


def test_other_photos_in_the_same_split_are_refused(network):
    with pytest.raises(InputError, match=r"evaluation/b/seed42/predictions.csv: expected the same 100 test photos"):
        compare([network("a"), network("b", wrong=[1], photos=99)])


def test_with_several_seeds_the_difference_is_that_of_means_and_the_test_that_of_the_first(network):
    first, second = network("a"), network("b", wrong=range(10))
    for one, of_43 in ((first, 20), (second, 0)):
        one.correct[43] = np.arange(100) >= of_43
    pair = compare([first, second]).iloc[0]
    # Seed 42: 100 against 90 right, seed 43: 80 against 100.
    assert (pair["first"], pair["accuracy_first"], pair["accuracy_second"]) == ("b", 0.95, 0.9)
    assert pair["difference"] == pytest.approx(0.05)
    assert (pair["only_first_correct"], pair["only_second_correct"]) == (0, 10)
    assert pair["p"] == pytest.approx(2 / 2**10)


def test_a_photo_counts_as_right_where_the_metrics_count_it(results):
    from canigatti.report.results import read_study

    study, folder = results(seeds=(42, 43))
    runs = read_study(study.outline("config/study.yaml"), folder).runs
    networks = collect_networks(runs)
    for network in networks:
        of_seeds = [run.metrics.accuracy for run in runs if run.experiment == network.name]
        assert network.correct.mean().tolist() == pytest.approx(of_seeds, abs=1e-9)
        assert network.accuracy == pytest.approx(np.mean(of_seeds))
