"""Verdicts on constructed networks: each claim supported, contradicted, not decided, and not tested."""

import numpy as np
import pytest
from scipy.stats import spearmanr

from canigatti.config import Experiment, Split
from canigatti.report.findings import claims
from canigatti.report.findings.pairs import augmentation_added
from canigatti.report.findings.testing import findings
from canigatti.report.findings.verdicts import CONTRADICTED, SUPPORTED, UNDECIDED, findings_table
from canigatti.report.original import read_original

SPLITS = {
    "half": Split(train=0.5, validation=0.25, test=0.25),
    "most": Split(train=0.6, validation=0.2, test=0.2),
}
AUGMENTATION = Experiment(split="half", augment=True).resolve().model_dump(mode="json")["augmentation"]
WORSE, BETTER = range(30), range(10)  # misclassified photos, of 100
UNCERTAIN = range(20, 48)  # two fewer than WORSE, but different photos: about −10 to +14 points
VERDICTS = [(WORSE, BETTER, SUPPORTED), (BETTER, WORSE, CONTRADICTED), (WORSE, UNCERTAIN, UNDECIDED)]


def finding(claim, networks):
    """Return the finding for a claim."""
    return next(tested for tested in findings(networks, SPLITS) if tested.claim is claim)


def test_claims_are_in_the_order_of_the_original():
    listed = [tested.claim.text for tested in findings([], SPLITS)]
    assert listed == [claim.text for claim in vars(claims).values() if isinstance(claim, claims.Claim)]
    assert len(listed) == 11


def test_findings_without_experiments_give_a_reason():
    undecided = findings([], SPLITS)
    assert {tested.verdict for tested in undecided} == {UNDECIDED}
    assert all(
        tested.result.startswith(("no two experiments differ only in ", "it requires five experiments"))
        for tested in undecided
    )


@pytest.mark.parametrize(("before", "after", "verdict"), VERDICTS)
@pytest.mark.parametrize(
    ("claim", "old", "new"),
    [
        (claims.AUGMENTATION_HELPS, {}, {"augmentation": AUGMENTATION}),
        (claims.COLOR_HELPS, {"color": "grayscale"}, {"color": "rgb"}),
        (claims.LARGER_SPLIT_HELPS, {"split": "half"}, {"split": "most"}),
        (claims.MORE_DATA_HELPS, {"split": "half"}, {"split": "most"}),
        (
            claims.DROPOUT_WINS,
            {"network": {"dropout": [0, 0], "batch_normalization": True}},
            {"network": {"dropout": [0.2, 0.5], "batch_normalization": False}},
        ),
    ],
)
def test_verdict_on_accuracy_follows_from_the_interval(network, claim, old, new, before, after, verdict):
    networks = [
        network(name, wrong=wrong, batch_size=batch_size, **settings)
        for batch_size in (8, 16)
        for name, wrong, settings in (("before", before, old), ("after", after, new))
    ]
    tested = finding(claim, networks)
    assert tested.verdict == verdict
    assert len(tested.basis) == 2
    assert tested.basis[0].startswith("after against before: ")
    assert tested.basis[0].endswith(" on 100 photos")
    alone = finding(claim, networks[:2])
    assert alone.verdict == (verdict if (verdict, claim) == (CONTRADICTED, claims.LARGER_SPLIT_HELPS) else UNDECIDED)
    assert alone.result.endswith("a single pair of networks decides nothing about others") == (
        verdict == SUPPORTED or claim is not claims.LARGER_SPLIT_HELPS
    )


def test_result_is_the_mean_over_pairs(network):
    networks = [
        network("a", wrong=WORSE),
        network("b", wrong=BETTER, augmentation=AUGMENTATION),
        network("c", wrong=WORSE, batch_size=8),
        network("d", wrong=WORSE, batch_size=8, augmentation=AUGMENTATION),
    ]
    tested = finding(claims.AUGMENTATION_HELPS, networks)
    assert tested.interval.estimate == pytest.approx(0.1)  # +20 and 0 points
    assert tested.result.startswith("+10.0 points (−")  # the two pairs do not agree
    assert tested.result.endswith("), mean of 2 pairs")
    assert tested.basis[1] == "d against c: +0.0 points (−2.7 to +2.7) on 100 photos"


def test_claim_of_always_needs_all_pairs_and_one_pair_contradicts_it(network):
    def pair(before, after, batch_size):
        return [
            network(wrong=before, batch_size=batch_size),
            network(wrong=after, split="most", batch_size=batch_size),
        ]

    up, down, level = pair(WORSE, BETTER, 8), pair(BETTER, WORSE, 16), pair(WORSE, UNCERTAIN, 32)
    assert finding(claims.LARGER_SPLIT_HELPS, [*up, *pair(WORSE, BETTER, 16)]).verdict == SUPPORTED
    assert finding(claims.LARGER_SPLIT_HELPS, [*up, *down]).verdict == CONTRADICTED
    assert finding(claims.LARGER_SPLIT_HELPS, [*up, *level]).verdict == UNDECIDED
    assert finding(claims.MORE_DATA_HELPS, [*up, *level]).verdict == UNDECIDED  # the pairs differ by 18 points


def test_splits_are_compared_on_common_test_photos(network):
    small, large = network("small", wrong=WORSE, photos=100), network("large", wrong=BETTER, split="most", photos=40)
    assert finding(claims.MORE_DATA_HELPS, [small, large]).basis[0].endswith(" on 40 photos")
    large.correct.index = large.correct.index.str.replace("photo", "other")
    assert finding(claims.MORE_DATA_HELPS, [small, large]).result == (
        "no two experiments differ only in their split and share test photos"
    )


def augmented_pairs(network, name, plain, augmented):
    """Make one pair per value; `plain` and `augmented` are the values of the attribute `name`."""
    return [
        network(batch_size=8 + number, augmentation=augmentation, **{name: np.array([value])})
        for number, values in enumerate(zip(plain, augmented, strict=True))
        for value, augmentation in zip(values, (None, AUGMENTATION), strict=True)
    ]


# t(0.975; 1) = 12.706: the interval of two values with a difference of 1 is mean ± 6.4.
@pytest.mark.parametrize(
    ("epochs", "verdict"), [((27, 28), SUPPORTED), ((12, 13), CONTRADICTED), ((32, 17), UNDECIDED)]
)
def test_verdict_on_overfitting_follows_from_the_best_epochs(network, epochs, verdict):
    tested = finding(claims.OVERFITTING_DELAYED, augmented_pairs(network, "best_epochs", (20, 20), epochs))
    assert tested.verdict == verdict
    assert tested.interval.estimate == np.mean(epochs) - 20
    assert tested.basis[0] == f"a against a: {epochs[0] - 20:+.1f} epochs".replace("-", "−")


def test_result_reports_trainings_whose_best_epoch_is_the_last(network):
    networks = augmented_pairs(network, "best_epochs", (20, 20), (27, 100))  # 100 is the maximum
    assert finding(claims.OVERFITTING_DELAYED, networks).result.endswith(
        ", mean of 2 pairs; 1 training run reached the best epoch at the epoch limit"
    )


@pytest.mark.parametrize(
    ("seconds", "verdict"), [((121.0, 119.0), SUPPORTED), ((29.0, 31.0), CONTRADICTED), ((57.0, 63.0), UNDECIDED)]
)
def test_verdict_on_time_follows_from_the_ratio_of_epoch_durations(network, seconds, verdict):
    tested = finding(claims.TIME_TAKEN, augmented_pairs(network, "seconds_per_epoch", (60.0, 60.0), seconds))
    assert tested.verdict == verdict
    assert tested.interval.estimate == pytest.approx(np.sqrt(seconds[0] * seconds[1]) / 60)


def test_single_pair_decides_nothing_about_epochs(network):
    pair = augmented_pairs(network, "best_epochs", (20,), (27,))
    assert finding(claims.OVERFITTING_DELAYED, pair).result == "a single pair of networks decides nothing about others"


@pytest.mark.parametrize(
    ("filters", "saved", "verdict"), [(32, 576, SUPPORTED), (32, 575, CONTRADICTED), (16, 288, UNDECIDED)]
)
def test_saved_weights_are_counted(network, filters, saved, verdict):
    built = {"filters": [filters], "kernel_size": 3}
    tested = finding(
        claims.WEIGHTS_SAVED,
        [network(color="grayscale", network=built, parameters=5000), network(network=built, parameters=5000 + saved)],
    )
    assert tested.verdict == verdict
    assert tested.result.startswith(f"{saved} weights, {saved / (27 * filters):.1%} of the first layer's work")


def test_pretrained_networks_do_not_test_the_first_layer(network):
    networks = [network(color=color, network={"backbone": "vgg16"}) for color in ("grayscale", "rgb")]
    assert finding(claims.WEIGHTS_SAVED, networks).verdict == UNDECIDED


@pytest.mark.parametrize(
    ("sgd", "adam", "verdict"),
    [(BETTER, BETTER, SUPPORTED), (BETTER, range(60), CONTRADICTED), (BETTER, UNCERTAIN, UNDECIDED)],
)
def test_both_optimizers_must_beat_rmsprop(network, sgd, adam, verdict):
    wrong = {"rmsprop": WORSE, "sgd": sgd, "adam": adam}
    networks = [
        network(name, wrong=photos, optimizer={"name": name}, batch_size=batch_size)
        for batch_size in (8, 16)
        for name, photos in wrong.items()
    ]
    assert finding(claims.RMSPROP_LOSES, networks).verdict == verdict
    assert finding(claims.RMSPROP_LOSES, networks[:3]).verdict == UNDECIDED
    assert finding(claims.RMSPROP_LOSES, networks[:2]).result == "no two experiments differ only in RMSprop or Adam"


def test_batch_sizes_must_range_from_16_to_256(network):
    networks = [network(batch_size=size, wrong=range(size // 16)) for size in (16, 64, 256)]
    tested = finding(claims.BATCH_SIZES_TRIED, networks)
    assert (tested.verdict, tested.result) == (SUPPORTED, "accuracy 99.0% with 16, 96.0% with 64, 84.0% with 256")
    assert finding(claims.BATCH_SIZES_TRIED, networks[:2]).verdict == UNDECIDED
    networks[0].settings["color"] = "grayscale"  # it then differs in two settings
    assert finding(claims.BATCH_SIZES_TRIED, networks).verdict == UNDECIDED


@pytest.mark.parametrize(
    ("losses", "verdict"),
    [((0.6, 0.5, 0.4, 0.3, 0.2), SUPPORTED), ((0.2, 0.3, 0.4, 0.5, 0.6), CONTRADICTED), ((3, 1, 5, 2, 4), UNDECIDED)],
)
def test_verdict_on_loss_follows_from_the_rank_correlation(network, losses, verdict):
    networks = [network(wrong=range(50 - 10 * n), loss=loss, batch_size=8 + n) for n, loss in enumerate(losses)]
    assert finding(claims.LOSS_FALLS, networks).verdict == verdict
    assert finding(claims.LOSS_FALLS, networks[:3]).verdict == UNDECIDED


def test_pairs_are_matched_by_settings_not_by_names(network):
    networks = [
        network("base-gray", color="rgb"),
        network("x", color="rgb", augmentation=AUGMENTATION),
        network("base-gray-aug", color="grayscale", augmentation=AUGMENTATION),
        network("two-things", color="rgb", augmentation=AUGMENTATION, batch_size=8),
    ]
    assert [(old.name, new.name) for old, new in augmentation_added(networks)] == [("base-gray", "x")]


def test_identical_settings_count_once(network):
    networks = [network("a"), network("again"), network("b", augmentation=AUGMENTATION)]
    assert [(old.name, new.name) for old, new in augmentation_added(networks)] == [("a", "b")]


def test_random_initialization_is_excluded(network):
    networks = [network(wrong=WORSE), network(wrong=BETTER, augmentation=AUGMENTATION, random_initialization=True)]
    assert finding(claims.AUGMENTATION_HELPS, networks).verdict == UNDECIDED


def test_table_has_one_row_per_claim(network):
    networks = [
        network(name, wrong=wrong, augmentation=augmentation, batch_size=batch_size)
        for batch_size in (8, 16)
        for name, wrong, augmentation in (("a", WORSE, None), ("b", BETTER, AUGMENTATION))
    ]
    table = findings_table(findings(networks, SPLITS)).set_index("claim")
    row = table.loc["Augmentation raises accuracy"]
    assert row["estimate"] == pytest.approx(0.2)
    assert 0 < row["low"] < 0.2 < row["high"]
    assert row["verdict"] == "supported"
    assert row["original"] == "+3.6 points, mean of 4 (+3.3 to +4.2)"
    assert "95% interval" in row["rule"]
    assert row["basis"].startswith("b against a: +20.0 points (")
    assert np.isnan(table.loc["Color raises accuracy", "estimate"])


def original_values(column, setting, old, new):
    """Return the original's values in the base grid before and after a change, each (4,), in the same order."""
    base = read_original().set_index("experiment").filter(like="base-", axis="index")
    settings = base.index.str.extract(r"base-(?P<split>\d+)-(?P<color>\w+?)(?P<augmented>-aug|$)$")
    values = base[column].to_numpy(float)
    return values[settings[setting] == old], values[settings[setting] == new]


def test_original_differences_in_accuracy_agree_with_its_tables():
    def gains(*step):
        before, after = original_values("accuracy", *step)
        return 100 * (after - before)

    def describe(*step):
        return "+{:.1f} points, mean of 4 (+{:.1f} to +{:.1f})".format(*(f(gains(*step)) for f in (np.mean, min, max)))

    assert claims.AUGMENTATION_HELPS.original == describe("augmented", "", "-aug")
    assert claims.COLOR_HELPS.original == describe("color", "gray", "rgb")
    assert claims.MORE_DATA_HELPS.original == describe("split", "641620", "801010")
    template = "+{:.1f}, +{:.1f}, +{:.1f} and +{:.1f} points"
    assert claims.LARGER_SPLIT_HELPS.original == template.format(*gains("split", "641620", "801010"))


def test_other_original_metrics_agree_with_its_tables():
    before, after = original_values("best_epoch", "augmented", "", "-aug")
    template = "the best epoch comes {:.0f} to {:.0f} epochs later, {:.1f} on average"
    assert claims.OVERFITTING_DELAYED.original == template.format(*(f(after - before) for f in (min, max, np.mean)))
    before, after = original_values("seconds_per_epoch", "augmented", "", "-aug")
    template = "an epoch takes {:.1f} to {:.1f} times as long"
    assert claims.TIME_TAKEN.original == template.format(min(after / before), max(after / before))
    known = read_original().dropna(subset="loss")
    correlation = spearmanr(known["accuracy"], known["loss"]).statistic
    assert claims.LOSS_FALLS.original == f"rank correlation −{-correlation:.2f} over its ten networks"
    assert len(known) == 10
