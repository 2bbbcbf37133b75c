import shutil

import pytest


@pytest.fixture(scope="session")
def finished(tmp_path_factory, copy_project, tiny):
    """The tiny study, run once; tests that change something use `project`."""
    project = copy_project(tmp_path_factory.mktemp("finished"))
    project.write_config(tiny)
    answer = project.run()
    assert answer.returncode == 0, answer.stdout + answer.stderr
    (project.folder / "terminal.txt").write_text(answer.stdout + answer.stderr, encoding="utf-8")
    return project


@pytest.fixture
def project(finished, tmp_path):
    """A copy of the finished study, times of files included, to change and plan again."""
    shutil.copytree(finished.folder, tmp_path / "project")
    return type(finished)(tmp_path / "project")
