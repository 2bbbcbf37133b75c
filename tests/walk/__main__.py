"""`make walk`: random edits of a study, each followed by the same command; the tables are those of a fresh folder.

Every edit is to configuration, photos, results or code, or kills the command. The command then runs to its end, and
when its message says to delete a file or to unlock, exactly that is done. At every tenth step the same configuration,
photos and code run in a fresh folder, and all numbers must be equal, byte for byte.
"""

import argparse
import fcntl
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import configuration
import modules
import photos
import results
from comparison import compare
from edit import Edit, apply_one
from project import CONFIGURATION, Project, WalkError, copy_code, copy_without_results
from warm import warm_process

_KINDS = {"configuration": 34, "photos": 18, "results": 24, "code": 12, "kill": 12}
_NOTHING = "Nothing to be done"
_LONGEST_WAIT = 40.0  # seconds from the start of a command to its kill


class Walk:
    """The folder, and what has been done to it."""

    def __init__(self, folder: Path, seed: int, warm: dict[str, str]) -> None:
        self.seed, self.edits, self.kinds = seed, list[str](), Counter[str]()
        copy_code(folder)
        self.project = Project(folder, warm)
        self.photos = photos.Photos(folder / "photos")
        self.photos.begin(seed)
        self.configuration = configuration.Configuration(folder / CONFIGURATION)
        self.configuration.write()
        self.modules = modules.Modules(folder / "src" / "canigatti")
        self.compared = 0
        self.figures: set[str] = set()
        self.missing: set[str] = set()

    def step(self, number: int) -> str:
        """Make one edit, and run the command to its end; step 0 is the first run. Return what was edited."""
        if number == 0:
            self.project.run_to_end()
            return "the first run"
        dice = random.Random(f"{self.seed} {number}")
        (kind,) = dice.choices(list(_KINDS), list(_KINDS.values()))
        self.kinds[kind] += 1
        edit = self._kill(dice) if kind == "kill" else self._edit(kind, dice)
        self.edits.append(f"{number}. {kind}: {edit.text}")
        text = self.project.run_to_end()
        if edit.reruns_nothing and _NOTHING not in text:
            raise WalkError(f"jobs ran although the edit changes nothing:\n{text}")
        return self.edits[-1]

    def _edit(self, kind: str, dice: random.Random) -> Edit:
        if kind == "configuration":
            return apply_one(configuration.EDITORS, self.configuration, dice)
        if kind == "photos":
            return apply_one(photos.EDITORS, self.photos, dice)
        if kind == "code":
            return apply_one(modules.EDITORS, self.modules, dice)
        return apply_one(results.EDITORS, self.project, dice)

    def _kill(self, dice: random.Random) -> Edit:
        """Make an edit, start the command, and kill it or edit something while it runs; perhaps edit more at once."""

        def edit() -> str:
            return self._edit(dice.choice(["configuration", "photos", "code"]), dice).text

        texts = [edit()]
        if dice.random() < 0.5:
            texts.append(apply_one(results.DELETIONS, self.project, dice).text)
        how = dice.choice(["snakemake", "snakemake", "group", "job", "interrupt", "edit", "edit"])
        longest = _LONGEST_WAIT if how != "edit" else _LONGEST_WAIT / 3  # without imports
        texts.append(self.project.run_and_disturb(dice.uniform(1, longest), how, edit))
        if how != "edit" and dice.random() < 0.5:
            texts.append(edit())
        if dice.random() < 0.2 and (edit := results.delete_checkpoints(self.project, dice)):
            texts.append(edit.text)
        return Edit("; ".join(texts))

    def compare(self, number: int) -> str:
        """Run the same study in a fresh folder; raise WalkError if the walk's results are not those.

        After step 0 the fresh folder is run without the warm process, which must not change any number.
        """
        code, text = self.project.run("--dry-run")
        if code or _NOTHING not in text:
            raise WalkError(f"after the command has ended, it would run jobs:\n{text}")
        fresh = copy_without_results(self.project, self.project.folder.with_name(f"fresh-{number}"))
        fresh.warm = fresh.warm if number else {}
        code, text = fresh.run()
        if code:
            raise WalkError(f"the command fails in a fresh folder, {fresh.folder}:\n{text}")
        differences = compare(self.project.results, fresh.results)
        if differences.are_wrong:
            names = [*differences.numbers, *differences.surplus, *differences.missing]
            raise WalkError(f"these files are not those of {fresh.folder}:\n  " + "\n  ".join(names))
        shutil.rmtree(fresh.folder)
        self.compared += differences.compared
        self._report_new("figures that differ", self.figures, differences.figures)
        self._report_new("missing, which no job needed", self.missing, differences.missing)
        return f"{differences.compared} files as in a fresh folder"

    def _report_new(self, text: str, known: set[str], names: list[str]) -> None:
        if new := sorted(set(names) - known):
            print(f"      {text}: {', '.join(new)}", flush=True)
        known.clear()
        known.update(names)

    def summary(self) -> str:
        """Return what has been done, in a few lines."""
        counts = self.project.counts
        kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(self.kinds.items()))
        return "\n".join(
            [
                f"{len(self.edits)} edits ({kinds}), {counts.runs} runs, {self.compared} files compared",
                f"{counts.unlocked} times unlocked, {counts.repeated} times asked to repeat the command",
                f"{len(counts.deleted)} files deleted because the message says so:",
                *(f"  {line}" for line in counts.deleted),
                f"{len(counts.without_instruction)} files deleted because the message names them:",
                *(f"  {line}" for line in counts.without_instruction),
            ]
        )


@contextmanager
def _held(lock: Path | None) -> Iterator[None]:
    """Hold a lock file, which measurements on the same machine hold too."""
    if lock is None:
        yield
        return
    with lock.open("a") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        yield


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make walk", description=__doc__)
    parser.add_argument("--seed", type=int, default=1, help="of all edits; moments of kills depend on the machine too")
    parser.add_argument("--steps", type=int, default=300, help="number of edits")
    parser.add_argument("--every", type=int, default=10, help="steps from one fresh folder to the next")
    parser.add_argument("--folder", type=Path, help="an empty folder for the projects; otherwise a temporary one")
    parser.add_argument("--lock", type=Path, help="a file to lock during each step")
    return parser.parse_args()


def main() -> int:
    """Walk; return 1 and keep the folders if something is wrong."""
    options = _arguments()
    folder = options.folder or Path(tempfile.mkdtemp(prefix="canigatti-walk-"))
    folder.mkdir(parents=True, exist_ok=True)
    begin = time.monotonic()
    with ExitStack() as stack:
        with _held(options.lock):
            warm = stack.enter_context(warm_process(folder))
            walk = Walk(folder / "walked", options.seed, warm)
        print(f"seed {options.seed}, {options.steps} steps in {folder}", flush=True)
        try:
            for number in range(options.steps + 1):
                with _held(options.lock):
                    _timed(walk.step, number)
                if number % options.every == 0:
                    with _held(options.lock):
                        _timed(walk.compare, number)
        except WalkError as error:
            print("\nAfter these edits:", *walk.edits, sep="\n  ")
            print(f"\n{error}\n\n{walk.summary()}\nThe folders are kept: {folder}")
            return 1
    print(f"{walk.summary()}\n{(time.monotonic() - begin) / 60:.0f} minutes; all numbers are equal")
    shutil.rmtree(folder)
    return 0


def _timed(action: Callable[[int], str], number: int) -> None:
    begin = time.monotonic()
    text = action(number)
    print(f"{time.monotonic() - begin:5.0f} s  {text}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
