"""The zip of generated photos in the PetImages layout, with planted faults."""

import io
import random
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass

from PIL import Image

from canigatti.photos.demo import faults
from canigatti.photos.demo.faces import Animal
from canigatti.photos.demo.scenes import draw_photo
from canigatti.photos.records import Verdict

_FOLDERS: dict[Animal, str] = {"cat": "PetImages/Cat", "dog": "PetImages/Dog"}
_DATE = (2023, 1, 1, 0, 0, 0)  # a fixed date for every member makes the archive reproducible


@dataclass(frozen=True)
class Member:
    """A file of the archive.

    Attributes:
        path: path in the zip.
        content: the file's bytes.
        fault: name of the planted fault; None for an ordinary photo.
        verdict: expected verdict in the manifest.
    """

    path: str
    content: bytes
    fault: str | None = None
    verdict: Verdict = Verdict.KEEP


def draw_members(count: int, seed: int) -> list[Member]:
    """Draw `count` ordinary photos, half of each class, followed by the files with planted faults.

    Equal arguments give equal bytes.

    Raises:
        ValueError: `count` is less than 2, because the planted duplicates copy a photo of each class.
    """
    if count < 2:
        raise ValueError(f"expected at least 2 photos, received {count}")
    ordinary: list[Member] = []
    planted: list[Member] = []
    numbers: dict[Animal, int] = {"cat": count - count // 2, "dog": count // 2}
    for animal, number in numbers.items():
        photos = [_ordinary(animal, n, seed) for n in range(number)]
        ordinary += photos
        planted += _numbered(animal, number, _planted(animal, photos[number // 3].content, seed))
        planted.append(_thumbs_db(animal))
    return ordinary + planted


def _ordinary(animal: Animal, number: int, seed: int) -> Member:
    rng = random.Random(f"{seed}/{animal}/{number}")
    photo = draw_photo(animal, rng)
    return Member(f"{_FOLDERS[animal]}/{number}.jpg", faults.jpeg_bytes(photo, rng.randint(55, 95)))


def _thumbs_db(animal: Animal) -> Member:
    return Member(f"{_FOLDERS[animal]}/Thumbs.db", faults.thumbs_db_bytes(), "Thumbs.db", Verdict.UNREADABLE)


def _planted(animal: Animal, original: bytes, seed: int) -> list[tuple[str, bytes, Verdict]]:
    """Return fault, bytes and expected verdict of the faulty photos of a class; the duplicates copy `original`."""

    def photo(fault: str) -> Image.Image:
        return draw_photo(animal, random.Random(f"{seed}/{animal}/{fault}"))

    ambiguous = draw_photo("cat", random.Random(f"{seed}/both labels"))
    if animal == "cat":
        specific = [
            ("empty", b"", Verdict.EMPTY),
            ("truncated", faults.truncated_jpeg_bytes(photo("truncated")), Verdict.UNREADABLE),
            ("PNG", faults.png_bytes(photo("PNG")), Verdict.KEEP),
            ("EXIF rotated", faults.sideways_jpeg_bytes(photo("EXIF rotated")), Verdict.KEEP),
            ("exact duplicate", original, Verdict.DUPLICATE),
        ]
    else:
        specific = [
            ("text", faults.text_bytes(), Verdict.UNREADABLE),
            ("GIF", faults.gif_bytes(photo("GIF")), Verdict.KEEP),
            ("CMYK", faults.cmyk_jpeg_bytes(photo("CMYK")), Verdict.KEEP),
            ("near duplicate", faults.rescaled_jpeg_bytes(original), Verdict.KEEP),
        ]
    return [*specific, ("both labels", faults.jpeg_bytes(ambiguous), Verdict.CONFLICTING)]


def _numbered(animal: Animal, first: int, planted: list[tuple[str, bytes, Verdict]]) -> list[Member]:
    return [
        Member(f"{_FOLDERS[animal]}/{number}.jpg", content, fault, verdict)
        for number, (fault, content, verdict) in enumerate(planted, start=first)
    ]


def zip_bytes(members: Iterable[Member]) -> bytes:
    """Return an archive of `members`, in order, uncompressed because photos hardly shrink."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for member in members:
            information = zipfile.ZipInfo(member.path, _DATE)
            information.create_system = 3  # Unix, on every operating system
            information.external_attr = 0o644 << 16
            archive.writestr(information, member.content)
    return buffer.getvalue()


def planted_faults(members: Iterable[Member]) -> list[dict[str, str]]:
    """Return path, fault and expected verdict of every member with a planted fault."""
    return [
        {"path": member.path, "fault": member.fault, "verdict": member.verdict} for member in members if member.fault
    ]
