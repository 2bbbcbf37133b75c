# Stage 6: check and compare all experiments, test the original's findings, and write tables and two pages.
from canigatti.config import most_viewable
from canigatti.invocation import without_snakefile

SEARCHED = [name for name, one in PLAN.included.items() if one.search]
SIZES_USED = sorted({one.square for one in PLAN.included.values()})
SIZE_SHOWN = most_viewable(SIZES_USED)  # of the thumbnails
OUTLINED = STUDY.outline(CONFIGURATION, OPTIONS)
ROBUST, AUGMENTED = OUTLINED.robustness, OUTLINED.test_time_augmentation
MEASURED = dict(
    classes=rules.inspect_photos.output.classes,
    runs=at_once(measured(f"{TRAINING}/{RUN}/run.json")),
    histories=at_once(measured(f"{TRAINING}/{RUN}/history.csv")),
    metrics=at_once(measured(f"{EVALUATION}/{RUN}/metrics.json")),
    predictions=at_once(measured(f"{EVALUATION}/{RUN}/predictions.csv")),
    validations=at_once(measured(f"{EVALUATION}/{RUN}/validation.csv")),
    speeds=at_once(measured(f"{EVALUATION}/{RUN}/speed.json")),
    uncertain=at_once(measured(f"{EVALUATION}/{RUN}/uncertain.csv")),
    evaluations=at_once(measured(f"{EVALUATION}/{RUN}/evaluation.json")),
    calibrations=at_once(measured(f"{TRAINING}/{RUN}/calibration.json")),
    further=at_once(
        [
            *of_every_run(f"{EVALUATION}/{RUN}/robustness.json", ROBUST),
            *of_every_run(f"{EVALUATION}/{RUN}/robustness.csv", ROBUST),
            *of_every_run(f"{EVALUATION}/{RUN}/corrupted.csv", ROBUST),
            *of_every_run(f"{EVALUATION}/{RUN}/augmented.json", AUGMENTED),
            *of_every_run(f"{EVALUATION}/{RUN}/augmented.csv", AUGMENTED),
        ]
    ),
)
GALLERIES = at_once(
    [
        path
        for name in ("misclassified", "uncertain", "explained", "reliability")
        for path in of_every_run(f"{EVALUATION}/{RUN}/{name}.png")
    ]
)
# The page names the Snakefile in its commands. A parameter that depends on `input` is not compared, and another one is:
# the same results with another checkout of this project are up to date.
OUTLINE = OUTLINED.to_json()
COMPARED = STUDY.outline(CONFIGURATION, without_snakefile(OPTIONS)).to_json()
TABLES = [*STUDY.tables(), "comparison", "calibration", "derived", "power"]
TABLES += ["findings"] if STUDY.findings else []
TABLES += ["robustness"] if ROBUST else []
TABLES += ["learning-curve"] if OUTLINED.learning_curve else []
CURVES = [f"{RESULTS}/report/learning-curve.png"] if OUTLINED.learning_curve else []


# Snakemake deletes the outputs of a rule before it runs: a rule of its own leaves the last page where it is.
rule check_results:
    input:
        **MEASURED,
        found=expand(rules.select_trial.output.spec, experiment=SEARCHED),
        splits=expand(rules.split_photos.output.split, split=PLAN.splits),
        corrected=expand(rules.correct_split.output.split, split=PLAN.splits, part=[*PARTS]),
        groups=rules.inspect_photos.output.groups,
        images_hashes=expand(rules.store_photos.output.hash, size=SIZES_USED),
    output:
        checked=f"{RESULTS}/report/checked.json",
    log:
        f"{LOGS}/check_results.log",
    localrule: True
    threads: 1
    resources:
        **quick(1000),
    params:
        code=PLAN.code("report.commands.check"),
        outline=lambda wildcards, input: OUTLINE,
        compared=lambda wildcards: COMPARED,
        results=subpath(output.checked, ancestor=2),
    shell:
        "python -P -m canigatti check-results"
        " --outline {params.outline:q}"
        " --results {params.results:q}"
        " --output {output.checked:q}"
        " 2> {log:q}"


rule plot_report:
    input:
        **MEASURED,
        galleries=GALLERIES,
        trials=expand(rules.select_trial.output.trials, experiment=SEARCHED),
        groups=rules.inspect_photos.output.groups,
        checked=rules.check_results.output.checked,
    output:
        accuracy_cost=shown(f"{RESULTS}/report/accuracy-cost.png", "accuracy-cost", "Comparison"),
    log:
        f"{LOGS}/plot_report.log",
    localrule: True
    threads: 1
    resources:
        **quick(1000),
    params:
        code=PLAN.code("report.commands.plot"),
        outline=lambda wildcards, input: OUTLINE,
        compared=lambda wildcards: COMPARED,
        results=subpath(output.accuracy_cost, ancestor=2),
    shell:
        "python -P -m canigatti plot-report"
        " --outline {params.outline:q}"
        " --results {params.results:q}"
        " --output {output.accuracy_cost:q}"
        " 2> {log:q}"


rule write_report:
    input:
        **MEASURED,
        galleries=GALLERIES,
        uncorrected=at_once(of_every_run(f"{EVALUATION}/{RUN}/uncorrected/metrics.json")),
        checked=rules.check_results.output.checked,
        accuracy_cost=rules.plot_report.output.accuracy_cost,
        photo_plots=rules.plot_photos.output.plots,
        searches=expand(
            [rules.select_trial.output.trials, *rules.plot_search.output],
            experiment=SEARCHED,
        ),
        images=ancient(expand(rules.store_photos.output.images, size=SIZES_USED)),
        images_hashes=expand(rules.store_photos.output.hash, size=SIZES_USED),
        manifest=rules.inspect_photos.output.manifest,
        summary=rules.inspect_photos.output.summary,
        groups=rules.inspect_photos.output.groups,
        source=rules.fetch_photos.output.record,
        splits=expand(rules.split_photos.output.split, split=PLAN.splits),
        corrected=expand(rules.correct_split.output.split, split=PLAN.splits, part=[*PARTS]),
    output:
        page=shown(f"{RESULTS}/report/index.html", "page", "Comparison"),
        example=f"{RESULTS}/report/example.png",
        tables=shown(
            expand(f"{RESULTS}/report/tables/{{table}}.{{kind}}", table=TABLES, kind=["csv", "md"]),
            "tables",
            "Comparison",
        ),
        curve=shown(CURVES, "learning-curve", "Comparison") if CURVES else [],
    log:
        f"{LOGS}/write_report.log",
    localrule: True
    threads: 1
    resources:
        **quick(2000, runtime=20),
    params:
        code=PLAN.code("report.commands.write", templates=PLAN.templates("report", without="explorer")),
        outline=lambda wildcards, input: OUTLINE,
        compared=lambda wildcards: COMPARED,
        results=subpath(output.page, ancestor=2),
        folder=subpath(output.page, parent=True),
    shell:
        "python -P -m canigatti report"
        " --outline {params.outline:q}"
        " --results {params.results:q}"
        " --output {params.folder:q}"
        " 2> {log:q}"


# One job for all cards: planning a study of a thousand experiments would take too long with one each.
rule write_cards:
    input:
        runs=at_once(of_every_run(f"{TRAINING}/{RUN}/run.json")),
        metrics=at_once(of_every_run(f"{EVALUATION}/{RUN}/metrics.json")),
        calibrations=at_once(of_every_run(f"{TRAINING}/{RUN}/calibration.json")),
        table=f"{RESULTS}/report/tables/all.csv",
        robustness=f"{RESULTS}/report/tables/robustness.csv" if ROBUST else [],
        classes=rules.inspect_photos.output.classes,
        manifest=rules.inspect_photos.output.manifest,
        summary=rules.inspect_photos.output.summary,
        groups=rules.inspect_photos.output.groups,
        source=rules.fetch_photos.output.record,
        splits=expand(rules.split_photos.output.split, split=PLAN.splits),
        corrected=expand(rules.correct_split.output.split, split=PLAN.splits, part=[*PARTS]),
    output:
        cards=of_every_run(f"{TRAINING}/{RUN}/README.md"),
    log:
        f"{LOGS}/write_cards.log",
    localrule: True
    threads: 1
    resources:
        **quick(1000),
    params:
        code=PLAN.code("report.commands.cards"),
        outline=lambda wildcards, input: OUTLINE,
        compared=lambda wildcards: COMPARED,
        results=subpath(input.table, ancestor=3),
        folder=lambda wildcards, output: str(Path(output[0]).parents[2]),
    shell:
        "python -P -m canigatti write-cards"
        " --outline {params.outline:q}"
        " --results {params.results:q}"
        " --output {params.folder:q}"
        " 2> {log:q}"


rule write_explorer:
    input:
        runs=at_once(of_every_run(f"{TRAINING}/{RUN}/run.json")),
        predictions=at_once(of_every_run(f"{EVALUATION}/{RUN}/predictions.csv")),
        images=ancient(f"{PHOTOS}/images-{SIZE_SHOWN}.npy"),
        images_hash=f"{PHOTOS}/images-{SIZE_SHOWN}.npy.sha256",
        manifest=rules.inspect_photos.output.manifest,
        groups=rules.inspect_photos.output.groups,
        summary=rules.inspect_photos.output.summary,
        classes=rules.inspect_photos.output.classes,
        checked=rules.check_results.output.checked,
    output:
        page=shown(f"{RESULTS}/report/explorer.html", "explorer", "Comparison"),
    log:
        f"{LOGS}/write_explorer.log",
    localrule: True
    threads: 1
    resources:
        **quick(1000, runtime=20),
    params:
        code=PLAN.code("report.commands.explorer", templates=PLAN.templates("report/explorer")),
        outline=lambda wildcards, input: OUTLINE,
        compared=lambda wildcards: COMPARED,
        results=subpath(output.page, ancestor=2),
        size=str(SIZE_SHOWN),
    shell:
        "python -P -m canigatti write-explorer"
        " --outline {params.outline:q}"
        " --results {params.results:q}"
        " --images {input.images:q}"
        " --size {params.size}"
        " --output {output.page:q}"
        " 2> {log:q}"
