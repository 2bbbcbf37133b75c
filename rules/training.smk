# Stage 2: train one network on one split with one seed, from scratch, from ImageNet weights, or from another training.


# First of all jobs, so that weights which cannot be had stop the study before it has trained for hours.
rule fetch_weights:
    output:
        weights=f"{RESULTS}/weights/{{backbone}}.weights.h5",
        record=f"{RESULTS}/weights/{{backbone}}.json",
    log:
        f"{RESULTS}/logs/fetch_weights/{{backbone}}.log",
    priority: 100
    conda:
        "../workflow/environment.yaml"
    params:
        spec=weights_spec,
        fingerprint=weights_fingerprint,
    shell:
        "python -m canigatti fetch-weights"
        " --backbone {wildcards.backbone}"
        " --spec {params.spec:q}"
        " --output {output.weights:q}"
        " --record {output.record:q}"
        " 2> {log:q}"


# The records stand for weights and models, which are too large for Snakemake to compare by content.
rule train:
    input:
        images=ancient(images_file),
        images_hash=images_hash,
        manifest=f"{RESULTS}/photos/manifest.csv",
        split=split_file,
        weights=ancient(weights_file),
        weights_record=weights_record,
        start=ancient(start_model),
        start_run=start_run,
        best=best_trial,
        code=training_code,
    output:
        model=f"{RESULTS}/training/{RUN}/model.keras",
        history=f"{RESULTS}/training/{RUN}/history.csv",
        curves=report(
            f"{RESULTS}/training/{RUN}/curves.png",
            caption="../workflow/captions/curves.rst",
            category="Training",
            labels={"experiment": "{experiment}", "seed": "{seed}"},
        ),
        run=f"{RESULTS}/training/{RUN}/run.json",
        logs=directory(f"{RESULTS}/training/{RUN}/tensorboard"),
    log:
        f"{RESULTS}/logs/train/{RUN}.log",
    benchmark:
        f"{RESULTS}/benchmarks/train/{RUN}.tsv"
    conda:
        "../workflow/environment.yaml"
    resources:
        gpu=1,
    params:
        spec=spec,
        classes=CLASSES,
        start=start_options,
        best=best_option,
    shell:
        "python -m canigatti train"
        " --experiment {wildcards.experiment:q}"
        " --spec {params.spec:q}"
        " --seed {wildcards.seed}"
        " --split {input.split:q}"
        " --manifest {input.manifest:q}"
        " --images {input.images:q}"
        " {params.classes}"
        " --model {output.model:q}"
        " --history {output.history:q}"
        " --curves {output.curves:q}"
        " --run {output.run:q}"
        " --logs {output.logs:q}"
        " {params.start}"
        " {params.best}"
        " 2>> {log:q} | tee --ignore-interrupts --append {log:q}"
