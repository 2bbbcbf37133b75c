"""What an experiment takes from the defaults and from the experiment that it starts from."""

from typing import Any

NOT_INHERITED = ("unfreeze", "search")


def inherited(name: str, experiments: dict[str, Any], defaults: dict[str, Any]) -> Any:
    """All keys of an experiment: its own over those of what it starts from, over the defaults.

    What it starts from is trained and done with: its `unfreeze` and its `search` are not inherited.

    Args:
        name: the experiment.
        experiments: as the configuration file has them.
        defaults: as the configuration file has them.

    Raises:
        ValueError: `start_from` names no experiment, or goes round in a circle.
    """
    chain = [name]
    while isinstance(own := experiments[chain[-1]], dict) and own.get("start_from") is not None:
        parent = own["start_from"]
        if not isinstance(parent, str) or parent not in experiments:
            raise ValueError(f"experiments.{chain[-1]}.start_from: no experiment is named {parent!r}")
        if parent in chain:
            raise ValueError(
                f"experiments.{name}.start_from: it goes round in a circle, {' → '.join([*chain, parent])}"
            )
        chain.append(parent)
    fields = dict(defaults)
    for ancestor in reversed(chain):
        own = experiments[ancestor]
        if not isinstance(own, dict | None):
            return own
        fields = {**{key: value for key, value in fields.items() if key not in NOT_INHERITED}, **(own or {})}
    return fields
