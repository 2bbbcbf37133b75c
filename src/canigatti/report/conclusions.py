"""The conclusions from the results of a study: tables, comparison, findings, and all that the page says about them."""

from canigatti.report.evidence import collect_networks
from canigatti.report.findings.testing import findings
from canigatti.report.further_output import further_of
from canigatti.report.guessing import guesses_of
from canigatti.report.original import ORIGINAL_STUDY, read_original
from canigatti.report.page.rendering import Conclusions
from canigatti.report.ranking import RANKINGS
from canigatti.report.results import StudyResults
from canigatti.report.tables import Evidence, study_tables


def conclude(study: StudyResults) -> Conclusions:
    """Compare the experiments of a study, and test its findings.

    Args:
        study: the results; experiments may have some of their seeds only.
    """
    ranking = RANKINGS[study.outline.rank_by]
    networks = collect_networks(study.runs, study.groups, ranking)
    evidence = Evidence.of(networks, ranking)
    original = read_original() if study.outline.study == ORIGINAL_STUDY else None
    return Conclusions(
        tables=study_tables(study, evidence, original),
        evidence=evidence,
        findings=findings(networks, study.outline.splits) if study.outline.findings else [],
        guesses=guesses_of(study.runs, study.classes, ranking),
        further=further_of(study, networks, ranking),
    )
