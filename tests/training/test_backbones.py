import functools
import http.server
import threading

import keras
import numpy as np
import pytest

from canigatti.config import BACKBONES, SGD, Adam, Head, Pretrained, Spec, Weights
from canigatti.files import InputError, sha256_of
from canigatti.training import networks
from canigatti.training.backbones import load_backbone, preprocess_input
from canigatti.training.commands.fetch_weights import fetch_weights
from canigatti.training.records import WeightsRecord

VGG16 = Pretrained(backbone="vgg16", head=Head(pooling="flatten", dense_units=(256, 256)))
MOBILENET = Pretrained(backbone="mobilenetv2", head=Head(pooling="average", dense_units=(128, 64)))


def spec(network, **fields):
    return Spec(**{"network": network, "image_size": 32, "augmentation": None, **fields})


def build(settings, weights=None, classes=2):
    return networks.build(settings, weights, classes)


def trainable_layers(model, backbone):
    return [layer.name for layer in model.get_layer(backbone).layers if layer.trainable and layer.weights]


def test_every_network_of_keras_applications_can_be_configured():
    assert set(BACKBONES) == {name.lower() for name in dir(keras.applications) if name[0].isupper()}


def test_vgg16_has_the_head_of_the_study():
    model = build(spec(VGG16, image_size=224))
    assert [layer.units for layer in model.layers if hasattr(layer, "units")] == [256, 256, 1]
    assert model.count_params() == 14_714_688 + 25_088 * 256 + 256 + 256 * 257 + 257
    assert trainable_layers(model, "vgg16") == []


def test_mobilenetv2_is_unfrozen_from_block_16_on_except_batch_normalization():
    transfer = build(spec(MOBILENET, image_size=224))
    assert networks.trainable_parameters(transfer) == 1280 * 128 + 128 + 128 * 64 + 64 + 65
    finetune = build(spec(MOBILENET, image_size=224, unfreeze="block_16_expand"))
    assert trainable_layers(finetune, "mobilenetv2") == [
        "block_16_expand",
        "block_16_depthwise",
        "block_16_project",
        "Conv_1",
    ]
    assert networks.trainable_parameters(finetune) == 172_289 + 960 * 160 + 9 * 960 + 960 * 320 + 320 * 1280


def test_everything_is_unfrozen_except_batch_normalization():
    vgg = build(spec(VGG16, unfreeze="everything"))
    assert networks.trainable_parameters(vgg) == vgg.count_params()
    mobilenet = build(spec(MOBILENET, unfreeze="everything"))
    body = mobilenet.get_layer("mobilenetv2")
    frozen = {type(layer).__name__ for layer in body.layers if not layer.trainable and layer.weights}
    assert frozen == {"BatchNormalization"}


def test_an_unknown_layer_is_refused():
    with pytest.raises(InputError, match=r"unfreeze: mobilenetv2 has no layer 'block_17'.*out_relu"):
        build(spec(MOBILENET, unfreeze="block_17"))


def test_fine_tuning_changes_the_unfrozen_weights_and_no_moving_statistics(shared):
    settings = spec(MOBILENET, unfreeze="block_16_expand", optimizer=SGD(name="sgd", learning_rate=0.1))
    model = build(settings, weights=shared / "weights" / "mobilenetv2_notop.weights.h5")
    body = model.get_layer("mobilenetv2")
    before = {weight.path: weight.numpy() for weight in body.weights}
    photos = np.random.default_rng(0).integers(0, 256, (16, 32, 32, 3), dtype=np.uint8)
    model.fit(photos, np.arange(16)[:, None] % 2, batch_size=8, epochs=2, verbose=0)
    changed = {path for path, value in before.items() if not np.array_equal(value, _named(body, path))}
    names = {path.split("/")[-2] for path in changed}
    assert names == {"block_16_expand", "block_16_depthwise", "block_16_project", "Conv_1"}


def _named(body, path):
    return next(weight.numpy() for weight in body.weights if weight.path == path)


@pytest.mark.parametrize("backbone", ["vgg16", "mobilenetv2", "efficientnetv2b0", "convnexttiny"])
def test_uint8_photos_are_preprocessed_as_the_backbone_needs(backbone):
    model = build(spec(Pretrained(backbone=backbone)))
    photos = np.random.default_rng(0).integers(0, 256, (2, 32, 32, 3), dtype=np.uint8)
    body = model.get_layer(backbone)
    expected = body(preprocess_input(backbone)(photos.astype(np.float32)), training=False)
    actual = keras.Model(model.inputs, model.get_layer("pooling").input)([photos])
    np.testing.assert_allclose(actual, expected, rtol=1e-4, atol=1e-4)


def test_scaling_to_0_1_is_an_option():
    model = build(spec(Pretrained(backbone="vgg16", preprocess="scale")))
    scaled = keras.Model(model.inputs, model.get_layer("scale").output)([np.full((1, 32, 32, 3), 255, np.uint8)])
    assert float(np.max(scaled)) == 1


@pytest.fixture(scope="module")
def vgg_file(tmp_path_factory):
    path = tmp_path_factory.mktemp("vgg") / "vgg.weights.h5"
    keras.applications.VGG16(weights=None, include_top=False).save_weights(path)
    return path


def fetch(backbone, source, folder, **fields):
    output, record = folder / "out" / f"{backbone}.weights.h5", folder / "out" / f"{backbone}.json"
    fetch_weights(backbone, Weights(source=str(source), **fields).to_json(), output, record)
    return output, WeightsRecord.read(record)


def test_weights_are_copied_from_a_file_with_their_hash(vgg_file, tmp_path):
    output, record = fetch("vgg16", vgg_file, tmp_path)
    assert record == WeightsRecord(backbone="vgg16", source=str(vgg_file), weights="file", sha256=sha256_of(output))
    built = build(spec(VGG16), weights=output).get_layer("vgg16")
    reference = keras.applications.VGG16(weights=str(vgg_file), include_top=False)
    for actual, expected in zip(built.weights, reference.weights, strict=True):
        np.testing.assert_array_equal(actual, expected)


@pytest.mark.parametrize("damage", ["another network", "truncated", "text"])
def test_weights_that_do_not_fit_are_refused_with_the_name_of_the_file(vgg_file, tmp_path, damage):
    damaged = tmp_path / "vgg.weights.h5"
    if damage == "another network":
        keras.applications.MobileNet(weights=None, include_top=False).save_weights(damaged)
    else:
        damaged.write_bytes(vgg_file.read_bytes()[:100_000] if damage == "truncated" else b"<html>")
    with pytest.raises(InputError, match=r"vgg\.weights\.h5: expected weights of vgg16 without the top layers"):
        fetch("vgg16", damaged, tmp_path)
    assert not list((tmp_path / "out").glob("*"))


class Server:
    """Serves a folder on this machine instead of the URL that Keras downloads from."""

    def __init__(self, folder):
        handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(folder))
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}/"


@pytest.fixture
def keras_url(tmp_path, monkeypatch):
    """The folder that Keras downloads from, with an empty cache."""
    from keras.src.applications import mobilenet_v2, vgg16
    from keras.src.utils import file_utils

    for name in ("served", "cache"):  # Keras uses another folder if this one does not exist
        (tmp_path / name).mkdir()
    server = Server(tmp_path / "served")
    monkeypatch.setattr(mobilenet_v2, "BASE_WEIGHT_PATH", server.url)
    monkeypatch.setattr(vgg16, "WEIGHTS_PATH_NO_TOP", server.url + "vgg16_notop.h5")
    monkeypatch.setattr(file_utils.config, "keras_home", lambda: str(tmp_path / "cache"))
    yield tmp_path / "served"
    server.server.shutdown()


def test_imagenet_weights_are_downloaded_by_keras(keras_url, tmp_path):
    import h5py
    from keras.src.legacy.saving.legacy_h5_format import save_weights_to_hdf5_group

    source = keras.applications.MobileNetV2(weights=None, include_top=False)
    name = "mobilenet_v2_weights_tf_dim_ordering_tf_kernels_1.0_224_no_top.h5"
    with h5py.File(keras_url / name, "w") as file:
        save_weights_to_hdf5_group(file, source)
    output, record = fetch("mobilenetv2", "imagenet", tmp_path)
    assert record.weights == "imagenet"
    assert record.sha256 == sha256_of(output)
    copy = keras.applications.MobileNetV2(weights=None, include_top=False)
    copy.load_weights(output)
    for actual, expected in zip(copy.weights, source.weights, strict=True):
        np.testing.assert_array_equal(actual, expected)


def test_imagenet_weights_whose_hash_is_not_the_published_one_are_refused(keras_url, tmp_path):
    (keras_url / "vgg16_notop.h5").write_bytes(b"other weights")
    with pytest.raises(InputError, match=r"weights\.vgg16: .*hash.*set weights\.vgg16 to the file"):
        fetch("vgg16", "imagenet", tmp_path)
    assert not list((tmp_path / "out").glob("*"))


def test_a_failed_download_is_an_error_unless_the_study_allows_random_initialization(keras_url, tmp_path):
    with pytest.raises(InputError, match=r"weights\.vgg16: .*404.*manually"):
        fetch("vgg16", "imagenet", tmp_path)
    _, record = fetch("vgg16", "imagenet", tmp_path, if_unreachable="random")
    assert record.weights == "random"


def test_fine_tuning_has_a_new_optimizer():
    model = build(spec(MOBILENET, optimizer=Adam(name="adam", learning_rate=1e-4)))
    finetuned = networks.prepare(
        model, spec(MOBILENET, unfreeze="block_16_expand", optimizer=Adam(name="adam", learning_rate=1e-5))
    )
    assert float(finetuned.optimizer.learning_rate) == pytest.approx(1e-5)
    assert len(finetuned.trainable_weights) == 10


def test_a_backbone_is_loaded_from_a_file_without_a_download(shared):
    model, origin = load_backbone(
        "mobilenetv2", Weights(source=str(shared / "weights" / "mobilenetv2_notop.weights.h5"))
    )
    assert origin == "file"
    assert len(model.layers) == 154
