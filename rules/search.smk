# Stage 3: propose the trials of a search, train each several times, select the best. The rule `train` then trains its network.
# With halving, trials are trained for the epochs of the first rung; then the best continue in the second one, and so on.

SEARCH = f"{RESULTS}/search/{{experiment}}"
EXECUTION = "{experiment}/trial{trial}/execution{execution}"
FIRST_RUNG = "{experiment}/rung1/trial{trial}/execution{execution}"
NEXT_RUNG = "{experiment}/rung{rung}/trial{trial}/execution{execution}"


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
        spec=lambda wildcards: SEARCHES.spec(wildcards).to_json(),
        combinations=SEARCHES.proposal_count,
    shell:
        "python -P -m canigatti propose-trials"
        " --spec {params.spec:q}"
        " --combinations {params.combinations}"
        " --output {output.proposed:q}"
        " 2> {log:q}"


# A Bayesian search proposes its later trials in rounds, from the results of the rounds before.
rule propose_round:
    input:
        executions=SEARCHES.before_round,
    output:
        proposed=f"{SEARCH}/round{{round}}/proposed.json",
    log:
        f"{LOGS}/propose_round/{{experiment}}/round{{round}}.log",
    localrule: True
    threads: 1
    resources:
        **quick(1500),
    params:
        code=PLAN.code("search.commands.propose_round"),
        spec=lambda wildcards: SEARCHES.spec(wildcards).to_json(),
        combinations=SEARCHES.round_trials,
    shell:
        "python -P -m canigatti propose-round"
        " --spec {params.spec:q}"
        " --combinations {params.combinations}"
        " --output {output.proposed:q}"
        " {input.executions:q}"
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
        proposed=SEARCHES.proposed,
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
        runtime=SEARCHES.trial_minutes,
    params:
        code=PLAN.trial_code,
        spec=lambda wildcards: SEARCHES.spec(wildcards).to_json(),
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


use rule train_trial as train_first_rung with:
    output:
        result=f"{RESULTS}/search/{FIRST_RUNG}.json",
        state=f"{RESULTS}/search/{FIRST_RUNG}.npz",
        logs=directory(f"{SEARCH}/rung1/trial{{trial}}/tensorboard/execution{{execution}}"),
    log:
        f"{LOGS}/train_first_rung/{FIRST_RUNG}.log",
    benchmark:
        f"{BENCHMARKS}/train_first_rung/{FIRST_RUNG}.tsv"
    resources:
        gpu=1,
        mem_mb=PLAN.training_memory,
        runtime=SEARCHES.rung_minutes,
    params:
        code=PLAN.trial_code,
        spec=lambda wildcards: SEARCHES.rung_spec(wildcards).to_json(),
        weights=PLAN.weights_option,


# A checkpoint, so that Snakemake asks for the trials of the next rung once they are known: it runs those that are new.
checkpoint promote_trials:
    input:
        executions=SEARCHES.compared,
        promoted_before=SEARCHES.promoted_before,
    output:
        promoted=f"{SEARCH}/rung{{rung}}/promoted.json",
    log:
        f"{LOGS}/promote_trials/{{experiment}}/rung{{rung}}.log",
    localrule: True
    threads: 1
    resources:
        **quick(500),
    params:
        code=PLAN.code("search.commands.promote"),
        spec=lambda wildcards: SEARCHES.spec(wildcards).to_json(),
        places=SEARCHES.places,
    shell:
        "python -P -m canigatti promote-trials"
        " --spec {params.spec:q}"
        " --places {params.places}"
        " --output {output.promoted:q}"
        " {input.executions:q}"
        " 2> {log:q}"


# What a promoted trial becomes does not depend on which others are promoted: its rung below is what it continues.
rule train_next_rung:
    input:
        unpack(SEARCHES.before),
        images=ancient(PLAN.images_file),
        images_hash=PLAN.images_hash,
        manifest=rules.inspect_photos.output.manifest,
        classes=rules.inspect_photos.output.classes,
        split=CORRECTIONS.training_split,
        weights=ancient(PLAN.weights_file),
        weights_record=PLAN.weights_record,
        promoted=ancient(rules.promote_trials.output.promoted),
    output:
        result=f"{RESULTS}/search/{NEXT_RUNG}.json",
        state=f"{RESULTS}/search/{NEXT_RUNG}.npz",
        logs=directory(f"{SEARCH}/rung{{rung}}/trial{{trial}}/tensorboard/execution{{execution}}"),
    log:
        f"{LOGS}/train_next_rung/{NEXT_RUNG}.log",
    benchmark:
        f"{BENCHMARKS}/train_next_rung/{NEXT_RUNG}.tsv"
    threads: 1  # `gpu` limits how many networks run; each uses the cores that are free
    resources:
        gpu=1,
        mem_mb=PLAN.training_memory,
        runtime=SEARCHES.rung_minutes,
    params:
        code=PLAN.continuation_code,
        spec=lambda wildcards: SEARCHES.rung_spec(wildcards).to_json(),
        weights=PLAN.weights_option,
    shell:
        "trap : TERM; python -P -m canigatti continue-trial"
        " --spec {params.spec:q}"
        " --rung {wildcards.rung} --before {input.result:q}"
        " --split {input.split:q}"
        " --images {input.images:q}"
        " --output {output.result:q}"
        " {params.weights:q}"
        " 2>> {log:q} | (trap '' TERM; exec tee -i -a {log:q})"


rule select_trial:
    input:
        executions=SEARCHES.executions,
        promotions=SEARCHES.promotions,
    output:
        trials=f"{SEARCH}/trials.csv",
        curves=f"{SEARCH}/curves.csv",
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
        spec=lambda wildcards: SEARCHES.spec(wildcards).to_json(),
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
        curves=rules.select_trial.output.curves,
    output:
        scores=shown(f"{SEARCH}/scores.png", "scores", "Search", experiment="{experiment}"),
        curves=shown(f"{SEARCH}/curves.png", "search-curves", "Search", experiment="{experiment}"),
    log:
        f"{LOGS}/plot_search/{{experiment}}.log",
    localrule: True
    threads: 1
    resources:
        **quick(500),
    params:
        code=PLAN.code("search.commands.plot"),
        spec=lambda wildcards: SEARCHES.spec(wildcards).to_json(),
        folder=subpath(output.scores, parent=True),
    shell:
        "python -P -m canigatti plot-search"
        " --experiment {wildcards.experiment:q}"
        " --spec {params.spec:q}"
        " --trials {input.trials:q}"
        " --output {params.folder:q}"
        " 2> {log:q}"
