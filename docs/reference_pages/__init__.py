"""Write the pages of the reference from the code: the configuration's keys, the commands, and the files of results.

Called by `conf.py` when the documentation is built; nothing that it writes is committed.
"""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from reference_pages.commands import command_sections
from reference_pages.configuration import configuration_sections
from reference_pages.entries import Entry, Section, anchor
from reference_pages.results import result_sections


def write_reference(folder: Path) -> None:
    """Write the three pages into a folder, if they have changed."""
    folder.mkdir(parents=True, exist_ok=True)
    pages = {
        "configuration": _page("The configuration", "config", configuration_sections(), _CONFIGURATION),
        "commands": _page("The commands", "command", command_sections(), _COMMANDS),
        "results": _page("The files of results", "file", result_sections(), _RESULTS),
    }
    for name, text in pages.items():
        path = folder / f"{name}.md"
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")


_CONFIGURATION = """\
Every key of a configuration file (YAML). An unknown key or an invalid value is refused before any job runs, with the
name of the key. A key without default is required."""
_COMMANDS = """\
`canigatti COMMAND --help` prints the same. Some commands are for people; the others are steps of the workflow, which
Snakemake calls with the paths of a study. They can be called without it."""
_RESULTS = """\
Every JSON and CSV file in `results/<study>/`, by stage. CSV files are UTF-8 with a header; a missing number is empty.
JSON files, and parts of them, are listed under the names of their classes in the `records.py` of their stage."""


def _page(title: str, prefix: str, sections: Sequence[Section], introduction: str) -> str:
    lines = [f"# {title}", "", introduction, ""]
    for section in sections:
        lines += [f"({anchor(prefix, section.title)})=", f"## `{section.title}`", ""]
        lines += [f"*{', '.join(section.places)}*", ""] if section.places else []
        lines += [_escape(section.description), ""]
        lines += [*_rows(section.entries), ""] if section.entries else []
    return "\n".join(lines) + "\n"


def _rows(entries: Sequence[Entry]) -> Iterator[str]:
    has_default = any(entry.default for entry in entries)
    yield "| name | type | default | meaning |" if has_default else "| name | type | meaning |"
    yield "|---|---|---|---|" if has_default else "|---|---|---|"
    for entry in entries:
        cells = [f"`{entry.name}`", entry.kind, *([entry.default] if has_default else []), entry.description]
        yield "| " + " | ".join(_cell(cell) for cell in cells) + " |"


def _cell(text: str) -> str:
    return _escape(re.sub(r"\s+", " ", text)).replace("|", "\\|")


def _escape(text: str) -> str:
    """Escape what Markdown would take for HTML, outside code."""
    return re.sub(r"`[^`]*`|<", lambda match: match[0] if match[0] != "<" else "\\<", text)
