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
include: "rules/evaluation.smk"
include: "rules/report.smk"


rule all:
    default_target: True
    input:
        rules.write_report.output,  # all by name: a table that the configuration has come to need is then missed
