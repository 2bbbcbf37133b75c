"""The text of a configuration file: a study with a comment on each choice."""

import re
from collections.abc import Mapping
from pathlib import Path

import jinja2
import yaml

from canigatti.config import ConfigError
from canigatti.config.classes import check_configured_classes
from canigatti.config.strict_yaml import parse_yaml
from canigatti.photos.records import SUBSETS
from canigatti.scaffolding.choice import Choice
from canigatti.scaffolding.design import MIN_TEST_PHOTOS, Design
from canigatti.scaffolding.survey import Survey

_MAX_LISTED = 100  # classes; more are left out of the configuration, which then uses those found
_TRIALS = 8  # of a search


def render(survey: Survey, design: Design, choice: Choice, stages: Mapping[str, str], command: str) -> str:
    """Return a configuration file (YAML) with comments.

    Args:
        survey: what the source contains.
        design: the settings of the study.
        choice: what the user has chosen.
        stages: first layer to fine-tune by backbone, see :func:`canigatti.scaffolding.stages.last_stage`.
        command: the command that runs the study.
    """
    folder = Path(__file__).parent
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(folder),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["decimal"] = lambda value: f"{value:.8f}".rstrip("0")
    return environment.get_template("configuration.yaml.jinja").render(
        title=f"A study of {survey.total:,} photos of {len(survey.classes):,} classes.",
        command=command,
        name=quote(choice.name),
        classes=[quote(name) for name in _listed(survey.classes)],
        class_count=f"{len(survey.classes):,}",
        source=quote(str(survey.path)),
        limit_per_class=design.limit_per_class,
        split_comment=_comment_split(survey, design),
        split="given" if design.split is None else "-".join(map(str, design.split)),
        fractions=design.split and [percent / 100 for percent in design.split],
        weights={backbone: quote(source) for backbone, source in choice.weights.items()},
        is_unequal=survey.is_unequal,
        shorter_side=survey.sample.shorter_side,
        design=design,
        has_search=choice.has_search,
        trials=_TRIALS,
        stages=stages,
    )


def quote(text: str) -> str:
    """Return a text as a YAML scalar that can be an item of a list in brackets; only quoted if it needs to be."""
    try:
        is_plain = re.fullmatch(r"[\w./ -]+", text, re.ASCII) is not None and parse_yaml(text) == text
    except ConfigError:
        is_plain = False
    return text if is_plain else yaml.safe_dump(text, default_style='"', allow_unicode=True, width=10**6).strip()


def _listed(classes: tuple[str, ...]) -> tuple[str, ...]:
    """Return the names for `classes:`; none for many classes, or if a folder has a name that cannot be configured."""
    try:
        check_configured_classes(classes)
    except ValueError:
        return ()
    return classes if len(classes) <= _MAX_LISTED else ()


def _comment_split(survey: Survey, design: Design) -> list[str]:
    smallest = quote(survey.classes[int(design.photos.sum(axis=1).argmin())])
    comment = [f"about {design.test_photos:,} test photos of {smallest}, the smallest class"]
    if design.test_photos < MIN_TEST_PHOTOS:
        comment += [
            f"fewer than {MIN_TEST_PHOTOS}, because there are too few photos of it: its precision and recall will be",
            "uncertain, as their intervals on the page show",
        ]
    if survey.given_subsets and design.split is not None:
        missing = [name for name in SUBSETS if name not in survey.given_subsets]
        reason = f"no folder for {' and '.join(missing)}" if missing else "not all photos, or classes, in all of them"
        comment += [
            f"The source has folders for {' and '.join(survey.given_subsets)}, but {reason}:",
            "this split divides all photos anew.",
        ]
    return comment
