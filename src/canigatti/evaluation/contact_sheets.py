"""Layout of contact sheets: headings, notes and photos with captions, as one image."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import matplotlib as mpl
from PIL import Image, ImageDraw, ImageFont

from canigatti.files import printable

TEXT_COLOR = "#24292F"
GAP = 12  # pixels between photos and at the edges


@dataclass(frozen=True)
class Sheet:
    """The layout of a contact sheet, a grid of photos with captions; sizes in pixels.

    Attributes:
        columns: number of cells next to each other.
        photo: side of a photo.
        cell: width of a cell, and of its caption.
        text: font size of captions.
    """

    columns: int
    photo: int
    cell: int
    text: int

    @property
    def width(self) -> int:
        """Of the whole sheet."""
        return self.columns * self.cell + (self.columns + 1) * GAP

    @property
    def line(self) -> int:
        """Height of a line of a caption."""
        return round(self.text * 1.3)


def heading(text: str, color: str, sheet: Sheet) -> Image.Image:
    """Return a line of larger text with a colored square in front."""
    size = round(sheet.text * 1.3)
    band = _text_band(text, size, 2 * GAP + size // 2, 2 * size + GAP, sheet.width)
    middle = band.height / 2
    ImageDraw.Draw(band).rectangle((GAP, middle - size / 2, GAP + size // 2, middle + size / 2), fill=color)
    return band


def note(text: str, sheet: Sheet) -> Image.Image:
    """Return a line of text."""
    return _text_band(text, sheet.text, GAP, 2 * sheet.line, sheet.width)


def _text_band(text: str, size: int, left: int, height: int, width: int) -> Image.Image:
    band, font = Image.new("RGB", (width, height), "white"), load_font(size)
    shortened = shorten(text, font, width - left - GAP)
    ImageDraw.Draw(band).text((left, height / 2), shortened, fill=TEXT_COLOR, font=font, anchor="lm")
    return band


def stack(bands: list[Image.Image]) -> Image.Image:
    """Return a sheet of these images, one below the other; they are equally wide."""
    sheet = Image.new("RGB", (bands[0].width, sum(band.height for band in bands) + GAP), "white")
    top = 0
    for band in bands:
        sheet.paste(band, (0, top))
        top += band.height
    return sheet


def shorten(text: str, font: ImageFont.FreeTypeFont, width: int) -> str:
    """Replace the middle of a text by … until it is at most `width` pixels wide.

    Two thirds of what remains come from the end, because that is where the numbers in file names are.
    """
    shortened = text = printable(text)
    length = len(text)
    while font.getlength(shortened) > width:
        length -= 1
        shortened = f"{text[: length // 3]}…{text[len(text) - length + length // 3 :]}"
    return shortened


@cache
def load_font(size: int) -> ImageFont.FreeTypeFont:
    """Return the font that comes with matplotlib, so that every machine renders the same pixels."""
    path = Path(mpl.get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf"
    return ImageFont.truetype(path, size, layout_engine=ImageFont.Layout.BASIC)
