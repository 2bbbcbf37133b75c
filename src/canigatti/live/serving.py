"""A server on this machine alone for one page, which is written again when it is asked for after a while."""

import threading
import time
from collections.abc import Callable
from functools import partial
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from canigatti.files import InputError

ADDRESS = "127.0.0.1"
_HEAD = "<head>\n"


class PageServer:
    """Serves a page, and lets the browser load it again.

    Attributes:
        seconds: between two times that the browser loads the page, and the shortest time between two that it is made.
    """

    def __init__(self, make_page: Callable[[], str], port: int, seconds: int) -> None:
        """Open the port.

        Args:
            make_page: returns the page as HTML; it may raise InputError.
            port: 0 for any that is free.
            seconds: see the attribute.

        Raises:
            OSError: the port is in use; the message names it.
        """
        self.seconds = seconds
        self._make_page, self._lock = make_page, threading.Lock()
        self._page, self._made = b"", 0.0
        try:
            self._server = ThreadingHTTPServer((ADDRESS, port), partial(_Handler, self))
        except OSError as error:
            raise OSError(error.errno, f"port {port}: {error.strerror}; --port chooses another one") from None

    @property
    def address(self) -> str:
        """The address of the page."""
        return f"http://{ADDRESS}:{self.port}/"

    @property
    def port(self) -> int:
        """The port that is served."""
        return int(self._server.server_address[1])

    def serve(self) -> None:
        """Serve until the process is interrupted, or :meth:`stop` is called in another thread."""
        with self._server:
            self._server.serve_forever(poll_interval=0.2)

    def stop(self) -> None:
        """End :meth:`serve`."""
        self._server.shutdown()

    def page(self) -> bytes:
        """Return the page, made again if it is older than :attr:`seconds`; the last one if it cannot be made now.

        Raises:
            InputError: no page could be made yet.
        """
        with self._lock:
            if not self._page or time.monotonic() - self._made >= self.seconds:
                try:
                    refresh = f'<meta http-equiv="refresh" content="{self.seconds}">\n'
                    self._page = self._make_page().replace(_HEAD, _HEAD + refresh, 1).encode()
                except InputError:
                    if not self._page:
                        raise
                self._made = time.monotonic()
            return self._page


class _Handler(BaseHTTPRequestHandler):
    def __init__(self, owner: PageServer, *arguments: object) -> None:
        self._owner = owner
        super().__init__(*arguments)  # type: ignore[arg-type]

    def do_GET(self) -> None:
        """Answer with the page, or with why there is none."""
        # A page of another site could ask for it under a name of its own that it points to this machine.
        allowed = {f"{host}:{self._owner.port}" for host in (ADDRESS, "localhost")}
        if self.headers.get("Host") not in allowed:
            self._answer(HTTPStatus.FORBIDDEN, b"forbidden", "text/plain")
        elif self.path != "/":
            self._answer(HTTPStatus.NOT_FOUND, b"not found", "text/plain")
        else:
            try:
                self._answer(HTTPStatus.OK, self._owner.page(), "text/html")
            except InputError as error:
                self._answer(HTTPStatus.SERVICE_UNAVAILABLE, str(error).encode(), "text/plain")

    do_HEAD = do_GET  # noqa: N815

    def _answer(self, status: HTTPStatus, body: bytes, kind: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Print nothing for each request."""
