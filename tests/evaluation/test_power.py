"""The power of a study, computed before anything trains; `benchmarks/coverage_power.py` simulates it."""

import numpy as np
import pytest
from scipy.stats import binom, norm

from canigatti.evaluation.power import (
    POWER,
    Assumptions,
    assume,
    concentration_of,
    photos_needed,
    power,
    seeds_needed,
    smallest_difference,
)
from canigatti.evaluation.power_texts import power_sentences

USUAL = assume(0.9)
CERTAIN = Assumptions(accuracy=0.9, disagreement=0.12, seed_disagreement=0.1, seed_std=0.0)


def test_the_power_for_no_difference_is_the_rate_of_false_alarms():
    for seeds in (1, 3, 10):
        assert 0.005 < power(1e-9, 1_000, seeds, USUAL) < 0.06


def test_power_rises_with_the_difference_the_photos_and_the_seeds():
    assert power(0.02, 1_000, 5, USUAL) < power(0.03, 1_000, 5, USUAL)
    assert power(0.02, 1_000, 5, USUAL) < power(0.02, 4_000, 5, USUAL)
    assert power(0.02, 1_000, 3, USUAL) < power(0.02, 1_000, 10, USUAL)


def test_with_many_photos_and_seeds_it_is_that_of_a_normal_test():
    photos, seeds, difference = 100_000, 60, 0.002
    variance = (0.12 - 0.1 - difference**2 + 0.1 / seeds) / photos
    expected = norm.sf(norm.ppf(0.975) - difference / np.sqrt(variance))
    assert power(difference, photos, seeds, CERTAIN) == pytest.approx(expected, abs=0.02)


@pytest.mark.parametrize(
    ("photos", "disagreement", "difference"), [(400, 0.1, 0.05), (1_000, 0.2, 0.04), (300, 0.3, 0.1)]
)
def test_with_one_seed_it_is_that_of_mcnemars_mid_p_test(photos, disagreement, difference):
    """Computed here over all outcomes."""
    expected = 0.0
    for discordant in range(photos + 1):
        outcomes = np.arange(discordant + 1)
        larger = np.maximum(outcomes, discordant - outcomes)
        p = 2 * binom.sf(larger, discordant, 0.5) + binom.pmf(larger, discordant, 0.5)
        better = (disagreement + difference) / (2 * disagreement)
        shown = binom.pmf(outcomes, discordant, better)[p < 0.05].sum()
        expected += binom.pmf(discordant, photos, disagreement) * shown
    equal = disagreement - concentration_of(difference, 0.05) * difference**2  # if both were equally accurate
    made = Assumptions(0.8, equal, 0.05, 0.0)
    assert made.disagreement_at(difference) == pytest.approx(disagreement)
    assert power(difference, photos, 1, made) == pytest.approx(expected, abs=0.015)


@pytest.mark.parametrize("seeds", [1, 3, 5])
@pytest.mark.parametrize("photos", [200, 5_000])
def test_the_smallest_difference_has_a_power_of_80_percent(photos, seeds):
    difference = smallest_difference(photos, seeds, USUAL)
    assert power(difference, photos, seeds, USUAL) == pytest.approx(POWER, abs=0.01)


@pytest.mark.parametrize("seeds", [3, 10])
def test_the_numbers_needed_are_the_smallest_that_suffice(seeds):
    photos = photos_needed(0.02, seeds, CERTAIN)
    assert power(0.02, photos, seeds, CERTAIN) >= POWER > power(0.02, photos - 1, seeds, CERTAIN)
    needed = seeds_needed(0.02, 1_000, USUAL)
    assert power(0.02, 1_000, needed, USUAL) >= POWER > power(0.02, 1_000, needed - 1, USUAL)


def test_some_differences_need_more_than_photos_or_seeds():
    spread = Assumptions(0.9, 0.12, 0.1, seed_std=0.02)
    assert photos_needed(0.01, 3, spread) is None
    assert seeds_needed(0.01, 100, spread) is None
    assert smallest_difference(4, 1, USUAL) is None


def test_assumptions_that_contradict_a_difference_are_corrected():
    """Networks that differ by 30 points disagree on 30% of the photos at least."""
    assert power(0.3, 200, 3, Assumptions(0.95, 0.05, 0.05, 0.0)) > 0.99
    assert power(0.3, 200, 1, Assumptions(0.95, 0.05, 0.05, 0.0)) > 0.99


def test_the_sentences_say_what_the_study_shows_and_what_smaller_differences_need():
    first, second, third = power_sentences(500, 5, USUAL)
    assert first.startswith("With 500 independent test photos and 5 seeds, this study shows a difference of ")
    assert "between two approaches (assumed to classify 90% correctly) in four of five cases." in first
    assert second.startswith("A difference of 2 points needs ")
    assert third.startswith("A difference of 1 point needs ")
    photos = photos_needed(0.02, 5, USUAL)
    shown = int(second.split("needs ")[1].split(" test")[0].replace(",", ""))
    assert photos <= shown <= 1.1 * photos
    needed = seeds_needed(0.02, 500, USUAL)
    assert (f" or {needed} seeds." if needed else "; more seeds alone do not suffice.") in second


def test_one_seed_is_a_statement_about_trained_networks():
    sentences = power_sentences(400, 1, USUAL)
    assert "between two trained networks" in sentences[0]
    assert "whether the approaches differ, only several seeds can tell" in sentences[1]


def test_a_study_that_shows_small_differences_needs_nothing_more():
    [sentence] = power_sentences(400_000, 10, Assumptions(0.9, 0.12, 0.1, 0.001, is_measured=True))
    assert "(as measured here)" in sentence


def test_what_photos_or_seeds_alone_cannot_show_is_said():
    spread = Assumptions(0.9, 0.12, 0.1, seed_std=0.02)
    assert power_sentences(100, 3, spread)[-1] == "A difference of 1 point needs more photos and more seeds."
    assert "more photos alone do not suffice" in power_sentences(20_000, 3, spread)[-1]
    tiny = power_sentences(3, 1, USUAL)
    assert tiny == [
        "With 3 independent test photos and one seed, this study does not show a difference below 50 percentage points "
        "between two trained networks (assumed to classify 90% correctly) in four of five cases."
    ]
