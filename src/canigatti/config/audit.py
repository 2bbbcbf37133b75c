"""The audit of labels: which network sees the photos, and how many doubtful ones the page shows."""

from typing import Annotated

from pydantic import Field, field_validator

from canigatti.config.basis import Seed
from canigatti.config.pretrained import check_backbone
from canigatti.config.squares import Resize, Square
from canigatti.records import Record


class Audit(Record):
    """An audit of the labels by the features of a frozen pretrained network, which has not learned from them."""

    backbone: str = Field(
        description="Lower-case name of a network in keras.applications; weights.<backbone> is where its weights are."
    )
    image_size: Annotated[int, Field(ge=32, le=1024)] = Field(
        default=160, description="Width and height of the photos that the backbone sees, in pixels."
    )
    resize: Resize = Field(default="squeeze", description="How photos become square, as in an experiment.")
    seed: Seed = Field(default=42, description="Seed of the folds in which the labels are predicted.")
    shown: Annotated[int, Field(ge=1, le=2_000)] = Field(
        default=200, description="Number of the most doubtful photos on the page to review; audit.csv lists all."
    )

    @property
    def square(self) -> Square:
        """The photos that the backbone sees."""
        return Square(self.image_size, self.resize)

    @field_validator("backbone")
    @classmethod
    def _check_backbone(cls, backbone: str) -> str:
        return check_backbone(backbone)
