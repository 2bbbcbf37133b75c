"""What `canigatti export` prints."""

from collections.abc import Iterator

from canigatti.files import printable
from canigatti.prediction.export.exporting import Target
from canigatti.prediction.export.records import ExportRecord


def describe_export(record: ExportRecord, target: Target) -> Iterator[str]:
    """Yield the lines that describe an exported model."""
    comparison, description = record.comparison, record.description
    files = [target.path] if target.path.is_file() else [path for path in target.path.rglob("*") if path.is_file()]
    size = sum(path.stat().st_size for path in files)
    yield printable(f"{target.path} is written ({size:,} bytes), and {target.record.name} describes it.")
    yield printable(
        f"{comparison.runtime} predicts what Keras {comparison.keras} predicts for {comparison.source}: probabilities "
        f"differ by at most {comparison.largest_difference:.2g} ({comparison.tolerance:.2g} is allowed)."
    )
    yield printable(description.input.description)
    yield printable(description.output.description)
