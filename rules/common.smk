# From names to specs and paths; no rules.
import os
import shlex
import sys
from pathlib import Path

from snakemake.exceptions import WorkflowError

from canigatti.config import load_study
from canigatti.files import InputError, sha256_of
from canigatti.photos.sources import fingerprint
from canigatti.provenance import modules_behind
from canigatti.search.space import proposal_count, trial_count

# Jobs run the Python that runs Snakemake, also where its environment was called by path and not activated.
os.environ.update(
    PATH=os.pathsep.join([str(Path(sys.executable).parent), *os.get_exec_path()])
)


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
INCLUDED = STUDY.included()
SEARCHED = [name for name, one in INCLUDED.items() if one.search]
TABLES = [*STUDY.tables(), "comparison", "findings"]
SPLITS_USED = sorted({experiment.split for experiment in INCLUDED.values()})


wildcard_constraints:
    experiment="[A-Za-z0-9_-]+",
    split="[A-Za-z0-9_-]+",
    seed="[0-9]+",
    size="[0-9]+",
    backbone="[a-z0-9]+",
    trial="[0-9]+",
    execution="[0-9]+",


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


def weights_file(wildcards):
    """The weights that an experiment's backbone starts with, if it has one and starts with them."""
    one = experiment(wildcards)
    backbone = getattr(one.network, "backbone", None)
    return (
        f"{RESULTS}/weights/{backbone}.weights.h5"
        if backbone and not one.start_from
        else []
    )


def weights_record(wildcards):
    file = weights_file(wildcards)
    return file.replace(".weights.h5", ".json") if file else []


def started_from(wildcards):
    """The folder of the training that this one goes on from, if it does."""
    parent = experiment(wildcards).start_from
    return f"{RESULTS}/training/{parent}/seed{wildcards.seed}" if parent else None


def start_model(wildcards):
    return f"{folder}/model.keras" if (folder := started_from(wildcards)) else []


def start_run(wildcards):
    return f"{folder}/run.json" if (folder := started_from(wildcards)) else []


def start_options(wildcards, input):
    """What `train` is told to start with besides the photos."""
    given = {"--weights": input.weights, "--weights-record": input.weights_record}
    given |= {"--start": input.start, "--start-run": input.start_run}
    return " ".join(
        f"{option} {shlex.quote(str(path))}" for option, path in given.items() if path
    )


def weights_spec(wildcards):
    if wildcards.backbone not in STUDY.weights:
        raise WorkflowError(
            f"weights.{wildcards.backbone}: the study {STUDY.study} does not say where they come from"
        )
    return STUDY.weights[wildcards.backbone].spec()


def weights_fingerprint(wildcards):
    """Changes when the content of a local file does."""
    source = STUDY.weights[wildcards.backbone].source
    return source if source == "imagenet" else sha256_of(Path(source))


def search(wildcards):
    """The search of the experiment that a path names."""
    if experiment(wildcards).search is None:
        raise WorkflowError(f"the experiment {wildcards.experiment} has no search")
    return experiment(wildcards).search


def search_spec(wildcards):
    search(wildcards)
    return experiment(wildcards).search_spec()


def execution_code(wildcards):
    unused = () if experiment(wildcards).augment else ("training.augmentation",)
    return code("search.trials", "search.space", "training.device", without=unused)


def proposed_combinations(wildcards):
    return proposal_count(search(wildcards))


def execution_files(wildcards):
    """What comes of every execution of every trial."""
    return expand(
        f"{RESULTS}/search/{wildcards.experiment}/trial{{trial}}/execution{{execution}}.json",
        trial=range(1, trial_count(search(wildcards)) + 1),
        execution=range(1, search(wildcards).executions + 1),
    )


def best_trial(wildcards):
    """What an experiment's network and optimizer are taken from, if it has a search."""
    return (
        f"{RESULTS}/search/{wildcards.experiment}/best.json"
        if experiment(wildcards).search
        else []
    )


def best_option(wildcards, input):
    return f"--best {shlex.quote(input.best)}" if input.best else ""


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


def of_every_run(pattern, experiments=INCLUDED):
    """The pattern with every seed of these experiments put in."""
    return expand(f"{RESULTS}/{pattern}", experiment=experiments, seed=STUDY.seeds)


def report_templates():
    """What the page is made of besides code."""
    folder = SOURCE_CODE / "report"
    return sorted(
        str(path) for kind in ("*.j2", "*.css", "*.csv") for path in folder.rglob(kind)
    )


def refuse_name_of_a_rule(group, member):
    """A group is a target beside the rules."""
    if workflow.is_rule(group):
        raise WorkflowError(
            f"{CONFIGURATION}: experiments.{member}.group: {group} is the name of a rule, expected another name"
        )
