"""What decisions bring and what each parity costs, from rows to the report and from the command line."""

import json
import sys

import numpy as np
import pytest

import fairaudit as fa
from fairaudit.cli import main
from fairaudit.data.bundled import datasets_folder
from fairaudit.errors import PolicyError
from fairaudit.metrics.profit import PARITIES

STUDY = {"good": 18, "bad": -82}
FICO = datasets_folder() / "fico_2003" / "counts.csv"


def profits(audit, metric, **fields):
    found = [m for m in audit.result.measurements if m.topic == "profit" and m.metric == metric]
    return [m for m in found if all(getattr(m, name) == value for name, value in fields.items())]


def profit(audit, metric, **fields):
    (found,) = profits(audit, metric, **fields)
    return found


@pytest.fixture(scope="module")
def fico():
    return fa.audit(FICO, profit=STUDY, **{**fa.describe_dataset("fico_2003").call, "reference": {"race": "White"}})


@pytest.fixture(scope="module")
def rows():
    rng = np.random.default_rng(12)
    n = 1_200
    g = rng.choice(["a", "b"], n, p=[0.6, 0.4])
    points = rng.integers(0, 25, n) - 3 * (g == "b")
    bad = (rng.random(n) < 1 / (1 + np.exp((points - 4) / 4))).astype(int)
    return {"g": g, "points": points, "bad": bad}


@pytest.fixture(scope="module")
def plain(rows):
    return fa.audit(rows, profit=STUDY, **ROLES)


ROLES = {
    "score": "points", "higher_is": "better", "cutoff": 12, "outcome": "bad", "bad": 1, "groups": "g",
    "reference": {"g": "a"},
}  # fmt: skip


def test_the_fico_study_from_the_counts(fico):
    # [D] requirements section 4, of the published percentages; whole people move a cut-off by one step of the score.
    for race, cutoff in {"White": 40, "Black": 48, "Hispanic": 45.5, "Asian": 38}.items():
        found = profit(fico, "maximum_profit_cutoff", group=race)
        assert found.value == pytest.approx(cutoff, abs=0.5)
        assert found.low <= cutoff <= found.high
    assert profit(fico, "maximum_profit_cutoff", group=None).value == 41
    shares = {parity: profit(fico, "profit_under_parity", detail=parity) for parity in PARITIES}
    expected = {"one cut-off for everybody": 0.9935, "demographic parity": 0.705, "equal opportunity": 0.929}
    for parity, value in expected.items():
        assert shares[parity].value == pytest.approx(value, abs=0.0006)
    for record in shares.values():
        assert record.low < record.value < record.high


def test_expected_profit_is_the_mean_of_what_people_bring(rows, plain):
    made = plain
    for name in ("a", "b"):
        mine = rows["g"] == name
        selected = rows["points"][mine] >= 12
        brings = np.where(selected, np.where(rows["bad"][mine] == 1, -82.0, 18.0), 0.0)
        whole = profit(made, "expected_profit", group=name, cutoff=12.0)
        assert (whole.value, whole.n) == (pytest.approx(np.mean(brings)), mine.sum())
        chosen = profit(made, "expected_profit_per_selected", group=name, cutoff=12.0)
        assert (chosen.value, chosen.n) == (pytest.approx(np.mean(brings[selected])), selected.sum())
        assert chosen.low < chosen.value < chosen.high
        # Over all cut-offs, and the largest of them is the maximum.
        curve = made.curves[made.curves["group"] == name].set_index("cutoff")["expected_profit"]
        assert curve[12.0] == pytest.approx(whole.value)
        best = profit(made, "maximum_profit_cutoff", group=name)
        assert (curve.max(), curve[best.value]) == (
            pytest.approx(profit(made, "maximum_profit", group=name).value),
        ) * 2


def test_the_cut_offs_of_a_parity_select_what_is_said(rows, plain):
    made = plain
    for name in ("a", "b"):
        mine = rows["points"][rows["g"] == name]
        rules = [m.detail.partition(": ") for m in profits(made, "cutoff_under_parity", group=name)]
        words = {parity: rule for parity, _, rule in rules}["demographic parity"]
        if "by lot" in words:
            first, second = words.removesuffix(", by lot").split(" and ")
            parts = [
                (float(p.split(" for ")[0]), float(p.split(" for ")[1].rstrip("%")) / 100) for p in (first, second)
            ]
        else:
            parts = [(float(words), 1.0)]
        rate = sum(share * (mine >= cutoff).mean() for cutoff, share in parts)
        said = profit(made, "selection_rate_under_parity", group=name, detail="demographic parity")
        assert said.value == pytest.approx(rate, abs=1e-3)


def test_a_risk_score_turned_round_gives_the_same(rows, plain):
    one = plain
    turned = {**rows, "points": -rows["points"]}
    two = fa.audit(turned, profit=STUDY, **{**ROLES, "higher_is": "worse", "cutoff": -12})
    for metric in ("expected_profit", "maximum_profit", "profit_under_parity", "selection_rate_under_parity"):
        values = [[m.value for m in profits(audit, metric)] for audit in (one, two)]
        assert values[0] == pytest.approx(values[1])
    cuts = [[m.value for m in profits(audit, "maximum_profit_cutoff")] for audit in (one, two)]
    assert cuts[0] == [-cut for cut in cuts[1]]


def test_declined_people_without_outcome_leave_the_decisions_profit_and_a_warning(rows, plain):
    outcome = np.where(rows["points"] >= 12, rows["bad"].astype(str), "declined")
    made = fa.audit({**rows, "bad": outcome}, profit=STUDY, **ROLES, unobserved={"declined": "declined"})
    full = plain
    for name in ("a", "b", None):
        mine, theirs = (profit(audit, "expected_profit", group=name) for audit in (made, full))
        assert (mine.value, mine.low, mine.high) == (theirs.value, theirs.low, theirs.high)
    assert (
        "not identified, and least of all for people who were declined"
        in profit(made, "profit_under_parity", detail="demographic parity").note
    )
    assert "Among people whose outcome is observed" in made.to_markdown()


def test_selected_people_without_outcome_leave_bounds(rows, plain):
    rng = np.random.default_rng(4)
    hidden = rng.random(len(rows["bad"])) < 0.1
    made = fa.audit(
        {**rows, "bad": np.where(hidden, "later", rows["bad"].astype(str))}, profit=STUDY, **ROLES,
        unobserved={"later": "not matured"},
    )  # fmt: skip
    record = profit(made, "expected_profit", group="a")
    assert record.value is None
    assert "selected people is unobserved" in record.undefined
    true = profit(plain, "expected_profit", group="a").value
    assert record.low <= true <= record.high


def test_weights_scale_out_and_their_draws_are_as_wide(rows, plain):
    weighted = fa.audit({**rows, "w": np.full(len(rows["bad"]), 2.5)}, profit=STUDY, **ROLES, weight="w")
    for parity in PARITIES:
        one, two = (profit(audit, "profit_under_parity", detail=parity) for audit in (plain, weighted))
        assert one.value == pytest.approx(two.value)
        # A weight of 2.5 for everybody is no weight: only the draws differ.
        assert two.high - two.low == pytest.approx(one.high - one.low, rel=0.25, abs=0.01)
        assert two.method.startswith("draws of weights within groups, linearised")
    uneven = {**rows, "w": np.where(np.arange(len(rows["bad"])) % 2, 0.2, 1.8)}
    heavy = fa.audit(uneven, profit=STUDY, **ROLES, weight="w")
    one, two = (profit(audit, "maximum_profit", group=None) for audit in (weighted, heavy))
    # Of people of such weights 1 / 1.64 would tell as much: intervals are wider by its root.
    assert (two.high - two.low) / (one.high - one.low) == pytest.approx(1.64**0.5, rel=0.3)


def test_without_amounts_nothing_is_asked(rows):
    made = fa.audit(rows, **ROLES)
    assert not [m for m in made.result.measurements if m.topic == "profit"]
    assert made.result.policy.profit is None
    assert "What does each parity cost" not in made.to_markdown()
    assert "expected_profit" not in made.curves


def test_without_outcomes_it_says_so(rows):
    roles = {name: value for name, value in ROLES.items() if name not in {"outcome", "bad"}}
    made = fa.audit(rows, profit=STUDY, **roles)
    assert [n for n in made.result.not_run if n.what == "Profit and the cost of parities"]


def test_where_nothing_pays_the_shares_are_undefined(rows):
    coarse = {**rows, "points": np.where(rows["points"] >= 12, 20, 3)}
    made = fa.audit(coarse, profit={"good": 0.001, "bad": -1_000}, **ROLES)
    assert profit(made, "maximum_profit", group=None).value == 0
    record = profit(made, "profit_under_parity", detail="demographic parity")
    assert record.value is None
    assert "maximum profit is 0" in record.undefined
    assert profit(made, "maximum_profit_cutoff", group="a").value is None


def test_a_policy_may_bring_the_amounts_and_a_call_others(rows, tmp_path):
    path = tmp_path / "ours.yaml"
    path.write_text("extends: us-fair-lending\nid: ours\nversion: '1'\nprofit: {good: 2, bad: -5}\n", encoding="utf-8")
    roles = ROLES
    assert fa.audit(rows, policy=path, **roles).result.policy.profit == {"good": 2.0, "bad": -5.0}
    assert fa.audit(rows, policy=path, profit=STUDY, **roles).result.policy.profit == {"good": 18.0, "bad": -82.0}


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"good": 18, "bad": 82}, "write -82, not 82"),
        ({"good": -1, "bad": -2}, "above 0"),
        ({"good": 18}, "bad: Field required"),
        ({"good": 18, "bad": -82, "ugly": 0}, "ugly"),
        (7, "profit="),
    ],
)
def test_amounts_that_make_no_sense_are_refused(rows, given, words):
    with pytest.raises(PolicyError, match=r"profit says what a selected person brings") as caught:
        fa.audit(rows, profit=given, **ROLES)
    assert words in str(caught.value)


def test_the_report_says_it_in_words_first(fico):
    text = fico.to_markdown()
    assert "## What does each parity cost?" in text
    assert "**demographic parity:** the same selection rate in every group keeps 70.5% of the maximum profit" in text
    assert "are for study only: they treat people by their group" in text
    assert "What does each parity cost?" in fico.to_html()
    for word in ("illegal", "unfair", "prohibited"):
        assert word not in text.split("## What does each parity cost?")[1].split("\n## ")[0]


def test_from_the_command_line(capsys, monkeypatch):
    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["fairaudit", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        return ended.value.code, *capsys.readouterr()

    arguments = [
        "audit", str(FICO), "--counts", "n", "--score", "score", "--higher-is", "better", "--cutoff", "40",
        "--outcome", "outcome", "--bad", "bad", "--group", "race", "--reference", "race=White", "--format", "json",
        "--quiet", "--profit", "good=18", "--profit",
    ]  # fmt: skip
    code, out, _ = run(*arguments, "bad=-82")
    assert code == 0
    assert json.loads(out)["policy"]["profit"] == {"good": 18.0, "bad": -82.0}
    for last, words in {
        "bad": "--profit takes NAME=VALUE, got 'bad'",
        "bad=much": "--profit takes bad=NUMBER, got 'bad=much'",
        "good=1": "--profit gives 'good' twice",
        "bad=82": "write -82, not 82",
    }.items():
        code, _, err = run(*arguments, last)
        assert code == 2
        assert words in err


def test_what_a_parity_costs_reaches_nothing_where_groups_are_alike():
    """Drawn anew, a share lies below 1 whatever the groups: the interval would never say that a parity is free."""
    good, bad = [2, 6, 14, 22, 30], [9, 8, 7, 5, 2]
    shifted = [3, 6, 13, 22, 30], [8, 9, 7, 4, 3]
    table = {"g": [], "s": [], "y": [], "n": []}
    for group, sides in (("a", (good, bad)), ("b", shifted)):
        for y, counts in enumerate(sides):
            table["g"] += [group] * 5
            table["s"] += range(5)
            table["y"] += [y] * 5
            table["n"] += counts
    cube = fa.from_counts(table, groups="g", score="s", higher_is="better", cutoff=2, outcome="y", bad=1)
    made = fa.audit(cube, cutoff=2, reference={"g": "a"}, profit=STUDY)
    for parity in PARITIES:
        one = profit(made, "profit_under_parity", detail=parity)
        assert one.low < one.value <= one.high == 1.0
        assert one.p > 0.025
        assert one.p_adjusted >= one.p
        assert one.expected < 1
        assert one.excess == pytest.approx(one.value - one.expected)


def test_a_parity_that_costs_more_than_chance_is_below_the_whole(fico):
    one = profit(fico, "profit_under_parity", detail="demographic parity")
    assert one.high < 1
    assert one.p == pytest.approx(1 / 501)
    assert one.expected > 0.99
