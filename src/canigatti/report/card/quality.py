"""What a model card says about how good a network is, and about what is not known."""

from collections.abc import Iterator

import pandas as pd

from canigatti.config import RankBy
from canigatti.evaluation.records import ClassMetrics
from canigatti.evaluation.severities import CORRUPTIONS
from canigatti.report.calibration import error_sentence, promise_sentence, temperature_sentence
from canigatti.report.card.markup import items, plain, table
from canigatti.report.card.metadata import METRICS
from canigatti.report.card.reading import RunFacts, StudyFacts
from canigatti.report.notes import ABSENT, DIVERGED_NOTE, RANDOM_INITIALIZATION_NOTE
from canigatti.report.ranking import RANKINGS
from canigatti.report.robustness import robustness_sentence
from canigatti.report.tables import BEST
from canigatti.report.texts import count_noun, enumerate_words, percent_with_interval

_MAX_CLASSES = 50  # rows of the table of classes
_MAX_MATRIX = 12  # classes of a confusion matrix


def evaluation_section(study: StudyFacts, run: RunFacts) -> str:
    """Return all metrics on the test set, with intervals where there are any; of a diverged network, that it has none.

    The metrics are those of `metrics.json`; the mean over seeds is that of the report.
    """
    if run.training.diverged:
        return f"## Evaluation\n\nThis training diverged, so its metrics are not meaningful. {DIVERGED_NOTE}"
    metrics = run.metrics
    sentences = [
        f"All metrics are those of {count_noun(metrics.n, 'test photo')}, which the training has not seen. 95% "
        "intervals in parentheses; groups of photos that belong together are the independent units.",
        _mean_over_seeds(study, run),
        _choice(study, run),
    ]
    rows = [
        [f"{name} (95% interval)" if key == "accuracy" else name, _value(run, key)]
        for key, (_, name) in METRICS.items()
    ]
    rows.append(["Accuracy of always guessing the largest class", f"{100 * metrics.largest_class:.1f}%"])
    parts = ["## Evaluation", items(sentences), table(["Metric", "Value"], rows), *_classes(study, run)]
    if len(study.classes) <= _MAX_MATRIX:
        parts += [
            "Rows of this table are true classes, columns the classes that the network predicts:",
            _matrix(study, run),
        ]
    return "\n\n".join(parts)


def _value(run: RunFacts, metric: RankBy) -> str:
    value = getattr(run.metrics, metric)
    if value is None:
        return f"{ABSENT} (undefined: a class has no test photo)"
    if metric == "accuracy":
        return percent_with_interval(value, run.metrics.accuracy_interval)
    return RANKINGS[metric].format(value)


def _mean_over_seeds(study: StudyFacts, run: RunFacts) -> str:
    """Return the accuracy of the experiment over all seeds; empty with one seed."""
    row = study.experiments.loc[run.training.experiment]
    if row["seeds"] == 1:
        return ""
    diverged = f", of which {row['diverged']} diverged and count as guesses" if row["diverged"] else ""
    interval = (row["accuracy_low"], row["accuracy_high"])
    return (
        f"The mean accuracy of the {row['seeds']} networks that differ in the seed only{diverged} is "
        f"{percent_with_interval(row['accuracy'], interval)}; the interval is that of new seeds and new photos."
    )


def _choice(study: StudyFacts, run: RunFacts) -> str:
    row, ranking = study.experiments.loc[run.training.experiment], RANKINGS[study.outline.rank_by]
    if row["standing"] != BEST or len(study.experiments) == 1:
        return ""
    return (
        f"Of the {len(study.experiments)} experiments of the study, this one has the best {ranking.name} on the "
        "validation set, so it was not chosen by these test photos."
    )


def _classes(study: StudyFacts, run: RunFacts) -> Iterator[str]:
    named = [*zip(study.classes, run.metrics.classes, strict=True)]
    if len(named) > _MAX_CLASSES:
        yield f"The {_MAX_CLASSES} classes with the lowest recall, of {len(named):,}; `metrics.json` has all:"
        named = sorted(named, key=lambda one: one[1].recall)[:_MAX_CLASSES]
    rows = [
        [
            plain(name),
            f"{one.n:,}",
            percent_with_interval(one.recall, one.recall_interval),
            percent_with_interval(one.precision, one.precision_interval),
            f"{one.f1:.3f}" if one.n or one.predicted else ABSENT,
        ]
        for name, one in named
    ]
    yield table(["Class", "Test photos", "Recall", "Precision", "F1"], rows)


def _matrix(study: StudyFacts, run: RunFacts) -> str:
    names = [plain(name) for name in study.classes]
    rows = [
        [name, *(f"{count:,}" for count in counts)] for name, counts in zip(names, run.metrics.confusion, strict=True)
    ]
    return table(["", *names], rows)


def probabilities_section(run: RunFacts) -> str:
    """Return how certain the network is, and for which answers it promises an error; empty if it has diverged."""
    if run.training.diverged:
        return ""
    calibration = run.calibration
    sentences = [temperature_sentence(calibration), error_sentence(calibration)]
    sentences += [promise_sentence(point, calibration) for point in calibration.points]
    use = (
        "`calibration.json` next to the model has the temperature, by which its logits are divided, and thresholds. "
        "`canigatti predict` uses them; the network itself, and models exported from it, return probabilities without."
    )
    return "\n\n".join(["## Probabilities", items(sentences), use])


def limits_section(study: StudyFacts, run: RunFacts) -> str:
    """Return what the study has seen of the network's limits, and what it does not know."""
    return "\n\n".join(["## Limits", items(_limits(study, run))])


def _limits(study: StudyFacts, run: RunFacts) -> Iterator[str]:
    if run.training.random_initialization:
        yield RANDOM_INITIALIZATION_NOTE
    if not run.training.diverged:
        yield from _seen_limits(study, run)
    divided = study.splits[str(run.training.spec.split)].divided_groups
    if divided:
        yield "Photos that belong together are in several sets of the split, so its metrics may be too high."
    yield "Not known: how it classifies photos that come from elsewhere than those of the study; none were tested."
    yield (
        "Not known: whether the labels of the photos are right, beyond what corrections have changed; labels that are "
        "wrong count as errors of the network, or hide them."
    )


def _seen_limits(study: StudyFacts, run: RunFacts) -> Iterator[str]:
    metrics = run.metrics
    if metrics.accuracy_interval[0] <= metrics.largest_class:
        yield "**Its accuracy is not shown to be better than guessing the largest class.**"
    tested = [(name, one) for name, one in zip(study.classes, metrics.classes, strict=True) if one.n]
    yield _worst_class(*min(tested, key=lambda one: one[1].recall))
    if untested := len(study.classes) - len(tested):
        yield f"{count_noun(untested, 'class has', 'classes have')} no test photo, so nothing is known about it."
    if study.outline.seeds[1:] == ():
        yield "It was trained once: another seed may give a network that is better or worse."
    yield _robustness(study.robustness, run.training.experiment)


def _worst_class(name: str, metrics: ClassMetrics) -> str:
    recall, photos = percent_with_interval(metrics.recall, metrics.recall_interval), count_noun(metrics.n, "test photo")
    return f"The class with the lowest recall is {plain(name)}: {recall} of its {photos} are classified correctly."


def _robustness(table: pd.DataFrame | None, experiment: str) -> str:
    changes = enumerate_words(CORRUPTIONS)
    rows = table[table["experiment"] == experiment] if table is not None else []
    if table is None or not len(rows):
        return f"Not known: how changes of photos affect it, such as {changes}; this was not measured."
    return f"Changed test photos ({changes}): {plain(robustness_sentence(rows))}"
