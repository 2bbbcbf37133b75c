"""The metrics by which a study can rank its experiments: their names, their formats, and which values are better."""

from dataclasses import dataclass

import pandas as pd

from canigatti.config import RankBy


@dataclass(frozen=True)
class Ranking:
    """A metric of the test set that ranks experiments.

    Attributes:
        metric: its name in `metrics.json` and in the tables of experiments.
        name: its name in a sentence.
        explanation: what it is, as a sentence; empty for metrics that every reader knows.
        scale: factor of the values that are shown, 100 for percentages.
        pattern: format of a scaled value.
        is_loss: whether lower values are better.
    """

    metric: RankBy
    name: str
    explanation: str = ""
    scale: int = 1
    pattern: str = "{:.3f}"
    is_loss: bool = False

    @property
    def is_accuracy(self) -> bool:
        """Whether it is the accuracy, the only metric with intervals and tests."""
        return self.metric == "accuracy"

    @property
    def heading(self) -> str:
        """Its name at the start of a sentence or of a column."""
        return f"{self.name[0].upper()}{self.name[1:]}"

    def format(self, value: float) -> str:
        """Format a value of the metric."""
        return self.pattern.format(self.scale * value)

    def format_std(self, value: float) -> str:
        """Format a standard deviation of the metric, without a unit."""
        return self.pattern.removesuffix("%").format(self.scale * value)

    def gains(self, values: pd.Series) -> pd.Series:
        """Return values of the metric with the sign that makes higher ones better."""
        return -values if self.is_loss else values


ACCURACY = Ranking("accuracy", "accuracy", scale=100, pattern="{:.1f}%")
_RANKINGS = (
    ACCURACY,
    Ranking(
        "balanced_accuracy",
        "balanced accuracy",
        "Balanced accuracy is the mean recall of the classes, so each class has the same weight.",
        scale=100,
        pattern="{:.1f}%",
    ),
    Ranking(
        "macro_f1",
        "macro F1",
        "Macro F1 is the mean over classes of F1, the harmonic mean of recall and precision, so each class has the "
        "same weight.",
    ),
    Ranking(
        "matthews",
        "Matthews correlation",
        "The Matthews correlation of true and predicted classes is 1 if all photos are classified correctly, and 0 for "
        "guessing.",
    ),
    Ranking(
        "roc_auc",
        "ROC-AUC",
        "ROC-AUC is the area under the ROC curve: of two classes, of the second one; of more, the mean over classes, "
        "each against the rest.",
    ),
    Ranking(
        "average_precision",
        "average precision",
        "Average precision summarizes the precision-recall curve: of two classes, of the second one; of more, the mean "
        "over classes, each against the rest.",
    ),
    Ranking("loss", "loss", "Loss is the cross-entropy on the test photos; lower is better.", 1, "{:.4f}", True),
)
RANKINGS = {ranking.metric: ranking for ranking in _RANKINGS}
