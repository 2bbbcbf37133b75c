import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from canigatti.__main__ import main

SIDE = 40  # pixels of the photos


def write_photo(path: Path, seed: int, side: int = SIDE) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    noise = np.random.default_rng(seed).integers(0, 256, (side, side + 8, 3), dtype=np.uint8)
    Image.fromarray(noise).save(path)


@pytest.fixture
def write_photos():
    """Return a function that writes as many different photos as given into each folder."""

    def write(folder: Path, counts: dict[str, int], side: int = SIDE) -> Path:
        for number, (name, count) in enumerate(counts.items()):
            for photo in range(count):
                write_photo(folder / name / f"{photo}.png", 1000 * number + photo, side)
        return folder

    return write


@dataclass(frozen=True)
class Answer:
    out: str
    err: str
    code: int


@pytest.fixture
def init(monkeypatch, capsys, tmp_path):
    """Return a function that runs the command as from a terminal, in an empty working directory."""
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")

    def run(*arguments) -> Answer:
        monkeypatch.setattr(sys, "argv", ["canigatti", "init", *map(str, arguments)])
        with pytest.raises(SystemExit) as exit_info:
            main()
        captured, code = capsys.readouterr(), exit_info.value.code or 0
        return Answer(captured.out, f"{captured.err}{code if isinstance(code, str) else ''}", 1 if code else 0)

    return run
