"""What identifies a page: the day of its newest network, and the code that wrote it."""

import shutil
import subprocess
import zipfile
from datetime import date

import pytest

from canigatti import __version__
from canigatti.files import InputError
from canigatti.report.edition import code_version, newest_date


def write_model(path, saved):
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("metadata.json", f'{{"keras_version": "3.15.1", "date_saved": "{saved}"}}')
    return path


def test_the_newest_day_is_that_of_the_models_and_not_of_their_files(tmp_path):
    days = ("2026-11-27@23:59:59", "2026-11-28@00:00:01", "2025-12-31@10:00:00")
    models = [write_model(tmp_path / f"{number}.keras", day) for number, day in enumerate(days)]
    assert newest_date(models) == date(2026, 11, 28)


def test_deleted_models_have_no_day_and_are_not_needed(tmp_path):
    model = write_model(tmp_path / "model.keras", "2026-11-28@00:00:01")
    assert newest_date([model, tmp_path / "deleted.keras"]) == date(2026, 11, 28)
    assert newest_date([tmp_path / "deleted.keras"]) is None


@pytest.mark.parametrize("content", [b"", b"no zip", None])
def test_an_unreadable_model_is_named(tmp_path, content):
    model = write_model(tmp_path / "model.keras", "yesterday")
    if content is not None:
        model.write_bytes(content)
    with pytest.raises(InputError, match=r"model\.keras: expected a model with the date"):
        newest_date([model])


@pytest.fixture
def checkout(tmp_path):
    """A repository with a package in src/canigatti, all of it committed."""
    if not shutil.which("git"):
        pytest.skip("needs git")
    package = tmp_path / "src/canigatti"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("")
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules/report.smk").write_text("")
    (tmp_path / ".gitignore").write_text(".venv\n")
    git(tmp_path, "init", "--quiet")
    git(tmp_path, "add", ".")
    git(tmp_path, "-c", "user.name=a", "-c", "user.email=a@b", "commit", "--quiet", "--message", "first")
    return tmp_path


def git(folder, *arguments):
    return subprocess.run(["git", "-C", folder, *arguments], capture_output=True, text=True, check=True).stdout.strip()


def test_the_commit_of_a_checkout_is_named_and_whether_its_code_was_modified(checkout):
    package, commit = checkout / "src/canigatti", git(checkout, "rev-parse", "--short=12", "HEAD")
    assert code_version(package) == f"version {__version__}, commit {commit}"
    (checkout / "config.yaml").write_text("study: mine\n")
    assert not code_version(package).endswith("modified")
    (checkout / "rules/report.smk").write_text("rule other:\n")
    assert code_version(package) == f"version {__version__}, commit {commit}, modified"


def test_an_installation_inside_another_repository_has_only_a_version(checkout, tmp_path):
    installed = checkout / ".venv/lib/canigatti"
    installed.mkdir(parents=True)
    (installed / "__init__.py").write_text("")
    assert code_version(installed) == f"version {__version__}"
    shutil.rmtree(checkout / ".git")
    assert code_version(checkout / "src/canigatti") == f"version {__version__}"
