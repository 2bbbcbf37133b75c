import pytest

from canigatti.config import Space, Spec
from canigatti.search.records import Execution


@pytest.fixture
def space() -> Space:
    """Filters of two blocks, three dropouts and two optimizers: 2 · 3 · 3 · 1 · 1 · 2 combinations."""
    return Space(
        filters=[{"low": 4, "high": 8, "step": 4}, {"low": 8, "high": 16, "step": 4}],
        dropout=[
            {"low": 0.1, "high": 0.3, "step": 0.1},
            {"low": 0.2, "high": 0.2, "step": 0.1},
            {"low": 0, "high": 0, "step": 0.5},
        ],
        optimizer=["adam", "sgd"],
    )


@pytest.fixture
def spec(make_spec) -> Spec:
    """A small experiment whose accuracy rises within an epoch or two."""
    return make_spec(
        epochs=3,
        network={"filters": [4], "dense_units": 8, "dropout": [0.1, 0.1], "kernel_initializer": "glorot_uniform"},
        optimizer={"name": "sgd", "learning_rate": 0.05},
    )


@pytest.fixture
def execution():
    """Make an execution of a trial: completed with a score, or failed without one."""

    def make(trial=1, number=1, score=None, best_step=1, values=None, **fields) -> Execution:
        failed = score is None
        return Execution(
            trial=trial,
            execution=number,
            values=values or {"dense_units": 10 * trial},
            status="failed" if failed else "completed",
            score=score,
            best_step=None if failed else best_step,
            **{
                "error": "ValueError: no network" if failed else None,
                "ended": "failed" if failed else "completed",
                "epochs": 0 if failed else 3,
                "curve": () if failed else (0.5, score, 0.5),
                "seed": 1,
                "started": "2026-01-01T00:00:00.000+00:00",
                "seconds": 2.0,
                **fields,
            },
        )

    return make
