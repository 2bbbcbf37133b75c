"""A small valid configuration, which tests edit."""

from canigatti.config import load_study

VALID = """
study: small
classes: [cat, dog]
photos: {generate: {count: 100}}
splits: {80-10-10: {train: 0.8, validation: 0.1, test: 0.1}}
defaults: {split: 80-10-10, optimizer: {name: sgd, learning_rate: 1e-2}}
experiments:
  plain: {color: grayscale}
  augmented: {augment: true, augmentation: {zoom: 0.1}}
"""


def read(tmp_path, text, overrides=()):
    path = tmp_path / "study.yaml"
    path.write_text(text, encoding="utf-8")
    return load_study(path, overrides)


PRETRAINED = VALID.replace(
    "experiments:",
    "weights: {vgg16: imagenet}\nexperiments:\n"
    "  transfer: {augment: true, resize: pad, network: {backbone: vgg16, head: {pooling: flatten, dense_units: [8]}}}\n"
    "  finetune: {start_from: transfer, unfreeze: everything, optimizer: {name: sgd, learning_rate: 1e-5}}\n",
)
