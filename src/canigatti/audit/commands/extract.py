"""Extract the features of the photos."""

from pathlib import Path
from typing import Annotated

import typer

from canigatti.options import Images


def extract_features(
    images: Images,
    backbone: Annotated[str, typer.Option(help="Lower-case name in keras.applications.")],
    weights: Annotated[Path, typer.Option(help="The backbone's weights, from `fetch-weights`.")],
    output: Annotated[Path, typer.Option(help="Folder for features.npy and features.json.")],
) -> None:
    """Compute the features of every kept photo with a frozen backbone."""
    from canigatti.audit.features import build_extractor, extract, write_features
    from canigatti.audit.records import FeaturesRecord
    from canigatti.files import InputError, atomic_path, recorded_sha256, sha256_of
    from canigatti.photos.store import open_store
    from canigatti.training.device import prepare_device
    from canigatti.training.leases import lease_device
    from canigatti.training.model_files import verify_file
    from canigatti.training.records import WeightsRecord
    from canigatti.training.weights import weights_record

    lease_device()  # before TensorFlow is imported
    found = WeightsRecord.read(weights_record(weights))
    verify_file(weights, found.sha256, "weights file")
    store = open_store(images, images.with_name("manifest.csv"))
    prepare_device()
    model = build_extractor(backbone, store.images.shape[1], weights)
    shape = (len(store.ids), model.output_shape[-1])
    try:
        with atomic_path(output / "features.npy") as temporary, temporary.open("wb") as stream:
            write_features(stream, extract(model, store), shape)
    except InputError as error:
        raise InputError(f"{images}: {error}") from None
    FeaturesRecord(
        backbone=backbone,
        weights=found.weights,
        weights_sha256=found.sha256,
        images_sha256=recorded_sha256(images),
        photos=shape[0],
        dimensions=shape[1],
        sha256=sha256_of(output / "features.npy"),
    ).write(output / "features.json")
