"""Progress weighted by cost, and the time left."""

import pytest
from small_study import PRETRAINED, VALID, read

from canigatti.terminal import costs
from canigatti.terminal.costs import expected_seconds, training_photos, training_seconds
from canigatti.terminal.progress import Progress


@pytest.fixture(autouse=True)
def in_an_empty_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def test_a_training_costs_more_with_more_photos_pixels_epochs_and_filters(make_spec):
    base = {"image_size": 64, "epochs": 10, "network": {"filters": [16, 32], "dense_units": 4, "dropout": [0, 0, 0]}}
    seconds = training_seconds(make_spec(**base), 1000)
    larger = {"filters": [32, 64], "dense_units": 4, "dropout": [0, 0, 0]}
    for change in ({"image_size": 128}, {"epochs": 20}, {"network": larger}):
        assert training_seconds(make_spec(**base | change), 1000) > 1.3 * seconds
    assert training_seconds(make_spec(**base), 2000) > 1.3 * seconds


def test_the_demonstration_is_weighed_as_it_was_measured(request):
    """Measured on two cores; the page of the demonstration has the durations."""
    study = read_demonstration(request)
    measured = {"wider": 39, "deeper": 43, "base-801010-rgb-aug": 37, "vgg16-transfer": 15, "vgg16-finetune": 18}
    for name, seconds in measured.items():
        assert expected_seconds("train", study.experiments[name], study) == pytest.approx(seconds, rel=0.15)


def read_demonstration(request):
    from canigatti.config import load_study

    return load_study(request.config.rootpath / "config/demo.yaml", ())


def test_a_frozen_backbone_without_augmentation_sees_each_photo_once(tmp_path):
    study = read(tmp_path, PRETRAINED)
    transfer = study.experiments["transfer"].resolve()
    constant = transfer.model_copy(update={"augmentation": None, "epochs": 50})
    once = transfer.model_copy(update={"epochs": 1})
    assert training_seconds(constant, 100) == training_seconds(once, 100)
    whole = transfer.model_copy(update={"unfreeze": "everything", "epochs": 1})
    assert training_seconds(whole, 100) > training_seconds(once, 100)


def test_a_trial_costs_the_epochs_of_the_search(tmp_path):
    search = "search: {epochs: 2, trials: 1, executions: 1, space: {optimizer: [adam, sgd]}}"
    study = read(tmp_path, VALID.replace("plain: {", f"plain: {{epochs: 40, {search}, "))
    plain = study.experiments["plain"]
    assert expected_seconds("train_trial", plain, study) < expected_seconds("train", plain, study) / 2


def test_photos_are_counted_once_the_split_exists(tmp_path):
    study = read(tmp_path, VALID)
    plain = study.experiments["plain"]
    assert training_photos(plain, study) == 80
    folder = tmp_path / "results/small/splits"
    folder.mkdir(parents=True)
    (folder / "80-10-10.csv").write_text("id,label,part\na,0,train\nb,1,train\nc,0,test\n")
    assert training_photos(plain, study) == 2
    half = plain.model_copy(update={"train_fraction": 0.5})
    assert training_photos(half, study) == 1


def test_a_job_of_a_rung_costs_the_epochs_that_it_trains(tmp_path):
    search = "search: {method: halving, factor: 3, rungs: 3, epochs: 27, trials: 9, space: {optimizer: [adam, sgd]}}"
    study = read(tmp_path, VALID.replace("plain: {", f"plain: {{{search}, "))
    plain = study.experiments["plain"]
    rules = {1: "train_first_rung", 2: "train_next_rung", 3: "train_next_rung"}
    seconds = [expected_seconds(rule, plain, study, rung) for rung, rule in rules.items()]
    once = training_seconds(plain.resolve().model_copy(update={"epochs": 0}), 1)
    first, second, third = (one - once for one in seconds)
    assert (second / first, third / first) == (pytest.approx(2), pytest.approx(6))
    costs.announce_jobs([JobOfSnakemake(1, "train_next_rung", experiment="plain", trial="1", rung="3")], study)
    assert costs.announced()[1] == ("train_next_rung", seconds[2])
    costs.announce_jobs([], study)


class JobOfSnakemake:
    def __init__(self, jobid, rule, **wildcards):
        self.jobid, self.wildcards_dict, self.rule = jobid, wildcards, type("Rule", (), {"name": rule})()


def test_jobs_are_announced_with_their_experiments(tmp_path):
    study = read(tmp_path, VALID)
    costs.announce_jobs([JobOfSnakemake(1, "train", experiment="plain", seed="1"), JobOfSnakemake(2, "all")], study)
    assert set(costs.announced()) == {1, 2}
    assert costs.announced()[1] == ("train", expected_seconds("train", study.experiments["plain"], study))
    costs.announce_jobs([], study)
    assert costs.announced() == {}


def run(progress, number, rule, started, ended):
    progress.start(number, rule, started)
    progress.finish(number, ended)


def test_a_training_is_worth_its_cost():
    progress = Progress()
    progress.announce({1: ("train", 90.0), 2: ("measure", 5.0), 3: ("measure", 5.0)})
    progress.start(1, "train", 1000.0)
    progress.finish(1, 1090.0)
    assert progress.text(1090.0) == "1/3 · 90% · under 1 min left"
    run(progress, 2, "measure", 1090, 1095)
    assert progress.text(1095) == "2/3 · 95% · under 1 min left"
    run(progress, 3, "measure", 1095, 1100)
    assert progress.text(1100) == "3/3 · 100%"


def test_measured_durations_replace_the_expected_ones():
    progress = Progress()
    progress.announce(dict.fromkeys(range(4), ("train", 10.0)) | {9: ("measure", 10.0)})
    run(progress, 0, "train", 1000, 1600)  # 60 times as long as expected
    done, left = progress.work(1600)
    assert done == 600
    assert left == pytest.approx(3 * 600 + 10 * (600 + 10) / (10 + 10))  # of all kinds, until one has been measured
    run(progress, 9, "measure", 1600, 1601)
    assert progress.work(1601)[1] == pytest.approx(1800)
    assert progress.seconds_left(1601) == pytest.approx(1800)


def test_the_forecast_takes_jobs_at_the_same_time_into_account():
    progress = Progress()
    progress.announce(dict.fromkeys(range(8), ("measure", 10.0)))
    for pair in ((0, 1), (2, 3)):
        at = 1000 + 5 * pair[0]
        for number in pair:
            progress.start(number, "measure", at)
        for number in pair:
            progress.finish(number, at + 10)
    assert progress.text(1020) == "4/8 · 50% · under 1 min left"
    assert progress.seconds_left(1020) == pytest.approx(20)


def test_a_running_job_counts_and_an_overdue_one_makes_the_others_of_its_kind_longer():
    progress = Progress()
    progress.announce({1: ("train", 10.0), 2: ("train", 10.0)})
    progress.start(1, "train", 1000.0)
    assert progress.work(1005)[0] == 5
    assert progress.work(1100) == (100, pytest.approx(10 + 110))


def test_without_announced_jobs_those_of_a_rule_are_equal():
    progress = Progress()
    progress.plan({"train": 2, "all": 1})
    assert progress.total == 3
    run(progress, 7, "train", 1000, 1010)
    run(progress, 8, "train", 1010, 1020)
    assert progress.work(1020)[1] < 2
    assert progress.finish(99, 1030) is None  # a job whose start was not seen


def test_the_first_jobs_give_no_forecast():
    progress = Progress()
    progress.announce({1: ("split_photos", 1.0), 2: ("train", 10_000.0)})
    run(progress, 1, "split_photos", 1000, 1001)
    assert progress.text(1001) == "1/2 · 0%"
