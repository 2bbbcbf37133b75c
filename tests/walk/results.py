"""Random damage to results: deleted, truncated, edited, exchanged and touched files, and deleted folders."""

import random
import re
import shutil
from pathlib import Path

from edit import Edit, Editor
from project import Project

# Nothing reads these, so that Snakemake runs no job when they are edited.
_LAST = ("report/", "logs/", "benchmarks/")


def _files(project: Project) -> dict[str, list[Path]]:
    """Return the files of the results by role: their path without the names of experiments, seeds and trials."""
    roles: dict[str, list[Path]] = {}
    for path in sorted(project.results.rglob("*")):
        name = path.relative_to(project.results).as_posix()
        if path.is_file() and not any(part.startswith(".") for part in Path(name).parts) and "tensorboard" not in name:
            role = re.sub(r"^(training|evaluation|search|logs/\w+|benchmarks/\w+)/[^/]+", r"\1/*", name)
            roles.setdefault(re.sub(r"\d+", "*", role), []).append(path)
    return roles


def _choose(project: Project, dice: random.Random, edited: bool = True) -> Path | None:
    """Return a file, every role with the same probability.

    Args:
        edited: whether its content will change: then it is not one of those that nothing reads.
    """
    roles = _files(project)
    names = [role for role in roles if not (edited and role.startswith(_LAST))]
    return dice.choice(roles[dice.choice(names)]) if names else None


def _name(project: Project, path: Path) -> str:
    return path.relative_to(project.folder).as_posix()


def delete_file(project: Project, dice: random.Random) -> Edit | None:
    if not (path := _choose(project, dice, edited=False)):
        return None
    path.unlink()
    return Edit(f"deleted {_name(project, path)}")


def truncate(project: Project, dice: random.Random) -> Edit | None:
    if not (path := _choose(project, dice)):
        return None
    content = path.read_bytes()
    size = dice.choice([0, len(content) // 2, max(0, len(content) - 1)])
    if path.suffix == ".csv" and dice.random() < 0.5:  # after a complete row
        size = len(b"".join(content.splitlines(keepends=True)[:-1]))
    path.write_bytes(content[:size])
    return Edit(f"truncated {_name(project, path)} to {size} of {len(content)} bytes")


def change_digit(project: Project, dice: random.Random) -> Edit | None:
    """Replace a digit in a text, or a byte in another file."""
    if not (path := _choose(project, dice)):
        return None
    content = bytearray(path.read_bytes())
    is_text = path.suffix in (".csv", ".json", ".sha256", ".md")
    places = [n for n, byte in enumerate(content) if not is_text or chr(byte).isdigit()]
    if not places:
        return None
    place = dice.choice(places)
    old = content[place]
    content[place] = ord(str((int(chr(old)) + dice.randint(1, 9)) % 10)) if is_text else old ^ (1 << dice.randrange(8))
    path.write_bytes(content)
    context = bytes(content[max(0, place - 30) : place + 10]) if is_text else b""
    return Edit(f"changed byte {place} of {_name(project, path)} {context!r}")


def exchange(project: Project, dice: random.Random) -> Edit | None:
    """Exchange two files of the same role, such as the predictions of two networks."""
    roles = [paths for role, paths in _files(project).items() if len(paths) > 1 and not role.startswith(_LAST)]
    if not roles:
        return None
    first, second = dice.sample(dice.choice(roles), 2)
    one, other = first.read_bytes(), second.read_bytes()
    first.write_bytes(other)
    second.write_bytes(one)
    return Edit(f"exchanged {_name(project, first)} and {_name(project, second)}")


def delete_folder(project: Project, dice: random.Random) -> Edit | None:
    folders = [path for path in sorted(project.results.rglob("*")) if path.is_dir()]
    if not folders:
        return None
    path = dice.choice([*folders, project.results])
    shutil.rmtree(path)
    return Edit(f"deleted the folder {_name(project, path)}")


def delete_checkpoints(project: Project, dice: random.Random) -> Edit | None:
    folders = [path for path in sorted(project.results.rglob("*")) if path.name.endswith("checkpoint")]
    for path in folders:
        shutil.rmtree(path)
    return Edit(f"deleted the folders of {len(folders)} checkpoints") if folders else None


def touch(project: Project, dice: random.Random) -> Edit | None:
    if not (path := _choose(project, dice, edited=False)):
        return None
    path.touch()
    return Edit(f"touched {_name(project, path)}", reruns_nothing=True)


EDITORS: dict[Editor, int] = {
    delete_file: 4,
    truncate: 2,
    change_digit: 3,
    exchange: 1,
    delete_folder: 2,
    delete_checkpoints: 1,
    touch: 3,
}
DELETIONS: dict[Editor, int] = {delete_file: 2, delete_folder: 1}
