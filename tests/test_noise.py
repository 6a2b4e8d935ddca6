"""Counts with noise: what is told, what it costs, and that every interval knows of it."""

import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import fairaudit as fa
from fairaudit.cube.io import load, save
from fairaudit.errors import CubeError, SchemaError
from fairaudit.noise import laplace_variance, without_negatives

ROLES = {"groups": "race", "score": "points", "higher_is": "better", "cutoff": 620, "outcome": "y", "bad": 1}


def lender(seed=3, people=3_000, **roles):
    random = np.random.default_rng(seed)
    race = random.choice(["White", "Black", "Asian"], people, p=[0.6, 0.3, 0.1])
    points = np.where(race == "Black", 605, 630) + random.normal(0, 40, people).round()
    table = {"race": race.tolist(), "points": points.tolist(), "y": random.binomial(1, 0.2, people).tolist()}
    return fa.count(table, **{**ROLES, **roles})


def test_counts_are_near_those_without_noise_and_say_what_they_cost():
    cube = lender(owner="Bank of the North")
    noisy = fa.with_noise(cube, 1.0)
    assert noisy.provenance.epsilon == pytest.approx(1.0)
    assert noisy.provenance.owner == "Bank of the North"
    assert [level.label for level in noisy.axes.decisions] == ["score >= 620", "not score >= 620"]
    exact = cube.confusion(620).table.n[:, :, :2]
    far = np.abs(noisy.confusion().table.n[:, :, :2] - exact)
    assert 0 < far.max() < 25  # a count is 25 off with a chance of 2e-11
    assert "epsilon 1" in repr(noisy)
    assert cube.provenance.epsilon is None


def test_noise_has_the_variance_of_the_discrete_laplace_distribution():
    # Canonne, Kamath and Steinke (2020), The discrete Gaussian for differential privacy: variance 2 e^t / (e^t - 1)^2
    # for noise of scale 1/t.
    for t in (0.2, 1.0, 3.0):
        assert laplace_variance(t) == pytest.approx(2 * np.exp(t) / (np.exp(t) - 1) ** 2)
    table = {"race": [str(i) for i in range(1_500) for _ in "gb"], "y": [0, 1] * 1_500, "n": [1_000] * 3_000}
    drawn = fa.with_noise(fa.from_counts(table, counts="n", groups="race", outcome="y", bad=1), 0.5).n - 1_000
    # 3,000 draws of kurtosis below 6.1: the standard error of their variance is 4.2%.
    assert drawn.var() == pytest.approx(laplace_variance(0.5), rel=0.25)
    assert abs(drawn.mean()) < 0.3


def test_nothing_else_is_told():
    table = {"race": ["A", "A", "B", "B"] * 50, "points": [610, None, 650, 700] * 50, "y": [0, 1, 0, None] * 50,
             "region": ["N", "S"] * 100}  # fmt: skip
    cube = fa.count(table, strata="region", unobserved={"": "too young"}, **ROLES)
    noisy = fa.with_noise(cube, 1.0)
    assert (noisy.axes.names, noisy.axes.score, noisy.schema.score, noisy.schema.strata) == (("race",), None, None, ())
    origin = noisy.provenance
    assert origin.files == ()
    assert origin.parts == ()
    assert dict(origin.ledger.set_aside) == {}
    assert origin.ledger.read == noisy.people
    assert [issue.code for issue in origin.issues] == ["noise_for_privacy"]
    assert noisy.axes.outcomes == ("good", "bad", "not observed")
    assert [(level.label, level.kind) for level in noisy.axes.decisions][-1] == ("no score", "excluded")


def test_every_combination_is_there_and_levels_can_be_public():
    table = {"race": ["A", "B"] * 100, "sex": ["F", "M"] * 100, "points": [610, 650] * 100, "y": [0, 1] * 100}
    cube = fa.count(table, **{**ROLES, "groups": ["race", "sex"]})
    assert len(cube.axes.cells) == 2
    assert len(fa.with_noise(cube, 1.0).axes.cells) == 4
    public = fa.with_noise(cube, 1.0, levels={"race": ["A", "C"]})
    assert public.axes.dimension("race").levels == ("A", "C", "(other)", "(missing)")
    assert len(public.axes.cells) == 8
    with pytest.raises(CubeError, match="Levels are given for 'age'"):
        fa.with_noise(cube, 1.0, levels={"age": ["young"]})


def test_intervals_are_wider_by_the_noise_and_the_file_keeps_it(tmp_path):
    cube = lender(people=800)
    noisy = fa.with_noise(cube, 0.2)
    save(noisy, tmp_path / "noisy.cube")
    assert load(tmp_path / "noisy.cube").provenance == noisy.provenance
    plain, told = (fa.audit(one, reference={"race": "White"}).result for one in (cube, tmp_path / "noisy.cube"))
    assert told.input.epsilon == pytest.approx(0.2)
    first, second = (
        {f.group: f for f in made.findings if f.metric == "adverse_impact_ratio"} for made in (plain, told)
    )
    assert second["Asian"].high - second["Asian"].low > first["Asian"].high - first["Asian"].low
    assert "effective" in second["Asian"].method


def test_recorded_decisions_are_told_where_there_is_no_cut_off():
    table = {"race": ["A", "B"] * 100, "d": ["yes", "no"] * 100}
    noisy = fa.with_noise(fa.count(table, groups="race", decision="d", favorable="yes"), 1.0)
    assert [level.label for level in noisy.axes.decisions] == ["yes", "no"]
    with pytest.raises(CubeError, match="A cut-off needs a score"):
        fa.with_noise(fa.count(table, groups="race", decision="d", favorable="yes"), 1.0, cutoff=3)


def test_merged_parts_tell_each_its_epsilon():
    merged = fa.merge([fa.with_noise(lender(1), 1.0), fa.with_noise(lender(2), 0.5), fa.with_noise(lender(4), 0.5)])
    assert [round(part.epsilon, 6) for part in merged.provenance.parts] == [1.0, 0.5, 0.5]
    made = fa.audit(merged, reference={"race": "White"})
    assert [part.epsilon for part in made.result.input.parts] == pytest.approx([1.0, 0.5, 0.5])
    assert "Epsilon of the noise for privacy" in made.to_html()


@pytest.mark.parametrize("epsilon", [0, -1, 11, float("nan"), "1", True])
def test_an_epsilon_out_of_range_is_refused(epsilon):
    with pytest.raises(CubeError, match="epsilon must be a number above 0 and at most 10"):
        fa.with_noise(lender(people=50), epsilon)


def test_counts_that_noise_cannot_protect_are_refused():
    table = {"race": ["A", "B"], "y": [0, 1], "w": [1.0, 2.0]}
    with pytest.raises(CubeError, match="Count without weights"):
        fa.with_noise(fa.count(table, groups="race", outcome="y", bad=1, weight="w"), 1.0)
    with pytest.raises(CubeError, match="already"):
        fa.with_noise(fa.with_noise(lender(), 1.0), 1.0)
    with pytest.raises(CubeError, match="suppressed"):
        fa.with_noise(fa.suppress(lender(people=60), 10), 1.0)
    with pytest.raises(CubeError, match="Give a cut-off"):
        fa.with_noise(lender(cutoff=None), 1.0)
    wide = {name: [str(i) for i in range(200)] for name in "abc"}
    with pytest.raises(CubeError, match="Release fewer groups"):
        fa.with_noise(fa.count({**wide, "y": [0] * 200}, groups=["a", "b", "c"], outcome="y", bad=1), 1.0)


def test_without_the_library_the_error_says_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "opendp.prelude", None)
    with pytest.raises(SchemaError, match=r"needs opendp: pip install 'fairaudit-toolkit\[privacy\]'"):
        fa.with_noise(lender(people=50), 1.0)


@given(st.lists(st.lists(st.integers(-30, 60), min_size=3, max_size=3), min_size=1, max_size=5), st.floats(0.1, 200))
@settings(max_examples=200, deadline=None, database=None, derandomize=True)
def test_negative_counts_are_made_up_for_by_the_others(rows, variance):
    noisy = np.array(rows)
    counts, squares = without_negatives(noisy, variance)
    assert (counts >= 0).all()
    np.testing.assert_array_equal(counts.sum(axis=1), np.maximum(noisy.sum(axis=1), 0))
    np.testing.assert_array_equal(squares > 0, counts > 0)
    some = counts.sum(axis=1) > 0
    np.testing.assert_allclose(squares.sum(axis=1)[some], counts.sum(axis=1)[some] + 3 * variance)
    whole = (noisy >= 0).all(axis=1)
    np.testing.assert_array_equal(counts[whole], noisy[whole])
