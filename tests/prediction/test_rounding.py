"""Rounding errors in float32: those of the network itself, and nothing else."""

import numpy as np
import pytest

from canigatti.evaluation.prediction import inputs_for
from canigatti.prediction.export.photos import random_images
from canigatti.prediction.export.rounding import logits_in, rounding_error
from canigatti.training.networks import build


@pytest.fixture(scope="module", params=[2, 5])
def network(request, make_spec):
    return build(make_spec(), None, request.param)


@pytest.fixture(scope="module")
def inputs(network):
    return inputs_for(network, random_images(network.input_shape[1]))


def test_the_copies_return_the_logits_of_the_network(network, inputs):
    expected = network.predict_on_batch(inputs)
    for precision, digits in (("float64", 1e-6), ("float32", 1e-6)):
        logits = logits_in(precision, network).predict_on_batch(inputs)
        assert logits.dtype == precision
        powers = np.exp(logits)
        probabilities = powers / (1 + powers) if logits.shape[1] == 1 else powers / powers.sum(axis=1, keepdims=True)
        np.testing.assert_allclose(probabilities, expected, rtol=0, atol=digits)


def test_every_layer_of_the_exact_copy_computes_in_float64(network):
    layers = logits_in("float64", network).layers[1:]
    assert {layer.compute_dtype for layer in layers} == {"float64"}
    assert network.layers[-1].compute_dtype == "float32"


def test_the_error_is_in_proportion_to_the_logits(network, inputs):
    before, weights = network.get_weights(), network.layers[-1].get_weights()
    small = rounding_error(network, inputs)
    assert 1e-10 < small < 1e-6
    network.layers[-1].set_weights([64 * one for one in weights])  # a power of two rounds as before
    assert rounding_error(network, inputs) == pytest.approx(64 * small, rel=0.01)
    network.set_weights(before)


def test_the_error_is_that_of_probabilities_which_logits_change_the_most(network, inputs):
    exact, rounded = (logits_in(one, network).predict_on_batch(inputs) for one in ("float64", "float32"))
    typical = np.sqrt(np.mean((exact - rounded) ** 2))
    slope = 1 / 4 if exact.shape[1] == 1 else 1 / 2
    assert rounding_error(network, inputs) == pytest.approx(slope * typical, rel=0.3)  # batches of other sizes
