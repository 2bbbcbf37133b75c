"""The demonstration's photos: a zip in the PetImages layout of drawn cats and dogs, faults included."""

import io
import random
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass

from PIL import Image

from canigatti.photos.demo import faults
from canigatti.photos.demo.faces import Animal
from canigatti.photos.demo.scenes import photograph
from canigatti.photos.records import Verdict

_FOLDERS: dict[Animal, str] = {"cat": "PetImages/Cat", "dog": "PetImages/Dog"}
_MOMENT = (2023, 1, 1, 0, 0, 0)  # one date for every member, or two runs would give two archives


@dataclass(frozen=True)
class Member:
    """A file of the archive.

    Attributes:
        path: its path in the zip.
        content: its bytes.
        fault: what is wrong with it; None for an ordinary photo.
        verdict: what the manifest must say of it.
    """

    path: str
    content: bytes
    fault: str | None = None
    verdict: Verdict = Verdict.KEEP


def draw_members(count: int, seed: int) -> list[Member]:
    """`count` ordinary photos, half of each class, then the planted faults; equal arguments give equal bytes.

    Raises:
        ValueError: `count` is less than 2: the faults need a photo of each class to copy.
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
        planted.append(Member(f"{_FOLDERS[animal]}/Thumbs.db", faults.thumbs_db_bytes(), "Thumbs.db", "unreadable"))
    return ordinary + planted


def _ordinary(animal: Animal, number: int, seed: int) -> Member:
    dice = random.Random(f"{seed}/{animal}/{number}")
    photo = photograph(animal, dice)
    return Member(f"{_FOLDERS[animal]}/{number}.jpg", faults.jpeg_bytes(photo, dice.randint(55, 95)))


def _planted(animal: Animal, original: bytes, seed: int) -> list[tuple[str, bytes, str]]:
    """Fault, bytes and verdict of the faulty photos of a class; `original` is the ordinary photo that is copied."""

    def photo(fault: str) -> Image.Image:
        return photograph(animal, random.Random(f"{seed}/{animal}/{fault}"))

    twice = photograph("cat", random.Random(f"{seed}/both labels"))
    if animal == "cat":
        own = [
            ("empty", b"", "empty"),
            ("truncated", faults.truncated_jpeg_bytes(photo("truncated")), "unreadable"),
            ("PNG", faults.png_bytes(photo("PNG")), "keep"),
            ("EXIF rotated", faults.sideways_jpeg_bytes(photo("EXIF rotated")), "keep"),
            ("exact duplicate", original, "duplicate"),
        ]
    else:
        own = [
            ("text", faults.text_bytes(), "unreadable"),
            ("GIF", faults.gif_bytes(photo("GIF")), "keep"),
            ("CMYK", faults.cmyk_jpeg_bytes(photo("CMYK")), "keep"),
            ("near duplicate", faults.rescaled_jpeg_bytes(original), "keep"),
        ]
    return [*own, ("both labels", faults.jpeg_bytes(twice), "conflicting")]


def _numbered(animal: Animal, first: int, planted: list[tuple[str, bytes, str]]) -> list[Member]:
    return [
        Member(f"{_FOLDERS[animal]}/{number}.jpg", content, fault, verdict)
        for number, (fault, content, verdict) in enumerate(planted, start=first)
    ]


def zip_bytes(members: Iterable[Member]) -> bytes:
    """The archive of `members`, in their order, uncompressed: photos hardly shrink."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for member in members:
            information = zipfile.ZipInfo(member.path, _MOMENT)
            information.create_system = 3  # Unix, whatever the machine
            information.external_attr = 0o644 << 16
            archive.writestr(information, member.content)
    return buffer.getvalue()


def planted_faults(members: Iterable[Member]) -> list[dict[str, str]]:
    """Return path, fault and expected verdict of every member with a planted fault."""
    return [{"path": one.path, "fault": one.fault, "verdict": one.verdict} for one in members if one.fault]
