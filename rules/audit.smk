# Stage 5: judge the labels by the features of a frozen backbone, and write the page to review doubtful photos.
from canigatti.planning_audit import AuditPlan

AUDITED = []  # files of the study's audit

if STUDY.audit:
    AUDIT = AuditPlan(PLAN, STUDY.audit)
    AUDITED = [f"{RESULTS}/audit/{name}" for name in ("audit.csv", "pairs.csv", "index.html")]

    # The records stand for weights and features, which are too large for Snakemake to compare by content.
    rule extract_features:
        input:
            images=ancient(AUDIT.images),
            images_hash=f"{AUDIT.images}.sha256",
            manifest=rules.inspect_photos.output.manifest,
            weights=ancient(AUDIT.weights),
            weights_record=AUDIT.weights.replace(".weights.h5", ".json"),
        output:
            features=f"{RESULTS}/audit/features.npy",
            record=f"{RESULTS}/audit/features.json",
        log:
            f"{LOGS}/extract_features.log",
        benchmark:
            f"{BENCHMARKS}/extract_features.tsv"
        threads: 1  # `gpu` limits how many networks run; each uses the cores that are free
        resources:
            gpu=1,
            mem_mb=lambda wildcards, attempt: attempt * 4000,
            runtime=lambda wildcards, attempt: attempt * 120,
        params:
            code=PLAN.code("audit.commands.extract"),
            backbone=STUDY.audit.backbone,
            folder=subpath(output.record, parent=True),
        shell:
            "python -P -m canigatti extract-features"
            " --images {input.images:q}"
            " --backbone {params.backbone:q}"
            " --weights {input.weights:q}"
            " --output {params.folder:q}"
            " 2> {log:q}"

    rule audit_labels:
        input:
            features=ancient(rules.extract_features.output.features),
            record=rules.extract_features.output.record,
            manifest=rules.inspect_photos.output.manifest,
            groups=rules.inspect_photos.output.groups,
            contradictions=rules.inspect_photos.output.contradictions,
            splits=expand(rules.split_photos.output.split, split=PLAN.splits),
        output:
            audit=f"{RESULTS}/audit/audit.csv",
            pairs=f"{RESULTS}/audit/pairs.csv",
        log:
            f"{LOGS}/audit_labels.log",
        benchmark:
            f"{BENCHMARKS}/audit_labels.tsv"
        threads: 1
        resources:
            mem_mb=lambda wildcards, attempt: attempt * 3000,
            runtime=lambda wildcards, attempt: attempt * 60,
        params:
            code=PLAN.code("audit.commands.judge"),
            seed=STUDY.audit.seed,
            splits=AUDIT.split_options,
            folder=subpath(output.audit, parent=True),
        shell:
            "python -P -m canigatti audit-labels"
            " --features {input.features:q}"
            " --manifest {input.manifest:q}"
            " --seed {params.seed}"
            " {params.splits:q}"
            " --output {params.folder:q}"
            " 2> {log:q}"

    rule write_audit:
        input:
            audit=rules.audit_labels.output.audit,
            pairs=rules.audit_labels.output.pairs,
            record=rules.extract_features.output.record,
            source=rules.fetch_photos.output.record,
            manifest=rules.inspect_photos.output.manifest,
            classes=rules.inspect_photos.output.classes,
        output:
            page=shown(f"{RESULTS}/audit/index.html", "audit", "Audit"),
        log:
            f"{LOGS}/write_audit.log",
        localrule: True
        threads: 1
        resources:
            **quick(1000),
        params:
            code=PLAN.code("audit.commands.page", templates=PLAN.templates("audit")),
            options=AUDIT.page_options,
            corrections=CORRECTIONS.options,
            corrections_digest=CORRECTIONS.digest,
            folder=subpath(input.audit, parent=True),
        shell:
            "python -P -m canigatti write-audit"
            " --audit {params.folder:q}"
            " --source {input.source:q}"
            " --manifest {input.manifest:q}"
            " {params.options:q}"
            " {params.corrections:q}"
            " --output {output.page:q}"
            " 2> {log:q}"
