"""Photos that are there twice: byte for byte, or encoded again, rescaled or slightly retouched."""

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from canigatti.photos.records import Verdict

# Tried on 300 real photos. JPEG quality 10 to 70, scales 0.25 to 3, other proportions, gray, blur, brightness ±30 % and
# contrast +40 % give at most 10 differing bits and correlations from 0.95 up; cropping 2 % at each edge from 0.9 up.
# Among 8 million pairs of different real photos no hashes differ in fewer than 10 bits, none correlates above 0.89.
MOST_DIFFERING_BITS = 10
LEAST_CORRELATION = 0.9
_LEAST_CONTRAST = 4.0  # gray levels, standard deviation; photos have 9 and more, and plainer ones all look alike
_BLOCK = 256  # rows of the hashes' distance matrix in memory at a time: 50 MB for 25,000 photos
_PAIRS = 4096  # pairs of thumbnails compared at a time: 32 MB


def copies(ids: Sequence[str], labels: np.ndarray, sha256: Sequence[str]) -> dict[int, tuple[Verdict, str]]:
    """Verdict and reason of each photo that is not the only one with its content.

    Where all copies have one label, the first is kept and left out here; where they have both, none is.

    Args:
        ids: the photos' names, for the reasons.
        labels: (n,), 0 or 1.
        sha256: of each photo's content.

    Returns:
        By position, (`duplicate` or `conflicting`, reason).
    """
    verdicts: dict[int, tuple[Verdict, str]] = {}
    for positions in pd.Series(range(len(ids))).groupby(list(sha256), sort=False).agg(list):
        first, *rest = positions
        if len({labels[position] for position in positions}) > 1:
            names = ", ".join(ids[position] for position in positions)
            verdicts |= dict.fromkeys(positions, (Verdict.CONFLICTING, f"the same content has both labels: {names}"))
        else:
            verdicts |= dict.fromkeys(rest, (Verdict.DUPLICATE, f"the same content as {ids[first]}"))
    return verdicts


def near_duplicate_groups(hashes: np.ndarray, thumbnails: np.ndarray) -> np.ndarray:
    """Put photos together that show the same picture.

    Two photos do when their hashes differ in at most `MOST_DIFFERING_BITS` and their thumbnails correlate with at least
    `LEAST_CORRELATION`. Groups are what such pairs connect. Pictures without contrast stay alone.

    Args:
        hashes: (n,), uint64, of :func:`perceptual_hashes`.
        thumbnails: (n, 32, 32), uint8.

    Returns:
        (n,), int64: the position of the first photo of each one's group, its own when alone.
    """
    group = np.arange(len(hashes))
    contrast = thumbnails.std(axis=(1, 2), dtype=np.float32)
    told_apart = np.flatnonzero(contrast >= _LEAST_CONTRAST)
    for near in _near_hashes(hashes[told_apart]):
        first, second = told_apart[near[0]], told_apart[near[1]]
        new = group[first] != group[second]
        first, second = first[new], second[new]
        same = _look_alike(thumbnails, first, second)
        if same.any():
            group = _joined(group, first[same], second[same])
    return group


def _near_hashes(hashes: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Every pair (first < second) once, a block of rows of the distance matrix at a time."""
    for start in range(0, len(hashes), _BLOCK):
        rows = hashes[start : start + _BLOCK, None]
        near = np.bitwise_count(rows ^ hashes[start:]) <= MOST_DIFFERING_BITS
        first, second = np.nonzero(np.triu(near, 1))
        yield first + start, second + start


def _look_alike(thumbnails: np.ndarray, first: np.ndarray, second: np.ndarray) -> np.ndarray:
    alike = np.zeros(len(first), bool)
    for start in range(0, len(first), _PAIRS):
        part = slice(start, start + _PAIRS)
        one, other = _standardized(thumbnails[first[part]]), _standardized(thumbnails[second[part]])
        alike[part] = (one * other).mean(axis=1) >= LEAST_CORRELATION
    return alike


def _standardized(thumbnails: np.ndarray) -> np.ndarray:
    values = thumbnails.reshape(len(thumbnails), -1).astype(np.float32)
    values -= values.mean(axis=1, keepdims=True)
    return values / values.std(axis=1, keepdims=True)


def _joined(group: np.ndarray, first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """The groups when these pairs are connected too; each is called by its first member."""
    size = len(group)
    rows, columns = np.concatenate([first, np.arange(size)]), np.concatenate([second, group])
    graph = coo_array((np.ones(len(rows), bool), (rows, columns)), shape=(size, size))
    _, component = connected_components(graph, directed=False)
    _, first_members = np.unique(component, return_index=True)
    return first_members[component]
