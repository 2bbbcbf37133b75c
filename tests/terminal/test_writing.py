"""Colors, encodings, and titles before what a training run prints."""

import io
import sys

import pytest

from canigatti.terminal.writing import Line, Lines, encodable, folded, in_color, is_colored, readable, titled


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.mark.parametrize(
    ("stream", "environment", "expected"),
    [
        (Terminal(), {"TERM": "xterm"}, True),
        (Terminal(), {"TERM": "xterm", "NO_COLOR": "1"}, False),
        (Terminal(), {"TERM": "dumb"}, False),
        (io.StringIO(), {"TERM": "xterm"}, False),
        (None, {}, False),
    ],
)
def test_colors_are_for_terminals_that_want_them(stream, environment, expected):
    assert is_colored(stream, environment) is expected


def test_only_what_needs_attention_has_a_color():
    assert in_color(Line("trained", "job")) == "trained"
    assert in_color(Line("wrong", "error")) == "\033[31mwrong\033[0m"


def test_a_stream_that_lacks_characters_gets_others():
    assert encodable("[1/2 · 3%] 64×64…猫", "ascii") == "[1/2 | 3%] 64x64.?"
    assert encodable("[1/2 · 3%] 猫", "utf-8") == encodable("[1/2 · 3%] 猫", None) == "[1/2 · 3%] 猫"


@pytest.mark.parametrize(
    ("line", "title", "expected"),
    [
        ("epoch   1/2", "plain, seed 42", "plain, seed 42: epoch   1/2"),
        ("plain, seed 42: 30 photos", "plain, seed 42", "plain, seed 42: 30 photos"),
        ("trial 1, execution 2: {}", "tuned, trial 1, execution 2", "tuned, trial 1, execution 2: {}"),
        ("epoch", "", "epoch"),
    ],
)
def test_a_line_has_its_title_once(line, title, expected):
    assert titled(line, title) == expected


def test_long_lines_are_broken_at_spaces():
    address = "https://example.org/" + "a" * 200
    lines = folded(f"{'word ' * 60}{address} end")
    assert max(len(line) for line in lines if address not in line) <= 180
    assert " ".join(line.strip() for line in lines) == f"{'word ' * 60}{address} end"


def test_a_progress_bar_in_a_file_has_lines():
    stream = io.StringIO()
    lines = Lines(stream)
    lines.write("\rstore:  0%")
    lines.write("\rstore: 50%")
    lines.write("\rstore: 100%\n")
    lines.write("rest")
    lines.end()
    assert stream.getvalue() == "store:  0%\nstore: 50%\nstore: 100%\nrest\n"


OUTPUTS = {
    "results/tiny/training/plain/seed7": {"experiment": "plain", "seed": 7},
    "results/tiny/evaluation/plain/seed7/uncorrected": {},
    "results/tiny/training/plain/seed7/calibration.json": {},
}


@pytest.mark.parametrize(("output", "options"), OUTPUTS.items(), ids=OUTPUTS)
def test_what_a_command_prints_names_its_experiment_and_seed(output, options, capsys):
    def command(**_):
        print("epoch 1/2", flush=True)
        print("warning", file=sys.stderr)

    readable(command)(output=output, **options)
    assert capsys.readouterr() == ("plain, seed 7: epoch 1/2\n", "warning\n")


def test_a_trial_is_named_by_its_experiment_trial_and_execution(capsys):
    def command(**_):
        print("epoch 1/2")

    readable(command)(output="results/tiny/search/tuned/trial1/execution2.json", trial=1, execution=2)
    assert capsys.readouterr().out == "tuned, trial 1, execution 2: epoch 1/2\n"
    readable(command)(output="results/tiny/search/tuned/rung2/trial1/execution2.json")
    assert capsys.readouterr().out == "tuned, trial 1, execution 2: epoch 1/2\n"


def test_other_commands_print_as_they_do_and_errors_pass(capsys):
    def command(**_):
        print("fetching")
        raise ValueError("wrong")

    with pytest.raises(ValueError, match="wrong"):
        readable(command)(output="results/tiny/photos/source.json")
    assert capsys.readouterr().out == "fetching\n"
