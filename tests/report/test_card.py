"""Model cards: the metadata is YAML that Hugging Face reads, and every number and sentence is that of the results."""

import re
from dataclasses import replace

import pytest
import yaml
from markdown_it import MarkdownIt

from canigatti.config import FROM_FOLDERS
from canigatti.evaluation.records import Calibration, Metrics
from canigatti.evaluation.severities import CORRUPTIONS
from canigatti.files import sha256_of
from canigatti.photos.records import Verdict
from canigatti.report.card.card import model_card
from canigatti.report.card.markup import plain
from canigatti.report.card.reading import RunFacts, StudyFacts, read_run_facts, read_study_facts
from canigatti.report.commands.cards import write_cards
from canigatti.report.corrections import SubsetChange
from canigatti.report.records import EXPERIMENTS, ROBUSTNESS
from canigatti.training.records import TrainingRecord

BEST = "base-801010-rgb-aug"  # on the validation set
FRONT_MATTER = re.compile(r"^(\s*---[\r\n]+)([\S\s]*?)([\r\n]+---(\r\n|\n|$))")  # that of the hub's own client
FIVE = ("ant", "bee", "cat", "dog", "eel")


@pytest.fixture(scope="module")
def written(results, write_report):
    """A study with two seeds and its cards; the training of the first experiment diverged."""
    study, folder = results(seeds=(42, 43), diverged=("base-641620-gray",))
    write_report(study, folder)
    write_cards(study.outline("config/study.yaml").to_json(), folder, folder / "training")
    return folder


@pytest.fixture
def facts(results):
    """Reads what the cards of a study are written from, without a report: one network, and all that they share."""

    def read(experiment=BEST, robustness=None, **arguments) -> tuple[StudyFacts, RunFacts]:
        study, folder = results(**arguments)
        row = dict.fromkeys(EXPERIMENTS.columns, 1) | {"experiment": experiment, "accuracy": 0.9, "standing": ""}
        row |= {"accuracy_low": 0.85, "accuracy_high": 0.95, "seeds": len(study.seeds), "diverged": 0}
        row |= {"augmented": True, "random_initialization": False}
        EXPERIMENTS.write(folder / "report" / "tables" / "all.csv", [row])
        outline = study.outline("config/study.yaml")
        runs = {path.parts[-3]: run for path, run in reversed([*read_run_facts(outline, folder)])}
        return read_study_facts(outline, folder), runs[experiment]

    return read


def card_of(folder, experiment=BEST, seed=42):
    return (folder / "training" / experiment / f"seed{seed}" / "README.md").read_text(encoding="utf-8")


def metadata_of(card):
    return yaml.safe_load(FRONT_MATTER.match(card)[2])


def section(card, title):
    return re.search(rf"^## {title}\n(.*?)(?=^## |\Z)", card, re.MULTILINE | re.DOTALL)[1]


def rendered(card):
    return MarkdownIt("commonmark").enable("table").render(card[FRONT_MATTER.match(card).end() :])


def table_rows(text):
    rows = [re.split(r" \| ", line.strip("| ")) for line in text.splitlines() if line.startswith("|")]
    return {row[0]: row[1:] for row in rows}


def percent(fraction, interval=None):
    limits = f" ({100 * interval[0]:.1f}–{100 * interval[1]:.1f})" if interval else ""
    return f"{100 * fraction:.1f}%{limits}"


def test_there_is_a_card_next_to_each_model_and_nowhere_else(written):
    cards = {path.parent for path in written.rglob("README.md")}
    assert cards == {path.parent for path in written.glob("training/*/*/run.json")}
    assert len(cards) == 16


def test_the_metadata_has_the_names_of_the_hub_and_the_values_of_the_metrics(written):
    metadata = metadata_of(card_of(written))
    assert [*metadata] == ["library_name", "pipeline_tag", "tags", "metrics", "model-index"]
    assert (metadata["library_name"], metadata["pipeline_tag"]) == ("keras", "image-classification")
    (model,) = metadata["model-index"]
    assert model["name"] == f"synthetic-{BEST}-seed42"
    (result,) = model["results"]
    assert result["task"]["type"] == "image-classification"
    assert result["dataset"] == {
        **{"type": "imagefolder", "name": "synthetic, split 80-10-10", "split": "test", "revision": "b7" * 32},
    }
    metrics = Metrics.read(written / "evaluation" / BEST / "seed42" / "metrics.json")
    assert {one["type"]: one["value"] for one in result["metrics"]} == {
        **{"accuracy": metrics.accuracy, "balanced_accuracy": metrics.balanced_accuracy, "f1": metrics.macro_f1},
        **{"matthews_correlation": metrics.matthews, "roc_auc": metrics.roc_auc, "loss": metrics.loss},
        "average_precision": metrics.average_precision,
    }
    assert metadata["metrics"] == [one["type"] for one in result["metrics"]]


@pytest.mark.parametrize("seed", [42, 43])
def test_every_number_of_the_evaluation_is_one_of_the_metrics(written, seed):
    metrics = Metrics.read(written / "evaluation" / BEST / f"seed{seed}" / "metrics.json")
    text = section(card_of(written, seed=seed), "Evaluation")
    rows = table_rows(text)
    assert rows["Accuracy (95% interval)"] == [percent(metrics.accuracy, metrics.accuracy_interval)]
    assert rows["Balanced accuracy"] == [percent(metrics.balanced_accuracy)]
    assert rows["Macro F1"] == [f"{metrics.macro_f1:.3f}"]
    assert rows["Matthews correlation"] == [f"{metrics.matthews:.3f}"]
    assert rows["ROC-AUC"] == [f"{metrics.roc_auc:.3f}"]
    assert rows["Average precision"] == [f"{metrics.average_precision:.3f}"]
    assert rows["Loss (cross-entropy)"] == [f"{metrics.loss:.4f}"]
    assert rows["Accuracy of always guessing the largest class"] == ["50.0%"]
    matrix = table_rows(text[text.index("Rows of this table") :])
    for label, name in enumerate(("cat", "dog")):
        one = metrics.classes[label]
        numbers = [
            f"{one.n:,}",
            percent(one.recall, one.recall_interval),
            percent(one.precision, one.precision_interval),
        ]
        assert table_rows(text[: text.index("Rows of this table")])[name] == [*numbers, f"{one.f1:.3f}"]
        assert matrix[name] == [f"{count:,}" for count in metrics.confusion[label]]


def test_the_mean_over_seeds_and_the_choice_are_those_of_the_report(written):
    row = EXPERIMENTS.read(written / "report" / "tables" / "all.csv").set_index("experiment").loc[BEST]
    text = section(card_of(written), "Evaluation")
    interval = percent(row["accuracy"], (row["accuracy_low"], row["accuracy_high"]))
    assert f"The mean accuracy of the 2 networks that differ in the seed only is {interval};" in text
    assert "Of the 8 experiments of the study, this one has the best accuracy on the validation set" in text
    assert "best accuracy" not in card_of(written, "base-641620-rgb")


def test_equal_results_give_equal_cards(written, tmp_path, results):
    study, _ = results(seeds=(42, 43), diverged=("base-641620-gray",))
    write_cards(study.outline("config/study.yaml").to_json(), written, tmp_path)
    for path in tmp_path.rglob("README.md"):
        assert path.read_bytes() == (written / "training" / path.relative_to(tmp_path)).read_bytes()


def test_a_diverged_network_has_no_metrics_and_no_use(written):
    card = card_of(written, "base-641620-gray")
    assert [*metadata_of(card)] == ["library_name", "pipeline_tag", "tags"]
    assert section(card, "Intended use").strip() == (
        "None: its training diverged, so there is no network that could be used."
    )
    assert "|" not in section(card, "Evaluation")
    assert "## Probabilities" not in card
    assert "lowest recall" not in card
    assert "--max-error" not in card


def test_the_data_have_hashes_rejections_and_the_sizes_of_the_sets(written):
    text = section(card_of(written), "Data")
    assert "The photos come from photos.zip, a zip file." in text
    assert "Of 25,003 files, 25,000 photos are used, of cat and dog." in text
    assert "3 files are not used: 2 empty and 1 unreadable." in text
    assert "There are 131 groups of near-duplicate photos." in text
    assert "The split `80-10-10` assigns photos that belong together to the same set." in text
    assert table_rows(text) == {
        "Photos": ["Training set", "Validation set", "Test set"],
        "---": ["---:"] * 3,
        **{"All classes": ["800", "100", "100"], "cat": ["400", "50", "50"], "dog": ["400", "50", "50"]},
    }
    run = TrainingRecord.read(written / "training" / BEST / "seed42" / "run.json")
    manifest = sha256_of(written / "photos" / "manifest.csv")
    assert re.findall(r"`(\w{64})`", text) == ["b7" * 32, manifest, run.inputs.split_sha256, run.model_sha256]


def test_the_probabilities_are_those_of_the_calibration(written):
    calibration = Calibration.read(written / "training" / BEST / "seed42" / "calibration.json")
    text = section(card_of(written), "Probabilities")
    assert f"the temperature is {calibration.temperature.value:.2f} (" in text
    assert text.count("cannot be promised") == sum(point.chosen is None for point in calibration.points)


def test_limits_name_the_worst_class_and_what_is_not_known(facts):
    study, run = facts(classes=FIVE)
    worst = min(zip(FIVE, run.metrics.classes, strict=True), key=lambda one: one[1].recall)
    text = section(model_card(study, run), "Limits")
    assert (
        f"The class with the lowest recall is {worst[0]}: {percent(worst[1].recall, worst[1].recall_interval)}" in text
    )
    assert "It was trained once: another seed may give a network that is better or worse." in text
    assert f"such as {', '.join(CORRUPTIONS[:-1])} and {CORRUPTIONS[-1]}; this was not measured" in text
    assert "not shown to be better than guessing" not in text
    guessing = run.metrics.model_copy(update={"accuracy_interval": (0.1, 0.9)})
    assert "not shown to be better than guessing" in section(
        model_card(study, replace(run, metrics=guessing)), "Limits"
    )


def test_measured_robustness_is_said(facts):
    study, run = facts()
    rows = [
        {
            **{"experiment": BEST, "split": "80-10-10", "corruption": name, "severity": 1, "level": 1.0, "n": 100},
            **{"seeds": 1, "accuracy": 0.5, "unchanged": 0.85, "difference": -0.35, "difference_low": -0.4},
            **{"difference_high": -0.3, "shown": name == "noise"},
        }
        for name in CORRUPTIONS
    ]
    text = section(model_card(replace(study, robustness=ROBUSTNESS.frame(rows)), run), "Limits")
    assert "the deepest fall that is shown is that with noise of severity 1, −35.0 points (−40.0 to −30.0)." in text
    assert "not measured" not in text
    other = replace(study, robustness=ROBUSTNESS.frame([{**rows[0], "experiment": "another"}]))
    assert "not measured" in section(model_card(other, run), "Limits")


def test_a_split_that_comes_with_the_photos_and_corrections_are_described(facts):
    study, run = facts()
    change = SubsetChange("80-10-10", "test", 100, 3, 1)
    split = replace(study.splits["80-10-10"], divided_groups=1, changes=(change,))
    card = model_card(replace(study, splits={"80-10-10": split}), run)
    assert "1 group of photos that belong together is in more than one of its sets." in section(card, "Data")
    assert "People have corrected the test set, which had 100 photos: 3 excluded, 1 relabeled." in card
    assert "several sets of the split, so its metrics may be too high" in section(card, "Limits")
    undivided = replace(study, splits={"80-10-10": replace(split, divided_groups=0)})
    assert "may be too high" not in model_card(undivided, run)


def test_divided_groups_are_counted_for_splits_from_folders_only(results):
    study, folder = results()
    EXPERIMENTS.write(folder / "report" / "tables" / "all.csv", [])
    outline = study.outline("config/study.yaml")
    outline = outline.model_copy(update={"splits": {**outline.splits, "80-10-10": FROM_FOLDERS}})
    splits = read_study_facts(outline, folder).splits
    assert {name: facts.divided_groups for name, facts in splits.items()} == {"64-16-20": None, "80-10-10": 0}


def test_sources_are_named_without_folders_of_the_machine(facts):
    study, run = facts()
    for source, kind, said in (
        ("/home/someone/pets", "folder", "The photos come from pets, a folder."),
        ("https://example.org/pets.zip", "zip", "The photos come from https://example.org/pets.zip, a zip file."),
    ):
        changed = replace(study, source=study.source.model_copy(update={"source": source, "kind": kind}))
        card = model_card(changed, run)
        assert said in card
        assert "/home" not in card
    assert "SHA-256 of all paths and contents in the folder" in model_card(
        replace(study, source=study.source.model_copy(update={"kind": "folder"})), run
    )


def test_metrics_that_are_undefined_are_left_out(facts):
    study, run = facts()
    empty = run.metrics.classes[1].model_copy(update={"n": 0, "recall": 0.0, "recall_interval": None})
    changes = {"roc_auc": None, "average_precision": None, "classes": (run.metrics.classes[0], empty)}
    card = model_card(study, replace(run, metrics=run.metrics.model_copy(update=changes)))
    types = metadata_of(card)["metrics"]
    assert not {"roc_auc", "average_precision"} & {*types}
    assert table_rows(section(card, "Evaluation"))["ROC-AUC"] == ["– (undefined: a class has no test photo)"]
    assert "The class with the lowest recall is cat" in card
    assert "1 class has no test photo, so nothing is known about it." in card


def test_random_initialization_is_said(facts):
    study, run = facts()
    training = run.training.model_copy(update={"weights": "random"})
    assert "could not be downloaded" in section(model_card(study, replace(run, training=training)), "Limits")
    assert "could not be downloaded" not in model_card(study, run)


def test_names_of_classes_and_files_are_text_wherever_they_are(facts):
    hostile = ("<b>cat|`*_", "dog'\"><img src=x onerror=y> [a](b) $x$ &lt;")
    study, run = facts(classes=hostile)
    study = replace(study, source=study.source.model_copy(update={"source": "a|b <i>*c*.zip"}))
    html = rendered(model_card(study, run))
    assert not {"<b>", "<img", "<i>", "<em>", "<a "} & {*re.findall(r"<b>|<img|<i>|<em>|<a ", html)}
    cells = [re.sub(r"<[^>]+>", "", cell) for cell in re.findall(r"<td[^>]*>(.*?)</td>", html)]
    assert cells.count("&lt;b&gt;cat|`*_") == 3  # sizes of sets, metrics, confusion matrix
    assert html.count("<table>") == 5


def test_plain_text_is_one_line():
    assert plain("a\n# b\t`c`") == r"a # b \`c\`"


@pytest.mark.parametrize("arguments", [{}, {"classes": FIVE}, {"classes": tuple(map(str, range(60)))}])
def test_cards_have_all_sections_and_equal_rows_in_all_tables(facts, arguments):
    html = rendered(model_card(*facts(**arguments)))
    titles = ["Intended use", "Evaluation", "Probabilities", "Limits", "Data", "Training", "How to use it"]
    assert re.findall(r"<h2>(.*?)</h2>", html) == titles
    for one in re.findall(r"<table>.*?</table>", html, re.DOTALL):
        assert len({row.count("<td") or row.count("<th") for row in re.findall(r"<tr>.*?</tr>", one, re.DOTALL)}) == 1
    many = len(arguments.get("classes", ())) > 50
    assert ("The 50 classes with the lowest recall, of 60" in html) == many


def test_rejected_files_over_the_limit_are_counted_too(facts):
    study, run = facts()
    verdicts = {Verdict.KEEP: 25000, Verdict.OVER_LIMIT: 1}
    changed = replace(study, photos=study.photos.model_copy(update={"verdicts": verdicts}))
    assert "1 file is not used: 1 over-limit." in model_card(changed, run)
    none = replace(study, photos=study.photos.model_copy(update={"verdicts": {Verdict.KEEP: 25000}}))
    assert "not used" not in model_card(none, run)
