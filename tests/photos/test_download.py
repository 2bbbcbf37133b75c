"""Downloads resume, are verified, are cached, and fail with a message that contains advice."""

import hashlib
import io
import os
import subprocess
import sys
import threading
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pooch
import pytest
import requests

from canigatti.files import InputError
from canigatti.photos import transfer
from canigatti.photos.archives import check_archive
from canigatti.photos.cache import cache_folder
from canigatti.photos.commands.fetch import fetch
from canigatti.photos.download import RetryPolicy, download
from canigatti.photos.folder_hashes import hash_folder
from canigatti.photos.records import SourceRecord
from canigatti.photos.transfer import RemoteFile

QUICK = RetryPolicy(attempts=3, pause=0.001, timeout=2.0)
PAGE = b"<!DOCTYPE html><html><body>Please sign in</body></html>"


def make_archive(seed: int = 1) -> bytes:
    """Return a zip of about 400 kB, so that half of it is several chunks."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name in ("Cat", "Dog"):
            noise = hashlib.shake_256(f"{name}{seed}".encode()).digest(200_000)
            archive.writestr(zipfile.ZipInfo(f"PetImages/{name}/0.jpg"), noise)
    return stream.getvalue()


ARCHIVE = make_archive()
SHA256 = hashlib.sha256(ARCHIVE).hexdigest()


@dataclass
class Server:
    """Settings of the server, and the requests that it received."""

    content: bytes = ARCHIVE
    etag: str | None = '"first"'
    resumes: bool = True
    honors_if_range: bool = True
    sends_size: bool = True
    sends_size_of_rest: bool = True
    drops: int = 0  # number of first responses that are truncated to half of their body
    limit: int | None = None  # bytes after which every response is truncated
    failures: int = 0  # number of first responses with an error…
    status: int = 503  # …of this status
    shift: int = 0  # bytes between the requested start and the start of the response
    delay: float = 0.0
    ranges: list[str | None] = field(default_factory=list)  # the Range header of each request
    starts: list[int] = field(default_factory=list)  # the first byte of each response
    url: str = ""

    def respond(self, handler: BaseHTTPRequestHandler) -> None:
        assert handler.headers["Accept-Encoding"] == "identity", "a compressed response cannot be resumed by position"
        requested = handler.headers.get("Range")
        self.ranges.append(requested)
        if len(self.ranges) > 1000:  # a client that never gives up
            handler.send_error(410)
            return
        threading.Event().wait(self.delay)
        if self.failures:
            self.failures -= 1
            handler.send_error(self.status)
            return
        resumed = requested if self._resumes(handler) else None
        start = int(resumed.removeprefix("bytes=").rstrip("-")) + self.shift if resumed else 0
        if start >= len(self.content):
            handler.send_error(416)
            return
        self._send(handler, start)

    def _resumes(self, handler: BaseHTTPRequestHandler) -> bool:
        validator = handler.headers.get("If-Range")
        same = validator == self.etag and not str(validator).startswith("W/")  # RFC 9110, 13.1.5
        return self.resumes and (validator is None or same or not self.honors_if_range)

    def _send(self, handler: BaseHTTPRequestHandler, start: int) -> None:
        self.starts.append(start)
        body = self.content[start:]
        handler.send_response(206 if start else 200)
        if start:
            handler.send_header("Content-Range", f"bytes {start}-{len(self.content) - 1}/{len(self.content)}")
        if self.etag:
            handler.send_header("ETag", self.etag)
        if self.sends_size_of_rest if start else self.sends_size:
            handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        if self.drops:
            self.drops -= 1
            body = body[: len(body) // 2]
        handler.wfile.write(body[: self.limit])


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    settings = Server()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            settings.respond(self)

        def log_message(self, *_: Any) -> None:
            pass

    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http_server:
        settings.url = f"http://127.0.0.1:{http_server.server_address[1]}/files/photos.zip"
        thread = threading.Thread(target=http_server.serve_forever, args=(0.01,))
        thread.start()
        yield settings
        http_server.shutdown()
        thread.join()


def get(server: Server, folder: Path, sha256: str | None = SHA256, url: str | None = None) -> bytes:
    return download(url or server.url, sha256, folder, check_archive, QUICK).read_bytes()


def error_message(server: Server, folder: Path, sha256: str | None = SHA256) -> str:
    with pytest.raises(InputError) as raised:
        get(server, folder, sha256)
    assert str(raised.value).startswith(f"{server.url}: ")
    return str(raised.value)


def files_in(folder: Path) -> set[str]:
    return {path.name for path in folder.rglob("*") if path.is_file()} - {".lock"}


class TestCache:
    @pytest.mark.parametrize("sha256", [SHA256, SHA256.upper(), None])
    def test_a_file_is_downloaded_once_without_leftovers(
        self, server: Server, tmp_path: Path, sha256: str | None
    ) -> None:
        assert get(server, tmp_path, sha256) == get(server, tmp_path, sha256) == ARCHIVE
        assert server.ranges == [None]
        assert files_in(tmp_path) == {"photos.zip"}

    def test_a_damaged_copy_is_replaced(self, server: Server, tmp_path: Path) -> None:
        download(server.url, SHA256, tmp_path).write_bytes(b"damaged")
        assert get(server, tmp_path) == ARCHIVE

    def test_two_urls_with_the_same_file_name_are_two_files(self, server: Server, tmp_path: Path) -> None:
        get(server, tmp_path)
        server.content = make_archive(2)
        assert get(server, tmp_path, None, f"{server.url}?version=2") == server.content
        assert get(server, tmp_path) == ARCHIVE

    @pytest.mark.parametrize(
        "ending", ["/", "/.part", "/.lock", f"/{'x' * 300}.zip", "/%2e%2e%2fa", "/a?b=/../c", "/tmp"]
    )
    def test_every_url_has_a_name_inside_the_folder(self, server: Server, tmp_path: Path, ending: str) -> None:
        path = download(server.url + ending, SHA256, tmp_path, retries=QUICK)
        assert path.resolve().parent.parent == tmp_path.resolve()
        assert path.read_bytes() == ARCHIVE
        assert not path.name.startswith(".")

    def test_leftovers_of_a_killed_process_are_deleted(self, server: Server, tmp_path: Path) -> None:
        leftover = download(server.url, SHA256, tmp_path).with_name("tmpabc123")
        leftover.write_bytes(b"")
        leftover.with_name("photos.zip").unlink()
        get(server, tmp_path)
        assert files_in(tmp_path) == {"photos.zip"}

    def test_the_cache_is_set_by_the_environment_or_belongs_to_the_user(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        monkeypatch.setenv("CANIGATTI_CACHE", str(tmp_path / "cache"))
        assert cache_folder() == tmp_path / "cache"
        monkeypatch.setenv("CANIGATTI_CACHE", "")
        assert cache_folder().name == "canigatti"


class TestResuming:
    def test_a_dropped_connection_is_resumed(self, server: Server, tmp_path: Path) -> None:
        server.drops = 2
        assert get(server, tmp_path) == ARCHIVE
        first, second, third = server.ranges
        assert first is None
        assert second is not None
        assert third is not None
        assert 100_000 < int(second[6:-1]) < int(third[6:-1])

    def test_any_number_of_drops_is_tolerated_while_there_is_progress(self, server: Server, tmp_path: Path) -> None:
        server.content, server.drops = bytes(30_000_000), QUICK.attempts + 3
        assert download(server.url, None, tmp_path, retries=QUICK).stat().st_size == 30_000_000
        assert len(server.ranges) == QUICK.attempts + 4

    def test_the_next_run_resumes_an_incomplete_download(self, server: Server, tmp_path: Path) -> None:
        self._interrupt(server, tmp_path)
        assert files_in(tmp_path) == {".part", ".part.json"}
        assert get(server, tmp_path) == ARCHIVE
        assert server.ranges[1] is not None

    def test_without_support_for_ranges_the_file_is_sent_again(self, server: Server, tmp_path: Path) -> None:
        server.drops, server.resumes = 1, False
        assert get(server, tmp_path) == ARCHIVE

    def test_repeated_drops_without_support_for_ranges_end_the_download(self, server: Server, tmp_path: Path) -> None:
        server.drops, server.resumes = 100, False
        assert "cannot be downloaded" in error_message(server, tmp_path)
        assert len(server.ranges) == QUICK.attempts

    def test_a_weak_etag_does_not_prevent_resuming(self, server: Server, tmp_path: Path) -> None:
        server.etag, server.drops = 'W/"first"', 1
        assert get(server, tmp_path) == ARCHIVE
        assert server.starts[0] < server.starts[1]
        assert len(server.ranges) == 2

    def test_a_truncated_range_of_unknown_size_is_detected(self, server: Server, tmp_path: Path) -> None:
        server.sends_size_of_rest, server.drops = False, 2
        assert get(server, tmp_path) == ARCHIVE
        assert len(server.ranges) == 3

    @pytest.mark.parametrize(("honors_if_range", "count"), [(True, 2), (False, 3)])
    def test_a_changed_file_of_the_same_size_is_not_mixed_with_the_old_one(
        self, server: Server, tmp_path: Path, honors_if_range: bool, count: int
    ) -> None:
        self._interrupt(server, tmp_path)
        server.content, server.etag, server.honors_if_range = make_archive(2), '"second"', honors_if_range
        assert get(server, tmp_path, None) == server.content
        assert len(server.ranges) == count

    def test_a_range_with_another_start_is_not_appended(self, server: Server, tmp_path: Path) -> None:
        self._interrupt(server, tmp_path)
        server.shift = 10
        assert get(server, tmp_path, None) == ARCHIVE

    def test_a_changed_file_of_another_size_is_not_mixed_with_the_old_one(self, server: Server, tmp_path: Path) -> None:
        server.etag = None
        self._interrupt(server, tmp_path)
        server.content = make_archive(2) + b"longer"
        assert download(server.url, None, tmp_path, retries=QUICK).read_bytes() == server.content

    def _interrupt(self, server: Server, folder: Path) -> None:
        server.drops = 1
        with pytest.raises(InputError, match="the partial download is kept"):
            download(server.url, None, folder, retries=RetryPolicy(attempts=1, timeout=2.0))

    def test_a_partial_download_larger_than_the_file_starts_again(self, server: Server, tmp_path: Path) -> None:
        part = download(server.url, SHA256, tmp_path).with_name(".part")
        part.with_name("photos.zip").unlink()
        part.write_bytes(ARCHIVE * 2)
        RemoteFile(size=len(ARCHIVE), validator=server.etag).write(part.with_name(".part.json"))
        assert get(server, tmp_path) == ARCHIVE

    @pytest.mark.parametrize("note", ["", "{", "[]", '{"other": 1}'])
    def test_a_partial_download_without_a_valid_note_starts_again(
        self, server: Server, tmp_path: Path, note: str
    ) -> None:
        part = download(server.url, SHA256, tmp_path).with_name(".part")
        part.with_name("photos.zip").unlink()
        part.write_bytes(b"of unknown origin")
        part.with_name(".part.json").write_text(note)
        assert get(server, tmp_path) == ARCHIVE
        assert server.ranges == [None, None]

    def test_a_complete_partial_download_is_not_requested_again(self, server: Server, tmp_path: Path) -> None:
        part = download(server.url, SHA256, tmp_path).with_name(".part")
        part.with_name("photos.zip").rename(part)
        RemoteFile(size=len(ARCHIVE), validator=None).write(part.with_name(".part.json"))
        assert get(server, tmp_path) == ARCHIVE
        assert len(server.ranges) == 1

    def test_a_file_of_unknown_size_is_downloaded(self, server: Server, tmp_path: Path) -> None:
        server.sends_size = False
        assert get(server, tmp_path) == ARCHIVE

    def test_half_of_a_file_of_unknown_size_is_rejected(self, server: Server, tmp_path: Path) -> None:
        server.sends_size, server.drops = False, 1
        assert "incomplete" in error_message(server, tmp_path, None)
        assert get(server, tmp_path, None) == ARCHIVE

    def test_resuming_completes_what_pooch_cannot(self, server: Server, tmp_path: Path) -> None:
        """With a connection that drops after a third of the file, as on a slow line with 825 MB of photos."""
        server.limit = len(ARCHIVE) // 3
        downloader = pooch.HTTPDownloader(headers={"Accept-Encoding": "identity"}, timeout=2.0)
        for _ in range(5):
            with pytest.raises(requests.RequestException):
                pooch.retrieve(server.url, SHA256, "photos.zip", tmp_path / "pooch", downloader=downloader)
        assert server.ranges == [None] * 5
        path = download(server.url, SHA256, tmp_path, check_archive, RetryPolicy(attempts=5, pause=0.001))
        assert path.read_bytes() == ARCHIVE
        assert len(server.ranges) <= 5 + 5
        assert None not in server.ranges[6:]


class TestErrors:
    def test_an_unexpected_sha256_is_reported_and_the_file_deleted(self, server: Server, tmp_path: Path) -> None:
        server.content = make_archive(2)
        message = error_message(server, tmp_path)
        assert SHA256 in message
        assert hashlib.sha256(server.content).hexdigest() in message
        assert "photos.source" in message
        assert files_in(tmp_path) == set()
        server.content = ARCHIVE
        assert get(server, tmp_path) == ARCHIVE

    @pytest.mark.parametrize("status", [401, 403, 404, 410])
    def test_a_permanent_error_is_not_retried(self, server: Server, tmp_path: Path, status: int) -> None:
        server.failures, server.status = 100, status
        message = error_message(server, tmp_path)
        assert str(status) in message
        assert "download the file yourself" in message
        assert len(server.ranges) == 1

    @pytest.mark.parametrize("status", [429, 500, 503])
    def test_a_transient_error_is_retried(self, server: Server, tmp_path: Path, status: int) -> None:
        server.failures, server.status = QUICK.attempts - 1, status
        assert get(server, tmp_path) == ARCHIVE

    def test_a_persistent_transient_error_ends_the_download(self, server: Server, tmp_path: Path) -> None:
        server.failures = 100
        assert "503" in error_message(server, tmp_path)
        assert len(server.ranges) == QUICK.attempts

    @pytest.mark.parametrize("sha256", [SHA256, None])
    def test_a_web_page_is_reported_and_deleted(self, server: Server, tmp_path: Path, sha256: str | None) -> None:
        server.content = PAGE
        assert "a web page that starts with '<!DOCTYPE html>" in error_message(server, tmp_path, sha256)
        assert files_in(tmp_path) == set()

    def test_a_web_page_does_not_replace_a_partial_download(self, server: Server, tmp_path: Path) -> None:
        server.drops = 1
        with pytest.raises(InputError):
            download(server.url, SHA256, tmp_path, retries=RetryPolicy(attempts=1, timeout=2.0))
        server.content, server.resumes = PAGE, False
        assert "web page" in error_message(server, tmp_path)
        server.content, server.resumes = ARCHIVE, True
        assert get(server, tmp_path) == ARCHIVE
        assert server.ranges[2] is not None

    def test_a_file_that_the_check_rejects_is_deleted(self, server: Server, tmp_path: Path) -> None:
        server.content = b"no zip at all"
        assert "starts with 'no zip at all'" in error_message(server, tmp_path, None)
        assert files_in(tmp_path) == set()

    def test_a_silent_server_times_out(self, server: Server, tmp_path: Path) -> None:
        server.delay = 0.5
        with pytest.raises(InputError, match="timed out"):
            download(server.url, SHA256, tmp_path, retries=RetryPolicy(attempts=2, pause=0, timeout=0.05))
        assert len(server.ranges) == 2

    def test_an_unreachable_server_is_reported(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        with pytest.raises(
            InputError, match=r"(?s)127\.0\.0\.1:1/a\.zip: cannot be downloaded.*download the file yourself"
        ):
            download("http://127.0.0.1:1/a.zip", None, tmp_path, retries=QUICK)

    @pytest.mark.parametrize("url", ["http://", "http://[", "http:///a.zip", "http://127.0.0.1:99999/", "http://*/"])
    def test_an_invalid_url_is_reported(self, tmp_path: Path, url: str) -> None:
        with pytest.raises(InputError, match="cannot be downloaded"):
            download(url, None, tmp_path, retries=RetryPolicy(attempts=1, timeout=0.5))

    def test_too_little_disk_space_is_reported_in_advance(
        self, server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(transfer.shutil, "disk_usage", lambda _: SimpleNamespace(free=1000))
        message = error_message(server, tmp_path)
        assert "has 1000 free" in message
        assert "CANIGATTI_CACHE" in message

    def test_a_read_only_cache_is_reported(self, server: Server, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("not a folder")
        assert "CANIGATTI_CACHE" in error_message(server, tmp_path / "file")


def test_two_processes_share_one_download(server: Server, tmp_path: Path) -> None:
    server.delay = 0.2
    code = f"""
from pathlib import Path
from canigatti.photos.download import download
print(download({server.url!r}, {SHA256!r}, Path({str(tmp_path)!r})).stat().st_size)
"""
    environment = {**os.environ, "NO_PROXY": "127.0.0.1"}
    processes = [
        subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, env=environment) for _ in range(2)
    ]
    assert [process.communicate(timeout=30)[0] for process in processes] == [f"{len(ARCHIVE)}\n".encode()] * 2
    assert server.ranges == [None]
    assert files_in(tmp_path) == {"photos.zip"}


class TestFetch:
    @pytest.fixture(autouse=True)
    def _cache(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("CANIGATTI_CACHE", str(tmp_path / "cache"))

    def test_records_a_download_with_its_sha256(self, server: Server, tmp_path: Path) -> None:
        fetch(server.url, tmp_path / "photos/source.json", None)
        record = SourceRecord.read(tmp_path / "photos/source.json")
        assert Path(record.path).read_bytes() == ARCHIVE
        assert (record.source, record.kind) == (server.url, "zip")
        assert (record.bytes, record.sha256) == (len(ARCHIVE), SHA256)

    def test_a_rejected_archive_does_not_stay_in_the_cache(self, server: Server, tmp_path: Path) -> None:
        server.content = b"no zip at all"
        with pytest.raises(InputError):
            fetch(server.url, tmp_path / "source.json", None)
        server.content = ARCHIVE
        fetch(server.url, tmp_path / "source.json", None)
        assert SourceRecord.read(tmp_path / "source.json").sha256 == SHA256

    def test_records_the_configured_path_of_a_folder(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(tmp_path)
        Path("photos/Cat").mkdir(parents=True)
        Path("photos/Cat/0.jpg").write_bytes(b"four")
        fetch("photos", Path("source.json"), None)
        expected = SourceRecord(
            source="photos", path="photos", kind="folder", bytes=4, sha256=hash_folder(Path("photos"))[0]
        )
        assert SourceRecord.read(Path("source.json")) == expected

    @pytest.mark.parametrize("source", ["nowhere.zip", "ftp://example.org/a.zip", ""])
    def test_a_missing_source_gives_no_record(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str
    ) -> None:
        monkeypatch.chdir(tmp_path)
        with pytest.raises(InputError):
            fetch(source, Path("source.json"), "0" * 64)
        assert not Path("source.json").exists()

    def test_rejects_a_local_file_with_another_sha256(self, tmp_path: Path) -> None:
        (tmp_path / "photos.zip").write_bytes(ARCHIVE)
        with pytest.raises(InputError, match=f"expected SHA-256 {'0' * 64}"):
            fetch(str(tmp_path / "photos.zip"), tmp_path / "source.json", "0" * 64)
