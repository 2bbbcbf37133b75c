"""Put the workflow into the wheel, so that `canigatti run` needs no clone of the project."""

from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

WORKFLOW = ("Snakefile", "rules", "workflow", "profiles", "config")


class WorkflowHook(BuildHookInterface):
    """Add the files of the workflow to a wheel, but not to an editable install, which finds them in the checkout."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Add the files; `version` is `standard` or `editable`."""
        if version == "standard":
            build_data["force_include"] |= {name: f"canigatti/_workflow/{name}" for name in WORKFLOW}
