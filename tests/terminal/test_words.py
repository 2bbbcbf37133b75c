"""Names of jobs, durations, short reasons, the cause of a failure."""

import re

import pytest

from canigatti.terminal.messages import WIDTH, cause, is_left_out, short_reason, shorten
from canigatti.terminal.naming import did, doing, duration, plain, subject, time_left

RULES = {
    "train": ("train", "training", "trained"),
    "plot_training": ("plot training", "plotting training", "plotted training"),
    "split_photos": ("split photos", "splitting photos", "split photos"),
    "write_report": ("write report", "writing report", "wrote report"),
    "pets_train_trial": ("train trial", "training trial", "trained trial"),  # of a workflow that imports this one
    "ablations": ("ablations", "started ablations", "finished ablations"),
    "all": ("all", "started all", "finished all"),
}


@pytest.mark.parametrize(("rule", "texts"), RULES.items(), ids=RULES)
def test_a_rule_is_named_as_what_a_job_does(rule, texts):
    assert (plain(rule), doing(rule), did(rule)) == texts


def test_every_rule_of_the_workflow_has_a_verb(repository_rules):
    assert [rule for rule in repository_rules if doing(rule).startswith("started ")] == ["all"]


@pytest.fixture
def repository_rules(request):
    text = "\n".join(path.read_text(encoding="utf-8") for path in request.config.rootpath.glob("rules/*.smk"))
    return [*re.findall(r"^ *rule (\w+):", text, flags=re.MULTILINE), "all"]


def test_a_job_is_named_by_its_experiment_and_seed():
    assert subject({"experiment": "plain", "seed": "42"}) == "plain, seed 42"
    assert subject({"experiment": "tuned", "trial": "1", "execution": "2"}) == "tuned, trial 1, execution 2"
    assert subject({"split": "half", "part": "test"}) == "half, test"
    assert subject({"size": "16-crop"}) == "size 16-crop"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        *((-1, "0.0 s"), (2.44, "2.4 s"), (9.97, "10 s"), (59.6, "1 min"), (200, "3 min 20 s"), (3600, "1 h")),
        *((5000, "1 h 23 min"), (100_000, "1 d 3 h")),
    ],
)
def test_durations(seconds, text):
    assert duration(seconds) == text


def test_time_left_has_no_seconds():
    assert [time_left(seconds) for seconds in (20, 31, 725, 5000)] == [
        *("under 1 min left", "1 min left", "12 min left", "1 h 23 min left")
    ]


@pytest.mark.parametrize(
    ("reason", "text"),
    [
        ("Missing output files: a, b, c; Input files updated by another job: d", "missing output files: a and 2 more"),
        ("Input files updated by another job: a, b", "input files updated by another job"),
        ("Updated input files: src/a.py", "updated input files: src/a.py"),
        ("Forced execution", "forced execution"),
        ("Code has changed since last execution", "code has changed"),
        ("Params have changed since last execution: before: {'a': 1}; now: {'a': 2, 'b': 3}", "params have changed"),
        ("", ""),
    ],
)
def test_a_reason_is_shown_without_lists_of_files(reason, text):
    assert short_reason(reason).startswith(text)
    assert len(short_reason(reason)) < 80


def test_a_line_is_shortened_and_has_no_control_characters():
    assert shorten("a\nb\tc \033[31m") == "a b c ?[31m"
    assert len(shorten("long " * 100)) == WIDTH


def test_snakemakes_usual_messages_are_left_out_and_others_are_not():
    assert is_left_out("Select jobs to execute...")
    assert is_left_out("Provided cores: 2")
    for message in ("Nothing to be done (all requested files are present).", "Unlocked working directory."):
        assert not is_left_out(message)


def test_the_cause_of_a_failure_is_the_end_of_the_log(tmp_path):
    log = tmp_path / "job.log"
    log.write_text("".join(f"line {n}\n\n" for n in range(20)), encoding="utf-8")
    assert cause([str(log)]) == [f"line {n}" for n in range(12, 20)]
    log.write_bytes(b"x" * 100_000 + b"\ncanigatti: \xff is wrong\033[2J\n")
    assert cause([str(log)])[-1] == "canigatti: � is wrong?[2J"
    assert cause([str(tmp_path / "none.log")]) == cause([]) == []


def test_of_a_traceback_only_the_raising_code_and_the_exception_are_shown(tmp_path):
    log, frame = tmp_path / "job.log", '  File "{}.py", line 1, in run\n    run()\n'
    frames = "".join(frame.format(name) for name in "abcdefgh")
    log.write_text(f"epoch 1\nTraceback (most recent call last):\n{frames}ValueError: wrong\n", encoding="utf-8")
    assert cause([str(log)]) == ['File "h.py", line 1, in run', "run()", "ValueError: wrong"]
