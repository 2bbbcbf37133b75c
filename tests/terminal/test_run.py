"""The lines of a run, from records like those of Snakemake."""

import io
import logging
import sys
from types import SimpleNamespace

import pytest
from snakemake.settings.enums import Quietness
from snakemake_interface_logger_plugins.common import LogEvent
from snakemake_interface_logger_plugins.tests import TestLogHandlerBase

from canigatti.terminal import costs
from canigatti.terminal.run import Run
from snakemake_logger_plugin_canigatti import LogHandler, LogHandlerSettings


@pytest.fixture(autouse=True)
def _short_jobs(monkeypatch):
    """No hook has announced jobs, and none is expected to take so long that its start is printed."""
    monkeypatch.setitem(costs._RULES, "train", 10.0)
    costs.announce_jobs([], SimpleNamespace(experiments={}, curve_experiments=dict))


def record(event=None, message="", level=logging.INFO, **attributes):
    made = logging.LogRecord("snakemake", level, "", 0, message, (), None)
    made.__dict__.update({"event": event} if event else {}, **attributes)
    return made


def summary(**counts):
    return record(LogEvent.RUN_INFO, "Job stats: …", stats={**counts, "total": sum(counts.values())})


def job(number, rule="train", at=1000.0, log=(), output=(), reason="Missing output files: a, b", **wildcards):
    attributes = {"jobid": number, "rule_name": rule, "wildcards": wildcards, "log": [*log], "output": [*output]}
    return record(LogEvent.JOB_INFO, created=at, reason=reason, shellcmd="python -P", **attributes)


def finished(number, at=1010.0):
    return record(LogEvent.JOB_FINISHED, "Finished jobid", job_id=number, created=at)


def failed(number, rule="train", log=(), at=1012.0):
    attributes = {"jobid": number, "rule_name": rule, "log": [*log], "output": [], "created": at}
    return record(LogEvent.JOB_ERROR, "Error in rule", logging.ERROR, **attributes)


def error(text, exception="WorkflowError"):
    return record(LogEvent.ERROR, text, logging.ERROR, exception=exception)


def printed(run, *records):
    return [line.text for one in records for line in run.lines(one)]


PLAIN = {"experiment": "plain", "seed": "42"}


def test_a_finished_job_has_one_line():
    lines = printed(Run(), summary(train=1, measure=1), job(1, **PLAIN), finished(1))
    assert lines == ["2 jobs: train 1, measure 1", "[1/2 · 83% · under 1 min left] trained · plain, seed 42 · 10 s"]


def test_the_start_of_a_long_job_is_printed_too(monkeypatch):
    monkeypatch.setitem(costs._announced, 1, ("train", 300.0))
    assert printed(Run(), summary(train=1), job(1, **PLAIN))[1:] == ["[0/1 · 0%] training · plain, seed 42"]


def test_a_page_is_named():
    output = ["results/tiny/report/tables/all.csv", "results/tiny/report/index.html"]
    lines = printed(Run(), summary(write_report=1), job(1, "write_report", output=output), finished(1))
    assert lines[-1] == "[1/1 · 100%] wrote report · results/tiny/report/index.html · 10 s"


def test_a_failed_job_is_shown_with_its_cause_and_log(tmp_path):
    log = tmp_path / "42.log"
    log.write_text("epoch 1\ncanigatti: out of memory\n")
    command = error(
        "RuleException:\nCalledProcessError in file rules/training.smk, line 1:\nCommand 'long'", "RuleException"
    )
    end = record(None, "Exiting because a job execution failed. Look above for error messages", logging.ERROR)
    lines = printed(Run(), summary(train=2), job(1, **PLAIN), command, failed(1, log=[str(log)]), end)
    assert lines[1:] == [
        "[0/2 · 0%] FAILED to train · plain, seed 42 after 12 s\n"
        f"    epoch 1\n    canigatti: out of memory\n    log: {log}",
        "1 job failed, see above: train · plain, seed 42",
    ]


@pytest.mark.parametrize("how", ["returned non-zero exit status 130.", "died with <Signals.SIGINT: 2>."])
def test_a_job_that_ctrl_c_ended_has_not_failed(how, tmp_path):
    (log := tmp_path / "42.log").write_text("a warning of TensorFlow\n")
    text = f"RuleException:\nCalledProcessError in file rules/training.smk, line 1:\nCommand 'long' {how}"
    end = record(None, "Exiting because a job execution failed. Look above for error messages", logging.ERROR)
    last = error("WorkflowError:\nAt least one job did not complete successfully.")
    records = (summary(train=2), job(1, **PLAIN), error(text, "RuleException"), failed(1, log=[str(log)]), end, last)
    assert printed(Run(), *records)[1:] == [
        "[0/2 · 0%] interrupted: train · plain, seed 42 after 12 s",
        "interrupted: the same command goes on with what is missing",
    ]


def test_ctrl_c_that_ends_jobs_of_a_cluster_is_no_failure():
    cancelled = record(None, "Terminating processes on user request, this might take some time.")
    last = error("WorkflowError:\nAt least one job did not complete successfully.")
    lines = printed(Run(), summary(train=1), job(1, **PLAIN), cancelled, last)
    assert lines[1:] == [cancelled.msg, "interrupted: the same command goes on with what is missing"]


def test_a_job_that_failed_before_ctrl_c_is_named(tmp_path):
    command = (
        "RuleException:\nCalledProcessError in file rules/training.smk, line 1:\nCommand 'long' returned non-zero exit"
    )
    end = record(None, "Exiting because a job execution failed. Look above for error messages", logging.ERROR)
    last = error("WorkflowError:\nAt least one job did not complete successfully.")
    ended = [error(f"{command} status {status}.", "RuleException") for status in (1, 130)]
    jobs = (job(1, **PLAIN), job(2, experiment="other", seed="42"))
    lines = printed(Run(), summary(train=2), *jobs, ended[0], failed(1), ended[1], failed(2), end, last)
    assert "FAILED to train · plain, seed 42" in lines[1]
    assert "interrupted: train · other, seed 42" in lines[2]
    assert lines[-2:] == ["1 job failed, see above: train · plain, seed 42", last.msg]


def test_a_failed_job_without_a_log_shows_what_snakemake_said():
    command = error("RuleException:\nCalledProcessError in file Snakefile, line 1:\nCommand 'false'", "RuleException")
    (_, line) = printed(Run(), summary(own=1), job(1, "own"), command, failed(1, "own"))
    assert "    Command 'false'" in line.splitlines()


def test_a_job_that_is_tried_again_has_not_failed():
    again = record(None, "Trying to restart job 1.")
    end = record(None, "Exiting because a job execution failed. Look above", logging.ERROR)
    lines = printed(Run(), summary(train=1), job(1, **PLAIN), failed(1), again, job(1, **PLAIN), finished(1), end)
    assert "trying again to train · plain, seed 42" in lines
    assert lines[-1] == "Exiting because a job execution failed. Look above"


def test_the_jobs_of_a_failed_group_are_named():
    jobs = [{"rule_name": "train", "jobid": 1, "output": [], "log": ["a.log"]}]
    group = record(LogEvent.GROUP_ERROR, "", logging.ERROR, groupid="g", aux_logs=["slurm.log"], job_error_info=jobs)
    lines = printed(Run(), summary(train=1), job(1, **PLAIN), group)
    assert "FAILED to train · plain, seed 42" in lines[1]
    assert lines[1].endswith("    log: a.log")
    assert lines[2] == "    log: slurm.log"


ERRORS = [
    "MissingInputException in rule all:\n    affected files:\n        missing.txt",
    "LockException:\nError: Directory cannot be locked.\n" + "long " * 200,
    "RuleException:\nNameError in file Snakefile, line 3",
]


@pytest.mark.parametrize("quiet", [(), ("rules", "progress"), ("all",)])
@pytest.mark.parametrize("text", ERRORS)
def test_an_error_of_snakemake_itself_is_printed_in_full(text, quiet):
    assert printed(Run(quiet), error(text, text.partition(":")[0].split()[0])) == [text]


def test_an_error_in_the_configuration_is_printed_without_the_place_in_the_workflow():
    frames = ['  File "/a/Snakefile", line 12, in <module>', '  File "/a/rules/common.smk", line 31, in <module>']
    message = "study.yaml: sede: unknown key\nstudy.yaml: b: too small"
    text = "\n".join(['WorkflowError in file "/a/rules/common.smk", line 31:', message, *frames])
    assert printed(Run(), error(text, "WorkflowError")) == [message]
    other = text.replace("common", "train")
    assert printed(Run(), error(other, "WorkflowError")) == [other]


def test_quiet_prints_failures_but_no_jobs():
    records = [summary(train=1), job(1, **PLAIN), finished(1), record(None, "Complete log(s): a")]
    assert printed(Run({"rules", "progress"}), *records) == ["Complete log(s): a"]
    assert printed(Run({"all"}), *records) == []
    (line,) = printed(Run({"all"}), summary(train=1), job(1, **PLAIN), failed(1))
    assert "FAILED to train · plain, seed 42" in line


def test_a_dry_run_shows_jobs_with_a_short_reason():
    dry = [summary(train=1), job(1, **PLAIN), summary(train=1)]
    jobs = ["train · plain, seed 42 · missing output files: a and 1 more", "1 job would run: train 1"]
    assert printed(Run(dry=True), *dry) == jobs
    assert printed(Run({"reason"}, dry=True), *dry)[0] == "train · plain, seed 42"
    assert printed(Run({"rules", "progress"}, dry=True), dry[0]) == jobs[1:]
    assert printed(Run({"rules"}, dry=True), *dry) == jobs[1:], "the summary once, although Snakemake has two"


def test_shell_commands_are_printed_on_request():
    shell = record(LogEvent.SHELLCMD, "Shell command: x", shellcmd="python -P " + "x" * 500)
    assert printed(Run(), shell) == []
    assert printed(Run(commands=True), shell) == ["    python -P " + "x" * 500]
    assert printed(Run(commands=True), record(LogEvent.SHELLCMD, "Shell command: None", shellcmd=None)) == []
    lines = printed(Run(commands=True), summary(measure=1), job(1, "measure", **PLAIN))
    assert lines[1:] == ["[0/1 · 0%] measuring · plain, seed 42"]


def test_usual_messages_are_left_out_and_others_shown():
    events = [record(LogEvent.PROGRESS, "None", done=1, total=2), record(LogEvent.JOB_STARTED, "Execute", jobs=[1])]
    assert printed(Run(), *events, record(None, "Using shell: bash"), record(None, "None")) == []
    assert printed(Run(), record(None, "Nothing to be done.\n")) == ["Nothing to be done."]
    assert printed(Run(), record(None, "be careful", logging.WARNING)) == ["be careful"]


class Settings(SimpleNamespace):
    def __init__(self, **fields):
        usual = {"printshellcmds": False, "nocolor": False, "quiet": None, "debug_dag": False, "verbose": False}
        super().__init__(**usual | {"show_failed_logs": True, "stdout": False, "dryrun": False} | fields)


def emitted(monkeypatch, records, stream=None, full=False, **settings):
    """What the plugin prints."""
    stream = stream or io.StringIO()
    monkeypatch.setattr(sys, "stdout" if settings.get("stdout") else "stderr", stream)
    handler = LogHandler(Settings(**settings), LogHandlerSettings(full=full))
    for one in records:
        handler.emit(one)
    return stream.getvalue()


def test_the_plugin_prints_on_stderr_and_in_a_dry_run_on_stdout(monkeypatch):
    assert emitted(monkeypatch, [record(None, "hello")]) == "hello\n"
    assert emitted(monkeypatch, [record(None, "hello")], stdout=True, dryrun=True) == "hello\n"
    assert emitted(monkeypatch, [record(None, "hello")], quiet={Quietness.ALL}) == ""


@pytest.mark.parametrize("options", [{"full": True}, {"verbose": True}])
def test_the_plugin_prints_snakemakes_own_messages_on_request(monkeypatch, options):
    assert "Using shell: bash" in emitted(monkeypatch, [record(None, "Using shell: bash")], **options)


def test_the_plugin_survives_a_reader_that_has_ended(monkeypatch):
    class Closed(io.StringIO):
        def write(self, _):
            raise BrokenPipeError

    assert emitted(monkeypatch, [record(None, "a"), record(None, "b")], Closed()) == ""


class TestPlugin(TestLogHandlerBase):
    """The tests that Snakemake's interface has for every plugin."""

    __test__ = True

    def get_log_handler_cls(self):
        return LogHandler

    def get_log_handler_settings(self):
        return LogHandlerSettings()
