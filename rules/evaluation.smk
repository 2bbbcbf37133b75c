# Stage 4: predict the test photos, measure, and draw.


# run.json holds the model's hash and stands for it: a model is too large for Snakemake to compare by content.
rule evaluate:
    input:
        model=ancient(f"{RESULTS}/training/{RUN}/model.keras"),
        run=f"{RESULTS}/training/{RUN}/run.json",
        images=ancient(images_file),
        images_hash=images_hash,
        manifest=f"{RESULTS}/photos/manifest.csv",
        split=split_file,
        code=code(
            "evaluation.prediction",
            "evaluation.metrics",
            "evaluation.speed",
        ),
    output:
        predictions=f"{RESULTS}/evaluation/{RUN}/predictions.csv",
        metrics=f"{RESULTS}/evaluation/{RUN}/metrics.json",
        uncertain=f"{RESULTS}/evaluation/{RUN}/uncertain.csv",
        speed=f"{RESULTS}/evaluation/{RUN}/speed.json",
    log:
        f"{RESULTS}/logs/evaluate/{RUN}.log",
    benchmark:
        f"{RESULTS}/benchmarks/evaluate/{RUN}.tsv"
    conda:
        "../workflow/environment.yaml"
    resources:
        gpu=1,
    shell:
        "python -m canigatti evaluate"
        " --model {input.model:q}"
        " --run {input.run:q}"
        " --split {input.split:q}"
        " --manifest {input.manifest:q}"
        " --images {input.images:q}"
        " --predictions {output.predictions:q}"
        " --metrics {output.metrics:q}"
        " --uncertain {output.uncertain:q}"
        " --speed {output.speed:q}"
        " 2> {log:q}"


rule draw_evaluation:
    input:
        predictions=f"{RESULTS}/evaluation/{RUN}/predictions.csv",
        images=ancient(images_file),
        images_hash=images_hash,
        manifest=f"{RESULTS}/photos/manifest.csv",
        code=code("evaluation.plots"),
    output:
        confusion=report(
            f"{RESULTS}/evaluation/{RUN}/confusion.png",
            caption="../workflow/captions/confusion.rst",
            category="Evaluation",
            subcategory="{experiment}",
            labels={"seed": "{seed}", "picture": "confusion matrix"},
        ),
        misclassified=report(
            f"{RESULTS}/evaluation/{RUN}/misclassified.png",
            caption="../workflow/captions/misclassified.rst",
            category="Evaluation",
            subcategory="{experiment}",
            labels={"seed": "{seed}", "picture": "misclassified photos"},
        ),
        uncertain=report(
            f"{RESULTS}/evaluation/{RUN}/uncertain.png",
            caption="../workflow/captions/uncertain.rst",
            category="Evaluation",
            subcategory="{experiment}",
            labels={"seed": "{seed}", "picture": "least certain photos"},
        ),
    log:
        f"{RESULTS}/logs/draw_evaluation/{RUN}.log",
    conda:
        "../workflow/environment.yaml"
    params:
        classes=CLASSES,
    shell:
        "python -m canigatti draw-evaluation"
        " --predictions {input.predictions:q}"
        " --manifest {input.manifest:q}"
        " --images {input.images:q}"
        " {params.classes}"
        " --confusion {output.confusion:q}"
        " --misclassified {output.misclassified:q}"
        " --uncertain {output.uncertain:q}"
        " 2> {log:q}"
