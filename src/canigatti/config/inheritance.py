"""Inheritance of keys: from the defaults, and from the experiment that an experiment starts from."""

from typing import Any

NOT_INHERITED = ("unfreeze", "search")


def inherit_keys(name: str, experiments: dict[str, Any], defaults: dict[str, Any]) -> Any:
    """Return an experiment's keys, including those inherited from the experiment it starts from and from the defaults.

    Its own keys take precedence, then those of the experiment it starts from, then the defaults. `unfreeze` and
    `search` are not inherited from the experiment it starts from, because they apply to that training only.

    Args:
        name: name of the experiment.
        experiments: keys by experiment, as in the configuration file.
        defaults: keys of the defaults, as in the configuration file.

    Raises:
        ValueError: `start_from` names an unknown experiment, or there is a cycle.
    """
    chain = [name]
    while isinstance(own := experiments[chain[-1]], dict) and own.get("start_from") is not None:
        parent = own["start_from"]
        if not isinstance(parent, str) or parent not in experiments:
            raise ValueError(f"experiments.{chain[-1]}.start_from: no experiment is named {parent!r}")
        if parent in chain:
            raise ValueError(
                f"experiments.{name}.start_from: expected no cycle, received {' → '.join([*chain, parent])}"
            )
        chain.append(parent)
    fields = dict(defaults)
    for ancestor in reversed(chain):
        own = experiments[ancestor]
        if not isinstance(own, dict | None):
            return own
        fields = {**{key: value for key, value in fields.items() if key not in NOT_INHERITED}, **(own or {})}
    return fields
