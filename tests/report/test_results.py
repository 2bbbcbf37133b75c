"""Reading the results: a file that is missing or wrong is named."""

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
    f"training/{RUN}/curves.png",
    f"evaluation/{RUN}/metrics.json",
    f"evaluation/{RUN}/speed.json",
    f"evaluation/{RUN}/predictions.csv",
    f"evaluation/{RUN}/uncertain.csv",
    f"evaluation/{RUN}/misclassified.png",
    f"evaluation/{RUN}/uncertain.png",
]


def test_a_missing_file_is_named(results):
    study, folder = results()
    outline = study.outline("config/study.yaml")
    for name in FILES:
        (folder / name).rename(folder / "away")
        with pytest.raises(InputError, match=f"{name}: expected a file"):
            read_study(outline, folder)
        (folder / "away").rename(folder / name)
    assert len(read_study(outline, folder).runs) == 8


@pytest.mark.parametrize(
    ("name", "content", "complaint"),
    [
        ("photos/summary.json", "{", "expected a record of photossummary"),
        (f"training/{RUN}/run.json", "{}", "status: Field required"),
        (f"evaluation/{RUN}/metrics.json", '{"accuracy": "high"}', "accuracy"),
        (f"evaluation/{RUN}/speed.json", "{}", "milliseconds_per_photo: Field required"),
        (f"evaluation/{RUN}/predictions.csv", "id,label\n", "expected the columns id, label and probability"),
        (f"training/{RUN}/history.csv", "", "expected a table with the columns epoch, loss"),
        (f"training/{RUN}/history.csv", "epoch,loss\n1,0.5\n", "expected a column accuracy, received epoch, loss"),
        (f"training/{RUN}/history.csv", "epoch,loss\n1,high\n", "received could not convert"),
        ("splits/80-10-10.csv", "id,label\ncat.1.jpg,0\n", "expected a column part"),
    ],
)
def test_a_file_with_other_content_is_named_with_what_was_expected(results, name, content, complaint):
    study, folder = results()
    (folder / name).write_text(content)
    with pytest.raises(InputError, match=f"{name}: .*{complaint}"):
        read_study(study.outline("config/study.yaml"), folder)


def test_invalid_outline_is_rejected():
    with pytest.raises(InputError, match="expected a Outline record, received configuration: Field required"):
        Outline.from_json('{"study": "x"}')


def test_splits_that_no_experiment_uses_are_not_asked_for(results):
    study, folder = results()
    outline = study.outline("config/study.yaml")
    used = tuple(outlined for outlined in outline.experiments if outlined.split == "64-16-20")
    (folder / "splits" / "80-10-10.csv").unlink()
    found = read_study(outline.model_copy(update={"experiments": used}), folder)
    assert list(found.split_counts) == ["64-16-20"]
    assert found.split_counts["64-16-20"].loc["test"].tolist() == [100, 100]


def test_a_photo_may_be_called_nan(results):
    study, folder = results()
    runs = read_study(study.outline("config/study.yaml"), folder).runs
    assert runs[0].uncertain["id"].iloc[0] == "nan"


def test_the_original_has_a_row_for_each_experiment_of_the_full_study():
    original = read_original().set_index("experiment")
    assert len(original) == 15
    assert original["accuracy"].dropna().between(0.77, 1).all()
    assert original.loc["deeper", ["accuracy", "loss", "weight_mb"]].tolist() == [0.904, 0.249, 79.22]
    assert original.loc["mobilenetv2-finetune", "accuracy"] == 0.9904
