"""What the server answers to the page."""

from canigatti.records import Record


class ClassProbability(Record):
    """The probability of one class, 0 to 1."""

    name: str
    probability: float


class PhotoAnswer(Record):
    """The answer to one photo.

    Attributes:
        name: of the photo's file, as the page sent it.
        error: why the photo cannot be predicted, on one line; empty if it can.
        predicted: the predicted class, or `unsure`; empty with an error.
        is_sure: whether the network answers, see :class:`canigatti.prediction.calibration.Rules`.
        probabilities: the most probable class first; none with an error.
        photo: a small version of the photo, a data URI; empty with an error.
        explanation: the square that the network takes, colored by what it looked at, a data URI; empty if the network
            has no convolution to explain, or with an error.
    """

    name: str
    error: str = ""
    predicted: str = ""
    is_sure: bool = True
    probabilities: tuple[ClassProbability, ...] = ()
    photo: str = ""
    explanation: str = ""
