# Stage 2: train one network on one split with one seed.


rule train:
    input:
        images=ancient(images_file),
        images_hash=images_hash,
        manifest=f"{RESULTS}/photos/manifest.csv",
        split=split_file,
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
        best=best_option,
    shell:
        "python -m canigatti train"
        " --experiment {wildcards.experiment:q}"
        " --spec {params.spec:q}"
        " --seed {wildcards.seed}"
        " --split {input.split:q}"
        " --manifest {input.manifest:q}"
        " --images {input.images:q}"
        " --model {output.model:q}"
        " --history {output.history:q}"
        " --curves {output.curves:q}"
        " --run {output.run:q}"
        " --logs {output.logs:q}"
        " {params.best}"
        " 2>> {log:q} | tee --append {log:q}"
