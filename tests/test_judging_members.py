"""Memberships and several races in a whole audit: what is found, refused, shown, and what a proxy never gives."""

import dataclasses
import sys

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import fairaudit as fa
from fairaudit.auditing import count
from fairaudit.cli import main
from fairaudit.cube.from_counts import from_counts
from fairaudit.cube.io import load, save
from fairaudit.cube.memberships import members
from fairaudit.cube.publish import suppress
from fairaudit.errors import CubeError, PolicyError, SchemaError
from fairaudit.policy.loading import load_policy
from fairaudit.report.markdown import to_markdown
from fairaudit.result import read_result
from fairaudit.schema.belonging import SeveralRaces, schemes
from fairaudit.schema.roles import declare

LEVELS = {"Black": "p_black", "White": "p_white"}


def people(n=3000, *, gap=0.0, seed=0):
    """Return people whose proxies are true probabilities; with a gap the group itself lowers the approval."""
    rng = np.random.default_rng(seed)
    m = rng.dirichlet([0.5, 0.7], n)
    black = rng.random(n) < m[:, 0]
    approved = rng.random(n) < 0.6 - gap * black
    label = np.where(rng.random(n) < 0.4, np.where(black, "Black", "White"), None)
    rows = pd.DataFrame({"p_black": m[:, 0], "p_white": m[:, 1], "approved": approved.astype(int), "told": label})
    rows["weight"] = rng.uniform(0.5, 2, n).round(3)
    rows["bad"] = (rng.random(n) < 0.2).astype(int)
    rows["score"] = rng.integers(300, 340, n)
    rows.loc[:19, ["p_black", "p_white"]] = np.nan
    return rows


ROLES = {"decision": "approved", "favorable": 1, "memberships": {"race": LEVELS}, "reference": {"race": "White"}}


def primary(made):
    return next(f for f in made.result.findings if f.family == "primary")


def measured(made, metric):
    return [r for r in made.result.measurements if r.metric == metric]


# Counting


@pytest.mark.parametrize("weighted", [False, True])
def test_every_engine_counts_the_same(tmp_path, weighted):
    rows = people(400)
    roles = {**ROLES, "score": "score", "higher_is": "better", "outcome": "bad", "bad": 1, "labelled": {"race": "told"}}
    roles |= {"weight": "weight"} if weighted else {}
    rows.to_parquet(tmp_path / "rows.parquet")
    rows.to_csv(tmp_path / "rows.csv", index=False)
    arrow = pa.Table.from_pandas(rows)
    sources = [rows, pl.from_pandas(rows), arrow, duckdb.sql("SELECT * FROM arrow"), tmp_path / "rows.parquet",
               tmp_path / "rows.csv"]  # fmt: skip
    assert len({count(source, **roles).digest for source in sources}) == 1


def test_parts_merge_to_the_whole_and_the_file_gives_it_back(tmp_path):
    rows = people(400)
    whole = count(rows, **ROLES)
    parts = count(rows[:150], **ROLES) + count(rows[150:], **ROLES)
    assert parts.digest == whole.digest
    save(parts, tmp_path / "a.cube")
    assert load(tmp_path / "a.cube").digest == whole.digest
    assert fa.audit(tmp_path / "a.cube").result.findings == fa.audit(parts).result.findings


def test_rows_that_cannot_be_used_are_set_aside_or_shown():
    rows = people(200)
    rows.loc[[50, 51, 52], "p_black"] = [1.2, -0.1, np.nan]
    rows.loc[53, ["p_black", "p_white"]] = [0.7, 0.7]
    cube = count(rows, **ROLES)
    reason = "memberships of 'race' are outside 0 and 1, add up to more than 1, or some are missing"
    assert cube.provenance.ledger.set_aside == {reason: 4}
    issue = next(i for i in cube.provenance.issues if i.code == "membership_missing")
    assert (issue.count, cube.people) == (20, 196)


def test_the_counts_are_what_they_were_without_memberships():
    rows = people(200)
    plain = {"decision": "approved", "favorable": 1, "score": "score", "higher_is": "better"}
    with_them, without = count(rows, **plain, memberships={"race": LEVELS}), count(rows, **plain)
    np.testing.assert_array_equal(with_them.n, without.n)
    assert not without.blocks


def test_a_suppressed_cube_has_no_memberships_and_says_so():
    cube = suppress(count(people(200), **ROLES), 1)
    assert not cube.blocks
    assert "'memberships:race' was left out" in cube.provenance.issues[-1].message


# Findings


def test_a_proxy_alone_never_shows_that_an_effect_is_within_the_line():
    finding = primary(fa.audit(people(), **ROLES))
    # The same evidence from labels of 0 and 1, that people gave themselves, does.
    rows = people()
    rows["b"], rows["w"] = (rows["p_black"] > 0.5).astype(int), (rows["p_black"] <= 0.5).astype(int)
    races = {"race": {"scheme": "alone-or-in-combination", "columns": {"Black": "b", "White": "w"}}}
    told = primary(fa.audit(rows, decision="approved", favorable=1, races=races, reference={"race": "White"}))
    assert told.status == "within_line"
    assert finding.status == "insufficient"
    assert "a proxy alone does not show that" in finding.reason
    assert "a proxy alone does not show that" in finding.sentence
    assert finding.low > 0.8


def test_a_flag_by_a_proxy_says_what_it_rests_on():
    finding = primary(fa.audit(people(gap=0.5), **ROLES))
    assert finding.status == "flag"
    assert "by a proxy only" in finding.reason


@pytest.mark.parametrize("weight", [None, "weight"])
def test_the_finding_is_the_formula_over_rows(weight):
    rows = people(gap=0.3)
    finding = primary(fa.audit(rows, **ROLES, weight=weight))
    known = rows.dropna(subset=["p_black"])
    w = known[weight] if weight else 1.0
    p = {level: (w * known[c] * known["approved"]).sum() / (w * known[c]).sum() for level, c in LEVELS.items()}
    assert finding.value == pytest.approx(p["Black"] / p["White"], abs=1e-6)
    assert finding.n == round(known["p_black"].sum())


def test_few_members_on_a_side_are_neither_tested_nor_judged():
    rows = people(300, gap=0.5)
    rows["approved"] *= np.arange(300) % 12 == 0
    few = primary(fa.audit(rows, **ROLES))
    assert (rows["p_black"] * rows["approved"]).sum() < 10
    assert (few.p, few.p_adjusted, few.test) == (None, None, None)
    assert few.status == "insufficient"
    assert "worth fewer than 10 people on one side" in few.reason
    assert few.low < few.value < few.high


def test_the_data_may_choose_the_reference():
    found = fa.audit(people(gap=0.3), **{**ROLES, "reference": None}, policy="us-ugesp").result.findings
    assert {f.reference for f in found} == {"White"}


def test_labels_tell_the_direction_and_the_truth():
    made = fa.audit(people(6000, gap=0.4), **ROLES, labelled={"race": "told"})
    below = next(r for r in measured(made, "proxy_conditional_covariance") if r.group == "Black")
    assert below.high < 0
    assert below.detail == "the weighted rate is too high"
    weighted = next(r for r in made.result.rates if r.group == "Black" and r.metric == "selection_rate").value
    # The true rate of the group is .6 - .4; corrected by the covariance the weighted rate comes near it.
    share = 0.5 / 1.2
    assert weighted > 0.25
    assert weighted + below.value / share == pytest.approx(0.2, abs=0.04)
    # 0 lies in nearly all intervals of a proxy that is true.
    table = measured(made, "proxy_calibration")
    assert sum(r.low <= 0 <= r.high for r in table) >= len(table) - 1


def test_the_covariance_is_the_formula_over_rows():
    rows = people(500, gap=0.4)
    made = fa.audit(rows, **ROLES, labelled={"race": "told"})
    record = next(r for r in measured(made, "proxy_conditional_covariance") if r.group == "Black")
    known = rows.dropna(subset=["p_black", "told"])
    off = (known["told"] == "Black") - known["p_black"]
    z = off * (known["approved"] - known["approved"].mean())
    assert record.n == len(known)
    assert record.value == pytest.approx(z.mean(), abs=1e-6)
    assert record.high - record.value == pytest.approx(1.959964 * np.sqrt((z**2).sum()) / len(z), rel=1e-4)


def test_without_labels_no_direction_is_told():
    made = fa.audit(people(), **ROLES)
    assert not measured(made, "proxy_conditional_covariance")
    assert "no direction of the bias can be told" in made.to_markdown()


def test_error_rates_are_left_out_where_outcomes_are_unobserved():
    rows = people(400).astype({"bad": object})
    rows.loc[rows["approved"] == 0, "bad"] = None
    made = fa.audit(rows, **ROLES, outcome="bad", bad=1)
    rates = {(r.metric, r.group): r for r in made.result.rates}
    assert rates["true_positive_rate", "Black"].value is None
    assert "not identified" in rates["true_positive_rate", "Black"].undefined
    assert rates["positive_predictive_value", "Black"].value is not None


def test_the_report_and_the_json_hold_it():
    made = fa.audit(people(), **ROLES, labelled={"race": "told"}, score="score", higher_is="better", cutoff=320)
    text = made.to_markdown()
    assert "What a proxy cannot show" in text
    assert "(without a proxy)" in text
    assert "What a proxy cannot show" in made.to_html()
    assert to_markdown(read_result(made.to_json())) == text


def test_local_law_144_takes_no_proxies_by_a_key_of_the_policy():
    assert load_policy("us-nyc-ll144").policy.proxies == "refused"
    with pytest.raises(PolicyError, match="takes self-reported categories only, and 'race' is given by probabilities"):
        fa.audit(people(100), **ROLES, policy="us-nyc-ll144")


# Several races


@pytest.mark.parametrize(
    ("scheme", "ticked", "group"),
    [
        ("eeo1", ["White"], "White"),
        ("eeo1", ["White", "Asian"], "Two or More Races"),
        ("eeo1", ["Hispanic or Latino", "Black", "White"], "Hispanic or Latino"),
        ("eeo1", [], "(missing)"),
        ("hmda-derived", ["White", "Asian"], "Asian"),
        ("hmda-derived", ["Black", "Asian"], "2 or more minority races"),
        ("alone", ["White", "Asian"], "Two or more races"),
        ("omb-2024", ["Hispanic or Latino"], "Hispanic or Latino"),
        ("omb-2024", ["Hispanic or Latino", "White"], "Multiracial and/or Multiethnic"),
    ],
)
def test_schemes(scheme, ticked, group):
    assert SeveralRaces(scheme, {}, "h").group(ticked) == group


def test_a_scheme_says_what_it_was_checked_with():
    assert all(scheme.source and scheme.checked for scheme in schemes().values())


BOXES = {
    "w": [1, 1, 0, 0, 0],
    "b": [0, 1, 1, 0, 0],
    "h": [0, 0, 1, 0, None],
    "ok": [1, 0, 1, 0, 1],
    "n": [40, 50, 60, 70, 3],
}
COLUMNS = {"White": "w", "Black": "b"}


def test_an_exclusive_scheme_makes_an_ordinary_attribute():
    cube = from_counts(BOXES, decision="ok", favorable=1,
                       races={"race": {"scheme": "eeo1", "columns": COLUMNS, "hispanic": "h"}})  # fmt: skip
    assert dict(zip(cube.groups, cube.group_people.tolist(), strict=True)) == {
        "White": 40, "Two or More Races": 50, "Hispanic or Latino": 60, "(missing)": 73,
    }  # fmt: skip
    assert not cube.blocks


def test_groups_and_races_are_audited_side_by_side():
    rows = {**{name: column * 20 for name, column in BOXES.items()}, "sex": ["F", "M"] * 50}
    made = fa.audit(rows, decision="ok", favorable=1, groups="sex", policy="us-ugesp",
                    races={"race": {"scheme": "eeo1", "columns": COLUMNS, "hispanic": "h"}})  # fmt: skip
    assert {"sex", "race"} <= {a.name for a in made.result.schema.attributes}


def test_overlapping_races_share_people_and_their_variance():
    rng = np.random.default_rng(1)
    rows = pd.DataFrame({"w": rng.random(900) < 0.7, "b": rng.random(900) < 0.4, "ok": rng.integers(0, 2, 900)})
    made = fa.audit(rows, decision="ok", favorable=1, reference={"race": "White"},
                    races={"race": {"scheme": "alone-or-in-combination", "columns": COLUMNS}})  # fmt: skip
    finding = next(f for f in made.result.findings if f.metric == "selection_rate_difference")
    rates = {name: rows.loc[rows[column], "ok"].mean() for name, column in COLUMNS.items()}
    assert finding.value == pytest.approx(rates["Black"] - rates["White"])
    # Row sandwich: people in both groups move both rates.
    u = [rows[c] * (rows["ok"] - rates[name]) / rows[c].sum() for name, c in COLUMNS.items()]
    error = np.sqrt(((u[1] - u[0]) ** 2).sum())
    assert finding.high - finding.low == pytest.approx(2 * 1.96 * error, rel=0.02)
    assert next(a for a in made.result.schema.attributes).levels["White"] == int(rows["w"].sum())


def test_non_binary_is_a_level_of_its_own():
    rows = {"sex": ["Female", "Male", "Non-binary"], "ok": [1, 1, 0], "n": [60, 60, 31]}
    made = fa.audit(rows, counts="n", groups="sex", decision="ok", favorable=1, reference={"sex": "Male"})
    assert {f.group for f in made.result.findings} == {"Female", "Non-binary"}


# Words for mistakes


@pytest.mark.parametrize(
    ("roles", "said"),
    [
        ({"memberships": {"race": {"Black": "b"}}}, "at least two levels"),
        ({"memberships": {"race": "p"}}, "at least two levels"),
        ({"memberships": {"race": LEVELS}, "groups": "race"}, "'race' is given twice"),
        ({"memberships": {"race": LEVELS}, "reference": {"race": "Whit"}}, "Did you mean 'White'"),
        ({"memberships": {"race": LEVELS}, "labelled": {"rac": "told"}}, "Did you mean 'race'"),
        ({"memberships": {"race": LEVELS}, "labelled": {"race": 3}}, "the name of a column, got 3"),
        ({"memberships": {"race": {"A": "p", "B": "p"}}}, "more than one role"),
        ({"races": {"race": {"scheme": "eeo", "columns": COLUMNS}}}, "Did you mean 'eeo1'"),
        ({"races": {"race": {"scheme": "eeo1", "columns": COLUMNS}}}, "needs hispanic="),
        ({"races": {"race": {"scheme": "alone"}}}, "need 'scheme' and 'columns'"),
        ({"memberships": {"race": LEVELS}, "cluster": "household"}, "intervals do not yet allow for clusters"),
    ],
)
def test_roles_that_do_not_fit(roles, said):
    with pytest.raises(SchemaError, match=said):
        declare(decision="ok", favorable=1, **roles)


def test_a_box_that_says_neither_yes_nor_no():
    rows = pd.DataFrame({"w": ["maybe", "1"], "b": ["0", "1"], "ok": [0, 1]})
    with pytest.raises(SchemaError, match="Column 'w' of a race holds 'maybe'"):
        count(rows, decision="ok", favorable=1, races={"race": {"scheme": "alone", "columns": COLUMNS}})


def test_memberships_are_no_text_and_no_counts():
    rows = people(50).assign(p_black="high")
    with pytest.raises(SchemaError, match="a membership must be a column of numbers; 'p_black' holds"):
        count(rows, **ROLES)
    with pytest.raises(SchemaError, match="Memberships are counted from rows"):
        from_counts({"p_black": [1], "p_white": [0], "approved": [1], "n": [3]}, **ROLES)


def test_memberships_of_other_levels_do_not_merge():
    rows = people(50)
    other = {**ROLES, "memberships": {"race": {"Black": "p_black", "Rest": "p_white"}}, "reference": None}
    with pytest.raises(CubeError, match="Cubes differ in"):
        count(rows, **{**ROLES, "reference": None}) + count(rows, **other)


# From the command line


@pytest.fixture
def run(tmp_path, monkeypatch, capsys):
    """Call the command line in this process and return its exit code, standard output and standard error."""
    monkeypatch.chdir(tmp_path)

    def call(*arguments):
        monkeypatch.setattr(sys, "argv", ["fairaudit", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        return ended.value.code, *capsys.readouterr()

    return call


def test_memberships_on_the_command_line(run):
    people(300, gap=0.4).to_csv("rows.csv", index=False)
    levels = ["--membership", "race:Black=p_black", "--membership", "race:White=p_white", "--labelled", "race=told"]
    code, out, err = run(
        "audit", "rows.csv", "--decision", "approved", "--favorable", "1", *levels, "--reference", "race=White"
    )
    assert code == 0, err
    assert "race: Black against White" in out
    code, _, err = run("audit", "rows.csv", "--decision", "approved", "--favorable", "1", "--membership", "Black=p")
    assert (code, "takes ATTRIBUTE:LEVEL=COLUMN" in err) == (2, True)


def test_several_races_on_the_command_line(run):
    pd.DataFrame(BOXES).to_csv("boxes.csv", index=False)
    arguments = ["audit", "boxes.csv", "--counts", "n", "--decision", "ok", "--favorable", "1"]
    boxes = ["--race", "race:White=w", "--race", "race:Black=b", "--hispanic", "race=h"]
    code, out, err = run(*arguments, "--races", "race=eeo1", *boxes, "--reference", "race=White")
    assert code == 0, err
    assert "Two or More Races against White" in out
    code, _, err = run(*arguments, *boxes)
    assert (code, "no scheme: add --races race=eeo1" in err) == (2, True)


def test_memberships_are_read_over_all_cells():
    rows = people(300)
    rows["branch"] = np.where(np.arange(300) % 3 == 0, "north", "south")
    cube = count(rows, **{k: v for k, v in ROLES.items() if k != "reference"}, groups="branch")
    (of,) = members(cube)
    known = rows.dropna(subset=["p_black"])
    taken = of.table("first", None)[0].sum(axis=0)
    wanted = known.loc[known.approved == 1, ["p_black", "p_white"]].sum()
    np.testing.assert_allclose(taken[[of.levels.index("Black"), of.levels.index("White")]], wanted, rtol=1e-4)
    assert of.without == 20
    assert int(of.total("people")[0]) == 280
    scored = count(rows, score="score", higher_is="better", groups="branch", memberships={"race": LEVELS}, cutoff=320)
    (of,) = members(scored)
    taken = of.table("first", 320.0)[0].sum(axis=0)
    wanted = known.loc[known.score >= 320, ["p_black", "p_white"]].sum()
    np.testing.assert_allclose(taken[[of.levels.index("Black"), of.levels.index("White")]], wanted, rtol=1e-4)


@pytest.mark.parametrize("scale", [0, -1, 2.5, "2", None])
def test_memberships_of_a_damaged_scale_are_refused(scale):
    cube = count(people(60), **{k: v for k, v in ROLES.items() if k != "reference"})
    ((name, block),) = cube.blocks.items()
    broken = dataclasses.replace(block, about={**block.about, "scale": scale})
    with pytest.raises(CubeError, match="do not fit together"):
        list(members(dataclasses.replace(cube, blocks={name: broken})))
