"""The commands on a page do what their titles say, for a configuration with a space and overrides."""

import re
import shlex
import subprocess
import sys
from html import unescape


def commands(page: str) -> list[list[str]]:
    """Return the arguments of `snakemake` in each command of a page."""
    shown = re.findall(r"<pre[^>]*>(?:<code>)?(snakemake .*?)(?:</code>)?</pre>", page, flags=re.DOTALL)
    # shlex, unlike a shell, does not join lines that end with a backslash.
    return [shlex.split(unescape(text).replace("\\\n", " "))[1:] for text in shown]


def dry_run(project, arguments: list[str]) -> str:
    answer = project.run_snakemake(*arguments, "--dry-run", warm=True)
    assert answer.returncode == 0, answer.stdout + answer.stderr
    return answer.stdout + answer.stderr


def jobs(output: str) -> set[str]:
    return set(re.findall(r"^(?:local)?rule (\w+):", output, flags=re.MULTILINE))


def test_the_commands_of_the_page_plan_what_they_say(placed):
    page = (placed.folder / "results/chosen/report/index.html").read_text(encoding="utf-8")
    study, experiment, report = commands(page)
    assert "Nothing to be done" in dry_run(placed, study)
    assert jobs(dry_run(placed, report)) == {"write_report"}
    planned = dry_run(placed, experiment)
    needed = {"train", "evaluate", "measure"}
    assert needed <= jobs(planned) <= needed | {"plot_training", "explain_photos", "plot_evaluation"}
    assert "seed=7" in planned
    assert "seed=42" not in planned


def test_overrides_that_repeat_the_configuration_are_left_out(placed):
    page = (placed.folder / "results/chosen/report/index.html").read_text(encoding="utf-8")
    assert all("study=chosen" in command and "classes=" not in " ".join(command) for command in commands(page))


def test_they_name_a_snakefile_that_is_elsewhere(placed, photos_folder_of, tmp_path):
    """A study in a folder of its own, apart from the project."""
    folder = tmp_path / "apart"
    (folder / photos_folder_of(placed).name).mkdir(parents=True)
    text = (placed.folder / "my studies/the study's.yaml").read_text(encoding="utf-8")
    (folder / "own study.yaml").write_text(text, encoding="utf-8")
    arguments = ["--snakefile", "../project/Snakefile", "--configfile", "own study.yaml", "--printshellcmds"]
    answer = subprocess.run(
        [sys.executable, "-m", "snakemake", "--dry-run", "--cores", "1", *arguments],
        **{"cwd": folder, "env": placed._environment(), "capture_output": True, "text": True, "check": False},
    )
    assert answer.returncode == 0, answer.stderr
    assert '"options": ["--snakefile", "../project/Snakefile"]' in answer.stdout + answer.stderr
