"""Pairs of networks that differ in one setting only: before and after a step."""

import json
from collections.abc import Callable, Sequence
from copy import deepcopy
from itertools import permutations
from typing import Any

from canigatti.config import Split
from canigatti.report.evidence import Network, Pair

Settings = dict[str, Any]


def augmentation_added(networks: Sequence[Network]) -> list[Pair]:
    """From the photos as they are to photos transformed at random."""
    return steps(networks, ["augmentation"], lambda old, new: not old["augmentation"] and bool(new["augmentation"]))


def color_added(networks: Sequence[Network]) -> list[Pair]:
    """From grayscale to RGB."""
    return steps(networks, ["color"], lambda old, new: (old["color"], new["color"]) == ("grayscale", "rgb"))


def training_share_raised(networks: Sequence[Network], splits: dict[str, Split]) -> list[Pair]:
    """From one split to another one with a larger training part, some test photos being the same."""
    larger = steps(networks, ["split"], lambda old, new: splits[old["split"]].train < splits[new["split"]].train)
    return [(old, new) for old, new in larger if old.right.index.isin(new.right.index).any()]


def dropout_for_normalisation(networks: Sequence[Network]) -> list[Pair]:
    """From batch normalisation without dropout to dropout without batch normalisation."""

    def is_step(old: Settings, new: Settings) -> bool:
        return _regularisation(old["network"]) == (False, True) and _regularisation(new["network"]) == (True, False)

    return steps(networks, ["network.dropout", "network.batch_normalization"], is_step)


def _regularisation(network: Settings) -> tuple[bool, bool]:
    """Whether a network has dropout, and whether it has batch normalisation."""
    return any(network.get("dropout", [])), bool(network.get("batch_normalization"))


def optimizer_for_rmsprop(networks: Sequence[Network], name: str) -> list[Pair]:
    """From RMSprop to the optimizer of this name."""

    def is_step(old: Settings, new: Settings) -> bool:
        return (old["optimizer"]["name"], new["optimizer"]["name"]) == ("rmsprop", name)

    return steps(networks, ["optimizer"], is_step)


def batch_size_raised(networks: Sequence[Network]) -> list[Pair]:
    """From any batch size to any larger one."""
    return steps(networks, ["batch_size"], lambda old, new: old["batch_size"] < new["batch_size"])


def steps(
    networks: Sequence[Network], settings: Sequence[str], is_step: Callable[[Settings, Settings], bool]
) -> list[Pair]:
    """Pairs of networks that differ in nothing but these settings; of networks with the same settings only the first.

    Args:
        networks: of the study.
        settings: such as `augmentation` or `network.dropout`.
        is_step: whether the settings of two networks stand before and after the step that is asked for.
    """
    distinct: dict[str, Network] = {}
    for network in networks:
        distinct.setdefault(_all_but((), network), network)
    with_others = [(network, _all_but(settings, network)) for network in distinct.values()]
    return [
        (old, new)
        for (old, others_of_old), (new, others_of_new) in permutations(with_others, 2)
        if others_of_old == others_of_new and is_step(old.settings, new.settings)
    ]


def _all_but(left_out: Sequence[str], network: Network) -> str:
    """The settings but these, as a text that is the same for the same settings."""
    settings = deepcopy(network.settings)
    for path in left_out:
        *parents, last = path.split(".")
        holder: Any = settings
        for parent in parents:
            holder = holder[parent]
        holder.pop(last, None)
    return json.dumps(settings, sort_keys=True)
