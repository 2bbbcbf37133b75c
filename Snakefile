# canigatti: which convolutional approach classifies this pair of photo classes best, at what cost, and how sure are we?
#
#   snakemake --cores 1 --resources gpu=1                                     the whole study, config/full.yaml
#   snakemake --cores 1 --resources gpu=1 --configfile config/laptop.yaml     another study
#   snakemake results/full/evaluation/base-801010-rgb/seed42/metrics.json --cores 1 --resources gpu=1    one experiment
from snakemake.utils import min_version

min_version("9.0")


include: "rules/common.smk"
include: "rules/photos.smk"
include: "rules/training.smk"
include: "rules/search.smk"
include: "rules/evaluation.smk"
include: "rules/report.smk"


rule all:
    default_target: True
    input:
        rules.write_report.output,


# `snakemake ablations` trains and tests a group that the study does not include of itself.
for group, members in STUDY.groups().items():
    refuse_name_of_a_rule(group, members[0])

    rule:
        name:
            group
        input:
            [
                of_every_run(f"evaluation/{RUN}/{file}", members)
                for file in ("metrics.json", "confusion.png")
            ],
