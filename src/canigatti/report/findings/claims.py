"""What the original study concludes, in its order.

Its figures are computed from its tables (`original.csv`); a test does so again.
"""

from canigatti.report.findings.verdicts import Claim

_MEAN_GAIN = (
    "Supported when the 95% interval of the mean paired difference in accuracy lies above 0, contradicted when below."
)
_EACH_GAIN = (
    "Supported when the 95% intervals of all differences in accuracy lie above 0, contradicted when one is below."
)
_MEAN_STEP = "Supported when the 95% interval (Student's t over pairs and seeds) lies above {}, contradicted below."
_NO_FIGURES = "told without figures"

LOSS_FALLS = Claim(
    "Loss falls as accuracy rises",
    "rank correlation −0.98 over its ten networks",
    "Supported when the 95% interval of the rank correlation over experiments lies below 0, contradicted when above.",
)
AUGMENTATION_HELPS = Claim("Augmentation raises accuracy", "+3.6 points, mean of 4 (+3.3 to +4.2)", _MEAN_GAIN)
COLOR_HELPS = Claim("Colour raises accuracy", "+2.1 points, mean of 4 (+1.3 to +2.5)", _MEAN_GAIN)
LARGER_SPLIT_HELPS = Claim("The 80-10-10 split always helps", "+1.8, +1.6, +0.6 and +1.4 points", _EACH_GAIN)
MORE_DATA_HELPS = Claim("More training data helps", "+1.3 points, mean of 4 (+0.6 to +1.8)", _MEAN_GAIN)
OVERFITTING_DELAYED = Claim(
    "Augmentation delays overfitting",
    "the best epoch comes 19 to 29 epochs later, 24.8 on average",
    "Told by the best epoch, after which the validation loss no longer falls. " + _MEAN_STEP.format("0"),
)
TIME_TAKEN = Claim(
    "Augmentation at run time costs time", "an epoch takes 1.9 to 4.0 times as long", _MEAN_STEP.format("1 (as long)")
)
WEIGHTS_SAVED = Claim(
    "Grayscale saves 576 weights and two thirds of the first layer's work",
    "20,573,761 weights in colour, 20,573,185 in grayscale",
    "Counted: supported when it holds for every pair with the original's first layer, 32 filters of 3×3.",
)
DROPOUT_WINS = Claim("Dropout works better than batch normalisation", _NO_FIGURES, _MEAN_GAIN)
RMSPROP_LOSES = Claim("SGD and Adam are better than RMSprop", _NO_FIGURES, _EACH_GAIN)
BATCH_SIZES_TRIED = Claim(
    "Batch sizes from 16 to 256 were tried",
    _NO_FIGURES,
    "Supported when networks that differ only in batch size were trained from 16 or less to 256 or more.",
)
