# Stage 6: check and compare all experiments, test the original's findings, and write tables and one page.

SEARCHED = [name for name, one in PLAN.included.items() if one.search]
SIZES_USED = sorted({one.square for one in PLAN.included.values()})
MEASURED = dict(
    classes=rules.inspect_photos.output.classes,
    runs=of_every_run(f"{TRAINING}/{RUN}/run.json"),
    histories=of_every_run(f"{TRAINING}/{RUN}/history.csv"),
    metrics=of_every_run(f"{EVALUATION}/{RUN}/metrics.json"),
    predictions=of_every_run(f"{EVALUATION}/{RUN}/predictions.csv"),
    validations=of_every_run(f"{EVALUATION}/{RUN}/validation.csv"),
    speeds=of_every_run(f"{EVALUATION}/{RUN}/speed.json"),
    uncertain=of_every_run(f"{EVALUATION}/{RUN}/uncertain.csv"),
    evaluations=of_every_run(f"{EVALUATION}/{RUN}/evaluation.json"),
    calibrations=of_every_run(rules.calibrate.output.calibration),
)
GALLERIES = [
    path
    for name in ("misclassified", "uncertain", "reliability")
    for path in of_every_run(f"{EVALUATION}/{RUN}/{name}.png")
]
OUTLINE = STUDY.outline(CONFIGURATION, OPTIONS).to_json()
TABLES = [*STUDY.tables(), "comparison", "findings", "calibration"]


# Snakemake deletes the outputs of a rule before it runs: a rule of its own leaves the last page where it is.
rule check_results:
    input:
        **MEASURED,
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
        **MEASURED,
        galleries=GALLERIES,
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
        **MEASURED,
        galleries=GALLERIES,
        uncorrected=of_every_run(f"{EVALUATION}/{RUN}/uncorrected/metrics.json"),
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
