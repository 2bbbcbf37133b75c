"""Plot an evaluation."""

from pathlib import Path
from typing import Annotated

import typer

from canigatti.options import Images


def plot_evaluation(
    predictions: Annotated[Path, typer.Option(help="The predictions.csv that `evaluate` wrote.")],
    images: Images,
    output: Annotated[Path, typer.Option(help="Folder for confusion.png, misclassified.png and uncertain.png.")],
) -> None:
    """Plot the confusion matrix, the misclassified photos and the least certain photos."""
    from canigatti.evaluation import plots
    from canigatti.evaluation.metrics import confusion_matrix
    from canigatti.evaluation.records import PREDICTIONS
    from canigatti.files import atomic_path
    from canigatti.photos.records import ClassNames
    from canigatti.photos.store import open_store
    from canigatti.plots import save

    classes, frame = ClassNames.beside(images), PREDICTIONS.read(predictions)
    store = open_store(images, images.with_name("manifest.csv"))
    counts = confusion_matrix(frame["label"].to_numpy(), frame["probability"].to_numpy())
    save(plots.plot_confusion(counts, classes), output / "confusion.png")
    for name, plot in (("misclassified", plots.plot_misclassified), ("uncertain", plots.plot_uncertain)):
        with atomic_path(output / f"{name}.png") as temporary:
            plot(frame, store, classes).save(temporary)
