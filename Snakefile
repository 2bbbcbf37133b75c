# canigatti: which convolutional approach classifies these photos best, at what cost, and how sure are we?
from snakemake.utils import min_version

min_version("9.0")


report: "workflow/captions/workflow.rst"


include: "rules/common.smk"
include: "rules/photos.smk"
include: "rules/training.smk"
include: "rules/search.smk"
include: "rules/evaluation.smk"
include: "rules/audit.smk"
include: "rules/report.smk"


rule all:
    default_target: True
    input:
        [*rules.write_report.output, *rules.write_explorer.output, *rules.write_cards.output],
        of_every_run(rules.plot_training.output.curves),
        of_every_run(f"{TRAINING}/{RUN}/model.keras"),
        AUDITED,
        # So that a result which was deleted is recreated, although the page exists.
        **{name: files for name, files in MEASURED.items() if name != "classes"},


# `snakemake ablations` trains and evaluates a group of experiments that the study does not include.
for group, members in STUDY.groups().items():
    if workflow.is_rule(group):
        raise WorkflowError(
            f"{CONFIGURATION}: experiments.{members[0]}.group: {group} is the name of a rule, expected another name"
        )

    rule:
        name:
            group
        input:
            of_every_run(f"{EVALUATION}/{RUN}/metrics.json", members),
            of_every_run(f"{EVALUATION}/{RUN}/confusion.png", members),
            of_every_run(f"{TRAINING}/{RUN}/model.keras", members),


# One environment for all rules, set here because Snakemake has no directive for that.
for one in workflow.modifier.rules:  # not the rules of a workflow that imports this one
    one.conda_env = workflow.current_basedir.join("workflow/environment.yaml")
