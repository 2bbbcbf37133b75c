# Stage 2: train one network on one split with one seed: from scratch, from ImageNet weights, or from another training.


def weights(wildcards):
    return asked(planning.find_weights, STUDY, wildcards.backbone)


# First of all jobs, so that weights which cannot be downloaded stop the study before it has trained for hours.
rule fetch_weights:
    input:
        code=code("training.commands.fetch_weights"),
    output:
        weights=f"{RESULTS}/weights/{{backbone}}.weights.h5",
        record=f"{RESULTS}/weights/{{backbone}}.json",
    log:
        f"{LOGS}/fetch_weights/{{backbone}}.log",
    priority: 100
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: attempt * 2000,
        runtime=lambda wildcards, attempt: attempt * 30,
    params:
        spec=lambda wildcards: weights(wildcards).to_json(),
        digest=lambda wildcards: planning.weights_digest(weights(wildcards)),
    shell:
        "python -m canigatti fetch-weights --backbone {wildcards.backbone}"
        " --spec {params.spec:q}"
        " --output {output.weights:q}"
        " --record {output.record:q} 2> {log:q}"


def backbone_file(suffix):
    """The weights that the experiment's backbone starts with, or their record, if it starts with any."""

    def path(wildcards):
        backbone = planning.initial_backbone(experiment(wildcards))
        return f"{RESULTS}/weights/{backbone}{suffix}" if backbone else []

    return path


def parent_file(name):
    """A file of the training that the experiment starts from, if it starts from one."""

    def path(wildcards):
        parent = experiment(wildcards).start_from
        return f"{RESULTS}/training/{parent}/seed{wildcards.seed}/{name}" if parent else []

    return path


def found_spec(wildcards):
    """The experiment with the settings that its search found, if it has a search."""
    return f"{RESULTS}/search/{wildcards.experiment}/spec.json" if experiment(wildcards).search else []


def start_options(wildcards, input):
    if input.start_model:
        return ["--start-from", str(Path(input.start_model).parent)]
    return ["--weights", input.weights] if input.weights else []


def training_memory(wildcards, attempt):
    return attempt * planning.training_memory(experiment(wildcards))


def training_minutes(wildcards, input, attempt):
    images_mb = Path(input.images).stat().st_size / 1e6 if Path(input.images).exists() else 0
    return attempt * planning.training_minutes(experiment(wildcards), images_mb)


# The records stand for weights and models, which are too large for Snakemake to compare by content.
rule train:
    input:
        images=ancient(images_file),
        images_hash=images_hash,
        manifest=rules.inspect_photos.output.manifest,
        classes=rules.inspect_photos.output.classes,
        split=split_file,
        weights=ancient(backbone_file(".weights.h5")),
        weights_record=backbone_file(".json"),
        start_model=ancient(parent_file("model.keras")),
        start_run=parent_file("run.json"),
        found=found_spec,
        code=training_code("training.commands.train"),
    output:
        model=f"{RESULTS}/training/{RUN}/model.keras",
        history=f"{RESULTS}/training/{RUN}/history.csv",
        run=f"{RESULTS}/training/{RUN}/run.json",
        logs=directory(f"{RESULTS}/training/{RUN}/tensorboard"),
    log:
        f"{LOGS}/train/{RUN}.log",
    benchmark:
        f"{BENCHMARKS}/train/{RUN}.tsv"
    threads: workflow.cores
    resources:
        gpu=1,
        mem_mb=training_memory,
        runtime=training_minutes,
    params:
        spec=lambda wildcards, input: input.found or experiment(wildcards).resolve().to_json(),
        start=start_options,
        folder=subpath(output.model, parent=True),
    shell:
        "python -m canigatti train --experiment {wildcards.experiment:q}"
        " --spec {params.spec:q}"
        " --seed {wildcards.seed}"
        " --split {input.split:q}"
        " --images {input.images:q}"
        " --output {params.folder:q}"
        " {params.start:q}"
        " 2>> {log:q} | tee -i -a {log:q}"


rule plot_training:
    input:
        run=rules.train.output.run,
        history=rules.train.output.history,
        code=code("training.commands.plot"),
    output:
        curves=shown(
            f"{RESULTS}/training/{RUN}/curves.png", "curves", "Training", experiment="{experiment}", seed="{seed}"
        ),
    log:
        f"{LOGS}/plot_training/{RUN}.log",
    threads: 1
    resources:
        **quick(500),
    params:
        folder=subpath(input.run, parent=True),
    shell:
        "python -m canigatti plot-training" " --training {params.folder:q}" " --output {output.curves:q}" " 2> {log:q}"
