"""Provide the pretrained weights of a backbone."""

from pathlib import Path
from typing import Annotated

import typer


def fetch_weights(
    backbone: Annotated[str, typer.Option(help="Lower-case name in keras.applications.")],
    spec: Annotated[str, typer.Option(help="Where the weights come from (JSON, see `Weights`).")],
    output: Annotated[Path, typer.Option(help="The weights to write (.weights.h5).")],
    record: Annotated[Path, typer.Option(help="The record of their origin and hash (JSON).")],
) -> None:
    """Download a backbone's pretrained weights, or take them from a file, and check that they fit."""
    from canigatti.config import Weights
    from canigatti.files import atomic_path, sha256_of
    from canigatti.training.backbones import load_backbone
    from canigatti.training.device import prepare_device
    from canigatti.training.records import WeightsRecord

    wanted = Weights.from_json(spec)
    prepare_device()
    model, origin = load_backbone(backbone, wanted)
    with atomic_path(output) as temporary:
        model.save_weights(temporary)
    WeightsRecord(backbone=backbone, source=wanted.source, weights=origin, sha256=sha256_of(output)).write(record)
