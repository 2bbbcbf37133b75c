"""What the user should know about the photos before a study."""

import re
from collections.abc import Iterator

from canigatti.scaffolding.survey import Survey

_SUBSET_WORDS = {"train", "training", "test", "testing", "val", "valid", "validation", "dev", "pred", "holdout"}
_MAX_LISTED = 5  # folders or files in a sentence


def observe(survey: Survey) -> Iterator[str]:
    """Yield a sentence for everything about the photos that may not be as the user expects."""
    yield from _doubt_classes(survey)
    largest, smallest = survey.largest, survey.smallest
    if survey.is_unequal:
        guess = survey.counts[largest] / survey.total
        yield (
            f"the classes are unequal: {survey.counts[largest]:,} files of {survey.classes[largest]} and "
            f"{survey.counts[smallest]:,} of {survey.classes[smallest]}. Always predicting {survey.classes[largest]} "
            f"would have an accuracy of {guess:.0%}. The study ranks by balanced accuracy, and has an experiment with "
            "balanced class weights"
        )
    if survey.others:
        yield (f"{len(survey.others):,} images are in no class and will not be used, such as {survey.others[0]}")
    if rejected := survey.sample.rejected:
        path, reason = next(iter(rejected.items()))
        yield (
            f"{len(rejected):,} of {survey.sample.count:,} files in the sample cannot be used, such as {path}: "
            f"{reason}. The study leaves them out, and lists them on its page"
        )


def _doubt_classes(survey: Survey) -> Iterator[str]:
    """Yield a sentence if the classes found are probably not those that the user means."""
    named = [name for name in survey.classes if _SUBSET_WORDS & set(re.split("[^a-z]+", name.casefold()))]
    if len(named) > 1:
        yield (
            f"{_list(named)} are probably not classes but subsets. Rename these folders to train, validation and test, "
            "and their class folders are found; folders without classes, such as those for a competition, must be moved"
        )
    elif len(survey.subfolders) > 1:
        yield (
            f"the folder of every class contains the folders {_list(survey.subfolders)}. If these are the classes, "
            "give the path of a folder that directly contains them"
        )


def _list(names: list[str] | tuple[str, ...]) -> str:
    more = f" and {len(names) - _MAX_LISTED:,} more" if len(names) > _MAX_LISTED else ""
    return f"{', '.join(names[:_MAX_LISTED])}{more}"
