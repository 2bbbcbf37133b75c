# Stage 4: predict the test and validation photos, measure the predictions after corrections, calibrate, and plot.
from canigatti.evaluation.records import EVALUATION_PLOTS

LABELS = {"experiment": "{experiment}", "seed": "{seed}"}


# Trained networks are evaluated before others are trained, so that the page has their results while the study runs.
# It predicts the sets as they were assigned: a correction of a test photo predicts nothing again.
# run.json holds the model's hash and stands for it: a model is too large for Snakemake to compare by content.
rule evaluate:
    input:
        model=ancient(rules.train.output.model),
        run=rules.train.output.run,
        images=ancient(PLAN.images_file),
        images_hash=PLAN.images_hash,
        manifest=rules.inspect_photos.output.manifest,
        groups=rules.inspect_photos.output.groups,
        classes=rules.inspect_photos.output.classes,
        split=PLAN.split_file,
    output:
        predictions=f"{EVALUATION}/{RUN}/uncorrected/predictions.csv",
        validation=f"{EVALUATION}/{RUN}/uncorrected/validation.csv",
        metrics=f"{EVALUATION}/{RUN}/uncorrected/metrics.json",
        uncertain=f"{EVALUATION}/{RUN}/uncorrected/uncertain.csv",
        speed=f"{EVALUATION}/{RUN}/uncorrected/speed.json",
        record=f"{EVALUATION}/{RUN}/uncorrected/evaluation.json",
    log:
        f"{LOGS}/evaluate/{RUN}.log",
    benchmark:
        f"{BENCHMARKS}/evaluate/{RUN}.tsv"
    priority: 50
    threads: 1  # `gpu` limits how many networks run; each uses the cores that are free
    resources:
        gpu=1,
        mem_mb=lambda wildcards, attempt: attempt * 3000,
        runtime=lambda wildcards, attempt: attempt * 60,
    params:
        code=PLAN.code("evaluation.commands.evaluate"),
        folder=subpath(output.metrics, parent=True),
    shell:
        "python -P -m canigatti evaluate"
        " --model {input.model:q}"
        " --split {input.split:q}"
        " --images {input.images:q}"
        " --output {params.folder:q}"
        " 2> {log:q}"


rule measure:
    input:
        predictions=rules.evaluate.output.predictions,
        validation=rules.evaluate.output.validation,
        speed=rules.evaluate.output.speed,
        record=rules.evaluate.output.record,
        training=CORRECTIONS.training_split,
        test=CORRECTIONS.test_split,
        manifest=rules.inspect_photos.output.manifest,
        groups=rules.inspect_photos.output.groups,
        classes=rules.inspect_photos.output.classes,
    output:
        predictions=f"{EVALUATION}/{RUN}/predictions.csv",
        validation=f"{EVALUATION}/{RUN}/validation.csv",
        metrics=f"{EVALUATION}/{RUN}/metrics.json",
        uncertain=f"{EVALUATION}/{RUN}/uncertain.csv",
        speed=f"{EVALUATION}/{RUN}/speed.json",
        record=f"{EVALUATION}/{RUN}/evaluation.json",
    log:
        f"{LOGS}/measure/{RUN}.log",
    priority: 50
    localrule: True
    threads: 1
    resources:
        **quick(1000),
    params:
        code=PLAN.code("evaluation.commands.measure"),
        evaluated=subpath(input.record, parent=True),
        folder=subpath(output.metrics, parent=True),
    shell:
        "python -P -m canigatti measure"
        " --evaluated {params.evaluated:q}"
        " --training {input.training:q}"
        " --test {input.test:q}"
        " --manifest {input.manifest:q}"
        " --output {params.folder:q}"
        " 2> {log:q}"


# The calibration is next to the model, so that who copies the folder of a training has both.
rule calibrate:
    input:
        predictions=rules.measure.output.predictions,
        validation=rules.measure.output.validation,
        record=rules.measure.output.record,
        run=rules.train.output.run,
        groups=rules.inspect_photos.output.groups,
        classes=rules.inspect_photos.output.classes,
    output:
        calibration=f"{TRAINING}/{RUN}/calibration.json",
    log:
        f"{LOGS}/calibrate/{RUN}.log",
    priority: 50
    localrule: True
    threads: 1
    resources:
        **quick(1000),
    params:
        code=PLAN.code("evaluation.commands.calibrate"),
        evaluation=subpath(input.record, parent=True),
    shell:
        "python -P -m canigatti calibrate"
        " --evaluation {params.evaluation:q}"
        " --run {input.run:q}"
        " --groups {input.groups:q}"
        " --output {output.calibration:q}"
        " 2> {log:q}"


# It needs no GPU: the photos are few.
rule explain_photos:
    input:
        model=ancient(rules.train.output.model),
        run=rules.train.output.run,
        predictions=rules.measure.output.predictions,
        images=ancient(PLAN.images_file),
        images_hash=PLAN.images_hash,
        manifest=rules.inspect_photos.output.manifest,
        classes=rules.inspect_photos.output.classes,
    output:
        maps=f"{EVALUATION}/{RUN}/explained.npz",
        record=f"{EVALUATION}/{RUN}/explained.json",
    log:
        f"{LOGS}/explain_photos/{RUN}.log",
    benchmark:
        f"{BENCHMARKS}/explain_photos/{RUN}.tsv"
    threads: 1
    resources:
        **quick(3000, runtime=30),
    params:
        code=PLAN.code("evaluation.commands.explain"),
        folder=subpath(output.record, parent=True),
    shell:
        "python -P -m canigatti explain-photos"
        " --model {input.model:q}"
        " --predictions {input.predictions:q}"
        " --images {input.images:q}"
        " --output {params.folder:q}"
        " 2> {log:q}"


rule plot_evaluation:
    input:
        predictions=rules.measure.output.predictions,
        calibration=rules.calibrate.output.calibration,
        maps=rules.explain_photos.output.maps,
        explained=rules.explain_photos.output.record,
        images=ancient(PLAN.images_file),
        images_hash=PLAN.images_hash,
        manifest=rules.inspect_photos.output.manifest,
        groups=rules.inspect_photos.output.groups,
        classes=rules.inspect_photos.output.classes,
    output:
        **{
            name: shown(f"{EVALUATION}/{RUN}/{name}.png", name, "Evaluation", **LABELS, plot=title)
            for name, title in EVALUATION_PLOTS.items()
        },
        explained=shown(f"{EVALUATION}/{RUN}/explained.png", "explained", "Evaluation", **LABELS, plot="Grad-CAM"),
    log:
        f"{LOGS}/plot_evaluation/{RUN}.log",
    priority: 50
    localrule: True
    threads: 1
    resources:
        **quick(1000),
    params:
        code=PLAN.code("evaluation.commands.plot"),
        folder=subpath(output.confusion, parent=True),
    shell:
        "python -P -m canigatti plot-evaluation"
        " --predictions {input.predictions:q}"
        " --calibration {input.calibration:q}"
        " --explained {input.explained:q}"
        " --images {input.images:q}"
        " --output {params.folder:q}"
        " 2> {log:q}"


# Only for the experiments that the configuration lists.
rule measure_robustness:
    input:
        model=ancient(rules.train.output.model),
        run=rules.train.output.run,
        images=ancient(PLAN.images_file),
        images_hash=PLAN.images_hash,
        manifest=rules.inspect_photos.output.manifest,
        split=PLAN.split_file,
    output:
        table=f"{EVALUATION}/{RUN}/robustness.csv",
        photos=f"{EVALUATION}/{RUN}/corrupted.csv",
        record=f"{EVALUATION}/{RUN}/robustness.json",
    log:
        f"{LOGS}/measure_robustness/{RUN}.log",
    benchmark:
        f"{BENCHMARKS}/measure_robustness/{RUN}.tsv"
    threads: 1
    resources:
        gpu=1,
        mem_mb=lambda wildcards, attempt: attempt * 3000,
        runtime=lambda wildcards, attempt: attempt * 240,
    params:
        code=PLAN.code("evaluation.commands.robustness"),
        folder=subpath(output.table, parent=True),
    shell:
        "python -P -m canigatti measure-robustness"
        " --model {input.model:q}"
        " --split {input.split:q}"
        " --images {input.images:q}"
        " --output {params.folder:q}"
        " 2> {log:q}"


# Only for the experiments that the configuration lists.
rule augment_tests:
    input:
        model=ancient(rules.train.output.model),
        run=rules.train.output.run,
        images=ancient(PLAN.images_file),
        images_hash=PLAN.images_hash,
        manifest=rules.inspect_photos.output.manifest,
        classes=rules.inspect_photos.output.classes,
        split=PLAN.split_file,
    output:
        predictions=f"{EVALUATION}/{RUN}/augmented.csv",
        record=f"{EVALUATION}/{RUN}/augmented.json",
    log:
        f"{LOGS}/augment_tests/{RUN}.log",
    benchmark:
        f"{BENCHMARKS}/augment_tests/{RUN}.tsv"
    threads: 1
    resources:
        gpu=1,
        mem_mb=lambda wildcards, attempt: attempt * 3000,
        runtime=lambda wildcards, attempt: attempt * 120,
    params:
        code=PLAN.code("evaluation.commands.augment"),
        folder=subpath(output.predictions, parent=True),
    shell:
        "python -P -m canigatti augment-tests"
        " --model {input.model:q}"
        " --split {input.split:q}"
        " --images {input.images:q}"
        " --output {params.folder:q}"
        " 2> {log:q}"
