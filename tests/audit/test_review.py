"""The script of the page, in a browser: clicks become a file of corrections that the study reads."""

import time

import pytest
from browser import open_browser
from PIL import Image

from canigatti.audit.page.rendering import render
from canigatti.audit.page.selection import Judgments
from canigatti.audit.page.thumbnails import make_thumbnail
from canigatti.audit.records import AUDIT, PAIRS, FeaturesRecord
from canigatti.photos.corrections import read_corrections
from canigatti.photos.records import MANIFEST

CLASSES = ("cat", "dog", "owl, =x")
NAMES = ["cat.0.jpg", "=dog.1.jpg", 'owl."2",.jpg', "cat.3.jpg"]


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    with open_browser(tmp_path_factory.mktemp("browser")) as started:
        started.show(width=390, height=800, scheme="dark")
        yield started


@pytest.fixture
def review(browser, tmp_path):
    """The page with four photos, of which one has been corrected, open in the browser."""
    scores = {"probability": 0.1, "similarity": 0.5, "similarity_rank": 9}
    rows = [
        {"id": name, "label": number % 3, "sha256": f"{number}" * 64, "rank": number + 1, "suggested": (number + 1) % 3}
        | {"probability_rank": number + 1, **scores}
        for number, name in enumerate(NAMES)
    ]
    listed = [
        {"id": row["id"], "label": row["label"], "path": row["id"], "sha256": row["sha256"], "verdict": "keep"}
        | dict.fromkeys(("width", "height", "bytes"), 1)
        | dict.fromkeys(("mode", "format", "phash", "reason"), "")
        for row in rows
    ]
    features = FeaturesRecord(
        backbone="vgg16", weights="file", weights_sha256="", images_sha256="", photos=4, dimensions=1, sha256=""
    )
    made = {
        "id": "cat.3.jpg",
        "sha256": "3" * 64,
        "action": "relabel",
        "label": CLASSES[2],
        "reason": 'a "reason",\n=2',
    }
    html = render(
        "tiny",
        Judgments(MANIFEST.frame(listed), AUDIT.frame(rows), PAIRS.frame([]), CLASSES),
        features,
        {"shown": 4, "given": False, "corrections": [made]},
        lambda path: make_thumbnail(Image.new("RGB", (300, 200))),
    )
    (tmp_path / "index.html").write_text(html, encoding="utf-8")
    browser.open(tmp_path / "index.html")
    return browser


def photo(name):
    quoted = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'.controls[data-id="{quoted}"]'


def button(name, action):
    return f'{photo(name)} button[data-action="{action}"]'


def downloaded(browser):
    """The corrections that a click on the button downloads."""
    path = browser.downloads / "corrections.csv"
    path.unlink(missing_ok=True)
    browser.click("#download")
    for _ in range(100):
        if path.exists() and path.stat().st_size:
            return [(one.id, one.sha256[:1], one.action, one.label, one.reason) for one in read_corrections(path)]
        time.sleep(0.1)
    raise AssertionError("nothing was downloaded")


BEFORE = ("cat.3.jpg", "3", "relabel", CLASSES[2], 'a "reason",\n=2')


def test_clicks_are_downloaded_as_corrections_beside_the_former_ones(review):
    review.type(f"{photo(NAMES[0])} input", '=blurred, "odd"')
    review.click(button(NAMES[0], "exclude"))
    review.click(button(NAMES[1], "relabel"))
    review.click(button(NAMES[2], "keep"))
    assert downloaded(review) == [
        BEFORE,
        (NAMES[0], "0", "exclude", "", '=blurred, "odd"'),
        (NAMES[1], "1", "relabel", CLASSES[2], ""),
        (NAMES[2], "2", "keep", "", ""),
    ]
    assert review.run("return document.getElementById('status').textContent").startswith("4 corrections: 1 exclude")


def test_another_click_withdraws_and_another_action_replaces(review):
    review.click(button(NAMES[0], "exclude"))
    review.click(button(NAMES[0], "exclude"))
    review.click(button(NAMES[1], "exclude"))
    review.click(button(NAMES[1], "keep"))
    pressed = "return [...document.querySelectorAll('button[aria-pressed=true]')].map((one) => one.textContent)"
    assert review.run(pressed) == ["Keep"]
    review.type(f"{photo(NAMES[1])} input", "late")
    assert downloaded(review) == [BEFORE, (NAMES[1], "1", "keep", "", "late")]
    review.click(".withdraw button")
    assert downloaded(review) == [(NAMES[1], "1", "keep", "", "late")]


def test_another_class_than_the_suggested_one_can_be_chosen(review):
    choose = (
        "const select = document.querySelector(arguments[0]); select.focus(); select.value = 'cat';"
        "select.dispatchEvent(new Event('change')); return [...select.options].map((one) => one.value)"
    )
    assert review.run(choose, f"{photo(NAMES[1])} select") == ["cat", CLASSES[2]]
    review.click(button(NAMES[1], "relabel"))
    assert (NAMES[1], "1", "relabel", "cat", "") in downloaded(review)


def test_the_policy_blocks_nothing_of_the_page_and_it_fits_a_phone(review):
    assert review.messages() == []
    assert review.run("return document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    assert review.run("return document.querySelectorAll('.controls').length") == 3
    sizes = "return [...document.querySelectorAll('button')].map((one) => one.getBoundingClientRect().height)"
    assert min(size for size in review.run(sizes) if size) >= 32


def test_every_control_has_a_name(review):
    unnamed = (
        "return [...document.querySelectorAll('button, input, select')]"
        ".filter((one) => !one.textContent.trim() && !one.getAttribute('aria-label')).length"
    )
    assert review.run(unnamed) == 0
