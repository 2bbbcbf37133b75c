"""How much a run prints: the demonstration's output was measured as 351 kB, half of it Snakemake's lists of inputs."""

import re
from pathlib import Path

import pytest

from canigatti.config import load_study

REPOSITORY = Path(__file__).parents[2]
EPOCH = re.compile(r"^(\w+), seed 42: epoch ")


@pytest.fixture(scope="module")
def terminal(finished):
    return (finished.folder / "terminal.txt").read_text(encoding="utf-8").splitlines()


def bytes_of(lines):
    return sum(len(line.encode()) + 1 for line in lines)


def test_lines_are_short_and_without_escape_sequences(terminal):
    assert max(map(len, terminal)) < 200
    assert not [line for line in terminal if not line.isprintable()]


def test_every_job_has_a_line_with_its_experiment(terminal):
    text = "\n".join(terminal)
    total = int(re.search(r"^(\d+) jobs: ", text, re.MULTILINE)[1])
    assert len(set(re.findall(rf"^\[( ?\d+)/{total} · .*\] (?:\w+ed|split|wrote)\b", text, re.MULTILINE))) == total
    for what in ("trained", "plotted training", "evaluated", "measured", "calibrated", "plotted evaluation"):
        assert len(re.findall(rf"\] {what} · (?:plain|augmented|other), seed 42 · ", text)) == 3


def test_no_list_of_inputs_or_outputs_is_printed(terminal):
    assert not [line for line in terminal if re.match(r" +(input|output|reason|resources|jobid): ", line)]


def test_the_output_of_the_demonstration_would_be_under_60_kilobytes(terminal):
    epochs = [line for line in terminal if EPOCH.match(line)]
    others = [line for line in terminal if not EPOCH.match(line)]
    jobs = int(re.search(r"^(\d+) jobs: ", "\n".join(terminal), re.MULTILINE)[1])
    epoch = bytes_of(EPOCH.sub("", line) for line in epochs) / len(epochs)
    study = load_study(REPOSITORY / "config/demo.yaml", ())
    runs = {name: one.epochs for name, one in study.included().items()}
    searches = [(name, one.search) for name, one in study.included().items() if one.search]
    titled = sum(count * (epoch + len(f"{name}, seed 42: epoch ")) for name, count in runs.items())
    titled += sum(
        one.trials * one.executions * one.epochs * (epoch + len(f"{name}, trial 1, execution 1: epoch "))
        for name, one in searches
    )
    started = len(runs) * 80  # the training runs are long enough for a line at their start
    assert titled + started + 122 * (bytes_of(others) / jobs + 10) < 60_000  # names are longer than those of this study
