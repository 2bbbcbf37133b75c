"""The settings that are chosen for a study."""

from collections import Counter

import numpy as np
import pytest

from canigatti.scaffolding.design import ALL_LIMITS, Limits, choose_split, design, designs
from canigatti.scaffolding.sample import Sample
from canigatti.scaffolding.survey import Survey


def survey_of(counts, side=200, subsets=None, rejected=0):
    """A survey of photos that need not exist."""
    sample = Sample([(side, side)] * 100, Counter(JPEG=100), {f"{n}.jpg": "" for n in range(rejected)})
    return Survey(
        path="photos",
        classes=tuple(f"class{number}" for number in range(len(counts))),
        counts=np.array(counts),
        in_subsets=np.zeros((len(counts), 3), int) if subsets is None else np.array(subsets),
        examples=(),
        in_folders=True,
        subfolders=(),
        others=(),
        sample=sample,
    )


@pytest.mark.parametrize("smallest", [*range(110, 1_000, 37), 25_000])
def test_a_split_leaves_thirty_test_photos_with_a_reserve_for_copies(smallest):
    split = choose_split(smallest)
    assert sum(split) == 100
    assert smallest * split[2] / 100 >= 33


def test_the_split_has_no_more_test_photos_than_needed():
    assert choose_split(1_000) == (80, 10, 10)
    assert choose_split(200) == (64, 16, 20)
    assert choose_split(120) == (50, 20, 30)


def test_a_class_that_is_too_small_does_not_shrink_the_training_set_of_the_others():
    assert choose_split(20) == (64, 16, 20)
    assert design(survey_of([1_000, 20]), Limits()).test_photos == 4


def test_given_folders_are_the_split():
    chosen = design(survey_of([60, 90], subsets=[[40, 10, 10], [60, 15, 15]]), Limits())
    assert chosen.split is None
    assert chosen.photos.tolist() == [[40, 10, 10], [60, 15, 15]]


def test_unusable_files_in_the_sample_are_not_counted_as_photos():
    assert design(survey_of([1_000, 1_000], rejected=25), Limits()).photos.sum() == pytest.approx(1_600)


@pytest.mark.parametrize(("side", "base", "pretrained"), [(28, 24, 96), (64, 64, 96), (180, 96, 192), (3_000, 96, 224)])
def test_image_sizes_are_those_of_the_photos(side, base, pretrained):
    chosen = design(survey_of([100, 100], side), Limits())
    assert (chosen.base_size, chosen.pretrained_size) == (base, pretrained)


def test_few_photos_are_trained_on_for_more_epochs_in_smaller_batches():
    few, many = (design(survey_of([count, count]), Limits()) for count in (200, 20_000))
    assert few.batch_size < many.batch_size
    assert few.base.epochs > many.base.epochs
    assert few.base.learning_rate < many.base.learning_rate
    assert (few.augments_head, many.augments_head) == (True, False)
    assert few.base.patience > many.base.patience


def test_shorter_studies_have_fewer_epochs_smaller_images_and_then_fewer_photos():
    chosen = [*designs(survey_of([3_000, 3_000]))]
    work = [one.photos.sum() * one.base.epochs * one.base_size**2 for one in chosen]
    assert work[0] > 50 * work[-1]
    assert chosen[-1].limit_per_class == 250
    assert chosen[0].limit_per_class is None


def test_given_folders_are_never_reduced():
    given = survey_of([3_000, 3_000], subsets=[[2_000, 500, 500]] * 2)
    assert {one.limit_per_class for one in designs(given)} == {None}
    assert len([*designs(given)]) < len(ALL_LIMITS)
