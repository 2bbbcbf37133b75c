"""Photos with odd names, in the plainest locale, from a folder that must not be written to, through Snakemake."""

import hashlib
import json
import shutil
from pathlib import Path

import pandas as pd
import pytest

CLASSES = ["it's a cat", 'dog "$HOME"']
ODD = [
    *("a b", "it's", 'say "x"', "dollar $HOME", "é", "e\u0301tude", "🐈", "line\nfeed", "-dash"),
    *("per%cent", "{brace}", "semi;colon"),
]


@pytest.fixture
def odd_photos(tmp_path, drawn_photos):
    """Drawn photos in a folder and under names that shells and encodings stumble over."""
    folder = tmp_path / "my 'photos' $x é"
    for number, (member, content) in enumerate(drawn_photos.items()):
        kind = CLASSES["/Dog/" in member]
        path = folder / kind / f"{ODD[number % len(ODD)]} {number}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    for path in (*folder.glob("*"), folder):
        path.chmod(0o555)
    yield folder
    for path in (folder, *folder.glob("*")):
        path.chmod(0o755)


def fingerprint(folder: Path) -> str:
    """Of all names, contents and times."""
    told = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        told.update(f"{path.relative_to(folder)} {path.stat().st_mtime_ns}".encode("utf-8", "surrogateescape"))
        told.update(path.read_bytes() if path.is_file() else b"")
    return told.hexdigest()


def test_odd_names_go_through_the_whole_study_and_the_photos_stay_as_they_are(
    odd_photos, tmp_path, copy_project, tiny, monkeypatch
):
    for variable in ("LC_ALL", "LANG"):
        monkeypatch.setenv(variable, "C")
    before, files = fingerprint(odd_photos), sum(path.is_file() for path in odd_photos.rglob("*"))
    project = copy_project(tmp_path / "project")
    (project.folder / "study.yaml").write_text(
        with_photos(tiny[: tiny.index("  augmented:")], odd_photos), encoding="utf-8"
    )
    answer = project.run()
    assert answer.returncode == 0, answer.stdout + answer.stderr
    results = project.folder / "results" / "tiny"
    rows = pd.read_csv(results / "photos" / "manifest.csv", keep_default_na=False)
    assert len(rows) == files
    assert (rows["verdict"] == "keep").sum() > 40
    kept = rows.loc[rows["verdict"] == "keep", "path"]
    assert all(kept.str.contains(name, regex=False).any() for name in ODD)
    predicted = pd.read_csv(results / "evaluation/plain/seed42/predictions.csv", keep_default_na=False)
    assert set(predicted["id"]) <= set(rows["id"])
    assert "🐈" in (results / "report" / "index.html").read_text(encoding="utf-8")
    assert fingerprint(odd_photos) == before
    shutil.rmtree(project.folder)


def with_photos(study: str, folder: Path) -> str:
    """The study with these photos and classes, in YAML's double quotes."""
    given = {"photos:": f'photos: {{source: "{folder}"}}', "classes:": f"classes: {json.dumps(CLASSES)}"}
    lines = [given.get(line.partition(" ")[0], line) for line in study.splitlines()]
    return "\n".join(lines) + "\n"
