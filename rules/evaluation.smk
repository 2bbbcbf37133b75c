# Stage 4: predict the test photos, measure, and plot.


# run.json holds the model's hash and stands for it: a model is too large for Snakemake to compare by content.
rule evaluate:
    input:
        model=ancient(rules.train.output.model),
        run=rules.train.output.run,
        images=ancient(images_file),
        images_hash=images_hash,
        manifest=rules.inspect_photos.output.manifest,
        split=split_file,
        code=code("evaluation.commands.evaluate"),
    output:
        predictions=f"{RESULTS}/evaluation/{RUN}/predictions.csv",
        metrics=f"{RESULTS}/evaluation/{RUN}/metrics.json",
        uncertain=f"{RESULTS}/evaluation/{RUN}/uncertain.csv",
        speed=f"{RESULTS}/evaluation/{RUN}/speed.json",
    log:
        f"{LOGS}/evaluate/{RUN}.log",
    benchmark:
        f"{BENCHMARKS}/evaluate/{RUN}.tsv"
    threads: workflow.cores
    resources:
        gpu=1,
        mem_mb=lambda wildcards, attempt: attempt * 3000,
        runtime=lambda wildcards, attempt: attempt * 60,
    params:
        folder=subpath(output.metrics, parent=True),
    shell:
        "python -m canigatti evaluate --model {input.model:q}"
        " --split {input.split:q}"
        " --images {input.images:q}"
        " --output {params.folder:q} 2> {log:q}"


def evaluation_plot(name, title):
    path = f"{RESULTS}/evaluation/{RUN}/{name}.png"
    return shown(path, name, "Evaluation", experiment="{experiment}", seed="{seed}", plot=title)


rule plot_evaluation:
    input:
        predictions=rules.evaluate.output.predictions,
        images=ancient(images_file),
        images_hash=images_hash,
        manifest=rules.inspect_photos.output.manifest,
        classes=rules.inspect_photos.output.classes,
        code=code("evaluation.commands.plot"),
    output:
        confusion=evaluation_plot("confusion", "confusion matrix"),
        misclassified=evaluation_plot("misclassified", "misclassified photos"),
        uncertain=evaluation_plot("uncertain", "least certain photos"),
    log:
        f"{LOGS}/plot_evaluation/{RUN}.log",
    threads: 1
    resources:
        **quick(1000),
    params:
        folder=subpath(output.confusion, parent=True),
    shell:
        "python -m canigatti plot-evaluation --predictions {input.predictions:q}"
        " --images {input.images:q}"
        " --output {params.folder:q} 2> {log:q}"
