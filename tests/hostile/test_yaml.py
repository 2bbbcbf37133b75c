"""Configuration files that are not what they seem: each is rejected in one line that names file and key, at once."""

import os
import time
from pathlib import Path

import pytest

from canigatti.config import ConfigError, load_study

VALID = Path(__file__).with_name("study.yaml").read_text(encoding="utf-8")
ALIASES = "".join(
    f"{name}: &{name} [{', '.join([f'*{before}'] * 9)}]\n"
    for before, name in zip("abcdefghi", "bcdefghij", strict=True)
)
BOMB = f"a: &a [{', '.join('x' * 9)}]\n{ALIASES}"
MERGES = ALIASES.replace("[*", "{<<: [*").replace("]\n", "]}\n")
CLASSES, BATCH, RANGE = "classes: [cat, dog]", "batch_size: 16", "{low: 8, high: 16, step: 8}"
HOSTILE = {
    "Windows-1252": (VALID.replace("cat", "\xe9t\xe9").encode("cp1252"), "expected text in UTF-8, received byte 0xe9"),
    "UTF-16": (VALID.encode("utf-16"), "expected text in UTF-8, received byte 0xff at position 0; save"),
    "too large": (f"# {'x' * 10**6}\n{VALID}".encode(), "expected at most 1,000,000 bytes"),
    "alias bomb": (f"{BOMB}{VALID}", "aliases .* stand for more than 1,000,000 values"),
    "merge bomb": (f"a: &a {{x: 1}}\n{MERGES}{VALID}", "aliases .* stand for more than 1,000,000 values"),
    "deep list": ("[" * 5000, "nested too deeply"),
    "deep mapping": ("{a: " * 3000, "nested too deeply"),
    "empty": ("", "expected keys with values"),
    "a list": ("- a\n- b\n", "expected keys with values"),
    "tabs": ("\tstudy: x", "line 1: found character"),
    "key of a list": (f"? [a]\n: b\n{VALID}", "line 1: expected text as a key, received a sequence"),
    "NUL in a class": (VALID.replace(CLASSES, r'classes: ["c\0at", dog]'), r"classes: .*printable.*'c\\x00at'"),
    "line break in a class": (VALID.replace(CLASSES, r'classes: ["c\nat", dog]'), r"classes: .*printable.*'c\\nat'"),
    "surrogate in a class": (VALID.replace(CLASSES, r'classes: ["\ud800", dog]'), "classes: .*printable"),
    "long class": (VALID.replace(CLASSES, f"classes: [{'c' * 5000}, dog]"), "classes: .* at most 100 printable"),
    "long experiment": (VALID.replace("  plain:", f"  {'p' * 300}:"), "experiments.p+.*at most 100 characters"),
    "10^23": (VALID.replace(BATCH, f"batch_size: 1{'0' * 23}"), r"batch_size: .* less than 9223372036854775808"),
    "5000 digits": (VALID.replace(BATCH, f"batch_size: 1{'0' * 5000}"), r"line \d+: a value cannot be read"),
    "seed -1": (VALID.replace("seeds: [42]", "seeds: [-1]"), r"seeds\.0: .*greater than or equal to 0"),
    "many seeds": (VALID.replace("[42]", str([*range(5000)])), "seeds: .*at most 1000 items"),
    "endless range": (
        VALID.replace(RANGE, "{low: 1, high: 2000000000, step: 1}"),
        "dense_units: .*at most 10,000 values",
    ),
    "endless search": (VALID.replace("trials: 2", "trials: 1000000000"), r"found\.search\.trials: .*10000"),
    "endless photos": (VALID.replace("count: 100", "count: 10000000000"), r"photos\.generate\.count: .*1000000"),
}


@pytest.mark.parametrize(("content", "message"), HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_configuration_is_rejected_in_one_line_within_seconds(tmp_path, content, message):
    path = tmp_path / "study.yaml"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    started = time.process_time()
    with pytest.raises(ConfigError, match=message) as error:
        load_study(path)
    assert time.process_time() - started < 5
    (line,) = str(error.value).splitlines()
    assert line.startswith(f"{path}: ")
    assert len(line) < 400 + len(str(path))


@pytest.mark.parametrize("create", [os.mkfifo, os.mkdir])
def test_what_is_not_a_file_is_rejected_instead_of_read(tmp_path, create):
    create(tmp_path / "study.yaml")
    with pytest.raises(ConfigError, match=r"study\.yaml: expected a file$"):
        load_study(tmp_path / "study.yaml")


def test_the_study_runs_without_reading_a_hostile_file_to_its_end(tmp_path, project_class, copy_project):
    project = copy_project(tmp_path / "project")
    project.write_config(BOMB + VALID)
    answer = project.run("--dry-run")
    assert answer.returncode != 0
    lines = [line for line in (answer.stdout + answer.stderr).splitlines() if "study.yaml: " in line]
    assert lines == ["study.yaml: line 1: aliases (*name) stand for more than 1,000,000 values, or for themselves"]


def test_merge_keys_work_and_explicit_keys_override_them(tmp_path):
    path = tmp_path / "study.yaml"
    merged = (
        "  plain: &plain {color: grayscale, epochs: 2}\n  longer: {<<: *plain, epochs: 4}\n  augmented: {<<: [*plain], "
    )
    text = VALID.replace("  plain: {color: grayscale}\n", "").replace("  augmented: {", merged)
    path.write_text(text, encoding="utf-8")
    experiments = load_study(path).experiments
    assert (experiments["longer"].color, experiments["longer"].epochs) == ("grayscale", 4)
    assert (experiments["augmented"].epochs, experiments["augmented"].augment) == (2, True)
    for twice in ("{<<: *plain, epochs: 4, epochs: 5}", "{<<: *plain, <<: *plain}"):
        path.write_text(text.replace("{<<: *plain, epochs: 4}", twice), encoding="utf-8")
        with pytest.raises(ConfigError, match="duplicate key"):
            load_study(path)
