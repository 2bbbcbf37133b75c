"""An MLflow store that receives the runs of a study, each once."""

import os
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from canigatti.files import InputError
from canigatti.tracking.runs import TrackedRun

if TYPE_CHECKING:
    from mlflow.entities import Run

# MLflow reads these when it is imported. It would report its use to its makers; and since version 3 it refuses to
# write into a folder, which needs neither a server nor a database, unless it is told to.
_ENVIRONMENT = {"MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "true", "MLFLOW_ALLOW_FILE_STORE": "true"}
_RETRIES = {"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2"}  # by default 7, which take minutes if there is no server
_KEY = ("study", "experiment", "seed")  # tags by which a run is found again
_SUPERSEDED = "canigatti.superseded"
# Limits of MLflow, see mlflow/utils/validation.py.
_MAX_METRICS, _MAX_TEXTS = 1000, 100  # per request
_MAX_CHARACTERS = {"params": 6000, "tags": 5000}
_LARGEST = sys.float_info.max  # databases of MLflow hold it instead of infinity


class MlflowStore:
    """The runs of one study in an MLflow store.

    Attributes:
        uri: of the store.
    """

    def __init__(self, uri: str, study: str) -> None:
        """Open a store, and read which runs of the study it has.

        Args:
            uri: of a server or database, or a folder.
            study: its name, which is that of MLflow's experiment.

        Raises:
            InputError: the store cannot be used.
        """
        os.environ.update(_ENVIRONMENT)
        for name, value in _RETRIES.items():
            os.environ.setdefault(name, value)
        self.uri = uri if re.match(r"[a-z0-9+-]+:", uri) else Path(uri).absolute().as_uri()
        self._study = study
        with self._errors():
            from mlflow import MlflowClient

            self._client = MlflowClient(tracking_uri=self.uri)
            found = self._client.get_experiment_by_name(study)
            self._experiment = found.experiment_id if found else self._client.create_experiment(study)
            self._runs = [*self._read_runs()]

    @property
    def hint(self) -> str:
        """How to look at the store, as the end of a sentence; empty for a server."""
        if not self.uri.startswith("file:"):
            return ""
        command = f"mlflow ui --backend-store-uri '{self.uri}'"
        return f"; with the whole of MLflow installed, `MLFLOW_ALLOW_FILE_STORE=true {command}` shows it"

    def log(self, run: TrackedRun) -> str:
        """Write what is new of a run, and return what was done, in a word.

        A run that has the same settings and begins with the same epochs is updated. If there is another one of this
        experiment and seed, its training has been repeated with other settings, code or photos: it is kept, and tagged.

        Raises:
            InputError: the store cannot be written.
        """
        with self._errors():
            key = dict(zip(_KEY, (self._study, run.experiment, str(run.seed)), strict=True))
            tags = {f"canigatti.{name}": value for name, value in (key | dict(run.tags)).items()}
            known = [one for one in self._runs if _key_of(one).items() <= tags.items()]
            same = next((one for one in known if self._continues(one, run)), None)
            for other in known:
                if other is not same:
                    self._supersede(other)
            stored = same or self._client.create_run(
                self._experiment, start_time=run.started, tags=tags, run_name=run.name
            )
            self._update(stored, run, tags)
            return "updated" if same else "added"

    def _read_runs(self) -> Iterator["Run"]:
        token = None
        while True:
            page = self._client.search_runs([self._experiment], page_token=token)
            yield from (run for run in page if len(_key_of(run)) == len(_KEY) and _SUPERSEDED not in run.data.tags)
            token = page.token
            if not token:
                return

    def _continues(self, stored: "Run", run: TrackedRun) -> bool:
        """Return whether a run in the store is an earlier state of this one."""
        settings = _cut(run.settings, "params")
        if any(settings.get(name, value) != value for name, value in stored.data.params.items()):
            return False
        losses = {epoch.number: _finite(epoch.metrics["loss"]) for epoch in run.epochs}
        logged = {one.step: _finite(one.value) for one in self._client.get_metric_history(stored.info.run_id, "loss")}
        return all(number in losses and losses[number] == value for number, value in logged.items())

    def _update(self, stored: "Run", run: TrackedRun, tags: Mapping[str, str]) -> None:
        from mlflow.entities import Metric, Param, RunTag

        identity = stored.info.run_id
        logged = {one.step for one in self._client.get_metric_history(identity, "loss")}
        metrics = [
            Metric(name, value, epoch.ended, epoch.number)
            for epoch in run.epochs
            if epoch.number not in logged
            for name, value in sorted(epoch.metrics.items(), key=lambda pair: pair[0] == "loss")  # last: see `logged`
        ]
        last = stored.data.metrics
        metrics += [
            Metric(name, value, run.measured, 0)
            for name, value in run.results.items()
            if name not in last or _finite(last[name]) != _finite(value)
        ]
        settings = {
            name: value for name, value in _cut(run.settings, "params").items() if name not in stored.data.params
        }
        for some in _parts(metrics, _MAX_METRICS):
            self._client.log_batch(identity, metrics=some)
        for some in _parts([Param(*pair) for pair in sorted(settings.items())], _MAX_TEXTS):
            self._client.log_batch(identity, params=some)
        for some in _parts([RunTag(*pair) for pair in _cut(tags, "tags").items()], _MAX_TEXTS):
            self._client.log_batch(identity, tags=some)
        for path in run.files:
            self._client.log_artifact(identity, str(path))
        self._end(identity, run)

    def _end(self, identity: str, run: TrackedRun) -> None:
        if run.status == "RUNNING":
            self._client.update_run(identity, status=run.status)
        else:
            self._client.set_terminated(identity, run.status, end_time=max(run.measured, run.epochs[-1].ended))

    def _supersede(self, stored: "Run") -> None:
        self._client.set_tag(stored.info.run_id, _SUPERSEDED, "true")
        if stored.info.status == "RUNNING":
            self._client.set_terminated(stored.info.run_id, "KILLED")

    @contextmanager
    def _errors(self) -> Iterator[None]:
        """Report what goes wrong in MLflow as a user error that names the store."""
        try:
            yield
        except ModuleNotFoundError as error:
            raise InputError(
                f"{self.uri}: MLflow cannot use this store without {error.name}; `pip install mlflow` installs "
                "everything that databases need, or give a folder or the address of a server"
            ) from None
        except Exception as error:
            from mlflow.exceptions import MlflowException

            if not isinstance(error, MlflowException | OSError):
                raise
            raise InputError(f"{self.uri}: MLflow cannot use this store ({error})") from None


def _key_of(run: "Run") -> dict[str, str]:
    """Return the tags by which a run is found again, those that it has."""
    names = [f"canigatti.{name}" for name in _KEY]
    return {name: run.data.tags[name] for name in names if name in run.data.tags}


def _finite(value: float) -> float | None:
    """Return a value as it can be compared with that of any store: NaN is None, and infinity the largest number."""
    return None if value != value else max(-_LARGEST, min(_LARGEST, value))


def _cut(texts: Mapping[str, str], kind: str) -> dict[str, str]:
    """Return the texts without what MLflow does not take."""
    longest = _MAX_CHARACTERS[kind]
    return {name: text if len(text) <= longest else f"{text[: longest - 1]}…" for name, text in texts.items()}


def _parts(items: Sequence[Any], size: int) -> list[Sequence[Any]]:
    """Return a sequence in parts of at most `size` items."""
    return [items[start : start + size] for start in range(0, len(items), size)]
