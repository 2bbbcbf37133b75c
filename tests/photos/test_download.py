"""Downloads resume, are checked, are kept, and fail with a message that says what to do."""

import hashlib
import io
import json
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

import pytest

from canigatti.files import InputError, read_json
from canigatti.photos import transfer
from canigatti.photos.commands import fetch
from canigatti.photos.download import Patience, cache_folder, download
from canigatti.photos.sources import check_archive

QUICK = Patience(attempts=3, pause=0.001, timeout=2.0)
PAGE = b"<!DOCTYPE html><html><body>Please sign in</body></html>"


def make_archive(seed: int = 1) -> bytes:
    """A zip of about 400 kB, so that half of it is several chunks."""
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
    """What a test wants of the server, and what the server was asked."""

    content: bytes = ARCHIVE
    etag: str | None = '"first"'
    resumes: bool = True
    heeds_if_range: bool = True
    says_size: bool = True
    says_size_of_rest: bool = True
    drops: int = 0  # answers to cut half way through
    failures: int = 0  # answers to begin with…
    status: int = 503  # …of this status
    shift: int = 0  # how far behind the asked place the rest begins
    delay: float = 0.0
    asked: list[str | None] = field(default_factory=list)  # the Range header of each request
    sent_from: list[int] = field(default_factory=list)  # the first byte of each answer
    address: str = ""

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        assert handler.headers["Accept-Encoding"] == "identity", "a packed answer has no positions to resume from"
        wanted = handler.headers.get("Range")
        self.asked.append(wanted)
        if len(self.asked) > 1000:  # a client that never gives up
            handler.send_error(410)
            return
        threading.Event().wait(self.delay)
        if self.failures:
            self.failures -= 1
            handler.send_error(self.status)
            return
        resumed = wanted if self._resumes(handler) else None
        start = int(resumed.removeprefix("bytes=").rstrip("-")) + self.shift if resumed else 0
        if start >= len(self.content):
            handler.send_error(416)
            return
        self._send(handler, start)

    def _resumes(self, handler: BaseHTTPRequestHandler) -> bool:
        mark = handler.headers.get("If-Range")
        same = mark == self.etag and not str(mark).startswith("W/")  # RFC 9110, 13.1.5
        return self.resumes and (mark is None or same or not self.heeds_if_range)

    def _send(self, handler: BaseHTTPRequestHandler, start: int) -> None:
        self.sent_from.append(start)
        body = self.content[start:]
        handler.send_response(206 if start else 200)
        if start:
            handler.send_header("Content-Range", f"bytes {start}-{len(self.content) - 1}/{len(self.content)}")
        if self.etag:
            handler.send_header("ETag", self.etag)
        if self.says_size_of_rest if start else self.says_size:
            handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        if self.drops:
            self.drops -= 1
            body = body[: len(body) // 2]
        handler.wfile.write(body)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    wishes = Server()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            wishes.answer(self)

        def log_message(self, *_: Any) -> None:
            pass

    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as listening:
        wishes.address = f"http://127.0.0.1:{listening.server_address[1]}/files/photos.zip"
        thread = threading.Thread(target=listening.serve_forever, args=(0.01,))
        thread.start()
        yield wishes
        listening.shutdown()
        thread.join()


def get(server: Server, folder: Path, sha256: str | None = SHA256, address: str | None = None) -> bytes:
    return download(address or server.address, sha256, folder, check_archive, QUICK).read_bytes()


def refusal(server: Server, folder: Path, sha256: str | None = SHA256) -> str:
    with pytest.raises(InputError) as told:
        get(server, folder, sha256)
    assert str(told.value).startswith(f"{server.address}: ")
    return str(told.value)


def left_in(folder: Path) -> set[str]:
    return {path.name for path in folder.rglob("*") if path.is_file()} - {".lock"}


class TestKeeping:
    @pytest.mark.parametrize("sha256", [SHA256, SHA256.upper(), None])
    def test_a_file_is_fetched_once_and_nothing_else_is_left(
        self, server: Server, tmp_path: Path, sha256: str | None
    ) -> None:
        assert get(server, tmp_path, sha256) == get(server, tmp_path, sha256) == ARCHIVE
        assert server.asked == [None]
        assert left_in(tmp_path) == {"photos.zip"}

    def test_a_damaged_copy_is_replaced(self, server: Server, tmp_path: Path) -> None:
        download(server.address, SHA256, tmp_path).write_bytes(b"damaged")
        assert get(server, tmp_path) == ARCHIVE

    def test_two_addresses_of_one_name_are_two_files(self, server: Server, tmp_path: Path) -> None:
        get(server, tmp_path)
        server.content = make_archive(2)
        assert get(server, tmp_path, None, f"{server.address}?version=2") == server.content
        assert get(server, tmp_path) == ARCHIVE

    @pytest.mark.parametrize(
        "ending", ["/", "/.part", "/.lock", f"/{'x' * 300}.zip", "/%2e%2e%2fa", "/a?b=/../c", "/tmp"]
    )
    def test_any_address_gives_a_name_inside_the_folder(self, server: Server, tmp_path: Path, ending: str) -> None:
        path = download(server.address + ending, SHA256, tmp_path, patience=QUICK)
        assert path.resolve().parent.parent == tmp_path.resolve()
        assert path.read_bytes() == ARCHIVE
        assert not path.name.startswith(".")

    def test_what_a_killed_process_left_is_removed(self, server: Server, tmp_path: Path) -> None:
        leftover = download(server.address, SHA256, tmp_path).with_name("tmpabc123")
        leftover.write_bytes(b"")
        leftover.with_name("photos.zip").unlink()
        get(server, tmp_path)
        assert left_in(tmp_path) == {"photos.zip"}

    def test_the_folder_is_the_environments_or_the_users(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        monkeypatch.setenv("CANIGATTI_CACHE", str(tmp_path / "kept"))
        assert cache_folder() == tmp_path / "kept"
        monkeypatch.setenv("CANIGATTI_CACHE", "")
        assert cache_folder().name == "canigatti"


class TestResuming:
    def test_a_dropped_connection_goes_on_where_it_stopped(self, server: Server, tmp_path: Path) -> None:
        server.drops = 2
        assert get(server, tmp_path) == ARCHIVE
        first, second, third = server.asked
        assert first is None
        assert second is not None
        assert third is not None
        assert 100_000 < int(second[6:-1]) < int(third[6:-1])

    def test_any_number_of_drops_is_survived_while_bytes_arrive(self, server: Server, tmp_path: Path) -> None:
        server.content, server.drops = bytes(30_000_000), QUICK.attempts + 3
        assert download(server.address, None, tmp_path, patience=QUICK).stat().st_size == 30_000_000
        assert len(server.asked) == QUICK.attempts + 4

    def test_the_next_run_goes_on_where_this_one_gave_up(self, server: Server, tmp_path: Path) -> None:
        self._give_up_half_way(server, tmp_path)
        assert left_in(tmp_path) == {".part", ".part.json"}
        assert get(server, tmp_path) == ARCHIVE
        assert server.asked[1] is not None

    def test_a_server_that_cannot_resume_sends_it_again(self, server: Server, tmp_path: Path) -> None:
        server.drops, server.resumes = 1, False
        assert get(server, tmp_path) == ARCHIVE

    def test_a_server_that_always_drops_and_cannot_resume_is_given_up(self, server: Server, tmp_path: Path) -> None:
        server.drops, server.resumes = 100, False
        assert "cannot be downloaded" in refusal(server, tmp_path)
        assert len(server.asked) == QUICK.attempts

    def test_a_server_that_marks_its_files_weakly_resumes(self, server: Server, tmp_path: Path) -> None:
        server.etag, server.drops = 'W/"first"', 1
        assert get(server, tmp_path) == ARCHIVE
        assert server.sent_from[0] < server.sent_from[1]
        assert len(server.asked) == 2

    def test_the_end_of_a_rest_of_unsaid_size_is_noticed(self, server: Server, tmp_path: Path) -> None:
        server.says_size_of_rest, server.drops = False, 2
        assert get(server, tmp_path) == ARCHIVE
        assert len(server.asked) == 3

    @pytest.mark.parametrize(("heeds_if_range", "requests"), [(True, 2), (False, 3)])
    def test_a_file_of_one_size_that_changed_meanwhile_is_not_mixed_with_the_old(
        self, server: Server, tmp_path: Path, heeds_if_range: bool, requests: int
    ) -> None:
        self._give_up_half_way(server, tmp_path)
        server.content, server.etag, server.heeds_if_range = make_archive(2), '"second"', heeds_if_range
        assert get(server, tmp_path, None) == server.content
        assert len(server.asked) == requests

    def test_a_rest_that_begins_elsewhere_is_not_taken(self, server: Server, tmp_path: Path) -> None:
        self._give_up_half_way(server, tmp_path)
        server.shift = 10
        assert get(server, tmp_path, None) == ARCHIVE

    def test_a_file_of_another_size_is_not_mixed_with_the_old(self, server: Server, tmp_path: Path) -> None:
        server.etag = None
        self._give_up_half_way(server, tmp_path)
        server.content = make_archive(2) + b"longer"
        assert download(server.address, None, tmp_path, patience=QUICK).read_bytes() == server.content

    def _give_up_half_way(self, server: Server, folder: Path) -> None:
        server.drops = 1
        with pytest.raises(InputError, match="what was received is kept"):
            download(server.address, None, folder, patience=Patience(attempts=1, timeout=2.0))

    def test_a_part_larger_than_the_file_is_begun_anew(self, server: Server, tmp_path: Path) -> None:
        part = download(server.address, SHA256, tmp_path).with_name(".part")
        part.with_name("photos.zip").unlink()
        part.write_bytes(ARCHIVE * 2)
        part.with_name(".part.json").write_text(json.dumps({"size": len(ARCHIVE), "mark": server.etag}))
        assert get(server, tmp_path) == ARCHIVE

    @pytest.mark.parametrize("note", ["", "{", "[]", '{"other": 1}'])
    def test_a_part_without_a_readable_note_is_begun_anew(self, server: Server, tmp_path: Path, note: str) -> None:
        part = download(server.address, SHA256, tmp_path).with_name(".part")
        part.with_name("photos.zip").unlink()
        part.write_bytes(b"of unknown origin")
        part.with_name(".part.json").write_text(note)
        assert get(server, tmp_path) == ARCHIVE
        assert server.asked == [None, None]

    def test_a_whole_part_is_not_asked_for_again(self, server: Server, tmp_path: Path) -> None:
        part = download(server.address, SHA256, tmp_path).with_name(".part")
        part.with_name("photos.zip").rename(part)
        part.with_name(".part.json").write_text(json.dumps({"size": len(ARCHIVE), "mark": None}))
        assert get(server, tmp_path) == ARCHIVE
        assert len(server.asked) == 1

    def test_a_server_that_does_not_say_the_size_will_do(self, server: Server, tmp_path: Path) -> None:
        server.says_size = False
        assert get(server, tmp_path) == ARCHIVE

    def test_half_a_file_of_unknown_size_is_not_accepted(self, server: Server, tmp_path: Path) -> None:
        server.says_size, server.drops = False, 1
        assert "incomplete" in refusal(server, tmp_path, None)
        assert get(server, tmp_path, None) == ARCHIVE


class TestRefusing:
    def test_another_sha256_is_told_and_the_next_run_starts_clean(self, server: Server, tmp_path: Path) -> None:
        server.content = make_archive(2)
        told = refusal(server, tmp_path)
        assert SHA256 in told
        assert hashlib.sha256(server.content).hexdigest() in told
        assert "photos.source" in told
        assert left_in(tmp_path) == set()
        server.content = ARCHIVE
        assert get(server, tmp_path) == ARCHIVE

    @pytest.mark.parametrize("status", [401, 403, 404, 410])
    def test_an_address_without_the_file_is_asked_once(self, server: Server, tmp_path: Path, status: int) -> None:
        server.failures, server.status = 100, status
        told = refusal(server, tmp_path)
        assert str(status) in told
        assert "by hand" in told
        assert len(server.asked) == 1

    @pytest.mark.parametrize("status", [429, 500, 503])
    def test_a_busy_server_is_asked_again(self, server: Server, tmp_path: Path, status: int) -> None:
        server.failures, server.status = QUICK.attempts - 1, status
        assert get(server, tmp_path) == ARCHIVE

    def test_a_server_that_stays_busy_is_given_up(self, server: Server, tmp_path: Path) -> None:
        server.failures = 100
        assert "503" in refusal(server, tmp_path)
        assert len(server.asked) == QUICK.attempts

    @pytest.mark.parametrize("sha256", [SHA256, None])
    def test_a_web_page_is_shown_and_not_kept(self, server: Server, tmp_path: Path, sha256: str | None) -> None:
        server.content = PAGE
        assert "a web page that starts with '<!DOCTYPE html>" in refusal(server, tmp_path, sha256)
        assert left_in(tmp_path) == set()

    def test_a_web_page_in_place_of_the_rest_does_not_cost_the_part(self, server: Server, tmp_path: Path) -> None:
        server.drops = 1
        with pytest.raises(InputError):
            download(server.address, SHA256, tmp_path, patience=Patience(attempts=1, timeout=2.0))
        server.content, server.resumes = PAGE, False
        assert "web page" in refusal(server, tmp_path)
        server.content, server.resumes = ARCHIVE, True
        assert get(server, tmp_path) == ARCHIVE
        assert server.asked[2] is not None

    def test_what_the_check_refuses_is_not_kept(self, server: Server, tmp_path: Path) -> None:
        server.content = b"no zip at all"
        assert "starts with 'no zip at all'" in refusal(server, tmp_path, None)
        assert left_in(tmp_path) == set()

    def test_a_silent_server_is_given_up(self, server: Server, tmp_path: Path) -> None:
        server.delay = 0.5
        with pytest.raises(InputError, match="timed out"):
            download(server.address, SHA256, tmp_path, patience=Patience(attempts=2, pause=0, timeout=0.05))
        assert len(server.asked) == 2

    def test_no_server_at_all_is_told(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        with pytest.raises(InputError, match=r"(?s)127\.0\.0\.1:1/a\.zip: cannot be downloaded.*by hand"):
            download("http://127.0.0.1:1/a.zip", None, tmp_path, patience=QUICK)

    @pytest.mark.parametrize(
        "address", ["http://", "http://[", "http:///a.zip", "http://127.0.0.1:99999/", "http://*/"]
    )
    def test_an_impossible_address_is_told(self, tmp_path: Path, address: str) -> None:
        with pytest.raises(InputError, match="cannot be downloaded"):
            download(address, None, tmp_path, patience=Patience(attempts=1, timeout=0.5))

    def test_too_little_room_is_told_before_it_runs_out(
        self, server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(transfer.shutil, "disk_usage", lambda _: SimpleNamespace(free=1000))
        told = refusal(server, tmp_path)
        assert "room for 1000" in told
        assert "CANIGATTI_CACHE" in told

    def test_a_folder_that_cannot_be_written_is_told(self, server: Server, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("not a folder")
        assert "CANIGATTI_CACHE" in refusal(server, tmp_path / "file")


def test_two_processes_share_one_download(server: Server, tmp_path: Path) -> None:
    server.delay = 0.2
    code = f"""
from pathlib import Path
from canigatti.photos.download import download
print(download({server.address!r}, {SHA256!r}, Path({str(tmp_path)!r})).stat().st_size)
"""
    environment = {**os.environ, "NO_PROXY": "127.0.0.1"}
    both = [subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, env=environment) for _ in range(2)]
    assert [process.communicate(timeout=30)[0] for process in both] == [f"{len(ARCHIVE)}\n".encode()] * 2
    assert server.asked == [None]
    assert left_in(tmp_path) == {"photos.zip"}


class TestFetch:
    @pytest.fixture(autouse=True)
    def _cache(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("CANIGATTI_CACHE", str(tmp_path / "cache"))

    def test_records_what_was_downloaded_with_its_sha256(self, server: Server, tmp_path: Path) -> None:
        fetch(server.address, tmp_path / "photos/source.json", None)
        record = read_json(tmp_path / "photos/source.json")
        assert Path(record.pop("path")).read_bytes() == ARCHIVE
        assert record == {"source": server.address, "kind": "zip", "bytes": len(ARCHIVE), "sha256": SHA256}

    def test_an_archive_that_is_none_does_not_stay_in_the_cache(self, server: Server, tmp_path: Path) -> None:
        server.content = b"no zip at all"
        with pytest.raises(InputError):
            fetch(server.address, tmp_path / "source.json", None)
        server.content = ARCHIVE
        fetch(server.address, tmp_path / "source.json", None)
        assert read_json(tmp_path / "source.json")["sha256"] == SHA256

    def test_records_a_folder_as_given(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(tmp_path)
        Path("photos/Cat").mkdir(parents=True)
        Path("photos/Cat/0.jpg").write_bytes(b"four")
        fetch("photos", Path("source.json"), None)
        expected = {"source": "photos", "path": "photos", "kind": "folder", "bytes": 4, "sha256": None}
        assert read_json(Path("source.json")) == expected

    @pytest.mark.parametrize("source", ["nowhere.zip", "ftp://example.org/a.zip", ""])
    def test_records_nothing_when_there_is_nothing(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str
    ) -> None:
        monkeypatch.chdir(tmp_path)
        with pytest.raises(InputError):
            fetch(source, Path("source.json"), "0" * 64)
        assert not Path("source.json").exists()

    def test_refuses_a_local_file_of_another_sha256(self, tmp_path: Path) -> None:
        (tmp_path / "photos.zip").write_bytes(ARCHIVE)
        with pytest.raises(InputError, match=f"expected SHA-256 {'0' * 64}"):
            fetch(str(tmp_path / "photos.zip"), tmp_path / "source.json", "0" * 64)
