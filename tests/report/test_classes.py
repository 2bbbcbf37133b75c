"""What the page says about classes: unequal ones, confused ones, many, and none of the original's claims."""

import re
from functools import cache

import numpy as np
import pytest

from canigatti.report.page.classes import confused_classes, is_unequal
from canigatti.report.texts import count_range

FLOWERS = ("daisy", "dandelion", "roses", "tulips")
UNEQUAL = {"classes": ("daisy", "dandelion"), "pattern": (0, *[1] * 9), "kept": (20, 200)}


@pytest.fixture(scope="module")
def page(results, write_report):
    """Write a study and its report, and return the text of the page without tags, on one line."""

    @cache
    def write(**fields):
        study, folder = results(**fields)
        html = (write_report(study, folder) / "index.html").read_text(encoding="utf-8")
        html = re.sub(r"<style>.*?</style>", "", html, flags=re.DOTALL)
        return " ".join(re.sub(r"<[^>]+>", " ", html).split())

    return write


@pytest.mark.parametrize(
    ("kept", "expected"), [((150, 100), False), ((151, 100), True), ((100, 151, 120), True), ((5, 0), True)]
)
def test_classes_are_unequal_above_a_ratio_of_one_and_a_half(kept, expected):
    assert is_unequal(dict(enumerate(kept))) is expected


def test_unequal_classes_are_named_with_their_counts_if_accuracy_ranks(page):
    text = page(**UNEQUAL)
    assert "The classes are unequal: dandelion has 200 photos, daisy has 20 photos." in text
    assert "rank_by: balanced_accuracy" in text
    assert "The classes are unequal" not in page(**UNEQUAL, rank_by="balanced_accuracy")
    assert "The classes are unequal" not in page()


def test_the_guess_is_next_to_the_accuracies(page):
    text = page(**UNEQUAL)
    guess = "Always guessing dandelion, the largest class, would be correct for 90.0% of the test photos."
    assert f"(95% interval 83.7 to 86.5, for this trained network). {guess}" in text
    assert text.count(guess) == 3  # headline, base table, all experiments
    assert "Always guessing the largest class would be correct for 50.0% of the test photos." in page()


def test_no_class_is_called_the_largest_if_several_are(page):
    balance = "and the number of files that are not used. Always guessing"
    assert f"{balance} dandelion, the largest class, would be correct for 90.9% of the photos." in page(**UNEQUAL)
    assert f"{balance} the largest class would be correct for 50.0% of the photos." in page()


def test_an_accuracy_that_is_not_above_the_guess_is_called_so(page):
    called = "not shown to be better than guessing the largest class"
    assert f"This accuracy is {called} ." in page(**UNEQUAL)  # 85% against 90%
    assert called not in page()
    assert called not in page(classes=FLOWERS)
    text = page(**UNEQUAL, rank_by="balanced_accuracy")
    assert f"This accuracy is {called} ." in text
    assert "always guessing the largest class has 50.0%" in text


def test_claims_of_the_original_are_only_in_studies_that_ask_for_them(page):
    ours, original = page(classes=FLOWERS, all_tables=True), page(all_tables=True)
    claims = ("original", "cats and dogs", "JFIF", "80-10-10 split always helps", "576 weights", "The base grid")
    for claim in (*claims, "Augmentation raises accuracy", "finding"):
        assert re.search(rf"\b{claim}", original, re.IGNORECASE), claim
        assert not re.search(rf"\b{claim}", ours, re.IGNORECASE), claim
    assert "Daisy, dandelion, roses or tulips?" in ours


def test_a_study_of_other_photos_that_asks_for_findings_is_told_what_they_are_about(results, write_report):
    study, folder = results(classes=FLOWERS)
    stale = folder / "report/tables/findings.csv"
    report = write_report(study.model_copy(update={"findings": True}), folder)
    assert "Its photos are other ones: a verdict here says nothing about the original" in (
        (report / "index.html").read_text(encoding="utf-8")
    )
    assert stale.is_file()
    write_report(study, folder)
    assert not stale.exists()


def test_classes_are_confused_with_each_other_in_either_direction():
    counts = np.array([[7, 2, 0, 1], [3, 6, 1, 0], [0, 0, 9, 1], [0, 0, 3, 7]])
    first, second, *others = confused_classes(counts, FLOWERS)
    assert (first.first, first.second, first.as_second, first.as_first) == ("daisy", "dandelion", 2, 3)
    assert (first.confused, first.photos) == (5, 20)
    assert (second.first, second.second, second.confused) == ("roses", "tulips", 4)
    assert [(pair.first, pair.second, pair.confused) for pair in others] == [
        ("daisy", "tulips", 1),
        ("dandelion", "roses", 1),
    ]
    assert confused_classes(np.diag([3, 4, 5, 6]), FLOWERS) == []


def test_the_page_names_the_most_confused_classes_in_a_sentence(page):
    text = page(classes=FLOWERS)
    # 371 errors of the best experiment: 92 of daisy, and 93 of each other class
    sentence = (
        "roses and tulips are confused with each other most often: 186 of the 1,250 test photos of these two classes"
    )
    assert sentence in text
    assert "The next pairs: daisy and dandelion (185 of 1,250)." in text
    assert "confused with each other" not in page()


@pytest.mark.parametrize("count", [2, 4, 40])
def test_every_class_is_in_the_table_of_metrics(page, count):
    names = tuple(f"class{number}" for number in range(count))
    text = page(classes=names)
    for name in names:
        assert re.search(rf"{name} {5000 // count:,} \d+\.\d% \(\d+\.\d–\d+\.\d\)", text), name
    assert ("The classes with the lowest F1 come first." in text) == (count == 40)
    assert re.search(r"All classes together: accuracy \d+\.\d%, balanced accuracy \d+\.\d%, macro F1 0\.\d+", text)
    assert ("500,000 photos: 12,500 of each of 40 classes." in text) == (count == 40)


def test_counts_that_do_not_differ_are_one_number():
    assert count_range([4, 1200, 20]) == "4 to 1,200"


def test_the_axis_of_the_loss_reaches_the_loss_of_a_guess_among_many_classes(results):
    from canigatti.report.page.plots import exceeds_axis
    from canigatti.report.results import read_study

    study, folder = results(classes=FLOWERS)
    run = read_study(study.outline("config/study.yaml"), folder).runs[0]
    run.history["loss"] = np.linspace(6.9, 0.5, len(run.history))
    assert exceeds_axis([run], "loss", 2)
    assert not exceeds_axis([run], "loss", 1000)
