# What the rule files share: the study, paths, wildcards. No rules, no logic.
import os
import sys
from pathlib import Path

from snakemake.exceptions import WorkflowError

from canigatti import planning
from canigatti.config import load_study, parse_study
from canigatti.files import InputError
from canigatti.provenance import PACKAGE, modules_behind, modules_behind_training

# Jobs run the Python that runs Snakemake, also where its environment was not activated.
os.environ.update(PATH=os.pathsep.join([str(Path(sys.executable).parent), *os.get_exec_path()]))


def asked(function, *arguments):
    """What a function of the package answers; its user errors are reported as Snakemake reports its own."""
    try:
        return function(*arguments)
    except InputError as error:
        raise WorkflowError(str(error)) from None


def configuration_file():
    """The given one, or the full study's; None in a module, whose importing workflow passes `config` instead."""
    files = workflow.config_settings.configfiles or [Path(workflow.basedir) / "config" / "full.yaml"]
    if workflow.modifier.namespace:
        return None
    if len(files) > 1:
        raise WorkflowError(f"give one --configfile, not {len(files)}")
    return Path(os.path.relpath(files[0]))


# The package reads the file: Snakemake would merge several, accept a key given twice, and take 1e-4 for text.
CONFIGURATION = configuration_file()
if CONFIGURATION:
    STUDY = asked(load_study, CONFIGURATION, workflow.config_settings.config_args)
else:
    STUDY = asked(parse_study, config, f"config of the module {workflow.modifier.namespace}")
RESULTS = f"results/{STUDY.study}"
LOGS = f"{RESULTS}/logs"
BENCHMARKS = f"{RESULTS}/benchmarks"
RUN = "{experiment}/seed{seed}"
INCLUDED = STUDY.included()
SOURCE_CODE = Path(os.path.relpath(PACKAGE))


wildcard_constraints:
    experiment="[A-Za-z0-9_-]+",
    split="[A-Za-z0-9_-]+",
    seed="[0-9]+",
    size="[0-9]+",
    backbone="[a-z0-9]+",
    trial="[0-9]+",
    execution="[0-9]+",


def code(module):
    """The package's files behind a command, given its module."""
    return [str(SOURCE_CODE / path) for path in modules_behind(module)]


def training_code(module):
    """Likewise for a command that trains, without the files that the experiment does not use."""
    return lambda wildcards: [
        str(SOURCE_CODE / path) for path in modules_behind_training(module, experiment(wildcards).resolve())
    ]


def experiment(wildcards):
    return asked(planning.find_experiment, STUDY, wildcards.experiment)


def split_file(wildcards):
    return f"{RESULTS}/splits/{experiment(wildcards).split}.csv"


def images_file(wildcards):
    return f"{RESULTS}/photos/images-{experiment(wildcards).image_size}.npy"


# The hash stands for the images where they are an input: they are too large for Snakemake to compare by content.
def images_hash(wildcards):
    return f"{images_file(wildcards)}.sha256"


def of_every_run(pattern, experiments=INCLUDED):
    """The pattern with every seed of these experiments filled in."""
    return expand(f"{RESULTS}/{pattern}", experiment=experiments, seed=STUDY.seeds)


def shown(path, caption, category, **labels):
    """A file that Snakemake's own report shows."""
    return report(path, caption=f"../workflow/captions/{caption}.rst", category=category, labels=labels)


def quick(mem_mb):
    """The resources of a job of a minute or two: peak memory as measured, more when it is tried again."""
    return dict(mem_mb=lambda wildcards, attempt: attempt * mem_mb, runtime=lambda wildcards, attempt: attempt * 10)
