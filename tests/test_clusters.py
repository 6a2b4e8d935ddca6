"""Audits of people in clusters, from the call to the report."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

import fairaudit
import fairaudit as fa
from fairaudit.cli import group
from fairaudit.result import read_result

ROLES = {
    "groups": ["race", "sex"], "score": "score", "higher_is": "better", "cutoff": [600.0, 620.0], "outcome": "bad",
    "bad": 1, "strata": "branch", "reference": {"race": "White", "sex": "M"}, "rng": 1,
}  # fmt: skip


def homes(number=300, gap=0.0, seed=1):
    """Homes of one race and 1 to 5 people, whose scores have a part in common."""
    rng = np.random.default_rng(seed)
    home = np.repeat(np.arange(number), rng.integers(1, 6, number))
    race = np.array(["White", "Black"])[home % 2]
    shared = rng.normal(size=number)[home]
    score = 600 + 20 * shared + 20 * rng.normal(size=len(home)) - gap * (race == "Black")
    return {
        "home": home.tolist(),
        "race": race.tolist(),
        "sex": rng.choice(["F", "M"], len(home)).tolist(),
        "branch": rng.choice(["North", "South"], len(home)).tolist(),
        "score": np.round(score / 5).astype(int).__mul__(5).tolist(),
        "bad": (rng.random(len(home)) < 0.3 - 0.1 * shared).astype(int).tolist(),
    }


@pytest.fixture(scope="module")
def table():
    return homes()


@pytest.fixture(scope="module")
def both(table):
    return fa.audit(table, **ROLES, cluster="home"), fa.audit(table, **ROLES)


def test_values_stay_and_intervals_of_decisions_are_wider(both):
    clustered, plain = (one.result for one in both)
    assert [(f.id, f.value) for f in clustered.findings] == [(f.id, f.value) for f in plain.findings]
    assert [(r.metric, r.group, r.value) for r in clustered.rates] == [
        (r.metric, r.group, r.value) for r in plain.rates
    ]
    widths = []
    for ours, theirs in zip(clustered.findings, plain.findings, strict=True):
        if ours.metric == "selection_rate_difference" and ours.attribute == "race":
            widths.append((ours.high - ours.low) / (theirs.high - theirs.low))
            assert ours.p > theirs.p
    assert len(widths) == 2
    assert min(widths) > 1.15
    primary = [f for f in clustered.findings if f.family == "primary" and f.metric == "adverse_impact_ratio"]
    assert {f.attribute for f in primary} == {"race", "sex"}
    for finding in primary:
        assert finding.method.startswith("Miettinen-Nurminen, replicate weights over about ")
        assert "clusters of 'home'" in finding.method
        assert finding.test == "t over clusters"
        assert "interval by replicate weights over about" in finding.sentence
    rate = next(r for r in clustered.rates if r.metric == "selection_rate" and r.group == "Black")
    assert rate.method.startswith("Wilson, replicate weights over")


def test_scores_have_intervals_that_allow_for_clusters(both):
    clustered, plain = (one.result for one in both)
    scores = {"mean_score", "area_under_curve", "gini", "kolmogorov_smirnov", "bad_rate_by_score_band", "scoring_rate"}
    pairs = [(a, b) for a, b in zip(clustered.rates, plain.rates, strict=True) if a.metric in scores]
    assert {mine.metric for mine, _ in pairs} == scores
    for mine, theirs in pairs:
        assert mine.low <= mine.value <= mine.high
        assert "replicate weights over" in mine.method
        # Half of the spread of scores is that of homes: an interval as if people were independent is too short.
        if mine.metric == "mean_score" and mine.attribute == "race":
            assert (mine.high - mine.low) / (theirs.high - theirs.low) > 1.2
    of_scores = ("standardized", "area_under_curve", "scoring_rate_ratio")
    findings = [f for f in clustered.findings if f.metric.startswith(of_scores)]
    assert len(findings) == 10
    for f in findings:
        none = 1.0 if f.metric == "scoring_rate_ratio" else 0.0
        assert (f.low > none or f.high < none) == (f.p < 0.05)
        assert f.test == "t over clusters"
        theirs = next(other for other in plain.findings if other.id == f.id)
        # As wide as homes make it, and no wider: the degrees of freedom are those of 150 homes.
        assert 0.85 < (f.high - f.low) / (theirs.high - theirs.low) < 1.5
    columns = {name for curve in clustered.curves.groups for name in curve.columns}
    assert {f"{of}{part}_{side}" for of in ("selection_rate", "adverse_impact_ratio") for part in ("", "_band")
            for side in ("low", "high")} < columns  # fmt: skip
    for curve in clustered.curves.groups:
        c = {name: np.array(column, dtype=float) for name, column in curve.columns.items()}
        assert (c["selection_rate_band_low"] <= c["selection_rate_low"] + 1e-12).all()
        assert (c["selection_rate_high"] <= c["selection_rate_band_high"] + 1e-12).all()
    assert all("clusters of 'home'" in band.method for band in clustered.curves.bands)
    # At a cut-off that was declared the interval of the curve is that of the rate.
    at = clustered.curves.cutoffs.index(600)
    for curve in clustered.curves.groups:
        rate = next(r for r in clustered.rates if (r.metric, r.group, r.cutoff) == ("selection_rate", curve.group, 600))
        ends = curve.columns["selection_rate_low"][at], curve.columns["selection_rate_high"][at]
        assert ends == pytest.approx((rate.low, rate.high), rel=1e-9)


def test_scores_move_as_whole_homes_drawn_anew_do(table, both):
    """By numpy on rows: 400 times as many homes as there are, drawn with replacement."""
    homes_of = np.array(table["home"])
    score, bad, black = np.array(table["score"]), np.array(table["bad"]), np.array(table["race"]) == "Black"
    rng = np.random.default_rng(5)
    drawn = []
    for _ in range(400):
        w = np.bincount(rng.integers(0, 300, 300), minlength=300)[homes_of].astype(float)
        mean, other = (np.average(score, weights=w * side) for side in (black, ~black))
        sigma = np.sqrt(np.average((score - np.average(score, weights=w)) ** 2, weights=w))
        good = w * black * (bad == 0)
        poor = w * black * (bad == 1)
        order = np.argsort(score, kind="stable")
        _, start = np.unique(score[order], return_index=True)
        g, b = (np.add.reduceat(side[order], start) for side in (good, poor))
        auc = (g * (np.cumsum(b) - b / 2)).sum() / (g.sum() * b.sum())
        drawn.append((mean, auc, (mean - other) / sigma))
    spread = np.std(drawn, axis=0)
    rates = {r.metric: r for r in both[0].result.rates if r.group == "Black" and r.cutoff is None}
    smd = next(f for f in both[0].result.findings if f.metric == "standardized_mean_difference" and f.group == "Black")
    for found, error in zip((rates["mean_score"], rates["area_under_curve"], smd), spread, strict=True):
        assert (found.high - found.low) / (2 * 1.97) == pytest.approx(error, rel=0.17)


def test_adjusted_effects_have_the_sandwich_of_clusters(table, both):
    """statsmodels' cluster-robust standard errors, of the linear model and of the logit's average marginal effect."""
    import statsmodels.api as sm

    rows = pd.DataFrame(table)
    rows = rows.assign(y=(rows.score >= 600).astype(float), black=(rows.race == "Black").astype(float))
    x = sm.add_constant(rows[["black"]].assign(north=(rows.branch == "North").astype(float)))
    how = {"cov_type": "cluster", "cov_kwds": {"groups": rows.home}}
    linear = sm.OLS(rows.y, x).fit(**how)
    logit = sm.Logit(rows.y, x).fit(disp=False, **how).get_margeff(dummy=True)
    found = {
        m.detail: m
        for m in both[0].result.measurements
        if m.metric == "adjusted_marginal_effect" and m.attribute == "race" and m.cutoff == 600
    }
    for detail, value, error in (
        ("given branch (linear probability)", linear.params["black"], linear.bse["black"]),
        ("given branch (logit)", logit.margeff[0], logit.margeff_se[0]),
    ):
        made = found[detail]
        assert made.value == pytest.approx(value, rel=1e-6)
        # Homes are put into some 256 replicates at random, and t has about as many degrees of freedom.
        assert (made.high - made.low) / (2 * 1.97) == pytest.approx(error, rel=0.12)
        assert made.method.endswith("replicate weights over about 300 clusters of 'home'")
    assert {"raw (logit)", "raw (linear probability)"} < set(found)


WITHOUT = {"stratum_homogeneity", "abroca", "brier_resolution"}
"""What the replicates do not serve."""


def test_what_has_no_clustered_interval_says_why(both):
    clustered = both[0].result
    without = [m for m in clustered.measurements if m.metric in WITHOUT]
    assert {m.metric for m in without} == WITHOUT - {"brier_resolution"}
    for m in without:
        assert (m.low, m.high, m.p, m.test, m.expected) == (None,) * 5
        assert m.method.startswith("no interval that allows for clusters of 'home': ")
    assert all(m.value is None for m in without if m.metric == "stratum_homogeneity")
    entry = next(one for one in clustered.not_run if "homogeneity" in one.what)
    assert "people come in clusters of 'home'" in entry.reason
    # Adjusted effects have intervals where they are made of cells; those that are made of rows have none.
    assert "adjusted effects that are fitted from rows" in entry.what


def test_everything_else_has_what_it_has_of_independent_people(both):
    clustered, plain = (one.result for one in both)
    pairs = list(zip(clustered.measurements, plain.measurements, strict=True))
    kept = [(ours, theirs) for ours, theirs in pairs if ours.metric not in WITHOUT]
    assert len({ours.metric for ours, _ in kept}) > 20
    for ours, theirs in kept:
        assert (ours.metric, ours.group, ours.detail, ours.value) == (
            theirs.metric, theirs.group, theirs.detail, theirs.value,
        )  # fmt: skip
        if theirs.method is None or theirs.undefined is not None:
            continue
        assert "replicate weights over" in ours.method, ours
        quantile = ours.metric == "score_quantile_gap"  # its size by chance alone is dealt person by person
        for name in ("low", "high") if quantile else ("low", "high", "expected", "p"):
            assert (getattr(ours, name) is None) == (getattr(theirs, name) is None), (name, ours)
        if ours.low is not None:
            assert ours.low - 1e-9 <= ours.value <= ours.high + 1e-9
        assert (ours.p is None) == (ours.p_adjusted is None) == (ours.test is None)
    widths = [
        (a.high - a.low) / (b.high - b.low)
        for a, b in kept
        if a.attribute == "race"
        and a.low is not None
        and b.high > b.low
        and a.metric.startswith(("segmented", "balance"))
    ]
    assert len(widths) >= 4
    assert min(widths) > 1.1  # homes have scores in common


def test_profit_in_clusters(table):
    roles = ROLES | {"groups": "race", "reference": {"race": "White"}, "profit": {"good": 18, "bad": -82}}
    clustered, plain = (fa.audit(table, **roles, cluster=column).result for column in ("home", None))
    ours, theirs = ([m for m in result.measurements if m.topic == "profit"] for result in (clustered, plain))
    assert {m.metric for m in ours} >= {
        "expected_profit",
        "maximum_profit",
        "profit_under_parity",
        "cutoff_under_parity",
    }
    for a, b in zip(ours, theirs, strict=True):
        assert (a.metric, a.group, a.detail if "optimism" not in (a.detail or "") else None, a.value) == (
            b.metric, b.group, b.detail if "optimism" not in (b.detail or "") else None, b.value,
        )  # fmt: skip
        assert (a.low is None) == (b.low is None)
        if a.low is not None:
            assert a.low - 1e-9 <= a.value <= a.high + 1e-9
            assert "replicate weights over about 300 clusters of 'home'" in a.method


def test_bounds_stay_and_their_sampling_goes(table):
    gaps = table | {"race": [None if i % 9 == 0 else race for i, race in enumerate(table["race"])]}
    clustered, plain = (fa.audit(gaps, **ROLES, cluster=column).result for column in ("home", None))
    bounds = [
        [m for m in result.measurements if m.metric == "adverse_impact_ratio_bounds"] for result in (clustered, plain)
    ]
    assert [(m.low, m.high) for m in bounds[0]] == [(m.low, m.high) for m in bounds[1]]
    assert bounds[0]
    assert "with sampling" in bounds[1][0].method
    assert "with sampling" not in bounds[0][0].method


def test_few_clusters_are_neither_flagged_nor_cleared():
    table = homes(number=36, gap=60)
    clustered, plain = (fa.audit(table, **ROLES, cluster=column).result for column in ("home", None))
    mine, theirs = (
        next(f for f in result.findings if f.metric == "adverse_impact_ratio" and f.attribute == "race")
        for result in (clustered, plain)
    )
    assert theirs.status == "flag"
    assert mine.status == "insufficient"
    assert mine.reason == (
        "Neither flagged nor cleared: 18 clusters of 'home' in the group; with fewer than 20 it cannot be told "
        "what chance does."
    )
    assert mine.method.endswith("replicate weights over 36 clusters of 'home'")
    enough = fa.audit(homes(number=120, gap=60), **ROLES, cluster="home").result
    assert next(f for f in enough.findings if f.attribute == "race").status == "flag"


def test_a_later_cut_off_has_no_interval_and_it_is_said(table):
    cube = fa.count(table, **{name: value for name, value in ROLES.items() if name != "rng"}, cluster="home")
    result = fa.audit(cube, cutoff=[600, 610]).result
    [entry] = [one for one in result.not_run if one.what == "Intervals and tests at cut-off 610"]
    assert entry.reason == "it was not counted by cluster; count again with cutoff=610"
    at = {cutoff: [f for f in result.findings if f.cutoff == cutoff] for cutoff in (600, 610)}
    assert at[610]
    assert all(f.low is None and f.p is None for f in at[610])
    assert all(f.low is not None for f in at[600])
    with_it = fa.audit(table, **(ROLES | {"cutoff": [600.0, 610.0]}), cluster="home").result
    assert all(f.low is not None for f in with_it.findings if f.cutoff == 610)


@pytest.mark.parametrize("mode", ["highest", "rest"])
def test_other_references(mode, tmp_path):
    table = homes()
    race = np.array(["White", "Black", "Asian"])[np.array(table["home"]) % 3].tolist()
    text = Path(fairaudit.__file__).with_name("policy").joinpath("presets", "us-fair-lending.yaml").read_text("utf-8")
    policy = tmp_path / "p.yaml"
    policy.write_text(text.replace("mode: named", f"mode: {mode}"), "utf-8")
    roles = ROLES | {"groups": "race", "reference": None, "policy": policy}
    result = fa.audit(table | {"race": race}, **roles, cluster="home").result
    found = [f for f in result.findings if f.metric == "adverse_impact_ratio" and f.cutoff == 600]
    assert len(found) == (2 if mode == "highest" else 3)
    assert all(f.low < f.value < f.high for f in found)
    if mode == "highest":
        assert all(f.method.endswith("widened for 3 pairs (Bonferroni)") for f in found)


def test_weights_and_clusters_together(table):
    weighted = table | {"w": [1.0 + (i % 3) for i in range(len(table["home"]))]}
    ones = table | {"w": [1.0] * len(table["home"])}
    plain, one, many = (
        fa.audit(data, **ROLES, cluster="home", **more).result
        for data, more in ((table, {}), (ones, {"weight": "w"}), (weighted, {"weight": "w"}))
    )
    # A weight of 1 is no weight.
    assert [(f.low, f.high, f.p) for f in plain.findings] == [(f.low, f.high, f.p) for f in one.findings]
    assert [(r.low, r.high) for r in plain.rates] == [(r.low, r.high) for r in one.rates]
    pairs = [(a, b) for a, b in zip(plain.findings, many.findings, strict=True) if a.metric == "adverse_impact_ratio"]
    assert all(a.value != b.value and b.low < b.value < b.high and a.method == b.method for a, b in pairs)


def test_recorded_decisions_and_outcomes_alone(table):
    decided = table | {"d": ["yes" if score >= 600 else "no" for score in table["score"]]}
    roles = {"groups": "race", "reference": {"race": "White"}, "cluster": "home", "rng": 1}
    recorded = fa.audit(decided, decision="d", favorable="yes", **roles).result
    at_cutoff = fa.audit(table, score="score", higher_is="better", cutoff=600, **roles).result
    mine, theirs = (next(f for f in r.findings if f.metric == "adverse_impact_ratio") for r in (recorded, at_cutoff))
    assert (mine.value, mine.low, mine.high, mine.p) == (theirs.value, theirs.low, theirs.high, theirs.p)
    outcomes = fa.audit(table, outcome="bad", bad=1, **roles).result
    assert all(r.low is not None for r in outcomes.rates if r.metric == "bad_rate")


def test_reports_and_the_record_say_it(both):
    made = both[0]
    for text in (made.to_markdown(), made.to_html()):
        assert "People come in clusters" in text
        assert "made from replicate weights over them" in text
    assert read_result(made.to_json()).findings == made.result.findings
    assert made.result.schema.roles["cluster"] == "home"


def test_command_line(tmp_path, table, both):
    path = tmp_path / "people.csv"
    pd.DataFrame(table).to_csv(path, index=False)
    options = [
        "--score", "score", "--higher-is", "better", "--cutoff", "600", "--cutoff", "620", "--outcome", "bad",
        "--bad", "1", "--group", "race", "--group", "sex", "--stratum", "branch", "--reference", "race=White",
        "--reference", "sex=M", "--cluster", "home", "--seed", "1",
    ]  # fmt: skip
    done = CliRunner().invoke(group, ["audit", str(path), *options, "--format", "json"])
    assert done.exit_code == 0, done.output
    assert [f["p"] for f in json.loads(done.stdout)["findings"]] == [f.p for f in both[0].result.findings]
    said = CliRunner().invoke(group, ["audit", str(path), *options, "--sampled-by", "race", "-q"]).output
    assert "How the sample was drawn: by race, without weights" in said
    assert "interval by replicate weights over" in said
    wrong = CliRunner().invoke(group, ["audit", str(path), *options, "--sampled-by", "chance"])
    assert "sampled_by is one of random, group, score" in str(wrong.exception)
