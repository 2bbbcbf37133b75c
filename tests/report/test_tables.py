"""The tables of the report: values in the CSV files and text in the Markdown files."""

import re
from dataclasses import replace
from functools import cache

import pandas as pd
import pytest

from canigatti.evaluation.records import Metrics
from canigatti.files import InputError
from canigatti.report.evidence import collect_networks
from canigatti.report.original import read_original
from canigatti.report.results import read_study
from canigatti.report.tables import BEST, Evidence, grouped, study_table
from canigatti.report.texts import as_markdown
from canigatti.training.records import TrainingRecord

LAST = ["epochs", "training_seconds", "milliseconds_per_photo", "random_initialization", "diverged"]
GRID = tuple(
    f"base-{split}-{color}{suffix}"
    for split in ("641620", "801010")
    for color in ("gray", "rgb")
    for suffix in ("", "-aug")
)
MEASURED = ["accuracy", "accuracy_low", "accuracy_high", "validation", "loss", "best_epoch", "seconds_per_epoch"]


def mark_diverged(path):
    TrainingRecord.read(path).model_copy(update={"status": "diverged"}).write(path)


@pytest.fixture(scope="module")
def tables(results, write_report):
    """Write a study, run the command, and return base.csv as a frame and base.md as text."""

    @cache
    def run(**fields):
        study, folder = results(**fields)
        write_report(study, folder)
        written = folder / "report" / "tables"
        return pd.read_csv(written / "base.csv"), (written / "base.md").read_text(encoding="utf-8")

    return run


def test_base_table_has_all_columns_and_the_order_of_the_configuration(tables):
    base, _ = tables()
    first = ["experiment", "split", "color", "augmented", "seeds", *MEASURED, "parameters", "weight_mb", "n"]
    assert list(base.columns) == [*first, "standing", *LAST]
    assert list(base["experiment"][:4]) == [
        "base-641620-gray", "base-641620-gray-aug", "base-641620-rgb", "base-641620-rgb-aug"
    ]  # fmt: skip
    assert len(base) == 8


def test_rows_keep_the_order_of_the_outline(results, write_report):
    study, folder = results()
    outline = study.outline("config/study.yaml")
    order = ["base-801010-rgb", "base-641620-rgb", "base-801010-gray"]
    by_name = {outlined.name: outlined for outlined in outline.experiments}
    outline = outline.model_copy(update={"experiments": tuple(by_name[name] for name in order)})
    write_report(outline, folder)
    base = pd.read_csv(folder / "report" / "tables" / "base.csv")
    assert base["experiment"].tolist() == order


def test_base_table_contains_the_measured_values(tables):
    base, _ = tables()
    row = base.set_index("experiment").loc["base-801010-gray-aug"]
    assert row[["split", "color", "augmented"]].tolist() == ["80-10-10", "grayscale", True]
    assert row["accuracy"] == 0.83
    # Wilson's interval of 2,075 of 2,500 photos.
    assert (row["accuracy_low"], row["accuracy_high"]) == pytest.approx((0.8148, 0.8442), abs=1e-4)
    assert row["loss"] == pytest.approx(0.404)
    assert row["best_epoch"] == 27
    assert row["seconds_per_epoch"] == 61.5
    assert row["parameters"] == 20573185
    assert row["weight_mb"] == 78.48
    assert row["n"] == 2500
    assert row[LAST].tolist() == [30, 1800.5, 0.5 + 5 / 8, False, 0]


def test_the_best_on_the_validation_set_and_the_unbeaten_are_marked(tables):
    base, text = tables()
    standing = base.set_index("experiment")["standing"].fillna("")
    assert base.set_index("experiment")["validation"].idxmax() == "base-801010-rgb-aug"
    assert standing.to_dict() == {
        **dict.fromkeys(GRID, ""),
        "base-641620-rgb-aug": "not significantly less accurate",  # the best of its split
        "base-801010-rgb-aug": "best",
    }
    assert text.count("| ≈ ") == 1
    assert text.count("| ★ ") == 1
    assert "★ best accuracy on the validation set" in text


def test_the_test_set_has_no_part_in_the_choice(results):
    study, folder = results()
    read = read_study(study.outline("config/study.yaml"), folder)
    networks = collect_networks(read.runs, read.groups)
    lucky = replace(networks[0], validation=0.99)
    evidence = Evidence.of([lucky, *networks[1:]])
    standing = study_table(read.runs, evidence).set_index("experiment")["standing"]
    assert standing[lucky.name] == BEST
    assert (standing == BEST).sum() == 1
    equal = replace(networks[1], validation=0.99, validation_loss=0.01)
    standing = study_table(read.runs, Evidence.of([lucky, equal, *networks[2:]])).set_index("experiment")["standing"]
    assert standing[equal.name] == BEST  # of equally good ones, that with the lower loss


def test_markdown_has_one_formatted_table(tables):
    _, text = tables()
    lines = [line for line in text.splitlines() if line.startswith("|")]
    assert lines[0] == (
        "| Experiment | Split | Color | Augmented | Accuracy (95% interval) | Validation | Loss | Best epoch | s/epoch "
        "| Parameters | MB | Epochs | Training | ms/photo |"
    )
    assert len(lines) == 2 + 8
    assert {line.count("|") for line in lines} == {15}
    row = "| base-801010-gray-aug | 80-10-10 | grayscale | yes | 83.0% (81.5–84.4) | 83.0% | 0.4040 | 27 | 61.5 "
    assert row in text


def test_full_study_has_columns_of_the_original(tables):
    base, text = tables(name="full")
    row = base.set_index("experiment").loc["base-801010-rgb-aug"]
    assert row["accuracy"] == 0.8516
    assert row[[f"original_{name}" for name in ("accuracy", "loss", "best_epoch", "seconds_per_epoch")]].tolist() == [
        0.8464, 0.3668, 63, 215
    ]  # fmt: skip
    assert "| Original accuracy | Original loss | Original best epoch | Original s/epoch | Original MB |" in text
    assert "| 84.64% | 0.3668 | 63 | 215 | 78.48 |" in text


def test_other_studies_have_no_columns_of_the_original(tables):
    base, text = tables(name="laptop")
    assert not [column for column in base if "original" in column]
    assert "riginal" not in text


def test_experiment_without_original_has_dashes(results):
    study, folder = results()
    read = read_study(study.outline("config/study.yaml"), folder)
    original = read_original().query("experiment != 'base-641620-gray'")
    evidence = Evidence.of(collect_networks(read.runs, read.groups))
    text = as_markdown(study_table(read.runs, evidence, original))
    assert re.search(r"\| base-641620-gray \|.*(\| – ){5}\|\n", text)


def test_several_seeds_give_mean_and_standard_deviation(tables):
    base, text = tables(seeds=(42, 43, 44))
    row = base.set_index("experiment").loc["base-641620-gray"]
    assert row["seeds"] == 3
    assert row["accuracy"] == pytest.approx(0.770)  # of 0.766, 0.770, 0.774
    assert row["accuracy_std"] == pytest.approx(0.004)
    assert 0.770 - 0.02 < row["accuracy_low"] < 0.770 < row["accuracy_high"] < 0.770 + 0.02
    assert row["loss_std"] == pytest.approx(1.2 * 0.004)
    assert {f"{name}_std" for name in ("best_epoch", "seconds_per_epoch", *LAST[:3])} < set(base)
    assert row["epochs"] == 30
    assert row["epochs_std"] == 0
    assert "| 77.0% ± 0.4 (" in text
    assert "3 seeds" in text


def test_report_is_deterministic(results, write_report):
    study, folder = results()
    first, second = (read_files(write_report(study, folder, output, curves=True)) for output in ("first", "second"))
    assert len(first) == 2 + 2 * 7  # page, example, tables
    assert first == second


def read_files(folder):
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def full(results, write_report):
    """The folder report/ of a study with experiments in all tables."""
    study, folder = results(name="full", all_tables=True, random_initialization=("vgg16-transfer",))
    return write_report(study, folder)


def test_tables_contain_their_experiments_and_the_last_one_all(full):
    tables = {path.stem: pd.read_csv(path) for path in (full / "tables").glob("*.csv")}
    others = {"comparison", "findings", "calibration", "derived", "power"}
    experiments = {name: list(table["experiment"]) for name, table in tables.items() if name not in others}
    assert others < set(tables)
    assert sorted(tables["calibration"]["experiment"]) == sorted(experiments["all"])
    assert {name: len(names) for name, names in experiments.items()} == {
        "base": 8, "modifications": 3, "search": 1, "pretrained": 2, "ablations": 4, "all": 17,
    }  # fmt: skip
    assert experiments["search"] == ["tuned"]
    assert len(set(experiments["all"])) == 17


def test_modifications_are_followed_by_their_base_network(full):
    table = pd.read_csv(full / "tables" / "modifications.csv")
    assert list(table["experiment"]) == ["wider", "deeper", "base-801010-rgb-aug"]
    assert list(table["standing"].fillna("")) == ["", "best", ""]


def test_a_base_network_with_another_resize_mode_is_not_the_modified_one(results):
    study, folder = results(all_tables=True)
    read = read_study(study.outline("config/study.yaml"), folder)
    crop = {run.experiment: run.training.spec.model_copy(update={"resize": "crop"}) for run in read.runs}
    runs = [
        replace(run, training=run.training.model_copy(update={"spec": crop[run.experiment]}))
        if run.table == "base"
        else run
        for run in read.runs
    ]
    modifications = grouped(replace(read, runs=runs))["modifications"]
    assert [run.experiment for run in modifications] == ["wider", "deeper"]


def test_random_initialization_is_marked(full):
    table = pd.read_csv(full / "tables" / "pretrained.csv")
    assert list(table["random_initialization"]) == [True, False]
    assert list(table["standing"].fillna("")) == ["", "best"]
    text = (full / "tables" / "pretrained.md").read_text(encoding="utf-8")
    assert "| vgg16-transfer (random initialization) |" in text
    assert "| mobilenetv2-transfer |" in text
    assert "Random initialization: the pretrained weights could not be downloaded" in text
    assert "andom initialization" not in (full / "tables" / "base.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def diverged(results, write_report):
    """The folder report/ of a study in which the searched experiment and the best base experiment diverged."""
    study, folder = results(all_tables=True, diverged=("tuned", "base-801010-rgb-aug"))
    return write_report(study, folder)


def test_diverged_training_is_not_ranked_and_not_compared(diverged):
    base = pd.read_csv(diverged / "tables" / "base.csv").set_index("experiment")
    assert base["diverged"].to_dict() == {name: int(name == "base-801010-rgb-aug") for name in base.index}
    row = base.loc["base-801010-rgb-aug"]
    assert row[["accuracy", "loss", "standing"]].isna().all()
    assert row["epochs"] == 30
    assert base.loc["base-801010-gray-aug", "standing"] == "best"
    text = (diverged / "tables" / "base.md").read_text(encoding="utf-8")
    assert "| base-801010-rgb-aug | 80-10-10 | RGB | yes | diverged | – |" in text
    assert "Diverged: a loss became infinite" in text
    pairs = pd.read_csv(diverged / "tables" / "comparison.csv")
    assert not {"base-801010-rgb-aug", "tuned"} & {*pairs["first"], *pairs["second"]}


def test_page_lists_diverged_trainings_without_metrics(diverged):
    html = (diverged / "index.html").read_text(encoding="utf-8")
    assert html.count("Diverged: a loss became infinite") == 4  # base, search, modifications with the base network, all
    assert "A training run that diverged counts as always guessing the largest class." in html
    assert not re.search(r"base-801010-rgb-aug</caption>", html)
    assert not re.search(r"\bnan\b(?!</th>)", re.sub(r"base64,[^\"]+", "", html))  # one photo has the id nan


def test_a_diverged_seed_counts_as_a_guess(results, write_report):
    study, folder = results(seeds=(42, 43, 44))
    mark_diverged(folder / "training/base-641620-rgb/seed43/run.json")
    write_report(study, folder)
    base = pd.read_csv(folder / "report" / "tables" / "base.csv").set_index("experiment")
    metrics = [Metrics.read(folder / f"evaluation/base-641620-rgb/seed{seed}/metrics.json") for seed in (42, 44)]
    row = base.loc["base-641620-rgb"]
    assert row["accuracy"] == pytest.approx((metrics[0].accuracy + 0.5 + metrics[1].accuracy) / 3)
    assert row["accuracy_high"] - row["accuracy_low"] > 0.3  # the seeds differ by 30 points
    assert row["loss"] == pytest.approx((metrics[0].loss + metrics[1].loss) / 2)
    text = (folder / "report" / "tables" / "base.md").read_text(encoding="utf-8")
    assert "| base-641620-rgb (1 of 3 diverged) |" in text
    assert "A seed that diverged counts as always guessing the largest class" in text


def test_study_with_only_diverged_trainings_is_rejected(results, write_report):
    study, folder = results(diverged=GRID)
    with pytest.raises(InputError, match="all training runs diverged"):
        write_report(study, folder)
    assert not (folder / "report" / "tables").exists()


def test_metrics_that_the_original_does_not_report_have_no_column(full):
    text = (full / "tables" / "pretrained.md").read_text(encoding="utf-8")
    assert text.splitlines()[0].endswith("| Original accuracy | Original s/epoch | Original MB | Original epochs |")
    assert "riginal" not in (full / "tables" / "ablations.md").read_text(encoding="utf-8").splitlines()[0]


def test_comparison_and_findings_have_tables(full):
    pairs, text = pd.read_csv(full / "tables" / "comparison.csv"), (full / "tables" / "comparison.md").read_text()
    assert pairs.groupby("split").size().to_dict() == {"64-16-20": 10, "80-10-10": 66}
    assert (pairs["accuracy_first"] >= pairs["accuracy_second"]).all()
    assert text.count("| yes |") == pairs["significant"].sum()
    assert text.count("| no |") == (~pairs["significant"]).sum() > 0
    findings = pd.read_csv(full / "tables" / "findings.csv").set_index("claim")
    assert findings.loc["Augmentation raises accuracy", "verdict"] == "supported"
    assert findings.loc["SGD and Adam are better than RMSprop", "verdict"] == "inconclusive"  # one pair each
    assert findings.loc["Batch sizes from 16 to 256 were tried", "verdict"] == "supported"
    assert findings.loc["Dropout works better than batch normalization", "verdict"] == "inconclusive"
    assert (full / "tables" / "findings.md").read_text().count("\n| ") == 1 + len(findings)


def test_obsolete_tables_are_deleted(results, write_report):
    study, folder = results()
    stale, notes = folder / "report" / "tables" / "search.csv", folder / "report" / "tables" / "notes.md"
    stale.parent.mkdir(parents=True)
    stale.write_text("experiment\n")
    notes.write_text("notes of the user")
    write_report(study, folder)
    assert not stale.exists()
    assert notes.exists()
