# From names to specs and paths; no rules.
import os
import shlex
from pathlib import Path

from snakemake.exceptions import WorkflowError

from canigatti.config import load_study
from canigatti.files import InputError
from canigatti.photos.sources import fingerprint
from canigatti.provenance import modules_behind


def configuration_file():
    """The one that is given, or the full study's; `configfile:` would merge two studies into one."""
    default = Path(workflow.basedir) / "config" / "full.yaml"
    files = list(workflow.config_settings.configfiles) or [default]
    if len(files) > 1:
        raise WorkflowError(
            f"give one --configfile, not {len(files)}: a study is told by one file"
        )
    return Path(os.path.relpath(files[0]))


def read_study(path):
    try:
        return load_study(path, workflow.config_settings.config_args)
    except InputError as error:
        raise WorkflowError(str(error)) from None


CONFIGURATION = configuration_file()
STUDY = read_study(CONFIGURATION)
RESULTS = f"results/{STUDY.study}"
CLASSES = " ".join(f"--class {shlex.quote(name)}" for name in STUDY.classes)
SOURCE_CODE = Path(os.path.relpath(workflow.basedir)) / "src" / "canigatti"
RUN = "{experiment}/seed{seed}"
TABLES = [*STUDY.tables(), "comparison", "findings"]
SPLITS_USED = sorted({experiment.split for experiment in STUDY.experiments.values()})


wildcard_constraints:
    experiment="[A-Za-z0-9_-]+",
    split="[A-Za-z0-9_-]+",
    seed="[0-9]+",
    size="[0-9]+",


def code(*modules, without=()):
    """The package's files that decide what these modules do."""
    return [
        str(SOURCE_CODE / path) for path in modules_behind(*modules, without=without)
    ]


def experiment(wildcards):
    """The experiment that a path names."""
    if wildcards.experiment not in STUDY.experiments:
        known = ", ".join(STUDY.experiments)
        raise WorkflowError(
            f"no experiment is named {wildcards.experiment}; the study {STUDY.study} has {known}"
        )
    return STUDY.experiments[wildcards.experiment]


def spec(wildcards):
    return experiment(wildcards).spec()


def training_code(wildcards):
    """Augmentation is behind a result only where it is used."""
    unused = () if experiment(wildcards).augment else ("training.augmentation",)
    return code(
        "training.fitting", "training.networks", "training.device", without=unused
    )


def split_file(wildcards):
    return f"{RESULTS}/splits/{experiment(wildcards).split}.csv"


def images_file(wildcards):
    return f"{RESULTS}/photos/images-{experiment(wildcards).image_size}.npy"


def images_hash(wildcards):
    return f"{images_file(wildcards)}.sha256"


def photos_source(wildcards):
    """What `fetch` is told to find: the generated photos, or what the configuration names."""
    return (
        f"{RESULTS}/photos/generated.zip"
        if STUDY.photos.generate
        else STUDY.photos.source
    )


def source_fingerprint(wildcards):
    """Changes when the content of a local source does, and not when its files are only touched."""
    try:
        return (
            "generated" if STUDY.photos.generate else fingerprint(STUDY.photos.source)
        )
    except InputError as error:
        raise WorkflowError(str(error)) from None


def of_every_run(pattern):
    """The pattern with every experiment and seed of the study put in."""
    return expand(
        f"{RESULTS}/{pattern}", experiment=STUDY.experiments, seed=STUDY.seeds
    )


def report_templates():
    """What the page is made of besides code."""
    folder = SOURCE_CODE / "report"
    return sorted(
        str(path) for kind in ("*.j2", "*.css", "*.csv") for path in folder.glob(kind)
    )
