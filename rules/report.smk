# Stage 5: compare all experiments, test the original's conclusions, and write tables and one page.


rule write_report:
    input:
        runs=of_every_run(f"training/{RUN}/run.json"),
        histories=of_every_run(f"training/{RUN}/history.csv"),
        curves=of_every_run(f"training/{RUN}/curves.png"),
        metrics=of_every_run(f"evaluation/{RUN}/metrics.json"),
        predictions=of_every_run(f"evaluation/{RUN}/predictions.csv"),
        speeds=of_every_run(f"evaluation/{RUN}/speed.json"),
        uncertain=of_every_run(f"evaluation/{RUN}/uncertain.csv"),
        galleries=[
            of_every_run(f"evaluation/{RUN}/{picture}.png")
            for picture in ("misclassified", "uncertain")
        ],
        photos=expand(
            f"{RESULTS}/photos/{{picture}}.png",
            picture=["sample", "sizes", "formats", "balance", "rejected"],
        ),
        searches=expand(
            f"{RESULTS}/search/{{experiment}}/{{file}}",
            experiment=SEARCHED,
            file=["trials.csv", "scores.png"],
        ),
        summary=f"{RESULTS}/photos/summary.json",
        record=f"{RESULTS}/photos/source.json",
        splits=expand(f"{RESULTS}/splits/{{split}}.csv", split=SPLITS_USED),
        code=code(
            "report.page.rendering",
            "report.comparison",
            "report.plots",
            "report.findings.testing",
            "report.original",
        ),
        templates=report_templates(),
    output:
        page=report(
            f"{RESULTS}/report/index.html",
            caption="../workflow/captions/report.rst",
            category="Comparison",
        ),
        accuracy_cost=report(
            f"{RESULTS}/report/accuracy-cost.png",
            caption="../workflow/captions/accuracy-cost.rst",
            category="Comparison",
        ),
        tables=report(
            expand(
                f"{RESULTS}/report/tables/{{table}}.{{kind}}",
                table=TABLES,
                kind=["csv", "md"],
            ),
            caption="../workflow/captions/tables.rst",
            category="Comparison",
        ),
    log:
        f"{RESULTS}/logs/write_report.log",
    conda:
        "../workflow/environment.yaml"
    params:
        outline=STUDY.outline(str(CONFIGURATION)),
        results=subpath(output.page, ancestor=2),
        folder=subpath(output.page, parent=True),
    shell:
        "python -m canigatti report"
        " --outline {params.outline:q}"
        " --results {params.results:q}"
        " --output {params.folder:q}"
        " 2> {log:q}"
