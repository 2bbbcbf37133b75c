"""The page in a browser: on a phone and a large screen, light and dark, on paper, and with its scripts."""

from pathlib import Path

import pytest
from axe import SCREENS, violations
from browser import open_browser

from canigatti.plots import new_figure
from canigatti.report import page as page_package
from canigatti.report.page import embedding
from canigatti.report.page.embedding import embed_figure

SORTING = Path(page_package.__file__).with_name("sorting.js").read_text(encoding="utf-8")
SHOWN = ("base-641620-rgb", "base-801010-rgb-aug", "tuned", "mobilenetv2-transfer")


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    with open_browser(tmp_path_factory.mktemp("browser")) as started:
        yield started


def write(results, write_report, **fields):
    """Write the page of a few experiments of several tables, and return its path."""
    study, folder = results(all_tables=True, **fields)
    outline = study.outline("config/study.yaml")
    experiments = tuple(one for one in outline.experiments if one.name in SHOWN)
    tables = tuple(name for name in outline.tables if name in {"all", *(one.table for one in experiments)})
    return write_report(outline.model_copy(update={"experiments": experiments, "tables": tables}), folder, curves=True)


@pytest.fixture(scope="module")
def page(results, write_report, browser):
    """The page of a study of two classes, with findings; written after the browser has started, or not at all."""
    return write(results, write_report, name="full") / "index.html"


@pytest.mark.parametrize(("width", "scheme"), SCREENS)
def test_axe_finds_no_violation_with_everything_unfolded(browser, page, width, scheme):
    assert violations(browser, page, width, scheme) == []
    assert browser.messages() == []


@pytest.mark.slow
def test_axe_finds_no_violation_on_a_page_of_three_classes_and_two_seeds(browser, results, write_report):
    report = write(results, write_report, classes=("cat", "dog", "owl"), seeds=(42, 43))
    assert violations(browser, report / "index.html", *SCREENS[0]) == []


def test_axe_finds_what_is_planted(browser, tmp_path):
    page = tmp_path / "index.html"
    page.write_text('<html lang="en"><title>A page</title><main><h1>A page</h1><details><img src="a"></details></main>')
    (found,) = violations(browser, page, *SCREENS[0])
    assert found.startswith("image-alt (critical): 1 × <img")


def test_the_answer_is_within_the_first_900_pixels(browser, page):
    browser.show(1280, 900)
    browser.open(page)
    bottom = "return document.querySelector('#answer').getBoundingClientRect().bottom"
    assert 200 < browser.run(bottom) < 900
    assert "canigatti predict results/full/" in browser.run("return document.querySelector('#answer').textContent")


WIDER = """
document.querySelectorAll("details").forEach((one) => (one.open = true));
return [...document.querySelectorAll("figure, img")].filter((one) => one.getBoundingClientRect().right > innerWidth)
  .length;
"""
# What scrolls sideways without the shadows at its edges.
WITHOUT_CUE = """
return [...document.querySelectorAll("body *")].filter((one) => {
  const style = getComputedStyle(one);
  return one.scrollWidth > one.clientWidth + 1 && ["auto", "scroll"].includes(style.overflowX) &&
    !style.backgroundAttachment.includes("local");
}).map((one) => one.outerHTML.slice(0, 100));
"""


@pytest.mark.parametrize("width", [390, 1280])
def test_no_figure_is_wider_than_the_screen_and_what_scrolls_shows_it(browser, page, width):
    browser.show(width, 900)
    browser.open(page)
    assert browser.run(WIDER) == 0
    assert browser.run("return document.documentElement.scrollWidth <= innerWidth")
    assert browser.run(WITHOUT_CUE) == []


TABLE = "#base .scroll > table"
COLUMN = f"""
return [...document.querySelectorAll("{TABLE} tbody tr")].map((row) => row.cells[arguments[0]].textContent.trim())
"""


def test_a_click_on_a_heading_sorts_the_table_and_the_third_one_restores_it(browser, page):
    browser.show(1280, 900)
    browser.open(page)
    headings = browser.run(f"return [...document.querySelectorAll('{TABLE} thead th')].map((one) => one.textContent)")
    column = headings.index("Loss")
    sort, order = f"{TABLE} th:nth-child({column + 1}) button", browser.run(COLUMN, 0)
    state = f"return document.querySelector('{TABLE} th:nth-child({column + 1})').getAttribute('aria-sort')"
    before = browser.run(COLUMN, column)  # of each cell 0.4357, and below it the value of the original study
    browser.click(sort)
    assert browser.run(state) == "ascending"
    assert browser.run(COLUMN, column) == sorted(before, key=lambda text: float(text[:6]))
    browser.click(sort)
    assert browser.run(state) == "descending"
    assert browser.run(COLUMN, column)[0] == max(before, key=lambda text: float(text[:6]))
    browser.click(sort)
    assert browser.run(state) is None
    assert browser.run(COLUMN, 0) == order


def test_the_keyboard_sorts_and_another_heading_takes_over(browser, page):
    browser.show(1280, 900)
    browser.open(page)
    browser.type(f"{TABLE} th:first-child button", "\ue006")  # the key Return
    browser.type(f"{TABLE} th:nth-child(2) button", " ")
    sorts = f"return [...document.querySelectorAll('{TABLE} th')].map((one) => one.getAttribute('aria-sort'))"
    assert [one for one in browser.run(sorts) if one] == ["ascending"]
    assert browser.run(sorts)[1] == "ascending"


@pytest.mark.parametrize(
    ("texts", "ordered"),
    [
        (["8 h", "2 min 3 s", "2 min", "59.2 s"], ["59.2 s", "2 min", "2 min 3 s", "8 h"]),
        (["–", "+1.2 points", "−3.4 points", "+0.0 points"], ["−3.4 points", "+0.0 points", "+1.2 points", "–"]),
        (["1,024", "512", "99"], ["99", "512", "1,024"]),
        (["★ 97.5% (91–99)", "8.0%", "≈ 12.1%"], ["8.0%", "≈ 12.1%", "★ 97.5% (91–99)"]),
        (["failed: 3", "0.9", "0.1234", ""], ["0.1234", "0.9", "", "failed: 3"]),
        (["vgg16", "base-10", "base-9"], ["base-9", "base-10", "vgg16"]),
        (["0.03", "< 0.0001", "1e-3"], ["< 0.0001", "1e-3", "0.03"]),
    ],
)
def test_numbers_durations_and_names_are_sorted_as_what_they_are(browser, page, texts, ordered):
    browser.show(1280, 900)
    browser.open(page)
    compare = f"{SORTING}; return [...arguments[0]].sort(comparisonOf(arguments[0], 1))"
    assert browser.run(compare, texts) == ordered


def test_what_is_folded_is_printed_and_folded_again(browser, page):
    browser.show(1280, 900)
    browser.open(page)
    opened = "return document.querySelectorAll('details[open]').length"
    count = browser.run("return document.querySelectorAll('details').length")
    assert (browser.run(opened), count > 5) == (0, True)
    browser.run("dispatchEvent(new Event('beforeprint'))")
    assert browser.run(opened) == count
    browser.run("dispatchEvent(new Event('afterprint'))")
    assert browser.run(opened) == 0


CUT_OFF = """
document.querySelectorAll("details").forEach((one) => (one.open = true));
return [...document.querySelectorAll("table")].filter((one) => one.getBoundingClientRect().right > innerWidth + 1)
  .map((one) => one.outerHTML.slice(0, 120));
"""


def test_on_paper_every_column_is_there(browser, page):
    """A4 landscape without margins of 12 mm has a width of 273 mm, 1,031 pixels."""
    browser.show(1031, 700, "dark")
    browser.open(page)
    features = [{"name": "prefers-color-scheme", "value": "dark"}]
    browser.command("Emulation.setEmulatedMedia", media="print", features=features)
    assert browser.run(CUT_OFF) == []
    style = "const one = getComputedStyle(document.querySelector(arguments[0])); return one[arguments[1]]"
    assert browser.run(style, "body", "backgroundColor") == "rgb(255, 255, 255)"
    assert browser.run(style, ".drawn img", "filter") == "none"
    assert browser.run(style, ".significant", "printColorAdjust") == "exact"


def test_dark_mode_inverts_plots_and_no_photos(browser, page):
    browser.show(1280, 900, "dark")
    browser.open(page)
    styles = "return [...document.querySelectorAll(arguments[0])].map((one) => getComputedStyle(one)[arguments[1]])"
    assert {*browser.run(styles, ".drawn img", "filter")} == {"invert(0.91) hue-rotate(180deg)"}
    assert {*browser.run(styles, ".photos img", "filter")} == {"none"}
    assert {*browser.run(styles, ".photos img", "backgroundColor")} == {"rgb(255, 255, 255)"}


# The mean difference of the pixels of two images, from 0 to 255; of a blank image and a plot it is about 10.
DIFFERENCE = """
const pixels = (source) => new Promise((resolve) => {
  const image = new Image();
  image.onload = () => {
    const canvas = Object.assign(document.createElement("canvas"), {width: image.width, height: image.height});
    canvas.getContext("2d").drawImage(image, 0, 0);
    resolve(canvas.getContext("2d").getImageData(0, 0, image.width, image.height).data);
  };
  image.src = source;
});
return Promise.all(arguments[0].map(pixels)).then(([first, second]) =>
  first.reduce((sum, value, position) => sum + Math.abs(value - second[position]), 0) / first.length);
"""


def plot(color="tab:blue"):
    figure = new_figure(5, 3)
    axes = figure.add_subplot()
    axes.plot([3, 1, 4, 1, 5, 9, 2, 6], "o-", color=color, label="curve")
    axes.axvspan(2, 3.5, alpha=0.3, color=color)
    axes.grid()
    axes.set_ylabel("loss")
    axes.legend()
    return figure


def test_a_figure_with_fewer_bytes_looks_the_same(browser, tmp_path, monkeypatch):
    small, other = (embed_figure(plot(color)).uri for color in ("tab:blue", "tab:red"))
    monkeypatch.setattr(embedding, "compact", lambda svg: svg)
    whole = embed_figure(plot()).uri
    (tmp_path / "index.html").write_text("<title>A page</title>")
    browser.open(tmp_path / "index.html")
    assert len(small) < 0.6 * len(whole)
    assert browser.run(DIFFERENCE, [small, whole]) < 0.5
    assert browser.run(DIFFERENCE, [other, whole]) > 1
