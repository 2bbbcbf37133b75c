"""The answer at the top of the page: what the best network is, what costs less, and the command that uses it."""

import shlex
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from canigatti.report.cheaper import cheaper_sentence
from canigatti.report.evidence import collect_networks
from canigatti.report.guessing import Guess, guesses_of
from canigatti.report.page.answer import answer, describe_network
from canigatti.report.page.rendering import shown_source
from canigatti.report.ranking import RANKINGS
from canigatti.report.results import read_study
from canigatti.report.tables import Evidence, study_table

DEFINITION = "Training times include the search, and the training of the network whose weights were the starting point."


@pytest.fixture(scope="module")
def study(results):
    study, folder = results()
    return read_study(study.outline("config/study.yaml"), folder)


@pytest.fixture
def sentence(study, network):
    """The sentence on three experiments a (the best), b and c of a split.

    The arguments are their misclassified photos of 100 and their training times; `guess` is the accuracy of a guess;
    `changes` are changed fields of the training records by experiment.
    """
    found = [run for run in study.runs if "801010" in run.experiment][:3]

    def write(wrong, seconds, guess=0.5, searches=(), changes=None, rank_by="accuracy"):
        networks, runs = [], []
        for run, name, photos, time in zip(found, "abc", wrong, seconds, strict=True):
            made = network(name, wrong=photos, split="80-10-10", validation=0.9 - 0.1 * len(networks))
            networks.append(made)
            update = {"wall_seconds": time, **(changes or {}).get(name, {})}
            training = run.training.model_copy(update=update)
            metrics = run.metrics.model_copy(update={"accuracy": made.accuracy})
            runs.append(replace(run, experiment=name, training=training, metrics=metrics))
        evidence = Evidence.of(networks, RANKINGS[rank_by])
        trials = [SimpleNamespace(experiment=name, trials=pd.DataFrame({"seconds": times})) for name, times in searches]
        made = SimpleNamespace(runs=runs, searches=trials)
        return cheaper_sentence(made, study_table(runs, evidence), evidence, Guess("80-10-10", None, guess, guess))

    return write


def test_the_cheapest_that_is_not_significantly_worse_is_named_with_the_difference(sentence):
    text = sentence([range(10), range(12), range(60)], [1000, 300, 30])
    assert text.startswith("b takes 5 min of training instead of 16 min 40 s, and is not significantly less accurate: ")
    assert "accurate: −2.0 points (−" in text
    assert text.endswith(DEFINITION)


def test_with_one_seed_it_is_about_these_trained_networks(sentence):
    assert "), for these trained networks. Training times" in sentence(
        [range(10), range(12), range(60)], [1000, 300, 30]
    )
    assert "less accurate, for these trained networks." in sentence([range(5), range(50), range(60)], [1000, 300, 30])


def test_the_time_of_a_search_counts(sentence):
    wrong = [range(10), range(12), range(11)]
    assert sentence(wrong, [1000, 30, 300]).startswith("b takes 30 s ")
    assert sentence(wrong, [1000, 30, 300], searches=[("b", [400, 200])]).startswith("c takes 5 min ")


def test_a_cheaper_one_that_is_more_accurate_on_the_test_set_has_a_positive_difference(sentence):
    assert "not significantly less accurate: +2.0 points (" in sentence(
        [range(12), range(10), range(60)], [1000, 300, 30]
    )


def test_if_every_cheaper_one_is_significantly_worse_the_page_says_so(sentence):
    text = sentence([range(5), range(50), range(60)], [1000, 300, 30])
    assert text.startswith("Every experiment with the same split that takes less training time than this one (16 min ")
    text = sentence([range(10), range(12), range(60)], [10, 300, 30])
    assert text.startswith("No experiment with the same split takes less training time (10 s).")


NOT_MUCH = {"wrong": [range(10), range(12), range(60)], "seconds": [1000, 900, 1100]}
WITHOUT_SKILL = {"wrong": [range(45), range(46), range(48)], "seconds": [1000, 300, 30]}
TOO_FEW_PHOTOS = {"wrong": [range(10), range(10, 21), range(60)], "seconds": [1000, 300, 30], "guess": 0.75}
OTHER_DEVICE = {"changes": {"b": {"device": "CPU, 2 cores"}}}
DIVERGED = {"changes": {"c": {"status": "diverged"}}}


@pytest.mark.parametrize("case", [NOT_MUCH, WITHOUT_SKILL, TOO_FEW_PHOTOS, OTHER_DEVICE, DIVERGED, {"rank_by": "loss"}])
def test_nothing_is_said_where_the_numbers_do_not_bear_it(sentence, case):
    usual = {"wrong": [range(10), range(12), range(60)], "seconds": [1000, 300, 30]}
    assert sentence(**usual)
    assert sentence(**usual | case) == ""


def test_a_convolutional_network_is_described_by_its_layers(make_training_record, make_spec):
    spec = make_spec(network={"filters": [8, 16], "dense_units": 32, "dropout": [0, 0, 0], "convolutions_per_block": 2})
    assert describe_network(make_training_record(spec=spec, parameters=20_573_761)) == (
        "A convolutional network trained from scratch: 2 blocks of 2 convolutions with 8 and 16 filters, and a dense "
        "layer of 32 units; 20.6 million parameters. Photos of 16 × 16 pixels, RGB, not augmented."
    )


@pytest.mark.parametrize(
    ("unfreeze", "weights", "described"),
    [
        ("nothing", "imagenet", "The backbone vgg16, pretrained on ImageNet, frozen, and a new head with dense layers"),
        ("everything", "file", "vgg16, pretrained (weights from a file), all of its layers fine-tuned, and a new head"),
        ("block5_conv1", "imagenet", "pretrained on ImageNet, fine-tuned from its layer block5_conv1 on, and a new"),
    ],
)
def test_a_pretrained_network_is_described_by_its_backbone(
    make_training_record, make_spec, unfreeze, weights, described
):
    spec = make_spec(network={"backbone": "vgg16", "head": {"dense_units": [128, 64]}}, unfreeze=unfreeze)
    text = describe_network(make_training_record(spec=spec, weights=weights, parameters=1234))
    assert described in text
    assert "of 128 and 64 units; 1,230 parameters." in text


@pytest.fixture
def answered(study):
    def make(**changes):
        changed = replace(study, outline=study.outline.model_copy(update=changes))
        evidence = Evidence.of(collect_networks(study.runs, study.groups))
        guesses = guesses_of(study.runs, study.classes, evidence.ranking)
        return answer(changed, study_table(study.runs, evidence), evidence, guesses)

    return make


def test_the_command_names_the_model_and_the_example_in_the_folder_of_the_project(answered):
    found = answered()
    model = "results/synthetic/training/base-801010-rgb-aug/seed42/model.keras"
    assert found.model == model
    assert shlex.split(found.command) == ["canigatti", "predict", model, "results/synthetic/report/example.png"]
    assert found.speed.endswith(" ms for a decoded photo, in batches of 64 (GPU)")


def test_of_an_imported_study_only_the_path_within_its_results_is_known(answered):
    found = answered(configuration=None)
    assert found.model == "training/base-801010-rgb-aug/seed42/model.keras"
    assert found.command == ""


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("photos of pets", "photos of pets"),
        ("../pets/photos.zip", "../pets/photos.zip"),
        ("~/photos", "~/photos"),
        ("/home/somebody/pets/photos.zip", "photos.zip"),
        ("/data/pets/", "pets"),
        (r"C:\Users\somebody\pets", "pets"),
        ("https://example.org/pets/photos.zip", "https://example.org/pets/photos.zip"),
    ],
)
def test_of_an_absolute_path_only_the_last_part_is_shown(source, shown):
    assert shown_source(source) == shown


def test_the_example_is_the_first_test_photo_as_the_network_takes_it(results, write_report):
    study, folder = results()
    report = write_report(study, folder)
    stored = np.load(folder / "photos/images-200.npy")[0]
    assert np.array_equal(np.asarray(Image.open(report / "example.png")), stored)
