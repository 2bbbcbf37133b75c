"""Doubtful labels: what is wrong comes first, whatever the number of classes."""

import tracemalloc

import numpy as np
import pytest

from canigatti.audit.doubt import judge, measure_similarity, predict_labels
from canigatti.audit.folds import FOLDS, assign_folds
from canigatti.audit.records import NEIGHBORS


def clusters(classes, per_class=60, dimensions=24, seed=0):
    """Labels and features of photos that are easily distinguishable by class; none is negative, as after ReLU."""
    generator = np.random.default_rng(seed)
    labels = np.repeat(np.arange(classes), per_class)
    centers = generator.gamma(1.0, 2.0, (classes, dimensions))
    features = np.maximum(0, centers[labels] + generator.normal(0, 0.6, (len(labels), dimensions)))
    return labels, features.astype(np.float32)


def names(count):
    return np.array([f"photo.{number}.jpg" for number in range(count)], dtype=object)


def judged(labels, features, groups=None, seed=1):
    ids = names(len(labels))
    return judge(ids, labels, ids if groups is None else groups, features, seed)


@pytest.mark.parametrize("classes", [2, 5])
def test_swapped_labels_and_photos_of_no_class_come_first(classes):
    labels, features = clusters(classes)
    generator = np.random.default_rng(4)
    swapped, foreign = np.split(generator.choice(len(labels), 12, replace=False), [6])
    labels[swapped] = (labels[swapped] + 1) % classes
    features[foreign] = generator.gamma(1.0, 2.0, (len(foreign), features.shape[1]))
    rows = judged(labels, features).set_index("id")
    planted = names(len(labels))[[*swapped, *foreign]]
    assert rows.loc[planted, "rank"].max() <= 2 * len(planted)
    assert (rows.loc[names(len(labels))[swapped], "suggested"] == (labels[swapped] - 1) % classes).all()


def test_the_doubt_is_the_smaller_of_the_two_ranks_and_every_rank_occurs_once():
    rows = judged(*clusters(3))
    smaller = rows[["probability_rank", "similarity_rank"]].min(axis="columns")
    assert rows["rank"].tolist() == list(range(1, len(rows) + 1))
    assert smaller.is_monotonic_increasing
    for score in ("probability", "similarity"):
        assert sorted(rows[f"{score}_rank"]) == rows["rank"].tolist()
        assert rows.sort_values(f"{score}_rank")[score].is_monotonic_increasing


def test_the_same_photos_in_another_order_are_judged_alike():
    labels, features = clusters(2)
    order = np.random.default_rng(3).permutation(len(labels))
    ids = names(len(labels))
    similarities = [
        judge(ids[rows], labels[rows], ids[rows], features[rows], 1).set_index("id")["similarity"]
        for rows in (np.arange(len(labels)), order)
    ]
    np.testing.assert_allclose(similarities[0], similarities[1].loc[similarities[0].index], rtol=1e-5)


def test_two_runs_agree_exactly_and_another_seed_does_not():
    labels, features = clusters(2)
    first, second, other = (judged(labels, features, seed=seed) for seed in (1, 1, 2))
    assert first.equals(second)
    assert not first.equals(other)


def test_a_near_duplicate_with_the_same_wrong_label_does_not_vouch_for_a_photo():
    labels, features = clusters(2)
    features[[0, 1]] = features[labels == 1][:1]  # two copies of a photo of class 1 with the label 0
    groups = names(len(labels))
    groups[1] = groups[0]
    together, apart = (judged(labels, features, one).set_index("id") for one in (groups, None))
    assert together.loc["photo.0.jpg", "similarity"] < apart.loc["photo.0.jpg", "similarity"]
    assert together.loc[["photo.0.jpg", "photo.1.jpg"], "rank"].max() <= 4


def test_the_similarity_is_the_mean_cosine_to_the_nearest_of_the_label_outside_of_the_group():
    labels, features = clusters(2, per_class=NEIGHBORS + 9)
    groups = np.arange(len(labels))
    groups[2] = groups[0]
    of_label = features[labels == 0]
    vectors = of_label / np.linalg.norm(of_label, axis=1, keepdims=True)
    cosines = np.delete(vectors @ vectors[0], [0, 2])
    expected = np.sort(cosines)[-NEIGHBORS:].mean()
    assert measure_similarity(features, labels, groups)[0] == pytest.approx(expected, rel=1e-6)


def test_fewer_others_are_all_compared():
    labels, features = clusters(2, per_class=4)
    vectors = features[:4] / np.linalg.norm(features[:4], axis=1, keepdims=True)
    expected = (vectors[1:] @ vectors[0]).mean()
    assert measure_similarity(features, labels, np.arange(8))[0] == pytest.approx(expected, rel=1e-6)


def test_a_label_whose_photos_are_all_in_one_group_is_not_judged():
    labels, features = clusters(3, per_class=20)
    groups = np.arange(60)
    groups[labels == 2] = 40
    rows = judged(labels, features, groups)
    alone = rows[rows["label"] == 2]
    assert alone[["probability", "similarity"]].isna().all(axis=None)
    assert (alone["suggested"] == 2).all()
    assert alone["rank"].min() > 40


def test_constant_features_are_no_error():
    labels, features = clusters(2, per_class=10)
    features[:, 3] = 0
    features[0] = 0  # a photo of which the backbone sees nothing
    rows = judged(labels, features)
    assert np.isfinite(rows[["probability", "similarity"]]).all(axis=None)


@pytest.mark.parametrize("classes", [2, 7])
def test_folds_keep_groups_together_and_every_label_in_each(classes):
    labels = np.repeat(np.arange(classes), 40)
    groups = np.arange(len(labels)) // 2
    folds = assign_folds(labels, groups, seed=3)
    assert all(len({*folds[groups == group]}) == 1 for group in groups)
    counts = np.array([np.bincount(folds[labels == label], minlength=FOLDS) for label in range(classes)])
    assert (counts == 8).all()


def test_a_label_with_two_groups_is_always_judged_by_the_other_one():
    labels, groups = np.array([0] * 20 + [1] * 4), np.array([*range(20), 20, 20, 21, 21])
    folds = assign_folds(labels, groups, seed=0)
    assert folds[20] == folds[21] != folds[22] == folds[23]
    labels, features = np.repeat([0, 1], [20, 4]), clusters(2, per_class=20)[1][:24]
    assert np.isfinite(predict_labels(features, labels, folds)).all()


def test_memory_does_not_grow_with_the_square_of_the_photos():
    """All similarities of these photos would take 576 MB, and a few copies of the features take 6 MB."""
    labels = np.zeros(12_000, int)
    features = np.random.default_rng(0).random((len(labels), 32), np.float32)
    tracemalloc.start()
    measure_similarity(features, labels, np.arange(len(labels)))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 250e6
