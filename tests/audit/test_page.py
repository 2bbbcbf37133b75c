"""The page to review: self-contained, safe for hostile names, usable without scripts, and it writes corrections."""

import base64
import hashlib
import io
import re
from html.parser import HTMLParser

from PIL import Image

from canigatti.audit.page.rendering import render
from canigatti.audit.page.selection import Judgments
from canigatti.audit.page.thumbnails import make_thumbnail
from canigatti.audit.records import AUDIT, PAIRS, FeaturesRecord
from canigatti.photos.records import MANIFEST

HOSTILE = "cat.\"><script>alert('x')</script>&.jpg"
FEATURES = FeaturesRecord(
    backbone="mobilenetv2", weights="file", weights_sha256="a", images_sha256="b", photos=5, dimensions=8, sha256="c"
)
REJECTED = ["cat.8.jpg", "dog.8.jpg"]
NAMES = ["cat.0.jpg", "cat.1.jpg", "dog.0.jpg", HOSTILE, "dog.2.jpg"]


class Tags(HTMLParser):
    """All start tags with their attributes, and the text outside of styles and scripts."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.text, self._last = [], "", ""
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        self._last = tag

    def handle_endtag(self, tag):
        self._last = ""

    def handle_data(self, data):
        if self._last not in ("style", "script"):
            self.text += f" {data}"

    def all(self, *names):
        return [attributes for tag, attributes in self.tags if tag in names]


def judgments(classes=("cat", "dog"), pairs=()):
    rows = [
        {"id": name, "label": min(number % 3, 1), "sha256": f"{number}" * 64, "rank": number + 1, "suggested": 1}
        | {"probability": number / 10, "probability_rank": number + 1, "similarity": 0.5, "similarity_rank": 5 - number}
        | {"subset_half": "test"}
        for number, name in enumerate(NAMES)
    ]
    listed = [
        {"id": name, "label": 0, "path": f"photos/{name}", "sha256": "e" * 64, "verdict": verdict}
        | dict.fromkeys(("width", "height", "bytes"), 1)
        | dict.fromkeys(("mode", "format", "phash", "reason"), "")
        for name, verdict in [*dict.fromkeys(NAMES, "keep").items(), *dict.fromkeys(REJECTED, "contradictory").items()]
    ]
    return Judgments(MANIFEST.frame(listed), AUDIT.frame(rows), PAIRS.frame(list(pairs)), classes)


def page(judged=None, features=FEATURES, shown=5, given=False, corrections=(), color="red"):
    options = {"shown": shown, "given": given, "corrections": list(corrections)}
    draw = lambda path: make_thumbnail(Image.new("RGB", (300, 200), color))  # noqa: E731
    return render("tiny", judgments() if judged is None else judged, features, options, draw)


def words(html):
    return " ".join(Tags(html).text.split())


def pair(kind="labels", subsets=("", ""), one="dog.0.jpg", other="cat.1.jpg"):
    row = {"kind": kind, "split": "given" if kind == "subsets" else "", "id": one, "label": 1}
    return row | {"subset": subsets[0], "other": other, "other_label": 0, "other_subset": subsets[1]}


def test_the_page_loads_nothing_and_allows_its_own_script_only():
    html = page()
    tags = Tags(html)
    assert not {tag for tag, _ in tags.tags} & {"link", "iframe", "object", "embed", "base", "form"}
    for _, attributes in tags.tags:
        assert attributes.get("src", "data:image/webp").startswith("data:image/webp")
        assert attributes.get("href", "#").startswith("#")
        assert not [name for name in attributes if name.startswith("on") or name == "style"]
    policy = next(meta["content"] for meta in tags.all("meta") if "http-equiv" in meta)
    for kind in ("style", "script"):
        content = re.search(rf"<{kind}>(.*)</{kind}>", html, flags=re.DOTALL)[1]
        digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        assert f"{kind}-src 'sha256-{digest}'" in policy
        assert html.count(f"<{kind}") == 1
    assert policy.startswith("default-src 'none'; img-src data:; ")


def test_every_doubtful_photo_is_on_the_page_without_scripts():
    text = words(page())
    assert "cat.0.jpg Label: cat. Suggested: dog Doubt: rank 1 of 5 Probability of its label: 0.0%" in text
    assert "Similarity to its nearest 50: 0.500 Test set of half" in text
    assert "Without scripts this page is a list" in text
    assert all(
        image["alt"] and image["width"] == "224" and image["height"] == "149" for image in Tags(page()).all("img")
    )


def test_a_photo_is_in_the_section_of_its_smaller_rank():
    html = page()
    labels, outsiders = html[html.index('<section id="labels">') :].split('<section id="outsiders">')
    outsiders = outsiders[: outsiders.index("</section>")]
    assert re.findall('data-id="([^"]+)"', labels) == ["cat.0.jpg", "cat.1.jpg", "dog.0.jpg"]
    assert outsiders.count("data-id=") == 2
    assert "Photos of neither class" in outsiders
    assert "Photos of no class" in page(judgments(classes=("cat", "dog", "owl")))


def test_names_of_photos_and_classes_are_escaped():
    html = page(judgments(classes=("<b>cat'", "dog\"'>")))
    tags = Tags(html)
    assert HOSTILE in {attributes.get("data-id") for _, attributes in tags.tags}
    assert len(tags.all("script")) == 1
    assert not tags.all("b")
    assert "<b>cat'" in tags.text


def test_only_the_most_doubtful_are_shown():
    assert page(shown=2).count('<li class="photo"') == 2


def test_a_corrected_photo_is_listed_with_its_correction_and_not_asked_about_again():
    made = {"id": "cat.0.jpg", "sha256": "0" * 64, "action": "keep", "label": "", "reason": "it is one, =really"}
    html = page(corrections=[made])
    shown = [attributes["data-photo"] for attributes in Tags(html).all("li") if "data-photo" in attributes]
    assert shown == [name for name in NAMES if name != "cat.0.jpg"]
    assert "cat.0.jpg keep it is one, =really" in words(html)
    row = next(row for row in Tags(html).all("tr") if "data-id" in row)
    assert {key.removeprefix("data-"): value for key, value in row.items()} == made


def test_near_duplicates_with_different_labels_are_shown_in_pairs():
    html = page(judgments(pairs=[pair(one="dog.8.jpg", other="cat.8.jpg")]))
    assert 'aria-label="dog.8.jpg and cat.8.jpg"' in html
    assert "The study uses neither." in words(html)
    shown = [attributes for attributes in Tags(html).all("li") if attributes.get("data-photo") in REJECTED]
    assert ["data-id" in attributes for attributes in shown] == [False, False], "what is not used is not corrected"
    kept = page(judgments(pairs=[pair()]))
    assert "The study keeps such photos" in words(kept)
    assert kept.count('data-id="dog.0.jpg"') == 2


def test_pairs_across_subsets_are_shown_only_where_a_split_came_with_the_photos():
    leaks = [pair("subsets", ("test", "train"))]
    html = page(judgments(pairs=leaks), given=True)
    assert "Test set of given" in words(html)
    assert "Training set of given" in words(html)
    assert "Near duplicates in different subsets" not in words(page(judgments(pairs=leaks)))


def test_more_pairs_than_the_page_shows_are_counted():
    many = [pair(other=f"cat.{number % 2}.jpg") for number in range(150)]
    assert "And 50 more pairs, which pairs.csv lists." in words(page(judgments(pairs=many)))


def test_features_of_random_weights_are_announced():
    html = page(features=FEATURES.model_copy(update={"weights": "random"}))
    assert "mobilenetv2 started from random initialization" in words(html)
    assert "random initialization" not in words(page())


def test_the_thumbnail_is_small():
    image = Image.effect_noise((1600, 1200), 60)
    thumbnail = make_thumbnail(image)
    assert (thumbnail.width, thumbnail.height) == (224, 168)
    assert len(thumbnail.uri) < 40_000
    content = base64.b64decode(thumbnail.uri.partition(",")[2])
    assert Image.open(io.BytesIO(content)).format == "WEBP"
