"""The script of the explorer, in a browser: filters, order, the enlarged photo, keys, and addresses of every state."""

import re
import time
from pathlib import Path

import pytest
from axe import SCREENS, violations_now
from browser import open_browser
from explorer_pages import HOSTILE, IDS, page

import canigatti.report.page.rendering

RIGHT, LEFT, DOWN, END, ENTER, ESCAPE = "\ue014", "\ue012", "\ue015", "\ue010", "\ue007", "\ue00c"
NAMES = "return [...document.querySelectorAll('#photos strong')].map((one) => one.textContent)"
IN_FOCUS = "return document.activeElement.querySelector('strong')?.textContent"
FIRST = "#photos a[tabindex='0']"
ENLARGED = "return document.getElementById('enlarged').open ? document.getElementById('name').textContent : ''"
HASH = "return decodeURIComponent(location.hash)"


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    with open_browser(tmp_path_factory.mktemp("browser")) as started:
        yield started


@pytest.fixture
def explorer(browser, tmp_path):
    """The page, open in the browser."""
    browser.show(width=390, height=800, scheme="dark")
    (tmp_path / "explorer.html").write_text(page(), encoding="utf-8")
    browser.open(tmp_path / "explorer.html")
    return browser


def eventually(browser, script, expected):
    """Wait until a script returns a value: addresses take effect in a later task of the browser."""
    value = None
    for _ in range(100):
        value = browser.run(script)
        if value == expected:
            return
        time.sleep(0.1)
    assert value == expected


def choose(browser, name, value):
    browser.run(
        "const select = document.querySelector(`select[name=${arguments[0]}]`); select.value = arguments[1];"
        "select.dispatchEvent(new Event('change', {bubbles: true}))",
        *(name, value),
    )


def test_the_errors_of_all_networks_are_two_clicks_from_the_page(browser, tmp_path):
    templates = Path(canigatti.report.page.rendering.__file__).parent.glob("*.j2")
    links = re.findall(
        '<p[^>]*>.*<a href="{{ report }}explorer.html">.*', "\n".join(path.read_text() for path in templates)
    )
    assert len(links) == 1
    (tmp_path / "index.html").write_text(links[0].replace("{{ report }}", ""), encoding="utf-8")
    (tmp_path / "explorer.html").write_text(page(), encoding="utf-8")
    browser.open(tmp_path / "index.html")
    browser.click("a[href='explorer.html']")
    eventually(browser, "return document.querySelectorAll('#photos li').length", len(IDS))
    browser.click("nav a:nth-child(2)")
    eventually(browser, NAMES, ["owl.1.jpg", "cat.1.jpg"])
    assert browser.run("return document.querySelector('nav a[aria-current]').textContent") == "Wrong by all 2"
    assert browser.run("return document.getElementById('status').textContent") == "2 photos of 9"
    assert browser.run(HASH) == "#wrong"


def test_filters_of_classes_and_networks_combine(explorer):
    choose(explorer, "label", "0")
    eventually(explorer, HASH, "#all&label=0")
    eventually(explorer, "return document.querySelectorAll('#photos li').length", 4)
    choose(explorer, "as", "1")
    eventually(explorer, NAMES, ["cat.1.jpg", "cat.3.jpg", "cat.2.jpg"])
    choose(explorer, "by", "plain/seed2")
    eventually(explorer, NAMES, ["cat.1.jpg"])
    choose(explorer, "as", "wrong")
    choose(explorer, "label", "")
    eventually(explorer, HASH, "#all&as=wrong&by=plain/seed2")
    eventually(explorer, NAMES, ["owl.1.jpg", "cat.1.jpg"])


def test_the_photos_are_sorted(explorer):
    assert explorer.run(NAMES)[:4] == ["owl.1.jpg", "cat.1.jpg", "dog.2.jpg", "cat.3.jpg"]
    choose(explorer, "sort", "certainty")
    eventually(explorer, f"{NAMES}.slice(0, 3)", ["cat.3.jpg", "owl.1.jpg", "dog.2.jpg"])
    choose(explorer, "sort", "id")
    eventually(explorer, f"{NAMES}.slice(0, 4)", ["cat.1.jpg", "cat.2.jpg", "cat.3.jpg", "cat.10.jpg"])
    explorer.click("nav a[href^='#duplicates']")
    eventually(explorer, NAMES, ["cat.1.jpg", "cat.2.jpg"])
    explorer.click("nav a[href^='#rejected']")
    eventually(explorer, "return document.getElementById('photos').hidden", True)
    assert explorer.run("return document.querySelectorAll('#rejected tbody tr').length") == 2


def test_keys_move_between_photos_enlarge_and_close(explorer):
    first, second, third = explorer.run(NAMES)[:3]
    explorer.type(FIRST, RIGHT)
    assert explorer.run(IN_FOCUS) == second
    explorer.type(FIRST, LEFT + DOWN)
    columns = explorer.run(
        "return getComputedStyle(document.getElementById('photos')).gridTemplateColumns.split(' ').length"
    )
    assert columns == 2
    assert explorer.run(IN_FOCUS) == third
    explorer.type(FIRST, ENTER)
    eventually(explorer, ENLARGED, third)
    explorer.type("#close", LEFT + LEFT + LEFT)
    eventually(explorer, ENLARGED, first)
    assert explorer.run("return document.getElementById('previous').disabled")
    explorer.type("#close", ESCAPE)
    eventually(explorer, ENLARGED, "")
    eventually(explorer, IN_FOCUS, first)
    eventually(explorer, HASH, "#all")
    explorer.type(FIRST, END)
    assert explorer.run(IN_FOCUS) == explorer.run(NAMES)[-1]


def test_the_enlarged_photo_names_its_file_and_every_network(explorer):
    explorer.run("location.hash = '#photo=' + encodeURIComponent(arguments[0])", HOSTILE)
    eventually(explorer, ENLARGED, HOSTILE)
    text = "return document.getElementById(arguments[0]).innerText.replace(/\\s+/g, ' ')"
    assert f"File photos/{HOSTILE} Class dog Wrong 0 of 3 networks" in explorer.run(text, "facts")
    explorer.run("location.hash = '#photo=cat.2.jpg'")
    eventually(explorer, ENLARGED, "cat.2.jpg")
    assert "Near duplicates cat.1.jpg, cat.99.jpg" in explorer.run(text, "facts")
    cells = (
        "return [...document.querySelectorAll('#networks tr')]"
        ".map((row) => [...row.cells].map((one) => one.textContent))"
    )
    assert explorer.run(cells) == [
        ["plain, seed 1", "cat", "90.00%", "90.00%"],
        ["plain, seed 2", "cat", "80.00%", "80.00%"],
        ["augmented, seed 1", "dog", "90.00%", "5.00%"],
    ]


def test_an_address_restores_its_state_and_going_back_closes_the_photo(explorer):
    choose(explorer, "sort", "id")
    eventually(explorer, HASH, "#all&sort=id")
    explorer.run("document.querySelectorAll('#photos a')[3].click()")
    eventually(explorer, ENLARGED, "cat.10.jpg")
    explorer.type("#close", RIGHT + RIGHT)
    eventually(explorer, HASH, "#all&sort=id&photo=dog.1.jpg")
    explorer.run("location.reload()")
    eventually(explorer, ENLARGED, "dog.1.jpg")
    assert explorer.run("return document.getElementById('position').textContent") == "6 of 9"
    assert explorer.run("return document.querySelector('select[name=sort]').value") == "id"
    explorer.run("history.back()")
    eventually(explorer, ENLARGED, "")
    assert explorer.run(f"{NAMES}[3]") == "cat.10.jpg"
    explorer.run("location.hash = '#nowhere&label=77&as=x&by=y&sort=z&photo=%'")
    eventually(explorer, f"{NAMES}[0]", "owl.1.jpg")


def test_the_policy_blocks_nothing_and_the_page_fits_a_phone(explorer):
    fits = "return document.documentElement.scrollWidth <= document.documentElement.clientWidth"
    assert explorer.run(fits)
    explorer.click(FIRST)
    eventually(explorer, "return document.getElementById('enlarged').open", True)
    assert explorer.run("const one = document.getElementById('enlarged'); return one.scrollWidth <= one.clientWidth")
    assert explorer.run("return document.querySelector('#picture img').alt") == "The photo owl.1.jpg"
    assert explorer.messages() == []
    unnamed = (
        "return [...document.querySelectorAll('button, a, select')]"
        ".filter((one) => !one.textContent.trim() && !one.labels?.length).length"
    )
    assert explorer.run(unnamed) == 0


@pytest.mark.parametrize(("width", "scheme"), SCREENS)
def test_axe_finds_no_violation_in_any_view(explorer, width, scheme):
    explorer.show(width, 900, scheme)
    for view in ("all", "duplicates", "rejected"):
        explorer.run("location.hash = arguments[0]", view)
        eventually(explorer, "return document.querySelector('nav a[aria-current]').hash", f"#{view}")
        assert violations_now(explorer) == [], view
    explorer.run("location.hash = '#photo=cat.2.jpg'")
    eventually(explorer, ENLARGED, "cat.2.jpg")
    assert violations_now(explorer) == []


def test_axe_finds_no_violation_without_scripts(browser, tmp_path):
    """The script of the page is left out, because axe needs one."""
    html = re.sub(r"<script>.*?</script>", "", page(), flags=re.DOTALL)
    (tmp_path / "explorer.html").write_text(html, encoding="utf-8")
    browser.open(tmp_path / "explorer.html")
    assert browser.run("return document.getElementById('photos').hidden")
    assert violations_now(browser) == []
