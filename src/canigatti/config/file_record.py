"""The configuration file that the results of a study belong to, so that no other one replaces them unasked."""

import os
from pathlib import Path

from canigatti.config.errors import ConfigError
from canigatti.files import InputError
from canigatti.records import Record

_FILE = "configuration.json"


class ConfigurationRecord(Record):
    """`results/<study>/configuration.json`.

    Attributes:
        configuration: path of the configuration file without symbolic links; relative to the working directory if the
            file is below it, so that a copy of the whole folder is independent.
    """

    configuration: str


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


def record_owner(results: Path, configuration: Path) -> None:
    """Record that the results of a study belong to a configuration file.

    Raises:
        OSError: the record cannot be written.
    """
    real, here = configuration.resolve(), Path.cwd().resolve()
    owner = real.relative_to(here) if real.is_relative_to(here) else real
    ConfigurationRecord(configuration=str(owner)).write(results / _FILE)


def names_study(overrides: list[str]) -> bool:
    """Return whether `key=value` texts (Snakemake's `--config`) name the study explicitly."""
    return any(entry.partition("=")[0] == "study" for entry in overrides)
