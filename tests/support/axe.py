"""axe-core, which checks a page for what keeps people from using it; https://github.com/dequelabs/axe-core."""

from functools import cache
from importlib.util import find_spec
from pathlib import Path

import pytest
from browser import Browser

SCREENS = [(width, scheme) for width in (390, 1280) for scheme in ("light", "dark")]

# One line for each kind of violation: the rule, its impact, the number of elements, and the first of them.
_RUN = """
document.querySelectorAll("details").forEach((one) => (one.open = true));
return axe.run(document, {resultTypes: ["violations"]}).then((results) => results.violations.map((found) =>
  `${found.id} (${found.impact}): ${found.nodes.length} × ${found.nodes[0].html.slice(0, 200)}`));
"""


@cache
def axe() -> str:
    """Return the source of axe-core; the test is skipped without the package that brings it."""
    # The package itself is for a browser driver that these tests do not use, so it is not imported.
    spec = find_spec("axe_playwright_python")
    if spec is None or spec.origin is None:
        pytest.skip("needs axe-playwright-python")
    return Path(spec.origin).with_name("axe.min.js").read_text(encoding="utf-8")


def violations(browser: Browser, page: Path, width: int, scheme: str) -> list[str]:
    """Open a page on a screen, with all that it can unfold, and return its violations of axe-core's rules."""
    source = axe()  # the test is skipped before it opens anything
    browser.show(width, 900, scheme)
    browser.open(page)
    return violations_now(browser, source)


def violations_now(browser: Browser, source: str = "") -> list[str]:
    """Return the violations of the page that is open, in the state that it has, with all that it can unfold."""
    browser.run(f"{source or axe()}; window.axe = axe;")
    return browser.run(_RUN)
