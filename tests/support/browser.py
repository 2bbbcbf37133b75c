"""Chromium without a window, driven by chromedriver through the WebDriver protocol."""

import base64
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests

_START_TRIES = 100  # of a tenth of a second


class Browser:
    """A session of a browser.

    Attributes:
        downloads: the folder of downloaded files.
    """

    def __init__(self, address: str, capabilities: dict[str, Any], downloads: Path) -> None:
        made = _send("POST", f"{address}/session", {"capabilities": {"alwaysMatch": capabilities}})
        self._session, self.downloads = f"{address}/session/{made['sessionId']}", downloads

    def open(self, path: Path) -> None:
        """Open a file, and wait until it is loaded."""
        self._post("url", {"url": path.as_uri()})

    def show(self, width: int, height: int, scheme: str = "light") -> None:
        """Emulate a screen.

        Args:
            width: of the page, in CSS pixels.
            height: of the page, in CSS pixels.
            scheme: `light` or `dark`, what the user prefers.
        """
        sizes = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self.command("Emulation.setDeviceMetricsOverride", **sizes)
        self.command(
            "Emulation.setEmulatedMedia", media="", features=[{"name": "prefers-color-scheme", "value": scheme}]
        )

    def run(self, script: str, *arguments: Any) -> Any:
        """Run the body of a JavaScript function in the page, and return what it returns; a promise is awaited."""
        return self._post("execute/sync", {"script": script, "args": arguments})

    def click(self, selector: str) -> None:
        """Click on the first element of a CSS selector."""
        self.run("document.querySelector(arguments[0]).scrollIntoView({block: 'center'})", selector)
        self._post(f"element/{self._find(selector)}/click", {})

    def type(self, selector: str, text: str) -> None:
        """Type into the first element of a CSS selector."""
        self._post(f"element/{self._find(selector)}/value", {"text": text})

    def messages(self) -> list[str]:
        """Return the messages of the browser's console since the last call, such as violations of a page's policy."""
        return [entry["message"] for entry in self._post("se/log", {"type": "browser"})]

    def picture(self, path: Path) -> None:
        """Write the whole page as a PNG file."""
        shot = self.command("Page.captureScreenshot", format="png", captureBeyondViewport=True)
        path.write_bytes(base64.b64decode(shot["data"]))

    def command(self, name: str, **parameters: Any) -> dict[str, Any]:
        """Run a command of the Chrome DevTools Protocol."""
        return self._post("goog/cdp/execute", {"cmd": name, "params": parameters})

    def close(self) -> None:
        """End the session."""
        _send("DELETE", self._session)

    def _find(self, selector: str) -> str:
        found = self._post("element", {"using": "css selector", "value": selector})
        return next(iter(found.values()))

    def _post(self, name: str, content: dict[str, Any]) -> Any:
        return _send("POST", f"{self._session}/{name}", content)


@contextmanager
def open_browser(folder: Path) -> Iterator[Browser]:
    """Start a browser; the test is skipped if chromium or chromedriver is not installed.

    Args:
        folder: an empty one, for its home and its downloads.
    """
    driver, chromium = shutil.which("chromedriver"), shutil.which("chromium") or shutil.which("google-chrome")
    if not driver or not chromium:
        pytest.skip("needs chromium and chromedriver")
    downloads, port = folder / "downloads", _free_port()
    downloads.mkdir()
    options = {
        "binary": chromium,
        "args": ["--headless=new", "--no-sandbox", "--disable-gpu"],
        "prefs": {"download.default_directory": str(downloads)},
    }
    capabilities = {"browserName": "chrome", "goog:chromeOptions": options, "goog:loggingPrefs": {"browser": "ALL"}}
    environment = {**os.environ, "HOME": str(folder)}
    process = subprocess.Popen([driver, f"--port={port}"], env=environment, stdout=subprocess.DEVNULL)
    try:
        _wait_for(f"http://127.0.0.1:{port}")
        browser = Browser(f"http://127.0.0.1:{port}", capabilities, downloads)
        try:
            yield browser
        finally:
            browser.close()
    finally:
        process.terminate()
        process.wait()


def _wait_for(address: str) -> None:
    for _ in range(_START_TRIES):
        try:
            requests.get(f"{address}/status", timeout=5)
            return
        except requests.ConnectionError:
            time.sleep(0.1)
    raise AssertionError(f"chromedriver does not answer at {address}")


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def _send(method: str, url: str, content: dict[str, Any] | None = None) -> Any:
    answer = requests.request(method, url, json=content, timeout=120).json()["value"]
    assert not (isinstance(answer, dict) and "error" in answer), answer
    return answer
