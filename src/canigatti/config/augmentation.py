"""The random transformations of training photos."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from canigatti.config.basis import Positive, Probability, Rate
from canigatti.records import Record


class Probabilities(Record):
    """Probabilities that a transformation is applied to a photo, 0 to 1."""

    shear: Probability = Field(default=1.0, description="Probability of a shear.")
    zoom: Probability = Field(default=1.0, description="Probability of a zoom.")
    rotation: Probability = Field(default=1.0, description="Probability of a rotation.")
    width_shift: Probability = Field(default=1.0, description="Probability of a horizontal shift.")
    height_shift: Probability = Field(default=1.0, description="Probability of a vertical shift.")
    brightness: Probability = Field(default=1.0, description="Probability of a brightness change.")
    horizontal_flip: Probability = Field(default=0.5, description="Probability of a left-right flip.")
    vertical_flip: Probability = Field(default=0.0, description="Probability of an upside-down flip.")


class Augmentation(Record):
    """Ranges of the random transformations, defined as in Keras' `ImageDataGenerator`."""

    shear: Annotated[float, Field(ge=0, lt=90)] = Field(
        default=0.2, description="Shear angle: up to this many degrees, in both directions."
    )
    zoom: Annotated[float, Field(ge=0, lt=1)] = Field(
        default=0.3,
        description="The sampling grid is scaled by 1 - zoom to 1 + zoom; values below 1 enlarge the photo.",
    )
    rotation: Annotated[float, Field(ge=0, le=180)] = Field(
        default=20.0, description="Up to this many degrees, in both directions."
    )
    width_shift: Rate = Field(default=0.15, description="Up to this fraction of the width, in both directions.")
    height_shift: Rate = Field(default=0.15, description="Up to this fraction of the height, in both directions.")
    brightness: tuple[Positive, Positive] = Field(
        default=(0.8, 1.2), strict=False, description="Lowest and highest factor of the pixel values."
    )
    fill: Literal["nearest", "reflect", "wrap", "constant"] = Field(
        default="nearest", description="How pixels outside the photo are filled."
    )
    probability: Probabilities = Field(default=Probabilities(), description="How often each transformation is applied.")

    @model_validator(mode="after")
    def _check_brightness(self) -> Self:
        if self.brightness[0] > self.brightness[1]:
            raise ValueError(f"brightness: expected [low, high], received {list(self.brightness)}")
        return self
