"""Which jobs run again after a change, and which do not."""

import os
import time

REPORT = {"check_results", "plot_report", "write_report", "write_explorer", "write_cards"}
OF_ONE = ["train {}", "plot_training {}", "evaluate {}", "measure {}", "calibrate {}"]
OF_ONE += ["explain_photos {}", "plot_evaluation {}"]


def split_again(name):
    return {f"split_photos {name}", f"correct_split {name} training", f"correct_split {name} test"}


def chain(*experiments):
    return {job.format(experiment) for experiment in experiments for job in OF_ONE} | REPORT


def edit(path, old, new):
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def edit_config(project, old, new):
    edit(project.folder / "study.yaml", old, new)


def test_nothing_runs_again_when_nothing_changed(project):
    assert project.planned() == set()


def test_nothing_runs_again_where_the_folder_has_another_path(project, tmp_path):
    moved = type(project)(project.folder.rename(tmp_path / "moved"))
    assert moved.planned() == set()


def test_nothing_runs_again_with_another_checkout_of_the_same_code(project, tmp_path, copy_project):
    copy_project(tmp_path / "checkout")
    for name in ("Snakefile", "rules", "workflow", "profiles", "src"):
        path = project.folder / name
        path.rename(tmp_path / name)
    (project.folder / "src").symlink_to(tmp_path / "checkout/src")
    assert project.planned("--snakefile", "../checkout/Snakefile") == set()


def test_touching_every_file_runs_nothing(project):
    later = time.time() + 60
    for path in project.folder.rglob("*"):
        if path.is_file() and ".snakemake" not in path.parts:
            os.utime(path, (later, later))
    assert project.planned() == set()


def test_order_of_keys_comments_and_explicit_defaults_run_nothing(project):
    edit_config(project, "  epochs: 2\n  batch_size: 16\n", "  # remark\n  batch_size: 16\n  epochs: 2\n")
    edit_config(project, "{name: adam, learning_rate: 0.01}", "{learning_rate: 1e-2, name: adam}")
    edit_config(project, "defaults:\n", "defaults:\n  resize: squeeze\n")
    assert project.planned() == set()


def test_editing_one_experiment_runs_it_and_the_report(project):
    edit_config(project, "plain: {", "plain: {optimizer: {name: adam, learning_rate: 0.02}, ")
    assert project.planned() == chain("plain")


def test_adding_experiments_runs_them_the_photos_that_they_need_and_the_report(project):
    added = "  new: {batch_size: 8}\n  cropped: {resize: crop}\n  small: {resize: crop, batch_size: 8}\n"
    edit_config(project, "experiments:\n", f"experiments:\n{added}")
    assert project.planned() == chain("new", "cropped", "small") | {"store_photos 16-crop"}


def test_moving_an_experiment_to_another_table_writes_only_the_report_again(project):
    edit_config(project, "other: {", "other: {table: ablations, ")
    assert project.planned() == REPORT
    answer = project.run(warm=True)
    assert answer.returncode == 0, answer.stdout + answer.stderr
    tables = project.folder / "results/tiny/report/tables"
    always = {"comparison", "calibration", "derived", "power"}
    assert {path.stem for path in tables.glob("*.csv")} == {"base", "ablations", "all", *always}


def test_another_metric_that_ranks_writes_only_the_report_again(project):
    edit_config(project, "defaults:\n", "rank_by: balanced_accuracy\ndefaults:\n")
    assert project.planned() == REPORT


def test_adding_a_seed_runs_that_seed_and_the_report(project):
    edit_config(project, "defaults:\n", "seeds: [42, 43]\ndefaults:\n")
    assert project.planned() == chain("plain", "augmented", "other")


def test_another_range_of_augmentation_runs_what_augments(project):
    edit_config(project, "defaults:\n", "defaults:\n  augmentation: {zoom: 0.1}\n")
    assert project.planned() == chain("augmented")


def test_editing_one_split_runs_what_uses_it(project):
    edit_config(
        project, "most: {train: 0.6, validation: 0.2, test: 0.2}", "most: {train: 0.7, validation: 0.1, test: 0.2}"
    )
    assert project.planned() == split_again("most") | chain("other")


def test_swapping_two_fractions_of_a_split_is_a_change(project):
    edit_config(
        project, "most: {train: 0.6, validation: 0.2, test: 0.2}", "most: {train: 0.2, validation: 0.2, test: 0.6}"
    )
    assert project.planned() == split_again("most") | chain("other")


def test_editing_a_template_writes_the_page_again_and_no_result(project):
    edit(project.folder / "src/canigatti/report/page/template.html.j2", "</html>", "<!-- changed --></html>")
    assert project.planned() == {"write_report", "write_cards"}


def test_a_photo_that_changes_in_the_source_runs_everything(project):
    """The manifest stays a function of the photos: for generated photos, the seed stands for their content."""
    edit_config(project, "seed: 3", "seed: 4")
    planned = project.planned()
    assert {"generate_photos", "inspect_photos", "store_photos 16"} | chain("plain", "augmented", "other") <= planned


def test_one_experiment_can_run_alone(project, full):
    target = "results/tiny/evaluation/plain/seed42/metrics.json"
    answer = project.run("--dry-run", "--forceall", full, target)
    assert "augmented" not in answer.stdout + answer.stderr
    assert answer.returncode == 0


def test_an_unknown_experiment_is_named(project):
    answer = project.run("--dry-run", "results/tiny/evaluation/plan/seed42/metrics.json")
    assert answer.returncode != 0
    assert "no experiment is named plan; the study tiny has plain, augmented, other" in answer.stdout + answer.stderr
