"""Plot an evaluation."""

from pathlib import Path
from typing import Annotated

import typer

from canigatti.options import Images


def plot_evaluation(
    predictions: Annotated[Path, typer.Option(help="The predictions.csv that `evaluate` wrote.")],
    calibration: Annotated[Path, typer.Option(help="The calibration.json that `calibrate` wrote.")],
    explained: Annotated[Path, typer.Option(help="The explained.json that `explain-photos` wrote, next to its maps.")],
    images: Images,
    output: Annotated[
        Path,
        typer.Option(
            help="Folder for confusion.png, misclassified.png, uncertain.png, explained.png and reliability.png."
        ),
    ],
) -> None:
    """Plot the confusion matrix, misclassified and least certain photos with Grad-CAM, and calibration."""
    from canigatti.evaluation import plots
    from canigatti.evaluation.calibration import Sample
    from canigatti.evaluation.confusion_plots import plot_confusion
    from canigatti.evaluation.explained_plots import plot_explained
    from canigatti.evaluation.explanations import read_explanations
    from canigatti.evaluation.metrics import confusion_matrix
    from canigatti.evaluation.predictions import read_predictions
    from canigatti.evaluation.records import Calibration
    from canigatti.evaluation.reliability_plots import plot_reliability
    from canigatti.files import atomic_path
    from canigatti.photos.records import ClassNames, groups_of
    from canigatti.photos.store import open_store
    from canigatti.plots import save

    classes = ClassNames.beside(images)
    predicted = read_predictions(predictions, classes)
    store = open_store(images, images.with_name("manifest.csv"))
    save(plot_confusion(confusion_matrix(predicted), classes), output / "confusion.png")
    test = Sample(predicted, groups_of(predicted.ids, images.with_name("groups.csv")))
    save(plot_reliability(test, Calibration.read(calibration), classes), output / "reliability.png")
    for name, plot in (("misclassified", plots.plot_misclassified), ("uncertain", plots.plot_uncertain)):
        with atomic_path(output / f"{name}.png") as temporary:
            plot(predicted, store, classes).save(temporary)
    explanations = read_explanations(explained, predictions)
    with atomic_path(output / "explained.png") as temporary:
        plot_explained(explanations, predicted, store, classes).save(temporary)
