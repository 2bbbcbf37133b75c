"""Ensembles, robustness, learning curves and power in the report."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from canigatti.evaluation.predictions import Predictions, softmax, write_predictions
from canigatti.evaluation.records import CORRUPTED
from canigatti.evaluation.severities import CORRUPTED_COLUMNS, CORRUPTIONS, SEVERITIES
from canigatti.files import InputError
from canigatti.photos.records import SPLIT
from canigatti.report.derived import AUGMENTED, BEST_FEW, SEEDS, derived_sentence, derived_table
from canigatti.report.further import FurtherResults, read_further
from canigatti.report.page.further import Further, further_context
from canigatti.report.power import power_table
from canigatti.report.ranking import ACCURACY
from canigatti.report.robustness import robustness_sentence, robustness_table

PHOTOS = 400
IDS = np.array([f"photo.{number}" for number in range(PHOTOS)], dtype=object)
ALONE = pd.Series(IDS, index=IDS)
PAIRS = pd.Series([f"pair.{number // 2}" for number in range(PHOTOS)], index=IDS)
NOTHING = FurtherResults({}, {}, [])


def predictions(wrong=(), classes=2, logit=2.0, photos=PHOTOS):
    """Predictions that are wrong for these photos, with the same certainty for all."""
    labels = np.arange(photos) % classes
    predicted = np.where(np.isin(np.arange(photos), list(wrong)), (labels + 1) % classes, labels)
    logits = np.where(np.arange(classes) == predicted[:, None], logit, 0.0)
    logits = logits - logits[:, :1]
    return Predictions(IDS[:photos], labels, softmax(logits), logits)


def run(experiment, seed=1, wrong=(), **fields):
    values = {
        "split": "half",
        "diverged": False,
        "random": False,
        "validation": (),
        "classes": 2,
        "logit": 2.0,
        "loss": 0.1,
    } | fields
    training = SimpleNamespace(
        spec=SimpleNamespace(split=values["split"]), random_initialization=values["random"], wall_seconds=60.0
    )
    return SimpleNamespace(
        experiment=experiment,
        seed=seed,
        diverged=values["diverged"],
        training=training,
        predictions=predictions(wrong, values["classes"], values["logit"]),
        validation=predictions(values["validation"], values["classes"], photos=100),
        validation_loss=values["loss"],
        speed=SimpleNamespace(milliseconds_per_photo=2.0),
    )


def study(runs, further=NOTHING, groups=ALONE):
    return SimpleNamespace(runs=runs, further=further, groups=groups)


def tabulate(runs, further=NOTHING):
    """Return the table of derived results; a diverged seed counts as a guess on the validation set."""
    networks = []
    for name in dict.fromkeys(one.experiment for one in runs if not one.diverged):
        members = [one for one in runs if one.experiment == name]
        accuracies = [0.5 if one.diverged else one.validation.correct.mean() for one in members]
        networks.append(
            SimpleNamespace(
                name=name,
                split=members[0].training.spec.split,
                random_initialization=members[0].training.random_initialization,
                validation=float(np.mean(accuracies)),
                validation_loss=members[0].validation_loss,
            )
        )
    return derived_table(study(runs, further), networks, ACCURACY)


def test_an_ensemble_of_equal_seeds_is_the_member():
    runs = [run("a", seed, wrong=range(20)) for seed in (1, 2, 3)]
    [row] = tabulate(runs).itertuples()
    assert (row.kind, row.accuracy, row.difference, row.seeds) == (SEEDS, 0.95, 0.0, 3)
    assert not row.shown
    assert row.loss == pytest.approx(
        -np.log(runs[0].predictions.probabilities[np.arange(PHOTOS), np.arange(PHOTOS) % 2]).mean()
    )
    assert (row.milliseconds_per_photo, row.training_seconds) == (6.0, 180.0)
    assert derived_sentence(tabulate(runs)).startswith("None of them is shown")


@pytest.mark.parametrize("classes", [2, 3])
def test_an_ensemble_of_seeds_that_err_on_different_photos_is_better_and_says_so(classes):
    runs = [run("a", seed, wrong=range(40 * seed, 40 * seed + 40), classes=classes) for seed in (1, 2, 3)]
    table = tabulate(runs)
    assert table["accuracy"].tolist() == [1.0]
    assert table["difference"].tolist() == pytest.approx([0.1])
    assert derived_sentence(table).startswith(
        "Shown, after correction for 1 comparison: the ensemble of the seeds of a, +10.0 points ("
    )
    assert derived_sentence(table).endswith("compared with the mean of its members.")


def test_the_best_few_are_chosen_on_the_validation_set():
    """On the test set, the worst on the validation set would be the best."""
    errors = {"a": 8, "b": 2, "c": 4, "d": 6}
    runs = [
        run(name, seed, wrong=range(10 * count, 10 * count + 5), validation=range(count))
        for name, count in errors.items()
        for seed in (1, 2)
    ]
    runs += [run("random", seed, random=True) for seed in (1, 2)]
    runs += [run("other", seed, split="most") for seed in (1, 2)]
    table = tabulate(runs)
    [best] = table[table["kind"] == BEST_FEW].itertuples()
    assert (best.members, best.experiment, best.split, best.seeds) == ("b, c, d", "b", "half", 2)
    assert (best.milliseconds_per_photo, best.training_seconds) == (6.0, 180.0)


def test_the_best_few_are_ranked_as_the_headline_ranks_them():
    """A diverged seed counts as a guess, and the loss decides between equal accuracies."""
    runs = [run("a", seed, validation=range(5), diverged=seed == 3) for seed in (1, 2, 3)]
    runs += [run("b", seed, validation=range(10), loss=0.3) for seed in (1, 2, 3)]
    runs += [run("c", seed, validation=range(10), loss=0.2) for seed in (1, 2, 3)]
    table = tabulate(runs)
    [best] = table[table["kind"] == BEST_FEW].itertuples()
    assert (best.members, best.experiment, best.seeds) == ("c, b, a", "c", 2)


def test_diverged_seeds_are_in_no_ensemble():
    runs = [run("a", 1), run("a", 2, diverged=True), run("b", 1, diverged=True), run("b", 2)]
    assert tabulate(runs).empty
    assert derived_sentence(tabulate(runs)) == ""


def test_augmentation_that_changes_nothing_has_no_difference():
    runs = [run("a", seed, wrong=range(10)) for seed in (1, 2)]
    augmented = {("a", seed): runs[0].predictions for seed in (1, 2)}
    table = tabulate(runs, replace(NOTHING, augmented=augmented))
    [row] = table[table["kind"] == AUGMENTED].itertuples()
    assert (row.difference, row.shown, row.milliseconds_per_photo) == (0.0, False, 12.0)


def corrupted(wrong_of, seeds=(1, 2, 3), experiment="a"):
    """Results on corrupted photos: `wrong_of` maps (corruption, severity) to the number of wrong photos."""
    columns, labels = {}, np.arange(PHOTOS) % 2
    for name in CORRUPTIONS:
        for severity in SEVERITIES:
            wrong = np.arange(PHOTOS) < wrong_of.get((name, severity), 0)
            columns[f"{name}_{severity}"] = np.where(wrong, 1 - labels, labels)
    frame = pd.DataFrame({"id": IDS, "label": labels, **columns})
    assert set(CORRUPTED_COLUMNS) <= set(frame)
    return {(experiment, seed): frame.sample(frac=1, random_state=seed) for seed in seeds}  # in any order


@pytest.fixture
def corrected(tmp_path):
    """A study with robustness and test-time augmentation, whose corrections exclude photo 0 and relabel photo 1."""
    evaluation = tmp_path / "evaluation" / "a" / "seed1"
    CORRUPTED.write(evaluation / "corrupted.csv", corrupted({}, seeds=(1,))["a", 1])
    write_predictions(evaluation / "augmented.csv", predictions(wrong=[1]), ("cat", "dog"))
    SPLIT.write(
        tmp_path / "splits" / "half" / "test.csv",
        pd.DataFrame({"id": IDS[1:], "label": [0, *(np.arange(2, PHOTOS) % 2)], "part": "test"}),
    )
    outline = SimpleNamespace(
        robustness=("a",),
        test_time_augmentation=("a",),
        learning_curve=None,
        seeds=(1,),
        experiments=[SimpleNamespace(name="a", split="half"), SimpleNamespace(name="b", split="other")],
    )
    return outline, tmp_path


def test_a_relabeled_photo_is_judged_by_its_new_label_and_an_excluded_one_is_gone(corrected):
    """The network calls photo 1 a dog, which the correction says is a cat; six views of it look like a cat."""
    further = read_further(*corrected, ("cat", "dog"))
    augmented, rows = further.augmented["a", 1], further.corrupted["a", 1]
    assert augmented.ids.tolist() == rows["id"].tolist() == IDS[1:].tolist()
    assert augmented.correct.all()
    one = replace(predictions(), labels=np.where(np.arange(PHOTOS) == 1, 0, np.arange(PHOTOS) % 2))
    networks = run("a")
    networks.predictions = Predictions(one.ids[1:], one.labels[1:], one.probabilities[1:], one.logits[1:])
    table = robustness_table([networks], further.corrupted, ALONE)
    assert set(table["n"]) == {PHOTOS - 1}
    assert table["unchanged"].to_numpy() == pytest.approx(1 - 1 / (PHOTOS - 1))
    assert (table["difference"] == 0).all()
    [row] = tabulate([networks], further).itertuples()
    assert (row.kind, row.n, row.accuracy) == (AUGMENTED, PHOTOS - 1, 1)
    assert row.difference == pytest.approx(1 / (PHOTOS - 1))


@pytest.mark.parametrize("name", ["corrupted.csv", "augmented.csv"])
def test_a_file_without_a_photo_of_the_test_set_is_refused(corrected, name):
    path = corrected[1] / "evaluation" / "a" / "seed1" / name
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(line for line in lines if not line.startswith("photo.7,")))
    with pytest.raises(InputError, match=rf"{name}: expected a prediction of each photo .* photo\.7 has none"):
        read_further(*corrected, ("cat", "dog"))


def test_the_drop_is_paired_with_an_interval_and_only_what_is_shown_is_said():
    runs = [run("a", seed) for seed in (1, 2, 3)]
    changed = corrupted({("blur", 2): 60, ("blur", 3): 100, ("noise", 3): 120, ("jpeg", 3): 2})
    table = robustness_table(runs, changed, ALONE)
    assert len(table) == 15
    rows = table.set_index(["corruption", "severity"])
    assert rows.loc[("noise", 3), "difference"] == pytest.approx(-0.3)
    assert rows.loc[("noise", 3), "difference_low"] < -0.3 < rows.loc[("noise", 3), "difference_high"] < 0
    assert rows.loc[("blur", 1), "difference"] == 0
    assert not rows.loc[("jpeg", 3), "shown"]
    sentence = robustness_sentence(table)
    assert sentence.startswith(
        "a (mean over 3 seeds): the deepest fall that is shown is that with noise of severity 3, −30.0 points ("
    )
    assert "The accuracy of 100.0% falls with blur (severities 2 and 3) and noise (severity 3)." in sentence
    assert sentence.endswith("No fall is shown for jpeg, brightness and rotation.")


def test_a_fall_at_one_severity_says_nothing_about_higher_ones():
    changed = corrupted({("blur", 1): 60, ("blur", 3): 2})
    sentence = robustness_sentence(robustness_table([run("a", seed) for seed in (1, 2, 3)], changed, ALONE))
    assert "falls with blur (severity 1)." in sentence


def test_without_a_shown_fall_the_sentence_says_so():
    table = robustness_table([run("a")], corrupted({("blur", 3): 2}, seeds=(1,)), ALONE)
    assert (
        robustness_sentence(table)
        == "a (one trained network): none of these changes is shown to lower the accuracy of 100.0%."
    )


def test_groups_widen_the_interval_of_a_drop():
    runs, changed = [run("a")], corrupted({("blur", 3): 100}, seeds=(1,))
    widths = []
    for groups in (ALONE, PAIRS):
        row = robustness_table(runs, changed, groups).set_index(["corruption", "severity"]).loc[("blur", 3)]
        widths.append(row["difference_high"] - row["difference_low"])
    assert widths[1] == pytest.approx(np.sqrt(2) * widths[0], rel=0.02)


def test_experiments_without_corrupted_photos_have_no_rows():
    assert robustness_table([run("b")], corrupted({}), ALONE).empty


def test_a_study_without_these_keys_shows_none_of_these_parts(network):
    empty = Further(tabulate([run("a")]), None, None, power_table([network("a")], 1))
    context = further_context(empty)
    assert (context["derived"], context["robustness"], context["learning_curve"], context["derived_sentence"]) == (
        None,
        None,
        None,
        "",
    )
    assert len(context["power"]) == 1
