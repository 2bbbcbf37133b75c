"""Learning curves: their fit, their range, what they say, and their plot."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from canigatti.report.curve_fitting import Envelope, envelope, fit_curves, predict_errors, resample
from canigatti.report.further import CurvePoint, FurtherResults
from canigatti.report.learning_curve import curve_notes, curve_sentence, learning_curve
from canigatti.report.page.further_plots import plot_learning_curve

PHOTOS = 400
IDS = np.array([f"photo.{number}" for number in range(PHOTOS)], dtype=object)
ALONE = pd.Series(IDS, index=IDS)
PAIRS = pd.Series([f"pair.{number // 2}" for number in range(PHOTOS)], index=IDS)
NOTHING = FurtherResults({}, {}, [])


@pytest.mark.parametrize("floor", [0.0, 0.05])
def test_a_curve_without_noise_is_found(floor):
    n = np.array([1 / 16, 1 / 8, 1 / 4, 1 / 2, 1])
    errors = floor + 0.06 * n**-0.5
    curves = fit_curves(n, errors[None], np.ones(5), has_floor=True)
    assert predict_errors(curves, np.array([2.0]))[0, 0] == pytest.approx(floor + 0.06 * 2**-0.5, abs=5e-4)
    plain = fit_curves(n, errors[None], np.ones(5), has_floor=False)
    assert plain[0, 0] == 0


def test_a_curve_never_has_a_negative_floor_and_never_rises():
    errors = np.random.default_rng(5).random((50, 5))
    for has_floor in (False, True):
        curves = fit_curves(np.array([1, 2, 4, 8, 16.0]), errors, np.ones(5), has_floor)
        assert (curves >= 0).all()


def test_resampling_has_the_spread_of_photos_and_seeds():
    generator = np.random.default_rng(6)
    wrong = [generator.random((300, 3)) < rate for rate in (0.3, 0.1)]
    errors = resample(wrong, np.arange(300))
    np.testing.assert_allclose(errors.mean(axis=0), [one.mean() for one in wrong], atol=0.005)
    together = resample([np.repeat(one, 2, axis=0) for one in wrong], np.arange(600) // 2)
    np.testing.assert_allclose(together.std(axis=0), errors.std(axis=0), rtol=0.15)
    spread = np.array([[0.0, 0.0, 1.0]] * 300)  # seeds that differ entirely
    assert resample([spread], np.arange(300)).std() > 0.25


def curve_points(errors, seeds=3, seed=0, diverged=0):
    generator = np.random.default_rng(seed)
    difficulty = generator.random((PHOTOS, 1))
    return [
        CurvePoint(
            fraction=fraction,
            photos=1600 * fraction,
            experiment="a" if fraction == 1 else f"a-{fraction}",
            correct=pd.DataFrame(difficulty + generator.normal(0, 0.02, (PHOTOS, seeds)) > error, index=IDS),
            diverged=diverged,
        )
        for fraction, error in zip((1 / 16, 1 / 8, 1 / 4, 1 / 2, 1.0), errors, strict=True)
    ]


def curve_of(points, groups=ALONE):
    counts = pd.DataFrame({0: [800, 100, 100], 1: [800, 100, 100]}, index=["train", "validation", "test"])
    outline = SimpleNamespace(experiments=[SimpleNamespace(name="a", split="half")])
    return learning_curve(
        SimpleNamespace(
            further=replace(NOTHING, curve=points), outline=outline, groups=groups, split_counts={"half": counts}
        )
    )


FALLING = 0.05 * np.array([1 / 16, 1 / 8, 1 / 4, 1 / 2, 1]) ** -0.5


def test_the_sentence_gives_the_range_for_twice_the_photos():
    curve = curve_of(curve_points(FALLING))
    assert curve.table["photos"].tolist() == [100, 200, 400, 800, 1600, 3200]
    assert curve.table["measured"].tolist() == [True] * 5 + [False]
    low, high = curve.table.iloc[-1][["accuracy_low", "accuracy_high"]]
    assert low < 1 - 0.05 * 2**-0.5 < high
    now = curve.table["accuracy"][4]
    assert curve_sentence(curve) == (
        f"With twice the training photos, about 3,200, a would classify about {100 * low:.1f} to {100 * high:.1f}% of "
        f"the photos correctly, instead of {100 * now:.1f}% with 1,600."
    )
    assert curve_notes(curve) == []


@pytest.mark.parametrize(
    ("points", "note"),
    [
        (curve_points(FALLING, seeds=2), "needs at least 4 fractions and 3 seeds"),
        (curve_points(FALLING)[2:], "needs at least 4 fractions and 3 seeds"),
        (curve_points([0.1] * 5), "The error is not shown to fall"),
        (curve_points([0.1, 0.08, 0.3, 0.02, 0.01]), "Neither a power law nor one with a floor agrees"),
    ],
    ids=["two seeds", "three points", "flat", "no power law"],
)
def test_a_curve_that_does_not_bear_a_statement_makes_none(points, note):
    curve = curve_of(points)
    assert curve_sentence(curve) == ""
    assert note in curve_notes(curve)[0]


def test_a_range_that_says_nothing_is_not_stated():
    curve = curve_of(curve_points(FALLING))
    wide = Envelope(curve.ahead.photos, np.zeros_like(curve.ahead.low), np.full_like(curve.ahead.high, 0.5), True, True)
    assert curve_sentence(replace(curve, ahead=wide)) == ""
    assert curve_notes(replace(curve, ahead=wide)) == [
        "The range for twice the photos is so wide that it says nothing."
    ]


def test_without_the_network_on_all_photos_there_is_no_curve():
    points = curve_points(FALLING)
    assert curve_of([]) is None
    assert curve_of(points[:-1]) is None
    assert curve_of([*points[:-1], replace(points[-1], correct=points[-1].correct[[]])]) is None


def test_photos_that_belong_together_widen_the_range():
    alone, pairs = (
        envelope(
            np.array([1, 2, 4, 8.0]),
            [
                np.repeat(np.random.default_rng(3).random((100, 3)) < error, 2, axis=0)
                for error in (0.4, 0.3, 0.22, 0.16)
            ],
            groups,
            np.array([2.0]),
        )
        for groups in (np.arange(200), np.arange(200) // 2)
    )
    assert pairs.high[0] - pairs.low[0] > 1.15 * (alone.high[0] - alone.low[0])


def test_the_plot_has_a_band_only_with_a_statement():
    with_band, without = (
        plot_learning_curve(curve_of(points)) for points in (curve_points(FALLING), curve_points([0.1] * 5))
    )
    labels = [[text.get_text() for text in figure.legends[0].get_texts()] for figure in (with_band, without)]
    assert labels == [["fitted curves", "measured, with 95% interval"], ["measured, with 95% interval"]]


def test_a_point_of_the_curve_is_at_the_photos_that_its_networks_were_trained_on():
    """Groups of photos are never divided, so a quarter of the training set may be half of it."""
    points = curve_points(FALLING)
    points[2] = replace(points[2], photos=800.0)
    table = curve_of(points).table.set_index("fraction")
    assert table.loc[[1 / 4, 1.0], "photos"].tolist() == [800, 1600]
