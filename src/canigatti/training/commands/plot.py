"""Plot the learning curves of a training run."""

from pathlib import Path
from typing import Annotated

import typer


def plot_training(
    training: Annotated[Path, typer.Option(help="The output folder of `train`.")],
    output: Annotated[Path, typer.Option(help="Loss and accuracy over the epochs (PNG).")],
) -> None:
    """Plot the learning curves of a training run."""
    from canigatti.plots import save
    from canigatti.training.plots import plot_curves
    from canigatti.training.records import HISTORY, TrainingRecord

    record = TrainingRecord.read(training / "run.json")
    save(plot_curves(HISTORY.read(training / "history.csv"), record.best_epoch, record.experiment), output)
