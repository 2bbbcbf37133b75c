"""Provide the pretrained weights of a backbone."""

from pathlib import Path
from typing import Annotated

import typer


def fetch_weights(
    backbone: Annotated[str, typer.Option(help="Lower-case name in keras.applications.")],
    spec: Annotated[str, typer.Option(help="Source of the weights (JSON, see `Weights`).")],
    output: Annotated[Path, typer.Option(help="The weights (.weights.h5).")],
    record: Annotated[Path, typer.Option(help="Their origin and hash (JSON).")],
) -> None:
    """Download the pretrained weights of a backbone, or copy them from a file, and check that they fit the backbone."""
    from canigatti.config import Weights
    from canigatti.files import atomic_path, sha256_of
    from canigatti.training.backbones import load_backbone
    from canigatti.training.device import prepare_device
    from canigatti.training.records import WeightsRecord

    settings = Weights.from_json(spec)
    prepare_device()
    model, origin = load_backbone(backbone, settings)
    with atomic_path(output) as temporary:
        model.save_weights(temporary)
    WeightsRecord(backbone=backbone, source=settings.source, weights=origin, sha256=sha256_of(output)).write(record)
