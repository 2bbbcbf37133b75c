"""The jobs of searches, determined before any job runs; only rules use this module."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from canigatti.config import Search, SearchSpec
from canigatti.planning import Plan
from canigatti.resources import training_minutes
from canigatti.search.rounds import round_of, trials_before
from canigatti.search.rungs import Rung, members, promotion_file, result_file, rungs_of, trial_count
from canigatti.search.space import size

_MIN_PROPOSALS = 100


@dataclass(frozen=True)
class SearchPlan:
    """The searches of a study; methods take Snakemake's `wildcards`, which name the experiment."""

    plan: Plan

    def spec(self, wildcards: Any) -> SearchSpec:
        """Return the search as its jobs receive it; an experiment without a search is a user error."""
        self._search(wildcards)
        return self.plan.experiment(wildcards).resolve_search()

    def rung_spec(self, wildcards: Any) -> SearchSpec:
        """Return the search as the jobs of a rung receive it: with the epochs after which they stop."""
        rung = self._rung(wildcards)
        return self.spec(wildcards).model_copy(update={"stop_after": rung.epochs})

    def proposal_count(self, wildcards: Any) -> int:
        """Return the number of proposed combinations, at least 100 unless the space is smaller.

        All trials depend on the file of proposals. Proposing more than needed leaves it unchanged when `trials` grows,
        so that completed trials do not run again.
        """
        search = self._search(wildcards)
        return min(max(search.trials, _MIN_PROPOSALS), size(search.space))

    def proposed(self, wildcards: Any) -> str:
        """Return the file with the combination of `wildcards.trial`: of its round, if there are rounds."""
        search, folder = self._search(wildcards), self._folder(wildcards)
        number = round_of(search, int(wildcards.trial)) if search.method == "bayesian" else 1
        return str(folder / f"round{number}" / "proposed.json" if number > 1 else folder / "proposed.json")

    def before_round(self, wildcards: Any) -> list[str]:
        """Return the results of all executions in the rounds before `wildcards.round`."""
        search = self._search(wildcards)
        if search.method != "bayesian":
            raise self.plan.error(f"the search of {wildcards.experiment} has no rounds")
        return self._results(wildcards, trials_before(search, int(wildcards.round)))

    def round_trials(self, wildcards: Any) -> int:
        """Return the number of trials in a round after the first one."""
        return self._search(wildcards).option("round_trials")

    def places(self, wildcards: Any) -> int:
        """Return the number of trials of `wildcards.rung`."""
        return self._rung(wildcards).trials

    def before(self, wildcards: Any) -> dict[str, str]:
        """Return the result and the state of an execution in the rung below `wildcards.rung`."""
        rung, trial, execution = (int(getattr(wildcards, name)) for name in ("rung", "trial", "execution"))
        result = result_file(self._folder(wildcards), rung - 1, trial, execution)
        return {"result": str(result), "state": str(result.with_suffix(".npz"))}

    def compared(self, wildcards: Any) -> list[str]:
        """Return the results of all executions in the rung below `wildcards.rung`."""
        return self._rung_files(wildcards, self._rung(wildcards).number - 1)

    def promoted_before(self, wildcards: Any) -> list[str]:
        """Return the files of the promotions to the rungs below `wildcards.rung`; none for the second one.

        Snakemake asks again only for inputs of jobs that have a checkpoint's file among theirs. With that of the rung
        below alone, later promotions would keep trials in the plan that an earlier promotion has left out.
        """
        return [str(promotion_file(self._folder(wildcards), below)) for below in range(2, int(wildcards.rung))]

    def promotions(self, wildcards: Any) -> list[str]:
        """Return the files of all promotions; none without rungs."""
        rungs = rungs_of(self._search(wildcards))
        return [str(promotion_file(self._folder(wildcards), rung.number)) for rung in rungs[1:]]

    def executions(self, wildcards: Any) -> list[str]:
        """Return the result files of all executions, with rungs those in each.

        Which trials reach a rung is not known before the rung below is finished. Snakemake asks again after each
        promotion, which is a checkpoint; before, trials that are as many stand for those that it will promote.
        """
        search = self._search(wildcards)
        if rungs := rungs_of(search):
            return [file for rung in rungs for file in self._rung_files(wildcards, rung.number)]
        return self._results(wildcards, trial_count(search))

    def rung_minutes(self, wildcards: Any, input: Any, attempt: int) -> int:
        """Return the time limit of a job of a rung in minutes; a retried job resumes."""
        return self._minutes(wildcards, input, attempt, self._rung(wildcards).number)

    def trial_minutes(self, wildcards: Any, input: Any, attempt: int) -> int:
        """Return the time limit of a trial without rungs in minutes; a retried job resumes."""
        return self._minutes(wildcards, input, attempt)

    def _minutes(self, wildcards: Any, input: Any, attempt: int, rung: int = 1) -> int:
        epochs = self._search(wildcards).job_epochs(rung)
        experiment = self.plan.experiment(wildcards).model_copy(update={"epochs": epochs})
        return round(attempt * training_minutes(experiment, Path(input.images)))

    def _search(self, wildcards: Any) -> Search:
        search = self.plan.experiment(wildcards).search
        if search is None:
            raise self.plan.error(f"the experiment {wildcards.experiment} has no search")
        return search

    def _results(self, wildcards: Any, trials: int) -> list[str]:
        return [
            f"{self._folder(wildcards)}/trial{trial}/execution{execution}.json"
            for trial in range(1, trials + 1)
            for execution in range(1, self._search(wildcards).executions + 1)
        ]

    def _folder(self, wildcards: Any) -> Path:
        """Return the folder of the search in rules."""
        return Path(self.plan.results, "search", wildcards.experiment)

    def _members(self, wildcards: Any, rung: int) -> list[int]:
        """Return the trials of a rung; the files of promotions may have the prefix of a module."""
        return members(rungs_of(self._search(wildcards)), Path(self.plan.folder, "search", wildcards.experiment), rung)

    def _rung(self, wildcards: Any) -> Rung:
        rungs, number = rungs_of(self._search(wildcards)), int(getattr(wildcards, "rung", 1))
        if not 1 <= number <= len(rungs):
            raise self.plan.error(f"the search of {wildcards.experiment} has no rung {number}")
        return rungs[number - 1]

    def _rung_files(self, wildcards: Any, number: int) -> list[str]:
        search, folder = self._search(wildcards), self._folder(wildcards)
        return [
            str(result_file(folder, number, trial, execution))
            for trial in self._members(wildcards, number)
            for execution in range(1, search.executions + 1)
        ]
