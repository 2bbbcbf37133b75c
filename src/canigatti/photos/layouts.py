"""Which file shows which class, by its name and the folders it lies in."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from canigatti.files import InputError

IMAGE_SUFFIXES = (".jpg", ".jpeg", ".png", ".gif", ".bmp", ".webp", ".tif", ".tiff", ".avif", ".jp2", ".ppm", ".heic")
_FOLDERS_NAMED = 12


@dataclass(frozen=True)
class FoundPhoto:
    """A file of the source, a photo or not.

    Attributes:
        id: `<class>.<path inside the class folder>`, such as `cat.0.jpg`; the whole path for a file in no class.
        label: The class's position, 0 or 1; None for a file in no class.
        path: The file's name in the source.
        conflict: Whether its name, or a folder below the class folder, says another class than the class folder.
    """

    id: str
    label: int | None
    path: str
    conflict: bool = False


def find_photos(members: Sequence[str], classes: Sequence[str]) -> list[FoundPhoto]:
    """Tell the class of every file.

    Class folders may lie at any depth, and hold folders; the outermost counts, upper and lower case do not. Where
    there is no class folder at all, files named `<class>.…` are of that class. Hidden files and those in `__MACOSX`
    are of none.

    Args:
        members: Names with '/', as :meth:`PhotoSource.members` gives them.
        classes: The classes' names; the first has label 0.

    Returns:
        One entry a member: the classes in order, then the files in no class, each in natural order.

    Raises:
        InputError: a class has no file, a folder of images beside the class folders is named after no class, or two
            files have one id.
    """
    keys = [_key(name) for name in classes]
    in_folders = any(_split_at_class_folder(member, keys) for member in members)
    place = _by_folder if in_folders else _by_file_name
    found = [place(member, keys, classes) for member in members]
    _check_that_every_class_is_there(found, classes)
    _check_that_no_class_is_left_over(found, keys, classes)
    _check_that_ids_differ(found)
    return sorted(found, key=lambda photo: (len(keys) if photo.label is None else photo.label, natural_key(photo.path)))


def natural_key(name: str) -> tuple[list[tuple[int, str]], str]:
    """Sorts names as people count: `2.jpg` before `10.jpg`."""
    parts = [part.lstrip("0") if part.isdigit() else part for part in re.split("([0-9]+)", name)]
    return [(len(part) if place % 2 else 0, part) for place, part in enumerate(parts)], name


def _key(name: str) -> str:
    """What is equal for two spellings of a class; macOS stores accents decomposed."""
    return unicodedata.normalize("NFC", name).strip().casefold()


def is_hidden(member: str) -> bool:
    """Whether a name with '/', or a folder in it, starts with a dot, or is what macOS puts into zips."""
    return any(part == "__MACOSX" or (part.startswith(".") and part != ".") for part in member.split("/"))


def _split_at_class_folder(member: str, keys: list[str]) -> tuple[str, int, list[str]] | None:
    """The path above the class folder, the class, and the parts of the path below."""
    *folders, name = member.split("/")
    for depth, folder in enumerate(folders):
        if _key(folder) in keys and not is_hidden(member):
            return "/".join(folders[:depth]), keys.index(_key(folder)), [*folders[depth + 1 :], name]
    return None


def _by_folder(member: str, keys: list[str], classes: Sequence[str]) -> FoundPhoto:
    place = _split_at_class_folder(member, keys)
    if place is None:
        return FoundPhoto(member, None, member)
    _, label, below = place
    *folders, name = map(_key, below)
    other = {*keys} - {keys[label]}
    conflict = not other.isdisjoint({*folders, name.partition(".")[0]})
    return FoundPhoto(f"{classes[label]}.{'/'.join(below)}", label, member, conflict)


def _by_file_name(member: str, keys: list[str], classes: Sequence[str]) -> FoundPhoto:
    prefix, _, rest = member.rpartition("/")[2].partition(".")
    if _key(prefix) not in keys or not rest or is_hidden(member):
        return FoundPhoto(member, None, member)
    label = keys.index(_key(prefix))
    return FoundPhoto(f"{classes[label]}.{rest}", label, member)


def _check_that_every_class_is_there(found: list[FoundPhoto], classes: Sequence[str]) -> None:
    labels = {photo.label for photo in found}
    for label, name in enumerate(classes):
        if label not in labels:
            raise InputError(
                f"the photos' source holds no file of the class {name!r}: expected a folder {name}, or files named "
                f"{name}.0.jpg and so on; received {_contents([photo.path for photo in found])}"
            )


def _contents(members: list[str]) -> str:
    visible = sorted((member for member in members if not is_hidden(member)), key=natural_key)
    archives = [member for member in visible if member.lower().endswith((".zip", ".tar", ".gz", ".7z", ".rar"))]
    if archives:
        return f"the archive {archives[0]}: take it out and give it as photos.source"
    folders = list(dict.fromkeys(member.rpartition("/")[0] for member in visible if "/" in member))
    more = f" and {len(folders) - _FOLDERS_NAMED} more" if len(folders) > _FOLDERS_NAMED else ""
    named = f"the folders {', '.join(folders[:_FOLDERS_NAMED])}{more}" if folders else "no folder"
    return f"{len(members)} files and {named}"


def _check_that_no_class_is_left_over(found: list[FoundPhoto], keys: list[str], classes: Sequence[str]) -> None:
    parents = {place[0] for photo in found if (place := _split_at_class_folder(photo.path, keys))}
    for photo in found:
        if photo.label is None and photo.path.lower().endswith(IMAGE_SUFFIXES) and not is_hidden(photo.path):
            folders = photo.path.split("/")[:-1]
            for depth in range(len(folders)):
                if "/".join(folders[:depth]) in parents:
                    raise InputError(
                        f"the folder {'/'.join(folders[: depth + 1])} lies beside those of the classes "
                        f"{' and '.join(classes)} and holds images ({photo.path}); take it out, or name it in `classes`"
                    )


def _check_that_ids_differ(found: list[FoundPhoto]) -> None:
    paths: dict[str, str] = {}
    for photo in found:
        if photo.id in paths:
            raise InputError(f"{paths[photo.id]} and {photo.path} would both be called {photo.id}; rename one of them")
        paths[photo.id] = photo.path
