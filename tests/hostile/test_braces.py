"""Text that looks like a wildcard of Snakemake, `{word}`, in every place of a configuration that takes free text."""

import json
import shutil

import pytest

BRACES = ["{word}", "{{word}}", "{", "}", "{word", "{0}", "{wildcards.split}", "{input}", "{word,[0-9]+}", "{}"]


@pytest.fixture
def project(tmp_path, copy_project, tiny):
    project = copy_project(tmp_path / "project")
    project.write_config(tiny)
    return project


def error_of(answer) -> str:
    assert answer.returncode == 0, answer.stdout + answer.stderr
    return answer.stdout + answer.stderr


def test_a_study_with_braces_in_classes_source_weights_and_configuration_is_planned(project, tiny):
    source, weights, configuration = "photos {word}/{{x}", "weights {word}.weights.h5", "configuration {word}.yaml"
    (project.folder / source).mkdir(parents=True)
    (project.folder / source / "0.jpg").write_bytes(b"")
    (project.folder / weights).write_bytes(b"")
    text = tiny.replace("{generate: {count: 60, seed: 3}}", json.dumps({"source": source}))
    text = text.replace("[cat, dog]", json.dumps(["a {word}", " ".join(BRACES).replace(".", "")[:100]]))
    text += "  transfer: {network: {backbone: vgg16}, image_size: 32, unfreeze: '{word}', start_from: null}\n"
    text += f"weights: {json.dumps({'vgg16': weights})}\n"
    (project.folder / configuration).write_text(text, encoding="utf-8")
    output = error_of(project.run("--dry-run", "--printshellcmds", configuration=configuration))
    for name in ("--class=a {word}", source, weights, configuration):
        assert name in output


def test_braces_in_an_override_are_planned(project):
    output = error_of(project.run("--dry-run", "--printshellcmds", "--config", 'classes=["{word}", "{input}"]'))
    assert "--class={word}" in output
    assert "--class={input}" in output


@pytest.mark.parametrize("key", ["study", "experiments", "splits", "group"])
def test_braces_in_a_name_are_refused_by_key(project, tiny, key):
    changes = {
        "study": ("study: tiny", 'study: "{word}"'),
        "experiments": ("  plain:", '  "{word}":'),
        "splits": ("  most:", '  "{word}":'),
        "group": ("plain: {", 'plain: {group: "{word}", '),
    }
    project.write_config(tiny.replace(*changes[key]))
    answer = project.run("--dry-run")
    assert answer.returncode != 0
    (line,) = (line for line in (answer.stdout + answer.stderr).splitlines() if "study.yaml: " in line)
    assert key in line.partition("study.yaml: ")[2]
    assert "Traceback" not in answer.stderr


def test_a_missing_source_with_braces_is_named(project, tiny):
    project.write_config(tiny.replace("{generate: {count: 60, seed: 3}}", '{source: "photos {word}"}'))
    answer = project.run("--dry-run")
    assert "photos.source: no such file or folder: 'photos {word}'" in answer.stdout + answer.stderr


def test_a_working_directory_with_braces_works_and_a_project_folder_is_refused(project, tmp_path):
    working = tmp_path / "my {word}"
    working.mkdir()
    shutil.copy(project.folder / "study.yaml", working)
    error_of(project.run("--dry-run", "--directory", str(working)))
    moved = type(project)(project.folder.rename(tmp_path / "project {word}"))
    answer = moved.run("--dry-run")
    assert answer.returncode != 0
    assert "takes {word} in the project's path for a wildcard; rename the folder" in answer.stdout + answer.stderr
    assert "Traceback" not in answer.stderr


def test_a_study_with_braces_runs_to_its_photos(project, tiny, drawn_photos):
    """Shell commands are formatted once more than planned ones."""
    folder = project.folder / "photos {word}"
    for member, content in drawn_photos.items():
        path = folder / ("{word}" if "/Cat/" in member else "{input}") / member.rpartition("/")[2]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    text = tiny.replace("{generate: {count: 60, seed: 3}}", '{source: "photos {word}"}')
    project.write_config(text.replace("[cat, dog]", '["{word}", "{input}"]'))
    error_of(project.run("--until", "inspect_photos", warm=True))
    names = json.loads((project.folder / "results/tiny/photos/classes.json").read_text(encoding="utf-8"))
    assert names == {"names": ["{word}", "{input}"]}
