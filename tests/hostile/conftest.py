import subprocess
from pathlib import Path

import pytest

from canigatti.photos.demo.archive import draw_members


@pytest.fixture(scope="session")
def drawn_photos() -> dict[str, bytes]:
    """The photo files of a small generated archive, with its planted faults, by their path in it."""
    return {member.path: member.content for member in draw_members(60, 3) if member.path.endswith(".jpg")}


@pytest.fixture
def small_disk(tmp_path):
    """A function that mounts a separate file system, or resizes it, and returns its folder."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(folder)]
    if subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("needs the right to mount a tmpfs")

    def resize(size: str) -> Path:
        subprocess.run(["mount", "-o", f"remount,size={size}", folder], check=True)
        return folder

    yield resize
    subprocess.run(["umount", "--lazy", folder], check=True)
