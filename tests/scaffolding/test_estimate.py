"""How long a study takes: the parts of the estimate."""

import keras
import pytest

from canigatti.config import Adam, Augmentation, Head, Pretrained, Spec
from canigatti.scaffolding.output import format_time
from canigatti.scaffolding.sample import Sample
from canigatti.scaffolding.stages import last_stage
from canigatti.scaffolding.timing import Speed, Stopwatch
from canigatti.training.duration import expected_epochs


@pytest.fixture
def stopwatch():
    import numpy as np

    squares = [*np.random.default_rng(0).integers(0, 256, (4, 256, 256, 3), dtype=np.uint8)]
    return Stopwatch(Sample(squares=squares), classes=3, weights={})


def test_networks_are_measured_once_whatever_their_epochs_and_augmentation(stopwatch, make_spec):
    first = stopwatch.measure(make_spec(epochs=3))
    assert stopwatch.measure(make_spec(epochs=9, augmentation=Augmentation())) is first
    assert len(stopwatch.measured) == 1
    assert min(first.start, first.training, first.prediction, first.epoch) > 0
    assert first.prediction < first.training


def test_another_image_size_is_estimated_from_the_number_of_pixels(stopwatch, make_spec):
    measured = stopwatch.measure(make_spec(image_size=16))
    estimated = stopwatch.estimate(make_spec(image_size=32))
    assert estimated.training == pytest.approx(4 * measured.training)
    assert (estimated.start, estimated.epoch) == (measured.start, measured.epoch)
    assert len(stopwatch.measured) == 1


def test_the_head_of_a_frozen_backbone_takes_as_long_for_every_image_size():
    speed = Speed(1.0, 0.1, 0.2, 0.3)
    assert speed.at_size(96, 192, has_features=True) == Speed(1.0, 0.1, 0.8, 0.3)
    assert speed.at_size(96, 192, has_features=False) == Speed(1.0, 0.4, 0.8, 0.3)


def test_frozen_and_fine_tuned_networks_are_measured(stopwatch):
    network = Pretrained(backbone="mobilenetv2", head=Head(dense_units=(4,)))
    frozen = Spec(image_size=96, network=network, batch_size=4, optimizer=Adam(name="adam"), augmentation=None)
    tuned = frozen.model_copy(update={"unfreeze": "block_16_expand", "start_from": "x", "augmentation": Augmentation()})
    speeds = stopwatch.measure(frozen), stopwatch.measure(tuned)
    assert speeds[0].training < speeds[0].prediction  # on features
    assert speeds[1].prediction == speeds[0].prediction  # the same backbone is measured once
    assert len(stopwatch.measured) == 2


def test_networks_without_augmentation_stop_early_where_there_are_many_steps(make_spec):
    stopping = {"epochs": 40, "early_stopping": {"patience": 8}}
    plain, augmented = make_spec(**stopping), make_spec(**stopping, augmentation=Augmentation())
    assert [expected_epochs(plain, steps) for steps in (1, 8, 20, 500)] == [40, 39, 20, 18]
    assert expected_epochs(augmented, 500) == 40
    assert expected_epochs(make_spec(epochs=4), 8) == 4


STAGES = {
    "mobilenetv2": "block_13_depthwise",
    "vgg16": "block5_conv1",
    "resnet50": "conv5_block1_1_conv",
    "efficientnetb0": "block6a_dwconv",
}


@pytest.mark.parametrize(("backbone", "layer"), STAGES.items())
def test_the_last_stage_of_a_backbone_is_found(backbone, layer):
    assert last_stage(backbone) == layer
    keras.backend.clear_session()


def test_durations_are_readable():
    assert [*map(format_time, (7, 89, 90, 5_400, 7_200, 90_000, 200_000))] == [
        *("7 s", "89 s", "2 min", "90 min", "2.0 h", "25.0 h", "2.3 days")
    ]
