"""Reading the results: errors name the missing or invalid file."""

import pytest

from canigatti.config import Outline
from canigatti.files import InputError
from canigatti.report.original import read_original
from canigatti.report.results import read_study

RUN = "base-801010-rgb/seed42"
FILES = [
    "photos/source.json",
    "photos/summary.json",
    "photos/sample.png",
    "photos/balance.png",
    "photos/sizes.png",
    "photos/formats.png",
    "photos/rejected.png",
    "splits/64-16-20.csv",
    f"training/{RUN}/run.json",
    f"training/{RUN}/history.csv",
    f"training/{RUN}/calibration.json",
    f"evaluation/{RUN}/metrics.json",
    f"evaluation/{RUN}/speed.json",
    f"evaluation/{RUN}/predictions.csv",
    f"evaluation/{RUN}/validation.csv",
    f"evaluation/{RUN}/uncertain.csv",
    f"evaluation/{RUN}/misclassified.png",
    f"evaluation/{RUN}/uncertain.png",
    f"evaluation/{RUN}/explained.png",
    f"evaluation/{RUN}/reliability.png",
    "report/accuracy-cost.png",
]


def test_error_names_missing_file(results):
    study, folder = results()
    outline = study.outline("config/study.yaml")
    for name in FILES:
        (folder / name).rename(folder / "moved")
        with pytest.raises(InputError, match=f"{name}: expected a "):
            read_study(outline, folder)
        (folder / "moved").rename(folder / name)
    assert len(read_study(outline, folder).runs) == 8


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("photos/summary.json", "{", "expected a record of type PhotosSummary, received Invalid JSON"),
        (
            f"training/{RUN}/run.json",
            "{}",
            "expected a record of type TrainingRecord, received experiment: Field required",
        ),
        (f"evaluation/{RUN}/metrics.json", '{"accuracy": "high"}', "accuracy"),
        (f"evaluation/{RUN}/speed.json", "{}", "milliseconds_per_photo: Field required"),
        (
            f"evaluation/{RUN}/predictions.csv",
            "id,label\n",
            "expected a table with the columns id, label, probability, logit, received no column probability",
        ),
        (f"training/{RUN}/history.csv", "", "expected a table with the columns epoch, loss"),
        (f"training/{RUN}/history.csv", "epoch,loss\n1,0.5\n", "received no column accuracy among epoch, loss"),
        (f"training/{RUN}/history.csv", "epoch,loss\n1,high\n", "received could not convert"),
        ("splits/80-10-10.csv", "id,label\ncat.1.jpg,0\n", "received no column part among id, label"),
    ],
)
def test_error_names_invalid_file_and_expected_content(results, name, content, message):
    study, folder = results()
    (folder / name).write_text(content)
    with pytest.raises(InputError, match=f"{name}: .*{message}"):
        read_study(study.outline("config/study.yaml"), folder)


def test_invalid_outline_is_rejected():
    with pytest.raises(InputError, match="expected a record of type Outline, received configuration: Field required"):
        Outline.from_json('{"study": "x"}')


def test_unused_splits_are_not_read(results):
    study, folder = results()
    outline = study.outline("config/study.yaml")
    used = tuple(outlined for outlined in outline.experiments if outlined.split == "64-16-20")
    (folder / "splits" / "80-10-10.csv").unlink()
    study_results = read_study(outline.model_copy(update={"experiments": used}), folder)
    assert list(study_results.split_counts) == ["64-16-20"]
    assert study_results.split_counts["64-16-20"].loc["test"].tolist() == [100, 100]


def test_photo_id_may_be_nan(results):
    study, folder = results()
    runs = read_study(study.outline("config/study.yaml"), folder).runs
    assert runs[0].uncertain["id"].iloc[0] == "nan"


def test_original_has_one_row_per_experiment_of_the_full_study():
    original = read_original().set_index("experiment")
    assert len(original) == 15
    assert original["accuracy"].dropna().between(0.77, 1).all()
    assert original.loc["deeper", ["accuracy", "loss", "weight_mb"]].tolist() == [0.904, 0.249, 79.22]
    assert original.loc["mobilenetv2-finetune", "accuracy"] == 0.9904
