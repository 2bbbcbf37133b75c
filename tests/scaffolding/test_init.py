"""`canigatti init`, and the command that it prints."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from canigatti.config import load_study


@pytest.fixture
def planned(monkeypatch):
    """Return a function that runs the printed command with more options."""

    def run(answer, *options, **arguments):
        (command,) = re.findall(r"^  (\S*canigatti run .*)$", answer, flags=re.MULTILINE)
        program, *rest = shlex.split(command)
        assert Path(program).name == "canigatti"
        return subprocess.run(
            [sys.executable, "-m", "canigatti", *rest, *options],
            capture_output=True,
            text=True,
            check=False,
            **arguments,
        )

    return run


def test_the_printed_command_runs_the_written_study(init, write_photos, tmp_path, planned):
    photos = write_photos(tmp_path / "my photos", {"cat": 12, "it's": 14})
    answer = init(photos, "--backbones", "none", "--search")
    assert answer.code == 0, answer.err
    study = load_study(Path("config/my-photos.yaml"))
    assert (study.study, study.classes) == ("my-photos", ("cat", "it's"))
    assert re.search(
        r"The study takes about \d+ (s|min) on this machine .*; the longest experiment is searched\.", answer.out
    )
    assert len(re.findall(r"^(plain|augmented|searched) +32 +about \d+ +\d+ +\d+ (?:s|min)$", answer.out, re.M)) == 3
    power, *_ = re.findall(
        r"^With (\d+) independent test photos and one seed, this study (?:shows|does not show)", answer.out, re.M
    )
    assert 1 <= int(power) <= 12
    assert "With `seeds: [1, 2, 3, 4, 5]` in the configuration:" in answer.out
    assert answer.out.index("independent test photos") < answer.out.index("is written.")
    plan = planned(answer.out, "--dry-run")
    assert plan.returncode == 0, plan.stdout + plan.stderr
    assert "train_trial" in plan.stdout + plan.stderr


@pytest.mark.slow
def test_less_time_gives_a_shorter_study(init, write_photos, tmp_path):
    photos = write_photos(tmp_path / "photos", {"cat": 60, "dog": 60}, side=128)
    assert init(photos, "--backbones", "none", "--name", "long").code == 0
    answer = init(photos, "--backbones", "none", "--name", "short", "--minutes", "1")
    assert answer.code == 0
    long, short = (load_study(Path("config", f"{name}.yaml")).experiments["plain"] for name in ("long", "short"))
    assert short.epochs < long.epochs


@pytest.mark.slow
def test_a_class_of_three_photos_can_be_trained_and_tested(write_photos, tmp_path, copy_project):
    project = copy_project(tmp_path / "project")
    write_photos(project.folder / "photos", {"cat": 3, "dog": 12, "owl": 12}, side=16)
    environment = {**os.environ, "PYTHONPATH": str(project.folder / "src")}
    init = [sys.executable, "-m", "canigatti", "init", "photos", "--backbones", "none", "--minutes", "1"]
    answer = subprocess.run(init, cwd=project.folder, env=environment, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stderr
    predictions = "results/photos/evaluation/plain/seed42/predictions.csv"
    run = project.run("--", predictions, configuration="config/photos.yaml", warm=True)
    assert run.returncode == 0, run.stdout + run.stderr
    assert set(pd.read_csv(project.folder / predictions)["label"]) == {0, 1, 2}


def test_weights_of_another_network_are_refused_and_nothing_is_written(init, write_photos, tmp_path):
    wrong = tmp_path / "wrong.weights.h5"
    wrong.write_bytes(b"no weights")
    answer = init(write_photos(tmp_path / "photos", {"cat": 5, "dog": 5}), "--weights", f"mobilenetv2={wrong}")
    assert answer.code == 1
    assert f"{wrong}: expected weights of mobilenetv2 without the top layers" in answer.err
    assert not Path("config").exists()
