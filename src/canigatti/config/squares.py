"""The square photos that a network takes."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, Self

from canigatti.files import InputError

Resize = Literal["squeeze", "crop", "pad"]

_MODES: dict[str | None, Resize] = {None: "squeeze", "-crop": "crop", "-pad": "pad"}  # by the end of a square's text

_SUFFICIENT = 192  # pixels, the side from which small images of photos gain nothing


@dataclass(frozen=True, order=True)
class Square:
    """Size of square photos, and how photos of any shape become squares.

    Attributes:
        size: side, pixels.
        resize: `squeeze` scales width and height to `size`, which changes the aspect ratio. The other modes keep it:
            `crop` scales the shorter side to `size` and cuts the center square; `pad` scales the longer side to `size`
            and centers the photo on black.
    """

    size: int
    resize: Resize = "squeeze"

    def __str__(self) -> str:
        """Return the text for file names and command lines, such as `96` (squeezed), `96-crop` or `96-pad`."""
        return str(self.size) if self.resize == "squeeze" else f"{self.size}-{self.resize}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the square with this text.

        Raises:
            InputError: it is not a positive number of pixels, with or without `-crop` or `-pad`.
        """
        if not (parts := re.fullmatch("([1-9][0-9]*)(-crop|-pad)?", text)):
            raise InputError(f"--size: expected pixels, such as 96, or 96-crop or 96-pad, received {text!r}")
        return cls(int(parts[1]), _MODES[parts[2]])


def most_viewable(squares: Iterable[Square]) -> Square:
    """Return the squares that show people most of the photos, for small images of them.

    Those of at least 192 pixels, or the largest ones; of these rather whole photos than cropped ones, and the smaller
    file.

    Args:
        squares: at least one.
    """
    return max(squares, key=lambda one: (min(one.size, _SUFFICIENT), one.resize != "crop", -one.size, one.resize))
