"""Uploads with bounded memory: a body is read only after its length is known, allowed, and reserved."""

import asyncio
import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.requests import ClientDisconnect, Request

from canigatti.photos.archives import MEMBER_LIMIT
from canigatti.prediction.files import describe_excess

_MAX_SECONDS = 120  # of one upload; a stalled one must not keep the memory of others


class RefusedUpload(Exception):  # noqa: N818 (the name describes the upload)
    """An upload that is not read.

    Attributes:
        status: HTTP status.
        reason: on one line.
    """

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(status, reason)
        self.status, self.reason = status, reason


class ByteBudget:
    """The number of bytes that all uploads may hold together; those for which none are left wait in order."""

    def __init__(self, size: int) -> None:
        """Create a budget.

        Args:
            size: bytes; no reservation may be larger.
        """
        self._free, self._turn, self._released = size, asyncio.Lock(), asyncio.Event()

    @asynccontextmanager
    async def reserve(self, length: int) -> AsyncIterator[None]:
        """Wait until this many bytes are free, and hold them during the block."""
        async with self._turn:
            while self._free < length:
                self._released.clear()
                await self._released.wait()
            self._free -= length
        try:
            yield
        finally:
            self._free += length
            self._released.set()


def declared_length(request: Request) -> int:
    """Return the number of bytes of a body, which the server enforces.

    Raises:
        RefusedUpload: the request does not declare it, or it is larger than a photo may be.
    """
    declared = request.headers.get("content-length")
    if declared is None:
        raise RefusedUpload(411, "expected the header Content-Length, received none")
    if (length := int(declared)) > MEMBER_LIMIT:
        raise RefusedUpload(413, describe_excess(length))
    return length


async def read_body(request: Request) -> bytes:
    """Read a body into memory; Starlette's `request.form` would write it to a temporary file.

    Args:
        request: its length is declared, see :func:`declared_length`.

    Raises:
        RefusedUpload: the upload ended early, or takes too long.
    """
    body = io.BytesIO()  # unlike a bytearray, it hands over what it holds without a copy
    try:
        async with asyncio.timeout(_MAX_SECONDS):
            async for chunk in request.stream():
                body.write(chunk)
    except TimeoutError:
        raise RefusedUpload(408, f"the upload took more than {_MAX_SECONDS} seconds") from None
    except ClientDisconnect:
        raise RefusedUpload(400, "the upload ended early") from None
    return body.getvalue()
