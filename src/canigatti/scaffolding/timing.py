"""The speed of this machine, measured on the networks of a study: a few real training steps of each."""

import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar, cast

import numpy as np

from canigatti.config import SGD, EarlyStopping, Pretrained, Spec
from canigatti.photos.store import Store
from canigatti.scaffolding.sample import Sample
from canigatti.training import features, networks
from canigatti.training.batches import Examples, Subset, training_batches
from canigatti.training.checkpoint import Checkpoint, write_checkpoint

if TYPE_CHECKING:
    import keras

Value = TypeVar("Value")

_MAX_STEPS = 6  # that are timed, after the first, which includes TensorFlow's tracing of the network
_MAX_SECONDS = 1.0  # then no further step is timed, once there is one
# Photos in a step or a forward pass that is timed. On CPUs, time is proportional to their number; a device that takes
# less than this many seconds for them is timed with the whole batch of the experiment.
_TIMED_PHOTOS, _FAST_STEP = 16, 0.1
_FORWARD = 1 / 3  # work of a prediction relative to a training step, for a network whose layers are all trained


@dataclass(frozen=True)
class Speed:
    """How long a training run of a network takes on this machine.

    Attributes:
        start: seconds to build and trace the network, once per job.
        training: seconds per training photo and epoch.
        prediction: seconds per photo: of the features of a frozen backbone, of a validation, and of an evaluation.
        epoch: seconds per epoch besides, for the checkpoint.
    """

    start: float
    training: float
    prediction: float
    epoch: float

    def at_size(self, measured: int, size: int, has_features: bool) -> "Speed":
        """Return the speed for another image size: the work per photo is proportional to the number of pixels.

        Args:
            measured: image size that was measured, pixels.
            size: another image size.
            has_features: whether training uses features, whose number does not depend on the size.
        """
        ratio = (size / measured) ** 2
        training = self.training * (1 if has_features else ratio)
        return replace(self, training=training, prediction=self.prediction * ratio)


@dataclass(frozen=True)
class _Built:
    """A pretrained network.

    Attributes:
        model: the network.
        seconds: to build it.
        prediction: seconds per photo with all layers frozen; None if not measured.
    """

    model: "keras.Model"
    seconds: float
    prediction: float | None = None


@dataclass
class Stopwatch:
    """The speeds of networks on this machine, each measured once.

    Attributes:
        sample: photos to train on.
        classes: number of classes.
        weights: file with a backbone's weights, by backbone; the others are timed with random weights, which are as
            fast.
        measured: the speeds by normalized spec, see :func:`_normalize`.
    """

    sample: Sample
    classes: int
    weights: Mapping[str, Path]
    measured: dict[Spec, Speed] = field(default_factory=dict)
    _last: tuple[Spec, _Built] | None = None  # a network is transferred, and then fine-tuned

    def measure(self, spec: Spec) -> Speed:
        """Return the speed of an experiment's network.

        Raises:
            InputError: a file does not hold the weights of its backbone, or the memory is exhausted.
        """
        from canigatti.training.device import report_out_of_memory

        spec = _normalize(spec)
        if spec not in self.measured:
            title = f"a network for {spec.image_size}×{spec.image_size} pixels in batches of {spec.batch_size}"
            with report_out_of_memory(title):
                self.measured[spec] = self._measure(spec)
        return self.measured[spec]

    def estimate(self, spec: Spec) -> Speed:
        """Return the speed of an experiment's network, from that for another image size if one has been measured."""
        spec = _normalize(spec)
        for other, speed in self.measured.items():
            if other == spec.model_copy(update={"image_size": other.image_size}):
                return speed.at_size(other.image_size, spec.image_size, features.are_constant(spec))
        return self.measure(spec)

    def _measure(self, spec: Spec) -> Speed:
        photos = self._photos(spec)
        if isinstance(spec.network, Pretrained):
            return self._measure_pretrained(spec, spec.network, photos)
        seconds, model = _timed(lambda: networks.build(spec, None, self.classes))
        first, training = _time_training(model, photos, spec)
        return Speed(seconds + first, training, training * _FORWARD, _time_checkpoint(model))

    def _measure_pretrained(self, spec: Spec, network: Pretrained, photos: Subset) -> Speed:
        key = spec.model_copy(update={"unfreeze": "nothing", "augmentation": None, "optimizer": SGD(name="sgd")})
        if self._last is None or self._last[0] != key:
            weights = self.weights.get(network.backbone)
            seconds, model = _timed(lambda: networks.build(spec, weights, self.classes))
            self._last = key, _Built(model, seconds)
        built, traced = self._last[1], 0.0
        trained, examples = networks.prepare(built.model, spec), cast(Examples, photos)
        if features.are_constant(spec):
            traced, prediction = _time_predictions(built.model, photos)
            trained, examples = features.build_head(built.model, spec), _made_up_features(built.model, photos)
            built = replace(built, prediction=prediction)
        first, training = _time_training(trained, examples, spec)
        if built.prediction is None:  # training a head predicts the rest; otherwise a third, as for other networks
            share = 1.0 if spec.unfreeze == "nothing" else _FORWARD
            built = replace(built, prediction=share * training)
        self._last = key, built
        start = built.seconds + traced + first
        return Speed(start, training, cast(float, built.prediction), _time_checkpoint(trained))

    def _photos(self, spec: Spec) -> Subset:
        """Return at least as many labeled photos as a batch has, by repeating those of the sample."""
        images = self.sample.images(spec.image_size)
        ids = np.arange(len(images)).astype(str).astype(object)
        store = Store(images, ids, np.arange(len(images)) % self.classes)
        return Subset(store, np.arange(max(_TIMED_PHOTOS, spec.batch_size)) % len(images), spec.color)


def _normalize(spec: Spec) -> Spec:
    """Return the experiment without what does not affect its speed."""
    same = {"epochs": 1, "early_stopping": EarlyStopping(), "split": None, "start_from": None, "class_weight": None}
    # Augmented batches are computed while the network trains on others: 3% slower, see docs/performance.md.
    plain = {} if isinstance(spec.network, Pretrained) else {"augmentation": None}
    return spec.model_copy(update={**same, **plain})


def _made_up_features(model: "keras.Model", photos: Subset) -> Examples:
    """Return features, all of them 1, and the photos' labels; the values have no effect on the speed."""
    _, labels = photos.gather(np.arange(len(photos)))
    units = model.get_layer("pooling").output.shape[-1]
    return features.Features(np.ones((len(photos), units), np.float32), labels)


def _time_predictions(model: "keras.Model", photos: Subset) -> tuple[float, float]:
    """Return the seconds of tracing before the first prediction, and those of a prediction per photo."""
    batch, _ = photos.gather(np.arange(_TIMED_PHOTOS))
    first, second = (_timed(lambda: model.predict_on_batch(batch))[0] for _ in range(2))
    return max(0.0, first - second), second / _TIMED_PHOTOS


def _time_training(model: "keras.Model", examples: Examples, spec: Spec) -> tuple[float, float]:
    """Return the seconds until the first training step has ended, and those of the next ones per photo."""
    few = spec.model_copy(update={"batch_size": min(spec.batch_size, _TIMED_PHOTOS)})
    first, step = _time_steps(model, examples, few)
    if step < _FAST_STEP and few.batch_size < spec.batch_size:
        _, step = _time_steps(model, examples, spec)
        return first, step / spec.batch_size
    return first, step / few.batch_size


def _time_steps(model: "keras.Model", examples: Examples, spec: Spec) -> tuple[float, float]:
    """Return the seconds until the first training step has ended, and the median of the next ones."""
    import keras

    ends: list[float] = []

    def end_step(step: int, logs: dict[str, float] | None = None) -> None:
        ends.append(time.perf_counter())
        model.stop_training = len(ends) > 1 and ends[-1] - ends[0] > _MAX_SECONDS

    started = time.perf_counter()
    model.fit(
        training_batches(examples, spec, seed=0),
        steps_per_epoch=_MAX_STEPS + 1,
        shuffle=False,
        verbose=0,
        callbacks=[keras.callbacks.LambdaCallback(on_train_batch_end=end_step)],
    )
    return ends[0] - started, float(np.median(np.diff(ends)))


def _time_checkpoint(model: "keras.Model") -> float:
    """Return the seconds that the checkpoint of an epoch takes."""
    variables = [variable.numpy() for variable in (*model.variables, *model.optimizer.variables)]
    checkpoint = Checkpoint([], variables, model.get_weights(), {}, stopped=False, resumed_after=[])
    with tempfile.TemporaryDirectory() as folder:
        return _timed(lambda: write_checkpoint(Path(folder, "checkpoint.npz"), checkpoint))[0]


def _timed(action: Callable[[], Value]) -> tuple[float, Value]:
    """Return the seconds that an action takes, and its value."""
    started = time.perf_counter()
    value = action()
    return time.perf_counter() - started, value
