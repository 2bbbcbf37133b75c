"""Pairwise comparison: McNemar, Holm and the difference, on cases computed by hand."""

import numpy as np
import pandas as pd
import pytest
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.multitest import multipletests

from canigatti.files import InputError
from canigatti.report.comparison import compare
from canigatti.report.evidence import collect_networks
from canigatti.report.records import COMPARISON


def test_mcnemar_of_a_case_computed_by_hand(network):
    # Only the first network is correct on 6 photos, only the second one on 1: p = 2 · (C(7,0) + C(7,1)) / 2⁷ = 16/128
    pair = compare([network("a", wrong=[0, 50]), network("b", wrong=[1, 2, 3, 4, 5, 6, 50])]).iloc[0]
    assert (pair["only_first_correct"], pair["only_second_correct"]) == (6, 1)
    assert pair["p"] == 0.125
    assert pair["p"] == pytest.approx(mcnemar([[92, 6], [1, 1]], exact=True).pvalue)
    assert (pair["accuracy_first"], pair["accuracy_second"]) == (0.98, 0.93)
    assert pair["difference"] == pytest.approx(0.05)
    assert pair["difference_low"] < 0.05 < pair["difference_high"]


def test_holm_corrects_for_the_pairs_of_the_split(network):
    # b misclassifies 7 photos, c 6 other photos, a no photo: p = 2/2⁷, 2/2⁶ and 1; Holm: 3 · 2/128, 2 · 2/64 and 1
    pairs = compare([network("a"), network("b", wrong=range(7)), network("c", wrong=range(7, 13))])
    results = {(pair.first, pair.second): (pair.p, pair.p_holm, pair.significant) for pair in pairs.itertuples()}
    assert results == {
        ("a", "b"): (0.015625, 0.046875, True),
        ("a", "c"): (0.03125, 0.0625, False),
        ("c", "b"): (1, 1, False),
    }
    assert pairs["p_holm"].tolist() == pytest.approx(multipletests(pairs["p"], method="holm")[1])


def test_networks_of_different_splits_are_not_compared(network):
    networks = [network(f"{split}{number}", split=split) for split in ("half", "most") for number in (1, 2, 3)]
    pairs = compare(networks)
    assert len(pairs) == 3 + 3
    assert all(pair.first[:4] == pair.second[:4] == pair.split for pair in pairs.itertuples())


def test_numbers_of_a_split_do_not_depend_on_other_splits(network):
    alone = [network("a", wrong=range(7)), network("b", wrong=range(20))]
    other = [network("c", split="most"), network("d", split="most", wrong=range(9))]
    pd.testing.assert_frame_equal(compare(alone), compare([*other, *alone]).tail(1).reset_index(drop=True))


def test_networks_with_equal_predictions_have_no_difference(network):
    pair = compare([network("a", wrong=[3]), network("b", wrong=[3])]).iloc[0]
    assert pair[["difference", "difference_low", "difference_high", "p"]].tolist() == [0, 0, 0, 1]
    assert (pair["first"], pair["second"]) == ("a", "b")


def test_single_network_of_a_split_has_no_pair(network):
    pairs = compare([network("a"), network("b", split="most")])
    assert len(pairs) == 0
    assert tuple(pairs.columns) == tuple(COMPARISON.columns)


def test_different_test_photos_in_a_split_are_rejected(network):
    with pytest.raises(InputError, match=r"evaluation/b/seed42/predictions.csv: expected the same 100 test photos"):
        compare([network("a"), network("b", wrong=[1], photos=99)])


def test_several_seeds_give_the_difference_of_means_and_the_test_of_the_first_seed(network):
    first, second = network("a"), network("b", wrong=range(10))
    for trained, errors in ((first, 20), (second, 0)):
        trained.correct[43] = np.arange(100) >= errors
    pair = compare([first, second]).iloc[0]
    # Correct photos with seed 42: 100 and 90; with seed 43: 80 and 100.
    assert (pair["first"], pair["accuracy_first"], pair["accuracy_second"]) == ("b", 0.95, 0.9)
    assert pair["difference"] == pytest.approx(0.05)
    assert (pair["only_first_correct"], pair["only_second_correct"]) == (0, 10)
    assert pair["p"] == pytest.approx(2 / 2**10)


def test_correct_photos_agree_with_the_accuracy_in_the_metrics(results):
    from canigatti.report.results import read_study

    study, folder = results(seeds=(42, 43))
    read = read_study(study.outline("config/study.yaml"), folder)
    runs, networks = read.runs, collect_networks(read.runs, read.groups)
    for network in networks:
        accuracies = [run.metrics.accuracy for run in runs if run.experiment == network.name]
        assert network.correct.mean().tolist() == pytest.approx(accuracies, abs=1e-9)
        assert network.accuracy == pytest.approx(np.mean(accuracies))
