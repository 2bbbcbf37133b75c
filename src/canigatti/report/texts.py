"""The study's tables made for reading: texts under headings, and how to read them."""

from collections.abc import Callable, Sequence

import pandas as pd

from canigatti.report.tables import BEST, NOT_CLEARLY_WORSE

MARKS = {BEST: "★", NOT_CLEARLY_WORSE: "≈"}
SETTINGS = ("Split", "Colour", "Augmented")  # headings that may say the same in every row
LEFT_ALIGNED = ("Experiment", *SETTINGS)  # headings over texts; the others stand over numbers
ACCURACY = "Accuracy (95% interval)"
RANDOM_INITIALIZATION = "random initialization"
RANDOM_INITIALIZATION_NOTE = (
    "Random initialization: the pretrained weights could not be had, so the network started from random ones. "
    "Its figures say nothing about pretrained networks."
)
DIVERGED = "diverged"
DIVERGED_NOTE = (
    "Diverged: a loss became infinite or no number, so that the network has no accuracy and no rank. "
    "A lower learning rate may help."
)
ABSENT = "–"
_DIFFERENCE = ["difference", "difference_low", "difference_high"]
COMPARISON_NOTE = (
    "Both networks of a pair were asked about the same test photos. Difference: of their accuracies in points, with "
    "the 95% interval of the paired bootstrap. p: exact McNemar test; p (Holm): corrected for the number of pairs "
    "within the split; clear: it is below 0.05. With several seeds the difference is that of the mean accuracies, and "
    "the two counts and the test are those of the first seed that both have."
)
FINDINGS_NOTE = (
    "Networks are paired by their settings: two that differ in nothing but what the claim is about. Accuracies are "
    "compared on the photos that tested both, with several seeds as means over them. The 95% intervals say what other "
    "photos of this kind would change, not what training once more with another seed would."
)
_COLORS = {"rgb": "RGB", "grayscale": "grayscale"}


def for_reading(table: pd.DataFrame) -> pd.DataFrame:
    """The rows of a table of experiments as texts; the best accuracies carry their mark."""
    marks = table["random_initialization"].map({True: f" ({RANDOM_INITIALIZATION})", False: ""})
    marks += [f" ({mark})" if mark else "" for mark in divergence_marks(table)]
    epoch = "{:.1f}".format if "best_epoch_std" in table else "{:.0f}".format
    texts = {
        "Experiment": table["experiment"] + marks,
        "Split": table["split"],
        "Colour": table["color"].map(_COLORS),
        "Augmented": table["augmented"].map({True: "yes", False: "no"}),
        ACCURACY: table.apply(_accuracy_text, axis="columns"),
        "Loss": _with_spread(table, "loss", "{:.4f}".format),
        "Best epoch": _with_spread(table, "best_epoch", epoch),
        "s/epoch": _with_spread(table, "seconds_per_epoch", "{:.1f}".format),
        "Parameters": table["parameters"].map("{:,}".format),
        "MB": table["weight_mb"].map("{:.2f}".format),
        "Epochs": _with_spread(table, "epochs", epoch),
        "Training": _with_spread(table, "training_seconds", duration),
        "ms/photo": _with_spread(table, "milliseconds_per_photo", "{:.2f}".format),
    }
    originals = originals_for_reading(table)
    named = {f"Original {_in_a_sentence(heading)}": known for heading, known in originals.items()}
    return pd.DataFrame(texts | named)


def divergence_marks(table: pd.DataFrame) -> list[str]:
    """Beside the name of each experiment: how many seeds diverged, unless all did, which the accuracy says."""
    return [
        "" if row.diverged in (0, row.seeds) else f"{row.diverged} of {row.seeds} {DIVERGED}"
        for row in table.itertuples()
    ]


def originals_for_reading(table: pd.DataFrame) -> dict[str, pd.Series]:
    """The original's figures as texts by the heading they belong to; headings without any are left out."""
    texts: dict[str, tuple[str, Callable[[float], str]]] = {
        ACCURACY: ("accuracy", "{:.2%}".format),
        "Loss": ("loss", "{:.4f}".format),
        "Best epoch": ("best_epoch", "{:.0f}".format),
        "s/epoch": ("seconds_per_epoch", "{:.0f}".format),
        "MB": ("weight_mb", "{:.2f}".format),
        "Epochs": ("epochs", "{:.0f}".format),
    }
    return {
        heading: table[f"original_{column}"].map(lambda value, text=text: ABSENT if pd.isna(value) else text(value))
        for heading, (column, text) in texts.items()
        if f"original_{column}" in table and table[f"original_{column}"].notna().any()
    }


def _in_a_sentence(heading: str) -> str:
    first = heading.split(" (")[0]
    return first if first.isupper() else first[0].lower() + first[1:]


def _accuracy_text(row: pd.Series) -> str:
    if pd.isna(row["accuracy"]):
        return DIVERGED
    known = pd.notna(row.get("accuracy_std"))
    spread = f" ± {100 * row['accuracy_std']:.1f}" if known else ""
    interval = f"({100 * row['accuracy_low']:.1f}–{100 * row['accuracy_high']:.1f})"
    mark = MARKS.get(row["standing"], "")
    return f"{mark} {100 * row['accuracy']:.1f}%{spread} {interval}".lstrip()


def _with_spread(table: pd.DataFrame, column: str, text: Callable[[float], str]) -> pd.Series:
    def shown(value: float) -> str:
        return ABSENT if pd.isna(value) else text(value)

    values = table[column].map(shown)
    if f"{column}_std" not in table:
        return values
    return values + table[f"{column}_std"].map(lambda spread: "" if pd.isna(spread) else f" ± {text(spread)}")


def notes(table: pd.DataFrame) -> list[str]:
    """Sentences that say how to read a table of experiments."""
    sentences = [
        f"{MARKS[BEST]} best accuracy. {MARKS[NOT_CLEARLY_WORSE]} not clearly worse: its interval overlaps the best's. "
        "The 95% interval (Wilson) is where the accuracy would plausibly lie on endlessly many photos of this kind.",
        "MB is the size of the weights at four bytes each. Loss is the binary cross-entropy on the test photos. "
        "Training is the time from the start of the job to the saved model. "
        "ms/photo is the time from a decoded photo to its probability, in batches.",
    ]
    seeds = int(table["seeds"].max())
    if seeds > 1:
        sentences.append(
            f"Each experiment ran with {seeds} seeds: values are means, ± is the standard deviation over seeds, "
            "and the interval is that of an average run."
        )
    if table["random_initialization"].any():
        sentences.append(RANDOM_INITIALIZATION_NOTE)
    if table["diverged"].any():
        sentences.append(DIVERGED_NOTE)
    if "original_accuracy" in table:
        sentences.append("Original: the study of 2023, on a laptop with a GTX 1070; – where it gave no figure.")
    return sentences


def markdown(texts: pd.DataFrame, left_aligned: Sequence[str], sentences: Sequence[str]) -> str:
    """Texts under their headings as a Markdown table, with sentences below."""
    rows = [[str(cell).replace("|", r"\|") for cell in row] for row in (texts.columns, *texts.to_numpy())]
    lines = [f"| {' | '.join(row)} |" for row in rows]
    rule = "|" + "|".join(" --- " if heading in left_aligned else " ---: " for heading in texts.columns) + "|"
    return "\n".join([lines[0], rule, *lines[1:], "", *(f"{sentence}\n" for sentence in sentences)])


def as_markdown(table: pd.DataFrame) -> str:
    """A table of experiments as Markdown."""
    return markdown(for_reading(table), LEFT_ALIGNED, notes(table))


def comparison_as_markdown(comparison: pd.DataFrame) -> str:
    """The table of :func:`canigatti.report.comparison.compare` as Markdown."""
    texts = {
        "Split": comparison["split"],
        "Better": comparison["first"],
        "Worse": comparison["second"],
        "Photos": comparison["n"].map("{:,}".format),
        "Difference (95% interval)": [in_points(*pair) for pair in comparison[_DIFFERENCE].to_numpy(float)],
        "Only the better right": comparison["only_first_right"],
        "Only the worse right": comparison["only_second_right"],
        "p": comparison["p"].map(p_value),
        "p (Holm)": comparison["p_holm"].map(p_value),
        "Clear": comparison["clear"].map({True: "yes", False: "no"}),
    }
    return markdown(pd.DataFrame(texts), ("Split", "Better", "Worse"), [COMPARISON_NOTE])


def findings_as_markdown(findings: pd.DataFrame) -> str:
    """The table of :func:`canigatti.report.findings.verdicts.findings_table` as Markdown."""
    columns = {"claim": "Claim", "verdict": "Verdict", "ours": "Here", "original": "The original", "rule": "Rule"}
    texts = findings[[*columns]].rename(columns=columns)
    return markdown(texts, tuple(texts), [FINDINGS_NOTE])


def in_points(estimate: float, low: float, high: float) -> str:
    """A difference of accuracies and its interval in hundredths: `+3.1 points (+2.2 to +4.0)`."""
    shown, lowest, highest = (signed(100 * end) for end in (estimate, low, high))
    return f"{shown} points ({lowest} to {highest})"


def signed(number: float, digits: int = 1) -> str:
    """A number with its sign, as in print."""
    return f"{number:+.{digits}f}".replace("-", "−")


def p_value(p: float) -> str:
    """A p-value in two digits: `0.034`, `< 0.0001`."""
    return f"{p:.2g}" if p >= 0.0001 else "< 0.0001"


def duration(seconds: float) -> str:
    """A span of time in the two units that matter: `3 h 25 min`, `4 min 10 s`, `8.2 s`."""
    if seconds < 60:
        return f"{seconds:.3g} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    parts = [(hours, "h"), (minutes, "min")] if hours else [(minutes, "min"), (rest, "s")]
    return " ".join(f"{count} {unit}" for count, unit in parts if count)


def amount(count: int, one: str, many: str | None = None) -> str:
    """A count with its noun: `1 photo`, `12,500 photos`."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"
