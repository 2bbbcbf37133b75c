"""The photos of a study: their source, which belong together, and how they are split."""

import re
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Discriminator, Field, StringConstraints, Tag, field_validator, model_validator

from canigatti.config.basis import Count, Fraction, Seed
from canigatti.files import is_csv, is_url
from canigatti.records import Record


class GeneratedPhotos(Record):
    """Generated photos instead of real ones, including deliberately broken files."""

    count: Annotated[int, Field(ge=40, le=1_000_000)] = Field(
        default=800, description="Number of photos, both classes together."
    )
    seed: Seed = Field(default=42, description="Seed of the generated photos.")


class Photos(Record):
    """The source of the photos: a URL, a zip file, a folder, or the package's generator."""

    omitted_defaults: ClassVar[tuple[str, ...]] = ("contradictory", "corrections")

    source: Annotated[str, Field(min_length=1)] | None = Field(
        default=None, description="URL or path of a zip file, or path of a folder."
    )
    sha256: Annotated[str, StringConstraints(pattern="^[0-9a-f]{64}$")] | None = Field(
        default=None, description="Expected SHA-256 of the zip file."
    )
    generate: GeneratedPhotos | None = Field(default=None, description="Generate photos instead of reading a source.")
    limit_per_class: Count | None = Field(
        default=None, description="Use only the first photos of each class, at most this many."
    )
    contradictory: Literal["reject", "keep"] = Field(
        default="reject",
        description="What happens to near duplicates of different classes: reject leaves them out, because one of the "
        "labels is wrong; keep is for classes that differ in details, such as parts with and without a scratch.",
    )
    corrections: Annotated[str, Field(min_length=1)] | None = Field(
        default=None,
        description="CSV file with the columns id, sha256, action (exclude, relabel or keep), label and reason, which "
        "the page of the audit writes; it is applied after the subsets have been assigned.",
    )
    groups: Annotated[str, Field(min_length=1)] | None = Field(
        default=None,
        description="Photos that belong together, which a split never divides: a CSV file with the columns path and "
        "group, or a regular expression with one group, which is searched in the file name (with '/': in the path).",
    )

    @field_validator("groups")
    @classmethod
    def _check_groups(cls, groups: str | None) -> str | None:
        if groups is None or is_csv(groups):
            return groups
        try:
            count = re.compile(groups).groups
        except re.error as error:
            raise ValueError(f"expected a CSV file or a regular expression: {error}") from None
        if count != 1:
            raise ValueError(f"expected a CSV file or a regular expression with one group (…), received {count} groups")
        return groups

    @field_validator("corrections")
    @classmethod
    def _check_corrections(cls, corrections: str | None) -> str | None:
        if corrections is not None and not is_csv(corrections):
            raise ValueError(f"expected a CSV file, received {corrections!r}")
        return corrections

    @model_validator(mode="after")
    def _check_source(self) -> Self:
        if (self.source is None) == (self.generate is None):
            raise ValueError("expected either source (a URL, a zip file or a folder) or generate, not both")
        if self.sha256 and self.source is None:
            raise ValueError("sha256 requires a source")
        if self.groups and self.source is None:
            raise ValueError("groups requires a source; generated photos do not belong together")
        return self

    @property
    def is_remote(self) -> bool:
        """Whether the source must be downloaded."""
        return self.source is not None and is_url(self.source)


class Split(Record):
    """A way of dividing the photos into training, validation and test set, as fractions of each class that sum to 1."""

    train: Fraction = Field(description="Fraction of each class in the training set.")
    validation: Fraction = Field(description="Fraction of each class in the validation set.")
    test: Fraction = Field(description="Fraction of each class in the test set.")
    seed: Seed = Field(default=42, description="Seed of the random assignment.")

    @model_validator(mode="after")
    def _check_sum(self) -> Self:
        total = self.train + self.validation + self.test
        if abs(total - 1) > 1e-9:
            raise ValueError(f"train, validation and test add up to {total:g}, expected 1")
        return self


FROM_FOLDERS = "from-folders"
AnySplit = Annotated[
    Annotated[Split, Tag("<fractions>")] | Annotated[Literal["from-folders"], Tag("<from-folders>")],
    Discriminator(lambda split: "<from-folders>" if isinstance(split, str) else "<fractions>"),
]
