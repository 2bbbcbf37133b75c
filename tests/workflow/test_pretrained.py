"""A transfer and the fine-tuning that starts from it, through Snakemake."""

import json
import shutil

import pytest

PRETRAINED = """
weights: {vgg16: vgg16.weights.h5}
defaults: {split: half, image_size: 32, epochs: 1, table: pretrained}
experiments:
  transfer: {network: {backbone: vgg16, head: {dense_units: [4]}}, optimizer: {name: adam, learning_rate: 1e-3}}
  finetune: {start_from: transfer, unfreeze: block5_conv3, optimizer: {name: adam, learning_rate: 1e-5}}
"""
REPORT = {"check_results", "plot_report", "write_report", "write_explorer", "write_cards"}
CHAIN = {
    f"{rule} {name}"
    for rule in ("train", "plot_training", "evaluate", "measure", "calibrate", "explain_photos", "plot_evaluation")
    for name in ("transfer", "finetune")
}


@pytest.fixture(scope="module")
def study(tiny):
    """The tiny study with a transfer and its fine-tuning in place of its experiments."""
    return tiny[: tiny.index("defaults:")] + PRETRAINED


@pytest.fixture(scope="module")
def chain(tmp_path_factory, finished, study):
    """The two trainings, run once."""
    import keras

    shutil.copytree(finished.folder, folder := tmp_path_factory.mktemp("chain") / "project")
    project = type(finished)(folder)
    keras.utils.set_random_seed(3)
    keras.applications.VGG16(weights=None, include_top=False).save_weights(project.folder / "vgg16.weights.h5")
    project.write_config(study)
    answer = project.run(warm=True)
    assert answer.returncode == 0, answer.stdout + answer.stderr
    return project


def test_a_fine_tuning_starts_from_the_weights_of_its_transfer(chain):
    runs = [
        json.loads((chain.folder / f"results/tiny/training/{name}/seed42/run.json").read_text(encoding="utf-8"))
        for name in ("transfer", "finetune")
    ]
    assert [run["weights"] for run in runs] == ["file", "file"]
    head = 512 * 4 + 4 + 5
    assert [run["trainable_parameters"] for run in runs] == [head, head + 9 * 512 * 512 + 512]
    assert (chain.folder / "results/tiny/report/tables/pretrained.md").is_file()


def test_another_rate_of_the_fine_tuning_runs_it_alone_and_one_of_the_transfer_both(chain, study):
    assert chain.planned() == set()
    chain.write_config(study.replace("learning_rate: 1e-5", "learning_rate: 2e-5"))
    assert chain.planned() == {job for job in CHAIN if "finetune" in job} | REPORT
    chain.write_config(study.replace("learning_rate: 1e-3", "learning_rate: 2e-3"))
    assert chain.planned() == CHAIN | REPORT
    chain.write_config(study)


def test_other_weights_run_both(chain):
    weights = chain.folder / "vgg16.weights.h5"
    before = weights.read_bytes()
    weights.write_bytes(before + b"0")
    assert chain.planned() == CHAIN | REPORT | {"fetch_weights"}
    weights.write_bytes(before)


@pytest.mark.slow  # tests/training/test_commands.py has the record
def test_a_transfer_that_diverged_stops_nothing(chain, study):
    chain.write_config(study.replace("learning_rate: 1e-3", "learning_rate: 3e38"))
    answer = chain.run(warm=True)
    assert answer.returncode == 0, answer.stdout + answer.stderr
    table = (chain.folder / "results/tiny/report/tables/pretrained.md").read_text(encoding="utf-8")
    assert "| transfer | half | RGB | no | diverged | – |" in table
    assert "| finetune | half | RGB | no | ★" in table


SEARCHED = """
  searched:
    network: {backbone: vgg16, head: {dense_units: [4]}}
    search:
      trials: 2
      executions: 1
      epochs: 1
      space:
        head: {pooling: [flatten, average]}
        learning_rate: {low: 1e-3, high: 1e-2, values: 2}
        batch_size: [8, 16]
"""


@pytest.mark.slow  # tests/search/test_commands.py has its jobs
def test_the_head_the_rate_and_the_batch_size_of_a_transfer_are_searched(chain, study):
    """Every trial starts with the weights of the backbone, and so does the training with the best trial's settings."""
    chain.write_config(study + SEARCHED.lstrip("\n"))
    target = ("--", "results/tiny/evaluation/searched/seed42/metrics.json")
    answer = chain.run(*target, warm=True)
    assert answer.returncode == 0, answer.stdout + answer.stderr
    results = chain.folder / "results/tiny"
    best = json.loads((results / "search/searched/best.json").read_text(encoding="utf-8"))
    record = json.loads((results / "training/searched/seed42/run.json").read_text(encoding="utf-8"))
    assert best["values"].keys() == {"learning_rate", "batch_size", "head_pooling"}
    assert record["weights"] == "file"
    assert record["spec"]["network"]["head"] == {"pooling": best["values"]["head_pooling"], "dense_units": [4]}
    assert record["spec"]["optimizer"]["learning_rate"] == best["values"]["learning_rate"]
    assert record["spec"]["batch_size"] == best["batch_size"] == best["values"]["batch_size"]
    assert chain.planned(*target) == set()
    weights = chain.folder / "vgg16.weights.h5"
    weights.write_bytes(weights.read_bytes() + b"0")
    assert {"train_trial searched 1 1", "train_trial searched 2 1", "train searched"} < chain.planned(*target)
