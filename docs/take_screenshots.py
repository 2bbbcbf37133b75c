"""Take the documentation's pictures of the pages of a finished study of generated photos: `make screenshots`.

Needs Chromium. Only pages of generated photos: those of people do not belong into a repository.

Usage: python docs/take_screenshots.py [results/demo]
"""

import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image

PICTURES = Path(__file__).parent / "pictures"
_WIDTH, _QUALITY = 1280, 80
_SECONDS = 120
# Page, section that is shown alone (empty for the top of the page), and height in pixels, by name of the picture.
SHOWN = {
    "page": ("report/index.html", "", 900),
    "table": ("report/index.html", "base", 620),
    "audit": ("audit/index.html", "", 1000),
}
_FIGURE = "evaluation/base-641620-rgb/seed42/misclassified.png"  # of a network with some errors
_POLICY = re.compile(r'<meta http-equiv="Content-Security-Policy"[^>]*>')


def take(page: Path, section: str, height: int, picture: Path) -> None:
    """Write what a browser window shows of a page.

    Headless Chromium takes the top of a page, so a copy without the other sections is shown.

    Args:
        page: the HTML file.
        section: id of the section to show; empty for the whole page.
        height: of the window, in pixels.
        picture: the WebP file to write.
    """
    browser = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if browser is None:
        sys.exit("take_screenshots: there is no Chromium")
    with tempfile.TemporaryDirectory() as folder:
        shot, copy = Path(folder, "shot.png"), Path(folder, "page.html")
        copy.write_text(_alone(page.read_text(encoding="utf-8"), section), encoding="utf-8")
        command = [browser, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"]
        command += [f"--user-data-dir={folder}/profile", f"--window-size={_WIDTH},{height}", f"--screenshot={shot}"]
        subprocess.run([*command, copy.as_uri()], check=True, capture_output=True, timeout=_SECONDS)
        save(shot, picture)


def _alone(html: str, section: str) -> str:
    """Return a page with one section only; its policy, which refuses other styles, is left out."""
    if not section:
        return html
    if f'<section id="{section}"' not in html:
        sys.exit(f"take_screenshots: the page has no section {section}")
    style = f"<style>header, nav, footer, section:not(#{section}) {{display: none}}</style>"
    return _POLICY.sub("", html).replace("</head>", f"{style}</head>")


def save(image_file: Path, picture: Path) -> None:
    """Write an image as WebP, at most as wide as a page."""
    with Image.open(image_file) as image:
        image.thumbnail((_WIDTH, _WIDTH))
        image.convert("RGB").save(picture, quality=_QUALITY, method=6)


def main() -> None:
    """Take all pictures."""
    results = Path(sys.argv[1] if len(sys.argv) > 1 else "results/demo")
    source = results / "photos" / "planted.csv"
    if not source.exists():
        sys.exit(f"{source}: expected a study of generated photos, finished with `make demo`")
    PICTURES.mkdir(exist_ok=True)
    for name, (page, section, height) in SHOWN.items():
        take(results / page, section, height, PICTURES / f"{name}.webp")
    save(results / _FIGURE, PICTURES / "misclassified.webp")


if __name__ == "__main__":
    main()
