"""Schedules of the learning rate, from Keras."""

from typing import TYPE_CHECKING, Any

from canigatti.config import Cosine, Plateau, Spec

if TYPE_CHECKING:
    import keras


def set_schedule(model: "keras.Model", spec: Spec, steps: int) -> None:
    """Let the learning rate of a compiled network follow the cosine schedule of its experiment, if it has one.

    Args:
        model: the network; its optimizer's learning rate is the highest one of the schedule.
        spec: the experiment.
        steps: number of training steps in an epoch.
    """
    import keras

    schedule = spec.schedule
    if isinstance(schedule, Cosine):
        rate, warmup = spec.optimizer.learning_rate, schedule.warmup_epochs * steps
        ramp: dict[str, Any] = {"warmup_target": rate, "warmup_steps": warmup} if warmup else {}
        model.optimizer.learning_rate = keras.optimizers.schedules.CosineDecay(
            0.0 if warmup else rate, spec.epochs * steps - warmup, **ramp
        )


def plateau_callback(spec: Spec) -> "keras.callbacks.ReduceLROnPlateau | None":
    """Return the callback of an experiment with a plateau schedule; None for all others.

    It counts as early stopping does: any lower validation loss is an improvement.
    """
    import keras

    schedule = spec.schedule
    if not isinstance(schedule, Plateau):
        return None
    return keras.callbacks.ReduceLROnPlateau(
        monitor="val_loss", factor=schedule.factor, patience=schedule.patience, min_delta=0.0
    )
