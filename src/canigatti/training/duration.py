"""What the duration of a training run depends on, known before it starts: epochs, and the work of one."""

from canigatti.config import Convolutional, Pretrained, Spec

# When the validation loss is expected to be lowest, from two studies of real photos on two cores, with the settings of
# `canigatti init`. Without augmentation, a network from scratch had its best epoch after 220 training steps (five
# flowers, 640 training photos), and not yet after 130 (two flowers, 256 training photos). With augmentation, the best
# epoch was one of the last: 38 of 40 and 15 of 16 from scratch, 17 of 20 and 8 of 8 of a head, 4 of 4 of fine-tuning.
_BEST_STEP_PLAIN, _BEST_EPOCH_PLAIN = 250, 10  # of a network from scratch: whichever is later
_BEST_EPOCH = 0.8  # of other training runs, as a fraction of the maximum number of epochs

# Multiply-adds per pixel of the input, in thousands, from the papers of these networks; the others are between them.
_BACKBONES = {
    **{"vgg16": 308, "vgg19": 391, "resnet50": 76, "resnet50v2": 76, "densenet121": 57, "inceptionv3": 64},
    **{"xception": 94, "mobilenet": 11, "mobilenetv2": 6, "efficientnetb0": 8, "nasnetmobile": 11},
}
_USUAL_BACKBONE = 60


def expected_epochs(spec: Spec, steps: int) -> int:
    """Return the number of epochs after which a training run is expected to end, before any has run.

    Args:
        spec: the experiment.
        steps: training steps of an epoch.
    """
    best = round(_BEST_EPOCH * spec.epochs)
    if isinstance(spec.network, Convolutional) and spec.augmentation is None:
        best = max(_BEST_EPOCH_PLAIN, round(_BEST_STEP_PLAIN / steps))
    return min(spec.epochs, best + spec.early_stopping.patience)


def multiply_adds(spec: Spec) -> float:
    """Return the multiplications of a forward pass of a photo, in millions, to compare networks."""
    if isinstance(spec.network, Pretrained):
        return _BACKBONES.get(spec.network.backbone, _USUAL_BACKBONE) * spec.image_size**2 / 1000
    return _of_convolutions(spec.network, spec.image_size, 1 if spec.color == "grayscale" else 3) / 1e6


def _of_convolutions(network: Convolutional, size: int, channels: int) -> float:
    total = 0.0
    for filters in network.filters:
        for _ in range(network.convolutions_per_block):
            total += size**2 * network.kernel_size**2 * channels * filters
            channels = filters
        size //= 2
    return total + (channels if network.pooling == "average" else channels * size**2) * network.dense_units
