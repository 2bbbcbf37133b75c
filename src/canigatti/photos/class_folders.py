"""The classes of a source, for a study that does not list them: the names of its folders, or of its files."""

import unicodedata
from collections.abc import Iterable, Sequence

from canigatti.config.classes import MAX_CLASSES, check_class_name, class_key
from canigatti.files import InputError
from canigatti.photos.layouts import (
    IMAGE_SUFFIXES,
    SUBSET_OF_FOLDER,
    describe_members,
    find_label,
    is_hidden,
    natural_key,
)

_MAX_DEPTH = 50  # folders above the class folders


def find_classes(members: Sequence[str]) -> tuple[str, ...]:
    """Infer the classes of a source from its folders, or else from the names of its files.

    The outermost folders that are next to each other and contain images, at any depth, are the classes. Folders that
    name a subset, such as `train`, are looked through: their class folders count as next to each other, and what is
    next to such folders is no class. If no two folders are next to each other, files named `cat.0.jpg` and so on are of
    the class `cat`. Hidden files and folders, and names that are numbers in such a file name, do not count.

    Args:
        members: paths with '/', as returned by :meth:`PhotoSource.members`, in any order.

    Returns:
        2 to 1,000 names in natural order, ignoring case, each once: in its first spelling, in composed Unicode.

    Raises:
        InputError: there are fewer than two classes or too many, a name cannot be that of a class, or a folder above
            the classes has the name of one; the message describes what was found.
    """
    images = [member for member in members if member.lower().endswith(IMAGE_SUFFIXES) and not is_hidden(member)]
    paths = [*dict.fromkeys(_folders_of(image) for image in images)]
    in_folders = _unify(_find_siblings(paths))
    names = in_folders or _unify(_names_of_files(images))
    if not 2 <= len(names) <= MAX_CLASSES:
        listed = f" ({', '.join(names[:3])}{', …' if len(names) > 3 else ''})" if names else ""
        raise InputError(
            f"expected 2 to {MAX_CLASSES:,} folders of images next to each other, one per class, or files named "
            f"cat.0.jpg and so on; received {len(names) or 'no'} class{'' if len(names) == 1 else 'es'}{listed}, "
            f"{len(images):,} images among {describe_members(members)}"
        )
    for name in names:
        try:
            check_class_name(name)
        except ValueError as error:
            raise InputError(f"a folder or file cannot name a class: {error}; rename it") from None
    _check_labels(paths, names, bool(in_folders))
    return names


def _folders_of(member: str) -> tuple[str, ...]:
    return tuple(part for part in member.split("/")[:-1] if part != ".")[:_MAX_DEPTH]


def _find_siblings(paths: Iterable[Sequence[str]]) -> list[str]:
    """Return the names of the outermost folders that are next to each other, in all their spellings; [] for none."""
    names: dict[str, list[str]] = {}
    below: dict[str, list[Sequence[str]]] = {}
    for path in filter(None, paths):
        key = class_key(path[0])
        names.setdefault(key, []).append(path[0])
        below.setdefault(key, []).append(path[1:])
    subsets, others = ([key for key in names if (key in SUBSET_OF_FOLDER) is is_subset] for is_subset in (True, False))
    in_subsets = _find_siblings([path for key in subsets for path in below[key]]) if subsets else []
    if in_subsets or not others:
        return in_subsets
    return [name for key in others for name in names[key]] if len(others) > 1 else _find_siblings(below[others[0]])


def _names_of_files(images: Sequence[str]) -> list[str]:
    """Return what is before the first point of names with several, except numbers."""
    parts = (image.rpartition("/")[2].partition(".") for image in images)
    return [name for name, _, rest in parts if "." in rest and class_key(name) and not name.strip().isdecimal()]


def _unify(names: Iterable[str]) -> tuple[str, ...]:
    spelled: dict[str, str] = {}
    for name in sorted(dict.fromkeys(names), key=natural_key):
        spelled.setdefault(class_key(name), unicodedata.normalize("NFC", name).strip())
    return tuple(spelled[key] for key in sorted(spelled, key=natural_key))


def _check_labels(paths: Iterable[Sequence[str]], names: Sequence[str], in_folders: bool) -> None:
    """Check that no folder above the class folders, or above files with classes in their names, is named like a class.

    The outermost folder with the name of a class decides the class of a file.
    """
    keys = {class_key(name): label for label, name in enumerate(names)}
    labels = [find_label(path, keys) for path in paths]
    hidden = {*range(len(names))}.difference(labels) if in_folders else {*keys.values()}
    for path, label in zip(paths, labels, strict=True):
        if label is not None and any(keys.get(class_key(part)) in hidden for part in path):
            raise InputError(
                f"the name {names[label]!r} is that of a class and of a folder above classes; rename the folder"
            )
