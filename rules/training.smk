# Stage 2: train one network on one split with one seed: from scratch, from ImageNet weights, or from the model of another experiment.


# Runs before other jobs, so that a failed download stops the study before hours of training.
rule fetch_weights:
    output:
        weights=f"{RESULTS}/weights/{{backbone}}.weights.h5",
        record=f"{RESULTS}/weights/{{backbone}}.json",
    log:
        f"{LOGS}/fetch_weights/{{backbone}}.log",
    priority: 100
    localrule: True
    threads: 1
    resources:
        **quick(2000, runtime=30),
    params:
        code=PLAN.code("training.commands.fetch_weights"),
        spec=lambda wildcards: PLAN.weights(wildcards).to_json(),
        digest=PLAN.weights_digest,
    shell:
        "python -P -m canigatti fetch-weights"
        " --backbone {wildcards.backbone}"
        " --spec {params.spec:q}"
        " --output {output.weights:q}"
        " --record {output.record:q}"
        " 2> {log:q}"


# The records stand for weights and models, which are too large for Snakemake to compare by content.
# Slurm sends SIGTERM to all processes of a job: bash and tee ignore it, so that the epoch can be completed and logged.
rule train:
    input:
        images=ancient(PLAN.images_file),
        images_hash=PLAN.images_hash,
        manifest=rules.inspect_photos.output.manifest,
        classes=rules.inspect_photos.output.classes,
        split=CORRECTIONS.training_split,
        groups=PLAN.training_groups,
        weights=ancient(PLAN.weights_file),
        weights_record=PLAN.weights_record,
        parent=ancient(PLAN.parent_model),
        parent_record=PLAN.parent_record,
        found=PLAN.found_spec,
    output:
        model=f"{TRAINING}/{RUN}/model.keras",
        history=f"{TRAINING}/{RUN}/history.csv",
        run=f"{TRAINING}/{RUN}/run.json",
        logs=directory(f"{TRAINING}/{RUN}/tensorboard"),
    log:
        f"{LOGS}/train/{RUN}.log",
    benchmark:
        f"{BENCHMARKS}/train/{RUN}.tsv"
    threads: 1  # `gpu` limits how many networks run; each uses the cores that are free
    resources:
        gpu=1,
        mem_mb=PLAN.training_memory,
        runtime=PLAN.training_minutes,
    params:
        code=PLAN.training_code,
        spec=PLAN.spec_option,
        start=PLAN.start_options,
        folder=subpath(output.model, parent=True),
    shell:
        "trap : TERM; python -P -m canigatti train"
        " --experiment {wildcards.experiment:q}"
        " --spec {params.spec:q}"
        " --seed {wildcards.seed}"
        " --split {input.split:q}"
        " --images {input.images:q}"
        " --output {params.folder:q}"
        " {params.start:q}"
        " 2>> {log:q} | (trap '' TERM; exec tee -i -a {log:q})"


rule plot_training:
    input:
        run=rules.train.output.run,
        history=rules.train.output.history,
    output:
        curves=shown(f"{TRAINING}/{RUN}/curves.png", "curves", "Training", experiment="{experiment}", seed="{seed}"),
    log:
        f"{LOGS}/plot_training/{RUN}.log",
    localrule: True
    threads: 1
    resources:
        **quick(500),
    params:
        code=PLAN.code("training.commands.plot"),
        folder=subpath(input.run, parent=True),
    shell:
        "python -P -m canigatti plot-training"
        " --training {params.folder:q}"
        " --output {output.curves:q}"
        " 2> {log:q}"
