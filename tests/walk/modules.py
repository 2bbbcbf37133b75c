"""Random edits of the project's code: comments, changes that alter numbers, and their reversal."""

import random
from dataclasses import dataclass
from pathlib import Path

from edit import Edit, Editor

from canigatti.provenance import WITHOUT_EFFECT

# By module: a text and its replacement, which changes numbers.
CHANGES = {
    "photos/duplicates.py": ("MAX_DIFFERING_BITS = 10", "MAX_DIFFERING_BITS = 16"),
    "photos/splits.py": ("np.random.default_rng(split.seed)", "np.random.default_rng(split.seed + 1)"),
    "photos/resizing.py": ("_FILTER = Image.Resampling.BILINEAR", "_FILTER = Image.Resampling.NEAREST"),
    "training/augmentation.py": ("alpha=brightness", "alpha=0.8 * brightness"),
    "training/batches.py": ("default_rng([seed, ", "default_rng([seed + 1, "),
    "training/networks.py": ("Rescaling(1 / 255", "Rescaling(1 / 128"),
    "search/trials.py": ("SeedSequence((seed, trial", "SeedSequence((seed + 1, trial"),
    "evaluation/metrics.py": ("THRESHOLD = 0.5 ", "THRESHOLD = 0.48 "),
    "report/comparison.py": ("SIGNIFICANCE = 0.05", "SIGNIFICANCE = 0.6"),
    "report/multireader.py": ("_FEW = 8", "_FEW = 9"),
}


@dataclass
class Modules:
    """The package's folder in the project."""

    folder: Path

    def names(self) -> list[str]:
        return sorted(path.relative_to(self.folder).as_posix() for path in self.folder.rglob("*.py"))


def _has_no_effect(name: str) -> bool:
    """Return whether the module decides no result: see `canigatti.provenance`; nothing in the workflow predicts."""
    module = "canigatti." + name.removesuffix(".py").replace("/", ".")
    packages = [one for one in (*WITHOUT_EFFECT, "canigatti.prediction", "canigatti.__main__") if one != "canigatti"]
    return name.endswith("__init__.py") or any(f"{module}.".startswith(f"{package}.") for package in packages)


def add_comment(modules: Modules, dice: random.Random) -> Edit:
    """Add a comment to a module; half of the time to one that decides no result."""
    names = modules.names()
    name = dice.choice(dice.choice([names, [name for name in names if _has_no_effect(name)]]))
    with (modules.folder / name).open("a", encoding="utf-8") as stream:
        stream.write(f"\n# remark {dice.randrange(10**6)}\n")
    return Edit(f"comment in {name}", reruns_nothing=_has_no_effect(name))


def change_numbers(modules: Modules, dice: random.Random) -> Edit:
    """Change what a module computes, or undo that."""
    name = dice.choice(list(CHANGES))
    path, (old, new) = modules.folder / name, CHANGES[name]
    text = path.read_text(encoding="utf-8")
    old, new = (new, old) if new in text else (old, new)
    if text.count(old) != 1:
        raise RuntimeError(f"{name}: expected {old!r} once; adapt tests/walk/modules.py")
    path.write_text(text.replace(old, new), encoding="utf-8")
    return Edit(f"{name}: {old.strip()} is now {new.strip()}")


def touch(modules: Modules, dice: random.Random) -> Edit:
    for name in dice.sample(modules.names(), 5):
        (modules.folder / name).touch()
    return Edit("touched 5 modules", reruns_nothing=True)


EDITORS: dict[Editor, int] = {add_comment: 3, change_numbers: 5, touch: 1}
