"""What a model card says about the photos and about the training."""

from collections.abc import Iterator
from pathlib import PurePath

from canigatti.config import Pretrained
from canigatti.files import is_url
from canigatti.photos.records import SUBSETS, Verdict
from canigatti.report.card.markup import items, list_classes, plain, table
from canigatti.report.card.reading import RunFacts, StudyFacts
from canigatti.report.page.settings import flattened
from canigatti.report.texts import count_noun, duration, enumerate_words

_MAX_CLASSES = 50  # rows of a table
_SETS = dict(zip(SUBSETS, ("Training set", "Validation set", "Test set"), strict=True))
_WEIGHTS = {
    "imagenet": "weights trained on ImageNet, as Keras provides them",
    "file": "weights from a file that the study names",
    "random": "random weights, because its pretrained weights could not be downloaded",
}


def data_section(study: StudyFacts, run: RunFacts) -> str:
    """Return what is known about the photos, with hashes, rejected files and the split."""
    return "\n\n".join(
        [
            "## Data",
            items([_source(study), *_photos(study), *_split(study, run)]),
            _table_of_subsets(study, run),
            items(_hashes(study, run)),
        ]
    )


def _source(study: StudyFacts) -> str:
    if study.outline.photos.generate:
        return "The photos are drawings that the package generates; they are for demonstrations."
    # Where a folder is on the disk of the machine is of no use to others.
    source = study.source.source
    name = source if is_url(source) else PurePath(source).name or "."
    return f"The photos come from {plain(name)}, a {'zip file' if study.source.kind == 'zip' else 'folder'}."


def _photos(study: StudyFacts) -> Iterator[str]:
    photos, kept = study.photos, sum(study.photos.kept.values())
    yield (
        f"Of {count_noun(photos.files, 'file')}, {count_noun(kept, 'photo is', 'photos are')} used, "
        f"of {list_classes(study.classes)}."
    )
    rejections = [(verdict, count) for verdict, count in photos.verdicts.items() if verdict != Verdict.KEEP and count]
    if rejections:
        reasons = enumerate_words([f"{count:,} {verdict}" for verdict, count in rejections])
        yield f"{count_noun(sum(count for _, count in rejections), 'file is', 'files are')} not used: {reasons}."
    yield (
        f"There {'is' if photos.near_duplicate_groups == 1 else 'are'} "
        f"{count_noun(photos.near_duplicate_groups, 'group')} of near-duplicate photos."
    )
    if photos.configured_groups is not None:
        yield (
            "The study configures which photos belong together: "
            f"{count_noun(photos.configured_groups, 'group')} of at least two photos."
        )


def _split(study: StudyFacts, run: RunFacts) -> Iterator[str]:
    name = str(run.training.spec.split)
    facts = study.splits[name]
    if facts.divided_groups is None:
        yield f"The split `{name}` assigns photos that belong together to the same set."
    else:
        yield (
            f"The split `{name}` comes with the photos: "
            f"{count_noun(facts.divided_groups, 'group of photos that belong together is', _GROUPS_ARE)} in more than "
            "one of its sets."
        )
    for change in facts.changes:
        photos = count_noun(change.photos, "photo")
        yield (
            f"People have corrected the {_SETS[change.subset].lower()}, which had {photos}: "
            f"{change.excluded:,} excluded, {change.relabeled:,} relabeled."
        )


_GROUPS_ARE = "groups of photos that belong together are"


def _table_of_subsets(study: StudyFacts, run: RunFacts) -> str:
    counts = study.splits[str(run.training.spec.split)].counts
    rows = [["All classes", *(f"{counts.loc[subset].sum():,}" for subset in SUBSETS)]]
    if len(study.classes) <= _MAX_CLASSES:
        for label, name in enumerate(study.classes):
            rows.append([plain(name), *(f"{counts.loc[subset, label]:,}" for subset in SUBSETS)])
    return table(["Photos", *_SETS.values()], rows)


def _hashes(study: StudyFacts, run: RunFacts) -> Iterator[str]:
    content = "of the zip file" if study.source.kind == "zip" else "of all paths and contents in the folder"
    yield f"SHA-256 {content}: `{study.source.sha256}`"
    yield f"SHA-256 of the manifest, which lists every file with its hash: `{study.manifest_sha256}`"
    yield f"SHA-256 of the split's training and validation sets: `{run.training.inputs.split_sha256}`"
    yield f"SHA-256 of `model.keras`: `{run.training.model_sha256}`"


def training_section(run: RunFacts) -> str:
    """Return how the network was trained, with all settings."""
    settings = [(plain(name), plain(value)) for name, value in flattened(run.training.spec).items()]
    return "\n\n".join(
        ["## Training", items(_training(run)), "All settings of the experiment:", table(["Setting", "Value"], settings)]
    )


def _training(run: RunFacts) -> Iterator[str]:
    training = run.training
    network, parent = training.spec.network, training.spec.start_from
    if isinstance(network, Pretrained):
        yield f"The network is the backbone {network.backbone} of `keras.applications` with a new head."
    else:
        yield "The network is a convolutional network of the study's own."
    if parent:
        yield f"It starts from the trained network of the experiment `{parent}` with the same seed."
    elif training.weights:
        yield f"The backbone starts from {_WEIGHTS[training.weights]}."
    else:
        yield "It starts from random weights."
    yield (
        f"It has {count_noun(training.parameters, 'parameter')} ({training.weight_mb:.1f} MiB), of which "
        f"{training.trainable_parameters:,} were trained, with the seed {training.seed}."
    )
    best = (
        f" of which epoch {training.best_epoch} has the lowest validation loss and is kept,"
        if training.best_epoch
        else ""
    )
    yield (
        f"It was trained for {count_noun(training.epochs, 'epoch')},{best} in {duration(training.wall_seconds)} on "
        f"{plain(training.device)}."
    )
    versions = enumerate_words([f"{name} {version}" for name, version in training.versions.items()])
    yield f"Versions: {plain(versions)}." if versions else ""
