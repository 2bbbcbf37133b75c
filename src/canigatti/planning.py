"""Input files, parameters and resources of jobs, determined from the wildcards of their paths before any job runs.

Only rules use this module. Methods take Snakemake's `wildcards` (and `input`, `attempt`) and read their attributes.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from canigatti.config import Experiment, OutlinedCurve, Pretrained, Study, Weights
from canigatti.files import InputError, is_csv, sha256_of
from canigatti.provenance import PACKAGE, digest, modules_behind, modules_behind_training
from canigatti.resources import training_memory, training_minutes
from canigatti.written import check_unedited


@dataclass(frozen=True)
class Plan:
    """The jobs of a study.

    Attributes:
        study: the study.
        error: the exception to raise for a user error; Snakemake reports its own without a traceback.
        placed: returns where Snakemake puts a path of rules; with the prefix of a module, that is elsewhere.
    """

    study: Study
    error: type[Exception] = InputError
    placed: Callable[[str], str] = str

    @property
    def results(self) -> str:
        """Folder of the study's results in rules; Snakemake adds the prefix of a module to inputs and outputs."""
        return f"results/{self.study.study}"

    @property
    def folder(self) -> str:
        """Folder of the study's results on the disk, for parameters of jobs and what is read before any job runs."""
        return str(self.placed(self.results))

    @cached_property
    def included(self) -> dict[str, Experiment]:
        """The experiments of the study by name, without optional groups that it does not include."""
        return self.study.included()

    @cached_property
    def curve(self) -> OutlinedCurve | None:
        """The learning curve; None without one."""
        return self.study.outline(None).learning_curve

    @cached_property
    def experiments(self) -> dict[str, Experiment]:
        """All experiments by name, with those of the learning curve."""
        derived = self.study.curve_experiments().values()
        return self.study.experiments | {name: one for members in derived for name, one in members.items()}

    @property
    def curve_points(self) -> list[str]:
        """Names of the experiments on the learning curve; none without one."""
        return [*(one.name for one in self.curve.derived), self.curve.experiment] if self.curve else []

    def check_unedited(self) -> None:
        """Check that the results are as jobs wrote them; an edited one is a user error."""
        try:
            check_unedited(Path(self.folder))
        except InputError as error:
            raise self.error(str(error)) from None

    def code(self, module: str, templates: Sequence[str] = ()) -> str:
        """Return a text that changes with the code behind a command.

        It is a parameter of jobs, not an input: Snakemake would look at twenty files for each of a thousand jobs, and
        run all jobs again where the package has another path.

        Args:
            module: the command's module, such as `photos.commands.split`.
            templates: the files of a page, from :meth:`templates`.
        """
        return digest([*modules_behind(module), *templates])

    def training_code(self, wildcards: Any) -> str:
        """Return a text that changes with the code behind `train`, without modules that the experiment does not use."""
        return digest(modules_behind_training(self.experiment(wildcards).resolve(), "training.commands.train"))

    def trial_code(self, wildcards: Any) -> str:
        """Return a text that changes with the code behind `train-trial`, see :meth:`training_code`."""
        return digest(modules_behind_training(self.experiment(wildcards).resolve(), "search.commands.train_trial"))

    def continuation_code(self, wildcards: Any) -> str:
        """Return a text that changes with the code behind `continue-trial`, see :meth:`training_code`."""
        return digest(modules_behind_training(self.experiment(wildcards).resolve(), "search.commands.continue_trial"))

    def templates(self, folder: str, without: str = "") -> list[str]:
        """Return the files of a page in `folder` besides code, `without` those in a folder of another page."""
        files = (path for kind in ("j2", "css", "js", "csv") for path in (PACKAGE / folder).rglob(f"*.{kind}"))
        return sorted(str(path.relative_to(PACKAGE)) for path in files if path.parent.name != without)

    def experiment(self, wildcards: Any) -> Experiment:
        """Return the experiment that a path names; an unknown name is a user error."""
        name = wildcards.experiment
        if name not in self.experiments:
            known = ", ".join(self.experiments)
            raise self.error(f"no experiment is named {name}; the study {self.study.study} has {known}")
        return self.experiments[name]

    def inspect_options(self, wildcards: Any) -> list[str]:
        """Return the options of `inspect` for the configured classes and groups, and the number of photos."""
        photos = self.study.photos
        limit = [f"--limit-per-class={photos.limit_per_class}"] if photos.limit_per_class else []
        groups = [f"--groups={photos.groups}"] if photos.groups else []
        kept = ["--keep-contradictory"] if photos.contradictory == "keep" else []
        return [f"--class={name}" for name in self.study.classes or ()] + groups + limit + kept

    def groups_digest(self, wildcards: Any) -> str:
        """Return a text that changes with the content of the file of configured groups."""
        groups = self.study.photos.groups
        return sha256_of(Path(groups)) if groups and is_csv(groups) else ""

    def split_options(self, wildcards: Any) -> list[str]:
        """Return the options of `split`: the fractions, or that folders of the source are the split."""
        split = self.study.splits[wildcards.split]
        return ["--from-folders"] if isinstance(split, str) else ["--spec", split.to_json()]

    @cached_property
    def splits(self) -> list[str]:
        """Names of the splits that the experiments of the study use, sorted."""
        return sorted({one.split for one in self.included.values() if one.split})

    def split_file(self, wildcards: Any) -> str:
        """Return the path of the experiment's split, as assigned."""
        return f"{self.results}/splits/{self.experiment(wildcards).split}.csv"

    def images_file(self, wildcards: Any) -> str:
        """Return the path of the experiment's images."""
        return f"{self.results}/photos/images-{self.experiment(wildcards).square}.npy"

    def images_hash(self, wildcards: Any) -> str:
        """Return the hash of the images, which is the input of jobs: Snakemake compares only small files by content."""
        return f"{self.images_file(wildcards)}.sha256"

    def weights(self, wildcards: Any) -> Weights:
        """Return the source of the weights of `wildcards.backbone`; a backbone without a source is a user error."""
        backbone = wildcards.backbone
        if backbone not in self.study.weights:
            raise self.error(f"weights.{backbone}: the study {self.study.study} does not set their source")
        return self.study.weights[backbone]

    def weights_digest(self, wildcards: Any) -> str:
        """Return a text that changes with the content of a local weights file."""
        source = self.weights(wildcards).source
        return source if source == "imagenet" else sha256_of(Path(source))

    def weights_file(self, wildcards: Any) -> str | list[str]:
        """Return the pretrained weights of the experiment's backbone; an empty list if it needs none."""
        experiment = self.experiment(wildcards)
        if not isinstance(experiment.network, Pretrained) or experiment.start_from:
            return []
        return f"{self.results}/weights/{experiment.network.backbone}.weights.h5"

    def weights_record(self, wildcards: Any) -> str | list[str]:
        """Return the record of :meth:`weights_file`; an empty list if there is none."""
        file = self.weights_file(wildcards)
        return file.replace(".weights.h5", ".json") if isinstance(file, str) else []

    def weights_option(self, wildcards: Any) -> list[str]:
        """Return the option of `train-trial` for :meth:`weights_file`."""
        file = self.weights_file(wildcards)
        return ["--weights", str(self.placed(file))] if isinstance(file, str) else []

    def parent_model(self, wildcards: Any) -> str | list[str]:
        """Return the trained model that the experiment starts from; an empty list if there is none."""
        parent = self.experiment(wildcards).start_from
        return f"{self.results}/training/{parent}/seed{wildcards.seed}/model.keras" if parent else []

    def parent_record(self, wildcards: Any) -> str | list[str]:
        """Return the record of :meth:`parent_model`; an empty list if there is none."""
        model = self.parent_model(wildcards)
        return str(Path(model).with_name("run.json")) if isinstance(model, str) else []

    def training_groups(self, wildcards: Any) -> str | list[str]:
        """Return the file of groups if the experiment is trained on a fraction of the training set, else nothing."""
        return f"{self.results}/photos/groups.csv" if self.experiment(wildcards).train_fraction < 1 else []

    def start_options(self, wildcards: Any, input: Any) -> list[str]:
        """Return the options of `train` for the initial weights or model."""
        if input.parent:
            return ["--start-from", str(Path(input.parent).parent)]
        return ["--weights", input.weights] if input.weights else []

    def found_spec(self, wildcards: Any) -> str | list[str]:
        """Return the experiment with the best hyperparameters of its search; an empty list if it has no search."""
        has_search = self.experiment(wildcards).search is not None
        return f"{self.results}/search/{wildcards.experiment}/spec.json" if has_search else []

    def spec_option(self, wildcards: Any) -> str:
        """Return the `--spec` of `train`: the experiment as JSON, or the file with the settings that its search found.

        It must not depend on `input`: Snakemake does not rerun a job for a change of such a parameter.
        """
        found = self.found_spec(wildcards)
        return str(self.placed(found)) if isinstance(found, str) else self.experiment(wildcards).resolve().to_json()

    def training_memory(self, wildcards: Any, attempt: int) -> int:
        """Return the memory that a training run needs, in MB."""
        return round(attempt * training_memory(self.experiment(wildcards)))

    def training_minutes(self, wildcards: Any, input: Any, attempt: int) -> int:
        """Return the time limit of a training run in minutes, at most a day per attempt; a retried job resumes."""
        return round(attempt * training_minutes(self.experiment(wildcards), Path(input.images)))
