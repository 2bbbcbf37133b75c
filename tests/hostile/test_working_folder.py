"""The folder that a study runs in may hold files named like Python's own modules."""

import subprocess
import sys

FOREIGN = ("secrets", "calendar", "types_", "json", "random")


def test_a_command_imports_nothing_from_the_working_folder(tmp_path):
    for name in FOREIGN:
        (tmp_path / f"{name}.py").write_text("raise SystemExit('imported from the working folder')")
    command = [sys.executable, "-P", "-m", "canigatti", "generate", "--help"]
    answer = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stderr
    assert subprocess.run([sys.executable, *command[2:]], cwd=tmp_path, capture_output=True, check=False).returncode


def test_every_job_is_started_that_way(tmp_path, copy_project, tiny):
    project = copy_project(tmp_path / "project")
    project.write_config(tiny)
    answer = project.run("--dry-run", "--printshellcmds")
    commands = [line for line in (answer.stdout + answer.stderr).splitlines() if " -m canigatti " in line]
    assert len(commands) > 20
    assert not [line for line in commands if "python -P -m canigatti" not in line]
