"""An archive that changes on its server after it was downloaded."""

import hashlib
import io
import threading
import zipfile
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from canigatti.config import parse_study
from canigatti.files import InputError
from canigatti.photos import download, revalidation
from canigatti.photos.commands.fetch import fetch
from canigatti.photos.origin import source_digest
from canigatti.photos.records import SourceRecord
from canigatti.planning import Plan
from canigatti.planning_source import SourcePlan


def archive(seed: int) -> bytes:
    """Return a zip; all have the same size."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as target:
        for kind in ("cat", "dog"):
            content = hashlib.shake_256(f"{kind}{seed}".encode()).digest(5000)
            target.writestr(zipfile.ZipInfo(f"{kind}/0.jpg"), content)
    return stream.getvalue()


@dataclass
class Server:
    """A file on a server, and the requests for it."""

    content: bytes = archive(1)
    headers: dict[str, str] = field(default_factory=lambda: {"ETag": '"first"'})
    allows_head: bool = True
    status: int = 200
    delay: float = 0.0
    new_etag_per_answer: bool = False
    requests: list[str] = field(default_factory=list)
    url: str = ""

    def change(self, seed: int, **headers: str) -> None:
        self.content, self.headers = archive(seed), headers

    def respond(self, handler: BaseHTTPRequestHandler) -> None:
        self.requests.append(handler.command)
        threading.Event().wait(self.delay)
        if self.status != 200 or (handler.command == "HEAD" and not self.allows_head):
            handler.send_error(self.status if self.status != 200 else 405)
            return
        if self.new_etag_per_answer:
            self.headers = {"ETag": f'"{len(self.requests)}"'}
        handler.send_response(200)
        for name, value in {**self.headers, "Content-Length": str(len(self.content))}.items():
            handler.send_header(name, value)
        handler.end_headers()
        if handler.command == "GET":
            handler.wfile.write(self.content)


@pytest.fixture
def server(monkeypatch, tmp_path):
    settings = Server()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            settings.respond(self)

        def do_HEAD(self):
            settings.respond(self)

        def log_message(self, *_):
            pass

    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("CANIGATTI_CACHE", str(tmp_path / "cache"))
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http_server:
        settings.url = f"http://127.0.0.1:{http_server.server_address[1]}/photos.zip"
        thread = threading.Thread(target=http_server.serve_forever, args=(0.01,))
        thread.start()
        yield settings
        http_server.shutdown()
        thread.join()


@pytest.fixture
def run(server, tmp_path):
    """A function that plans and fetches like a run of the study, and returns the digest and the content."""

    def run(sha256: str | None = None) -> tuple[str, bytes]:
        digest = source_digest(server.url, sha256)
        fetch(server.url, tmp_path / "source.json", sha256, digest)
        return digest, Path(SourceRecord.read(tmp_path / "source.json").path).read_bytes()

    return run


VERSIONS = [
    ({"ETag": '"first"'}, {"ETag": '"second"'}),
    ({"ETag": 'W/"first"'}, {"ETag": 'W/"second"'}),
    (
        {"Last-Modified": "Sat, 01 Jan 2022 00:00:00 GMT"},
        {"Last-Modified": "Sun, 02 Jan 2022 00:00:00 GMT"},
    ),
]


@pytest.mark.parametrize("allows_head", [True, False])
@pytest.mark.parametrize(("first", "second"), VERSIONS)
def test_a_changed_archive_is_downloaded_again_which_is_said_once(server, run, capsys, first, second, allows_head):
    server.headers, server.allows_head = first, allows_head
    before = run()
    assert before[1] == archive(1)
    assert run() == before, "the same version must not rerun the study"
    assert capsys.readouterr().err.count("has changed") == 0
    server.change(2, **second)
    digest, content = run()
    assert digest != before[0]
    assert content == archive(2)
    assert capsys.readouterr().err.count("has changed since it was downloaded; it is downloaded again\n") == 1
    assert run() == (digest, content)
    assert "has changed" not in capsys.readouterr().err


def test_an_unchanged_archive_is_downloaded_once(server, run):
    for _ in range(3):
        run()
    assert server.requests.count("GET") == 1


@pytest.mark.parametrize("status", [404, 500, 503])
def test_after_an_error_of_the_server_the_earlier_download_is_used_with_a_warning(server, run, capsys, status):
    before = run()
    server.change(2, ETag='"second"')
    server.status = status
    assert run() == before, "an unreachable server must not rerun the study"
    assert "it is not known whether the file has changed" in capsys.readouterr().err


def test_without_a_network_the_earlier_download_is_used_with_a_warning(server, run, capsys, monkeypatch):
    before = run()
    capsys.readouterr()
    monkeypatch.setenv("NO_PROXY", "")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    monkeypatch.setenv("no_proxy", "")
    assert run() == before
    error = capsys.readouterr().err
    assert "the earlier download is used" in error
    assert error.count("\n") == 1


def test_a_silent_server_delays_planning_by_seconds_only(server, run, monkeypatch, capsys):
    before = run()
    monkeypatch.setattr(revalidation, "_TIMEOUT", 0.1)
    server.delay = 1.0
    assert source_digest(server.url) == before[0]
    assert "the earlier download is used" in capsys.readouterr().err


def test_with_a_sha256_planning_does_not_ask_the_server(server, run):
    sha256 = hashlib.sha256(archive(1)).hexdigest()
    run(sha256)
    requests = [*server.requests]
    server.change(2, ETag='"second"')
    assert run(sha256) == (server.url, archive(1))
    assert server.requests == requests


def test_a_download_for_a_sha256_is_not_taken_for_the_version_on_the_server(server, run):
    run()
    server.change(2, ETag='"second"')
    run(hashlib.sha256(archive(2)).hexdigest())
    server.change(1, ETag='"first"')
    assert run()[1] == archive(1)


def test_a_version_that_was_planned_is_not_replaced_by_the_earlier_one(server, run, tmp_path):
    """The server was reachable when the job was planned, and is not when it runs."""
    run()
    server.change(2, ETag='"second"')
    digest = source_digest(server.url)
    server.status = 404
    (tmp_path / "source.json").unlink()
    with pytest.raises(InputError, match="404"):
        fetch(server.url, tmp_path / "source.json", None, digest)
    assert not (tmp_path / "source.json").exists()
    server.change(1, ETag='"first"')
    assert run()[1] == archive(1), "a failed download leaves the earlier one"


def test_an_archive_that_changes_while_it_is_downloaded_is_refused(server, run, tmp_path):
    server.new_etag_per_answer = True
    with pytest.raises(InputError, match=r"changed while it was downloaded.*set photos\.sha256"):
        run()
    assert not (tmp_path / "source.json").exists()


def test_a_server_that_declares_nothing_is_reported(server, monkeypatch, capsys):
    monkeypatch.setattr(revalidation.requests, "head", lambda *_, **__: revalidation.requests.models.Response())
    monkeypatch.setattr(revalidation.requests.models.Response, "status_code", 200, raising=False)
    monkeypatch.setattr(revalidation.requests.models.Response, "raise_for_status", lambda _: None)
    assert source_digest(server.url) == server.url
    assert "changes cannot be noticed; set photos.sha256" in capsys.readouterr().err


def test_a_download_without_a_record_of_its_version_is_replaced(server, run, tmp_path, capsys):
    path = download.download(server.url, None, tmp_path / "cache")
    path.write_bytes(archive(3))
    assert run()[1] == archive(1)
    assert "without a record of its version" in capsys.readouterr().err


def test_the_server_is_asked_once_per_plan(server):
    study = {
        **{"study": "pets", "classes": ["cat", "dog"], "photos": {"source": server.url}},
        **{"splits": {"half": {"train": 0.5, "validation": 0.25, "test": 0.25}}},
        **{"defaults": {"split": "half"}, "experiments": {"plain": {}}},
    }
    plan = SourcePlan(Plan(parse_study(study, "test")))
    assert plan.fetch_options(None) == plan.fetch_options(None) == ["--digest", f'{server.url} "first"']
    assert server.requests == ["HEAD"]
