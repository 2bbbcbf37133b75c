"""What every part of the configuration has in common."""

import json
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from canigatti.config.errors import ConfigError, faults

Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]*$")]
Fraction = Annotated[float, Field(gt=0, lt=1)]
Probability = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[float, Field(gt=0)]
Count = Annotated[int, Field(ge=1)]
Seed = Annotated[int, Field(ge=0, lt=2**31)]


class Strict(BaseModel):
    """A part of the configuration: unknown keys are refused, and nothing is converted silently."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)

    def spec(self) -> str:
        """Everything it says, as JSON with sorted keys: the same text for the same meaning."""
        return json.dumps(self.model_dump(mode="json"), sort_keys=True)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read what :meth:`spec` wrote.

        Raises:
            ConfigError: the text says something else.
        """
        try:
            return cls.model_validate_json(text)
        except ValidationError as error:
            raise ConfigError("\n".join(f"--spec: {fault}" for fault in faults(error, {}))) from None
