"""Folder layouts: the class of a file is inferred from its path."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace

from canigatti.files import InputError
from canigatti.photos.records import SUBSETS

IMAGE_SUFFIXES = (
    *(".jpg", ".jpeg", ".jpe", ".jfif"),
    *(".png", ".gif", ".bmp", ".webp", ".tif", ".tiff", ".avif", ".jp2", ".ppm", ".heic"),
)
_MAX_LISTED_FOLDERS = 12
_SUBSET_OF_FOLDER = {
    **dict.fromkeys(("train", "training"), "train"),
    **dict.fromkeys(("validation", "valid", "val", "dev"), "validation"),
    **dict.fromkeys(("test", "testing"), "test"),
}


@dataclass(frozen=True)
class FoundPhoto:
    """A file of the source, a photo or not.

    Attributes:
        id: `<class>.<path inside the class folder>`, such as `cat.0.jpg`, or `<class>.<subset>/<path>` if the source
            has its own subsets; the whole path for a file without a class.
        label: index of the class, 0 or 1; None for a file without a class.
        path: path in the source, with '/'.
        conflict: whether its name, or a folder below the class folder, is the name of another class.
        subset: one of `SUBSETS` if the file has a class and a folder above its class folder (or above the file, for a
            class from the name) is called that or `training`, `valid`, `val`, `dev` or `testing`; None otherwise.
    """

    id: str
    label: int | None
    path: str
    conflict: bool = False
    subset: str | None = None


def find_photos(members: Sequence[str], classes: Sequence[str]) -> list[FoundPhoto]:
    """Infer the class of every file from its path.

    A class folder may be at any depth and contain further folders; the outermost class folder decides, and case does
    not matter. If there is no class folder at all, files named `<class>.…` belong to that class. Hidden files and
    files in `__MACOSX` have no class.

    Args:
        members: paths with '/', as returned by :meth:`PhotoSource.members`.
        classes: names of the classes; the first has label 0.

    Returns:
        One entry per member: first the classes in order, then the files without a class, each in natural order.

    Raises:
        InputError: a class has no files, a folder of images next to the class folders is not a class, or two files
            have the same id.
    """
    keys = [_key(name) for name in classes]
    in_folders = any(_split_at_class_folder(member, keys) for member in members)
    classify = _classify_by_folder if in_folders else _classify_by_name
    found = [classify(member, keys, classes) for member in members]
    if len(given_subsets(found)) > 1:  # the same name may be in each of them
        found = [_with_subset_in_id(photo, classes) for photo in found]
    _check_every_class_has_files(found, classes)
    _check_no_other_class(found, keys, classes)
    _check_unique_ids(found)
    return sorted(found, key=lambda photo: (len(keys) if photo.label is None else photo.label, natural_key(photo.path)))


def given_subsets(found: Sequence[FoundPhoto]) -> list[str]:
    """Return the `SUBSETS` into which the folders of the source divide the files, in their order."""
    subsets = {photo.subset for photo in found}
    return [subset for subset in SUBSETS if subset in subsets]


def _with_subset_in_id(photo: FoundPhoto, classes: Sequence[str]) -> FoundPhoto:
    if photo.label is None or photo.subset is None:
        return photo
    name = classes[photo.label]
    return replace(photo, id=f"{name}.{photo.subset}/{photo.id.removeprefix(f'{name}.')}")


def natural_key(name: str) -> tuple[list[tuple[int, str]], str]:
    """Return a sort key that orders numbers by value: `2.jpg` before `10.jpg`."""
    parts = [part.lstrip("0") if part.isdigit() else part for part in re.split("([0-9]+)", name)]
    return [(len(part) if position % 2 else 0, part) for position, part in enumerate(parts)], name


def _key(name: str) -> str:
    """Return a key that is equal for all spellings of a class name; macOS stores accents decomposed."""
    return unicodedata.normalize("NFC", name).strip().casefold()


def is_hidden(member: str) -> bool:
    """Return whether a part of a path with '/' starts with a dot, or is the folder that macOS adds to zips."""
    return any(part == "__MACOSX" or (part.startswith(".") and part != ".") for part in member.split("/"))


def _split_at_class_folder(member: str, keys: list[str]) -> tuple[str, int, list[str]] | None:
    """Split a path into the path above the class folder, the label, and the parts below."""
    *folders, name = member.split("/")
    for depth, folder in enumerate(folders):
        if _key(folder) in keys and not is_hidden(member):
            return "/".join(folders[:depth]), keys.index(_key(folder)), [*folders[depth + 1 :], name]
    return None


def _classify_by_folder(member: str, keys: list[str], classes: Sequence[str]) -> FoundPhoto:
    match = _split_at_class_folder(member, keys)
    if match is None:
        return FoundPhoto(member, None, member)
    above, label, below = match
    *folders, name = map(_key, below)
    other = {*keys} - {keys[label]}
    conflict = not other.isdisjoint({*folders, name.partition(".")[0]})
    return FoundPhoto(f"{classes[label]}.{'/'.join(below)}", label, member, conflict, _find_subset(above))


def _classify_by_name(member: str, keys: list[str], classes: Sequence[str]) -> FoundPhoto:
    folder, _, file_name = member.rpartition("/")
    prefix, _, rest = file_name.partition(".")
    if _key(prefix) not in keys or not rest or is_hidden(member):
        return FoundPhoto(member, None, member)
    label = keys.index(_key(prefix))
    return FoundPhoto(f"{classes[label]}.{rest}", label, member, subset=_find_subset(folder))


def _find_subset(folder: str) -> str | None:
    """Return the subset that the outermost of the folders in a path with '/' is named after."""
    return next(
        (_SUBSET_OF_FOLDER[key] for part in folder.split("/") if (key := _key(part)) in _SUBSET_OF_FOLDER), None
    )


def _check_every_class_has_files(found: list[FoundPhoto], classes: Sequence[str]) -> None:
    labels = {photo.label for photo in found}
    for label, name in enumerate(classes):
        if label not in labels:
            raise InputError(
                f"the source has no file of the class {name!r}: expected a folder {name}, or files named "
                f"{name}.0.jpg and so on; received {_describe([photo.path for photo in found])}"
            )


def _describe(members: list[str]) -> str:
    visible = sorted((member for member in members if not is_hidden(member)), key=natural_key)
    archives = [member for member in visible if member.lower().endswith((".zip", ".tar", ".gz", ".7z", ".rar"))]
    if archives:
        return f"the archive {archives[0]}: extract it and configure its path as photos.source"
    folders = list(dict.fromkeys(member.rpartition("/")[0] for member in visible if "/" in member))
    more = f" and {len(folders) - _MAX_LISTED_FOLDERS} more" if len(folders) > _MAX_LISTED_FOLDERS else ""
    listed = f"the folders {', '.join(folders[:_MAX_LISTED_FOLDERS])}{more}" if folders else "no folder"
    return f"{len(members)} files and {listed}"


def _check_no_other_class(found: list[FoundPhoto], keys: list[str], classes: Sequence[str]) -> None:
    parents = {match[0] for photo in found if (match := _split_at_class_folder(photo.path, keys))}
    for photo in found:
        if photo.label is None and photo.path.lower().endswith(IMAGE_SUFFIXES) and not is_hidden(photo.path):
            folders = photo.path.split("/")[:-1]
            for depth in range(len(folders)):
                if "/".join(folders[:depth]) in parents:
                    raise InputError(
                        f"the folder {'/'.join(folders[: depth + 1])} is next to the folders of the classes "
                        f"{' and '.join(classes)} and contains images ({photo.path}); remove it or add it to `classes`"
                    )


def _check_unique_ids(found: list[FoundPhoto]) -> None:
    paths: dict[str, str] = {}
    for photo in found:
        if photo.id in paths:
            raise InputError(f"{paths[photo.id]} and {photo.path} have the same id {photo.id}; rename one of them")
        paths[photo.id] = photo.path
