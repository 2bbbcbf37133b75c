"""The report's tables as formatted text, with notes that explain them."""

from collections.abc import Callable, Collection, Sequence

import pandas as pd

from canigatti.report.notes import (
    ABSENT,
    DIVERGED,
    GAVE_UP,
    MARKS,
    RANDOM_INITIALIZATION,
    findings_note,
    table_notes,
)
from canigatti.report.ranking import ACCURACY, Ranking

SETTINGS = ("Split", "Color", "Augmented")  # columns that may have the same value in every row
LEFT_ALIGNED = ("Experiment", *SETTINGS)  # columns of text; all other columns are numbers
ACCURACY_HEADING = "Accuracy (95% interval)"
_COLORS = {"rgb": "RGB", "grayscale": "grayscale"}


def for_reading(table: pd.DataFrame, ranking: Ranking = ACCURACY) -> pd.DataFrame:
    """Format the rows of a table of experiments as text.

    Values of the metric that ranks are marked by their standing, see :data:`canigatti.report.notes.MARKS`.
    """
    marks = table["random_initialization"].map({True: f" ({RANDOM_INITIALIZATION})", False: ""})
    marks += [f" ({mark})" if mark else "" for mark in ending_marks(table)]
    epoch = "{:.1f}".format if "best_epoch_std" in table else "{:.0f}".format
    formatted = {
        "Experiment": table["experiment"] + marks,
        "Split": table["split"],
        "Color": table["color"].map(_COLORS),
        "Augmented": table["augmented"].map({True: "yes", False: "no"}),
        **({} if ranking.is_accuracy else {ranking.heading: _ranked_texts(table, ranking)}),
        ACCURACY_HEADING: table.apply(_accuracy_text, axis="columns", ranking=ranking),
        "Validation": table["validation"].map(lambda value: ABSENT if pd.isna(value) else ranking.format(value)),
        "Loss": _with_std(table, "loss", "{:.4f}".format),
        "Best epoch": _with_std(table, "best_epoch", epoch),
        "s/epoch": _with_std(table, "seconds_per_epoch", "{:.1f}".format),
        "Parameters": table["parameters"].map("{:,}".format),
        "MB": table["weight_mb"].map("{:.2f}".format),
        "Epochs": _with_std(table, "epochs", epoch),
        "Training": _with_std(table, "training_seconds", duration),
        "ms/photo": _with_std(table, "milliseconds_per_photo", "{:.2f}".format),
    }
    if ranking.is_loss:
        formatted[ranking.heading] = _ranked_texts(table, ranking)
    originals = originals_for_reading(table)
    prefixed = {f"Original {_lower_first(heading)}": column for heading, column in originals.items()}
    return pd.DataFrame(formatted | prefixed)


def ending_marks(table: pd.DataFrame) -> list[str]:
    """Return of how many seeds of each experiment the training diverged or gave up, as text.

    The text is empty if there are none. If all seeds diverged, it does not say so: the accuracy column shows that.
    """
    return [
        ", ".join(filter(None, [_of_seeds(row, "diverged", DIVERGED), _of_seeds(row, "gave_up", GAVE_UP)]))
        for _, row in table.iterrows()
    ]


def _of_seeds(row: pd.Series, column: str, mark: str) -> str:
    count, seeds = row.get(column, 0), row["seeds"]
    if count == seeds:
        return "" if mark == DIVERGED else mark
    return f"{count} of {seeds} {mark}" if count else ""


def originals_for_reading(table: pd.DataFrame) -> dict[str, pd.Series]:
    """Format the metrics of the original study by heading; headings without any metric are omitted."""
    columns: dict[str, tuple[str, Callable[[float], str]]] = {
        ACCURACY_HEADING: ("accuracy", "{:.2%}".format),
        "Loss": ("loss", "{:.4f}".format),
        "Best epoch": ("best_epoch", "{:.0f}".format),
        "s/epoch": ("seconds_per_epoch", "{:.0f}".format),
        "MB": ("weight_mb", "{:.2f}".format),
        "Epochs": ("epochs", "{:.0f}".format),
    }
    return {
        heading: table[f"original_{column}"].map(
            lambda value, format_value=format_value: ABSENT if pd.isna(value) else format_value(value)
        )
        for heading, (column, format_value) in columns.items()
        if f"original_{column}" in table and table[f"original_{column}"].notna().any()
    }


def _lower_first(heading: str) -> str:
    first = heading.split(" (")[0]
    return first if first.isupper() else first[0].lower() + first[1:]


def _accuracy_text(row: pd.Series, ranking: Ranking) -> str:
    if pd.isna(row["accuracy"]):
        return DIVERGED
    has_std = pd.notna(row.get("accuracy_std"))
    std = f" ± {100 * row['accuracy_std']:.1f}" if has_std else ""
    interval = f"({100 * row['accuracy_low']:.1f}–{100 * row['accuracy_high']:.1f})"
    mark = MARKS.get(row["standing"], "") if ranking.is_accuracy else ""
    return f"{mark} {100 * row['accuracy']:.1f}%{std} {interval}".lstrip()


def _ranked_texts(table: pd.DataFrame, ranking: Ranking) -> pd.Series:
    """Format the metric that ranks, if it is not the accuracy, whose text contains its interval."""
    texts = _with_std(table, ranking.metric, ranking.format, ranking.format_std)
    return (table["standing"].map(MARKS).fillna("") + " " + texts).str.lstrip()


def _with_std(
    table: pd.DataFrame,
    column: str,
    format_value: Callable[[float], str],
    format_std: Callable[[float], str] | None = None,
) -> pd.Series:
    def format_cell(value: float) -> str:
        return ABSENT if pd.isna(value) else format_value(value)

    values = table[column].map(format_cell)
    if f"{column}_std" not in table:
        return values
    format_std = format_std or format_value
    return values + table[f"{column}_std"].map(lambda std: "" if pd.isna(std) else f" ± {format_std(std)}")


def markdown(texts: pd.DataFrame, left_aligned: Sequence[str], sentences: Sequence[str]) -> str:
    """Return formatted text as a Markdown table, followed by the sentences."""
    rows = [[str(cell).replace("|", r"\|") for cell in row] for row in (texts.columns, *texts.to_numpy())]
    lines = [f"| {' | '.join(row)} |" for row in rows]
    rule = "|" + "|".join(" --- " if heading in left_aligned else " ---: " for heading in texts.columns) + "|"
    return "\n".join([lines[0], rule, *lines[1:], "", *(f"{sentence}\n" for sentence in sentences)])


def as_markdown(table: pd.DataFrame, ranking: Ranking = ACCURACY, guess: str = "") -> str:
    """Format a table of experiments as Markdown.

    Args:
        table: the table.
        ranking: the metric that ranks.
        guess: sentence about guessing, see :func:`canigatti.report.guessing.guess_note`.
    """
    return markdown(for_reading(table, ranking), LEFT_ALIGNED, [*table_notes(table, ranking), *([guess] * bool(guess))])


def findings_as_markdown(findings: pd.DataFrame, grouped: bool) -> str:
    """Format the table of :func:`canigatti.report.findings.verdicts.findings_table` as Markdown.

    Args:
        findings: the table.
        grouped: whether test photos belong to the same group.
    """
    columns = {"claim": "Claim", "verdict": "Verdict", "result": "This study", "original": "Original study"}
    columns |= {"rule": "Rule"}
    texts = findings[[*columns]].rename(columns=columns)
    return markdown(texts, tuple(texts), [findings_note(grouped)])


def in_points(estimate: float, low: float, high: float) -> str:
    """Format a difference of accuracies and its interval in percentage points: `+3.1 points (+2.2 to +4.0)`."""
    points = [signed(100 * number) for number in (estimate, low, high)]
    return f"{points[0]} points ({points[1]} to {points[2]})"


def percent_with_interval(fraction: float, interval: tuple[float, float] | None) -> str:
    """Format a fraction and its interval in percent: `81.0% (76.1–85.2)`; `–` if it has no interval."""
    return f"{100 * fraction:.1f}% ({100 * interval[0]:.1f}–{100 * interval[1]:.1f})" if interval else ABSENT


def signed(number: float, digits: int = 1) -> str:
    """Format a number with its sign, with a typographic minus: `+3.1`, `−0.4`."""
    return f"{number:+.{digits}f}".replace("-", "−")


def p_value(p: float) -> str:
    """Format a p-value with two significant digits: `0.034`, `< 0.0001`; `–` if it is missing."""
    if pd.isna(p):
        return ABSENT
    return f"{p:.2g}" if p >= 0.0001 else "< 0.0001"


def duration(seconds: float) -> str:
    """Format a duration in its two largest units: `3 h 25 min`, `4 min 10 s`, `8.2 s`."""
    if seconds < 60:
        return f"{seconds:.3g} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    parts = [(hours, "h"), (minutes, "min")] if hours else [(minutes, "min"), (rest, "s")]
    return " ".join(f"{count} {unit}" for count, unit in parts if count)


def enumerate_words(words: Sequence[str]) -> str:
    """Join words as a list in a sentence: `a`, `a and b`, `a, b and c`."""
    return " and ".join(filter(None, [", ".join(words[:-1]), words[-1]]))


def count_noun(count: int, singular: str, plural: str | None = None) -> str:
    """Format a count with its noun: `1 photo`, `12,500 photos`; the default plural appends an s."""
    return f"{count:,} {singular if count == 1 else plural or singular + 's'}"


def count_range(counts: Collection[int]) -> str:
    """Format the smallest and the largest of several counts: `4`, `20 to 1,200`."""
    return " to ".join(f"{count:,}" for count in sorted({min(counts), max(counts)}))
