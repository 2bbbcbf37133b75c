"""Records and tables of every file that the audit stage writes."""

from canigatti.records import Record, Table
from canigatti.training.records import Origin

# The photos of the own label to which a photo is compared. Foreign photos that look alike vouch for each other: of
# 60 flowers among 4,000 pets, 10 neighbors find 42 to 58, and 50 neighbors 58 to 60 (`benchmarks/audit.py`).
NEIGHBORS = 50


class FeaturesRecord(Record):
    """`audit/features.json`: describes the features next to it, `features.npy`.

    The array is (photos, dimensions), float32: what the frozen backbone computes of each kept photo, in the order of
    the manifest, averaged over all positions.

    Attributes:
        backbone: lower-case name in keras.applications.
        weights: origin of its weights; the features of random ones say little about a photo.
        weights_sha256: of the file of weights.
        images_sha256: of the image store.
        photos: number of rows.
        dimensions: number of columns.
        sha256: of `features.npy`.
    """

    backbone: str
    weights: Origin
    weights_sha256: str
    images_sha256: str
    photos: int
    dimensions: int
    sha256: str


# `audit.csv`: one row per kept photo, the most doubtful first; for each split in use, one more column `subset_<split>`
# with the photo's subset, as assigned. `rank` counts from 1 and orders the photos by the smaller of their other ranks.
# `probability` is that of the photo's own label, predicted by a model that has not seen the photo or its group, and
# `suggested` is the label with the highest one; `similarity` is the mean cosine similarity to the nearest photos of its
# label (`NEIGHBORS`) in other groups, -1 to 1. Both are missing for a label whose photos are all in one group.
AUDIT = Table(
    {
        **{"id": str, "label": int, "sha256": str, "rank": int, "suggested": int},
        **{"probability": float, "probability_rank": int, "similarity": float, "similarity_rank": int},
    },
    open_ended=True,
)
# `pairs.csv`: near duplicates that have different labels (`kind` is `labels`, and `split` is empty), or that a split
# which comes with the photos has in different subsets (`kind` is `subsets`).
PAIRS = Table(
    {
        **{"kind": str, "split": str, "id": str, "label": int, "subset": str},
        **{"other": str, "other_label": int, "other_subset": str},
    }
)
