# Stage 6: check and compare all experiments, test the original's findings, and write tables and one page.

SEARCHED = [name for name, one in PLAN.included.items() if one.search]
SIZES_USED = sorted({one.square for one in PLAN.included.values()})
OUTLINED = STUDY.outline(CONFIGURATION, OPTIONS)
ROBUST, AUGMENTED = OUTLINED.robustness, OUTLINED.test_time_augmentation
# Unnamed inputs: Snakemake hashes a named list once for each of its files, which takes seconds for a thousand runs.
MEASURED = [
    *measured(f"{TRAINING}/{RUN}/run.json"),
    *measured(f"{TRAINING}/{RUN}/history.csv"),
    *measured(f"{EVALUATION}/{RUN}/metrics.json"),
    *measured(f"{EVALUATION}/{RUN}/predictions.csv"),
    *measured(f"{EVALUATION}/{RUN}/validation.csv"),
    *measured(f"{EVALUATION}/{RUN}/speed.json"),
    *measured(f"{EVALUATION}/{RUN}/uncertain.csv"),
    *measured(f"{EVALUATION}/{RUN}/evaluation.json"),
    *measured(f"{TRAINING}/{RUN}/calibration.json"),
    *of_every_run(f"{EVALUATION}/{RUN}/robustness.json", ROBUST),
    *of_every_run(f"{EVALUATION}/{RUN}/robustness.csv", ROBUST),
    *of_every_run(f"{EVALUATION}/{RUN}/corrupted.csv", ROBUST),
    *of_every_run(f"{EVALUATION}/{RUN}/augmented.json", AUGMENTED),
    *of_every_run(f"{EVALUATION}/{RUN}/augmented.csv", AUGMENTED),
]
GALLERIES = [
    path
    for name in ("misclassified", "uncertain", "explained", "reliability")
    for path in of_every_run(f"{EVALUATION}/{RUN}/{name}.png")
]
OUTLINE = OUTLINED.to_json()
TABLES = [*STUDY.tables(), "comparison", "calibration", "derived", "power"]
TABLES += ["findings"] if STUDY.findings else []
TABLES += ["robustness"] if ROBUST else []
TABLES += ["learning-curve"] if OUTLINED.learning_curve else []
CURVES = [f"{RESULTS}/report/learning-curve.png"] if OUTLINED.learning_curve else []


# Snakemake deletes the outputs of a rule before it runs: a rule of its own leaves the last page where it is.
rule check_results:
    input:
        MEASURED,
        classes=rules.inspect_photos.output.classes,
        found=expand(rules.select_trial.output.spec, experiment=SEARCHED),
        splits=expand(rules.split_photos.output.split, split=PLAN.splits),
        corrected=expand(rules.correct_split.output.split, split=PLAN.splits, part=[*PARTS]),
        groups=rules.inspect_photos.output.groups,
        images_hashes=expand(rules.store_photos.output.hash, size=SIZES_USED),
        code=PLAN.code("report.commands.check"),
    output:
        checked=f"{RESULTS}/report/checked.json",
    log:
        f"{LOGS}/check_results.log",
    threads: 1
    resources:
        **quick(1000),
    params:
        outline=lambda wildcards: OUTLINE,
        results=subpath(output.checked, ancestor=2),
    shell:
        "python -P -m canigatti check-results"
        " --outline {params.outline:q}"
        " --results {params.results:q}"
        " --output {output.checked:q}"
        " 2> {log:q}"


rule plot_report:
    input:
        MEASURED,
        GALLERIES,
        classes=rules.inspect_photos.output.classes,
        trials=expand(rules.select_trial.output.trials, experiment=SEARCHED),
        groups=rules.inspect_photos.output.groups,
        checked=rules.check_results.output.checked,
        code=PLAN.code("report.commands.plot"),
    output:
        accuracy_cost=shown(f"{RESULTS}/report/accuracy-cost.png", "accuracy-cost", "Comparison"),
    log:
        f"{LOGS}/plot_report.log",
    threads: 1
    resources:
        **quick(1000),
    params:
        outline=lambda wildcards: OUTLINE,
        results=subpath(output.accuracy_cost, ancestor=2),
    shell:
        "python -P -m canigatti plot-report"
        " --outline {params.outline:q}"
        " --results {params.results:q}"
        " --output {output.accuracy_cost:q}"
        " 2> {log:q}"


rule write_report:
    input:
        MEASURED,
        GALLERIES,
        of_every_run(f"{EVALUATION}/{RUN}/uncorrected/metrics.json"),
        classes=rules.inspect_photos.output.classes,
        checked=rules.check_results.output.checked,
        accuracy_cost=rules.plot_report.output.accuracy_cost,
        photo_plots=rules.plot_photos.output.plots,
        searches=expand(
            [rules.select_trial.output.trials, rules.plot_search.output.scores],
            experiment=SEARCHED,
        ),
        summary=rules.inspect_photos.output.summary,
        groups=rules.inspect_photos.output.groups,
        source=rules.fetch_photos.output.record,
        splits=expand(rules.split_photos.output.split, split=PLAN.splits),
        corrected=expand(rules.correct_split.output.split, split=PLAN.splits, part=[*PARTS]),
        code=PLAN.code("report.commands.write"),
        templates=PLAN.templates("report"),
    output:
        page=shown(f"{RESULTS}/report/index.html", "page", "Comparison"),
        tables=shown(
            expand(f"{RESULTS}/report/tables/{{table}}.{{kind}}", table=TABLES, kind=["csv", "md"]),
            "tables",
            "Comparison",
        ),
        curve=shown(CURVES, "learning-curve", "Comparison") if CURVES else [],
    log:
        f"{LOGS}/write_report.log",
    threads: 1
    resources:
        **quick(2000, runtime=20),
    params:
        outline=lambda wildcards: OUTLINE,
        results=subpath(output.page, ancestor=2),
        folder=subpath(output.page, parent=True),
    shell:
        "python -P -m canigatti report"
        " --outline {params.outline:q}"
        " --results {params.results:q}"
        " --output {params.folder:q}"
        " 2> {log:q}"
