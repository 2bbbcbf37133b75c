"""Giving up: which training runs end because they do not learn, and which do not."""

import numpy as np
import pytest

from canigatti.config import SGD, EarlyStopping
from canigatti.photos.store import Store
from canigatti.training.giving_up import is_no_better_than_guessing


@pytest.mark.parametrize(
    ("correct", "photos", "largest", "expected"),
    [
        (60, 100, 50, False),  # a guess is as good in 2.8% of cases
        (58, 100, 50, True),  # 6.7%
        (9, 10, 5, False),  # 1.1%
        (8, 10, 5, True),  # 5.5%
        (92, 100, 90, True),  # 32%
        (0, 100, 50, True),
    ],
)
def test_the_best_epoch_must_be_significantly_better_than_a_guess(correct, photos, largest, expected):
    labels = np.arange(photos)[:, None] >= largest
    worse = [0.0, correct / photos, 0.0]
    assert is_no_better_than_guessing(worse, labels.astype(np.float32)) == expected


def test_a_network_that_guesses_is_rarely_taken_for_one_that_learns():
    """In one epoch, in at most 5% of cases; whatever the fraction of the largest class."""
    rng = np.random.default_rng(1)
    for share in (0.5, 0.8):
        labels = (np.arange(200) >= 200 * share)[:, None].astype(np.float32)
        accuracies = rng.binomial(200, share, 2000) / 200
        assert 0.01 < np.mean([not is_no_better_than_guessing([one], labels) for one in accuracies]) <= 0.06


@pytest.fixture
def make(make_spec):
    def spec(rate, give_up_after, epochs=5):
        stopping = EarlyStopping(patience=5, give_up_after=give_up_after)
        network = {"filters": [4], "dense_units": 8, "dropout": [0.1, 0.1]}
        optimizer = SGD(name="sgd", learning_rate=rate, momentum=0.9)
        return make_spec(network=network, optimizer=optimizer, epochs=epochs, early_stopping=stopping)

    return spec


def test_a_training_that_does_not_learn_gives_up(train, make, store, tmp_path, capsys):
    shuffled = Store(store.images, store.ids, np.random.default_rng(0).permutation(store.labels))
    result = train(shuffled, make(1e-9, 2), tmp_path)
    assert (len(result.history), result.gave_up, result.stopped) == (2, True, True)
    assert (
        "giving up: in 2 epochs, the validation accuracy was not significantly better than guessing"
        in capsys.readouterr().out
    )
    assert not train(shuffled, make(1e-9, 2, epochs=2), tmp_path).gave_up, "its last epoch ended it"


def test_a_training_that_learns_goes_on(train, make, store, tmp_path):
    result = train(store, make(0.05, 4), tmp_path)
    assert (len(result.history), result.gave_up, result.stopped) == (5, False, False)
