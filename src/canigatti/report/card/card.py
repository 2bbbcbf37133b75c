"""A model card: metadata and sections."""

from canigatti.report.card.data import data_section, training_section
from canigatti.report.card.metadata import front_matter
from canigatti.report.card.quality import evaluation_section, limits_section, probabilities_section
from canigatti.report.card.reading import RunFacts, StudyFacts
from canigatti.report.card.usage import introduction, usage_section


def model_card(study: StudyFacts, run: RunFacts) -> str:
    """Return the model card of a trained network as Markdown; equal results give equal texts."""
    sections = [
        introduction(study, run),
        evaluation_section(study, run),
        probabilities_section(run),
        limits_section(study, run),
        data_section(study, run),
        training_section(run),
        usage_section(study, run),
    ]
    return f"{front_matter(study, run)}\n" + "\n\n".join(section for section in sections if section) + "\n"
