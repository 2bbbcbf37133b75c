"""Words for jobs and durations in the terminal."""

from collections.abc import Mapping

# First words of the names of rules, which are verb_noun: what a job is doing, and what it did.
_VERBS = {
    "audit": ("auditing", "audited"),
    "augment": ("augmenting", "augmented"),
    "calibrate": ("calibrating", "calibrated"),
    "check": ("checking", "checked"),
    "correct": ("correcting", "corrected"),
    "describe": ("describing", "described"),
    "evaluate": ("evaluating", "evaluated"),
    "explain": ("explaining", "explained"),
    "export": ("exporting", "exported"),
    "extract": ("extracting", "extracted"),
    "fetch": ("fetching", "fetched"),
    "generate": ("generating", "generated"),
    "inspect": ("inspecting", "inspected"),
    "measure": ("measuring", "measured"),
    "plot": ("plotting", "plotted"),
    "promote": ("promoting", "promoted"),
    "propose": ("proposing", "proposed"),
    "select": ("selecting", "selected"),
    "split": ("splitting", "split"),
    "store": ("storing", "stored"),
    "train": ("training", "trained"),
    "write": ("writing", "wrote"),
}
_BARE = ("experiment", "split", "part", "backbone")  # wildcards whose values need no name beside them


def verb_and_noun(rule: str) -> tuple[str, str]:
    """Return a rule's verb and the rest of its name, such as `plot` and `training`.

    A workflow that imports this one may put a prefix before the names of its rules, which is left out. The verb of a
    rule that has none is empty.
    """
    words = rule.split("_")
    for place, word in enumerate(words):
        if word in _VERBS:
            return word, " ".join(words[place + 1 :])
    return "", rule


def subject(wildcards: Mapping[str, str]) -> str:
    """Return which experiment, split or photos a job is about, such as `plain, seed 42`."""
    return ", ".join(str(value) if name in _BARE else f"{name} {value}" for name, value in wildcards.items())


def doing(rule: str) -> str:
    """Return what a job is doing, such as `plotting training`."""
    verb, noun = verb_and_noun(rule)
    return f"{_VERBS[verb][0]} {noun}".rstrip() if verb else f"started {rule}"


def did(rule: str) -> str:
    """Return what a job did, such as `plotted training`."""
    verb, noun = verb_and_noun(rule)
    return f"{_VERBS[verb][1]} {noun}".rstrip() if verb else f"finished {rule}"


def plain(rule: str) -> str:
    """Return what a job would do, such as `plot training`."""
    verb, noun = verb_and_noun(rule)
    return f"{verb} {noun}".strip()


def duration(seconds: float) -> str:
    """Return a duration in the two largest units that matter, such as `2.4 s`, `3 min 20 s` or `1 d 4 h`."""
    if seconds < 9.95:
        return f"{max(0.0, seconds):.1f} s"
    whole = round(seconds)
    for unit, size, smaller, small in (("d", 86_400, "h", 3_600), ("h", 3_600, "min", 60), ("min", 60, "s", 1)):
        if whole >= size:
            rest = whole % size // small
            return f"{whole // size} {unit}" + (f" {rest} {smaller}" if rest else "")
    return f"{whole} s"


def time_left(seconds: float) -> str:
    """Return a forecast in minutes, hours or days; its seconds would mean nothing."""
    minutes = round(seconds / 60)
    return f"{duration(60 * minutes)} left" if minutes else "under 1 min left"
