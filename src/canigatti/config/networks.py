"""The architecture of a network: convolutional, or pretrained."""

from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Discriminator, Field, Tag, model_validator

from canigatti.config.basis import Count, Pooling, Rate
from canigatti.config.pretrained import Pretrained
from canigatti.records import Record


class Convolutional(Record):
    """A convolutional network trained from scratch; the defaults are the study's base network.

    Block i has `convolutions_per_block` convolutions of `filters[i]` filters, 2×2 max pooling and `dropout[i]`; a dense
    layer of `dense_units`, the last dropout and the output follow. With `batch_normalization`, the outputs of
    each convolution and of the dense layer are normalized before their ReLU (Ioffe and Szegedy, 2015).
    """

    omitted_defaults: ClassVar[tuple[str, ...]] = ("pooling",)

    filters: tuple[Count, ...] = Field(
        default=(32, 64, 128), min_length=1, strict=False, description="Filters of each convolution block."
    )
    convolutions_per_block: Count = Field(default=1, description="Convolutions before each max pooling.")
    kernel_size: Count = Field(default=3, description="Kernel size of all convolutions, in pixels.")
    dense_units: Count = Field(default=256, description="Units of the dense layer.")
    dropout: tuple[Rate, ...] = Field(
        default=(0.2, 0.2, 0.2, 0.5),
        strict=False,
        description="Dropout rates after each block and after the dense layer.",
    )
    kernel_initializer: Literal["he_uniform", "glorot_uniform"] = Field(
        default="he_uniform", description="Initializer of every layer with ReLU; Keras' default is glorot_uniform."
    )
    batch_normalization: bool = Field(default=False, description="Normalize the input of each ReLU over the batch.")
    pooling: Pooling = Field(
        default="flatten",
        description="Flatten the last block's feature maps, or average each over all positions (Lin et al., 2014).",
    )

    @model_validator(mode="after")
    def _check_dropout_count(self) -> Self:
        if len(self.dropout) != len(self.filters) + 1:
            raise ValueError(
                f"{len(self.filters)} blocks need {len(self.filters) + 1} dropout rates, received {len(self.dropout)}"
            )
        return self


def _kind_of_network(raw: Any) -> str:
    has_backbone = "backbone" in raw if isinstance(raw, dict) else hasattr(raw, "backbone")
    return "<pretrained>" if has_backbone else "<convolutional>"


Network = Annotated[
    Annotated[Convolutional, Tag("<convolutional>")] | Annotated[Pretrained, Tag("<pretrained>")],
    Discriminator(_kind_of_network),
]
