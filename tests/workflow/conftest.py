import shutil

import pytest
from filelock import FileLock


@pytest.fixture(scope="session")
def finished(tmp_path_factory, copy_project, project_class, tiny, worker_id):
    """The tiny study, run once for all workers of pytest-xdist; tests that change something use `project`."""
    base = tmp_path_factory.getbasetemp()
    folder = (base if worker_id == "master" else base.parent) / "finished"
    with FileLock(f"{folder}.lock"):
        if not (folder / "terminal.txt").exists():
            project = copy_project(folder)
            project.write_config(tiny)
            answer = project.run()
            assert answer.returncode == 0, answer.stdout + answer.stderr
            (folder / "terminal.txt").write_text(answer.stdout + answer.stderr, encoding="utf-8")
    return project_class(folder)


@pytest.fixture
def project(finished, tmp_path):
    """A copy of the finished study, times of files included, to change and plan again."""
    shutil.copytree(finished.folder, tmp_path / "project")
    return type(finished)(tmp_path / "project")
