"""The server process: one socket on this machine, and an end without a traceback when Ctrl-C is pressed."""

import logging
import socket
import warnings
from contextlib import suppress

import uvicorn
from starlette.types import ASGIApp

from canigatti.files import InputError

_HOST = "127.0.0.1"
_MAX_REQUESTS = 100  # at a time; more are refused, because each waiting one holds a socket and 64 kB
_SECONDS_TO_END = 2  # for requests that are being answered when the server ends


class _Server(uvicorn.Server):
    """A server that ends without reporting the requests that it cuts off as errors."""

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)
        await super().shutdown(sockets)


def open_socket(port: int) -> socket.socket:
    """Listen on this machine, so that other machines cannot connect.

    Args:
        port: 0 for any free one.

    Raises:
        InputError: the port cannot be used.
    """
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # a former server's closed connections do not count
    try:
        listening.bind((_HOST, port))
        listening.listen()
    except OSError as error:
        listening.close()
        raise InputError(f"--port: {_HOST}:{port} cannot be used ({error.strerror}); try --port 0") from None
    return listening


def address(listening: socket.socket) -> str:
    """Return the address of the page."""
    return f"http://{_HOST}:{listening.getsockname()[1]}/"


def run(application: ASGIApp, listening: socket.socket) -> None:
    """Serve until Ctrl-C is pressed.

    Args:
        application: the web application.
        listening: see :func:`open_socket`.
    """
    settings = uvicorn.Config(
        application,
        http="h11",
        ws="none",
        lifespan="off",
        log_level="warning",
        access_log=False,
        server_header=False,
        limit_concurrency=_MAX_REQUESTS,
        timeout_graceful_shutdown=_SECONDS_TO_END,
    )
    # uvicorn ends at Ctrl-C, and then repeats the signal.
    with warnings.catch_warnings(), suppress(KeyboardInterrupt):
        warnings.simplefilter("ignore")  # the filters that decoding sets and restores are shared by all threads
        _Server(settings).run(sockets=[listening])
