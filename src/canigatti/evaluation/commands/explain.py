"""Explain what a network looked at."""

from pathlib import Path
from typing import Annotated

import typer

from canigatti.options import Images


def explain_photos(
    model: Annotated[Path, typer.Option(help="The trained model (.keras), with its run.json next to it.")],
    predictions: Annotated[Path, typer.Option(help="The predictions.csv of the model, after corrections.")],
    images: Images,
    output: Annotated[Path, typer.Option(help="Folder for explained.npz and explained.json.")],
) -> None:
    """Compute Grad-CAM of misclassified and least certain test photos: where the network found a class."""
    import os

    # On the processor, which is fast enough for so few photos: the job waits for no GPU, and disturbs no training.
    os.environ["CUDA_VISIBLE_DEVICES"] = "-1"

    from canigatti.evaluation.explanations import Explanations, explained_labels, explained_photos, write_explanations
    from canigatti.evaluation.gradcam import GradCam
    from canigatti.evaluation.predictions import read_predictions
    from canigatti.files import InputError, recorded_sha256, sha256_of
    from canigatti.photos.records import ClassNames
    from canigatti.photos.store import open_store
    from canigatti.training.model_files import load_model
    from canigatti.training.records import TrainingRecord

    model_sha256 = TrainingRecord.read(model.with_name("run.json")).model_sha256
    predicted = read_predictions(predictions, ClassNames.beside(images))
    rows = explained_photos(predicted)
    ids, labels = predicted.ids[rows], explained_labels(predicted, rows)
    store = open_store(images, images.with_name("manifest.csv"))
    try:
        maps = GradCam(load_model(model, model_sha256)).maps(store.images, store.rows(ids), labels)
    except InputError as error:
        raise InputError(f"{model}: {error}") from None
    sources = {"model_sha256": model_sha256, "images_sha256": recorded_sha256(images)}
    sources["predictions_sha256"] = sha256_of(predictions)
    write_explanations(output / "explained.json", Explanations(ids, labels, maps), sources)
    print(f"Grad-CAM of {len(ids):,} photos, {maps.shape[2]} × {maps.shape[3]} cells each")
