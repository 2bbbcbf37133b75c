"""An audit, and corrections of photos: exactly what depends on a corrected photo runs again."""

import re
import shutil

import pandas as pd
import pytest

from canigatti.photos.records import MANIFEST, SPLIT

REPORT = {"check_results", "plot_report", "write_report", "write_explorer", "write_cards"}
HEADER = "id,sha256,action,label,reason\n"
OF_SPLIT = {"half": ("plain", "augmented"), "most": ("other",)}


@pytest.fixture(scope="module")
def audited(tmp_path_factory, finished):
    """The tiny study with an audit, and a file of corrections without any."""
    import keras

    shutil.copytree(finished.folder, folder := tmp_path_factory.mktemp("audited") / "project")
    project = type(finished)(folder)
    keras.utils.set_random_seed(3)
    keras.applications.MobileNetV2(weights=None, include_top=False).save_weights(folder / "made.weights.h5")
    (folder / "corrections.csv").write_text(HEADER)
    text = (folder / "study.yaml").read_text(encoding="utf-8")
    text = text.replace("seed: 3}}", "seed: 3}, corrections: corrections.csv}", 1)
    project.write_config(
        f"{text}\nweights: {{mobilenetv2: made.weights.h5}}\naudit: {{backbone: mobilenetv2, image_size: 32}}\n"
    )
    added = {"store_photos 32", "fetch_weights", "extract_features", "audit_labels", "write_audit"}
    assert project.planned() == added
    answer = project.run(warm=True)
    assert answer.returncode == 0, answer.stdout + answer.stderr
    assert project.planned() == set()
    return project


@pytest.fixture
def correct(audited):
    """A function that corrects photos and returns the planned jobs; afterwards, nothing is corrected."""
    hashes = MANIFEST.read(audited.folder / "results/tiny/photos/manifest.csv").set_index("id")["sha256"]
    path = audited.folder / "corrections.csv"

    def plan(*rows):
        lines = [f"{name},{hashes.get(name, 'f' * 64)},{action},{label},\n" for name, action, label in rows]
        path.write_text(HEADER + "".join(lines))
        return audited.planned()

    yield plan
    path.write_text(HEADER)


@pytest.fixture(scope="module")
def photo_in(audited):
    """A function that returns a cat in these subsets of the splits half and most."""
    parts = {
        name: SPLIT.read(audited.folder / f"results/tiny/splits/{name}.csv").set_index("id")
        for name in ("half", "most")
    }

    def find(half, most):
        rows = parts["half"][["label"]].assign(half=parts["half"]["part"], most=parts["most"]["part"])
        return rows.query(f"label == 0 and half == '{half}' and most == '{most}'").index[0]

    return find


def measured(split):
    rules = ("measure", "calibrate", "explain_photos", "plot_evaluation")
    again = {f"{rule} {name}" for rule in rules for name in OF_SPLIT[split]}
    return again | {f"correct_split {split} test"} | REPORT | {"write_audit"}


def trained(split):
    rules = ("train", "plot_training", "evaluate", "measure", "calibrate", "explain_photos", "plot_evaluation")
    again = {f"{rule} {name}" for rule in rules for name in OF_SPLIT[split]}
    return again | {f"correct_split {split} training"} | REPORT | {"write_audit"}


def test_every_kept_photo_is_judged_and_has_its_subsets(audited):
    folder = audited.folder / "results/tiny"
    kept = MANIFEST.read(folder / "photos/manifest.csv").query("verdict == 'keep'")
    rows = pd.read_csv(folder / "audit/audit.csv", keep_default_na=False)
    assert sorted(rows["id"]) == sorted(kept["id"])
    assert rows["rank"].tolist() == list(range(1, len(kept) + 1))
    for name in ("half", "most"):
        split = SPLIT.read(folder / f"splits/{name}.csv").set_index("id")["part"]
        assert rows[f"subset_{name}"].tolist() == split[rows["id"]].tolist()


@pytest.mark.parametrize(("action", "label"), [("exclude", ""), ("relabel", "dog")])
def test_a_corrected_test_photo_trains_and_predicts_nothing(correct, photo_in, action, label):
    assert correct((photo_in("test", "test"), action, label)) == measured("half") | measured("most")


@pytest.mark.parametrize(("action", "label"), [("exclude", ""), ("relabel", "1")])
def test_a_corrected_training_photo_trains_the_experiments_of_that_split_only(correct, photo_in, action, label):
    """Splits with the same seed order photos alike: none is trained on in `half` and tested on in `most`."""
    assert correct((photo_in("test", "validation"), action, label)) == measured("half") | trained("most")
    assert correct((photo_in("train", "train"), action, label)) == trained("half") | trained("most")


def test_a_confirmed_photo_writes_the_page_of_the_audit_only(correct, photo_in):
    assert correct((photo_in("train", "train"), "keep", "")) == {"write_audit"}


def test_a_file_that_moves_writes_the_page_of_the_audit_at_most(audited):
    shutil.copy(audited.folder / "corrections.csv", audited.folder / "moved.csv")
    text = (audited.folder / "study.yaml").read_text(encoding="utf-8")
    audited.write_config(text.replace("corrections: corrections.csv", "corrections: moved.csv"))
    assert audited.planned() <= {"write_audit"}
    audited.write_config(text.replace(", corrections: corrections.csv", ""))
    assert audited.planned() <= {"write_audit"}
    audited.write_config(text)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("cat.999.jpg,{hash},exclude,,", "line 2: cat.999.jpg: the study has no photo with this id"),
        ("{id},{hash},exclude,,", "line 2: {id}: expected the SHA-256 "),
        ("{id},{hash},relabel,bird,", "line 2: {id}: expected the label of a class (cat, dog), received 'bird'"),
        ("{id},{hash},remove,,", "line 2: {id}: expected the action exclude, relabel or keep, received 'remove'"),
    ],
)
def test_a_wrong_correction_is_refused_before_any_job(audited, full, photo_in, row, message):
    values = {"id": photo_in("train", "train"), "hash": "f" * 64}
    (audited.folder / "corrections.csv").write_text(HEADER + row.format(**values) + "\n")
    answer = audited.run("--dry-run", full)
    assert answer.returncode != 0
    assert f"photos.corrections: corrections.csv: {message.format(**values)}" in answer.stdout + answer.stderr
    assert not re.search(r"^(?:local)?rule ", answer.stdout + answer.stderr, flags=re.MULTILINE)


@pytest.mark.slow
def test_an_excluded_test_photo_is_not_measured_and_the_former_tables_come_back(audited, correct, photo_in):
    results = audited.folder / "results/tiny"
    report = [results / "report/index.html", *sorted((results / "report/tables").iterdir())]
    before, name = {path: path.read_bytes() for path in report}, photo_in("test", "test")
    correct((name, "exclude", ""))
    answer = audited.run(warm=True)
    assert answer.returncode == 0, answer.stdout + answer.stderr
    folder = results / "evaluation/plain/seed42"
    raw, corrected = (pd.read_csv(folder / part / "predictions.csv") for part in ("uncorrected", "."))
    pd.testing.assert_frame_equal(corrected, raw[raw["id"] != name].reset_index(drop=True), check_exact=True)
    page = " ".join(re.sub(r"<[^>]+>", " ", report[0].read_text(encoding="utf-8")).split())
    assert f"half test {len(raw)} 1 0 most test" in page
    assert f"% {len(raw)} " in page
    assert f"% {len(corrected)} " in page
    assert f'data-id="{name}"' in (results / "audit/index.html").read_text(encoding="utf-8")
    assert audited.planned() == set()
    for file in (results / "splits/half.csv", results / "photos/classes.json"):
        away = file.rename(audited.folder / "away")  # as an error message about an edited file says
        assert not {job.split()[0] for job in audited.planned()} & {"train", "evaluate", "measure"}, file
        away.rename(file)
    (audited.folder / "corrections.csv").write_text(HEADER)
    answer = audited.run(warm=True)
    assert answer.returncode == 0, answer.stdout + answer.stderr
    assert {path: path.read_bytes() for path in report} == before
