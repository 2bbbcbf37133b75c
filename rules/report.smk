# Stage 5: all experiments in tables and on one page.


rule write_report:
    input:
        runs=of_every_run("training/{experiment}/seed{seed}/run.json"),
        histories=of_every_run("training/{experiment}/seed{seed}/history.csv"),
        curves=of_every_run("training/{experiment}/seed{seed}/curves.png"),
        metrics=of_every_run("evaluation/{experiment}/seed{seed}/metrics.json"),
        uncertain=of_every_run("evaluation/{experiment}/seed{seed}/uncertain.csv"),
        pictures=[
            of_every_run(f"evaluation/{{experiment}}/seed{{seed}}/{picture}.png")
            for picture in ("confusion", "misclassified", "uncertain")
        ],
        photos=expand(
            f"{RESULTS}/photos/{{picture}}.png",
            picture=["sample", "sizes", "formats", "balance", "rejected"],
        ),
        summary=f"{RESULTS}/photos/summary.json",
        code=code("report.page", "report.tables", "report.results"),
        templates=[
            str(path) for path in sorted((SOURCE_CODE / "report").glob("*.[jc]s*"))
        ],
    output:
        page=report(
            f"{RESULTS}/report/index.html",
            caption="../workflow/captions/report.rst",
            category="Comparison",
        ),
        base=report(
            multiext(f"{RESULTS}/report/tables/base", ".csv", ".md"),
            caption="../workflow/captions/base.rst",
            category="Comparison",
        ),
    log:
        f"{RESULTS}/logs/write_report.log",
    conda:
        "../workflow/environment.yaml"
    params:
        outline=STUDY.outline(),
        results=RESULTS,
        folder=subpath(output.page, parent=True),
    shell:
        "python -m canigatti report"
        " --outline {params.outline:q}"
        " --results {params.results:q}"
        " --output {params.folder:q}"
        " 2> {log:q}"
