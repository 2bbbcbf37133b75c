"""The photos of the tiny study, and random edits of them."""

import io
import os
import random
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from edit import Edit, Editor
from PIL import Image

from canigatti.photos.demo.archive import draw_members

_CLASSES = ("cat", "dog")
_PER_CLASS = 16  # in the beginning
_FEWEST = 12  # usable photos of a class, so that every split has enough
_DRAWN = 160
_SIZE = (48, 40)  # pixels; the networks see 32 × 32


@dataclass
class Photos:
    """A folder with one folder per class.

    Attributes:
        drawn: contents of photos of each class; all contents have the same length.
        files: present content by path in the folder.
        removed: contents that were removed, by path.
    """

    folder: Path
    drawn: dict[str, list[bytes]] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)
    removed: dict[str, bytes] = field(default_factory=dict)

    def begin(self, seed: int) -> None:
        """Draw photos and write the first ones, with the times of photos that have been there for long."""
        self.drawn = _draw(seed)
        self.files = {f"{name}/{n}.jpg": self.drawn[name][n] for name in _CLASSES for n in range(_PER_CLASS)}
        long_ago = time.time() - 10**6
        for path, content in self.files.items():
            (self.folder / path).parent.mkdir(parents=True, exist_ok=True)
            (self.folder / path).write_bytes(content)
            os.utime(self.folder / path, (long_ago, long_ago))

    def accept(self, files: dict[str, bytes], keep_times: bool = False) -> bool:
        """Write another state of the folder if it differs and leaves every class enough photos.

        Args:
            keep_times: whether to restore the times of modification of files that change.
        """
        if files == self.files or any(self._usable(files, name) < _FEWEST for name in _CLASSES):
            return False
        for path in self.files.keys() - files.keys():
            self.removed[path] = self.files[path]
            (self.folder / path).unlink()
        for path, content in files.items():
            if self.files.get(path) != content:
                _write(self.folder / path, content, keep_times)
        self.files = files
        return True

    def _usable(self, files: dict[str, bytes], name: str) -> int:
        """Return the number of photos of a class that are neither broken nor copies."""
        known = {content for contents in self.drawn.values() for content in contents}
        of_class, of_other = (
            {content for path, content in files.items() if path.startswith(f"{name}/") is own} for own in (True, False)
        )
        return len((of_class & known) - of_other)

    def new_path(self, name: str, dice: random.Random) -> str:
        numbers = [number for number in range(1000) if f"{name}/{number}.jpg" not in self.files]
        return f"{name}/{dice.choice(numbers)}.jpg"


def _draw(seed: int) -> dict[str, list[bytes]]:
    """Draw photos; decoders ignore the zeros that make them equally long."""
    small: dict[str, list[bytes]] = {name: [] for name in _CLASSES}
    for name, content in _ordinary(seed):
        stream = io.BytesIO()
        Image.open(io.BytesIO(content)).convert("RGB").resize(_SIZE).save(stream, "JPEG", quality=80)
        small[name].append(stream.getvalue())
    longest = max(len(content) for contents in small.values() for content in contents)
    return {name: [content.ljust(longest, b"\0") for content in contents] for name, contents in small.items()}


def _ordinary(seed: int) -> Iterator[tuple[str, bytes]]:
    for member in draw_members(_DRAWN, seed):
        if member.fault is None and member.path.endswith(".jpg"):
            yield member.path.split("/")[1].lower(), member.content


def _write(path: Path, content: bytes, keep_times: bool) -> None:
    times = path.stat() if keep_times and path.exists() else None
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("r+b" if path.exists() else "wb") as stream:
        stream.write(content)
        stream.truncate()
    if times:
        os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))


def add(photos: Photos, dice: random.Random) -> Edit | None:
    name = dice.choice(_CLASSES)
    path, content = photos.new_path(name, dice), dice.choice(photos.drawn[name])
    return Edit(f"new photo {path}") if photos.accept({**photos.files, path: content}) else None


def remove(photos: Photos, dice: random.Random) -> Edit | None:
    path = dice.choice(sorted(photos.files))
    files = {name: content for name, content in photos.files.items() if name != path}
    return Edit(f"without photo {path}") if photos.accept(files) else None


def rename(photos: Photos, dice: random.Random) -> Edit | None:
    old = dice.choice(sorted(photos.files))
    new = photos.new_path(dice.choice([old.split("/")[0], *_CLASSES]), dice)
    files = {new if name == old else name: content for name, content in photos.files.items()}
    return Edit(f"photo {old} is now {new}") if photos.accept(files) else None


def replace(photos: Photos, dice: random.Random) -> Edit | None:
    """Replace a photo by an equally long other one, with its old or a new time of modification."""
    path, keep_times = dice.choice(sorted(photos.files)), dice.random() < 0.7
    content = dice.choice(photos.drawn[path.split("/")[0]])
    when = "old" if keep_times else "new"
    return (
        Edit(f"other content of {path}, {when} time")
        if photos.accept({**photos.files, path: content}, keep_times)
        else None
    )


def exchange(photos: Photos, dice: random.Random) -> Edit | None:
    first, second = dice.sample(sorted(photos.files), 2)
    files = {**photos.files, first: photos.files[second], second: photos.files[first]}
    return Edit(f"exchanged photos {first} and {second}") if photos.accept(files, keep_times=True) else None


def break_one(photos: Photos, dice: random.Random) -> Edit | None:
    name = dice.choice(_CLASSES)
    content = dice.choice([b"", dice.choice(photos.drawn[name])[:300], b"no photo at all"])
    path = photos.new_path(name, dice)
    return (
        Edit(f"broken photo {path}, {len(content)} bytes") if photos.accept({**photos.files, path: content}) else None
    )


def duplicate(photos: Photos, dice: random.Random) -> Edit | None:
    of = dice.choice(sorted(photos.files))
    path = photos.new_path(dice.choice([of.split("/")[0], *_CLASSES]), dice)
    return Edit(f"{path} is a copy of {of}") if photos.accept({**photos.files, path: photos.files[of]}) else None


def restore(photos: Photos, dice: random.Random) -> Edit | None:
    missing = sorted(photos.removed.keys() - photos.files.keys())
    if not missing:
        return None
    path = dice.choice(missing)
    return Edit(f"photo {path} is back") if photos.accept({**photos.files, path: photos.removed[path]}) else None


def touch(photos: Photos, dice: random.Random) -> Edit:
    for path in dice.sample(sorted(photos.files), 5):
        (photos.folder / path).touch()
    return Edit("touched 5 photos", reruns_nothing=True)


EDITORS: dict[Editor, int] = {
    add: 2,
    remove: 2,
    rename: 2,
    replace: 3,
    exchange: 3,
    break_one: 2,
    duplicate: 2,
    restore: 2,
    touch: 3,
}
