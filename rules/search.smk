# Stage 3: propose the trials of a search, train each several times, select the best. The rule `train` then trains its network.

SEARCH = f"{RESULTS}/search/{{experiment}}"
EXECUTION = "{experiment}/trial{trial}/execution{execution}"


rule propose_trials:
    output:
        proposed=f"{SEARCH}/proposed.json",
    log:
        f"{LOGS}/propose_trials/{{experiment}}.log",
    localrule: True
    threads: 1
    resources:
        **quick(1500),
    params:
        code=PLAN.code("search.commands.propose"),
        spec=lambda wildcards: PLAN.search_spec(wildcards).to_json(),
        combinations=PLAN.proposal_count,
    shell:
        "python -P -m canigatti propose-trials"
        " --spec {params.spec:q}"
        " --combinations {params.combinations}"
        " --output {output.proposed:q}"
        " 2> {log:q}"


# Its shell command is explained at the rule `train`.
rule train_trial:
    input:
        images=ancient(PLAN.images_file),
        images_hash=PLAN.images_hash,
        manifest=rules.inspect_photos.output.manifest,
        classes=rules.inspect_photos.output.classes,
        split=CORRECTIONS.training_split,
        weights=ancient(PLAN.weights_file),
        weights_record=PLAN.weights_record,
        proposed=rules.propose_trials.output.proposed,
    output:
        result=f"{RESULTS}/search/{EXECUTION}.json",
        logs=directory(f"{SEARCH}/trial{{trial}}/tensorboard/execution{{execution}}"),
    log:
        f"{LOGS}/train_trial/{EXECUTION}.log",
    benchmark:
        f"{BENCHMARKS}/train_trial/{EXECUTION}.tsv"
    threads: 1  # `gpu` limits how many networks run; each uses the cores that are free
    resources:
        gpu=1,
        mem_mb=PLAN.training_memory,
        runtime=PLAN.training_minutes,
    params:
        code=PLAN.trial_code,
        spec=lambda wildcards: PLAN.search_spec(wildcards).to_json(),
        weights=PLAN.weights_option,
    shell:
        "trap : TERM; python -P -m canigatti train-trial"
        " --spec {params.spec:q}"
        " --proposed {input.proposed:q}"
        " --trial {wildcards.trial} --execution {wildcards.execution}"
        " --split {input.split:q}"
        " --images {input.images:q}"
        " --output {output.result:q}"
        " {params.weights:q}"
        " 2>> {log:q} | (trap '' TERM; exec tee -i -a {log:q})"


rule select_trial:
    input:
        executions=PLAN.execution_files,
    output:
        trials=f"{SEARCH}/trials.csv",
        best=f"{SEARCH}/best.json",
        spec=f"{SEARCH}/spec.json",
    log:
        f"{LOGS}/select_trial/{{experiment}}.log",
    localrule: True
    threads: 1
    resources:
        **quick(500),
    params:
        code=PLAN.code("search.commands.select"),
        spec=lambda wildcards: PLAN.search_spec(wildcards).to_json(),
        experiment=lambda wildcards: PLAN.experiment(wildcards).resolve().to_json(),
        folder=subpath(output.trials, parent=True),
    shell:
        "python -P -m canigatti select-trial"
        " --spec {params.spec:q}"
        " --experiment {params.experiment:q}"
        " --output {params.folder:q}"
        " {input.executions:q}"
        " 2> {log:q}"


rule plot_search:
    input:
        trials=rules.select_trial.output.trials,
    output:
        scores=shown(f"{SEARCH}/scores.png", "scores", "Search", experiment="{experiment}"),
    log:
        f"{LOGS}/plot_search/{{experiment}}.log",
    localrule: True
    threads: 1
    resources:
        **quick(500),
    params:
        code=PLAN.code("search.commands.plot"),
        spec=lambda wildcards: PLAN.search_spec(wildcards).to_json(),
    shell:
        "python -P -m canigatti plot-search"
        " --experiment {wildcards.experiment:q}"
        " --spec {params.spec:q}"
        " --trials {input.trials:q}"
        " --output {output.scores:q}"
        " 2> {log:q}"
