"""The original study's conclusions, each tested on this study's own numbers.

Networks are paired by their settings: two that differ in nothing but what the claim is about. Accuracies are compared
on the photos that tested both.
"""

from collections.abc import Sequence

import numpy as np

from canigatti.config import Split
from canigatti.report.evidence import Network, Pair, differences
from canigatti.report.findings import claims
from canigatti.report.findings.pairs import (
    augmentation_added,
    batch_size_raised,
    color_added,
    dropout_for_normalisation,
    optimizer_for_rmsprop,
    training_share_raised,
)
from canigatti.report.findings.verdicts import CONTRADICTED, SUPPORTED, Claim, Finding, undecided, verdict
from canigatti.report.intervals import Interval, mean, mean_difference, rank_correlation
from canigatti.report.texts import amount, in_points, signed

_ORIGINAL_KERNELS = 3 * 3 * 3 * 32  # weights of the first layer's kernels: channels, height, width, filters


def findings(networks: Sequence[Network], splits: dict[str, Split]) -> list[Finding]:
    """Every conclusion of the original study, in its order.

    Args:
        networks: of the study; those with an random initialization are left out, since they are not what their settings say.
        splits: the study's splits by name.
    """
    trained = [network for network in networks if not network.random_initialization]
    augmented, colored = augmentation_added(trained), color_added(trained)
    enlarged = training_share_raised(trained, splits)
    return [
        loss_falls_as_accuracy_rises(trained),
        accuracy_rises(claims.AUGMENTATION_HELPS, augmented, "augmentation"),
        accuracy_rises(claims.COLOR_HELPS, colored, "colour"),
        accuracy_rises_each_time(claims.LARGER_SPLIT_HELPS, enlarged, "their split and share test photos"),
        accuracy_rises(claims.MORE_DATA_HELPS, enlarged, "their split and share test photos"),
        overfitting_is_delayed(augmented),
        time_is_taken(augmented),
        weights_are_saved(colored),
        accuracy_rises(claims.DROPOUT_WINS, dropout_for_normalisation(trained), "dropout or batch normalisation"),
        both_beat_rmsprop({name: optimizer_for_rmsprop(trained, name.lower()) for name in ("SGD", "Adam")}),
        batch_sizes_were_tried(batch_size_raised(trained)),
    ]


def loss_falls_as_accuracy_rises(networks: Sequence[Network]) -> Finding:
    """Over all networks, on whatever split."""
    accuracies, losses = (np.array([getattr(one, name) for one in networks]) for name in ("accuracy", "loss"))
    found = rank_correlation(accuracies, losses)
    if found is None:
        return undecided(claims.LOSS_FALLS, "it takes four experiments whose accuracies and losses are not all equal")
    ours = f"rank correlation {signed(found.estimate, 2)} ({signed(found.low, 2)} to {signed(found.high, 2)})"
    basis = f"{amount(len(networks), 'experiment')}; they share test photos, so the interval is somewhat too narrow"
    falling = Interval(-found.estimate, -found.high, -found.low)
    return Finding(claims.LOSS_FALLS, verdict([falling]), ours, (basis,), found)


def accuracy_rises(claim: Claim, pairs: Sequence[Pair], setting: str) -> Finding:
    """A step that is said to raise accuracy, on the mean over all pairs that differ in this setting."""
    if not pairs:
        return _no_pairs(claim, setting)
    gain = _gain(pairs)
    return Finding(claim, verdict([gain]), f"{_points(gain)}, {_mean_of(pairs)}", _gains(pairs), gain)


def accuracy_rises_each_time(claim: Claim, pairs: Sequence[Pair], setting: str) -> Finding:
    """A step that is said to raise accuracy in every pair that differs in this setting."""
    if not pairs:
        return _no_pairs(claim, setting)
    gains = [_gain([pair]) for pair in pairs]
    return Finding(claim, verdict(gains), ", ".join(_points(gain) for gain in gains), _gains(pairs))


def overfitting_is_delayed(pairs: Sequence[Pair]) -> Finding:
    """How much later the best epoch comes; where training ran out of epochs it might have come later still."""
    pairs = _with_seeds_in_common(pairs)
    if not pairs:
        return _no_pairs(claims.OVERFITTING_DELAYED, "augmentation")
    later = [(new.best_epochs - old.best_epochs).dropna() for old, new in pairs]
    basis = _each(pairs, [f"{signed(step.mean())} epochs" for step in later])
    delay = mean(np.concatenate(later))
    if delay is None:
        return undecided(claims.OVERFITTING_DELAYED, "one pair gives no interval", basis)
    ours = f"best epoch {signed(delay.estimate)} epochs ({signed(delay.low)} to {signed(delay.high)})"
    ours = f"{ours}, {_mean_of(pairs)}{_out_of_epochs(pairs)}"
    return Finding(claims.OVERFITTING_DELAYED, verdict([delay]), ours, basis, delay)


def time_is_taken(pairs: Sequence[Pair]) -> Finding:
    """How many times as long an epoch takes: the geometric mean, since times change in proportion."""
    pairs = _with_seeds_in_common(pairs)
    if not pairs:
        return _no_pairs(claims.TIME_TAKEN, "augmentation")
    longer = [np.log(new.seconds_per_epoch / old.seconds_per_epoch).dropna() for old, new in pairs]
    basis = _each(pairs, [f"{np.exp(step.mean()):.2f} times as long" for step in longer])
    logarithm = mean(np.concatenate(longer))
    if logarithm is None:
        return undecided(claims.TIME_TAKEN, "one pair gives no interval", basis)
    factor = Interval(*(float(np.exp(end)) for end in (logarithm.estimate, logarithm.low, logarithm.high)))
    ours = f"an epoch takes {factor.estimate:.2f} times as long ({factor.low:.2f} to {factor.high:.2f})"
    return Finding(claims.TIME_TAKEN, verdict([factor], neutral=1), f"{ours}, {_mean_of(pairs)}", basis, factor)


def weights_are_saved(pairs: Sequence[Pair]) -> Finding:
    """Weights are counted; a layer's work, multiplications a pixel, is in proportion to the weights of its kernels."""
    built = [pair for pair in pairs if "filters" in pair[0].settings["network"]]
    if not built:
        return _no_pairs(claims.WEIGHTS_SAVED, "colour")
    saved = np.array([new.parameters - old.parameters for old, new in built])
    kernels = np.array([_first_kernels(new) for _, new in built])
    counted = zip(saved, saved / kernels, strict=True)
    texts = [f"{weights:,} weights, {share:.1%} of the first layer's work" for weights, share in counted]
    ours, basis = "; ".join(dict.fromkeys(texts)), _each(built, texts)
    like_original = kernels == _ORIGINAL_KERNELS
    if not like_original.any():
        return undecided(claims.WEIGHTS_SAVED, f"{ours}, but no first layer is like the original's", basis)
    holds = (3 * saved == 2 * kernels)[like_original].all()
    return Finding(claims.WEIGHTS_SAVED, SUPPORTED if holds else CONTRADICTED, ours, basis)


def both_beat_rmsprop(steps: dict[str, list[Pair]]) -> Finding:
    """Both are better, each on the mean over its pairs.

    Args:
        steps: by the name of each of the two, pairs of a network with RMSprop and the same one with it.
    """
    absent = [f"RMSprop or {name}" for name, pairs in steps.items() if not pairs]
    if absent:
        return _no_pairs(claims.RMSPROP_LOSES, " and in ".join(absent))
    gains = [_gain(pairs) for pairs in steps.values()]
    ours = "; ".join(f"{name} {_points(gain)}" for name, gain in zip(steps, gains, strict=True))
    basis = _gains([pair for pairs in steps.values() for pair in pairs])
    return Finding(claims.RMSPROP_LOSES, verdict(gains), ours, basis)


def batch_sizes_were_tried(pairs: Sequence[Pair]) -> Finding:
    """A statement of what was done, not of what came of it.

    Args:
        pairs: networks that differ only in batch size, the smaller one first.
    """
    if not pairs:
        return _no_pairs(claims.BATCH_SIZES_TRIED, "batch size")
    smallest = max(pairs, key=lambda pair: _batch_size(pair[1]) / _batch_size(pair[0]))[0]
    from_smallest = [pair for pair in pairs if pair[0] is smallest]
    accuracies = {_batch_size(network): network.accuracy for pair in from_smallest for network in pair}
    ours = "accuracy " + ", ".join(f"{accuracies[size]:.1%} with {size}" for size in sorted(accuracies))
    if min(accuracies) > 16 or max(accuracies) < 256:
        return undecided(claims.BATCH_SIZES_TRIED, f"{ours}, and none further", _gains(from_smallest))
    return Finding(claims.BATCH_SIZES_TRIED, SUPPORTED, ours, _gains(from_smallest))


def _with_seeds_in_common(pairs: Sequence[Pair]) -> list[Pair]:
    """Where some trainings diverged, the remaining ones of two networks may have no seed in common."""
    return [(old, new) for old, new in pairs if old.right.columns.isin(new.right.columns).any()]


def _out_of_epochs(pairs: Sequence[Pair]) -> str:
    """A remark where trainings were best in their last allowed epoch: their true best epoch may lie beyond it."""
    networks = dict.fromkeys(network for pair in pairs for network in pair)
    cut = sum(int((network.best_epochs == network.settings["epochs"]).sum()) for network in networks)
    return f"; {amount(cut, 'training was', 'trainings were')} best in the last epoch allowed" if cut else ""


def _batch_size(network: Network) -> int:
    return int(network.settings["batch_size"])


def _first_kernels(network: Network) -> int:
    """Weights of the first layer's kernels on photos in colour."""
    built = network.settings["network"]
    return int(3 * built["kernel_size"] ** 2 * built["filters"][0])


def _gain(pairs: Sequence[Pair]) -> Interval:
    return mean_difference(differences(pairs).to_numpy())


def _gains(pairs: Sequence[Pair]) -> tuple[str, ...]:
    of_pairs = [differences([pair]) for pair in pairs]
    return _each(pairs, [f"{_points(mean_difference(one.to_numpy()))} on {len(one):,} photos" for one in of_pairs])


def _each(pairs: Sequence[Pair], texts: Sequence[str]) -> tuple[str, ...]:
    return tuple(f"{new.name} against {old.name}: {text}" for (old, new), text in zip(pairs, texts, strict=True))


def _points(gain: Interval) -> str:
    return in_points(gain.estimate, gain.low, gain.high)


def _mean_of(pairs: Sequence[Pair]) -> str:
    return f"mean of {amount(len(pairs), 'pair')}"


def _no_pairs(claim: Claim, setting: str) -> Finding:
    return undecided(claim, f"no two experiments differ only in {setting}")
