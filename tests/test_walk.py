"""The random walk (`make walk`) edits texts of modules; a step must not find them gone after an hour."""

from pathlib import Path

import pytest

from canigatti.provenance import PACKAGE


@pytest.fixture
def changes(monkeypatch):
    monkeypatch.syspath_prepend(Path(__file__).with_name("walk"))
    import modules

    return modules.CHANGES


def test_every_change_of_a_module_finds_its_text_once(changes):
    counts = {name: (PACKAGE / name).read_text(encoding="utf-8").count(old) for name, (old, _) in changes.items()}
    assert counts == dict.fromkeys(changes, 1)
