"""Snakemake that submits jobs to Slurm, and what Slurm knows about them."""

import contextlib
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path

# The shipped profile, with what this machine has fewer of, and without accounting.
OPTIONS = (
    *("--workflow-profile", "profiles/slurm", "--slurm-status-command", "squeue", "--configfile", "study.yaml"),
    *("--set-threads", "train=1", "train_trial=1", "evaluate=1", "inspect_photos=2", "store_photos=2"),
)
SECONDS = 600  # for a busy machine


@dataclass(frozen=True)
class SlurmJob:
    """What Slurm knows about a job.

    Attributes:
        number: its ID.
        rule: the rule, and its wildcards after a space.
        state: such as RUNNING, or CANCELLED.
        start: Unix time at which it started; 0 before.
        end: at which it ended, or will at the latest.
        gpu: number of its GPU; empty without one, and when the job has ended.
    """

    number: str
    rule: str
    state: str
    start: float
    end: float
    gpu: str


def jobs() -> list[SlurmJob]:
    """Return all jobs so far, in the order of their numbers."""
    answer = command("scontrol", "--oneliner", "--details", "show", "job")
    return [_parse(line) for line in answer.splitlines() if line.startswith("JobId=")]


def _parse(line: str) -> SlurmJob:
    fields = dict(word.split("=", 1) for word in line.split() if "=" in word)
    name, _, wildcards = fields["Comment"].removeprefix("rule_").partition("_wildcards_")
    gpu = line.partition("GRES=gpu:1(IDX:")[2].partition(")")[0]
    times = [_unix_time(fields[name]) for name in ("StartTime", "EndTime")]
    return SlurmJob(fields["JobId"], f"{name} {wildcards}".strip(), fields["JobState"], *times, gpu)


def _unix_time(text: str) -> float:
    return 0.0 if text == "Unknown" else time.mktime(time.strptime(text, "%Y-%m-%dT%H:%M:%S"))


def command(*arguments: str) -> str:
    return subprocess.run(arguments, capture_output=True, text=True, check=True, timeout=60).stdout


def wait_until(condition, seconds=SECONDS, process=None):
    """Wait until the condition holds, while a process runs, and return its value."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < deadline
        assert process is None or process.poll() is None, "the process has ended before"
        time.sleep(0.05)
    return value


class FollowedFile:
    """A context manager that reads what is appended to a file, and to those that replace it.

    Attributes:
        text: what has been read so far.
    """

    def __init__(self, path: Path) -> None:
        self.text, self._path, self._streams = "", path, {}
        self._ended, self._thread = threading.Event(), threading.Thread(target=self._follow, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._ended.set()
        self._thread.join()
        for stream in self._streams.values():
            stream.close()

    def _follow(self):
        while not self._ended.wait(0.02):
            with contextlib.suppress(FileNotFoundError):
                if (inode := self._path.stat().st_ino) not in self._streams:
                    self._streams[inode] = self._path.open("rb")
            self.text += "".join(stream.read().decode(errors="replace") for stream in self._streams.values())


@dataclass(frozen=True)
class Head:
    """A project whose Snakemake submits its jobs to the cluster."""

    project: object

    def start(self, *arguments: str) -> subprocess.Popen:
        """Start Snakemake with its output in `head.log`."""
        with (self.project.folder / "head.log").open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "snakemake", *OPTIONS, *arguments],
                cwd=self.project.folder,
                env=self.project._environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def run(self, *arguments: str) -> None:
        """Run Snakemake, which must succeed."""
        process = self.start(*arguments)
        assert process.wait(timeout=SECONDS) == 0, self.log

    @property
    def log(self) -> str:
        return (self.project.folder / "head.log").read_text(encoding="utf-8")

    def path(self, name: str) -> Path:
        return self.project.folder / "results/tiny" / name
