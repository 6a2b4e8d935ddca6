"""Charts: what is drawn is what the records say, the words beside it are true, the picture is small and harmless."""

import dataclasses
import re
from xml.etree import ElementTree

import altair as alt
import numpy as np
import pandas as pd
import pytest

import fairaudit as fa
from fairaudit.errors import FairauditError, SchemaError
from fairaudit.report.charts.calibration import calibration_chart
from fairaudit.report.charts.counts import crossing_grid, mosaic
from fairaudit.report.charts.cutoffs import cutoff_chart
from fairaudit.report.charts.drawing import svg
from fairaudit.report.charts.forest import forest
from fairaudit.report.charts.looks import MOST_POINTS
from fairaudit.report.charts.people import driver_bars, person_chart
from fairaudit.report.charts.roc import roc_chart
from fairaudit.report.charts.scores import score_chart
from fairaudit.report.lookup import Lookup, attributes

RACES = ("White", "Black", "Asian", "<script>alert(1)</script>", '=HYPERLINK("x")', "a" * 90, "Native", "\u202eevil")


def applicants(n=4000, seed=3):
    rng = np.random.default_rng(seed)
    race = rng.choice(RACES, n, p=[0.4, 0.2, 0.1, 0.08, 0.08, 0.05, 0.05, 0.04])
    sex = rng.choice(["F", "M"], n)
    score = np.clip(np.round(650 + rng.normal(0, 80, n) - 40 * (race == "Black") - 10 * (sex == "F")), 300, 850)
    paid = np.where(rng.random(n) < 1 / (1 + np.exp(-(score - 560) / 45)), "paid", "default")
    return pd.DataFrame({"race": race, "sex": sex, "score": score, "y": paid})


@pytest.fixture(scope="module")
def audit():
    return fa.audit(
        applicants(), score="score", higher_is="better", cutoff=620, outcome="y", bad="default", groups=["race", "sex"],
        cross=[("race", "sex")], reference={"race": "White", "sex": "M"},
    )  # fmt: skip


@pytest.fixture(scope="module")
def look(audit):
    return Lookup.of(audit.result)


@pytest.fixture(scope="module")
def race(audit):
    return attributes(audit.result)[0]


@pytest.fixture(scope="module")
def explained():
    rng = np.random.default_rng(5)
    n = 500
    group = rng.choice(["A", "B"], n)
    rows = pd.DataFrame({"income": rng.normal(50 - 8 * (group == "B"), 10, n), "debt": rng.normal(20, 5, n)})
    rows["paid"] = np.where(rng.random(n) < 1 / (1 + np.exp(-(rows.income - rows.debt - 25) / 8)), "yes", "no")
    card = fa.Scorecard(good="yes").fit(rows[["income", "debt"]], rows["paid"])
    return fa.audit(rows.assign(group=group), model=card, cutoff=540, outcome="paid", bad="no", groups="group",
                    reference={"group": "A"})  # fmt: skip


def layers(spec):
    """Return every layer of a spec, those of small pictures among them."""
    inner = [*spec.get("layer", ()), *spec.get("vconcat", ()), *([spec["spec"]] if "spec" in spec else [])]
    return [spec] if not inner else [one for part in inner for one in layers(part)]


def rows_of(spec, mark):
    """Return the rows of the first layer of such a mark that has its own."""
    return next(one["data"]["values"] for one in layers(spec) if one["mark"]["type"] == mark and "data" in one)


def every_figure(audit, explained):
    look, race, crossing = Lookup.of(audit.result), attributes(audit.result)[0], attributes(audit.result)[-1]
    ruled = [one for one in audit.result.findings if one.metric == "adverse_impact_ratio" and one.attribute == "race"]
    made = explained.result.explanation
    return {
        "forest": forest(ruled),
        "mosaic": mosaic(look, race, 620.0),
        "crossing": crossing_grid(look, crossing, 620.0),
        "cutoffs": cutoff_chart(look, race),
        "scores": score_chart(look, race),
        "roc": roc_chart(look, race),
        "calibration": calibration_chart([one for one in audit.result.measurements if one.attribute == "race"]),
        "drivers": driver_bars(made.gaps[0]),
        "person": person_chart(made.people[0], "points"),
    }


def test_every_chart_is_valid_small_and_says_what_it_shows(audit, explained):
    figures = every_figure(audit, explained)
    for name, figure in figures.items():
        alt.Chart.from_dict(figure.spec)  # against the schema of Vega-Lite
        assert figure.caption, name
        assert any(character.isdigit() for character in figure.alt), name
        picture, width = svg(figure.spec, "chart-1")
        assert 100 < width < 900, name
        assert len(picture) < 70_000, name
        drawn = ElementTree.fromstring(picture)
        for element in drawn.iter():
            assert element.tag.removeprefix("{http://www.w3.org/2000/svg}") in {
                "svg", "g", "path", "line", "rect", "text", "defs", "clipPath",
            }  # fmt: skip
            assert not {"style", "href", "onload", "class"} & {*element.attrib}
            for place in ("d", "transform"):
                assert not re.search(r"\.\d\d", element.get(place, "")), name
        told = "".join(drawn.itertext())
        assert "\u202e" not in told
        assert "undefined" not in told
        assert "NaN" not in picture


def test_a_picture_holds_at_most_so_many_points_a_line(look, race):
    for figure in (cutoff_chart(look, race), score_chart(look, race), roc_chart(look, race)):
        for one in [figure.spec, *layers(figure.spec)]:
            values = pd.DataFrame(one.get("data", {}).get("values", []))
            if "group" in values:
                assert values.groupby("group").size().max() <= MOST_POINTS + 2


def test_the_mosaic_has_the_counts_of_the_file(look, race):
    people = applicants()
    figure = mosaic(look, race, 620.0)
    bars = pd.DataFrame(rows_of(figure.spec, "rect"))
    whole = bars.assign(share=bars["right"] - bars["left"]).groupby("top")["share"].sum()
    assert whole.to_numpy() == pytest.approx(1, abs=1e-3)
    white = people[people.race == "White"]
    first = bars[bars.top == 0].set_index("part")
    share = ((white.score >= 620) & (white.y == "paid")).mean()
    assert first.loc["selected, good outcome", "right"] == pytest.approx(share, abs=1e-3)
    rate = (white.score >= 620).mean()
    assert figure.alt.startswith(f"White: {100 * rate:.1f}% of {len(white):,} selected")


def test_decisions_without_outcomes_are_told_apart():
    rows = {"sex": ["F"] * 40 + ["M"] * 40, "d": (["yes"] * 10 + ["no"] * 30) + (["yes"] * 20 + ["no"] * 20)}
    counted = fa.audit(rows, decision="d", favorable="yes", groups="sex", reference={"sex": "M"})
    figure = mosaic(Lookup.of(counted.result), attributes(counted.result)[0], None)
    bars = next(one for one in layers(figure.spec) if one["mark"]["type"] == "rect")
    assert bars["encoding"]["color"]["scale"]["domain"] == ["selected", "not selected"]
    assert len(set(bars["encoding"]["color"]["scale"]["range"])) == 2
    assert figure.caption.startswith("Decisions of each group")
    colors = mosaic(Lookup.of(partly()), attributes(partly())[0], 620.0).spec["layer"][0]["encoding"]["color"]["scale"]
    assert "selected, outcome not known" in colors["domain"]
    assert len(set(colors["range"])) == len(colors["domain"])


def partly():
    """Return an audit in which the outcomes of declined people, and of some selected ones, are not known."""
    people = applicants(2000).assign(y=lambda rows: rows["y"].where((rows.score >= 620) & (rows.score % 3 > 0)))
    return fa.audit(people, score="score", higher_is="better", cutoff=620, outcome="y", bad="default", groups="race",
                    reference={"race": "White"}).result  # fmt: skip


def test_the_forest_draws_each_finding_with_its_interval_and_line(audit):
    ruled = [one for one in audit.result.findings if one.metric == "adverse_impact_ratio" and one.attribute == "race"]
    figure = forest(ruled)
    spans = next(one["data"]["values"] for one in layers(figure.spec) if "x2" in one["encoding"])
    assert [row["value"] for row in spans] == [one.value for one in ruled]
    assert [row["low"] for row in spans] == [one.low for one in ruled]
    lines = rows_of(figure.spec, "rule")
    assert [mark["at"] for mark in lines] == [1.0, 0.8]
    lowest = min(ruled, key=lambda one: one.value)
    assert f"Lowest: {lowest.group}, {lowest.value:.3f}" in figure.alt


def test_an_interval_without_an_end_reaches_the_edge_and_says_so(audit):
    one = next(one for one in audit.result.findings if one.metric == "adverse_impact_ratio")
    figure = forest([dataclasses.replace(one, high=None)])
    spans = next(one["data"]["values"] for one in layers(figure.spec) if "x2" in one["encoding"])
    assert spans[0]["after"] is True
    assert "no upper bound" in figure.alt


def test_the_roc_passes_through_the_audited_rates(look, race):
    figure = roc_chart(look, race)
    dots = {row["group"]: row for row in rows_of(figure.spec, "point")}
    rate = look.rate("true_positive_rate", "race", "Black", 620.0)
    assert dots["Black"]["true"] == pytest.approx(rate.value)


def test_the_scores_add_up_to_everybody(look, race):
    figure = score_chart(look, race)
    density = pd.DataFrame(figure.spec["vconcat"][0]["data"]["values"])
    assert density.groupby("group")["share"].sum().to_numpy() == pytest.approx(1, abs=2e-3)
    people = applicants()
    median = np.quantile(people[people.race == "Black"].score, 0.5, method="inverted_cdf")
    assert f"Black: {median:.6g}" in figure.alt


def test_a_person_s_parts_and_a_gap_s_drivers_add_up(explained):
    made = explained.result.explanation
    person = made.people[0]
    assert person.base + sum(part.amount for part in person.parts) == pytest.approx(person.score, abs=1e-9)
    steps = rows_of(person_chart(person, "points").spec, "bar")
    assert steps[0]["from"] == person.base
    assert steps[-1]["to"] == pytest.approx(person.score)
    gap = made.gaps[0]
    assert sum(row["amount"] for row in rows_of(driver_bars(gap).spec, "bar")) == pytest.approx(gap.value, abs=1e-9)


def test_audit_plot_gives_the_same_charts_live(audit, explained):
    assert "cutoffs" in repr(audit.plot)
    for chart in (audit.plot.ratios(), audit.plot.decisions("sex"), audit.plot.crossings(), audit.plot.cutoffs("race"),
                  audit.plot.scores(), audit.plot.roc(), audit.plot.calibration(), explained.plot.drivers(),
                  explained.plot.drivers(measure="selection rate"), explained.plot.person(1)):  # fmt: skip
        made = chart.to_dict()
        assert made["description"]
        assert made["title"]


def test_a_chart_that_cannot_be_drawn_says_why(audit):
    rows = {"sex": ["F"] * 40 + ["M"] * 40, "d": ["yes", "no"] * 40}
    counted = fa.audit(rows, decision="d", favorable="yes", groups="sex", reference={"sex": "M"})
    with pytest.raises(FairauditError, match="no scores of several values"):
        counted.plot.cutoffs()
    with pytest.raises(FairauditError, match="not a crossing of two attributes"):
        counted.plot.crossings()
    with pytest.raises(SchemaError, match=r"no attribute 'rase' in this audit\. There are: race, sex"):
        audit.plot.roc("rase")
    with pytest.raises(FairauditError, match=r"no such gap was taken apart \(model=\)"):
        audit.plot.drivers()
    with pytest.raises(FairauditError, match="no explained person 0: the audit holds 0"):
        audit.plot.person()
    with pytest.raises(FairauditError, match="No rule of the policy asks for 'nope'"):
        audit.plot.ratios(metric="nope")


def test_a_report_of_eight_groups_stays_small(audit):
    eight = fa.audit(
        applicants(), score="score", higher_is="better", cutoff=620, outcome="y", bad="default", groups="race",
        reference={"race": "White"},
    )  # fmt: skip
    assert len(eight.to_html().encode()) < 500_000
