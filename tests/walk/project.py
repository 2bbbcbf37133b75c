"""The project folder that the walk keeps: a copy of the code, the configuration, the photos, and `snakemake` in it."""

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil

REPOSITORY = Path(__file__).parents[2]
STUDY = "walk"
RESULTS = Path("results") / STUDY
CONFIGURATION = "study.yaml"

_COMMAND = ("--cores", "2", "--resources", "gpu=2", "--logger-canigatti-full", "--configfile", CONFIGURATION)
_MOST_RUNS = 12  # of one step; each deletes at least one file that a message names
_SECONDS = 900  # after which a run counts as hung
# A message that names a file of the results, as in README.md: delete that file, and the same command recreates it.
_NAMED = re.compile(rf"^(?:canigatti: )?(?:cannot read )?({RESULTS}/[^\s:;]+)[:; ](.*)$", re.MULTILINE)
_INSTRUCTION = "delete this file and run the same command again"


class WalkError(Exception):
    """Something that must not happen; the message describes it."""


@dataclass
class Counts:
    """What a user would have had to do besides entering the same command."""

    runs: int = 0
    unlocked: int = 0
    repeated: int = 0
    deleted: list[str] = field(default_factory=list)
    without_instruction: list[str] = field(default_factory=list)


@dataclass
class Project:
    """A folder with everything that a study needs, run like a user runs it.

    Attributes:
        warm: environment variables of :func:`warm.warm_process`.
    """

    folder: Path
    warm: dict[str, str] = field(default_factory=dict)
    counts: Counts = field(default_factory=Counts)

    @property
    def results(self) -> Path:
        return self.folder / RESULTS

    def run(self, *arguments: str) -> tuple[int, str]:
        """Run the command to its end; return its exit code and what it printed."""
        with tempfile.TemporaryFile() as output:
            process = self._start(output, arguments, self.warm)
            try:
                process.wait(_SECONDS)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                raise WalkError(f"snakemake did not end in {_SECONDS} seconds") from None
            self.counts.runs += 1
            return process.returncode, _read(output)

    def run_to_end(self) -> str:
        """Run the command, and again after doing exactly what its message says; return what the last run printed."""
        for _ in range(_MOST_RUNS):
            code, text = self.run()
            if code == 0:
                return text
            self._do_as_told(text)
        raise WalkError(f"the command still fails after {_MOST_RUNS} runs:\n{text}")

    def _do_as_told(self, text: str) -> None:
        named = {name: rest for name, rest in _NAMED.findall(text) if (self.folder / name).is_file()}
        if "--unlock" in text:
            self.counts.unlocked += 1
            self.run("--unlock")
        elif f"add --config study={STUDY}" in text:
            self.counts.repeated += 1
            self.run("--config", f"study={STUDY}")
        elif named:
            for name, rest in named.items():
                (self.folder / name).unlink()
                told = _INSTRUCTION in rest
                (self.counts.deleted if told else self.counts.without_instruction).append(f"{name}: {rest}")
        elif "run the same command again" in text:
            self.counts.repeated += 1
        else:
            raise WalkError(f"the command fails, and its message names no file of the results:\n{text}")

    def run_and_disturb(self, seconds: float, how: str, edit: Callable[[], str]) -> str:
        """Start the command, and disturb it after some seconds unless it has ended.

        Args:
            how: `snakemake` kills it alone, `group` with its jobs, `job` one of the jobs; `interrupt` is Ctrl-C;
                `edit` edits something and waits for the end.
            edit: makes an edit and describes it.

        Returns:
            What has happened.
        """
        with tempfile.TemporaryFile() as output:
            process = self._start(output, (), self.warm if how == "edit" else {})  # whose processes are not its own
            self.counts.runs += 1
            try:
                process.wait(seconds)
                return f"ended before {how}"
            except subprocess.TimeoutExpired:
                jobs = ", ".join(_jobs(process).values()) or "no jobs"
                text = edit() if how == "edit" else f"killed ({how})"
                self._kill(process, how)
            process.wait(_SECONDS)
            return f"after {seconds:.1f} s, during {jobs}: {text}"

    def _kill(self, process: subprocess.Popen, how: str) -> None:
        if how == "group":
            os.killpg(process.pid, signal.SIGKILL)
        elif how == "interrupt":
            os.killpg(process.pid, signal.SIGINT)
        elif how == "snakemake":
            process.kill()
        elif how == "job":
            while not (jobs := _jobs(process)) and process.poll() is None:
                time.sleep(0.02)
            for job in list(jobs)[:1]:
                with suppress(psutil.Error):
                    job.kill()

    def _start(self, output, arguments: tuple[str, ...], warm: dict[str, str]) -> subprocess.Popen:
        environment = {
            **os.environ,
            **warm,
            "PYTHONPATH": os.pathsep.join([str(self.folder / "src"), *filter(None, [warm.get("PYTHONPATH")])]),
            "CANIGATTI_CACHE": str(self.folder / "cache"),
            "TF_CPP_MIN_LOG_LEVEL": "2",
        }
        return subprocess.Popen(
            [sys.executable, "-m", "snakemake", *_COMMAND, *arguments],
            cwd=self.folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def _jobs(process: subprocess.Popen) -> dict[psutil.Process, str]:
    """Return the running jobs of a Snakemake, with their commands, such as `train`."""
    found = {}
    try:
        for child in psutil.Process(process.pid).children(recursive=True):
            words = child.cmdline()
            if "canigatti" in words[:-1]:
                found[child] = words[words.index("canigatti") + 1]
    except psutil.Error:  # one has ended meanwhile
        pass
    return found


def _read(output) -> str:
    output.seek(0)
    return output.read().decode(errors="replace")


def copy_code(folder: Path) -> None:
    """Copy what a user has of the project besides results."""
    folder.mkdir(parents=True)
    for name in ("Snakefile", "rules", "workflow", "profiles", "src"):
        source = REPOSITORY / name
        ignored = shutil.ignore_patterns("__pycache__", "*.egg-info")
        shutil.copytree(source, folder / name, ignore=ignored) if source.is_dir() else shutil.copy(source, folder)


def copy_without_results(project: Project, folder: Path) -> Project:
    """Copy the configuration, the photos and the code, as they are now, into a new folder."""
    ignored = shutil.ignore_patterns("results", ".snakemake", "cache", "__pycache__")
    shutil.copytree(project.folder, folder, ignore=ignored)
    return Project(folder, project.warm)
