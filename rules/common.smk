# Shared by all stages: the study, paths, wildcards, resources. Nothing is decided here; that is in `canigatti.planning`.
import os
import sys
from pathlib import Path

from snakemake.exceptions import WorkflowError

try:
    from canigatti.config import record_owner
except ModuleNotFoundError as error:  # a workflow that Snakemake has downloaded brings no package
    if error.name != "canigatti":
        raise
    raise WorkflowError(f"{sys.executable} runs Snakemake, and needs canigatti: pip install 'canigatti[cpu]'") from None
from canigatti.files import InputError
from canigatti.invocation import read_invocation
from canigatti.ownership import announce_workflow
from canigatti.planning import Plan
from canigatti.planning_corrections import CorrectionsPlan
from canigatti.planning_search import SearchPlan
from canigatti.planning_source import SourcePlan
from canigatti.terminal.costs import announce_jobs

# Jobs run the Python that runs Snakemake, also where its environment was not activated.
os.environ.update(PATH=os.pathsep.join([str(Path(sys.executable).parent), *os.get_exec_path()]))
# Jobs end when the Snakemake that started them ends, even if it is killed.
announce_workflow()

try:
    STUDY, CONFIGURATION, OPTIONS = read_invocation(workflow, config)
except InputError as error:
    raise WorkflowError(str(error)) from None
PLAN = Plan(STUDY, error=WorkflowError, placed=workflow.modifier.modify_path)
PLAN.check_unedited()
SOURCE = SourcePlan(PLAN, is_made=lambda path: any(rule.is_producer(path) for rule in workflow.rules))
RESULTS = PLAN.results
CORRECTIONS = CorrectionsPlan(PLAN)
CORRECTIONS.check()
SEARCHES = SearchPlan(PLAN)
LOGS, BENCHMARKS = f"{RESULTS}/logs", f"{RESULTS}/benchmarks"
PHOTOS, TRAINING, EVALUATION = (f"{RESULTS}/{stage}" for stage in ("photos", "training", "evaluation"))
RUN = "{experiment}/seed{seed}"


onstart:  # not in a dry run
    if CONFIGURATION:  # an importing workflow has none
        record_owner(Path(RESULTS), Path(CONFIGURATION), OPTIONS)
    announce_jobs(workflow.dag.needrun_jobs(), STUDY)


onsuccess:
    from canigatti.training.checkpoint import delete_finished_checkpoints

    delete_finished_checkpoints(Path(RESULTS))  # those that Slurm jobs left


wildcard_constraints:
    experiment="[A-Za-z0-9_-]+",
    split="[A-Za-z0-9_-]+",
    part="training|test",
    seed="[0-9]+",
    size="[0-9]+(-crop|-pad)?",  # see `canigatti.config.Square`
    backbone="[a-z0-9]+",
    trial="[0-9]+",
    execution="[0-9]+",
    round="[0-9]+",
    rung="[2-9]|1[0-9]",  # the first one has no rung below, and a rule of its own


def of_every_run(pattern, experiments=PLAN.included):
    """The pattern with every seed of these experiments filled in."""
    return expand(pattern, experiment=experiments, seed=STUDY.seeds)


def made_photos(wildcards):
    """The photos, if an importing workflow makes them. Their path is the configured one: local adds no prefix."""
    return local(SOURCE.made_source)


def measured(pattern):
    """The pattern with every run of the study filled in, those of its learning curve included."""
    curve = expand(pattern, experiment=PLAN.curve_points, seed=PLAN.curve.seeds if PLAN.curve else [])
    return [*dict.fromkeys([*of_every_run(pattern), *curve])]


def at_once(files):
    """These input files as a function: of a list, Snakemake hashes the whole for each of its files."""
    return lambda wildcards: files


def shown(path, caption, category, **labels):
    """A file that Snakemake's own report shows."""
    return report(path, caption=f"../workflow/captions/{caption}.rst", category=category, labels=labels)


# `localrule: True` marks what takes seconds or needs the internet: on a cluster it runs where Snakemake runs.
def quick(mem_mb, runtime=10):
    """The resources of a job of a few minutes: its measured peak memory, more when it is tried again."""
    return dict(mem_mb=lambda _, attempt: attempt * mem_mb, runtime=lambda _, attempt: attempt * runtime)
