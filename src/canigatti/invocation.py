"""The study that an invocation of Snakemake selects."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from canigatti.config import Study, check_owner, effective_overrides, load_study, names_study, parse_study
from canigatti.files import InputError
from canigatti.provenance import PACKAGE

_CONFIGURATION = "configuration"  # the key of an importing workflow's config that names a configuration file
_DEFAULT_CONFIGURATION = Path("config", "full.yaml")
_SNAKEFILE = "--snakefile"
_DEFAULT_SNAKEFILES = ("Snakefile", "snakefile", "workflow/Snakefile", "workflow/snakefile")


class Invocation(NamedTuple):
    """What an invocation selects.

    Attributes:
        study: the study.
        configuration: path of its file, relative to the working directory; None if a workflow that imports this one
            passes its `config` instead.
        options: the options of Snakemake that select the study besides `--configfile`.
    """

    study: Study
    configuration: str | None
    options: tuple[str, ...] = ()


def read_invocation(workflow: Any, config: Mapping[str, Any]) -> Invocation:
    """Return what an invocation of Snakemake selects.

    The package reads the configuration file: Snakemake would merge several, accept a key given twice, and take 1e-4
    for text.

    Args:
        workflow: Snakemake's `workflow`.
        config: Snakemake's `config`, which is only used if another workflow imports this one.

    Raises:
        InputError: the configuration is invalid, or its study belongs to another file, or the project is in a folder
            that Snakemake cannot handle.
    """
    settings, module = workflow.config_settings, workflow.modifier.namespace
    rules = Path(workflow.current_basedir.get_path_or_uri(secret_free=True))
    _check_project_folder(rules)
    if module:
        return Invocation(_imported_study(config, module), None)
    files = settings.configfiles or [rules.parent / _DEFAULT_CONFIGURATION]
    if len(files) > 1:
        raise InputError(f"give one --configfile, not {len(files)}")
    file = Path(os.path.relpath(files[0]))
    study = load_study(file, settings.config_args)
    if not names_study(settings.config_args):
        check_owner(Path("results", study.study), file)
    overrides = effective_overrides(file, settings.config_args)
    return Invocation(study, str(file), _study_options(os.path.relpath(workflow.main_snakefile), overrides))


def _imported_study(config: Mapping[str, Any], module: str) -> Study:
    """Return the study that an importing workflow configures: in its `config`, or in a file that this names.

    A config with experiments is a whole study, also where the importing workflow has merged it into one that names a
    file: `snakemake --configfile` adds to what its `configfile:` says.
    """
    settings = {key: value for key, value in config.items() if key != _CONFIGURATION}
    if _CONFIGURATION not in config or "experiments" in config:
        return parse_study(settings, f"config of the module {module}", photos_exist=False)
    return load_study(Path(config[_CONFIGURATION]), settings, photos_exist=False)


def _check_project_folder(folder: Path) -> None:
    """Check that Snakemake takes no part of the path of the project's files for a wildcard."""
    for path in (folder, PACKAGE):
        if {"{", "}"} & set(str(path)):
            raise InputError(
                f"{path}: Snakemake takes {{word}} in the project's path for a wildcard; rename the folder"
            )


def without_snakefile(options: Sequence[str]) -> tuple[str, ...]:
    """Return :attr:`Invocation.options` without the path of the Snakefile, which selects no other study."""
    return tuple(options[2:] if options[:1] == (_SNAKEFILE,) else options)


def _study_options(snakefile: str, overrides: Sequence[str]) -> tuple[str, ...]:
    """Return the options of `snakemake` that select this study in the working directory, besides `--configfile`.

    Args:
        snakefile: path of the Snakefile, relative to the working directory.
        overrides: `key=value` texts of the option `--config`.
    """
    own = () if snakefile in _DEFAULT_SNAKEFILES else (_SNAKEFILE, snakefile)
    return (*own, "--config", *overrides) if overrides else own
