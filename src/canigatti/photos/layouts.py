"""Folder layouts: the class of a file is inferred from its path."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from canigatti.config.classes import class_key
from canigatti.files import InputError
from canigatti.photos.records import SUBSETS

IMAGE_SUFFIXES = (
    *(".jpg", ".jpeg", ".jpe", ".jfif"),
    *(".png", ".gif", ".bmp", ".webp", ".tif", ".tiff", ".avif", ".jp2", ".ppm", ".heic"),
)
_MAX_LISTED = 12  # folders or classes in a message
SUBSET_OF_FOLDER = {
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
        label: index of the class, from 0; None for a file without a class.
        path: path in the source, with '/'.
        conflict: whether its name, or a folder below the class folder, is the name of another class. Numbers are not:
            files and folders are often numbered.
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
    keys = {class_key(name): label for label, name in enumerate(classes)}
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


def is_hidden(member: str) -> bool:
    """Return whether a part of a path with '/' starts with a dot, or is the folder that macOS adds to zips."""
    return any(part == "__MACOSX" or (part.startswith(".") and part != ".") for part in member.split("/"))


def find_label(folders: Sequence[str], keys: Mapping[str, int]) -> int | None:
    """Return the label of the outermost of these folders with the name of a class, or None; `keys`: label by key."""
    return next((keys[key] for folder in folders if (key := class_key(folder)) in keys), None)


def _split_at_class_folder(member: str, keys: Mapping[str, int]) -> tuple[str, int, list[str]] | None:
    """Split a path into the path above the class folder, the label, and the parts below."""
    *folders, name = member.split("/")
    for depth, folder in enumerate(folders):
        if (key := class_key(folder)) in keys and not is_hidden(member):
            return "/".join(folders[:depth]), keys[key], [*folders[depth + 1 :], name]
    return None


def _classify_by_folder(member: str, keys: Mapping[str, int], classes: Sequence[str]) -> FoundPhoto:
    match = _split_at_class_folder(member, keys)
    if match is None:
        return FoundPhoto(member, None, member)
    above, label, below = match
    *folders, name = map(class_key, below)
    named = [part for part in (*folders, name.partition(".")[0]) if part in keys and not part.isdecimal()]
    conflict = any(keys[part] != label for part in named)
    return FoundPhoto(f"{classes[label]}.{'/'.join(below)}", label, member, conflict, _find_subset(above))


def _classify_by_name(member: str, keys: Mapping[str, int], classes: Sequence[str]) -> FoundPhoto:
    folder, _, file_name = member.rpartition("/")
    prefix, _, rest = file_name.partition(".")
    label = keys.get(class_key(prefix))
    if label is None or not rest or is_hidden(member):
        return FoundPhoto(member, None, member)
    return FoundPhoto(f"{classes[label]}.{rest}", label, member, subset=_find_subset(folder))


def _find_subset(folder: str) -> str | None:
    """Return the subset that the outermost of the folders in a path with '/' is named after."""
    return next(
        (SUBSET_OF_FOLDER[key] for part in folder.split("/") if (key := class_key(part)) in SUBSET_OF_FOLDER), None
    )


def _check_every_class_has_files(found: list[FoundPhoto], classes: Sequence[str]) -> None:
    labels = {photo.label for photo in found}
    for label, name in enumerate(classes):
        if label not in labels:
            raise InputError(
                f"the source has no file of the class {name!r}: expected a folder {name}, or files named "
                f"{name}.0.jpg and so on; received {describe_members([photo.path for photo in found])}"
            )


def describe_members(members: Sequence[str]) -> str:
    """Return a text with the number of files of a source and its folders, or with the archive that it contains."""
    visible = sorted((member for member in members if not is_hidden(member)), key=natural_key)
    archives = [member for member in visible if member.lower().endswith((".zip", ".tar", ".gz", ".7z", ".rar"))]
    if archives:
        return f"the archive {archives[0]}: extract it and configure its path as photos.source"
    folders = list(dict.fromkeys(member.rpartition("/")[0] for member in visible if "/" in member))
    listed = f"the folders {_list(folders)}" if folders else "no folder"
    return f"{len(members)} files and {listed}"


def _list(names: Sequence[str]) -> str:
    more = f" and {len(names) - _MAX_LISTED:,} more" if len(names) > _MAX_LISTED else ""
    return f"{', '.join(names[:_MAX_LISTED])}{more}"


def _check_no_other_class(found: list[FoundPhoto], keys: Mapping[str, int], classes: Sequence[str]) -> None:
    known = " and ".join(classes) if len(classes) == 2 else _list(classes)
    parents = {match[0] for photo in found if (match := _split_at_class_folder(photo.path, keys))}
    for photo in found:
        if photo.label is None and photo.path.lower().endswith(IMAGE_SUFFIXES) and not is_hidden(photo.path):
            folders = photo.path.split("/")[:-1]
            for depth in range(len(folders)):
                if "/".join(folders[:depth]) in parents:
                    raise InputError(
                        f"the folder {'/'.join(folders[: depth + 1])} is next to the folders of the classes "
                        f"{known} and contains images ({photo.path}); remove it or add it to `classes`"
                    )


def _check_unique_ids(found: list[FoundPhoto]) -> None:
    paths: dict[str, str] = {}
    for photo in found:
        if photo.id in paths:
            raise InputError(f"{paths[photo.id]} and {photo.path} have the same id {photo.id}; rename one of them")
        paths[photo.id] = photo.path
