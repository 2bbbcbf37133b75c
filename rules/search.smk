# Stage 3: draw the trials of a search, train each several times, choose the best. Rule train then trains the winner.

SEARCH = f"{RESULTS}/search/{{experiment}}"
EXECUTION = f"{{experiment}}/trial{{trial}}/execution{{execution}}"


rule propose_trials:
    input:
        code=code("search.space"),
    output:
        proposed=f"{SEARCH}/proposed.json",
    log:
        f"{RESULTS}/logs/propose_trials/{{experiment}}.log",
    conda:
        "../workflow/environment.yaml"
    params:
        spec=search_spec,
        combinations=proposed_combinations,
    shell:
        "python -m canigatti propose-trials"
        " --spec {params.spec:q}"
        " --combinations {params.combinations}"
        " --output {output.proposed:q}"
        " 2> {log:q}"


rule train_trial:
    input:
        images=ancient(images_file),
        images_hash=images_hash,
        manifest=f"{RESULTS}/photos/manifest.csv",
        split=split_file,
        proposed=f"{SEARCH}/proposed.json",
        code=execution_code,
    output:
        outcome=f"{RESULTS}/search/{EXECUTION}.json",
        logs=directory(f"{SEARCH}/trial{{trial}}/tensorboard/execution{{execution}}"),
    log:
        f"{RESULTS}/logs/train_trial/{EXECUTION}.log",
    benchmark:
        f"{RESULTS}/benchmarks/train_trial/{EXECUTION}.tsv"
    conda:
        "../workflow/environment.yaml"
    resources:
        gpu=1,
    params:
        spec=search_spec,
    shell:
        "python -m canigatti train-trial"
        " --spec {params.spec:q}"
        " --proposed {input.proposed:q}"
        " --trial {wildcards.trial}"
        " --execution {wildcards.execution}"
        " --split {input.split:q}"
        " --manifest {input.manifest:q}"
        " --images {input.images:q}"
        " --output {output.outcome:q}"
        " --logs {output.logs:q}"
        " 2>> {log:q} | tee --ignore-interrupts --append {log:q}"


rule select_trial:
    input:
        executions=execution_files,
        code=code("search.selection"),
    output:
        trials=f"{SEARCH}/trials.csv",
        best=f"{SEARCH}/best.json",
    log:
        f"{RESULTS}/logs/select_trial/{{experiment}}.log",
    conda:
        "../workflow/environment.yaml"
    params:
        spec=search_spec,
    shell:
        "python -m canigatti select-trial"
        " --spec {params.spec:q}"
        " --trials {output.trials:q}"
        " --best {output.best:q}"
        " {input.executions:q}"
        " 2> {log:q}"


rule draw_trials:
    input:
        trials=f"{SEARCH}/trials.csv",
        code=code("search.plots"),
    output:
        scores=report(
            f"{SEARCH}/scores.png",
            caption="../workflow/captions/scores.rst",
            category="Search",
            labels={"experiment": "{experiment}"},
        ),
    log:
        f"{RESULTS}/logs/draw_trials/{{experiment}}.log",
    conda:
        "../workflow/environment.yaml"
    params:
        spec=search_spec,
    shell:
        "python -m canigatti draw-trials"
        " --experiment {wildcards.experiment:q}"
        " --spec {params.spec:q}"
        " --trials {input.trials:q}"
        " --output {output.scores:q}"
        " 2> {log:q}"
