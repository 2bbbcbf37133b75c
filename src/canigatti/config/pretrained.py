"""Networks that start from weights learned on ImageNet."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from canigatti.config.basis import Count
from canigatti.records import Record

# Lower-case names of the networks in keras.applications (3.15), which loads too slowly to be asked at each start;
# a test compares.
BACKBONES = (
    *("convnextbase", "convnextlarge", "convnextsmall", "convnexttiny", "convnextxlarge"),
    *("densenet121", "densenet169", "densenet201"),
    *(f"efficientnetb{number}" for number in range(8)),
    *(f"efficientnetv2{size}" for size in ("b0", "b1", "b2", "b3", "l", "m", "s")),
    *("inceptionresnetv2", "inceptionv3", "mobilenet", "mobilenetv2", "mobilenetv3large", "mobilenetv3small"),
    *("nasnetlarge", "nasnetmobile", "resnet101", "resnet101v2", "resnet152", "resnet152v2", "resnet50", "resnet50v2"),
    *("vgg16", "vgg19", "xception"),
)


class Head(Record):
    """What stands on the backbone: its features made flat, dense layers with ReLU, one sigmoid unit."""

    pooling: Literal["flatten", "average"] = "average"
    dense_units: tuple[Count, ...] = Field(default=(128, 64), strict=False)


class Pretrained(Record):
    """A network of keras.applications without its top, and a head of our own."""

    backbone: str = Field(description="Lower-case name in keras.applications, such as mobilenetv2.")
    head: Head = Head()
    preprocess: Literal["own", "scale"] = Field(
        default="own", description="The backbone's own preprocess_input, or scaling to 0…1."
    )

    @model_validator(mode="after")
    def _is_known(self) -> Self:
        if self.backbone not in BACKBONES:
            raise ValueError(f"expected a network of keras.applications in lower case, received {self.backbone!r}")
        return self


class Weights(Record):
    """Where a backbone's weights come from."""

    source: Annotated[
        str, Field(min_length=1, description="`imagenet`, or a .weights.h5 file of the network without top.")
    ]
    if_unreachable: Literal["fail", "random"] = "fail"
