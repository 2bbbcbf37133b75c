"""Thumbnails and perceptual hashes, which hardly change when a photo is re-encoded or rescaled."""

import numpy as np
from PIL import Image

THUMBNAIL_SIDE = 32
_FREQUENCIES = 8
_BLOCK = 1024  # thumbnails in memory as float64 at a time


def thumbnail(image: Image.Image) -> bytes:
    """Resize an RGB or gray image to 32 × 32 gray pixels.

    Blocks of pixels are averaged first (`reducing_gap`), which takes a fraction of the decoding time even for large
    photos.

    Returns:
        1,024 bytes, the gray levels row by row.
    """
    gray = image if image.mode == "L" else image.convert("L")
    return gray.resize((THUMBNAIL_SIDE, THUMBNAIL_SIDE), Image.Resampling.BILINEAR, reducing_gap=1.01).tobytes()


def perceptual_hashes(thumbnails: np.ndarray) -> np.ndarray:
    """Return the perceptual hash of each thumbnail, as defined by imagehash's `phash`.

    Each bit, from the highest, is whether one of the 8 × 8 lowest frequencies of the cosine transform exceeds their
    median. A vectorized computation takes a tenth of the time of `imagehash.phash`, which would take a third of the
    time of decoding a small photo. Compared with `imagehash.phash` of the whole image, 0.5 of the 64 bits differ on
    average and at most 4 (600 photos), because the thumbnail is resized with a simpler filter.

    Args:
        thumbnails: (n, 32, 32), uint8.

    Returns:
        (n,), uint64.
    """
    hashes = np.empty(len(thumbnails), np.uint64)
    for start in range(0, len(thumbnails), _BLOCK):
        hashes[start : start + _BLOCK] = _hash_block(thumbnails[start : start + _BLOCK])
    return hashes


def _hash_block(thumbnails: np.ndarray) -> np.ndarray:
    positions, frequencies = np.arange(THUMBNAIL_SIDE), np.arange(_FREQUENCIES)
    basis = 2 * np.cos(np.pi * frequencies[:, None] * (2 * positions + 1) / (2 * THUMBNAIL_SIDE))
    across = thumbnails.reshape(-1, THUMBNAIL_SIDE).astype(np.float64) @ basis.T
    down = across.reshape(-1, THUMBNAIL_SIDE, _FREQUENCIES).swapaxes(1, 2).reshape(-1, THUMBNAIL_SIDE) @ basis.T
    # Rounding makes the zeros of a uniform image exact on every machine.
    spectrum = down.reshape(-1, _FREQUENCIES, _FREQUENCIES).swapaxes(1, 2).reshape(len(thumbnails), -1).round(6)
    bits = spectrum > np.median(spectrum, axis=1, keepdims=True)
    return np.packbits(bits, axis=1).view(">u8").ravel()
