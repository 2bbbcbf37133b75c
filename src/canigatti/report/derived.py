"""Results that need no training: ensembles of trained networks, and test-time augmentation."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from canigatti.evaluation.metrics import compute_metrics
from canigatti.evaluation.predictions import Predictions, mean_of_logits
from canigatti.report.evidence import Network
from canigatti.report.guessing import interval_of
from canigatti.report.multireader import mean_over_pairs
from canigatti.report.ranking import Ranking
from canigatti.report.records import DERIVED
from canigatti.report.results import Run, StudyResults
from canigatti.report.texts import count_noun, in_points

SEEDS, BEST_FEW, AUGMENTED = "ensemble of seeds", "ensemble of the best", "test-time augmentation"
_MAX_MEMBERS = 3  # experiments in an ensemble of the best
_VIEWS = 6  # predictions per photo, see `canigatti.evaluation.augmented.views`


@dataclass(frozen=True)
class Derived:
    """A result that is derived from trained networks.

    Attributes:
        kind: one of the constants of this module.
        experiment: the experiment whose network is compared with it.
        members: names of the experiments of which it consists.
        predictions: one for each seed, or a single one of an ensemble of seeds.
        compared: for each of them, the predictions of the networks that it is compared with.
        runs: the trained networks of which it consists, all seeds together.
    """

    kind: str
    experiment: str
    members: tuple[str, ...]
    predictions: Sequence[Predictions]
    compared: Sequence[Sequence[Predictions]]
    runs: Sequence[Run]


def derive(study: StudyResults, networks: Sequence[Network], ranking: Ranking) -> list[Derived]:
    """Return all derived results of a study, in the order of its experiments.

    - The ensemble of the seeds of each experiment with several seeds that did not diverge.
    - The ensemble of up to three experiments of each split, which are the best on the validation set by the metric that
      ranks, and did not start from a random initialization instead of pretrained weights. There is one for each seed.
    - Test-time augmentation of the experiments for which the study asks for it.

    Args:
        study: the results.
        networks: of the study.
        ranking: the metric that ranks.
    """
    runs: dict[str, list[Run]] = {name: [] for name in dict.fromkeys(run.experiment for run in study.runs)}
    for run in (run for run in study.runs if not run.diverged):
        runs[run.experiment].append(run)
    converged = {name: members for name, members in runs.items() if members}
    return [
        *(_of_seeds(members) for members in converged.values() if len(members) > 1),
        *_best_few(converged, networks, ranking),
        *_augmented(converged, study.further.augmented),
    ]


def _of_seeds(runs: Sequence[Run]) -> Derived:
    members = [run.predictions for run in runs]
    name = runs[0].experiment
    return Derived(SEEDS, name, (name,), [mean_of_logits(members)], [members], runs)


def _best_few(converged: dict[str, list[Run]], networks: Sequence[Network], ranking: Ranking) -> list[Derived]:
    derived = []
    ranked = [network for network in networks if not network.random_initialization]
    for split in dict.fromkeys(network.split for network in ranked):
        members = [network for network in ranked if network.split == split]
        values = pd.DataFrame(
            {"gain": [one.validation for one in members], "loss": [one.validation_loss for one in members]},
            index=[one.name for one in members],
        )
        values = values.assign(gain=ranking.gains(values["gain"])).dropna()
        best = values.sort_values(["gain", "loss"], ascending=[False, True], kind="stable")
        names = best.index[:_MAX_MEMBERS].tolist()
        by_seed = [{run.seed: run for run in converged[name]} for name in names]
        seeds = [seed for seed in by_seed[0] if all(seed in one for one in by_seed)] if len(names) > 1 else []
        if seeds:
            derived.append(
                Derived(
                    kind=BEST_FEW,
                    experiment=names[0],
                    members=tuple(names),
                    predictions=[mean_of_logits([one[seed].predictions for one in by_seed]) for seed in seeds],
                    compared=[[by_seed[0][seed].predictions] for seed in seeds],
                    runs=[one[seed] for one in by_seed for seed in seeds],
                )
            )
    return derived


def _augmented(converged: dict[str, list[Run]], augmented: dict[tuple[str, int], Predictions]) -> list[Derived]:
    return [
        Derived(
            kind=AUGMENTED,
            experiment=name,
            members=(name,),
            predictions=[augmented[name, run.seed] for run in runs],
            compared=[[run.predictions] for run in runs],
            runs=runs,
        )
        for name, runs in converged.items()
        if (name, runs[0].seed) in augmented
    ]


def derived_table(study: StudyResults, networks: Sequence[Network], ranking: Ranking) -> pd.DataFrame:
    """Return one row per derived result, see :data:`canigatti.report.records.DERIVED`.

    - `difference` is its accuracy minus that of the networks of `compared_with`: of the ensemble of seeds, minus the
      mean of its members; otherwise, minus that with the same seed. With its 95% interval over photos and seeds, see
      :func:`canigatti.report.multireader.mean_over_pairs`; for an ensemble of seeds it is about these trained networks.
    - `shown` is true if an interval with Bonferroni's correction for the rows of the table excludes 0.
    - `milliseconds_per_photo` and `training_seconds` are sums over the networks of which one prediction consists.

    Args:
        study: the results.
        networks: of the study.
        ranking: the metric that ranks, which chooses the best few.
    """
    derived = derive(study, networks, ranking)
    return DERIVED.frame([_row(one, study, len(derived)) for one in derived])


def _row(derived: Derived, study: StudyResults, rows: int) -> dict:
    ids = derived.predictions[0].ids
    groups = study.groups.loc[ids].to_numpy()
    correct = np.column_stack([one.correct for one in derived.predictions])
    others = np.column_stack([np.mean([one.correct for one in members], axis=0) for members in derived.compared])
    low, high = interval_of(correct, groups)
    interval = mean_over_pairs(correct - others, groups)
    strict = mean_over_pairs(correct - others, groups, level=1 - 0.05 / rows)
    predicting = _VIEWS if derived.kind == AUGMENTED else 1
    count = len(derived.predictions)
    return {
        "kind": derived.kind,
        "experiment": derived.experiment,
        "members": ", ".join(derived.members),
        "split": derived.runs[0].training.spec.split,
        "n": len(ids),
        "seeds": count if derived.kind != SEEDS else len(derived.runs),
        "accuracy": float(correct.mean()),
        "accuracy_low": low,
        "accuracy_high": high,
        "loss": float(np.mean([compute_metrics(one).loss for one in derived.predictions])),
        "compared_with": derived.experiment,
        "difference": interval.estimate,
        "difference_low": interval.low,
        "difference_high": interval.high,
        "shown": strict.high < 0 or strict.low > 0,
        "milliseconds_per_photo": predicting * sum(run.speed.milliseconds_per_photo for run in derived.runs) / count,
        "training_seconds": sum(run.training.wall_seconds for run in derived.runs) / count,
    }


def derived_sentence(rows: pd.DataFrame) -> str:
    """Return what the derived results show; an empty text if there are none.

    Only differences are stated whose interval excludes 0 after correction for their number.

    Args:
        rows: see :func:`derived_table`.
    """
    if rows.empty:
        return ""
    shown = rows[rows["shown"]]
    if shown.empty:
        return "None of them is shown to be more or less accurate than what it is compared with."
    texts = [
        f"{described(row.kind, row.members)}, {in_points(row.difference, row.difference_low, row.difference_high)} "
        f"compared with {'the mean of its members' if row.kind == SEEDS else row.compared_with}"
        for row in shown.itertuples()
    ]
    return f"Shown, after correction for {count_noun(len(rows), 'comparison')}: {'; '.join(texts)}."


def described(kind: str, members: str) -> str:
    """Return the name of a derived result for readers."""
    names = {SEEDS: "the ensemble of the seeds of", BEST_FEW: "the ensemble of", AUGMENTED: "test-time augmentation of"}
    return f"{names[kind]} {members}"
