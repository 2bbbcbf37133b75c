"""A whole study of photos with unusual names, in the C locale, from a read-only folder."""

import hashlib
import json
import shutil
from pathlib import Path

import pandas as pd
import pytest

CLASSES = ["it's a cat", 'dog "$HOME"']
UNUSUAL_NAMES = [
    *("a b", "it's", 'say "x"', "dollar $HOME", "é", "e\u0301tude", "🐈", "line\nfeed", "-dash"),
    *("per%cent", "{brace}", "semi;colon"),
]


@pytest.fixture
def unusual_photos(tmp_path, drawn_photos):
    """Generated photos in a folder and with names that are difficult for shells and encodings."""
    folder = tmp_path / "my 'photos' $x é"
    for number, (member, content) in enumerate(drawn_photos.items()):
        kind = CLASSES["/Dog/" in member]
        path = folder / kind / f"{UNUSUAL_NAMES[number % len(UNUSUAL_NAMES)]} {number}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    for path in (*folder.glob("*"), folder):
        path.chmod(0o555)
    yield folder
    for path in (folder, *folder.glob("*")):
        path.chmod(0o755)


def digest_of(folder: Path) -> str:
    """Return a digest of all names, contents and times."""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        digest.update(f"{path.relative_to(folder)} {path.stat().st_mtime_ns}".encode("utf-8", "surrogateescape"))
        digest.update(path.read_bytes() if path.is_file() else b"")
    return digest.hexdigest()


def test_unusual_names_work_in_the_whole_study_and_the_photos_are_not_modified(
    unusual_photos, tmp_path, copy_project, tiny, monkeypatch
):
    for variable in ("LC_ALL", "LANG"):
        monkeypatch.setenv(variable, "C")
    before, files = digest_of(unusual_photos), sum(path.is_file() for path in unusual_photos.rglob("*"))
    project = copy_project(tmp_path / "project")
    (project.folder / "study.yaml").write_text(
        with_photos(tiny[: tiny.index("  augmented:")], unusual_photos), encoding="utf-8"
    )
    answer = project.run()
    assert answer.returncode == 0, answer.stdout + answer.stderr
    results = project.folder / "results" / "tiny"
    rows = pd.read_csv(results / "photos" / "manifest.csv", keep_default_na=False)
    assert len(rows) == files
    assert (rows["verdict"] == "keep").sum() > 40
    kept = rows.loc[rows["verdict"] == "keep", "path"]
    assert all(kept.str.contains(name, regex=False).any() for name in UNUSUAL_NAMES)
    predicted = pd.read_csv(results / "evaluation/plain/seed42/predictions.csv", keep_default_na=False)
    assert set(predicted["id"]) <= set(rows["id"])
    assert "🐈" in (results / "report" / "index.html").read_text(encoding="utf-8")
    assert digest_of(unusual_photos) == before
    shutil.rmtree(project.folder)


def with_photos(study: str, folder: Path) -> str:
    """Return the study with these photos and classes, in YAML's double quotes."""
    replacements = {"photos:": f'photos: {{source: "{folder}"}}', "classes:": f"classes: {json.dumps(CLASSES)}"}
    lines = [replacements.get(line.partition(" ")[0], line) for line in study.splitlines()]
    return "\n".join(lines) + "\n"
