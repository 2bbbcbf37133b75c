"""What a folder or zip of photos contains: its classes, their files, and folders that divide them."""

import gc
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from canigatti.config.classes import UNEQUAL_RATIO, class_key
from canigatti.files import InputError, is_url
from canigatti.photos.archives import check_archive
from canigatti.photos.class_folders import find_classes
from canigatti.photos.layouts import IMAGE_SUFFIXES, FoundPhoto, find_label, find_photos, given_subsets, is_hidden
from canigatti.photos.records import SUBSETS
from canigatti.photos.sources import FolderSource, PhotoSource, ZipSource
from canigatti.scaffolding.sample import Sample, decode_sample


@dataclass(frozen=True)
class Survey:
    """What a source contains.

    Attributes:
        path: the folder or zip file.
        classes: names of the classes, label 0 first.
        counts: number of files of each class, (classes,).
        in_subsets: number of files of each class in the folders of each subset, (classes, 3); zeros if no folders
            divide the files.
        examples: path of a file of each class, (classes,).
        in_folders: whether folders name the classes, and not files.
        subfolders: names of folders that every class folder contains.
        others: images without a class.
        sample: the decoded sample.
    """

    path: Path
    classes: tuple[str, ...]
    counts: np.ndarray
    in_subsets: np.ndarray
    examples: tuple[str, ...]
    in_folders: bool
    subfolders: tuple[str, ...]
    others: tuple[str, ...]
    sample: Sample

    @property
    def total(self) -> int:
        """Number of files with a class."""
        return int(self.counts.sum())

    @property
    def smallest(self) -> int:
        """Label of the class with the fewest files."""
        return int(self.counts.argmin())

    @property
    def largest(self) -> int:
        """Label of the class with the most files."""
        return int(self.counts.argmax())

    @property
    def is_unequal(self) -> bool:
        """Whether the classes are so unequal that accuracy alone misleads."""
        return bool(self.counts.max() > UNEQUAL_RATIO * self.counts.min())

    @property
    def given_subsets(self) -> tuple[str, ...]:
        """The subsets into which folders of the source divide the files; empty if they do not."""
        return tuple(name for name, count in zip(SUBSETS, self.in_subsets.sum(axis=0), strict=True) if count)

    @property
    def has_given_split(self) -> bool:
        """Whether folders divide all files into training, validation and test sets with photos of every class."""
        return bool(self.in_subsets.all() and self.in_subsets.sum() == self.total)


def survey(path: Path) -> Survey:
    """List the files of a folder or zip, infer their classes, and decode a sample.

    Raises:
        InputError: it does not exist, cannot be read, or contains no photos of two classes or more; the message names
            it.
    """
    gc.disable()  # collections would traverse the paths of all files again and again: a third of the time
    try:
        source = _open(path)
        members = source.members()
        if not members:
            raise InputError("there are no files in it")
        classes = find_classes(members)
        found = find_photos(members, classes)
        return _describe(path, classes, found, decode_sample(source, found, classes))
    except InputError as error:
        raise InputError(str(error) if str(error).startswith(str(path)) else f"{path}: {error}") from None
    finally:
        gc.enable()


def _open(path: Path) -> PhotoSource:
    if is_url(str(path).replace(":/", "://", 1)):
        raise InputError("expected a folder or a zip file on this machine; download it first")
    if path.is_dir():
        return FolderSource(path)
    if not path.exists():
        raise InputError("there is no such folder or zip file")
    check_archive(path)
    return ZipSource(path)


def _describe(path: Path, classes: tuple[str, ...], found: Sequence[FoundPhoto], sample: Sample) -> Survey:
    counts, in_subsets = np.zeros(len(classes), int), np.zeros((len(classes), len(SUBSETS)), int)
    divided = len(given_subsets(found)) > 1
    examples = [""] * len(classes)
    for photo in found:
        if photo.label is not None:
            counts[photo.label] += 1
            examples[photo.label] = examples[photo.label] or photo.path
            if divided and photo.subset:
                in_subsets[photo.label, SUBSETS.index(photo.subset)] += 1
    keys = {class_key(name): label for label, name in enumerate(classes)}
    others = [photo.path for photo in found if photo.label is None and _is_image(photo.path)]
    return Survey(
        path=path,
        classes=classes,
        counts=counts,
        in_subsets=in_subsets,
        examples=tuple(examples),
        in_folders=find_label(examples[0].split("/")[:-1], keys) is not None,
        subfolders=_common_subfolders(found, keys),
        others=tuple(others),
        sample=sample,
    )


def _is_image(path: str) -> bool:
    return path.lower().endswith(IMAGE_SUFFIXES) and not is_hidden(path)


def _common_subfolders(found: Sequence[FoundPhoto], keys: dict[str, int]) -> tuple[str, ...]:
    """Return the names of the folders that are directly inside the class folder of every class."""
    inside: list[set[str]] = [set() for _ in keys]
    for folders in {tuple(photo.path.split("/")[:-1]) for photo in found if photo.label is not None}:
        labels = [keys.get(class_key(folder)) for folder in folders]
        depth, label = next(((depth, label) for depth, label in enumerate(labels) if label is not None), (0, None))
        if label is not None:
            inside[label].update(folders[depth + 1 : depth + 2])
    return tuple(sorted(set.intersection(*inside)))
