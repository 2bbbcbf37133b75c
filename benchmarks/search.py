"""Successive halving against a random search: the same trials with the same seeds, through the workflow.

With CANIGATTI_BENCH_PHOTOS=…/petimages-4k.zip it takes hours on two cores; in a folder named by CANIGATTI_BENCH_FOLDER,
it resumes where it was interrupted. CANIGATTI_BENCH_SEARCH=tiny takes minutes, and shows only that it works.
"""

import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import pandas as pd
from measure import Row, limit
from workflow import SNAKEMAKE

from canigatti.search.records import CURVES, BestTrial
from canigatti.search.selection import read_trials


@dataclass(frozen=True)
class Scale:
    """How much is trained."""

    trials: int
    epochs: int
    seeds: tuple[int, ...]
    image_size: int
    photos: int


FULL = Scale(trials=27, epochs=27, seeds=(4, 5, 6), image_size=64, photos=4000)  # 1 to 3 chose the defaults of halving
TINY = Scale(trials=9, epochs=9, seeds=(1,), image_size=16, photos=80)
STUDY = """
study: search-bench
classes: [cat, dog]
photos: {photos}
splits: {{most: {{train: 0.7, validation: 0.15, test: 0.15}}}}
defaults:
  split: most
  image_size: {scale.image_size}
  augment: true
  batch_size: 64
  early_stopping: {{patience: 9}}
  network: {{filters: [8, 16, 32], dense_units: 32, dropout: [0.1, 0.1, 0.1, 0.2]}}
  optimizer: {{name: adam, learning_rate: 0.001}}
experiments:
{experiments}
"""
SEARCH = """\
  {method}-{seed}:
    search:
      method: {method}
      trials: {scale.trials}
      executions: 1
      epochs: {scale.epochs}
      seed: {seed}
      space:
        filters: [{{low: 8, high: 16, step: 8}}, {{low: 8, high: 32, step: 8}}, {{low: 16, high: 48, step: 16}}]
        dense_units: {{low: 16, high: 64, step: 16}}
        learning_rate: {{low: 1e-5, high: 1e-1, values: 17}}
"""
METHODS = ("random", "halving")


def rows(folder: Path, photos: Path | None) -> list[Row]:
    """Run both searches with each seed, and compare their epochs, their winners, and the curves that they share."""
    folder = Path(os.environ.get("CANIGATTI_BENCH_FOLDER", folder)).absolute()
    folder.mkdir(parents=True, exist_ok=True)
    scale = TINY if os.environ.get("CANIGATTI_BENCH_SEARCH") == "tiny" else FULL
    found = run(folder, photos, scale)
    epochs = {
        method: sum(int(read_trials(one / "trials.csv")["epochs"].sum()) for one in found[method]) for method in METHODS
    }
    scores = {method: [BestTrial.read(one / "best.json").score for one in found[method]] for method in METHODS}
    lost = [100 * (random - halving) for random, halving in zip(*scores.values(), strict=True)]
    pairs = zip(found["random"], found["halving"], strict=True)
    different, curves = map(sum, zip(*(compare_curves(random, halving) for random, halving in pairs), strict=True))
    seeds = f"{len(scale.seeds)} seeds of {scale.trials} trials"
    each = ", ".join(f"{value:+.1f}" for value in lost)
    return [
        limit(
            "epochs of halving / of the random search",
            *(100 * epochs["halving"] / epochs["random"],),
            target=40,
            unit="%",
            detail=f"{epochs['halving']:,} and {epochs['random']:,} epochs, {seeds}",
        ),
        limit(
            "validation accuracy of the random search's best trial - of halving's, mean",
            sum(lost) / len(lost),
            target=1,
            unit="points",
            detail=f"by seed: {each}",
        ),
        limit(
            "curves of halving that are not the beginning of the random search's",
            different,
            target=0,
            unit="",
            detail=f"of {curves}",
        ),
    ]


def run(folder: Path, photos: Path | None, scale: Scale) -> dict[str, list[Path]]:
    """Run the searches, and return their folders by method."""
    source = f"{{source: {photos}}}" if photos else f"{{generate: {{count: {scale.photos}, seed: 1}}}}"
    experiments = "".join(
        SEARCH.format(method=method, seed=seed, scale=scale) for seed in scale.seeds for method in METHODS
    )
    configuration = folder / "search.yaml"
    configuration.write_text(STUDY.format(photos=source, scale=scale, experiments=experiments), encoding="utf-8")
    results = folder / "results" / "search-bench" / "search"
    found = {method: [results / f"{method}-{seed}" for seed in scale.seeds] for method in METHODS}
    targets = [str((one / "best.json").relative_to(folder)) for one in chain(*found.values())]
    command = [*SNAKEMAKE, "--directory", str(folder), "--configfile", str(configuration), "--", *targets]
    subprocess.run(command, check=True, capture_output=True)
    return found


def compare_curves(random: Path, halving: Path) -> tuple[int, int]:
    """Return how many curves of halving are not the beginning of the random search's, and the number of curves."""
    long, short = dict(curves_of(random)), dict(curves_of(halving))
    return sum(long[trial][: len(curve)] != curve for trial, curve in short.items()), len(short)


def curves_of(folder: Path) -> Iterator[tuple[int, list[float]]]:
    """Yield the objective after each epoch of each trial."""
    curves: pd.DataFrame = CURVES.read(folder / "curves.csv")
    for trial, curve in curves.groupby("trial"):
        yield int(trial), curve["score"].tolist()
