"""Charts and the notebook's table: their numbers are the explanation's, and they can be read without colors."""

import numpy as np
import pandas as pd
import pytest
import vl_convert
from sklearn.ensemble import GradientBoostingClassifier

import fairaudit as fa
from fairaudit.errors import ExplanationError

DRAW = np.random.default_rng(8)
PEOPLE = pd.DataFrame(np.round(DRAW.normal(size=(1_000, 5)), 2), columns=["income", "debt", "age", "<b>", "years"])
PEOPLE.loc[0, "age"] = 0.0
PAID = (PEOPLE["income"] + PEOPLE["debt"] * PEOPLE["age"] + DRAW.normal(size=1_000) > 0).astype(int)
MODEL = GradientBoostingClassifier(n_estimators=15, random_state=0).fit(PEOPLE, PAID)
MADE = fa.explain(fa.wrap(MODEL, good=1, scale=fa.PointsScale()), PEOPLE)


def test_a_waterfall_goes_from_the_base_to_the_score_step_by_step():
    spec = MADE.plot.waterfall(3, most=3).to_dict()
    bars = spec["layer"][0]["data"]["values"] if "data" in spec["layer"][0] else spec["data"]["values"]
    assert bars[0]["from"] == pytest.approx(MADE.base)
    assert bars[-1]["to"] == pytest.approx(MADE.scores[3])
    assert [bar["from"] for bar in bars[1:]] == pytest.approx([bar["to"] for bar in bars[:-1]])
    assert bars[-1]["feature"] == "2 other features"
    sizes = [abs(bar["change"]) for bar in bars[:-1]]
    assert sizes == sorted(sizes, reverse=True)
    assert all((bar["change"] >= 0) == (bar["moves"] == "up") for bar in bars)
    assert "points" in spec["description"]
    assert f"{MADE.scores[3]:.4g}" in spec["description"]
    first = MADE.plot.waterfall(0).to_dict()["layer"][0]
    assert "age = 0" in [bar["feature"] for bar in first["data"]["values"]]


def test_bars_are_mean_absolute_attributions_and_none_is_lost():
    spec = MADE.plot.bar(most=2).to_dict()
    bars = {bar["feature"]: bar["size"] for bar in spec["data"]["values"]}
    size = np.abs(MADE.values).mean(axis=0)
    assert sum(bars.values()) == pytest.approx(size.sum())
    assert bars["income"] == pytest.approx(size[0])
    assert "3 other features, together" in bars
    assert spec["description"].startswith("Mean absolute attribution over 1,000 rows in points")


def test_a_beeswarm_has_the_rows_own_attributions_and_says_how_many_it_draws():
    spec = MADE.plot.beeswarm(most=2).to_dict()
    points = spec["data"]["values"]
    assert len(points) == 2 * 400
    assert spec["title"]["subtitle"] == "400 of 1,000 rows"
    assert points[0]["attribution"] in MADE.values
    ranks = [(float(point["value"]), point["rank"]) for point in points if point["feature"] == "income"]
    assert min(ranks)[1] == 0
    assert max(ranks)[1] == 1
    assert all(-1.1 <= point["beside"] <= 1.1 for point in points)
    words = fa.explain(
        lambda rows: (rows["home"] == "own") * 1.0, pd.DataFrame({"home": ["own", "rent"] * 600}), draws=2
    )
    grey = words.plot.beeswarm()
    assert {point["rank"] for point in grey.to_dict()["data"]["values"]} == {None}
    assert "grey: a value without order, or missing" in grey.to_dict()["title"]["subtitle"]
    # A renderer leaves out marks whose color it cannot work out: every point is there.
    assert vl_convert.vegalite_to_svg(grey.to_dict()).count('aria-roledescription="circle"') == 400


def test_a_row_that_is_not_there_is_refused():
    with pytest.raises(ExplanationError, match="has 1,000 rows"):
        MADE.plot.waterfall(1_000)


def test_the_notebook_table_is_short_and_escaped():
    many = MADE._repr_html_()
    assert "&lt;b&gt;" in many
    assert "1,000 rows" in many
    one = MADE[3:4]._repr_html_()
    assert f"Score {MADE.scores[3]:.6g}" in one
    assert f"{MADE.values[3, 0]:+.4g}" in one
    sampled = fa.explain(lambda rows: rows["income"] * rows["debt"], PEOPLE[:1], PEOPLE, draws=3)._repr_html_()
    assert "standard error" in sampled


def test_the_drivers_of_a_gap_are_drawn_with_their_intervals_and_none_is_lost():
    group = np.where(PEOPLE["income"] + DRAW.normal(size=1_000) > 0, "A", "B")
    found = MADE.drivers(pd.Series(group, name="tribe"), reference="A")
    spec = found.plot(most=2).to_dict()
    bars = spec["layer"][0]["data"]["values"] if "data" in spec["layer"][0] else spec["data"]["values"]
    assert sum(bar["amount"] for bar in bars) == pytest.approx(found.gap.value)
    assert [bar["amount"] for bar in bars[:2]] == [each.amount for each in found.drivers[:2]]
    assert [bar["low"] for bar in bars[:2]] == [each.low_together for each in found.drivers[:2]]
    assert bars[2]["feature"] == "3 other features, together"
    assert "low" not in bars[2]
    assert all((bar["amount"] >= 0) == (bar["moves"] == "higher") for bar in bars)
    assert bars[0]["feature"] == f"income ({found.drivers[0].proxy.auc:.2f})"
    assert spec["description"] == " ".join(found.words)
    whole = found.plot().to_dict()
    assert len(whole["layer"][0]["data"]["values"] if "data" in whole["layer"][0] else whole["data"]["values"]) == 5
