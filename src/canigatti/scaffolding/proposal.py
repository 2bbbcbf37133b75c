"""The study that is proposed for some photos, and how long it takes on this machine."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from canigatti.config import Spec, Study, parse_study
from canigatti.config.strict_yaml import parse_yaml
from canigatti.photos.records import SUBSETS
from canigatti.scaffolding.choice import Choice, command
from canigatti.scaffolding.design import Design, designs
from canigatti.scaffolding.estimate import Estimate, estimate
from canigatti.scaffolding.machine import Machine, measure_machine
from canigatti.scaffolding.stages import last_stage
from canigatti.scaffolding.survey import Survey
from canigatti.scaffolding.timing import Speed, Stopwatch
from canigatti.scaffolding.writing import render


@dataclass(frozen=True)
class Proposal:
    """A study for some photos.

    Attributes:
        study: the study.
        text: its configuration file.
        estimate: how long it takes.
        machine: the machine that it was measured on.
        command: the command that runs it.
        test_photos: number of usable test photos, estimated.
    """

    study: Study
    text: str
    estimate: Estimate
    machine: Machine
    command: str
    test_photos: int


@dataclass(frozen=True)
class _Proposer:
    """Everything that the proposals for the same photos have in common."""

    survey: Survey
    choice: Choice
    stages: Mapping[str, str]
    machine: Machine

    def propose(self, design: Design, speed_of: Callable[[Spec], Speed]) -> Proposal:
        """Return a study with these settings."""
        run = command(self.choice.path, self.machine.cores)
        text = render(self.survey, design, self.choice, self.stages, run)
        study = parse_study(parse_yaml(text), str(self.choice.path))
        duration = estimate(study, design, self.survey, self.machine, speed_of)
        tested = max(1, int(design.photos[:, SUBSETS.index("test")].sum()))
        return Proposal(study, text, duration, self.machine, run, tested)


def propose(survey: Survey, choice: Choice, minutes: float | None) -> Proposal:
    """Return the largest study that is expected to end in some minutes, or the smallest one if none is.

    Args:
        survey: what the source contains.
        choice: what the user has chosen.
        minutes: the time there is; None for the study without limits.

    Raises:
        InputError: a file does not hold the weights of its backbone, or the memory is exhausted.
    """
    machine = measure_machine()
    stages = {backbone: last_stage(backbone) for backbone in choice.weights}
    proposer = _Proposer(survey, choice, stages, machine)
    stopwatch = Stopwatch(survey.sample, len(survey.classes), choice.weights_files)
    available = [*designs(survey)]
    if minutes is None:
        return proposer.propose(available[0], stopwatch.measure)
    for design in available:
        if proposer.propose(design, stopwatch.estimate).estimate.seconds <= 60 * minutes:
            proposal = proposer.propose(design, stopwatch.measure)
            if proposal.estimate.seconds <= 60 * minutes:
                return proposal
    return proposer.propose(available[-1], stopwatch.measure)
