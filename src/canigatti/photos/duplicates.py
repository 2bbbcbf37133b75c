"""Duplicate photos: identical files, and near duplicates that were re-encoded, rescaled or slightly retouched."""

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from canigatti.photos.records import Verdict

# Measured on 300 real photos: JPEG quality 10 to 70, scales 0.25 to 3, other aspect ratios, grayscale, blur, brightness
# ±30% and contrast +40% change at most 10 bits and leave correlations of at least 0.95; cropping 2% at each edge leaves
# at least 0.9. Among 8 million pairs of different real photos, all hashes differ in at least 10 bits, and no
# correlation exceeds 0.89.
MAX_DIFFERING_BITS = 10
MIN_CORRELATION = 0.9
_MIN_CONTRAST = 4.0  # gray levels, standard deviation; photos have at least 9; images with less are all similar
_BLOCK = 256  # rows of the distance matrix in memory at a time: 50 MB for 25,000 photos
_PAIRS = 4096  # pairs of thumbnails in memory at a time: 32 MB


def find_copies(ids: Sequence[str], labels: np.ndarray, sha256: Sequence[str]) -> dict[int, tuple[Verdict, str]]:
    """Find the photos that are rejected because another photo has the same content.

    If all copies have the same label, the first one is not in the result; if the labels differ, all copies are.

    Args:
        ids: (n,), the photos' names, for the reasons.
        labels: (n,), 0 to the number of classes - 1.
        sha256: (n,), digest of each photo's content.

    Returns:
        Verdict (`duplicate` or `conflicting`) and reason by position.
    """
    verdicts: dict[int, tuple[Verdict, str]] = {}
    kinds = "different labels" if labels.max(initial=0) > 1 else "both labels"
    for positions in pd.Series(range(len(ids))).groupby(list(sha256), sort=False).agg(list):
        first, *rest = positions
        if len({labels[position] for position in positions}) > 1:
            names = ", ".join(ids[position] for position in positions)
            verdicts |= dict.fromkeys(positions, (Verdict.CONFLICTING, f"the same content has {kinds}: {names}"))
        else:
            verdicts |= dict.fromkeys(rest, (Verdict.DUPLICATE, f"the same content as {ids[first]}"))
    return verdicts


def group_near_duplicates(hashes: np.ndarray, thumbnails: np.ndarray) -> np.ndarray:
    """Group near duplicates: the connected components of the graph of similar pairs.

    Two photos are similar if their hashes differ in at most `MAX_DIFFERING_BITS` bits and the correlation of their
    thumbnails is at least `MIN_CORRELATION`. A photo with almost no contrast is similar to no other.

    Args:
        hashes: (n,), uint64, from :func:`perceptual_hashes`.
        thumbnails: (n, 32, 32), uint8.

    Returns:
        (n,), int64, the position of the first photo of each photo's group; its own position for a photo without near
        duplicates.
    """
    group = np.arange(len(hashes))
    comparable = _with_contrast(thumbnails)
    for pairs in _similar_hashes(hashes[comparable]):
        first, second = comparable[pairs[0]], comparable[pairs[1]]
        new = group[first] != group[second]
        first, second = first[new], second[new]
        similar = _are_correlated(thumbnails, first, second)
        if similar.any():
            group = merge(group, first[similar], second[similar])
    return group


def find_contradictions(hashes: np.ndarray, thumbnails: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Find the pairs of near duplicates with different labels; each of the two shows what the other one does.

    Only similar pairs count, see :func:`group_near_duplicates`, not all members of a group: a chain of near duplicates
    may connect different pictures.

    Args:
        hashes: (n,), uint64, from :func:`perceptual_hashes`.
        thumbnails: (n, 32, 32), uint8.
        labels: (n,), 0 to the number of classes - 1.

    Returns:
        (pairs, 2), int64, positions, the lower one first, in order.
    """
    comparable, found = _with_contrast(thumbnails), [np.empty((0, 2), np.int64)]
    for pairs in _similar_hashes(hashes[comparable]):
        both = comparable[np.stack(pairs, axis=1)]
        both = both[labels[both[:, 0]] != labels[both[:, 1]]]
        found.append(both[_are_correlated(thumbnails, both[:, 0], both[:, 1])])
    return np.concatenate(found)


def _with_contrast(thumbnails: np.ndarray) -> np.ndarray:
    """Return the positions of the photos that can be compared, (k,), int64."""
    return np.flatnonzero(thumbnails.std(axis=(1, 2), dtype=np.float32) >= _MIN_CONTRAST)


def _similar_hashes(hashes: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield each pair of similar hashes once (first < second), one block of rows of the distance matrix at a time."""
    for start in range(0, len(hashes), _BLOCK):
        rows = hashes[start : start + _BLOCK, None]
        near = np.bitwise_count(rows ^ hashes[start:]) <= MAX_DIFFERING_BITS
        first, second = np.nonzero(np.triu(near, 1))
        yield first + start, second + start


def _are_correlated(thumbnails: np.ndarray, first: np.ndarray, second: np.ndarray) -> np.ndarray:
    correlated = np.zeros(len(first), bool)
    for start in range(0, len(first), _PAIRS):
        block = slice(start, start + _PAIRS)
        products = _standardize(thumbnails[first[block]]) * _standardize(thumbnails[second[block]])
        correlated[block] = products.mean(axis=1) >= MIN_CORRELATION
    return correlated


def _standardize(thumbnails: np.ndarray) -> np.ndarray:
    values = thumbnails.reshape(len(thumbnails), -1).astype(np.float32)
    values -= values.mean(axis=1, keepdims=True)
    return values / values.std(axis=1, keepdims=True)


def merge(group: np.ndarray, first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Merge the groups that these pairs of positions connect.

    Args:
        group: (n,), the position of the first member of each element's group.
        first: (pairs,), positions.
        second: (pairs,), positions.

    Returns:
        (n,), int64, like `group`.
    """
    size = len(group)
    rows, columns = np.concatenate([first, np.arange(size)]), np.concatenate([second, group])
    graph = coo_array((np.ones(len(rows), bool), (rows, columns)), shape=(size, size))
    _, component = connected_components(graph, directed=False)
    _, first_members = np.unique(component, return_index=True)
    return first_members[component]
