"""What a model card says about what a network is for and how to load it."""

from canigatti.config import Spec
from canigatti.report.card.markup import list_classes
from canigatti.report.card.reading import RunFacts, StudyFacts

_RESIZE = {  # what `canigatti.photos.resizing` does
    "squeeze": ["photo = photo.resize((SIZE, SIZE), Image.Resampling.BILINEAR)"],
    "crop": ["photo = ImageOps.fit(photo, (SIZE, SIZE), Image.Resampling.BILINEAR)"],
    "pad": [
        "scaled = [max(1, round(side * SIZE / max(photo.size))) for side in photo.size]",
        'square = Image.new("RGB", (SIZE, SIZE))',
        "corner = (SIZE - scaled[0]) // 2, (SIZE - scaled[1]) // 2",
        "square.paste(photo.resize(scaled, Image.Resampling.BILINEAR), corner)",
        "photo = square",
    ],
}


def introduction(study: StudyFacts, run: RunFacts) -> str:
    """Return the title, and what the network does and is for."""
    outline, training, classes = study.outline, run.training, list_classes(study.classes)
    return "\n\n".join(
        [
            f"# {outline.study}: {training.experiment}, seed {training.seed}",
            f"This network takes a photo and returns how probable each of its classes is: {classes}. It is the "
            f"experiment `{training.experiment}` of the study `{outline.study}`, trained and evaluated with canigatti, "
            "which has written this card from the results.",
            "## Intended use",
            "None: its training diverged, so there is no network that could be used."
            if training.diverged
            else "It is for photos like those of the study, each of which shows exactly one of the classes. It knows "
            "nothing else: a photo of anything else gets one of the classes too. Whether its errors are rare enough "
            "depends on what its answers are used for; the next sections say how many there were, and what is not "
            "known.",
        ]
    )


def usage_section(study: StudyFacts, run: RunFacts) -> str:
    """Return how to load the network in Keras, and the commands that predict with it and export it."""
    spec = run.training.spec
    promised = [point.max_error for point in run.calibration.points if point.chosen]
    commands = ["canigatti predict model.keras PHOTOS"]
    if promised and not run.training.diverged:
        commands.append(f"canigatti predict model.keras PHOTOS --max-error {min(promised):g}")
    commands.append("canigatti export model.keras --format onnx")
    return "\n\n".join(
        [
            "## How to use it",
            "`model.keras` contains scaling, or the preprocessing of its backbone. In Python, with Keras, TensorFlow "
            "and Pillow:",
            f"```python\n{loading_code(spec, len(study.classes))}```",
            "With canigatti, which decodes photos of every kind, and uses the calibration if `calibration.json` is "
            "next to the model; the formats of an export are `onnx`, `litert` and `saved_model`:",
            "```shell\n" + "".join(f"{command}\n" for command in commands) + "```",
        ]
    )


def loading_code(spec: Spec, classes: int) -> str:
    """Return Python code that loads `model.keras` and predicts `photo.jpg`.

    Args:
        spec: the experiment.
        classes: number of classes.
    """
    mode = "L" if spec.color == "grayscale" else "RGB"
    array = "np.asarray(photo)[None, ..., None]" if mode == "L" else "np.asarray(photo)[None]"
    first = "# of the second class" if classes == 2 else "# of each class, in the order of the classes"
    return "\n".join(
        [
            "import keras",
            "import numpy as np",
            "from PIL import Image, ImageOps",
            "",
            f"SIZE = {spec.image_size}",
            'model = keras.saving.load_model("model.keras")',
            'photo = ImageOps.exif_transpose(Image.open("photo.jpg")).convert("RGB")',
            *_RESIZE[spec.resize],
            *(['photo = photo.convert("L")'] if mode == "L" else []),
            f"probabilities = model.predict({array})[0]  {first}",
            "",
        ]
    )
