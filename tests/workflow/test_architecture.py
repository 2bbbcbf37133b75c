"""docs/architecture.md describes the project as it is."""

import re
import subprocess
import sys
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]


def test_the_rule_graph_is_current(tmp_path):
    """`make graph` draws it again."""
    drawn = tmp_path / "rules.svg"
    subprocess.run([sys.executable, REPOSITORY / "docs" / "draw_rules.py", drawn], check=True, capture_output=True)
    assert drawn.read_bytes() == (REPOSITORY / "docs" / "rules.svg").read_bytes()


def test_every_file_that_the_page_names_exists():
    text = (REPOSITORY / "docs" / "architecture.md").read_text(encoding="utf-8")
    paths = re.findall(r"`((?:src|rules|tests|workflow|docs)/[\w./-]+)`", text)
    assert len(paths) > 25
    assert [path for path in paths if not (REPOSITORY / path).exists()] == []
