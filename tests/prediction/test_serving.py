"""The page of `canigatti serve`: the answers of `predict`, for this machine only, in a browser too."""

import asyncio
import http.client
import io
import json
import threading
import time
from urllib.parse import quote, urlsplit

import keras
import numpy as np
import pytest
import requests
from axe import SCREENS, violations_now
from browser import open_browser
from PIL import Image
from starlette.datastructures import Headers

from canigatti.extras import require_extra
from canigatti.files import InputError
from canigatti.photos.archives import MEMBER_LIMIT
from canigatti.prediction.calibration import Rules
from canigatti.prediction.files import predict_files
from canigatti.prediction.loading import Predictor, load_predictor
from canigatti.prediction.serving.application import create_application, render_page
from canigatti.prediction.serving.engine import Engine
from canigatti.prediction.serving.explaining import explain_with
from canigatti.prediction.serving.guard import refuse
from canigatti.prediction.serving.records import PhotoAnswer
from canigatti.prediction.serving.server import address, open_socket, run
from canigatti.prediction.serving.uploads import ByteBudget
from canigatti.training.model_files import save_model

CLASSES = ("cat", "dog", "owl <b>", "4", "5", "6", "7")


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    path = tmp_path_factory.mktemp("model") / "model.keras"
    keras.utils.set_random_seed(7)
    photos = keras.Input((8, 8, 3), dtype="uint8")
    values = keras.layers.Flatten()(keras.layers.Rescaling(1 / 255)(photos))
    save_model(keras.Model(photos, keras.layers.Dense(len(CLASSES), "softmax")(values)), path, CLASSES)
    return path


@pytest.fixture(scope="module")
def served(model):
    """The address of the page for a model; what the network looked at is painted red."""
    yield from serve(model, load_predictor(model))


def serve(model, predictor):
    engine, listening = Engine(predictor, lambda square, label: Image.new("RGB", (8, 8), "red")), open_socket(0)
    application = create_application(engine, render_page(predictor, model, 0.05))
    threading.Thread(target=run, args=(application, listening), daemon=True).start()
    yield address(listening)
    engine.close()


def photo(seed, size=(60, 40), form="PNG"):
    noise = np.random.default_rng(seed).integers(0, 256, (6, 8, 3), dtype=np.uint8)
    stream = io.BytesIO()
    Image.fromarray(noise).resize(size, Image.Resampling.BICUBIC).save(stream, form)
    return stream.getvalue()


def post(address, content, name="a.png", **headers):
    return requests.post(f"{address}predict?name={quote(name)}", data=content, headers=headers, timeout=60)


def test_probabilities_are_those_of_predict(served, model, tmp_path):
    predictor, names = load_predictor(model), ["a.png", "b.tiff", 'c "é" <i>.webp']
    for seed, name in enumerate(names):
        (tmp_path / name).write_bytes(photo(seed, form=name.rpartition(".")[2]))
    expected = predict_files(predictor.network, [str(tmp_path / name) for name in names])
    for name, one in zip(names, expected, strict=True):
        response = post(served, (tmp_path / name).read_bytes(), name)
        answer = PhotoAnswer.from_json(response.content)
        assert (response.status_code, answer.name, answer.error) == (200, name, "")
        assert answer.predicted == CLASSES[one.label] == answer.probabilities[0].name
        received = {each.name: each.probability for each in answer.probabilities}
        assert [received[each] for each in CLASSES] == pytest.approx(one.probabilities, abs=1e-6)
        assert answer.photo.startswith("data:image/webp;base64,")
        assert answer.explanation.startswith("data:image/webp;base64,")


def test_an_uncertain_photo_has_no_class_but_probabilities(model):
    predictor = load_predictor(model)
    unsure = Predictor(predictor.network, CLASSES, "squeeze", Rules(threshold=1e9))
    engine = Engine(unsure, lambda square, label: None)
    answer = asyncio.run(predict_with(engine, photo(0)))
    engine.close()
    assert (answer.predicted, answer.is_sure, answer.explanation) == ("unsure", False, "")
    assert len(answer.probabilities) == len(CLASSES)


async def predict_with(engine, content):
    return await engine.predict("a.png", await engine.decode(content))


def test_a_diverged_model_is_refused_before_the_page_is_served(model):
    predictor = load_predictor(model)
    predictor.network.layers[-1].set_weights([np.full((192, 7), np.nan), np.zeros(7)])
    with pytest.raises(InputError, match="diverged"):
        Engine(predictor, lambda square, label: None)


def test_grad_cam_is_drawn_where_something_speaks_for_the_class():
    photos = keras.Input((8, 8, 3), dtype="uint8")
    convolution = keras.layers.Conv2D(1, 3, padding="same", kernel_initializer="ones", name="one")
    values = keras.layers.GlobalAveragePooling2D()(convolution(keras.layers.Rescaling(1 / 255)(photos)))
    output = keras.layers.Dense(1, "sigmoid", kernel_initializer="ones")(values)  # brighter photos are dogs
    explain = explain_with(keras.Model(photos, output))
    square = np.zeros((8, 8, 3), np.uint8)
    square[1:3, 5:7] = 255
    drawn = np.asarray(explain(square, 1), np.int64)
    colored = np.abs(drawn - drawn.mean(axis=2, keepdims=True)).sum(axis=2)
    row, column = np.unravel_index(colored.argmax(), colored.shape)
    assert (row < 480 / 2, column > 480 / 2) == (True, True)
    assert explain(square, 0) is None  # nothing speaks for a cat
    without = keras.Model(photos, keras.layers.Dense(1, "sigmoid")(keras.layers.Flatten()(photos)))
    assert explain_with(without)(square, 1) is None


@pytest.mark.parametrize(
    ("content", "status", "reason"),
    [
        (b"", 422, "the file has 0 bytes"),
        (b"text", 422, "no image in a known format"),
        (photo(0)[:-50], 422, "truncated"),
        (photo(0, (4, 4)), 422, "4×4 pixels, expected at least 8"),
        (photo(0, (10_000, 6_000), "GIF"), 422, "10000×6000 pixels, expected at most 50,000,000"),
    ],
)
def test_what_predict_refuses_is_refused_with_its_name_and_the_same_reason(served, content, status, reason):
    response = post(served, content, "my photo\n<b>.jpg")
    answer = PhotoAnswer.from_json(response.content)
    assert response.status_code == status
    assert (answer.name, answer.probabilities) == ("my photo?<b>.jpg", ())
    assert reason in answer.error


def send(address, *headers):
    """Send a request without a body, with exactly these headers, and return the status and text of the answer."""
    connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=60)
    connection.putrequest("POST", "/predict?name=a.png", skip_host=True)
    for name, value in headers:
        connection.putheader(name, value)
    connection.endheaders()
    response = connection.getresponse()
    return response.status, response.read().decode()


def test_a_body_that_is_too_long_or_of_unknown_length_is_refused_before_it_is_read(served):
    host = ("Host", urlsplit(served).netloc)
    status, text = send(served, host, ("Content-Length", str(MEMBER_LIMIT + 1)))
    assert (status, json.loads(text)["error"]) == (
        413,
        "the file has 1,000,000,001 bytes, expected at most 1,000,000,000",
    )
    status, text = send(served, host, ("Transfer-Encoding", "chunked"))
    assert (status, "Content-Length" in text) == (411, True)


OWN = {"host": "127.0.0.1:8000"}


@pytest.mark.parametrize(
    ("method", "headers", "reason"),
    [
        ("GET", OWN, ""),
        ("GET", {"host": "LOCALHOST"}, ""),
        ("GET", OWN | {"origin": "http://evil.example", "sec-fetch-site": "cross-site"}, ""),  # a link to the page
        ("GET", {"host": "evil.example"}, "evil.example"),
        ("GET", {"host": "127.0.0.1.evil.example:8000"}, "evil.example"),
        ("GET", {"host": "evil.example@127.0.0.1"}, "evil.example"),
        ("GET", {"host": "127.0.0.1:8000\n"}, "expected the host"),
        ("GET", {}, "received none"),
        ("POST", OWN, ""),  # curl
        ("POST", OWN | {"origin": "http://127.0.0.1:8000", "sec-fetch-site": "same-origin"}, ""),
        ("POST", OWN | {"origin": "http://localhost:8000"}, "localhost"),
        ("POST", OWN | {"origin": "http://127.0.0.1:9000"}, "9000"),
        ("POST", OWN | {"origin": "null"}, "null"),
        ("POST", OWN | {"origin": "https://127.0.0.1:8000"}, "https"),
        ("POST", OWN | {"sec-fetch-site": "same-site"}, "another site"),
    ],
)
def test_only_pages_of_this_machine_are_answered(method, headers, reason):
    refusal = refuse(method, Headers(headers))
    assert reason in refusal
    assert bool(refusal) == bool(reason)


def test_foreign_hosts_and_origins_get_nothing(served):
    rebound = requests.get(served, headers={"Host": "evil.example"}, timeout=60)
    foreign = post(served, photo(0), Origin="http://evil.example")
    assert [rebound.status_code, foreign.status_code] == [403, 403]
    assert "cat" not in rebound.text + foreign.text
    host = urlsplit(served).netloc
    assert send(served, ("Host", host), ("Host", "evil.example"), ("Content-Length", "0"))[0] in (400, 403)


def test_every_answer_keeps_the_page_from_loading_or_keeping_anything(served):
    for response in (requests.get(served, timeout=60), post(served, b""), requests.get(f"{served}nowhere", timeout=60)):
        policy = response.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'; script-src 'self';")
        assert "http" not in policy
        assert response.headers["cache-control"] == "no-store"
        assert response.headers["x-content-type-options"] == "nosniff"


def test_the_page_refers_to_nothing_outside(served):
    for name in ("", "style.css", "page.js"):
        response = requests.get(served + name, timeout=60)
        assert response.status_code == 200
        assert "//" not in response.text.replace("// ", "")
    page = requests.get(served, timeout=60).text
    assert "owl &lt;b&gt;" in page
    assert "5% of its answers" in page


def test_uploads_wait_in_order_until_their_bytes_are_free():
    async def upload_all():
        budget, events, held = ByteBudget(10), [], []

        async def upload(name, length):
            async with budget.reserve(length):
                held.append(length)
                events.append((name, sum(held)))
                await asyncio.sleep(0.001)
                held.remove(length)

        await asyncio.gather(*(upload(name, length) for name, length in (("a", 6), ("b", 4), ("c", 10), ("d", 1))))
        return events

    assert asyncio.run(upload_all()) == [("a", 6), ("b", 10), ("c", 10), ("d", 1)]


def test_an_upload_that_fails_frees_its_bytes():
    async def fail_and_reserve():
        budget = ByteBudget(10)
        with pytest.raises(ZeroDivisionError):
            async with budget.reserve(10):
                raise ZeroDivisionError
        async with asyncio.timeout(10), budget.reserve(10):
            return True

    assert asyncio.run(fail_and_reserve())


def test_a_port_in_use_is_a_user_error():
    with open_socket(0) as first, pytest.raises(InputError, match=r"--port: 127\.0\.0\.1:[0-9]+ cannot be used"):
        open_socket(first.getsockname()[1])


def test_a_missing_library_is_named_with_the_line_that_installs_it():
    with pytest.raises(InputError, match=r"needs no_such_library: `pip install 'canigatti\[serve\]'`"):
        require_extra("serve", "json", "no_such_library")


@pytest.fixture
def browser(tmp_path):
    with open_browser(tmp_path) as opened:
        yield opened


def wait_until_shown(browser, status):
    for _ in range(600):
        if (shown := browser.run("return document.getElementById('status').textContent")) == status:
            return
        time.sleep(0.1)
    raise AssertionError(shown)


def test_the_page_works_without_a_mouse_on_a_phone_in_the_dark(served, browser, tmp_path):
    """Photos and other files are chosen with the file input; dropping them is the same function of the script."""
    names = ["a.png", "no <b>photo.jpg", "c.tiff"]
    for seed, name in enumerate(names):
        (tmp_path / name).write_bytes(b"text" if "no" in name else photo(seed, form=name.rpartition(".")[2]))
    browser.show(390, 800, "dark")
    browser.command("Page.navigate", url=served)
    browser.type("#files", "\n".join(str(tmp_path / name) for name in names))
    wait_until_shown(browser, "3 of 3 photos done, 1 refused")
    shown = browser.run("return [...document.querySelectorAll('#photos > li')].map(item => item.innerText)")
    assert [text.split("\n")[0] for text in shown] == names
    assert "Not predicted: no image in a known format" in shown[1]
    answer = PhotoAnswer.from_json(post(served, (tmp_path / "c.tiff").read_bytes()).content)
    assert answer.predicted in shown[2]
    assert f"{answer.probabilities[0].probability:.2%}" in shown[2]
    assert "Grad-CAM" in shown[2]
    assert browser.run("return [...document.images].every(image => image.naturalWidth > 0)")
    assert browser.run("return document.documentElement.scrollWidth") <= 390
    assert [message for message in browser.messages() if "Content Security Policy" in message] == []
    browser.run("document.getElementById('clear').focus()")
    browser.command("Input.dispatchKeyEvent", type="keyDown", key="Enter", text="\r")
    assert browser.run("return document.querySelectorAll('#photos > li').length") == 0


def test_dropped_photos_are_predicted(served, browser):
    browser.command("Page.navigate", url=served)
    browser.run(
        "return new Promise(done => document.readyState === 'complete' ? done() : addEventListener('load', done))"
    )
    browser.run(
        "const data = new DataTransfer(); data.items.add(new File(['text'], 'dropped.jpg'));"
        "document.dispatchEvent(new DragEvent('drop', {dataTransfer: data, bubbles: true, cancelable: true}));"
    )
    wait_until_shown(browser, "1 of 1 photo done, 1 refused")
    assert "Not predicted: no image" in browser.run("return document.querySelector('#photos').innerText")


@pytest.mark.parametrize(("width", "scheme"), SCREENS)
def test_axe_finds_no_violation_with_and_without_photos(served, browser, tmp_path, width, scheme):
    browser.show(width, 900, scheme)
    browser.command("Page.navigate", url=served)
    assert violations_now(browser) == []
    (tmp_path / "a.png").write_bytes(photo(0))
    (tmp_path / "b.png").write_bytes(b"text")
    browser.type("#files", "\n".join(str(tmp_path / name) for name in ("a.png", "b.png")))
    wait_until_shown(browser, "2 of 2 photos done, 1 refused")
    assert browser.run("return document.querySelectorAll('#photos details').length") == 1  # of the other classes
    assert violations_now(browser) == []
