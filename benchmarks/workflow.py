"""Speed of the workflow: planning, and the complete demonstration."""

import re
import subprocess
import sys
import time
from pathlib import Path

from measure import Row, limit

from canigatti.evaluation.records import Metrics, Speed

REPOSITORY = Path(__file__).parents[1]
SNAKEMAKE = [sys.executable, "-m", "snakemake", "--snakefile", str(REPOSITORY / "Snakefile"), "--cores", "2"]


def planning(folder: Path) -> list[Row]:
    """Measure dry runs in a folder without results."""
    many = folder / "many.yaml"
    many.write_text(thousand_experiments(), encoding="utf-8")
    full = REPOSITORY / "config" / "full.yaml"
    return [
        limit("snakemake -n, full study", median_seconds(folder, full, "--dry-run"), target=3, unit="s"),
        limit(
            "snakemake -n, 1,000 experiments",
            median_seconds(folder, many, "--dry-run", rounds=1),
            target=20,
            unit="s",
        ),
    ]


def thousand_experiments() -> str:
    """Return the demonstration's configuration with a thousand experiments that differ in their learning rates."""
    text = (REPOSITORY / "config" / "demo.yaml").read_text(encoding="utf-8")
    settings = "split: 80-10-10, optimizer: {name: adam, learning_rate: %g}"
    experiments = [f"  example-{number}: {{{settings % (number / 1e6)}}}" for number in range(1, 1001)]
    return text[: text.index("experiments:")] + "experiments:\n" + "\n".join(experiments) + "\n"


def median_seconds(folder: Path, configuration: Path, *options: str, rounds: int = 3) -> float:
    """Return the median wall time of complete Snakemake runs."""
    seconds = []
    for _ in range(rounds):
        started = time.perf_counter()
        command = [*SNAKEMAKE, "--directory", str(folder), "--configfile", str(configuration), *options]
        subprocess.run(command, check=True, capture_output=True)
        seconds.append(time.perf_counter() - started)
    return sorted(seconds)[rounds // 2]


def demonstration(folder: Path) -> list[Row]:
    """Measure the complete demonstration, and the fraction of time that is neither fitting nor prediction."""
    demo = REPOSITORY / "config" / "demo.yaml"
    total = median_seconds(folder, demo, rounds=1)
    results = folder / "results" / "demo"
    logs = [log for kind in ("train", "train_trial") for log in (results / "logs" / kind).rglob("*.log")]
    fitting = sum(map(epoch_seconds, logs))
    predicting = sum(map(prediction_seconds, (results / "evaluation").glob("*/*/speed.json")))
    idle = median_seconds(folder, demo)
    detail = f"{total:.0f} s in total: {fitting:.0f} s fitting, {predicting:.0f} s prediction"
    page_mb = (results / "report" / "index.html").stat().st_size / 1e6
    outside = 100 * (1 - (fitting + predicting) / total)
    return [
        limit("demonstration: time outside fitting and prediction", outside, target=35, unit="%", detail=detail),
        limit("snakemake with nothing to do", idle, target=5, unit="s"),
        limit("page of fifteen experiments", page_mb, target=15, unit="MB"),
    ]


def epoch_seconds(log: Path) -> float:
    """Return the total duration of the epochs in a log."""
    durations = re.findall(r"\bepoch .* ([\d.]+) s$", log.read_text(encoding="utf-8"), re.MULTILINE)
    return sum(map(float, durations))


def prediction_seconds(speed: Path) -> float:
    """Return the time that an evaluation spent on predictions: the test set, and the timed batches."""
    measured, metrics = Speed.read(speed), Metrics.read(speed.with_name("metrics.json"))
    predicted = metrics.n + measured.batches * measured.batch_size
    return predicted * measured.milliseconds_per_photo / 1000
