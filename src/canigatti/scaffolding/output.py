"""What `canigatti init` prints."""

from collections.abc import Iterator

from canigatti.evaluation.power import assume
from canigatti.evaluation.power_texts import power_sentences
from canigatti.files import printable
from canigatti.photos.records import SUBSETS
from canigatti.scaffolding.observations import observe
from canigatti.scaffolding.proposal import Proposal
from canigatti.scaffolding.survey import Survey

_EXPECTED_ACCURACY = 0.9  # of the networks; nothing is known before the first training
_SEVERAL_SEEDS = 5
_MAX_CLASSES = 20  # that are listed; of more, some, and those with the fewest and the most files


def describe_survey(survey: Survey) -> Iterator[str]:
    """Yield the lines that describe the photos."""
    count = len(survey.classes)
    yield printable(f"{survey.path}: {survey.total:,} files in {count:,} classes; {_describe_layout(survey)}")
    labels = [*range(count)]
    if count > _MAX_CLASSES:
        labels = sorted({*range(_MAX_CLASSES), survey.smallest, survey.largest})
    width = max(len(survey.classes[label]) for label in labels)
    for label in labels:
        counts = f"{survey.counts[label]:>7,}{_describe_subsets(survey, label)}"
        yield printable(f"  {survey.classes[label]:<{width}}  {counts}  such as {survey.examples[label]}")
    if count > _MAX_CLASSES:
        yield f"  and {count - len(labels):,} more, with {survey.counts.min():,} to {survey.counts.max():,} files each"
    yield _describe_sample(survey)
    for sentence in observe(survey):
        yield printable(f"note: {sentence}")


def _describe_layout(survey: Survey) -> str:
    classes = "one folder per class" if survey.in_folders else "a file name begins with its class"
    return f"{classes}, in folders for {' and '.join(survey.given_subsets)}" if survey.given_subsets else classes


def _describe_subsets(survey: Survey, label: int) -> str:
    """Return the number of files of a class in each subset, if folders divide the files."""
    counts = zip(SUBSETS, survey.in_subsets[label], strict=True)
    return f" ({', '.join(f'{count:,} {subset}' for subset, count in counts)})" if survey.given_subsets else ""


def _describe_sample(survey: Survey) -> str:
    sample = survey.sample
    formats = ", ".join(f"{count} {name}" for name, count in sample.formats.most_common())
    sides = [min(size) for size in sample.sizes]
    return (
        f"{sample.count} files decoded as a sample: {formats}; the shorter side has {min(sides):,} to {max(sides):,} "
        f"pixels (median {sample.shorter_side:,})"
    )


def describe_proposal(proposal: Proposal, minutes: float | None) -> Iterator[str]:
    """Yield the lines that describe the study and its duration."""
    estimate = proposal.estimate
    width = max(map(len, (*estimate.experiments, "everything else")))
    yield f"{'experiment':<{width}}  pixels  epochs     at most  time"
    for name, cost in estimate.experiments.items():
        epochs = f"about {cost.epochs}"
        yield f"{name:<{width}}  {cost.image_size:>6}  {epochs:<9}  {cost.max_epochs:>7}  {format_time(cost.seconds)}"
    yield f"{'everything else':<{width}}  {'':>6}  {'':<9}  {'':>7}  {format_time(estimate.other_seconds)}"
    yield (
        f"The study takes about {format_time(estimate.seconds)} on this machine ({proposal.machine.device}), and at "
        f"most {format_time(estimate.max_seconds)} if no training run stops early; the longest experiment is "
        f"{estimate.longest}."
    )
    if minutes and estimate.seconds > 60 * minutes:
        yield f"note: this is the shortest study that is proposed, and longer than --minutes {minutes:g}"


def describe_power(proposal: Proposal) -> Iterator[str]:
    """Yield the lines about the differences that the study can show, with its seeds and with several."""
    assumptions, seeds = assume(_EXPECTED_ACCURACY), len(proposal.study.seeds)
    yield from power_sentences(proposal.test_photos, seeds, assumptions)
    if seeds < _SEVERAL_SEEDS:
        yield f"With `seeds: [{', '.join(map(str, range(1, _SEVERAL_SEEDS + 1)))}]` in the configuration:"
        yield f"  {power_sentences(proposal.test_photos, _SEVERAL_SEEDS, assumptions)[0]}"


def format_time(seconds: float) -> str:
    """Return a duration for reading: `45 s`, `12 min`, `3.5 h` or `2.1 days`."""
    for unit, length, digits in (("days", 86_400, 1), ("h", 3_600, 1)):
        if seconds >= 2 * length:
            return f"{seconds / length:.{digits}f} {unit}"
    return f"{seconds / 60:.0f} min" if seconds >= 90 else f"{seconds:.0f} s"
