"""The lines that a run of Snakemake prints, from the records that it logs."""

import logging
import re
from collections.abc import Iterable, Mapping
from typing import Any

from canigatti.terminal import naming
from canigatti.terminal.costs import announced
from canigatti.terminal.messages import WIDTH, cause, is_left_out, short_reason, shorten
from canigatti.terminal.progress import Progress
from canigatti.terminal.writing import Line, folded

_END = "Exiting because a job execution failed."
_LONG_JOB = 20.0  # expected seconds from which a job's start is printed too
_RESTART = re.compile(r"Trying to restart job (\d+)\.")
_COUNTS_A_LINE = 6
_FAILED_COMMAND = "\nCalledProcessError in file "  # an error of its job follows, with the log that says why
_INTERRUPTED = re.compile(r"returned non-zero exit status 130\b|died with <Signals\.SIGINT")  # after Ctrl-C
_CANCELLED = "Terminating processes on user request"  # what Snakemake says after Ctrl-C, of jobs of a cluster too
_OF_THE_USER = re.compile(  # the message names the file and the key, so the place that found it says nothing
    r'WorkflowError in file "[^"\n]*rules/common\.smk", line \d+:\n(.+?)(?:\n  File "[^"\n]*", line \d+, in [^\n]*)*',
    re.DOTALL,
)
_INCOMPLETE = "WorkflowError:\nAt least one job did not complete successfully."  # the last words, also after _END


class Run:
    """Turns the records of one run of Snakemake, in order, into lines.

    Records are those of Snakemake's logger plugin interface: their `event`, if they have one, says which attributes
    they have.
    """

    def __init__(self, quiet: Iterable[str] = (), dry: bool = False, commands: bool = False) -> None:
        """Choose what is printed.

        Args:
            quiet: what `--quiet` leaves out: `rules` or `progress` (the lines of jobs), `reason` (of a dry run), `all`
                (everything but errors).
            dry: whether it is a dry run.
            commands: whether shell commands are printed.
        """
        self._quiet, self._dry, self._commands = {*quiet}, dry, commands
        self._progress, self._jobs, self._summaries = Progress(), dict[int, Any](), 0
        self._failed, self._failed_command = dict[int, str](), ""
        self._is_interrupted = False
        self._events = {
            "job_info": self._job,
            "job_finished": self._finished,
            "job_error": self._error,
            "group_error": self._group_error,
            "shellcmd": self._command,
            "run_info": self._summary,
        }

    def lines(self, record: logging.LogRecord) -> list[Line]:
        """Return what to print for a record."""
        event = getattr(record, "event", None)
        if handle := self._events.get(event or ""):
            lines = handle(record)
        elif record.levelno >= logging.WARNING:
            lines = self._problem(record)
        else:
            lines = [] if event else self._message(record)
        hides = "all" in self._quiet and not self._dry
        return [line for line in lines if not hides or line.kind in ("warning", "error")]

    def _problem(self, record: logging.LogRecord) -> list[Line]:
        """Errors and warnings of Snakemake itself are printed in full."""
        text = str(record.msg)
        if text.startswith(_INCOMPLETE) and self._is_interrupted and not self._failed:
            return [Line("interrupted: the same command goes on with what is missing", "warning")]
        if text.startswith(_END) and self._is_interrupted and not self._failed:
            return []
        if text.startswith(_END) and self._failed:
            jobs = f"{len(self._failed)} job{'s' if len(self._failed) > 1 else ''} failed, see above: "
            return [Line("\n".join(folded(jobs + "; ".join(self._failed.values()), WIDTH)), "error")]
        if getattr(record, "exception", "") == "RuleException" and _FAILED_COMMAND in text:
            self._failed_command = text
            return []
        if match := _OF_THE_USER.fullmatch(text):
            text = match[1]
        return [Line(text, "error" if record.levelno >= logging.ERROR else "warning")]

    def _message(self, record: logging.LogRecord) -> list[Line]:
        text = str(record.msg)
        self._is_interrupted |= text.startswith(_CANCELLED)
        if match := _RESTART.fullmatch(text):
            return [Line(shorten(f"trying again to {self._name(int(match[1]))}"))]
        return [] if record.msg is None or text == "None" or is_left_out(text) else [Line(text.rstrip("\n"))]

    def _summary(self, record: Any) -> list[Line]:
        """A dry run has one summary or two, as `--quiet` says; if its jobs are printed, the one after them is shown."""
        counts = {rule: count for rule, count in record.stats.items() if rule != "total"}
        self._progress.plan(counts)
        self._summaries += 1
        is_first = self._summaries == 1
        is_shown = self._dry and is_first if self._is_quiet_about_jobs else not (self._dry and is_first)
        if not counts or not is_shown:
            return []
        parts = [f"{rule} {count}" for rule, count in counts.items()]
        rows = [", ".join(parts[at : at + _COUNTS_A_LINE]) for at in range(0, len(parts), _COUNTS_A_LINE)]
        total = sum(counts.values())
        head = f"{total} job{'s' if total > 1 else ''}{' would run' if self._dry else ''}: "
        return [Line(head + ",\n    ".join(rows))]

    @property
    def _is_quiet_about_jobs(self) -> bool:
        return bool(self._quiet & {"rules", "progress"})

    def _job(self, record: Any) -> list[Line]:
        self._jobs[record.jobid] = record
        if self._dry:
            return self._planned(record)
        if not self._progress.has_started and announced():  # by a hook, which runs after the summary
            self._progress.announce(announced())
        self._progress.start(record.jobid, record.rule_name, record.created)
        seconds = self._progress.expects(record.jobid)
        if self._is_quiet_about_jobs or (seconds < _LONG_JOB and not self._commands):
            return []
        return [self._line(record, f"{naming.doing(record.rule_name)}{_of(record)}")]

    def _planned(self, record: Any) -> list[Line]:
        if self._is_quiet_about_jobs:
            return []
        reason = "" if "reason" in self._quiet else f" · {short_reason(record.reason)}"
        return [Line(shorten(f"{naming.plain(record.rule_name)}{_of(record)}{reason}"), "job")]

    def _finished(self, record: Any) -> list[Line]:
        seconds = self._progress.finish(record.job_id, record.created)
        job = self._jobs.pop(record.job_id, None)
        self._failed.pop(record.job_id, None)
        if job is None or self._is_quiet_about_jobs:
            return []
        page = next((path for path in job.output if path.endswith(".html")), "")
        parts = [f"{naming.did(job.rule_name)}{_of(job)}", *filter(None, [page])]
        return [self._line(record, " · ".join([*parts, *([naming.duration(seconds)] if seconds is not None else [])]))]

    def _error(self, record: Any) -> list[Line]:
        seconds = self._progress.fail(record.jobid, record.created)
        after = f" after {naming.duration(seconds)}" if seconds is not None else ""
        name = f"{naming.plain(record.rule_name)}{_of(self._jobs.get(record.jobid, record))}"
        if _INTERRUPTED.search(self._failed_command):
            self._is_interrupted, self._failed_command = True, ""
            return [Line(self._bracketed(record, f"interrupted: {name}{after}"), "warning")]
        self._failed[record.jobid] = name
        head = self._bracketed(record, f"FAILED to {name}{after}")
        return [Line("\n".join([head, *self._why(record)]), "error")]

    def _why(self, record: Any) -> list[str]:
        """Return the cause and the logs of a failed job; without a log, what Snakemake said about its command."""
        lines = cause(record.log)
        if not lines and self._failed_command:
            lines = [shorten(line) for line in self._failed_command.splitlines()]
        self._failed_command = ""
        return [*(f"    {line}" for line in lines), *(f"    log: {log}" for log in record.log)]

    def _group_error(self, record: Any) -> list[Line]:
        """The jobs of a group that a cluster has run as one job."""
        lines = []
        for job in record.job_error_info:
            parts = {"created": record.created, "wildcards": {}, "log": [], **job}
            lines += self._error(logging.makeLogRecord(parts))
        return lines + [Line(f"    log: {log}", "error") for log in record.aux_logs]

    def _command(self, record: Any) -> list[Line]:
        command = getattr(record, "shellcmd", None) or getattr(record, "cmd", None)
        return [Line(f"    {command}", "command")] if command and self._commands else []

    def _name(self, number: int) -> str:
        job = self._jobs.get(number)
        return f"{naming.plain(job.rule_name)}{_of(job)}" if job else f"run job {number}"

    def _line(self, record: Any, text: str) -> Line:
        return Line(self._bracketed(record, text), "job")

    def _bracketed(self, record: Any, text: str) -> str:
        return shorten(f"[{self._progress.text(record.created)}] {text}")


def _of(record: Any) -> str:
    """Return which experiment, split or photos a job is about, after a dot; nothing for a job of the whole study."""
    wildcards: Mapping[str, str] = getattr(record, "wildcards", None) or {}
    return f" · {naming.subject(wildcards)}" if wildcards else ""
