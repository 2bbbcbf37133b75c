import hashlib
import io
import json
import os
import shutil
import subprocess
import time
from pathlib import Path

import numpy as np
import pytest
from filelock import FileLock
from PIL import Image

from canigatti.photos.commands.fetch import fetch
from canigatti.photos.commands.inspect import inspect
from canigatti.photos.demo.archive import draw_members


@pytest.fixture(scope="session")
def drawn_photos() -> dict[str, bytes]:
    """The photo files of a small generated archive, with its planted faults, by their path in it."""
    return {member.path: member.content for member in draw_members(60, 3) if member.path.endswith(".jpg")}


def _draw(picture: Image.Image | int | tuple[int, int]) -> Image.Image:
    if isinstance(picture, Image.Image):
        return picture
    seed, frame = picture if isinstance(picture, tuple) else (picture, 0)
    pixels = np.random.default_rng(seed).integers(0, 256, (6, 8, 3), dtype=np.uint8)
    image = Image.fromarray(pixels).resize((48, 36), Image.Resampling.BICUBIC)
    if isinstance(picture, tuple):
        image.putpixel((0, 0), (frame, 0, 0))
    return image


@pytest.fixture
def inspect_pictures(tmp_path):
    """A function that writes pictures of cats and dogs, runs `fetch` and `inspect`, and returns the manifest's path.

    A picture is an image, or the number of one; a pair of numbers is a frame of a clip, a near duplicate of the others.
    """

    def run(pictures: dict[str, Image.Image | int | tuple[int, int]], groups: str | None = None) -> Path:
        for path, picture in pictures.items():
            stream = io.BytesIO()
            _draw(picture).save(stream, "PNG")
            (tmp_path / "source" / path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / "source" / path).write_bytes(stream.getvalue())
        fetch(str(tmp_path / "source"), tmp_path / "photos/source.json", None)
        inspect(tmp_path / "photos/source.json", ["cat", "dog"], tmp_path / "photos", groups=groups)
        return tmp_path / "photos/manifest.csv"

    return run


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


PLACED_PHOTOS = "my 'photos' $x é"
PLACED_CLASSES = ["it's a cat", 'dog "$HOME"']
UNUSUAL_NAMES = [  # of photos; number 1 of a class is 1.jpg
    *("a b ", "", "it's", 'say "x"', "dollar $HOME", "é", "e\u0301tude", "🐈", "line\nfeed", "-dash"),
    *("per%cent", "{brace}", "semi;colon"),
]
PLACED_STUDY = f"""
study: written
classes: {json.dumps(PLACED_CLASSES)}
photos: {{source: "{PLACED_PHOTOS}"}}
splits:
  half: {{train: 0.5, validation: 0.25, test: 0.25}}
defaults:
  split: half
  image_size: 16
  epochs: 1
  batch_size: 16
  network: {{filters: [4], dense_units: 4, dropout: [0.1, 0.1]}}
experiments:
  plain: {{color: grayscale}}
  extra: {{color: grayscale, group: more}}
  never: {{group: unused}}
"""
PLACED_CONFIGURATION = "my studies/the study's.yaml"
PLACED_OVERRIDES = ("--config", "study=chosen", "include=[more]", "seeds=[7]", f"classes={json.dumps(PLACED_CLASSES)}")


def write_folder(folder: Path, photos: dict[str, bytes]) -> None:
    """Write photos with one folder per class, all of one size, with the times of photos that have been there for long.

    Names and folders are difficult for shells and encodings. Decoders ignore bytes after the end of a photo.
    """
    long_ago, size = time.time() - 10**6, max(map(len, photos.values()))
    for member, content in photos.items():
        number = int(Path(member).stem)
        name = f"{UNUSUAL_NAMES[number % len(UNUSUAL_NAMES)]}{number}.jpg"
        path = folder / PLACED_CLASSES["/Dog/" in member] / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.ljust(size, b"\0") if content else b"")
        os.utime(path, (long_ago, long_ago))


def digest_of(folder: Path) -> str:
    """Return a digest of all names, contents and times."""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        digest.update(f"{path.relative_to(folder)} {path.stat().st_mtime_ns}".encode("utf-8", "surrogateescape"))
        digest.update(path.read_bytes() if path.is_file() else b"")
    return digest.hexdigest()


@pytest.fixture(scope="session")
def finished_placed(tmp_path_factory, copy_project, project_class, drawn_photos, worker_id):
    """A finished study of a folder, with a configuration in another folder and overrides; run once for all workers.

    It ran in the C locale, and could not write into the folder of photos.
    """
    base = tmp_path_factory.getbasetemp()
    folder = (base if worker_id == "master" else base.parent) / "placed"
    with FileLock(f"{folder}.lock"):
        if not (folder / "terminal.txt").exists():
            project = copy_project(folder)
            photos = folder / PLACED_PHOTOS
            write_folder(photos, drawn_photos)
            (folder / "digest.txt").write_text(digest_of(photos), encoding="utf-8")
            (folder / PLACED_CONFIGURATION).parent.mkdir()
            (folder / PLACED_CONFIGURATION).write_text(PLACED_STUDY, encoding="utf-8")
            folders = (*photos.iterdir(), photos)
            with pytest.MonkeyPatch.context() as patch:
                for variable in ("LC_ALL", "LANG"):
                    patch.setenv(variable, "C")
                for path in folders:
                    path.chmod(0o555)
                answer = project.run(*PLACED_OVERRIDES, configuration=PLACED_CONFIGURATION)
                for path in folders:
                    path.chmod(0o755)
            assert answer.returncode == 0, answer.stdout + answer.stderr
            (folder / "terminal.txt").write_text(answer.stdout + answer.stderr, encoding="utf-8")
    return project_class(folder)


@pytest.fixture
def placed(finished_placed, tmp_path):
    """A copy of the finished study, to change and plan again."""
    shutil.copytree(finished_placed.folder, tmp_path / "project")
    return type(finished_placed)(tmp_path / "project")


@pytest.fixture(scope="session")
def placed_options():
    """The arguments of `Project.run` and `Project.planned` for that study: positional and by name."""
    return PLACED_OVERRIDES, {"configuration": PLACED_CONFIGURATION}


@pytest.fixture(scope="session")
def photos_folder_of():
    """A function that returns the folder of photos of a copy of that study."""
    return lambda project: project.folder / PLACED_PHOTOS


@pytest.fixture(scope="session")
def unusual_names() -> list[str]:
    """Parts of the names of that study's photos."""
    return UNUSUAL_NAMES


@pytest.fixture(scope="session")
def digest_of_folder():
    """Return `digest_of`."""
    return digest_of
