"""Write the model cards."""

from pathlib import Path
from typing import Annotated

import typer


def write_cards(
    outline: Annotated[str, typer.Option(help="Outline of the study (JSON, see `Study.outline`).")],
    results: Annotated[Path, typer.Option(help="Results folder of the study, results/<study>.")],
    output: Annotated[Path, typer.Option(help="Folder of the trainings, results/<study>/training.")],
) -> None:
    """Write a model card (README.md, Hugging Face's format) next to each model of the study."""
    from canigatti.config import Outline
    from canigatti.files import write_text
    from canigatti.report.card.card import model_card
    from canigatti.report.card.reading import read_run_facts, read_study_facts

    study = read_study_facts(Outline.from_json(outline), results)
    for path, run in read_run_facts(study.outline, results):
        write_text(output / path.relative_to(results / "training"), model_card(study, run))
