"""Conclusions of the original study, in its order.

The metrics of each claim are computed from the original's tables (`original.csv`); a test repeats the computation.
"""

from canigatti.report.findings.verdicts import Claim

_MEAN_GAIN = (
    "Supported if the 95% interval of the mean difference in accuracy over pairs is above 0, contradicted if it is "
    "below 0. Pairs are the units."
)
_EACH_GAIN = (
    "Supported if the 95% intervals of all differences in accuracy are above 0, contradicted if one is below 0 after "
    "Bonferroni's correction for their number."
)
_MEAN_STEP = (
    "Supported if the 95% interval of the {1} (Student's t over pairs) is above {0}, contradicted if it is below {0}."
)
_NO_METRICS = "reported without metrics"

LOSS_FALLS = Claim(
    "Loss falls as accuracy rises",
    "rank correlation −0.98 over its ten networks",
    "Supported if the rank correlation over experiments is below 0 with p < 0.05, contradicted if it is above 0 with "
    "p < 0.05. Below ten experiments, all permutations are tested.",
)
AUGMENTATION_HELPS = Claim("Augmentation raises accuracy", "+3.6 points, mean of 4 (+3.3 to +4.2)", _MEAN_GAIN)
COLOR_HELPS = Claim("Color raises accuracy", "+2.1 points, mean of 4 (+1.3 to +2.5)", _MEAN_GAIN)
LARGER_SPLIT_HELPS = Claim("The 80-10-10 split always helps", "+1.8, +1.6, +0.6 and +1.4 points", _EACH_GAIN)
MORE_DATA_HELPS = Claim("More training data helps", "+1.3 points, mean of 4 (+0.6 to +1.8)", _MEAN_GAIN)
OVERFITTING_DELAYED = Claim(
    "Augmentation delays overfitting",
    "the best epoch comes 19 to 29 epochs later, 24.8 on average",
    "Measured by the best epoch, the one with the lowest validation loss. " + _MEAN_STEP.format("0", "mean"),
)
TIME_TAKEN = Claim(
    "Augmentation at run time costs time",
    "an epoch takes 1.9 to 4.0 times as long",
    _MEAN_STEP.format("1", "geometric mean ratio"),
)
WEIGHTS_SAVED = Claim(
    "Grayscale saves 576 weights and two thirds of the first layer's work",
    "20,573,761 weights with RGB input, 20,573,185 with grayscale input",
    "Exact count. Supported if it holds for every pair with the original's first layer, 32 filters of 3×3.",
)
DROPOUT_WINS = Claim("Dropout works better than batch normalization", _NO_METRICS, _MEAN_GAIN)
RMSPROP_LOSES = Claim("SGD and Adam are better than RMSprop", _NO_METRICS, _EACH_GAIN)
BATCH_SIZES_TRIED = Claim(
    "Batch sizes from 16 to 256 were tried",
    _NO_METRICS,
    "Supported if networks that differ only in batch size were trained with sizes from 16 or less to 256 or more.",
)
