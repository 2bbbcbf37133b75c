"""Pairwise comparison: McNemar, Holm and the differences, on cases computed by hand."""

import numpy as np
import pandas as pd
import pytest
from statsmodels.stats.multitest import multipletests

from canigatti.files import InputError
from canigatti.report.comparison import compare
from canigatti.report.evidence import collect_networks
from canigatti.report.records import COMPARISON


def test_mcnemar_of_a_case_computed_by_hand(network):
    # Only the first network is correct on 6 photos, only the second one on 1: p = 2 · (C(7,0) + C(7,1)/2) / 2⁷ = 9/128
    pair = compare([network("a", wrong=[0, 50]), network("b", wrong=[1, 2, 3, 4, 5, 6, 50])]).iloc[0]
    assert (pair["only_first_correct"], pair["only_second_correct"]) == (6, 1)
    assert pair["p"] == pytest.approx(9 / 128)
    assert (pair["accuracy_first"], pair["accuracy_second"]) == (0.98, 0.93)
    assert pair["difference"] == pytest.approx(0.05)
    assert pair["difference_low"] < 0.05 < pair["difference_high"]
    assert (pair["seeds"], pair["standard_error_seeds"]) == (1, 0)
    assert pd.isna(pair["probability_first_better"])


def test_holm_corrects_for_the_pairs_of_the_split(network):
    # b misclassifies 7 photos, c 6 other photos, a no photo: p = 1/2⁷, 1/2⁶, and 2 · 0.395 for 7 of 13
    pairs = compare([network("a"), network("b", wrong=range(7)), network("c", wrong=range(7, 13))])
    results = {(pair.first, pair.second): (pair.p, pair.p_holm, pair.significant) for pair in pairs.itertuples()}
    assert results["a", "b"] == (1 / 128, 3 / 128, True)
    assert results["a", "c"] == (1 / 64, 2 / 64, True)
    assert not results["c", "b"][2]
    assert pairs["p_holm"].tolist() == pytest.approx(multipletests(pairs["p"], method="holm")[1])


def test_networks_with_a_random_initialization_are_not_part_of_the_correction(network):
    networks = [network("a"), network("b", wrong=range(7)), network("c", wrong=range(30), random_initialization=True)]
    pairs = compare(networks).set_index(["first", "second"])
    assert pairs.loc[("a", "b"), "p_holm"] == pairs.loc[("a", "b"), "p"]
    assert pairs.loc[("a", "c")].isna()["p_holm"]
    assert not pairs.loc[("a", "c"), "significant"]


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
    assert pair[["difference", "p"]].tolist() == [0, 1]
    assert -0.03 < pair["difference_low"] < 0 < pair["difference_high"] < 0.03
    assert (pair["first"], pair["second"]) == ("a", "b")


def test_single_network_of_a_split_has_no_pair(network):
    pairs = compare([network("a"), network("b", split="most")])
    assert len(pairs) == 0
    assert tuple(pairs.columns) == tuple(COMPARISON.columns)


def test_different_test_photos_in_a_split_are_rejected(network):
    with pytest.raises(InputError, match=r"evaluation/b/seed42/predictions.csv: expected the same 100 test photos"):
        compare([network("a"), network("b", wrong=[1], photos=99)])


def test_several_seeds_give_the_difference_of_means_and_both_parts_of_its_variance(network):
    first, second = network("a"), network("b", wrong=range(10))
    for trained, errors in ((first, 20), (second, 0)):
        trained.correct[43] = np.arange(100) >= errors
    pair = compare([first, second]).iloc[0]
    # Correct photos with seed 42: 100 and 90; with seed 43: 80 and 100.
    assert (pair["first"], pair["accuracy_first"], pair["accuracy_second"]) == ("b", 0.95, 0.9)
    assert pair["difference"] == pytest.approx(0.05)
    assert pd.isna(pair["only_first_correct"])
    assert pair["standard_error_seeds"] > 2 * pair["standard_error_photos"] > 0  # 100 and 80, 90 and 100
    assert pair["p"] > 0.5


def test_a_group_of_test_photos_is_one_observation(network):
    worse = network("worse", wrong=range(10))
    (single,) = compare([worse, network("better")]).to_dict("records")
    grouped = pd.Series(["clip"] * 10 + [f"photo {n}" for n in range(90)], index=worse.correct.index)
    networks = [network("worse", wrong=range(10), groups=grouped), network("better", groups=grouped)]
    (together,) = compare(networks).to_dict("records")
    assert single["p"] == pytest.approx(0.5**10)
    assert together["p"] == 0.5
    assert together["difference"] == single["difference"]
    widths = [row["difference_high"] - row["difference_low"] for row in (single, together)]
    assert widths[0] < widths[1]


def test_five_seeds_give_the_probability_of_being_better_in_a_new_run(network):
    first, second = network("a"), network("b", wrong=range(10))
    for seed in range(43, 47):
        first.correct[seed], second.correct[seed] = np.arange(100) >= seed - 43, np.arange(100) >= 8
    pair = compare([first, second]).iloc[0]
    assert pair["probability_first_better"] == 1
    assert 0.5 < pair["probability_first_better_low"] < 1


def test_losses_are_compared_photo_by_photo(network):
    first, second = network("a"), network("b", wrong=[1])
    first.losses.loc[:, 42], second.losses.loc[:, 42] = 0.5, np.linspace(0.4, 1.0, 100)
    pair = compare([first, second]).iloc[0]
    assert pair["loss_difference"] == pytest.approx(-0.2)
    assert pair["loss_difference_low"] < -0.2 < pair["loss_difference_high"] < 0


def test_correct_photos_agree_with_the_accuracy_in_the_metrics(results):
    from canigatti.report.results import read_study

    study, folder = results(seeds=(42, 43))
    read = read_study(study.outline("config/study.yaml"), folder)
    runs, networks = read.runs, collect_networks(read.runs, read.groups)
    for network in networks:
        accuracies = [run.metrics.accuracy for run in runs if run.experiment == network.name]
        assert network.correct.mean().tolist() == pytest.approx(accuracies, abs=1e-9)
        assert network.accuracy == pytest.approx(np.mean(accuracies))
