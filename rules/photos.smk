# Stage 1: get the photos, inspect and clean them, deal them to the splits, decode them once.


if STUDY.photos.generate:

    rule generate_photos:
        input:
            code=code("photos.demo.archive"),
        output:
            photos=f"{RESULTS}/photos/generated.zip",
            planted=f"{RESULTS}/photos/planted.csv",
        log:
            f"{RESULTS}/logs/generate_photos.log",
        conda:
            "../workflow/environment.yaml"
        params:
            spec=STUDY.photos.generate.spec(),
        shell:
            "python -m canigatti generate"
            " --spec {params.spec:q}"
            " --output {output.photos:q}"
            " --planted {output.planted:q}"
            " 2> {log:q}"


rule fetch_photos:
    input:
        generated=f"{RESULTS}/photos/generated.zip" if STUDY.photos.generate else [],
    output:
        record=f"{RESULTS}/photos/source.json",
    log:
        f"{RESULTS}/logs/fetch_photos.log",
    conda:
        "../workflow/environment.yaml"
    params:
        source=photos_source,
        sha256=f"--sha256 {STUDY.photos.sha256}" if STUDY.photos.sha256 else "",
        fingerprint=source_fingerprint,
    shell:
        "python -m canigatti fetch"
        " --source {params.source:q}"
        " {params.sha256}"
        " --output {output.record:q}"
        " 2> >(tee {log:q} >&2)"


rule inspect_photos:
    input:
        record=f"{RESULTS}/photos/source.json",
        code=code(
            "photos.inspection",
            "photos.duplicates",
            "photos.manifest",
            "photos.sources",
        ),
    output:
        manifest=f"{RESULTS}/photos/manifest.csv",
        groups=f"{RESULTS}/photos/groups.csv",
        summary=f"{RESULTS}/photos/summary.json",
    log:
        f"{RESULTS}/logs/inspect_photos.log",
    benchmark:
        f"{RESULTS}/benchmarks/inspect_photos.tsv"
    conda:
        "../workflow/environment.yaml"
    threads: workflow.cores
    params:
        classes=CLASSES,
        limit=(
            f"--limit-per-class {STUDY.photos.limit_per_class}"
            if STUDY.photos.limit_per_class
            else ""
        ),
    shell:
        "python -m canigatti inspect"
        " --source-record {input.record:q}"
        " {params.classes}"
        " {params.limit}"
        " --manifest {output.manifest:q}"
        " --groups {output.groups:q}"
        " --summary {output.summary:q}"
        " --workers {threads}"
        " 2> >(tee {log:q} >&2)"


rule draw_photos:
    input:
        record=f"{RESULTS}/photos/source.json",
        manifest=f"{RESULTS}/photos/manifest.csv",
        code=code("photos.plots"),
    output:
        report(
            expand(
                f"{RESULTS}/photos/{{picture}}.png",
                picture=["sample", "sizes", "formats", "balance", "rejected"],
            ),
            caption="../workflow/captions/photos.rst",
            category="Photos",
        ),
    log:
        f"{RESULTS}/logs/draw_photos.log",
    conda:
        "../workflow/environment.yaml"
    params:
        classes=CLASSES,
        folder=subpath(output[0], parent=True),
    shell:
        "python -m canigatti draw-photos"
        " --source-record {input.record:q}"
        " {params.classes}"
        " --manifest {input.manifest:q}"
        " --output {params.folder:q}"
        " 2> {log:q}"


rule split_photos:
    input:
        manifest=f"{RESULTS}/photos/manifest.csv",
        groups=f"{RESULTS}/photos/groups.csv",
        code=code("photos.splits"),
    output:
        split=f"{RESULTS}/splits/{{split}}.csv",
    log:
        f"{RESULTS}/logs/split_photos/{{split}}.log",
    conda:
        "../workflow/environment.yaml"
    params:
        spec=lambda wildcards: STUDY.splits[wildcards.split].spec(),
        classes=CLASSES,
    shell:
        "python -m canigatti split"
        " --manifest {input.manifest:q}"
        " --groups {input.groups:q}"
        " --spec {params.spec:q}"
        " {params.classes}"
        " --output {output.split:q}"
        " 2> {log:q}"


# The hash stands for the images where they are an input: they are too large for Snakemake to compare by content.
rule store_photos:
    input:
        record=f"{RESULTS}/photos/source.json",
        manifest=f"{RESULTS}/photos/manifest.csv",
        code=code("photos.store_writing", "photos.sources"),
    output:
        images=f"{RESULTS}/photos/images-{{size}}.npy",
        hash=f"{RESULTS}/photos/images-{{size}}.npy.sha256",
    log:
        f"{RESULTS}/logs/store_photos/{{size}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/store_photos/{{size}}.tsv"
    conda:
        "../workflow/environment.yaml"
    threads: workflow.cores
    shell:
        "python -m canigatti store"
        " --source-record {input.record:q}"
        " --manifest {input.manifest:q}"
        " --size {wildcards.size}"
        " --output {output.images:q}"
        " --hash {output.hash:q}"
        " --workers {threads}"
        " 2> >(tee {log:q} >&2)"
