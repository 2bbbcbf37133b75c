"""Tests of the original study's conclusions on the results of this study.

The two networks of a pair differ only in the setting that the claim is about. Accuracies are compared on the photos
that are in both test sets.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from canigatti.config import AnySplit
from canigatti.report.comparison import SIGNIFICANCE
from canigatti.report.evidence import Network, Pair
from canigatti.report.findings import claims
from canigatti.report.findings.pairs import (
    augmentation_added,
    batch_size_raised,
    color_added,
    dropout_for_normalization,
    optimizer_for_rmsprop,
    training_fraction_raised,
)
from canigatti.report.findings.verdicts import CONTRADICTED, SUPPORTED, UNDECIDED, Claim, Finding, undecided, verdict
from canigatti.report.gains import gain, mean_gain, paired_differences
from canigatti.report.intervals import Interval, mean, rank_correlation
from canigatti.report.texts import count_noun, in_points, p_value, signed

_NO_COMMON_SEED = "no seed converged in both networks of a pair"
_ONE_PAIR = "a single pair of networks decides nothing about others"
_ORIGINAL_KERNELS = 3 * 3 * 3 * 32  # weights of the first layer: channels, height, width, filters


def findings(networks: Sequence[Network], splits: dict[str, AnySplit]) -> list[Finding]:
    """Test all conclusions of the original study, in its order.

    Args:
        networks: all networks of the study; those with a random initialization are excluded, because they do not match
            their settings.
        splits: splits of the study by name.
    """
    eligible = [network for network in networks if not network.random_initialization]
    augmented, colored = augmentation_added(eligible), color_added(eligible)
    enlarged = training_fraction_raised(eligible, splits)
    return [
        loss_falls_as_accuracy_rises(eligible),
        accuracy_rises(claims.AUGMENTATION_HELPS, augmented, "augmentation"),
        accuracy_rises(claims.COLOR_HELPS, colored, "color"),
        accuracy_rises_each_time(claims.LARGER_SPLIT_HELPS, enlarged, "their split and share test photos"),
        accuracy_rises(claims.MORE_DATA_HELPS, enlarged, "their split and share test photos"),
        overfitting_is_delayed(augmented),
        time_is_taken(augmented),
        weights_are_saved(colored),
        accuracy_rises(claims.DROPOUT_WINS, dropout_for_normalization(eligible), "dropout or batch normalization"),
        both_beat_rmsprop({name: optimizer_for_rmsprop(eligible, name.lower()) for name in ("SGD", "Adam")}),
        batch_sizes_were_tried(batch_size_raised(eligible)),
    ]


def loss_falls_as_accuracy_rises(networks: Sequence[Network]) -> Finding:
    """Test the rank correlation of accuracy and loss over all networks of all splits."""
    accuracies = np.array([network.accuracy for network in networks])
    correlation = rank_correlation(accuracies, np.array([network.loss for network in networks]))
    if correlation is None:
        reason = "it requires five experiments whose accuracies and losses are not all equal"
        return undecided(claims.LOSS_FALLS, reason)
    result = f"rank correlation {signed(correlation.estimate, 2)}"
    if correlation.interval:
        low, high = (signed(end, 2) for end in (correlation.interval.low, correlation.interval.high))
        result += f" ({low} to {high})"
    result += f", p = {p_value(correlation.p)}"
    decided = SUPPORTED if correlation.estimate < 0 else CONTRADICTED
    found = decided if correlation.p < SIGNIFICANCE else UNDECIDED
    return Finding(claims.LOSS_FALLS, found, result, (count_noun(len(networks), "experiment"),), correlation.interval)


def accuracy_rises(claim: Claim, pairs: Sequence[Pair], setting: str) -> Finding:
    """Test the mean gain in accuracy over all pairs that differ in this setting."""
    if not pairs:
        return _no_pairs(claim, setting)
    mean_of_pairs = mean_gain(pairs)
    if len(pairs) == 1:
        return undecided(claim, f"{_points(mean_of_pairs)}, but {_ONE_PAIR}", _gains(pairs))
    result = f"{_points(mean_of_pairs)}, {_mean_of(pairs)}"
    return Finding(claim, verdict([mean_of_pairs]), result, _gains(pairs), mean_of_pairs)


def accuracy_rises_each_time(claim: Claim, pairs: Sequence[Pair], setting: str) -> Finding:
    """Test the gain in accuracy of each pair that differs in this setting; a single pair can only contradict it."""
    if not pairs:
        return _no_pairs(claim, setting)
    gains = [gain(pair) for pair in pairs]
    corrected = [gain(pair, level=1 - SIGNIFICANCE / len(pairs)) for pair in pairs]  # Bonferroni
    found, result = verdict(gains, contradicting=corrected), ", ".join(map(_points, gains))
    if len(pairs) == 1 and found == SUPPORTED:
        return undecided(claim, f"{result}, but {_ONE_PAIR}", _gains(pairs))
    return Finding(claim, found, result, _gains(pairs))


def overfitting_is_delayed(pairs: Sequence[Pair]) -> Finding:
    """Test the delay of the best epoch.

    The delay is underestimated if training stopped at the maximum number of epochs.
    """
    if not pairs:
        return _no_pairs(claims.OVERFITTING_DELAYED, "augmentation")
    pairs = _with_common_seeds(pairs)
    if not pairs:
        return undecided(claims.OVERFITTING_DELAYED, _NO_COMMON_SEED)
    delays = [(new.best_epochs - old.best_epochs).dropna() for old, new in pairs]
    basis = _per_pair(pairs, [f"{signed(delay.mean())} epochs" for delay in delays])
    mean_delay = _mean_over_pairs(delays)
    if mean_delay is None:
        return undecided(claims.OVERFITTING_DELAYED, _ONE_PAIR, basis)
    estimate, low, high = (signed(value) for value in (mean_delay.estimate, mean_delay.low, mean_delay.high))
    result = f"best epoch {estimate} epochs ({low} to {high}), {_mean_of(pairs)}{_out_of_epochs(pairs)}"
    return Finding(claims.OVERFITTING_DELAYED, verdict([mean_delay]), result, basis, mean_delay)


def time_is_taken(pairs: Sequence[Pair]) -> Finding:
    """Test the ratio of epoch durations; its mean is geometric because durations scale."""
    if not pairs:
        return _no_pairs(claims.TIME_TAKEN, "augmentation")
    pairs = _with_common_seeds(pairs)
    if not pairs:
        return undecided(claims.TIME_TAKEN, _NO_COMMON_SEED)
    ratios = [np.log(new.seconds_per_epoch / old.seconds_per_epoch).dropna() for old, new in pairs]
    basis = _per_pair(pairs, [f"{np.exp(ratio.mean()):.2f} times as long" for ratio in ratios])
    logarithm = _mean_over_pairs(ratios)
    if logarithm is None:
        return undecided(claims.TIME_TAKEN, _ONE_PAIR, basis)
    factor = Interval(*(float(np.exp(value)) for value in (logarithm.estimate, logarithm.low, logarithm.high)))
    result = f"an epoch takes {factor.estimate:.2f} times as long ({factor.low:.2f} to {factor.high:.2f})"
    return Finding(claims.TIME_TAKEN, verdict([factor], neutral=1), f"{result}, {_mean_of(pairs)}", basis, factor)


def weights_are_saved(pairs: Sequence[Pair]) -> Finding:
    """Count the saved weights.

    The work of a layer, multiplications per pixel, is proportional to the number of weights of its kernels.
    """
    convolutional = [pair for pair in pairs if "filters" in pair[0].settings["network"]]
    if not pairs:
        return _no_pairs(claims.WEIGHTS_SAVED, "color")
    if not convolutional:
        return undecided(claims.WEIGHTS_SAVED, "the experiments that differ only in color are pretrained networks")
    saved = np.array([new.parameters - old.parameters for old, new in convolutional])
    kernels = np.array([_first_kernels(new) for _, new in convolutional])
    fractions = zip(saved, saved / kernels, strict=True)
    texts = [f"{weights:,} weights, {fraction:.1%} of the first layer's work" for weights, fraction in fractions]
    result, basis = "; ".join(dict.fromkeys(texts)), _per_pair(convolutional, texts)
    like_original = kernels == _ORIGINAL_KERNELS
    if not like_original.any():
        return undecided(claims.WEIGHTS_SAVED, f"{result}, but no network has the first layer of the original", basis)
    holds = (3 * saved == 2 * kernels)[like_original].all()
    return Finding(claims.WEIGHTS_SAVED, SUPPORTED if holds else CONTRADICTED, result, basis)


def both_beat_rmsprop(steps: dict[str, list[Pair]]) -> Finding:
    """Test the mean gain in accuracy of both optimizers over RMSprop.

    Args:
        steps: pairs with RMSprop and with the optimizer, by the optimizer's name.
    """
    missing = [f"RMSprop or {name}" for name, pairs in steps.items() if not pairs]
    if missing:
        return _no_pairs(claims.RMSPROP_LOSES, " and in ".join(missing))
    gains = [mean_gain(pairs) for pairs in steps.values()]
    result = "; ".join(f"{name} {_points(one)}" for name, one in zip(steps, gains, strict=True))
    basis = _gains([pair for pairs in steps.values() for pair in pairs])
    if any(len(pairs) == 1 for pairs in steps.values()):
        return undecided(claims.RMSPROP_LOSES, f"{result}, but {_ONE_PAIR}", basis)
    return Finding(claims.RMSPROP_LOSES, verdict(gains), result, basis)


def batch_sizes_were_tried(pairs: Sequence[Pair]) -> Finding:
    """Test whether the batch sizes were tried, whatever the accuracies.

    Args:
        pairs: networks that differ only in batch size, the smaller batch size first.
    """
    if not pairs:
        return _no_pairs(claims.BATCH_SIZES_TRIED, "batch size")
    smallest = max(pairs, key=lambda pair: _batch_size(pair[1]) / _batch_size(pair[0]))[0]
    from_smallest = [pair for pair in pairs if pair[0] is smallest]
    accuracies = {_batch_size(network): network.accuracy for pair in from_smallest for network in pair}
    result = "accuracy " + ", ".join(f"{accuracies[size]:.1%} with {size}" for size in sorted(accuracies))
    if min(accuracies) > 16 or max(accuracies) < 256:
        return undecided(
            claims.BATCH_SIZES_TRIED, f"{result}, but the batch sizes do not span 16 to 256", _gains(from_smallest)
        )
    return Finding(claims.BATCH_SIZES_TRIED, SUPPORTED, result, _gains(from_smallest))


def _mean_over_pairs(values: Sequence[pd.Series]) -> Interval | None:
    """Return the mean over pairs of the mean over seeds, or None for a single pair, which has no interval."""
    return mean(np.array([of_seeds.mean() for of_seeds in values]))


def _with_common_seeds(pairs: Sequence[Pair]) -> list[Pair]:
    """Return the pairs with a common seed that did not diverge."""
    return [(old, new) for old, new in pairs if old.best_epochs.index.isin(new.best_epochs.index).any()]


def _out_of_epochs(pairs: Sequence[Pair]) -> str:
    """Return a remark on training runs whose best epoch is the last one allowed: the true best epoch may be later."""
    networks = dict.fromkeys(network for pair in pairs for network in pair)
    count = sum(int((network.best_epochs == network.settings["epochs"]).sum()) for network in networks)
    return f"; {count_noun(count, 'training run')} reached the best epoch at the epoch limit" if count else ""


def _batch_size(network: Network) -> int:
    return int(network.settings["batch_size"])


def _first_kernels(network: Network) -> int:
    """Return the number of weights of the first layer's kernels with RGB input."""
    settings = network.settings["network"]
    return int(3 * settings["kernel_size"] ** 2 * settings["filters"][0])


def _gains(pairs: Sequence[Pair]) -> tuple[str, ...]:
    texts = [f"{_points(gain(pair))} on {len(paired_differences([pair])):,} photos" for pair in pairs]
    return _per_pair(pairs, texts)


def _per_pair(pairs: Sequence[Pair], texts: Sequence[str]) -> tuple[str, ...]:
    return tuple(f"{new.name} against {old.name}: {text}" for (old, new), text in zip(pairs, texts, strict=True))


def _points(interval: Interval) -> str:
    return in_points(interval.estimate, interval.low, interval.high)


def _mean_of(pairs: Sequence[Pair]) -> str:
    return f"mean of {count_noun(len(pairs), 'pair')}"


def _no_pairs(claim: Claim, setting: str) -> Finding:
    return undecided(claim, f"no two experiments differ only in {setting}")
