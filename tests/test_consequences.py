"""On whom consequences fall: counts that can be read off the people, intervals of the audit itself, and the page."""

import re
import sys

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import fairaudit as fa
from fairaudit.cli import main
from fairaudit.consequences import EVER, NO_SCORE, STAYED
from fairaudit.errors import ColumnNotFoundError, SchemaError
from fairaudit.systems.populations.simulating import simulate, write_people
from fairaudit.systems.populations.world import World

WORLD = World(years=6, detection_gap=0.3, coverage_gap=0.2)


@pytest.fixture(scope="module")
def system():
    return fa.PointSystem.load("national")


@pytest.fixture(scope="module")
def people(system):
    return simulate(system, 6_000, world=WORLD, seed=4).people


@pytest.fixture(scope="module")
def made(people, system):
    return fa.audit_consequences(people, system)


@pytest.fixture(scope="module")
def table(made):
    return made.to_frame().set_index(["question", "group"])


def test_each_consequence_is_counted_by_group_and_crossing(people, system, table):
    scored = people[people["score"].notna()]
    for one in system.definition.consequences:
        struck = scored[f"consequence_{one.id}"]
        for level, here in struck.groupby(scored["registration"]):
            assert table.loc[(one.id, level), ["struck", "people"]].tolist() == [here.sum(), len(here)]
        crossed = scored["registration"] + " × " + scored["sex"]
        for level, here in struck.groupby(crossed):
            assert table.loc[(one.id, level), ["struck", "people"]].tolist() == [here.sum(), len(here)]


def test_shares_and_differences_go_in_the_direction_of_the_consequence(table):
    for name in ("no-travel-abroad", "travel-abroad"):
        rural, urban = table.loc[(name, "rural")], table.loc[(name, "urban")]
        assert rural["share"] == rural["struck"] / rural["people"]
        assert rural["reference"] == "urban"
        assert rural["difference"] == pytest.approx(rural["share"] - urban["share"])
        assert rural["difference_low"] < rural["difference"] < rural["difference_high"]
    punished, spared = table.loc[("no-travel-abroad", "rural")], table.loc[("no-travel-abroad", "urban")]
    assert punished["difference"] > 0.05
    assert punished["ratio"] == pytest.approx((1 - punished["share"]) / (1 - spared["share"]))
    assert punished["times"] == pytest.approx(punished["share"] / spared["share"])
    # the interval of one share is Wilson's, as scipy has it
    wilson = stats.binomtest(int(punished["struck"]), int(punished["people"])).proportion_ci(method="wilson")
    assert (punished["low"], punished["high"]) == pytest.approx((wilson.low, wilson.high))


def test_who_has_no_score_is_asked_of_everybody(people, made, table):
    rural = people["registration"] == "rural"
    row = table.loc[(NO_SCORE, "rural")]
    assert (row["struck"], row["people"]) == (people["score"][rural].isna().sum(), rural.sum())
    questions = {one.id: one for one in made.struck.questions}
    assert questions[NO_SCORE].left_out == 0
    assert questions["no-travel-abroad"].left_out == people["score"].isna().sum()


def test_persistence_is_asked_of_those_who_were_in_the_lowest_band(people, table):
    before = people["worst_band_year_before"] & people["score"].notna()
    rural = people["registration"] == "rural"
    row = table.loc[(STAYED, "rural")]
    assert row["people"] == (before & rural).sum()
    assert row["struck"] == (before & rural & (people["band"] == "low")).sum()
    ever = table.loc[(EVER, "rural")]
    years = people["years_in_worst_band"][rural & people["score"].notna()]
    assert ever["struck"] == (years > 0).sum()
    lasting = [table.loc[(f"{number}-years-in-lowest-band", "rural")] for number in (2, 3, 5)]
    assert [one["people"] for one in lasting] == [(years > 0).sum()] * 3
    assert [one["struck"] for one in lasting] == [(years >= number).sum() for number in (2, 3, 5)]
    assert lasting[0]["struck"] > lasting[2]["struck"] > 0


def test_how_long_the_lowest_band_lasts_is_a_curve_of_those_who_were_in_it(people, made):
    curve = made.lasting_to_frame().set_index(["group", "years"])
    for level, here in people[people["years_in_worst_band"] > 0].groupby("registration"):
        years, still = here["years_in_worst_band"], here["band"] == "low"
        share = 1.0
        for number in range(1, years.max() + 1):
            step = curve.loc[(level, number)]
            at_risk, left = (years >= number).sum(), ((years == number) & ~still).sum()
            share *= 1 - left / at_risk
            assert (step["at_risk"], step["left"], step["people"], step["still"]) == (
                at_risk, left, len(here), still.sum()
            )  # fmt: skip
            assert step["share"] == pytest.approx(share)
    rows = made.lasting_to_frame()
    assert set(rows["attribute"]) == {"(everybody)", "registration", "sex", "registration × sex"}
    # who is there at the end counts as there for longer: the curve is not below the share who reach a year
    everybody = curve.loc["(everybody)"]
    reached = (people["years_in_worst_band"] > 2).sum() / (people["years_in_worst_band"] > 0).sum()
    assert everybody.loc[2, "share"] > reached
    page = made.to_markdown()
    assert "For how many years" in page
    assert "| Longer than 2 years |" in page


def test_nobody_in_the_lowest_band_or_no_years_is_no_curve(people, system):
    own = people.drop(columns=["years_in_worst_band", "worst_band_year_before"])
    for table in (own, people.assign(years_in_worst_band=0)):
        none = fa.audit_consequences(table, system)
        assert none.struck.lasting == ()
        assert none.lasting_to_frame().empty
        assert "For how many years" not in none.to_markdown()


def test_the_audit_behind_a_question_is_an_audit_like_any_other(people, made):
    scored = people[people["score"].notna()]
    own = fa.audit(scored, groups=["registration", "sex"], decision="consequence_no-travel-abroad", favorable=False,
                   reference={"registration": "urban", "sex": "male"})  # fmt: skip
    mine = made.audits["no-travel-abroad"]
    keys = ["metric", "group"]
    ours = mine.findings.set_index(keys)[["value", "low", "high"]]
    theirs = own.findings.set_index(keys)[["value", "low", "high"]]
    for metric in ("adverse_impact_ratio", "selection_rate_difference"):
        assert ours.loc[(metric, "rural")].tolist() == pytest.approx(theirs.loc[(metric, "rural")].tolist())


def test_people_of_ones_own_are_struck_by_their_bands():
    rng = np.random.default_rng(1)
    own = pd.DataFrame({"band": rng.choice(list("ABD"), 600), "score": 900.0, "district": rng.choice(["x", "y"], 600)})
    own.loc[:29, ["band", "score"]] = ["no file", np.nan]
    made = fa.audit_consequences(own, fa.PointSystem.load("suining"), groups="district", reference={"district": "x"})
    table = made.to_frame().set_index(["question", "group"])
    scored = own[own["score"].notna() & (own["district"] == "y")]
    assert table.loc[("no-jobs", "y"), ["struck", "people"]].tolist() == [(scored["band"] == "D").sum(), len(scored)]
    assert "A model of a scoring system" in made.struck.stamp
    assert [what for what, _ in made.struck.not_asked] == [
        "was in band D at the end of a year",
        "was in band D at the end of 2 years or more, once in it",
        "was in band D at the end of 3 years or more, once in it",
        "was in band D at the end of 5 years or more, once in it",
        "was in band D a year before, and still is",
    ]


def test_small_shares_are_printed_with_the_digits_that_their_intervals_need():
    own = pd.DataFrame({"band": ["A"] * 2000, "score": 990.0, "district": ["x", "y"] * 1000})
    own.loc[[0, 1, 3, 5], ["band", "score"]] = ["D", 100.0]
    text = fa.audit_consequences(own, fa.PointSystem.load("suining"), groups="district").to_markdown()
    # 1 and 3 of 1,000; limits of Clopper and Pearson, who are asked for few events, as scipy has them
    low, high = stats.binomtest(1, 1000).proportion_ci(method="exact")
    assert f"| 1 of 1,000 | 0.1000% ({low:.4%} to {high:.4%}) |" in text
    assert "| 3 of 1,000 | 0.300% (0.062% to 0.874%) |" in text
    # y is held against x, which has 0.2 points less; the largest end is under 1 point, so two digits of it.
    assert re.search(r"\| \+0\.20 \(−0\.\d\d to \+0\.\d\d\) \|", text)
    assert "| everybody |" in text
    assert "Status of the adverse impact ratio" in text


def test_a_file_names_its_system_and_is_read_in_batches(system, people, table, tmp_path):
    path = tmp_path / "people.parquet"
    write_people(system, 6_000, path, world=WORLD, seed=4)
    read = fa.audit_consequences(path, groups="registration").to_frame().set_index(["question", "group"])
    alike = ["people", "struck", "share", "low", "high", "difference", "stamp"]
    pd.testing.assert_frame_equal(read[alike], table.loc[read.index, alike])


def test_what_falls_on_nobody_is_said_and_not_audited(system):
    calm = simulate(system, 500, world=World(years=1, detection=0.0, recognition=0.0), seed=1).people
    made = fa.audit_consequences(calm, system)
    assert made.struck.questions == ()
    assert ("no travel abroad", "it falls on nobody of 500 people") in made.struck.not_asked
    assert "it falls on nobody of 500 people." in made.to_markdown()


def test_too_few_people_of_the_reference_are_a_reason_and_no_error(system, people):
    few = people.groupby("registration").head(20)
    made = fa.audit_consequences(few, system, groups="registration")
    assert made.struck.questions == ()
    assert any("the policy asks for at least 30" in why for _, why in made.struck.not_asked)


def test_the_page_has_every_question_and_says_what_it_cannot_tell(made):
    page = made.to_markdown()
    assert page.count("Asked of ") == len(made.struck.questions) >= 10
    assert "Simulation: a model of a scoring system" in page
    assert "They do not say where the differences come from" in page
    for word in (" fair ", "unfair", " legal"):
        assert word not in page
    assert "no travel abroad" in made.to_html()


def test_mistakes_are_said(people, system):
    with pytest.raises(ColumnNotFoundError, match=r"no column 'regio'\. Did you mean 'region'"):
        fa.audit_consequences(people, system, groups="regio")
    with pytest.raises(SchemaError, match="do not say by which system"):
        fa.audit_consequences(people)
    with pytest.raises(SchemaError, match="groups names nobody"):
        fa.audit_consequences(people, system, groups=())


def test_a_file_of_a_system_of_ones_own_is_asked_for(system, tmp_path):
    path, own = tmp_path / "people.parquet", tmp_path / "mine.yaml"
    own.write_text(system.text.replace("points: -1\n", "points: -2\n"), encoding="utf-8")
    mine = fa.PointSystem.load(own)
    write_people(mine, 400, path, world=World(years=6))
    with pytest.raises(SchemaError, match="scored by 'national', whose file is not the one"):
        fa.audit_consequences(path)
    assert fa.audit_consequences(path, mine, groups="registration").struck.system == "national"


@pytest.fixture
def run(monkeypatch, capsys):
    def call(*arguments):
        monkeypatch.setattr(sys, "argv", ["fairaudit", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        return ended.value.code, *capsys.readouterr()

    return call


def test_the_command_prints_and_writes(run, system, tmp_path):
    path = tmp_path / "people.parquet"
    write_people(system, 4_000, path, world=WORLD, seed=4)
    code, out, _ = run("system", "audit", path, "--group", "registration", "--no-cross")
    assert (code, out.count("| rural (registration) |")) == (0, out.count("Asked of ") + 1)  # and once in the curve
    options = ("--group", "sex", "--no-cross", "--format", "csv", "-o", tmp_path / "c.csv")
    code, out, err = run("system", "audit", path, *options)
    assert (code, out) == (0, "")
    assert "Written to" in err
    written = pd.read_csv(tmp_path / "c.csv")
    assert set(written["kind"]) == {"no score", "punishment", "reward", "lowest band"}
    code, _, err = run("system", "audit", path, "--reference", "urban")
    assert code == 2
    assert "like registration=urban" in err
    code, _, _ = run("system", "audit", path, "--no-cross", "--lasting", tmp_path / "years.csv")
    assert code == 0
    curve = pd.read_csv(tmp_path / "years.csv")
    assert set(curve["group"]) == {"(everybody)", "urban", "rural", "female", "male"}
