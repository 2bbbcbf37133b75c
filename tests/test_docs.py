"""The documentation: everything is described, and it builds without a warning."""

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

from canigatti import __version__
from canigatti.config import schema

REPOSITORY = Path(__file__).parents[1]
DOCS = REPOSITORY / "docs"


@pytest.fixture(scope="module")
def reference():
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(DOCS))
        import reference_pages

        yield reference_pages


@pytest.mark.parametrize(
    ("kind", "fewest"), [("configuration_sections", 130), ("command_sections", 120), ("result_sections", 350)]
)
def test_every_key_option_field_and_column_is_described(reference, kind, fewest):
    sections = getattr(reference, kind)()
    assert [section.title for section in sections if not section.description] == []
    entries = {f"{section.title}: {entry.name}": entry.description for section in sections for entry in section.entries}
    assert len(entries) >= fewest
    assert [name for name, description in entries.items() if not description] == []


def test_the_reference_has_every_key_of_the_schema(reference):
    whole = schema()
    parts = {"Study": whole, **whole["$defs"]}
    keys = {f"{name}.{key}" for name, part in parts.items() for key in part.get("properties", {})}
    assert keys == {f"{one.title}.{entry.name}" for one in reference.configuration_sections() for entry in one.entries}


def test_the_documentation_builds_without_a_warning(tmp_path):
    docs = tmp_path / "docs"
    shutil.copytree(DOCS, docs, ignore=shutil.ignore_patterns("_build", "generated"))
    (tmp_path / "src").symlink_to(REPOSITORY / "src")
    build = [sys.executable, "-m", "sphinx", "--fail-on-warning", "--keep-going", "--quiet", docs, tmp_path / "html"]
    answer = subprocess.run(build, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stderr
    pages = {path.relative_to(docs).with_suffix(".html") for path in docs.rglob("*.md")}
    assert len(pages) > 15
    assert [page for page in pages if not (tmp_path / "html" / page).exists()] == []
    # Furo's navigation must lead to every page.
    index = (tmp_path / "html" / "index.html").read_text(encoding="utf-8")
    assert [page for page in pages if page.name != "index.html" and f'href="{page}"' not in index] == []


def test_every_command_that_the_documentation_names_exists(reference):
    known = {section.title for section in reference.command_sections()}
    pages = [REPOSITORY / "README.md", *DOCS.rglob("*.md")]
    blocks = [one for page in pages for one in re.findall(r"^```sh$(.*?)^```$", page.read_text("utf-8"), re.M | re.S)]
    named = {name for block in blocks for name in re.findall(r"^(?:.*\| )?canigatti ([a-z-]+)", block, re.M)}
    assert len(named) >= 3
    assert named <= known


def test_the_citation_is_of_this_version_and_names_nobody_who_is_not_known():
    citation = yaml.safe_load((REPOSITORY / "CITATION.cff").read_text(encoding="utf-8"))
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert citation["version"] == __version__
    assert citation["authors"] == project["authors"]
    assert [one["year"] for one in citation["references"] if "study" in one.get("notes", "")] == [2023]
