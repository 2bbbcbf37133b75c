"""The options of the audit's jobs; only rules use this module."""

from dataclasses import dataclass
from typing import Any

from canigatti.config import FROM_FOLDERS, Audit
from canigatti.planning import Plan


@dataclass(frozen=True)
class AuditPlan:
    """The jobs of an audit.

    Attributes:
        plan: the jobs of the study.
        audit: its settings.
    """

    plan: Plan
    audit: Audit

    @property
    def images(self) -> str:
        """Path of the image store that the backbone sees."""
        return f"{self.plan.results}/photos/images-{self.audit.square}.npy"

    @property
    def weights(self) -> str:
        """Path of the backbone's weights."""
        return f"{self.plan.results}/weights/{self.audit.backbone}.weights.h5"

    @property
    def _given(self) -> list[str]:
        return [name for name in self.plan.splits if self.plan.study.splits[name] == FROM_FOLDERS]

    def split_options(self, wildcards: Any) -> list[str]:
        """Return the options of `audit-labels` for the splits in use, and for those that came with the photos."""
        used = [f"--split={self.plan.folder}/splits/{name}.csv" for name in self.plan.splits]
        return [*used, *(f"--from-folders={name}" for name in self._given)]

    def page_options(self, wildcards: Any) -> list[str]:
        """Return the options of `write-audit` besides its files."""
        return [
            f"--study={self.plan.study.study}",
            f"--shown={self.audit.shown}",
            *(["--given"] if self._given else []),
        ]
