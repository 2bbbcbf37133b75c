"""Networks with a backbone that was trained on ImageNet."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from canigatti.config.basis import Count, Pooling
from canigatti.records import Record

# Lower-case names of the networks in keras.applications (3.15). They are listed here because importing Keras takes too
# long for a configuration; a test compares the two.
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
    """The layers after the backbone: pooling, dense layers with ReLU, the output."""

    pooling: Pooling = Field(
        default="average", description="Flatten the backbone's feature maps, or average each over all positions."
    )
    dense_units: tuple[Count, ...] = Field(
        default=(128, 64), strict=False, description="Units of each dense layer between pooling and output."
    )


class Pretrained(Record):
    """A network of keras.applications without its top layers, and a new head."""

    backbone: str = Field(description="Lower-case name of a network in keras.applications, such as mobilenetv2.")
    head: Head = Field(default=Head(), description="The layers after the backbone.")
    preprocess: Literal["own", "scale"] = Field(
        default="own", description="Input preprocessing: the backbone's own preprocess_input, or scaling to 0…1."
    )

    @model_validator(mode="after")
    def _check_backbone(self) -> Self:
        check_backbone(self.backbone)
        return self


def check_backbone(name: str) -> str:
    """Return the name of a backbone; a name that is not one raises ValueError."""
    if name not in BACKBONES:
        raise ValueError(f"expected a network of keras.applications in lower case, received {name!r}")
    return name


class Weights(Record):
    """The source of a backbone's pretrained weights."""

    source: Annotated[str, Field(min_length=1)] = Field(
        description="`imagenet`, or a .weights.h5 file of the network without its top layers."
    )
    if_unreachable: Literal["fail", "random"] = Field(
        default="fail",
        description="If the weights cannot be downloaded: stop with an error, or train from a random initialization.",
    )
