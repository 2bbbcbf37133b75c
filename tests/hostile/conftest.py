import subprocess
from pathlib import Path

import pytest

from canigatti.photos.demo.archive import draw_members


@pytest.fixture(scope="session")
def drawn_photos() -> dict[str, bytes]:
    """The photo files of a small demonstration, by their paths in its archive, planted faults among them."""
    return {member.path: member.content for member in draw_members(60, 3) if member.path.endswith(".jpg")}


@pytest.fixture
def small_disk(tmp_path):
    """A file system of its own, and a way to change its size."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", folder], check=False).returncode:
        pytest.skip("needs the right to mount a file system")

    def resize(size: str) -> Path:
        subprocess.run(["mount", "-o", f"remount,size={size}", folder], check=True)
        return folder

    yield resize
    subprocess.run(["umount", "--lazy", folder], check=True)
