"""The border of the server: it answers this machine's own pages only, and no page may load or send anything else."""

import re

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

# The names under which a browser reaches this machine; the port is another one through an SSH tunnel.
_HOST = re.compile(r"(127\.0\.0\.1|localhost)(:[0-9]{1,5})?", re.IGNORECASE)
_SAFE_METHODS = ("GET", "HEAD")
_HEADERS = {
    "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "cache-control": "no-store",  # a browser would keep answers on disk
}


class LocalOnly:
    """Refuse what another site sent, and add the headers that keep the page from reaching another site.

    Any page in the user's browser can send requests to 127.0.0.1, and one whose name is rebound to 127.0.0.1 can read
    the answers. The former have a foreign `Origin`, the latter a foreign `Host`.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http":
            raise RuntimeError(f"expected an HTTP request, received {scope['type']}")

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(_HEADERS)
            await send(message)

        refusal = refuse(scope["method"], Headers(scope=scope))
        app = PlainTextResponse(f"{refusal}\n", 403) if refusal else self._app
        await app(scope, receive, send_with_headers)


def refuse(method: str, headers: Headers) -> str:
    """Return why a request is refused; empty if it is not.

    Programs such as curl send no `Origin`, and are as trusted as the user who starts them.

    Args:
        method: such as `POST`.
        headers: of the request.
    """
    hosts = headers.getlist("host")
    if len(hosts) != 1 or not _HOST.fullmatch(hosts[0]):
        return f"expected the host 127.0.0.1 or localhost, received {', '.join(hosts) or 'none'}"
    if method in _SAFE_METHODS:
        return ""
    own = f"http://{hosts[0]}".lower()
    if foreign := [origin for origin in headers.getlist("origin") if origin.lower() != own]:
        return f"expected a request from {own}, received one from {foreign[0]}"
    if headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        return f"expected a request from {own}, received one from another site"
    return ""
