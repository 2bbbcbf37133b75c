"""Speed of what stands around the trainings: planning, and the demonstration as a whole."""

import re
import subprocess
import sys
import time
from pathlib import Path

from measure import Row, limit

from canigatti.files import read_json

REPOSITORY = Path(__file__).parents[1]
SNAKEMAKE = [sys.executable, "-m", "snakemake", "--snakefile", str(REPOSITORY / "Snakefile"), "--cores", "2"]


def planning(folder: Path) -> list[Row]:
    """How long it takes to say what would run; nothing has been run in this folder."""
    many = folder / "many.yaml"
    many.write_text(thousand_experiments(), encoding="utf-8")
    full = REPOSITORY / "config" / "full.yaml"
    return [
        limit("snakemake -n, full study", median_seconds(folder, full, "--dry-run"), 3, "s"),
        limit("snakemake -n, 1,000 experiments", median_seconds(folder, many, "--dry-run", rounds=1), 20, "s"),
    ]


def thousand_experiments() -> str:
    """The demonstration with a thousand experiments that differ in their rate."""
    text = (REPOSITORY / "config" / "demo.yaml").read_text(encoding="utf-8")
    settings = "split: 80-10-10, optimizer: {name: adam, learning_rate: %g}"
    names = [f"  one-{number}: {{{settings % (number / 1e6)}}}" for number in range(1, 1001)]
    return text[: text.index("experiments:")] + "experiments:\n" + "\n".join(names) + "\n"


def median_seconds(folder: Path, configuration: Path, *options: str, rounds: int = 3) -> float:
    """Of whole calls of Snakemake."""
    taken = []
    for _ in range(rounds):
        started = time.perf_counter()
        command = [*SNAKEMAKE, "--directory", str(folder), "--configfile", str(configuration), *options]
        subprocess.run(command, check=True, capture_output=True)
        taken.append(time.perf_counter() - started)
    return sorted(taken)[rounds // 2]


def demonstration(folder: Path) -> list[Row]:
    """The whole demonstration, and how much of it is neither fitting nor predicting."""
    demo = REPOSITORY / "config" / "demo.yaml"
    whole = median_seconds(folder, demo, rounds=1)
    results = folder / "results" / "demo"
    logs = [log for kind in ("train", "train_trial") for log in (results / "logs" / kind).rglob("*.log")]
    fitting = sum(map(epoch_seconds, logs))
    predicting = sum(map(seconds_of_predicting, (results / "evaluation").rglob("speed.json")))
    idle = median_seconds(folder, demo)
    detail = f"{whole:.0f} s in all, {fitting:.0f} s of them fitting, {predicting:.0f} s predicting"
    outside = 100 * (1 - (fitting + predicting) / whole)
    return [
        limit("demonstration: time outside fitting and predicting", outside, 35, "%", detail),
        limit("snakemake with nothing to do", idle, 5, "s"),
        limit("page of fifteen experiments", (results / "report" / "index.html").stat().st_size / 1e6, 15, "MB"),
    ]


def epoch_seconds(log: Path) -> float:
    """What the epochs in a log took."""
    seconds = re.findall(r"^epoch .* ([\d.]+) s  ETA", log.read_text(encoding="utf-8"), re.MULTILINE)
    return sum(map(float, seconds))


def seconds_of_predicting(speed: Path) -> float:
    """What an evaluation's test photos took, and those shown again to measure that; the first batch takes longer."""
    measured, metrics = read_json(speed), read_json(speed.with_name("metrics.json"))
    shown = metrics["n"] + measured["batches"] * measured["batch_size"]
    return shown * measured["milliseconds_per_photo"] / 1000
