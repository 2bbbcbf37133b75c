# Stage 1: get the photos, inspect and clean them, assign them to the subsets of each split, decode them once.
from canigatti.photos.records import PARTS, PHOTO_PLOTS

if STUDY.photos.generate:

    rule generate_photos:
        output:
            photos=f"{PHOTOS}/generated.zip",
            planted=f"{PHOTOS}/planted.csv",
        log:
            f"{LOGS}/generate_photos.log",
        localrule: True
        threads: 1
        resources:
            **quick(500, runtime=2 + STUDY.photos.generate.count // 500),
        params:
            code=PLAN.code("photos.commands.generate"),
            spec=STUDY.photos.generate.to_json(),
        shell:
            "python -P -m canigatti generate"
            " --spec {params.spec:q}"
            " --output {output.photos:q}"
            " --planted {output.planted:q}"
            " 2> {log:q}"


rule fetch_photos:
    input:
        generated=rules.generate_photos.output.photos if STUDY.photos.generate else [],
        made=made_photos,
    output:
        record=f"{PHOTOS}/source.json",
    log:
        f"{LOGS}/fetch_photos.log",
    localrule: True
    threads: 1
    resources:
        **quick(500, runtime=60),
    params:
        code=PLAN.code("photos.commands.fetch"),
        source=SOURCE.fetched,
        options=SOURCE.fetch_options,
    shell:
        "python -P -m canigatti fetch"
        " --source {params.source:q}"
        " {params.options:q}"
        " --output {output.record:q}"
        " 2> >(tee {log:q} >&2)"


rule inspect_photos:
    input:
        source=rules.fetch_photos.output.record,
        made=ancient(made_photos),
    output:
        manifest=f"{PHOTOS}/manifest.csv",
        groups=f"{PHOTOS}/groups.csv",
        contradictions=f"{PHOTOS}/contradictions.csv",
        summary=f"{PHOTOS}/summary.json",
        classes=f"{PHOTOS}/classes.json",
    log:
        f"{LOGS}/inspect_photos.log",
    benchmark:
        f"{BENCHMARKS}/inspect_photos.tsv"
    threads: 8
    resources:
        mem_mb=lambda wildcards, threads, attempt: attempt * (500 + 350 * threads),
        runtime=lambda wildcards, attempt: attempt * 30,
    params:
        code=PLAN.code("photos.commands.inspect"),
        options=PLAN.inspect_options,
        groups_digest=PLAN.groups_digest,
        folder=subpath(output.manifest, parent=True),
    shell:
        "python -P -m canigatti inspect"
        " --source {input.source:q}"
        " {params.options:q}"
        " --output {params.folder:q}"
        " --workers {threads}"
        " 2> >(tee {log:q} >&2)"


rule plot_photos:
    input:
        source=rules.fetch_photos.output.record,
        made=ancient(made_photos),
        manifest=rules.inspect_photos.output.manifest,
        classes=rules.inspect_photos.output.classes,
    output:
        plots=shown(expand(f"{PHOTOS}/{{plot}}.png", plot=PHOTO_PLOTS), "photos", "Photos"),
    log:
        f"{LOGS}/plot_photos.log",
    localrule: True
    threads: 1
    resources:
        **quick(1000),
    params:
        code=PLAN.code("photos.commands.plot"),
        folder=lambda wildcards, output: Path(output.plots[0]).parent,
    shell:
        "python -P -m canigatti plot-photos"
        " --source {input.source:q}"
        " --manifest {input.manifest:q}"
        " --output {params.folder:q}"
        " 2> {log:q}"


rule split_photos:
    input:
        manifest=rules.inspect_photos.output.manifest,
        groups=rules.inspect_photos.output.groups,
        classes=rules.inspect_photos.output.classes,
    output:
        split=f"{RESULTS}/splits/{{split}}.csv",
    log:
        f"{LOGS}/split_photos/{{split}}.log",
    localrule: True
    threads: 1
    resources:
        **quick(500),
    params:
        code=PLAN.code("photos.commands.split"),
        split=PLAN.split_options,
    shell:
        "python -P -m canigatti split"
        " --manifest {input.manifest:q}"
        " {params.split:q}"
        " --output {output.split:q}"
        " 2> >(tee {log:q} >&2)"


# The file of corrections is no input: each part depends on its own corrections alone.
rule correct_split:
    input:
        split=rules.split_photos.output.split,
        manifest=rules.inspect_photos.output.manifest,
        classes=rules.inspect_photos.output.classes,
    output:
        split=f"{RESULTS}/splits/{{split}}/{{part}}.csv",
        digest=f"{RESULTS}/splits/{{split}}/{{part}}.digest",
    log:
        f"{LOGS}/correct_split/{{split}}-{{part}}.log",
    localrule: True
    threads: 1
    resources:
        **quick(500),
    params:
        code=PLAN.code("photos.commands.correct"),
        options=CORRECTIONS.options,
        digest=CORRECTIONS.digest_of_part,
    shell:
        "python -P -m canigatti correct-split"
        " --split {input.split:q}"
        " --manifest {input.manifest:q}"
        " --part {wildcards.part}"
        " {params.options:q}"
        " --output {output.split:q}"
        " 2> >(tee {log:q} >&2)"


rule store_photos:
    input:
        source=rules.fetch_photos.output.record,
        made=ancient(made_photos),
        manifest=rules.inspect_photos.output.manifest,
    output:
        images=f"{PHOTOS}/images-{{size}}.npy",
        hash=f"{PHOTOS}/images-{{size}}.npy.sha256",
    log:
        f"{LOGS}/store_photos/{{size}}.log",
    benchmark:
        f"{BENCHMARKS}/store_photos/{{size}}.tsv"
    threads: 8
    resources:
        mem_mb=lambda wildcards, threads, attempt: attempt * (500 + 350 * threads),
        runtime=lambda wildcards, attempt: attempt * 30,
    params:
        code=PLAN.code("photos.commands.store"),
    shell:
        "python -P -m canigatti store"
        " --source {input.source:q}"
        " --manifest {input.manifest:q}"
        " --size {wildcards.size}"
        " --output {output.images:q}"
        " --workers {threads}"
        " 2> >(tee {log:q} >&2)"
