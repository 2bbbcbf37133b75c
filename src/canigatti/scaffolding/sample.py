"""A sample of a source's photos, decoded with the limits of a study: sizes, formats, and what cannot be used."""

import hashlib
import itertools
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from PIL import Image

from canigatti.config import Square
from canigatti.files import InputError
from canigatti.photos.decoding import UnreadablePhoto, decode
from canigatti.photos.layouts import FoundPhoto
from canigatti.photos.records import SUBSETS
from canigatti.photos.resizing import to_square
from canigatti.photos.sources import PhotoSource

_MAX_FILES, _MIN_FILES = 200, 16
_MAX_SECONDS = 3.0  # then the sample ends, once it has the minimum number; a photo of 50 megapixels takes half of one
_SMALL_CLASS = 6  # files; every photo of such a class is needed, so all of them are decoded, and first
_MAX_KEPT = 64  # photos whose pixels are kept, to time training steps
_SIDE = 256  # pixels of these


@dataclass
class Sample:
    """The files of a sample.

    Attributes:
        sizes: (width, height) of each usable photo, pixels.
        formats: number of usable photos by Pillow's name of the format.
        rejected: why a file cannot be used, by path.
        usable: number of usable photos by label.
        squares: pixels of some photos, (256, 256, 3), uint8.
        seconds: duration of reading and decoding all files on one core.
    """

    sizes: list[tuple[int, int]] = field(default_factory=list)
    formats: Counter[str] = field(default_factory=Counter)
    rejected: dict[str, str] = field(default_factory=dict)
    usable: Counter[int] = field(default_factory=Counter)
    squares: list[np.ndarray] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def count(self) -> int:
        """Number of files in the sample."""
        return len(self.sizes) + len(self.rejected)

    @property
    def seconds_per_file(self) -> float:
        """Duration of reading and decoding a file on one core."""
        return self.seconds / self.count

    @property
    def usable_fraction(self) -> float:
        """Fraction of the files that can be used."""
        return len(self.sizes) / self.count

    @property
    def shorter_side(self) -> int:
        """Median of the photos' shorter sides, pixels."""
        return int(np.median([min(size) for size in self.sizes]))

    def images(self, size: int) -> np.ndarray:
        """Return the kept photos at a size, (n, size, size, 3), uint8, with n at least 1."""
        return np.stack([to_square(Image.fromarray(square), Square(size)) for square in self.squares])


def decode_sample(source: PhotoSource, found: Sequence[FoundPhoto], classes: Sequence[str]) -> Sample:
    """Read and decode at most 200 files, as many of each class.

    Args:
        source: the source.
        found: its files, as returned by :func:`canigatti.photos.layouts.find_photos`.
        classes: names of the classes.

    Raises:
        InputError: no file of the sample can be used, or a class has fewer than three usable photos.
    """
    files: list[list[FoundPhoto]] = [[] for _ in classes]
    for photo in found:
        if photo.label is not None:
            files[photo.label].append(photo)
    sample, first = Sample(), dict[tuple[int, bytes], str]()
    started = time.perf_counter()
    for photo in _in_order(files):
        if sample.count >= _MAX_FILES or (sample.count >= _MIN_FILES and sample.seconds > _MAX_SECONDS):
            break
        _add(sample, first, source, photo)
        sample.seconds = time.perf_counter() - started
    if not sample.sizes:
        path, reason = next(iter(sample.rejected.items()))
        raise InputError(f"none of {sample.count} files can be used, such as {path}: {reason}")
    for label, name in enumerate(classes):
        _require_three(name, [photo.path for photo in files[label]], sample)
    return sample


def _in_order(files: Sequence[Sequence[FoundPhoto]]) -> Iterator[FoundPhoto]:
    """Yield all files of small classes, and then one of each class in turn, from all over the class."""
    small, large = (
        [group for group in files if (len(group) <= _SMALL_CLASS) is is_small] for is_small in (True, False)
    )
    yield from itertools.chain(*small)
    orders = [np.random.default_rng(0).permutation(len(group))[:_MAX_FILES].tolist() for group in large]
    for turn in itertools.zip_longest(*orders):
        yield from (group[position] for group, position in zip(large, turn, strict=True) if position is not None)


def _add(sample: Sample, first: dict[tuple[int, bytes], str], source: PhotoSource, photo: FoundPhoto) -> None:
    """Read and decode a file; `first`: the path of the first file by label and digest of the content."""
    label = photo.label or 0
    try:
        content = source.read(photo.path)
        decoded = decode(content)
    except (OSError, UnreadablePhoto) as error:
        sample.rejected[photo.path] = str(error)
        return
    original = first.setdefault((label, hashlib.sha256(content).digest()), photo.path)
    if original != photo.path:
        sample.rejected[photo.path] = f"a copy of {original}"
        return
    sample.sizes.append((decoded.width, decoded.height))
    sample.formats[decoded.format] += 1
    sample.usable[label] += 1
    if len(sample.squares) < _MAX_KEPT:
        sample.squares.append(to_square(decoded.image, Square(_SIDE)))


def _require_three(name: str, paths: Sequence[str], sample: Sample) -> None:
    """Check that a class may have a photo for each subset."""
    rejected = [path for path in paths if path in sample.rejected]
    if len(paths) - len(rejected) < len(SUBSETS):
        reasons = f", because {rejected[0]} is not usable ({sample.rejected[rejected[0]]})" if rejected else ""
        raise InputError(
            f"the class {name!r} has {len(paths) - len(rejected)} photos{reasons}; expected at least one for each of "
            "the training, validation and test sets: add photos, or move the folder elsewhere"
        )
