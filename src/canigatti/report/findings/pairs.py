"""Pairs of networks that differ in only one setting, before and after a change."""

import json
from collections.abc import Callable, Sequence
from copy import deepcopy
from itertools import permutations
from typing import Any

from canigatti.config import AnySplit, Split
from canigatti.report.evidence import Network, Pair

Settings = dict[str, Any]


def augmentation_added(networks: Sequence[Network]) -> list[Pair]:
    """Return the pairs without and with augmentation."""
    return steps(networks, ["augmentation"], lambda old, new: not old["augmentation"] and bool(new["augmentation"]))


def color_added(networks: Sequence[Network]) -> list[Pair]:
    """Return the pairs with grayscale and with RGB input."""
    return steps(networks, ["color"], lambda old, new: (old["color"], new["color"]) == ("grayscale", "rgb"))


def training_fraction_raised(networks: Sequence[Network], splits: dict[str, AnySplit]) -> list[Pair]:
    """Return the pairs whose second split has a larger training set, if their test sets have photos in common.

    Splits that come with the photos are not used: they may differ in more than the fraction.
    """
    fractions = {name: split.train for name, split in splits.items() if isinstance(split, Split)}

    def is_step(old: Settings, new: Settings) -> bool:
        return {old["split"], new["split"]} <= {*fractions} and fractions[old["split"]] < fractions[new["split"]]

    larger = steps(networks, ["split"], is_step)
    return [(old, new) for old, new in larger if old.correct.index.isin(new.correct.index).any()]


def dropout_for_normalization(networks: Sequence[Network]) -> list[Pair]:
    """Return the pairs with only batch normalization and with only dropout."""

    def is_step(old: Settings, new: Settings) -> bool:
        return _regularization(old["network"]) == (False, True) and _regularization(new["network"]) == (True, False)

    return steps(networks, ["network.dropout", "network.batch_normalization"], is_step)


def _regularization(network: Settings) -> tuple[bool, bool]:
    """Return whether a network has dropout, and whether it has batch normalization."""
    return any(network.get("dropout", [])), bool(network.get("batch_normalization"))


def optimizer_for_rmsprop(networks: Sequence[Network], name: str) -> list[Pair]:
    """Return the pairs with RMSprop and with the optimizer of this name."""

    def is_step(old: Settings, new: Settings) -> bool:
        return (old["optimizer"]["name"], new["optimizer"]["name"]) == ("rmsprop", name)

    return steps(networks, ["optimizer"], is_step)


def batch_size_raised(networks: Sequence[Network]) -> list[Pair]:
    """Return the pairs with a smaller and a larger batch size."""
    return steps(networks, ["batch_size"], lambda old, new: old["batch_size"] < new["batch_size"])


def steps(
    networks: Sequence[Network], settings: Sequence[str], is_step: Callable[[Settings, Settings], bool]
) -> list[Pair]:
    """Return the pairs of networks that differ only in the given settings.

    Only the first of several networks with identical settings is used.

    Args:
        networks: all networks of the study.
        settings: paths of settings, such as `augmentation` or `network.dropout`.
        is_step: whether two networks' settings are those before and after the change.
    """
    distinct: dict[str, Network] = {}
    for network in networks:
        distinct.setdefault(_serialize_except((), network), network)
    candidates = [(network, _serialize_except(settings, network)) for network in distinct.values()]
    return [
        (old, new)
        for (old, old_rest), (new, new_rest) in permutations(candidates, 2)
        if old_rest == new_rest and is_step(old.settings, new.settings)
    ]


def _serialize_except(excluded: Sequence[str], network: Network) -> str:
    """Return all settings except the excluded ones as JSON; equal settings give equal text."""
    settings = deepcopy(network.settings)
    for path in excluded:
        *parents, last = path.split(".")
        section: Any = settings
        for parent in parents:
            section = section[parent]
        section.pop(last, None)
    return json.dumps(settings, sort_keys=True)
