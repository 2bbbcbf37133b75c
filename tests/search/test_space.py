from pathlib import Path

import keras_tuner
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from canigatti.config import LogRange, Space, load_study
from canigatti.search.space import hyperparameters, propose, resolve, size


def combination(values):
    return tuple(sorted(values.items()))


def test_a_range_has_all_its_values_without_rounding_errors(space):
    assert hyperparameters(space) == {
        "filters_1": [4, 8],
        "filters_2": [8, 12, 16],
        "dropout_1": [0.1, 0.2, 0.3],
        "dropout_2": [0.2],
        "dropout_3": [0.0],
        "optimizer": ["adam", "sgd"],
    }


def test_a_range_that_its_step_does_not_divide_ends_below_its_upper_bound():
    assert hyperparameters(Space(dense_units={"low": 3, "high": 10, "step": 4})) == {"dense_units": [3, 7]}


def test_learning_rates_are_evenly_spaced_on_a_logarithmic_scale_with_both_ends():
    space = Space(learning_rate={"low": 0.0001, "high": 0.1, "values": 7})
    assert hyperparameters(space) == {"learning_rate": [0.0001, 0.000316, 0.001, 0.00316, 0.01, 0.0316, 0.1]}
    assert hyperparameters(Space(learning_rate={"low": 1 / 3, "high": 2 / 3, "values": 2})) == {
        "learning_rate": [1 / 3, 2 / 3]
    }


@given(st.floats(1e-12, 1e3), st.integers(2, 200), st.floats(1.021, 10))
def test_learning_rates_are_different_and_in_order(low, count, ratio):
    high = low * ratio ** (count - 1)
    rates = hyperparameters(Space(learning_rate=LogRange(low=low, high=high, values=count)))["learning_rate"]
    assert (len(rates), rates[0], rates[-1]) == (count, low, high)
    assert (np.diff(rates) > 0).all()
    np.testing.assert_allclose(rates, np.geomspace(low, high, count), rtol=0.006)


def test_later_hyper_parameters_are_the_last_so_that_those_before_them_are_drawn_as_before(space):
    more = space.model_copy(update=dict(Space(batch_size=[8], pooling=["average"], head=HEAD, learning_rate=RATES)))
    everything = Space.model_validate({**more.model_dump(), **space.model_dump(exclude_none=True)})
    assert list(hyperparameters(everything)) == [
        *hyperparameters(space),
        *("learning_rate", "batch_size", "pooling", "head_pooling", "head_dense_units_1", "head_dense_units_2"),
    ]


RATES = {"low": 1e-4, "high": 1e-2, "values": 5}
HEAD = {
    "pooling": ["average", "flatten"],
    "dense_units": [{"low": 64, "high": 128, "step": 64}, {"low": 8, "high": 8, "step": 1}],
}


def test_the_trials_of_the_full_study_are_those_of_earlier_versions():
    """Otherwise, every execution of a finished search would run again."""
    search = load_study(Path(__file__).parents[2] / "config" / "full.yaml").experiments["tuned"].search
    names = list(hyperparameters(search.space))
    assert [tuple(values[name] for name in names) for values in propose(search.space, search.seed, 3)] == FIRST_TRIALS


FIRST_TRIALS = [
    (48, 64, 192, 0.2, 0.3, 0.2, 0.3, 128, "adam"),
    (32, 128, 192, 0.4, 0.1, 0.3, 0.2, 192, "adam"),
    (32, 96, 256, 0.2, 0.2, 0.2, 0.2, 128, "sgd"),
]


def test_the_combinations_are_those_of_keras_tuner(tmp_path):
    def build(hp):
        hp.Int("filters_1", 4, 16, step=4)
        hp.Int("dense_units", 8, 64, step=8)
        hp.Choice("optimizer", ["adam", "sgd"])
        return None

    tuner = keras_tuner.RandomSearch(
        build, objective="val_accuracy", max_trials=6, seed=5, directory=tmp_path, project_name="search"
    )
    tuner.oracle.verbose = 0
    expected = [tuner.oracle.create_trial(f"tuner{number}").hyperparameters.values for number in range(6)]
    space = Space(
        optimizer=["adam", "sgd"],
        dense_units={"low": 8, "high": 64, "step": 8},
        filters=[{"low": 4, "high": 16, "step": 4}],
    )
    assert propose(space, 5, 6) == expected


def test_the_combinations_depend_on_the_seed_only(space):
    assert propose(space, 42, 5) == propose(space, 42, 5)
    assert propose(space, 42, 5) != propose(space, 4242, 5)


def test_more_trials_only_append_to_the_combinations(space):
    assert propose(space, 42, 8)[:5] == propose(space, 42, 5)


def test_no_combination_is_proposed_twice_and_a_small_space_is_exhausted(space):
    assert size(space) == 36
    for seed in range(1, 7):  # with some seeds KerasTuner stops before the last combination
        proposed = propose(space, seed, 36)
        assert len({combination(values) for values in proposed}) == 36
        assert all(values.keys() == hyperparameters(space).keys() for values in proposed)


def test_the_hyper_parameters_replace_those_of_the_experiment(spec):
    values = {"filters_1": 4, "filters_2": 8, "dropout_1": 0.1, "dropout_2": 0.2, "dropout_3": 0.3, "optimizer": "adam"}
    resolved = resolve(values, spec)
    assert resolved.network.filters == (4, 8)
    assert resolved.network.dropout == (0.1, 0.2, 0.3)
    assert resolved.optimizer.model_dump() == {"name": "adam", "learning_rate": 0.001, "beta_1": 0.9, "beta_2": 0.999}
    assert (resolved.network.dense_units, resolved.network.kernel_initializer) == (8, "glorot_uniform")
    assert resolved.model_dump(exclude={"network", "optimizer"}) == spec.model_dump(exclude={"network", "optimizer"})


def test_a_learning_rate_is_that_of_the_experiment_s_optimizer_or_of_the_one_that_is_searched_too(spec):
    own = resolve({"learning_rate": 0.02, "batch_size": 16, "pooling": "average"}, spec)
    expected = {"name": "sgd", "learning_rate": 0.02, "momentum": 0.0, "nesterov": False}
    assert own.optimizer.model_dump() == expected
    assert (own.batch_size, own.network.pooling, own.network.filters) == (16, "average", (4,))
    both = resolve({"learning_rate": 0.02, "optimizer": "adamw"}, spec)
    assert (both.optimizer.name, both.optimizer.learning_rate, both.optimizer.weight_decay) == ("adamw", 0.02, 0.004)


def test_the_head_of_a_pretrained_network_is_replaced_and_its_backbone_is_not(make_spec):
    network = {"backbone": "vgg16", "preprocess": "scale", "head": {"pooling": "flatten", "dense_units": [9]}}
    pretrained = make_spec(network=network)
    resolved = resolve({"head_pooling": "average", "head_dense_units_1": 3, "head_dense_units_2": 5}, pretrained)
    assert (resolved.network.backbone, resolved.network.preprocess) == ("vgg16", "scale")
    assert (resolved.network.head.pooling, resolved.network.head.dense_units) == ("average", (3, 5))
    only_pooling = resolve({"head_pooling": "average"}, pretrained)
    assert only_pooling.network.head.dense_units == (9,)


def test_the_combinations_of_a_large_space_are_distinct_and_complete():
    space = Space(learning_rate=RATES, batch_size=[8, 16], pooling=["average", "flatten"], head=HEAD)
    assert size(space) == 5 * 2 * 2 * 2 * 2
    proposed = propose(space, 42, 80)
    assert len({combination(values) for values in proposed}) == 80


@pytest.mark.parametrize("key", ["dense_units", "kernel_size"])
def test_hyper_parameters_that_are_not_searched_keep_the_value_of_the_experiment(spec, key):
    resolved = resolve({key: 5}, spec)
    assert getattr(resolved.network, key) == 5
    assert resolved.model_copy(update={"network": spec.network}) == spec
    assert resolved.network.model_copy(update={key: getattr(spec.network, key)}) == spec.network
