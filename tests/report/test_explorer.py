"""The explorer of test photos: what it lists without scripts, what it packs, and that it is safe for hostile names."""

import base64
import hashlib
import io
import json
import re
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest
from explorer_pages import HOSTILE, IDS, made_up_study, page
from PIL import Image

from canigatti.config import Square, most_viewable
from canigatti.evaluation.predictions import Predictions, logits_of
from canigatti.files import InputError
from canigatti.photos.records import MANIFEST
from canigatti.photos.resizing import to_square
from canigatti.photos.store import Store
from canigatti.report.commands.explorer import write_explorer
from canigatti.report.explorer.comparing import UNTESTED, compare_photos
from canigatti.report.explorer.packing import pack
from canigatti.report.explorer.reading import TrainedNetwork
from canigatti.report.explorer.thumbnails import MAX_PHOTOS, draw_thumbnails, side_for
from canigatti.training.records import TrainingRecord


class Tags(HTMLParser):
    """All start tags with their attributes, the text outside of styles and scripts, and the content of scripts."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.text, self.scripts, self._last = [], "", [], ""
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        self._last = tag

    def handle_endtag(self, tag):
        self._last = ""

    def handle_data(self, data):
        if self._last == "script":
            self.scripts.append(data)
        elif self._last != "style":
            self.text += f" {data}"

    def all(self, *names):
        return [attributes for tag, attributes in self.tags if tag in names]


def section(html, name):
    return html.split(f'<section id="{name}"')[1].split("</section>")[0]


def listed(html, name):
    """The photos of one list."""
    return re.findall(r"<strong>(.*?)</strong>", section(html, name))


def network(ids, labels, probabilities, name="one", seed=1):
    values = np.array(probabilities, dtype=float)
    predictions = Predictions(np.array(ids, dtype=object), np.array(labels), values, logits_of(values))
    return TrainedNetwork(name, seed, predictions)


def test_photos_are_compared_by_id_and_networks_of_other_splits_do_not_count():
    first = network(["a", "b", "c"], [0, 1, 1], [[0.9, 0.1], [0.6, 0.4], [0.2, 0.8]])
    second = network(["d", "c", "b"], [0, 1, 1], [[0.3, 0.7], [0.55, 0.45], [0.8, 0.2]])
    photos = compare_photos([first, second])
    assert photos.ids.tolist() == ["b", "d", "c", "a"], "wrong by all (2, 1), wrong by some, right by all"
    assert photos.labels.tolist() == [1, 0, 1, 0]
    assert photos.predicted.tolist() == [[0, 0], [UNTESTED, 1], [1, 0], [0, UNTESTED]]
    assert photos.wrong.tolist() == [2, 1, 1, 0]
    assert photos.tested.tolist() == [2, 1, 2, 1]
    assert photos.is_disputed.tolist() == [False, False, True, False]
    np.testing.assert_allclose(photos.certainty, [(0.2 + 0.6) / 2, 0.4, (0.6 + 0.1) / 2, 0.8])
    np.testing.assert_allclose(photos.probabilities[0], [0.6, 0.8])
    np.testing.assert_allclose(photos.true_probabilities[0], [0.4, 0.2])
    assert np.isnan(photos.probabilities[1, 0])


def test_the_certainty_of_many_classes_is_the_margin_of_the_two_most_probable_ones():
    photos = compare_photos([network(["a"], [2], [[0.5, 0.3, 0.2]])])
    np.testing.assert_allclose(photos.certainty, [0.2])
    assert photos.true_probabilities.tolist() == [[0.2]]


def test_two_labels_of_a_photo_are_refused():
    networks = [network(["a"], [label], [[0.5, 0.5]]) for label in (0, 1)]
    with pytest.raises(InputError, match="different labels of a;"):
        compare_photos(networks)


def test_every_photo_is_in_one_list_without_scripts_and_the_errors_of_all_come_first():
    html = page()
    parts = {name: listed(html, name) for name in ("wrong", "disagree", "right")}
    assert parts["wrong"] == ["owl.1.jpg", "cat.1.jpg"]
    assert parts["disagree"] == ["dog.2.jpg", "cat.3.jpg", "cat.2.jpg"]
    assert sum(map(len, parts.values())) == len(IDS)
    text = " ".join(Tags(section(html, "wrong")).text.split())
    assert "cat.1.jpg cat wrong: 3 of 3 (dog)" in text
    assert "owl.1.jpg owl, =x wrong: 3 of 3 (cat 2, dog 1)" in text
    assert "dog.2.jpg dog wrong: 2 of 3 (cat 2, dog 1)" in " ".join(Tags(section(html, "disagree")).text.split())


def test_least_certain_near_duplicate_and_rejected_photos_are_listed_without_scripts():
    html = page()
    least = " ".join(Tags(section(html, "least")).text.split())
    assert "Least certain cat.3.jpg cat, certainty 2.00%, wrong: 1 of 3" in least
    assert "cat.1.jpg , cat.2.jpg , cat.99.jpg" in " ".join(Tags(section(html, "duplicates")).text.split())
    rejected = " ".join(Tags(section(html, "rejected")).text.split())
    assert "photos/empty.jpg empty no bytes" in rejected
    targets = {attributes["id"] for _, attributes in Tags(html).tags if "id" in attributes}
    links = [attributes["href"] for attributes in Tags(html).all("a")]
    assert {link[1:] for link in links if link.startswith("#")} <= targets
    assert [link for link in links if not link.startswith("#")] == ["index.html"]


def test_photos_beyond_the_limit_are_counted():
    text = " ".join(Tags(page(total=20_000)).text.split())
    assert "made of 20,000 test photos." in text
    assert "This page has 9 of them" in text
    assert "This page has" not in page()


def test_the_page_loads_nothing_and_allows_its_own_script_only():
    html = page()
    tags = Tags(html)
    assert not {tag for tag, _ in tags.tags} & {"link", "iframe", "object", "embed", "base", "noscript"}
    for _, attributes in tags.tags:
        assert attributes.get("src", "data:image/webp").startswith("data:image/webp")
        assert not [name for name in attributes if name.startswith("on") or name == "style"]
    policy = next(meta["content"] for meta in tags.all("meta") if "http-equiv" in meta)
    for kind in ("style", "script"):
        content = re.search(rf"<{kind}>(.*)</{kind}>", html, flags=re.DOTALL)[1]
        digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        assert f"{kind}-src 'sha256-{digest}'" in policy
    assert policy.startswith("default-src 'none'; img-src data:; ")
    assert [script.get("type") for script in tags.all("script")] == ["application/json", None]


def test_hostile_names_of_photos_and_classes_are_text():
    html = page(classes=("<b>cat'", "</script><script>alert(1)</script>", "owl"))
    tags = Tags(html)
    assert len(tags.all("script")) == 2
    assert not tags.all("b")
    assert HOSTILE in tags.text
    data = json.loads(tags.scripts[0])
    assert HOSTILE in data["ids"]
    assert data["classes"][1] == "</script><script>alert(1)</script>"


def test_the_packed_numbers_are_those_of_the_networks():
    study = made_up_study()
    photos = compare_photos(study.networks[:2])
    data = pack(study, photos, ["path"] * len(photos))
    unpack = lambda text: np.frombuffer(base64.b64decode(text), "<u2").reshape(2, len(photos)).T  # noqa: E731
    np.testing.assert_array_equal(unpack(data["predicted"]), photos.predicted)
    np.testing.assert_allclose(unpack(data["probabilities"]) / 10_000, photos.probabilities, atol=0.5e-4)
    np.testing.assert_allclose(unpack(data["trueProbabilities"]) / 10_000, photos.true_probabilities, atol=0.5e-4)
    partly = pack(study, compare_photos([study.networks[0], network(["new"], [0], [[1.0, 0, 0]])]), [])
    assert 0xFFFF in np.frombuffer(base64.b64decode(partly["predicted"]), "<u2")
    assert data["members"] == [["cat.1.jpg", "cat.2.jpg", "cat.99.jpg"]]
    assert sorted(data["ranks"]) == [*range(len(photos))]


@pytest.mark.parametrize("resize", ["squeeze", "crop", "pad"])
def test_thumbnails_have_the_aspect_ratio_of_the_photo_and_no_bars(resize):
    photo = Image.new("RGB", (400, 200), (200, 30, 30))
    square = Square(96, resize)
    store = Store(to_square(photo, square)[None], np.array(["a"], dtype=object), np.array([0]))
    drawn = draw_thumbnails(store, square, np.array(["a"], dtype=object), np.array([[400, 200]]))[0]
    assert (drawn.width, drawn.height) == ((96, 96) if resize == "crop" else (96, 48))
    with Image.open(io.BytesIO(base64.b64decode(drawn.uri.split(",")[1]))) as image:
        assert image.size == (drawn.width, drawn.height)
        assert np.asarray(image.convert("RGB")).astype(int).min(axis=(0, 1))[0] > 150, "no black bars"


def test_thumbnails_are_smaller_where_there_are_many():
    assert [side_for(photos) for photos in (1, 150, 151, 2_500, MAX_PHOTOS)] == [192, 192, 128, 96, 64]


def test_the_shown_store_has_enough_pixels_of_whole_photos():
    assert most_viewable([Square(32), Square(96, "crop")]) == Square(96, "crop")
    assert most_viewable([Square(224, "crop"), Square(224), Square(299)]) == Square(224)


@pytest.fixture(scope="module")
def finished(results):
    """A study of two splits with an image store of 8 pixels, its outline and its folder."""
    study, folder = results(diverged=("base-641620-rgb",))
    ids = [f"photo.{number}.jpg" for number in range(5400)]
    rows = {"id": ids, "label": 0, "path": ids, "width": 8, "height": 4, "bytes": 1, "sha256": "0", "verdict": "keep"}
    MANIFEST.write(
        folder / "photos" / "manifest.csv", pd.DataFrame({**rows, "mode": "", "format": "", "phash": "", "reason": ""})
    )
    np.save(folder / "photos" / "images-8.npy", np.zeros((5400, 8, 8, 3), np.uint8))
    return study.outline("study.yaml"), folder


def write(finished, name):
    outline, folder = finished
    write_explorer(outline.to_json(), folder, folder / "photos" / "images-8.npy", "8", folder / name)
    return (folder / name).read_bytes()


def test_the_command_writes_every_test_photo_of_every_split_the_same_way_each_time(finished):
    content = write(finished, "first.html")
    assert content == write(finished, "second.html")
    tags = Tags(content.decode())
    data = json.loads(tags.scripts[0])
    assert len(data["ids"]) == len(set(data["ids"])) == 5000
    assert [name for name, _ in data["networks"]] == [
        one.name for one in finished[0].experiments if one.name != "base-641620-rgb"
    ]
    assert set(data["tested"]) == {3, 7}
    assert "Not counted, because the training diverged: base-641620-rgb, seed 42." in " ".join(tags.text.split())
    assert "not every network was tested on every photo" in tags.text


def test_a_study_without_a_network_that_converged_is_refused(finished):
    folder = finished[1]
    for path in folder.glob("training/*/*/run.json"):
        TrainingRecord.read(path).model_copy(update={"status": "diverged"}).write(path)
    with pytest.raises(InputError, match="all training runs diverged"):
        write(finished, "third.html")
    assert not (folder / "third.html").exists()
