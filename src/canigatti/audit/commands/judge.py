"""Judge the labels of the photos."""

from pathlib import Path
from typing import Annotated

import typer

from canigatti.options import Manifest


def audit_labels(
    features: Annotated[Path, typer.Option(help="The features.npy that `extract-features` wrote.")],
    manifest: Manifest,
    seed: Annotated[int, typer.Option(help="Seed of the folds in which the labels are predicted.")],
    splits: Annotated[list[Path], typer.Option("--split", help="A split that is used (CSV), repeated for each.")],
    output: Annotated[Path, typer.Option(help="Folder for audit.csv and pairs.csv.")],
    given: Annotated[
        list[str],
        typer.Option(
            "--from-folders",
            default_factory=list,
            show_default=False,
            help="Name of a split that came with the photos.",
        ),
    ],
) -> None:
    """Rank all photos by the doubt about their labels, and list the near duplicates that should not be."""
    from canigatti.audit.doubt import judge
    from canigatti.audit.features import read_features
    from canigatti.audit.pairs import find_pairs
    from canigatti.audit.records import AUDIT, PAIRS, FeaturesRecord
    from canigatti.photos.records import CONTRADICTIONS, GROUPS, SPLIT, groups_of, read_kept
    from canigatti.training.model_files import verify_file

    kept, read = read_kept(manifest), {path.stem: SPLIT.read(path) for path in splits}
    verify_file(features, FeaturesRecord.read(features.with_suffix(".json")).sha256, "file of features")
    ids, groups = kept["id"].to_numpy(dtype=object), manifest.with_name("groups.csv")
    values = read_features(features, len(ids))
    rows = judge(ids, kept["label"].to_numpy(dtype=int), groups_of(ids, groups), values, seed)
    added = {"sha256": rows["id"].map(kept.set_index("id")["sha256"])}
    subsets = {f"subset_{name}": rows["id"].map(split.set_index("id")["part"]) for name, split in read.items()}
    AUDIT.write(output / "audit.csv", rows.assign(**added, **subsets)[[*AUDIT.columns, *subsets]])
    contradictions = CONTRADICTIONS.read(manifest.with_name("contradictions.csv"))
    divided = {name: split for name, split in read.items() if name in given}
    PAIRS.write(output / "pairs.csv", find_pairs(contradictions, GROUPS.read(groups), divided))
