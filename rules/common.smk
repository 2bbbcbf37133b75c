# Shared by all stages: the study, paths, wildcards, resources. Nothing is decided here; that is in `canigatti.planning`.
import os
import sys
from pathlib import Path

from snakemake.exceptions import WorkflowError

from canigatti.config import check_owner, effective_overrides, load_study, names_study, parse_study, record_owner
from canigatti.files import InputError
from canigatti.ownership import announce_workflow
from canigatti.planning import Plan, check_project_folder, study_options

# Jobs run the Python that runs Snakemake, also where its environment was not activated.
os.environ.update(PATH=os.pathsep.join([str(Path(sys.executable).parent), *os.get_exec_path()]))
# Jobs end when the Snakemake that started them ends, even if it is killed.
announce_workflow()


def read_study():
    """The study, its configuration file, and the options of Snakemake that select it besides `--configfile`.

    The file is None if a workflow that imports this one passes its `config` instead. The package reads the file:
    Snakemake would merge several, accept a key given twice, and take 1e-4 for text.
    """
    settings, module = workflow.config_settings, workflow.modifier.namespace
    files = settings.configfiles or [Path(workflow.basedir) / "config" / "full.yaml"]
    try:
        check_project_folder(Path(workflow.current_basedir.get_path_or_uri(secret_free=True)))
        if module:
            return parse_study(config, f"config of the module {module}"), None, ()
        if len(files) > 1:
            raise InputError(f"give one --configfile, not {len(files)}")
        file = Path(os.path.relpath(files[0]))
        study = load_study(file, settings.config_args)
        if not names_study(settings.config_args):
            check_owner(Path("results", study.study), file)
        overrides = effective_overrides(file, settings.config_args)
        return study, str(file), study_options(os.path.relpath(workflow.main_snakefile), overrides)
    except InputError as error:
        raise WorkflowError(str(error)) from None


STUDY, CONFIGURATION, OPTIONS = read_study()
PLAN = Plan(STUDY, error=WorkflowError)
PLAN.check_unedited()
RESULTS = PLAN.results
LOGS = f"{RESULTS}/logs"
BENCHMARKS = f"{RESULTS}/benchmarks"
PHOTOS, TRAINING, EVALUATION = (f"{RESULTS}/{stage}" for stage in ("photos", "training", "evaluation"))
RUN = "{experiment}/seed{seed}"


# Not in a dry run. An importing workflow has no such file.
onstart:
    if CONFIGURATION:
        record_owner(Path(RESULTS), Path(CONFIGURATION))


wildcard_constraints:
    experiment="[A-Za-z0-9_-]+",
    split="[A-Za-z0-9_-]+",
    seed="[0-9]+",
    size="[0-9]+",
    backbone="[a-z0-9]+",
    trial="[0-9]+",
    execution="[0-9]+",


def of_every_run(pattern, experiments=PLAN.included):
    """The pattern with every seed of these experiments filled in."""
    return expand(pattern, experiment=experiments, seed=STUDY.seeds)


def shown(path, caption, category, **labels):
    """A file that Snakemake's own report shows."""
    return report(path, caption=f"../workflow/captions/{caption}.rst", category=category, labels=labels)


def quick(mem_mb):
    """The resources of a job of a few minutes: its measured peak memory, more when it is tried again."""
    return dict(mem_mb=lambda wildcards, attempt: attempt * mem_mb, runtime=lambda wildcards, attempt: attempt * 10)
