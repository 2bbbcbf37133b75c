"""The study of a page: from its configuration file, its results folder, or its name."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from canigatti.config import ConfigurationRecord, Outline, Study, load_study, read_owner
from canigatti.files import InputError
from canigatti.live.states import Workflow
from canigatti.ownership import workflow_is_alive


@dataclass(frozen=True)
class LiveStudy:
    """A study whose page is written.

    Attributes:
        outline: as the workflow makes it.
        folder: results/<study>.
    """

    study: Study
    outline: Outline
    folder: Path

    def read_workflow(self) -> Workflow:
        """Return the Snakemake that last computed its results.

        Raises:
            InputError: its record is damaged.
        """
        record = read_owner(self.folder)
        if record is None or not record.process:
            return Workflow(None, 0.0)
        return Workflow(workflow_is_alive(record.process, record.started), record.started)


def find_study(name: str) -> LiveStudy:
    """Return a study with the options of the last Snakemake that ran it, such as `--config` and its overrides.

    Args:
        name: path of the configuration file or of the results folder, or the name of the study.

    Raises:
        InputError: there is no such study, or its configuration is invalid, or this is not the folder of its project.
    """
    if Path(name).is_file():
        folder = Path("results", load_study(Path(name)).study)
        record = read_owner(folder)
        is_own = record is not None and Path(record.configuration).exists()
        same = record if is_own and record and os.path.samefile(record.configuration, name) else None
        return _load(Path(os.path.relpath(name)), same.options if same else ())
    folder = Path(name) if Path(name).is_dir() else Path("results", name)
    if not folder.is_dir():
        raise InputError(f"{name}: expected a configuration file, a folder of results, or the name of a study")
    if folder.resolve() != Path("results", folder.resolve().name).resolve():
        raise InputError(f"{name}: expected a folder of results/ here; run this command in the folder of the project")
    record = _require_record(folder)
    return _load(Path(record.configuration), record.options)


def _require_record(folder: Path) -> ConfigurationRecord:
    record = read_owner(folder)
    if record is None:
        raise InputError(f"{folder}: it does not say to which configuration file it belongs; give that file instead")
    return record


def _load(configuration: Path, options: Sequence[str]) -> LiveStudy:
    overrides = options[options.index("--config") + 1 :] if "--config" in options else ()
    study = load_study(configuration, overrides)
    return LiveStudy(study, study.outline(str(configuration), tuple(options)), Path("results", study.study))
