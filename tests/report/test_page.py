"""The page: self-contained, safe for hostile names, complete, and small."""

import base64
import hashlib
import re
from functools import cache
from html import unescape
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import pandas as pd
import pytest
from PIL import Image

from canigatti.files import sha256_of
from canigatti.photos.records import SourceRecord
from canigatti.training.records import TrainingRecord

HOSTILE = '<script>alert("x")</script>&.jpg'


class Elements(HTMLParser):
    """All start tags with their attributes, and the text outside of style elements."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.text, self._inside = [], "", []
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        self._inside.append(tag)

    def handle_endtag(self, tag):
        while self._inside and self._inside.pop() != tag:
            pass

    def handle_data(self, data):
        if not {"style", "script"} & {*self._inside}:
            self.text += data

    def all(self, *names):
        return [attributes for tag, attributes in self.tags if tag in names]


def mark_diverged(path):
    TrainingRecord.read(path).model_copy(update={"status": "diverged"}).write(path)


@pytest.fixture(scope="module")
def page(results, write_report):
    """Write a study, run the command, and return the page as HTML."""

    @cache
    def write(curves=False, **fields):
        study, folder = results(**fields)
        write_report(study, folder, curves=curves)
        return (folder / "report" / "index.html").read_text(encoding="utf-8")

    return write


def test_page_loads_no_other_file(page):
    html = page(name="full", curves=True)
    elements = Elements(html)
    tags = {tag for tag, _ in elements.tags}
    assert not tags & {"link", "iframe", "object", "embed", "base", "source", "video", "audio", "form"}
    for _, attributes in elements.tags:
        for name in ("src", "srcset", "xlink:href", "poster", "data", "background"):
            assert attributes.get(name, "#").startswith(("#", "data:image/")), attributes
        assert "url(" not in attributes.get("style", "")
        assert not [name for name in attributes if name.startswith("on")]
    for link in elements.all("a"):  # what a reader follows is in the results folder
        assert re.match(r"#|explorer\.html$|tables/|\.\./(search|evaluation|photos)/", link["href"]), link
    policy = next(meta["content"] for meta in elements.all("meta") if "default-src" in meta.get("content", ""))
    scripts = re.findall(r"<script>(.*?)</script>", html, re.DOTALL)
    hashes = [base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in scripts]
    assert elements.all("script") == [{}] * len(scripts)
    assert policy.endswith("script-src " + " ".join(f"'sha256-{one}'" for one in hashes))
    style = html[html.index("<style>") : html.index("</style>")]
    assert "@import" not in style
    assert "url(" not in style
    assert any("default-src 'none'" in meta.get("content", "") for meta in elements.all("meta"))


def test_the_page_describes_what_each_resize_mode_does_to_photos(page, results, write_report):
    effect = "he aspect ratio changes most in photos that are far from square."
    assert f"resized to 200 × 200 pixels. T{effect}" in words(page())
    study, folder = results()
    for mode, name in (("crop", "base-641620-rgb"), ("pad", "base-801010-rgb")):
        path = folder / "training" / name / "seed42" / "run.json"
        record = TrainingRecord.read(path)
        record.model_copy(update={"spec": record.spec.model_copy(update={"resize": mode})}).write(path)
    html = (write_report(study, folder) / "index.html").read_text(encoding="utf-8")
    effects = (
        "With resize: crop, only the center square of each photo is used. With resize: pad, photos that are not square "
        f"get black bars. With resize: squeeze, t{effect}"
    )
    assert f"resized to 200 × 200 pixels. {effects}" in words(html)


def words(html):
    return " ".join(Elements(html).text.split())


def test_internal_links_have_targets(page):
    elements = Elements(page())
    ids = [attributes["id"] for _, attributes in elements.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    links = [link["href"] for link in elements.all("a")]
    assert {link[1:] for link in links if link.startswith("#")} <= set(ids)


def test_every_table_of_results_links_its_csv_file(results, write_report):
    study, folder = results(all_tables=True)
    report = write_report(study, folder)
    elements = Elements((report / "index.html").read_text(encoding="utf-8"))
    links = {link["href"] for link in elements.all("a") if not link["href"].startswith("#")} - {"explorer.html"}
    assert all((report / link).is_file() for link in links)
    assert {path.name for path in (report / "tables").glob("*.csv")} == {
        link.removeprefix("tables/") for link in links if link.startswith("tables/")
    }
    assert {"../search/tuned/trials.csv", "../photos/manifest.csv"} <= links


def test_the_page_names_its_newest_network_and_its_manifest_and_no_folder_of_the_machine(results, write_report):
    study, folder = results(seeds=(42, 43))
    path = folder / "photos/source.json"
    source = SourceRecord.read(path)
    source.model_copy(update={"source": f"{folder.parent}/photos of pets.zip"}).write(path)
    html = (write_report(study, folder) / "index.html").read_text(encoding="utf-8")
    assert "Newest network: 2026-11-16." in words(html)
    assert sha256_of(folder / "photos/manifest.csv") in html
    assert "Source: photos of pets.zip." in words(html)
    assert str(folder.parent) not in html
    assert str(Path.cwd()) not in html


def test_names_of_files_and_classes_are_escaped(page):
    html = page(hostile_id=HOSTILE, classes=("<b>cat", "dog'\"><img src=x onerror=y>"))
    elements = Elements(html)
    assert html.count("<script") == 2  # those of every page
    assert all("onerror" not in attributes for _, attributes in elements.tags)
    assert elements.text.count(HOSTILE) == 2 + 8  # path and reason of the rejected file; each experiment's table
    assert "<b>cat" in elements.text


def test_images_have_alternative_text_and_size_and_load_eagerly(page):
    images = Elements(page()).all("img")
    # Photos, accuracy against cost, intervals and curves of the base table, reliability, three galleries per experiment
    assert len(images) == 5 + 1 + 3 + 1 + 3 * 8
    for image in images:
        assert image["src"].startswith("data:image/")
        assert image["alt"]
        assert not {"loading", "decoding"} & set(image), "a printed page or a screenshot would lack them"
        assert int(image["width"]) > 0
        assert int(image["height"]) > 0


def test_heading_levels_are_consecutive_and_table_headers_have_a_scope(page):
    elements = Elements(page())
    levels = [int(tag[1]) for tag, _ in elements.tags if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    assert all(header["scope"] in ("col", "row") for header in elements.all("th"))


def test_page_describes_study_result_and_commands(page):
    text = " ".join(Elements(page(seeds=(42, 43))).text.split())
    assert "25,000 photos: 12,500 of cat, 12,500 of dog" in text
    assert "8 experiments, each with 2 seeds (42, 43)" in text
    assert "NVIDIA H100 80GB HBM3" in text
    assert "keras 3.15.1, python 3.12.3, tensorflow 2.21.0" in text
    assert "8 h in total" in text  # 16 runs of 1800.5 s
    assert "64-16-20640 320 + 320160 80 + 80200 100 + 100" in text.replace("</td>", "")
    assert "would delete 1,590 files. Of these, 1,588 files decode completely and are used here" in text
    assert "131 groups of near-duplicate photos" in text
    assert "base-801010-rgb-aug has the best accuracy" in text
    command = (
        "snakemake results/synthetic/evaluation/base-801010-rgb-aug/seed42/metrics.json \\ "
        "--cores 1 --resources gpu=1 --configfile config/study.yaml \\ "
        "--forcerun results/synthetic/training/base-801010-rgb-aug/seed42/model.keras"
    )
    assert command in text
    assert "Second line" not in text  # only the full study shows values of the original study


def test_confusion_matrices_are_sums_over_seeds(page):
    single, both = (" ".join(Elements(html).text.split()) for html in (page(), page(seeds=(42, 43))))
    assert "true cat1,915 76.6%585 23.4%" in single  # 5,000 photos, 76.6% correct
    assert "true cat3,840 76.8%1,160 23.2%" in both  # and 77.0% correct


SECTIONS = ["base", "search", "modifications", "pretrained", "ablations"]


def test_order_of_the_sections(page):
    def sections(html):
        return [attributes["id"] for tag, attributes in Elements(html).tags if tag == "section"]

    after = ["comparison", "power", "probabilities", "derived", "findings", "study", "photos", "experiments", "how"]
    assert sections(page(all_tables=True)) == [*SECTIONS, *after]
    assert sections(page()) == ["base", *after]


def test_sections_have_a_table_plots_and_a_link(page):
    html = page(all_tables=True)
    for name, count in zip(SECTIONS, (8, 1, 3, 2, 4), strict=True):
        section = html[html.index(f'<section id="{name}">') :]
        section = section[: section.index("</section>")]
        trials = 2 if name == "search" else 0
        # The table, two rows per confusion matrix, and the trials
        assert section.count('<th scope="row">') == count * 3 + trials
        assert section.count("<img") == 2 + (count > 1) + 2 * (name == "search")
        assert section.count("with its 95% interval; the table") == (count > 1)
        assert f'<a href="#{name}">' in html


def test_settings_shared_by_all_rows_are_in_the_caption(page):
    html = page(all_tables=True)
    modifications = html[html.index('<section id="modifications">') : html.index('<section id="pretrained">')]
    assert "All experiments: split 80-10-10, RGB, augmented." in modifications
    assert "Color</th>" not in modifications
    assert "Color</th>" in html[html.index('<section id="base">') : html.index('<section id="search">')]


def test_values_of_the_original_are_on_the_second_line(page):
    html = page(name="full", all_tables=True)
    assert "85.2% (83.7–86.5)<small>84.64%</small>" in html
    assert html.count("Second line: values of the original study.") == 4  # base, modifications, pretrained, all
    assert "–</small>" not in html


def test_random_initialization_is_marked_next_to_the_name(page):
    html = page(all_tables=True, random_initialization=("vgg16-transfer",))
    mark = '<small class="mark">random initialization</small>'
    # Two tables (its own and all), confusion matrix, matrix and list of pairs, probabilities (two), gallery, settings
    assert len(re.findall(rf"vgg16-transfer\s*{mark}", html)) == html.count(mark) == 9
    assert "Experiments with random initialization are excluded." in html
    assert "random initialization" not in page(all_tables=True)


def test_search_section_lists_trials_with_scores_and_errors(page):
    html = page(all_tables=True)
    section = html[html.index('<section id="search">') : html.index('<section id="modifications">')]
    cells = [" ".join(part.split()) for part in re.sub(r"<[^>]+>", "|", section).split("|") if part.strip()]
    text = " ".join(cells)
    assert "The search trained 2 trials for 20 epochs altogether. Its jobs took 2 min 3 s, including the start" in text
    assert "Trial dense units optimizer Score Score per execution Best epoch Epochs Ended Time" in text
    assert "1 3 adam 0.8125 0.8000, 0.8250 5 20 completed 2 min" in text
    assert "2 7 sgd failed: ValueError: &lt;no&gt; –, – – 0 failed 3 s" in text
    assert 'alt="Score of each trial of tuned against each of its hyperparameters"' in section


def test_commands_keep_the_options_and_quote_them(results, write_report):
    study, folder = results()
    options = ("--config", "include=[ablations, backbones]", "study=pets")
    write_report(study.outline("my studies/it's.yaml", options), folder)
    html = (folder / "report" / "index.html").read_text(encoding="utf-8")
    expected = """--configfile 'my studies/it'"'"'s.yaml' --config 'include=[ablations, backbones]' study=pets"""
    assert unescape(html).count(expected) == 3


def test_commands_name_a_configuration_that_is_not_the_default_of_another_snakefile(results, write_report):
    study, folder = results()
    write_report(study.outline("config/full.yaml"), folder)
    html = (folder / "report" / "index.html").read_text(encoding="utf-8")
    assert "--configfile" not in html
    write_report(study.outline("config/full.yaml", ("--snakefile", "../Snakefile")), folder)
    html = (folder / "report" / "index.html").read_text(encoding="utf-8")
    assert html.count("--configfile config/full.yaml --snakefile ../Snakefile") == 3


def test_an_imported_study_shows_no_commands(results, write_report):
    study, folder = results()
    write_report(study.outline(None), folder)
    html = (folder / "report" / "index.html").read_text(encoding="utf-8")
    assert "Another workflow imported canigatti" in html
    assert "snakemake --cores" not in html


def test_experiment_with_a_diverged_seed_is_marked_and_shows_another_seed(results, write_report):
    study, folder = results(seeds=(42, 43))
    record = folder / "training/base-641620-rgb/seed42/run.json"
    mark_diverged(record)
    write_report(study, folder)
    html = (folder / "report" / "index.html").read_text(encoding="utf-8")
    mark = '<small class="mark">1 of 2 diverged</small>'
    assert re.search(rf"base-641620-rgb\s*{mark}\s*</h3> <span>seed 43", html)
    assert "± nan" not in html


def test_experiment_with_a_seed_that_gave_up_is_marked(results, write_report):
    study, folder = results(seeds=(42, 43))
    record = folder / "training/base-641620-rgb/seed42/run.json"
    TrainingRecord.read(record).model_copy(update={"gave_up": True}).write(record)
    write_report(study, folder)
    html = (folder / "report" / "index.html").read_text(encoding="utf-8")
    assert re.search(r'base-641620-rgb\s*<small class="mark">1 of 2 gave up</small>', html)
    assert "Gave up: the training ended after the epochs that early_stopping.give_up_after sets" in html
    table = pd.read_csv(folder / "report/tables/base.csv").set_index("experiment")
    assert table["gave_up"].to_dict() == {name: int(name == "base-641620-rgb") for name in table.index}


def test_headline_names_no_other_experiment_if_all_others_diverged(results, write_report):
    study, folder = results()
    outline = study.outline("config/study.yaml")
    outline = outline.model_copy(update={"experiments": outline.experiments[:2]})
    second = folder / "training" / outline.experiments[1].name / "seed42/run.json"
    mark_diverged(second)
    write_report(outline, folder)
    header = (folder / "report" / "index.html").read_text(encoding="utf-8").partition("</header>")[0]
    assert "no experiment is significantly more accurate than these" not in header
    assert re.search(rf"without an accuracy:\s*<span class=\"name\">{outline.experiments[1].name}<", header)


def test_random_initializations_are_not_ranked(page):
    html = page(all_tables=True, random_initialization=("vgg16-transfer", "mobilenetv2-transfer"))
    section = html[html.index('<section id="pretrained">') : html.index('<section id="ablations">')]
    assert "★" not in section
    assert "shaded band" not in section


def test_conclusions_without_experiments_are_collapsed(page):
    html = page()
    collapsed = html[html.index("for which this study has no experiments") : html.index("The two networks of a pair")]
    assert "Dropout works better than batch normalization" in collapsed
    assert "Color raises accuracy" not in collapsed


def test_pairs_are_in_a_matrix_per_split_and_in_a_collapsed_table(page):
    html = page(all_tables=True)
    comparison = html[html.index('<section id="comparison">') : html.index('<section id="findings">')]
    text = " ".join(Elements(comparison).text.split())
    assert comparison.count('<table class="pairs">') == 2
    cells = re.findall(r'<td class="(significant|not-significant)">([^<]+)</td>', comparison)
    assert len(cells) == 10 + 66
    assert ("significant", "+20.6") in cells  # mobilenetv2-transfer against base-801010-gray
    assert ("not-significant", "+0.5") in cells
    assert "All 66 pairs of the split 80-10-10" in text
    answers = re.findall(r"<td>(yes|no)</td></tr>", comparison)
    assert [answers.count(answer) for answer in ("yes", "no")] == [
        [kind for kind, _ in cells].count(kind) for kind in ("significant", "not-significant")
    ]
    expanded = [attributes for attributes in Elements(comparison).all("details") if "open" in attributes]
    assert expanded == []


def test_study_without_pairs_has_a_note(results, write_report):
    study, folder = results()
    outline = study.outline("config/study.yaml")
    outline = outline.model_copy(update={"experiments": (outline.experiments[0], outline.experiments[-1])})
    write_report(outline, folder)
    assert "no two experiments with an accuracy use the same split" in (folder / "report" / "index.html").read_text()


def test_findings_have_claim_verdict_results_and_rule(page):
    html = page(all_tables=True)
    findings = html[html.index('<section id="findings">') : html.index('<section id="study">')]
    text = " ".join(Elements(findings).text.split())
    assert (
        findings.count("<dt>Here</dt>")
        == findings.count("<dt>Original</dt>")
        == findings.count("How the verdict was reached")
        == 11
    )
    assert "supported Augmentation raises accuracy Here+3.5 points (" in text
    assert "), mean of 4 pairs Original+3.6 points, mean of 4 (+3.3 to +4.2)" in text
    assert "base-641620-gray-aug against base-641620-gray: +3.4 points (" in text
    assert "inconclusive Dropout works better than batch normalization" in text


@pytest.mark.parametrize(
    ("defaults", "is_noted"),
    [({}, False), ({"label_smoothing": 0.1}, True), ({"class_weight": "balanced"}, True), ({"oversample": True}, True)],
)
def test_losses_that_settings_change_have_a_note(results, write_report, defaults, is_noted):
    html = (write_report(*results(defaults=defaults)) / "index.html").read_text()
    assert ("do not compare the losses of experiments that differ in these settings" in html) == is_noted


def test_page_of_eight_experiments_with_large_galleries_is_small(page):
    assert 100_000 < len(page(curves=True, gallery=600)) < 2_500_000


def test_curves_without_a_finite_value_have_a_gap(results, write_report):
    study, folder = results()
    history = folder / "training" / "base-641620-gray" / "seed42" / "history.csv"
    lines = history.read_text().splitlines()
    lines[5] = "5,nan,0.5,nan,0.5,1.0"
    history.write_text("\n".join(lines) + "\n")
    write_report(study, folder, curves=True)
    html = (folder / "report" / "index.html").read_text(encoding="utf-8")
    plots = [image["src"].partition("base64,")[2] for image in Elements(html).all("img") if "svg" in image["src"]]
    assert len(plots) == 3  # intervals, loss and accuracy
    assert not [plot for plot in plots if re.search(r"\bnan\b", base64.b64decode(plot).decode(), re.IGNORECASE)]


def test_error_names_invalid_image(results, write_report):
    from canigatti.files import InputError

    study, folder = results()
    (folder / "photos" / "sizes.png").write_bytes(b"not an image")
    with pytest.raises(InputError, match=r"photos/sizes\.png: expected an image"):
        write_report(study, folder)
    assert not (folder / "report" / "index.html").exists()


def test_large_photo_is_reduced_and_plot_keeps_its_pixels(tmp_path):
    import io

    import numpy as np

    from canigatti.report.page.embedding import embed

    def decode(embedded):
        return Image.open(io.BytesIO(base64.b64decode(embedded.uri.split(",")[1])))

    noise = np.random.default_rng(0).integers(0, 256, (700, 900, 3), dtype=np.uint8)
    Image.fromarray(noise).save(tmp_path / "photo.png")
    photo = embed(tmp_path / "photo.png", max_bytes=100_000)
    assert photo.bytes <= 100_000
    assert decode(photo).width < 900
    assert (photo.width, photo.height) == (900, 700)  # on the page, it and its texts are as large as they were
    plot = Image.new("RGBA", (300, 200), (0, 0, 0, 0))
    plot.paste((200, 30, 30, 255), (50, 50, 100, 100))
    plot.save(tmp_path / "plot.png")
    exact = decode(embed(tmp_path / "plot.png")).convert("RGB")
    assert exact.size == (300, 200)
    assert exact.getpixel((75, 75)) == (200, 30, 30)
    assert exact.getpixel((5, 5)) == (255, 255, 255)
