"""The answer at the top of the page: the best network, what it is, what it costs, and how to use it."""

import shlex
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from canigatti.config import Convolutional, Pretrained, Spec
from canigatti.report.cheaper import cheaper_sentence
from canigatti.report.guessing import Guess
from canigatti.report.page.headline import best_runs
from canigatti.report.results import Run, StudyResults
from canigatti.report.tables import BEST, Evidence
from canigatti.report.texts import enumerate_words
from canigatti.training.records import TrainingRecord

EXAMPLE = "example.png"  # a test photo next to the page, for the command on it
_BILLION, _MILLION, _THOUSAND = 10**9, 10**6, 10**3


@dataclass(frozen=True)
class Answer:
    """What the box at the top of the page says besides the accuracy.

    Attributes:
        network: what it is, as sentences.
        cheaper: see :func:`canigatti.report.cheaper.cheaper_sentence`.
        speed: how long it takes to classify a photo.
        model: path of its file, relative to the folder of the project, or to that of the results if `command` is empty.
        seed: of the network in this file.
        command: the command line that classifies the example photo with it, in the folder of the project; empty if
            another workflow has imported this one, because only that knows the folder.
    """

    network: str
    cheaper: str
    speed: str
    model: str
    seed: int
    command: str


def answer(
    study: StudyResults, everything: pd.DataFrame, evidence: Evidence, guesses: dict[str, Guess]
) -> Answer | None:
    """Return the answer of a study; None if no experiment is ranked.

    Args:
        study: all results.
        everything: the table of all experiments.
        evidence: of its networks.
        guesses: see :func:`canigatti.report.guessing.guesses_of`.
    """
    best = everything[everything["standing"] == BEST]
    if best.empty:
        return None
    runs = best_runs(study, everything)
    folder = None if study.outline.configuration is None else f"results/{study.outline.study}"
    model = f"training/{runs[0].experiment}/seed{runs[0].seed}/model.keras"
    path = f"{folder}/{model}" if folder else model
    return Answer(
        network=describe_network(runs[0].training),
        cheaper=cheaper_sentence(study, everything, evidence, guesses[best["split"].iloc[0]]),
        speed=_speed(best.iloc[0], runs),
        model=path,
        seed=runs[0].seed,
        command=shlex.join(["canigatti", "predict", path, f"{folder}/report/{EXAMPLE}"]) if folder else "",
    )


def describe_network(training: TrainingRecord) -> str:
    """Return sentences on what a network is: its layers, and the photos that it was trained on."""
    spec = training.spec
    layers = _pretrained(spec, spec.network, training) if isinstance(spec.network, Pretrained) else _layers(spec)
    size = f"{spec.image_size} × {spec.image_size} pixels"
    color = "RGB" if spec.color == "rgb" else "grayscale"
    return (
        f"{layers}; {_rounded(training.parameters)} parameters. Photos of {size}, {color}, "
        f"{'not augmented' if spec.augmentation is None else 'augmented'}."
    )


def _pretrained(spec: Spec, network: Pretrained, training: TrainingRecord) -> str:
    origin = {"imagenet": "pretrained on ImageNet", "file": "pretrained (weights from a file)"}.get(
        training.weights or "", "with random weights"
    )
    state = {"nothing": "frozen", "everything": "all of its layers fine-tuned"}.get(
        spec.unfreeze, f"fine-tuned from its layer {spec.unfreeze} on"
    )
    units = [f"{count:,}" for count in network.head.dense_units]
    head = f"a new head with dense layers of {enumerate_words(units)} units" if units else "a new output layer"
    return f"The backbone {network.backbone}, {origin}, {state}, and {head}"


def _layers(spec: Spec) -> str:
    network = spec.network
    assert isinstance(network, Convolutional)
    count = f"{network.convolutions_per_block} convolutions" if network.convolutions_per_block > 1 else "a convolution"
    filters = enumerate_words([f"{number:,}" for number in network.filters])
    blocks = f"{len(network.filters)} blocks" if len(network.filters) > 1 else "one block"
    return (
        f"A convolutional network trained from scratch: {blocks} of {count} with {filters} filters, and a dense layer "
        f"of {network.dense_units:,} units"
    )


def _rounded(count: int) -> str:
    """Format a count with three significant digits: `2.43 million`."""
    for unit, name in ((_BILLION, " billion"), (_MILLION, " million")):
        if count >= unit:
            return f"{count / unit:.3g}{name}"
    return f"{float(f'{count:.3g}'):,.0f}"


def _speed(best: pd.Series, runs: Sequence[Run]) -> str:
    milliseconds, seeds = float(best["milliseconds_per_photo"]), int(best["seeds"])
    devices = [*dict.fromkeys(run.speed.device for run in runs)]
    batches = enumerate_words([f"{size:,}" for size in dict.fromkeys(run.speed.batch_size for run in runs)])
    took = f"{milliseconds / _THOUSAND:.3g} s" if milliseconds >= _THOUSAND else f"{milliseconds:.3g} ms"
    mean = f", mean of {seeds} seeds" if seeds > 1 else ""
    return f"{took} for a decoded photo, in batches of {batches} ({'; '.join(devices)}{mean})"
