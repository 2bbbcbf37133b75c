"""`canigatti page` on a study as Snakemake leaves it: complete, partial, without any result, and while files vanish."""

import re
import shutil
import sys

import pytest

from canigatti.__main__ import main
from canigatti.files import InputError
from canigatti.live import page as page_module
from canigatti.live.page import read_page, write_page
from canigatti.live.study import find_study


@pytest.fixture
def here(project, monkeypatch):
    monkeypatch.chdir(project.folder)
    return project.folder


def page_of(study="study.yaml"):
    return read_page(find_study(study)).html


def delete(folder, *experiments, stages=("training", "evaluation")):
    for stage in stages:
        for experiment in experiments:
            shutil.rmtree(folder / "results/tiny" / stage / experiment)


def test_the_page_of_a_complete_study_is_that_of_the_workflow(here):
    page = (here / "results/tiny/report/index.html").read_text(encoding="utf-8")
    for name in ("tables/", "explorer.html"):  # from a folder next to that of the report
        page = page.replace(f'href="{name}', f'href="../report/{name}')
    # The project was copied out of its checkout, and the page knows the code that runs.
    assert re.sub(r", commit [0-9a-f]{12}(, modified)?", "", page_of()) == page


@pytest.mark.parametrize("study", ["study.yaml", "tiny", "results/tiny", "./results/tiny/"])
def test_a_study_is_found_by_its_file_its_folder_and_its_name(here, study):
    live = find_study(study)
    assert (live.study.study, str(live.folder), live.outline.configuration) == ("tiny", "results/tiny", "study.yaml")


@pytest.mark.parametrize(("study", "message"), [("nothing", "nothing: expected"), ("src", "folder of the project")])
def test_what_is_no_study_is_a_user_error(here, study, message):
    with pytest.raises(InputError, match=message):
        find_study(study)


def test_the_overrides_of_the_last_snakemake_apply(here):
    record = here / "results/tiny/configuration.json"
    text = record.read_text().rstrip().removesuffix("}").rstrip()
    text = text.split(',\n  "process"')[0]
    record.write_text(f'{text},\n  "options": ["--config", "seeds=[42, 43]"]\n}}\n')
    assert find_study("study.yaml").study.seeds == (42, 43)
    assert find_study("tiny").study.seeds == (42, 43)


def test_finished_experiments_are_complete_and_others_are_awaited(here):
    delete(here, "augmented")
    page = page_of()
    assert "This study is not complete" in page
    assert "1 experiment without a result (augmented)" in page
    assert "<h3>Sizes</h3>" in page
    assert 'id="comparison"' in page
    assert "2 finished and 1 waiting" in page
    assert re.search(r"has the best accuracy so far\s+on the validation set", page)
    assert "2 of its 3 experiments have a result" in page


def test_a_deleted_evaluation_and_figure_make_a_run_unfinished(here):
    delete(here, "plain", stages=("evaluation",))
    (here / "results/tiny/evaluation/other/seed42/misclassified.png").unlink()
    assert "Of 3 training runs, 1 finished and 2 trained." in page_of()


def test_without_a_result_there_are_the_study_its_photos_and_the_states(here):
    delete(here, "plain", "augmented", "other")
    page = page_of()
    assert "results, from the first evaluated network on" in page
    assert "<h3>Sizes</h3>" in page
    assert 'id="comparison"' not in page
    shutil.rmtree(here / "results/tiny/photos")
    page = page_of()
    assert "First: drawing photos." in page
    assert "<h3>Sizes</h3>" not in page
    shutil.rmtree(here / "results")
    assert "There is no forecast" in page_of()


def test_results_of_other_settings_are_not_shown(here):
    text = (here / "study.yaml").read_text()
    (here / "study.yaml").write_text(text.replace("augment: true", "augment: true, epochs: 3"))
    page = page_of()
    assert "2 finished" in page
    assert "not those of the configuration" in page


def test_a_file_that_vanishes_is_read_again(here, monkeypatch):
    picture = here / "results/tiny/evaluation/plain/seed42/misclassified.png"
    content, original = picture.read_bytes(), page_module.read_states

    def vanish(*arguments):
        states = original(*arguments)
        picture.unlink(missing_ok=True)
        return states

    def appear(_):
        picture.write_bytes(content)
        monkeypatch.setattr(page_module, "read_states", original)

    monkeypatch.setattr(page_module, "read_states", vanish)
    monkeypatch.setattr(page_module.time, "sleep", appear)
    assert "This study is not complete" not in page_of()


def test_the_page_does_not_disturb_the_workflow(here, project):
    before = {path: path.stat().st_mtime_ns for path in (here / "results").rglob("*") if path.is_file()}
    write_page(find_study("study.yaml"))
    after = {path: path.stat().st_mtime_ns for path in (here / "results").rglob("*") if path.is_file()}
    assert {*after} - {*before} == {here / "results/tiny/live/index.html"}
    assert {path: after[path] for path in before} == before
    assert project.planned() == set()


def test_the_command_writes_the_page_and_says_where(here, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["canigatti", "page", "study.yaml"])
    with pytest.raises(SystemExit) as end:
        main()
    assert not end.value.code
    assert "results/tiny/live/index.html is written" in capsys.readouterr().out


def test_a_failed_run_has_its_error_and_the_path_of_its_log(here):
    delete(here, "other")
    log = here / "results/tiny/logs/train/other/seed42.log"
    log.write_text(f"{log.read_text()}ValueError: No such layer: <x>\n")
    page = page_of()
    assert "1 failed" in page
    assert "ValueError: No such layer: &lt;x&gt;" in page
    assert "results/tiny/logs/train/other/seed42.log" in page
    assert str(here) not in page
