"""`canigatti serve` under hostile uploads, many at a time: all are answered, and memory and disk stay as they are."""

import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import quote, urlsplit

import keras
import pytest
import requests
from hostile_photos import BOMBS, FORMATS, KINDS, encoded, photo, png_with_a_text_bomb, texture
from PIL import Image

from canigatti.training.model_files import save_model

AT_ONCE = 20
MAX_GROWTH = 1_700_000  # kB; to decode the largest 16-bit photo takes 1,300,000, and two at a time twice that


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    path = tmp_path_factory.mktemp("model") / "model.keras"
    photos = keras.Input((8, 8, 3), dtype="uint8")
    values = keras.layers.Flatten()(keras.layers.Rescaling(1 / 255)(photos))
    save_model(keras.Model(photos, keras.layers.Dense(1, "sigmoid")(values)), path, ("cat", "dog"))
    return path


class Server:
    """The command in a process of its own, whose folders for temporary files, settings and work are `folder`."""

    def __init__(self, model, folder):
        self.folder = folder
        for name in ("tmp", "home", "work"):
            (folder / name).mkdir()
        places = {"TMPDIR": str(folder / "tmp"), "HOME": str(folder / "home"), "XDG_CACHE_HOME": str(folder / "home")}
        self.process = subprocess.Popen(
            [sys.executable, "-P", "-m", "canigatti", "serve", str(model), "--port", "0"],
            cwd=folder / "work",
            env={**os.environ, **places, "PYTHONDONTWRITEBYTECODE": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.first_line = self.process.stdout.readline()
        found = re.search(r"http://127\.0\.0\.1:[0-9]+/", self.first_line)
        assert found, self.first_line + self.process.stdout.read()
        self.address = found[0]

    def post(self, name, content):
        return requests.post(f"{self.address}predict?name={quote(name)}", data=content, timeout=120)

    def files(self):
        """Everything in its folders."""
        return sorted(str(path.relative_to(self.folder)) for path in self.folder.rglob("*"))

    def open_files(self):
        """The regular files that the process has open to write, those without a name included."""
        found, folder = set(), Path(f"/proc/{self.process.pid}")
        for link in (folder / "fd").iterdir():
            try:
                flags = re.search(r"flags:\s+([0-7]+)", (folder / "fdinfo" / link.name).read_text())[1]
                if int(flags, 8) & (os.O_WRONLY | os.O_RDWR) and link.is_file():
                    found.add(os.readlink(link))
            except OSError:  # closed meanwhile
                continue
        return found

    def peak(self):
        """The peak of its memory so far, kB."""
        return int(re.search(r"VmHWM:\s+([0-9]+)", Path(f"/proc/{self.process.pid}/status").read_text())[1])

    def end(self, signal_number=signal.SIGINT):
        self.process.send_signal(signal_number)
        return self.process.wait(30), self.process.stdout.read()


@pytest.fixture(scope="module")
def server(model, tmp_path_factory):
    started = Server(model, tmp_path_factory.mktemp("server"))
    yield started
    started.process.kill()
    started.process.wait()


def hostile_uploads():
    """Fifty files by name: those of the other tests of hostile photos, and photos of as many pixels as are allowed."""
    largest = encoded(Image.effect_noise((8_000, 6_250), 50).convert("RGB"), "JPEG", quality=30)
    deep = encoded(Image.new("I;16", (7_000, 7_000), 20_000), "PNG", compress_level=1)
    bombs = {form: make() for form, make in BOMBS.items()} | {"text": png_with_a_text_bomb()}
    uploads = {
        f"{name}{number}": content for number in range(2) for name, content in (("large", largest), ("deep", deep))
    }
    uploads |= {f"bomb {form}{number}.jpg": bomb for form, bomb in bombs.items() for number in range(3)}
    uploads |= {"cut large.jpg": largest[: len(largest) // 2]}
    uploads |= {f"cut.{form}": photo(form)[:-300] for form in FORMATS}
    uploads |= {f"whole.{form}": photo(form) for form in FORMATS}
    uploads |= {f"{kind}.jpg": make(3) for kind, make in KINDS.items()}
    names = [
        "../../etc/passwd",
        "a" * 5000,
        "<script>alert(1)</script>",
        "\0.jpg",
        "\x1b[31m.jpg",
        "line\nfeed.jpg",
        "",
    ]
    return uploads | {name: encoded(texture(number), "PNG") for number, name in enumerate(names)}


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_fifty_hostile_uploads_twenty_at_a_time(server):
    uploads, expected = hostile_uploads(), server.post("whole.jpg", photo("JPEG")).json()
    assert len(uploads) == 50
    before, peak, opened, ended = server.files(), server.peak(), server.open_files(), threading.Event()
    written = set()

    def watch():
        while not ended.wait(0.02):
            written.update(server.open_files() - opened)

    watching = threading.Thread(target=watch)
    watching.start()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        answers = dict(zip(uploads, pool.map(server.post, uploads, uploads.values()), strict=True))
    ended.set()
    watching.join()
    results = {name: answer.json() for name, answer in answers.items()}
    assert {answer.status_code for answer in answers.values()} == {200, 422}
    for name, answer in results.items():
        assert bool(answer["error"]) == (answers[name].status_code == 422)
        assert answer["name"] == "".join(letter if letter.isprintable() else "?" for letter in name)[:255]
    refused = {name for name, answer in results.items() if answer["error"]}
    assert {name for name in uploads if name.startswith(("bomb", "cut", "empty", "text", "truncated"))} <= refused
    assert not {name for name in uploads if name.startswith(("large", "deep", "whole", "valid", "CMYK"))} & refused
    assert server.process.poll() is None
    assert server.post("whole.jpg", photo("JPEG")).json() == expected
    assert server.peak() - peak < MAX_GROWTH
    assert written == set()
    assert server.files() == before


def test_broken_requests_do_not_end_the_server(server):
    host = urlsplit(server.address)
    start = f"POST /predict?name=a HTTP/1.1\r\nHost: {host.netloc}\r\n"
    for request in (
        b"\0" * 100_000,
        b"GET / HTTP/9.9\r\n\r\n",
        b"A" * 200_000,
        f"{start}Content-Length: 1000\r\n\r\nhalf".encode(),
        f"{start}Content-Length: -1\r\n\r\n".encode(),
        f"{start}Content-Length: nine\r\n\r\n".encode(),
        f"{start}Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd".encode(),
        f"GET /predict HTTP/1.1\r\nHost: {host.netloc}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n".encode(),
    ):
        with socket.create_connection((host.hostname, host.port), timeout=60) as connection:
            connection.sendall(request)
            connection.shutdown(socket.SHUT_WR)
            try:
                while connection.recv(65_536):
                    pass
            except ConnectionResetError:
                continue
    assert server.process.poll() is None
    assert requests.get(server.address, timeout=60).status_code == 200


@pytest.mark.slow
def test_ctrl_c_ends_it_without_a_traceback_even_while_an_upload_waits(model, tmp_path):
    server = Server(model, tmp_path)
    host = urlsplit(server.address)
    with socket.create_connection((host.hostname, host.port), timeout=60) as connection:
        start = f"POST /predict HTTP/1.1\r\nHost: {host.netloc}\r\n"
        connection.sendall(f"{start}Content-Length: 1000\r\n\r\nhalf".encode())
        time.sleep(0.5)
        started = time.monotonic()
        code, output = server.end()
    assert time.monotonic() - started < 20
    assert (code, output) == (0, "")
    assert server.first_line.endswith("press Ctrl-C to end\n")
    assert [name for name in server.files() if name.startswith(("tmp/", "work/"))] == []
