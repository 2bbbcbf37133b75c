"""The metadata of a model card: the YAML at its top, by which Hugging Face's hub finds and describes models.

The names are those of https://github.com/huggingface/hub-docs/blob/main/modelcard.md. There is no license: whether a
model may be given away depends on the photos, of which the study knows nothing.
"""

from typing import Any

import yaml

from canigatti.config import Pretrained, RankBy
from canigatti.report.card.reading import RunFacts, StudyFacts

TASK = "image-classification"
# Type, and name, of the metrics in `metrics.json`; a type with an own page in the hub's list of metrics has its id.
METRICS: dict[RankBy, tuple[str, str]] = {
    "accuracy": ("accuracy", "Accuracy"),
    "balanced_accuracy": ("balanced_accuracy", "Balanced accuracy"),
    "macro_f1": ("f1", "Macro F1"),
    "matthews": ("matthews_correlation", "Matthews correlation"),
    "roc_auc": ("roc_auc", "ROC-AUC"),
    "average_precision": ("average_precision", "Average precision"),
    "loss": ("loss", "Loss (cross-entropy)"),
}


def front_matter(study: StudyFacts, run: RunFacts) -> str:
    """Return the metadata of a card as YAML between two lines of dashes; equal results give equal texts.

    A network whose training diverged has no metrics.
    """
    metadata: dict[str, Any] = {"library_name": "keras", "pipeline_tag": TASK, "tags": _tags(run)}
    if not run.training.diverged:
        metrics = _metrics(run)
        metadata["metrics"] = [metric["type"] for metric in metrics]
        metadata["model-index"] = [{"name": name_of(study, run), "results": [_result(study, run, metrics)]}]
    # A long name must remain on one line: parsers of front matter are simpler than YAML's.
    text = yaml.safe_dump(metadata, sort_keys=False, allow_unicode=True, width=10_000)
    return f"---\n{text}---\n"


def name_of(study: StudyFacts, run: RunFacts) -> str:
    """Return the name of a model, such as `pets-mobilenetv2-transfer-seed42`."""
    return f"{study.outline.study}-{run.training.experiment}-seed{run.training.seed}"


def _tags(run: RunFacts) -> list[str]:
    network = run.training.spec.network
    return [TASK, "canigatti", *([network.backbone] if isinstance(network, Pretrained) else [])]


def _metrics(run: RunFacts) -> list[dict[str, Any]]:
    values = {name: getattr(run.metrics, name) for name in METRICS}
    return [
        {"type": METRICS[name][0], "value": value, "name": METRICS[name][1]}
        for name, value in values.items()
        if value is not None
    ]


def _result(study: StudyFacts, run: RunFacts, metrics: list[dict[str, Any]]) -> dict[str, Any]:
    split = run.training.spec.split
    return {
        "task": {"type": TASK, "name": "Image classification"},
        "dataset": {
            "type": "imagefolder",  # the hub's name for a folder of photos; a data set of its own would have an id
            "name": f"{study.outline.study}, split {split}",
            "split": "test",
            "revision": study.source.sha256,
        },
        "metrics": metrics,
    }
