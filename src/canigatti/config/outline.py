"""An experiment as the report's outline lists it."""

import hashlib
from typing import Self

from canigatti.config.basis import Name
from canigatti.config.experiment import Convolutional, Experiment, Spec, Table
from canigatti.config.optimizers import Adam
from canigatti.records import Record


class OutlinedExperiment(Record):
    """An experiment as the outline lists it.

    Attributes:
        searched: whether a search finds its network and optimizer.
        digest: what :meth:`digest_of` returns for its spec. A hundred specs would make the command line too long.
    """

    name: Name
    table: Table
    split: str
    searched: bool
    digest: str

    @classmethod
    def of(cls, name: str, experiment: Experiment) -> Self:
        """Return the entry of an experiment."""
        searched = experiment.search is not None
        digest = _digest(experiment.resolve(), searched)
        return cls(name=name, table=experiment.table, split=experiment.split or "", searched=searched, digest=digest)

    def digest_of(self, spec: Spec) -> str:
        """Return the SHA-256 of a spec, which is :attr:`digest` if these are the settings of this experiment.

        Network and optimizer of a searched experiment are not part of it.
        """
        return _digest(spec, self.searched)


def _digest(spec: Spec, searched: bool) -> str:
    found = {"network": Convolutional(), "optimizer": Adam(name="adam")} if searched else {}
    return hashlib.sha256(spec.model_copy(update=found).to_json().encode()).hexdigest()
