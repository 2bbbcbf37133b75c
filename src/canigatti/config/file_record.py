"""The configuration file that the results of a study belong to, so that no other one replaces them unasked."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from canigatti.config.errors import ConfigError
from canigatti.files import InputError
from canigatti.ownership import this_workflow
from canigatti.records import Record

_FILE = "configuration.json"


class ConfigurationRecord(Record):
    """`results/<study>/configuration.json`.

    Attributes:
        configuration: path of the configuration file without symbolic links; relative to the working directory if the
            file is below it, so that a copy of the whole folder is independent.
        options: the options of the last Snakemake that select the study besides `--configfile`, such as `--config` and
            its overrides.
        process: the last Snakemake, see :func:`canigatti.ownership.this_workflow`.
        started: when it started, seconds (Unix time).
    """

    omitted_defaults: ClassVar[tuple[str, ...]] = ("options", "process", "started")  # absent in older results

    configuration: str
    options: tuple[str, ...] = ()
    process: str = ""
    started: float = 0.0


def check_owner(results: Path, configuration: Path) -> None:
    """Check that the results of a study do not belong to another configuration file.

    They may if that file no longer exists, because it was probably renamed to the present one.

    Args:
        results: folder of the study's results, results/<study>.
        configuration: the configuration file.

    Raises:
        ConfigError: they do; the message names both files and what to do.
    """
    study = results.name
    try:
        if not (results / _FILE).exists():
            return
        owner = ConfigurationRecord.read(results / _FILE).configuration
    except InputError as error:
        raise ConfigError(f"{error}; to use {results} all the same, add --config study={study}") from None
    if os.path.exists(owner) and not os.path.samefile(owner, configuration):
        raise ConfigError(
            f"{configuration}: the study {study} belongs to {owner}; run it as another study with --config study=NAME, "
            f"or replace the results of {owner} with --config study={study}"
        )


def record_owner(results: Path, configuration: Path, options: Sequence[str] = ()) -> None:
    """Record that the results of a study belong to a configuration file, and that this process computes them.

    Args:
        results: folder of the study's results, results/<study>.
        configuration: the configuration file.
        options: other options of Snakemake that select the study.

    Raises:
        OSError: the record cannot be written.
    """
    real, here = configuration.resolve(), Path.cwd().resolve()
    owner = real.relative_to(here) if real.is_relative_to(here) else real
    process, started = this_workflow()
    record = ConfigurationRecord(configuration=str(owner), options=tuple(options), process=process, started=started)
    record.write(results / _FILE)


def read_owner(results: Path) -> ConfigurationRecord | None:
    """Return the record of a study; None if its results are not those of a workflow with a configuration file.

    Raises:
        InputError: the record is damaged; the message names it.
    """
    return ConfigurationRecord.read(results / _FILE) if (results / _FILE).exists() else None


def names_study(overrides: list[str]) -> bool:
    """Return whether `key=value` texts (Snakemake's `--config`) name the study explicitly."""
    return any(entry.partition("=")[0] == "study" for entry in overrides)
