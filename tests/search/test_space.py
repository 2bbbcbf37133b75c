import keras_tuner
import pytest

from canigatti.config import Space
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


@pytest.mark.parametrize("key", ["dense_units", "kernel_size"])
def test_hyper_parameters_that_are_not_searched_keep_the_value_of_the_experiment(spec, key):
    resolved = resolve({key: 5}, spec)
    assert getattr(resolved.network, key) == 5
    assert resolved.model_copy(update={"network": spec.network}) == spec
    assert resolved.network.model_copy(update={key: getattr(spec.network, key)}) == spec.network
