"""Which jobs run again when a module of the package is edited: exactly those whose outputs it can decide."""

import os
import re
from pathlib import Path

import pytest

from canigatti.config import load_study
from canigatti.provenance import PACKAGE, modules_behind, modules_behind_training

EVERYTHING = """
  found:
    network: {filters: [4], dense_units: 4, dropout: [0.1, 0.1]}
    search: {trials: 1, executions: 1, space: {optimizer: [adam, sgd]}}
  transfer: {network: {backbone: mobilenetv2, head: {dense_units: [4]}}, image_size: 32}
  finetune: {start_from: transfer, unfreeze: Conv_1}
  found-head:
    image_size: 32
    network: {backbone: mobilenetv2, head: {dense_units: [4]}}
    search: {trials: 1, executions: 1, space: {head: {pooling: [flatten, average]}}}
  halved: {search: {method: halving, trials: 2, executions: 1, epochs: 3, rungs: 2, space: {optimizer: [adam, sgd]}}}
  guided: {search: {method: bayesian, trials: 2, executions: 1, initial_trials: 1, space: {optimizer: [adam, sgd]}}}
  scheduled: {schedule: {name: cosine}, mixed_precision: true, early_stopping: {give_up_after: 1}}
  fraction: {train_fraction: 0.5}
robustness: {experiments: [plain]}
test_time_augmentation: {experiments: [plain]}
weights: {mobilenetv2: made-up.weights.h5}
audit: {backbone: mobilenetv2, image_size: 32}
"""
TRIALS = "train_trial, train_first_rung, train_next_rung"
PHOTOS = (  # every rule that reads or writes a file of the photos stage
    "generate_photos, fetch_photos, inspect_photos, plot_photos, split_photos, store_photos, "
    f"correct_split, train, {TRIALS}, evaluate, measure, calibrate, plot_evaluation, measure_robustness, "
    "augment_tests, check_results, plot_report, write_report, write_explorer, extract_features, audit_labels, "
    "write_audit"
)
FURTHER = "measure_robustness, augment_tests"  # rules that predict with a model
DRAWN = "explain_photos, plot_evaluation, write_explorer, write_report"  # rules that show test photos
PRETRAINED = "train transfer, train finetune, train found-head, train_trial found-head"
# By module, the rules whose outputs it can decide; `train transfer` are the jobs of that rule for that experiment.
# Everything downstream of them runs again too. A module that decides no output has none.
DECIDES = {
    "__main__.py": "",
    "audit/commands/extract.py": "extract_features",
    "audit/commands/judge.py": "audit_labels",
    "audit/commands/page.py": "write_audit",
    "audit/doubt.py": "audit_labels",
    "audit/features.py": "extract_features, audit_labels",
    "audit/folds.py": "audit_labels",
    "audit/page/rendering.py": "write_audit",
    "audit/page/selection.py": "write_audit",
    "audit/page/thumbnails.py": "write_audit",
    "audit/pairs.py": "audit_labels",
    "audit/records.py": "extract_features, audit_labels, write_audit",
    "config/audit.py": "",
    "config/augmentation.py": "",
    "config/basis.py": "",
    "config/classes.py": "inspect_photos, split_photos",
    "config/errors.py": "",
    "config/experiment.py": "",
    "config/further.py": "",
    "config/inheritance.py": "",
    "config/known_keys.py": "",
    "config/learning_curve.py": "",
    "config/loading.py": "",
    "config/file_record.py": "",
    "config/networks.py": "",
    "config/optimizers.py": "",
    "config/outline.py": "",
    "config/photos.py": "",
    "config/pretrained.py": "",
    "config/schedules.py": "",
    "config/search.py": "",
    "config/squares.py": "",
    "config/strict_yaml.py": "",
    "config/study.py": "",
    "evaluation/augmented.py": "augment_tests",
    "evaluation/commands/augment.py": "augment_tests",
    "evaluation/abstention.py": "calibrate, plot_evaluation, check_results, write_report",
    "evaluation/calibration.py": "calibrate, plot_evaluation, check_results",
    "evaluation/commands/calibrate.py": "calibrate",
    "evaluation/commands/evaluate.py": "evaluate",
    "evaluation/commands/explain.py": "explain_photos",
    "evaluation/commands/measure.py": "measure",
    "evaluation/commands/plot.py": "plot_evaluation",
    "evaluation/commands/robustness.py": "measure_robustness",
    "evaluation/contact_sheets.py": "plot_evaluation",
    "evaluation/corruptions.py": "measure_robustness, write_report",
    "evaluation/explained_plots.py": "plot_evaluation",
    "evaluation/explanations.py": "explain_photos, plot_evaluation",
    "evaluation/gradcam.py": "explain_photos",
    "evaluation/heat_maps.py": "plot_evaluation",
    "evaluation/intervals.py": f"evaluate, plot_evaluation, check_results, write_report, {FURTHER}",
    "evaluation/logits.py": "evaluate, augment_tests",
    "evaluation/metrics.py": f"evaluate, plot_evaluation, check_results, write_report, {FURTHER}",
    "evaluation/corrected.py": "measure",
    "evaluation/plots.py": "plot_evaluation",
    "evaluation/confusion_plots.py": "plot_evaluation, write_report",
    "evaluation/power.py": "write_report",
    "evaluation/power_texts.py": "write_report",
    "evaluation/prediction.py": f"evaluate, {FURTHER}",
    "evaluation/predictions.py": (
        f"evaluate, plot_evaluation, check_results, plot_report, write_report, write_explorer, {FURTHER}"
    ),
    "evaluation/records.py": f"evaluate, plot_evaluation, check_results, plot_report, write_report, {FURTHER}",
    "evaluation/reliability_plots.py": "plot_evaluation",
    "evaluation/robustness.py": "measure_robustness",
    "evaluation/severities.py": f"evaluate, plot_evaluation, check_results, plot_report, write_report, {FURTHER}",
    "evaluation/speed.py": "evaluate",
    "evaluation/subject.py": f"evaluate, {FURTHER}",
    "evaluation/temperature.py": "calibrate, plot_evaluation, check_results",
    "evaluation/views.py": "measure_robustness, augment_tests, write_report",
    "extras.py": "",
    "cores.py": "",
    "files.py": "",
    "invocation.py": "",
    "live/commands.py": "",
    "live/finished.py": "",
    "live/jobs.py": "",
    "live/logs.py": "",
    "live/page.py": "",
    "live/serving.py": "",
    "live/states.py": "",
    "live/study.py": "",
    "live/texts.py": "",
    "live/timing.py": "",
    "options.py": "",
    "ownership.py": "",
    "photos/archives.py": "fetch_photos",
    "photos/cache.py": "fetch_photos, inspect_photos",
    "photos/class_bars.py": "plot_photos",
    "photos/class_folders.py": "inspect_photos",
    "photos/color.py": f"train, {TRIALS}, evaluate, {FURTHER}",
    "photos/commands/correct.py": "correct_split",
    "photos/commands/fetch.py": "fetch_photos",
    "photos/commands/generate.py": "generate_photos",
    "photos/commands/inspect.py": "inspect_photos",
    "photos/commands/plot.py": "plot_photos",
    "photos/commands/split.py": "split_photos",
    "photos/commands/store.py": "store_photos",
    "photos/configured_groups.py": "inspect_photos",
    "photos/conversion.py": "inspect_photos, plot_photos, store_photos",
    "photos/corrected_splits.py": "correct_split",
    "photos/corrections.py": "correct_split, write_audit",
    "photos/decoding.py": "inspect_photos, plot_photos, store_photos",
    "photos/demo/archive.py": "generate_photos",
    "photos/demo/coats.py": "generate_photos",
    "photos/demo/faces.py": "generate_photos",
    "photos/demo/faults.py": "generate_photos",
    "photos/demo/pen.py": "generate_photos",
    "photos/demo/scenes.py": "generate_photos",
    "photos/download.py": "fetch_photos",
    "photos/duplicates.py": "inspect_photos",
    "photos/folder_hashes.py": "fetch_photos, inspect_photos",
    "photos/folders.py": "fetch_photos, inspect_photos",
    "photos/given_splits.py": "split_photos",
    "photos/group_repair.py": "split_photos",
    "photos/group_search.py": "split_photos",
    "photos/hashing.py": "inspect_photos",
    "photos/inspection.py": "inspect_photos, plot_photos",
    "photos/layouts.py": "inspect_photos, split_photos",
    "photos/manifest.py": "inspect_photos",
    "photos/origin.py": "fetch_photos",
    "photos/plots.py": "plot_photos",
    "photos/records.py": PHOTOS,
    "photos/rejection.py": "inspect_photos, plot_photos",
    "photos/resizing.py": "store_photos",
    "photos/revalidation.py": "fetch_photos",
    "photos/sources.py": "inspect_photos, plot_photos, store_photos",
    "photos/splits.py": "split_photos",
    "photos/store.py": f"train, {TRIALS}, evaluate, {FURTHER}, extract_features, {DRAWN}",
    "photos/store_writing.py": "store_photos",
    "photos/transfer.py": "fetch_photos",
    "photos/workers.py": "inspect_photos, store_photos",
    "pages.py": "write_audit, write_explorer, write_report",
    "planning.py": "",
    "planning_audit.py": "",
    "planning_corrections.py": "",
    "planning_search.py": "",
    "planning_source.py": "",
    "plots.py": "plot_photos, plot_training, plot_search, plot_evaluation, plot_report, write_report",
    "prediction/calibration.py": "",
    "prediction/commands.py": "",
    "prediction/export/commands.py": "",
    "prediction/export/describe.py": "",
    "prediction/export/exporting.py": "",
    "prediction/export/formats.py": "",
    "prediction/export/output.py": "",
    "prediction/export/photos.py": "",
    "prediction/export/records.py": "",
    "prediction/export/rounding.py": "",
    "prediction/explaining.py": "",
    "prediction/files.py": "",
    "prediction/loading.py": "",
    "prediction/output.py": "",
    "prediction/search.py": "",
    "prediction/serving/application.py": "",
    "prediction/serving/commands.py": "",
    "prediction/serving/engine.py": "",
    "prediction/serving/explaining.py": "",
    "prediction/serving/guard.py": "",
    "prediction/serving/records.py": "",
    "prediction/serving/server.py": "",
    "prediction/serving/uploads.py": "",
    "prediction/terminal.py": "",
    "project.py": "write_report",
    "provenance.py": "",
    "records.py": "",
    "report/calibration.py": "write_report",
    "resources.py": "",
    "report/cheaper.py": "write_report",
    "report/checking.py": "check_results",
    "report/card/card.py": "write_cards",
    "report/card/data.py": "write_cards",
    "report/card/markup.py": "write_cards",
    "report/card/metadata.py": "write_cards",
    "report/card/quality.py": "write_cards",
    "report/card/reading.py": "write_cards",
    "report/card/usage.py": "write_cards",
    "report/commands/cards.py": "write_cards",
    "report/commands/check.py": "check_results",
    "report/commands/explorer.py": "write_explorer",
    "report/commands/plot.py": "plot_report",
    "report/commands/write.py": "write_report",
    "report/comparison.py": "write_report, plot_report",
    "report/costs.py": "plot_report, write_report",
    "report/curve_fitting.py": "write_report",
    "report/derived.py": "write_report",
    "report/edition.py": "plot_report, write_report",
    "report/evidence.py": "write_report, plot_report",
    "report/example.py": "write_report",
    "report/corrections.py": "plot_report, write_report",
    "report/explorer/comparing.py": "write_explorer",
    "report/explorer/packing.py": "write_explorer",
    "report/explorer/reading.py": "write_explorer",
    "report/explorer/rendering.py": "write_explorer",
    "report/explorer/thumbnails.py": "write_explorer",
    "report/conclusions.py": "write_report",
    "report/forecast.py": "",
    "report/findings/claims.py": "write_report",
    "report/findings/pairs.py": "write_report",
    "report/findings/testing.py": "write_report",
    "report/findings/verdicts.py": "write_report",
    "report/further.py": "plot_report, write_report",
    "report/further_output.py": "write_report",
    "report/gains.py": "write_report",
    "report/guessing.py": "write_report, plot_report",
    "report/intervals.py": "write_report, plot_report",
    "report/learning_curve.py": "write_report",
    "report/multireader.py": "plot_report, write_report",
    "report/notes.py": "plot_report, write_report",
    "report/original.py": "write_report",
    "report/output.py": "write_report",
    "report/pair_texts.py": "write_report",
    "report/page/answer.py": "write_report",
    "report/page/beginning.py": "",
    "report/page/calibration.py": "write_report",
    "report/page/classes.py": "write_report",
    "report/page/details.py": "write_report",
    "report/page/differences.py": "write_report",
    "report/page/embedding.py": "write_report",
    "report/page/environment.py": "write_report",
    "report/page/further.py": "write_report",
    "report/page/further_plots.py": "write_report",
    "report/page/progress.py": "write_report",
    "report/page/headline.py": "write_report",
    "report/page/introductions.py": "write_report",
    "report/page/plots.py": "write_report",
    "report/page/rendering.py": "write_report",
    "report/page/sections.py": "write_report",
    "report/page/settings.py": "write_report",
    "report/page/svg.py": "write_report",
    "report/plots.py": "plot_report",
    "report/power.py": "write_report",
    "report/ranking.py": "plot_report, write_report",
    "report/records.py": "check_results, plot_report, write_report",
    "report/results.py": "plot_report, write_report",
    "report/robustness.py": "write_report",
    "report/tables.py": "plot_report, write_report",
    "report/texts.py": "plot_report, write_report",
    "running.py": "",
    "scaffolding/choice.py": "",
    "scaffolding/commands.py": "",
    "scaffolding/design.py": "",
    "scaffolding/estimate.py": "",
    "scaffolding/machine.py": "",
    "scaffolding/observations.py": "",
    "scaffolding/output.py": "",
    "scaffolding/proposal.py": "",
    "scaffolding/sample.py": "",
    "scaffolding/stages.py": "",
    "scaffolding/survey.py": "",
    "scaffolding/timing.py": "",
    "scaffolding/writing.py": "",
    "search/bayesian.py": "propose_round",
    "search/commands/continue_trial.py": "train_next_rung",
    "search/commands/plot.py": "plot_search",
    "search/commands/promote.py": "promote_trials",
    "search/commands/propose.py": "propose_trials",
    "search/commands/propose_round.py": "propose_round",
    "search/commands/select.py": "select_trial",
    "search/commands/train_trial.py": "train_trial, train_first_rung",
    "search/curve_plots.py": "plot_search",
    "search/executing.py": TRIALS,
    "search/objectives.py": f"propose_round, {TRIALS}, promote_trials, select_trial, plot_search",
    "search/plots.py": "plot_search",
    "search/promotion.py": "promote_trials",
    "search/records.py": "propose_trials, propose_round, promote_trials, select_trial, plot_search, write_report",
    "search/rounds.py": "",
    "search/rungs.py": "",
    "search/selection.py": "propose_round, promote_trials, select_trial, plot_search, write_report",
    "search/space.py": "propose_trials, propose_round, promote_trials, select_trial, plot_search",
    "search/trials.py": TRIALS,
    "terminal/costs.py": "",
    "terminal/messages.py": "",
    "terminal/naming.py": "",
    "terminal/progress.py": "",
    "terminal/run.py": "",
    "terminal/writing.py": "",
    "tracking/commands.py": "",
    "tracking/runs.py": "",
    "tracking/store.py": "",
    "training/augmentation.py": "train augmented",
    "training/backbones.py": f"fetch_weights, {PRETRAINED}",
    "training/batches.py": f"train, {TRIALS}",
    "training/callbacks.py": f"train, {TRIALS}",
    "training/checkpoint.py": "",
    "training/commands/fetch_weights.py": "fetch_weights",
    "training/commands/plot.py": "plot_training",
    "training/commands/train.py": "train",
    "training/device.py": f"fetch_weights, train, {TRIALS}, evaluate, {FURTHER}",
    "training/divergence.py": f"train, {TRIALS}",
    "training/duration.py": "",
    "training/features.py": PRETRAINED,
    "training/fitting.py": f"train, {TRIALS}",
    "training/giving_up.py": "train scheduled",
    "training/leases.py": "",
    "training/machine.py": f"train, evaluate, {FURTHER}",
    "training/model_files.py": f"train, evaluate, train_trial found-head, {FURTHER}, extract_features, audit_labels",
    "training/networks.py": f"train, {TRIALS}",
    "training/outputs.py": f"train, {TRIALS}",
    "training/plots.py": "plot_training",
    "training/precision.py": "train scheduled",
    "training/records.py": (
        "fetch_weights, train, plot_training, evaluate, plot_evaluation, measure_robustness, augment_tests, "
        "check_results, plot_report, write_report, write_explorer"
    ),
    "training/sampling.py": f"train, {TRIALS}",
    "training/schedules.py": "train scheduled",
    "training/shutdown.py": "",
    "training/starting.py": "train",
    "training/fractions.py": "train fraction, plot_report, write_report",
    "training/subsampling.py": "train fraction",
    "training/summary.py": "train",
    "training/weights.py": f"{PRETRAINED}, extract_features",
    "written.py": "",
}


@pytest.fixture(scope="module")
def study(tmp_path_factory, copy_project, tiny, full):
    """A study with every rule, whose outputs are made up and recorded as finished (`snakemake --touch`)."""
    project = copy_project(tmp_path_factory.mktemp("modules"))
    (project.folder / "made-up.weights.h5").write_bytes(b"")
    project.write_config(tiny + EVERYTHING.lstrip("\n"))
    for job in jobs(project.run("--dry-run", "--forceall", full).stdout):
        for output in job["output"]:
            path = project.folder / output
            path.parent.mkdir(parents=True, exist_ok=True)
            path.mkdir(parents=True, exist_ok=True) if "tensorboard" in output else path.write_text(output)
    assert project.run("--touch", "--forceall", warm=True).returncode == 0
    assert project.planned() == set()
    return project


def jobs(dry_run: str) -> list[dict]:
    """The jobs that a dry run lists: name as in `Project.planned`, input and output."""
    found = []
    for block in re.split(r"^(?:local)?(?:rule|checkpoint) ", dry_run, flags=re.MULTILINE)[1:]:
        lines = dict(re.findall(r"^    (input|output|wildcards): (.*)$", block, flags=re.MULTILINE))
        wildcards = re.findall(
            r"(?:experiment|split|part|size|rung|round|trial|execution|backbone)=([^,\n]+)", lines.get("wildcards", "")
        )
        name = " ".join([re.match(r"\w+", block).group(), *wildcards])
        found.append(
            {
                "name": name,
                **{key: lines[key].split(", ") if lines.get(key) else [] for key in ("input", "output")},
            }
        )
    return [job for job in found if job["name"] != "all"]


def downstream(of: set[str], graph: list[dict]) -> set[str]:
    """These jobs and all that need their outputs; an `ancient` input does not count, but its record is an input too.

    The promotion to a rung has none: a trial that is in it continues in the same way whatever others are.
    """
    reached = set(of)
    while True:
        made = {output for job in graph if job["name"] in reached for output in job["output"]}
        more = {job["name"] for job in graph if made & needed(job)} - reached
        if not more:
            return reached
        reached |= more


def needed(job: dict) -> set[str]:
    only_order = "promoted.json" if job["name"].startswith("train_next_rung") else "."
    return {path for path in job["input"] if not path.endswith(only_order)}


def modules() -> list[str]:
    return sorted(str(path.relative_to(PACKAGE)) for path in PACKAGE.rglob("*.py") if path.name != "__init__.py")


def test_the_table_lists_every_module_of_the_package():
    assert sorted(DECIDES) == modules()


@pytest.fixture(scope="module")
def graph(study, full):
    """All jobs of the study."""
    return jobs(study.run("--dry-run", "--forceall", full).stdout)


def expected(module: str, graph: list[dict]) -> set[str]:
    """The jobs of the rules that the table lists for a module, and all jobs downstream of them."""
    rules = DECIDES[module].split(", ") if DECIDES[module] else []
    return downstream(
        {job["name"] for job in graph for rule in rules if f"{job['name']} ".startswith(f"{rule} ")}, graph
    )


@pytest.fixture(scope="module")
def behind(study, graph):
    """The modules whose digest is a parameter of a job, by the job's name, from the rules and the configuration."""
    text = "".join(path.read_text(encoding="utf-8") for path in (study.folder / "rules").glob("*.smk"))
    blocks = re.split(r"^ *(?:rule|checkpoint) (?=\w+:)", text, flags=re.MULTILINE)[1:]
    commands = {
        re.match(r"\w+", block).group(): re.findall(r"code=PLAN\.code\(\s*\"([\w.]+)\"", block) for block in blocks
    }
    trained = {"train": "training.commands.train", "train_trial": "search.commands.train_trial"}
    trained |= {"train_next_rung": "search.commands.continue_trial"}
    assert {rule for rule, modules in commands.items() if len(modules) != 1} == {*trained}
    trained["train_first_rung"] = trained["train_trial"]  # which inherits its rule
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(study.folder)
        experiments = load_study(Path("study.yaml")).experiments

    def modules_of(rule: str, experiment: str = "", *_: str) -> set[str]:
        if rule in trained:
            return {*modules_behind_training(experiments[experiment].resolve(), trained[rule])}
        return {*modules_behind(*commands[rule])}

    return {job["name"]: modules_of(*job["name"].split()) for job in graph}


@pytest.mark.parametrize("module", modules())
def test_a_module_is_behind_the_jobs_that_it_can_decide_and_no_others(graph, behind, module):
    direct = {name for name, modules in behind.items() if module in modules}
    assert downstream(direct, graph) == expected(module, graph)


@pytest.fixture(scope="module")
def plan_after_editing(study, full):
    def plan(module: str) -> set[str]:
        """The jobs that Snakemake would run after editing this module alone."""
        path = study.folder / "src/canigatti" / module
        content, status = path.read_bytes(), path.stat()
        path.write_bytes(content + b"\nEDITED = True\n")
        answer = study.run("--dry-run", full)
        path.write_bytes(content)
        os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
        assert answer.returncode == 0, answer.stderr
        return {job["name"] for job in jobs(answer.stdout)}

    return plan


def test_editing_some_modules_reruns_exactly_those_jobs(plan_after_editing, graph):
    edited = ["files.py", "training/augmentation.py", "training/plots.py", "search/selection.py", "report/tables.py"]
    assert {module: plan_after_editing(module) for module in edited} == {
        module: expected(module, graph) for module in edited
    }


@pytest.mark.slow
def test_editing_any_module_reruns_exactly_those_jobs(plan_after_editing, graph):
    planned = {module: plan_after_editing(module) for module in modules()}
    assert planned == {module: expected(module, graph) for module in modules()}
