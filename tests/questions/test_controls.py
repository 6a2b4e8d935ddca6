"""At equal controls: the fit that an audit prints is the fit on rows, by statsmodels, scipy and scikit-learn."""

import numpy as np
import pandas as pd
import pytest
import scipy.stats
import statsmodels.api as sm
from sklearn.metrics import roc_auc_score

import fairaudit as fa
from fairaudit.cube.people import people_of_cube, relabelled
from fairaudit.errors import DataContractError, SchemaError
from fairaudit.inference.proxies import goes_with_score, tells_apart
from fairaudit.inference.ranking import auc_interval, delong, tied_share
from fairaudit.inference.regression import Lines, linear_effect_of, logit_effect_of

ROLES = {"decision": "d", "favorable": "yes", "groups": "g", "reference": {"g": "b"}}


def people(n=1500, seed=1):
    rng = np.random.default_rng(seed)
    g, branch = rng.choice(["a", "b"], n), rng.choice(["x", "y", "z"], n)
    income = np.exp(rng.normal(3, 0.6, n)) * np.where(g == "b", 1.5, 1.0)
    linear = 1.5 * (np.log(income) - 3.2) + 0.3 * (branch == "x")
    d = np.where(rng.random(n) < 1 / (1 + np.exp(-linear)), "yes", "no")
    return pd.DataFrame({"g": g, "branch": branch, "income": income, "d": d, "w": rng.choice([0.5, 1.0, 3.0], n)})


def matrix(data, *columns):
    return np.column_stack([np.ones(len(data)), (data.g == "a").astype(float), *columns])


def levels(data, column):
    return pd.get_dummies(data[column], drop_first=True).to_numpy(dtype=float)


def effects(result, detail):
    found = [m for m in result.measurements if m.metric == "adjusted_marginal_effect" and m.detail == detail]
    assert len(found) == 1
    return found[0]


@pytest.fixture(scope="module")
def rows():
    return people()


@pytest.fixture(scope="module")
def mixed(rows):
    return fa.audit(rows, controls=["branch", "income"], **ROLES).result


def test_a_number_is_fitted_from_rows_as_statsmodels_does(rows, mixed):
    y = (rows.d == "yes").to_numpy(dtype=float)
    income = (rows.income - rows.income.mean()) / rows.income.std()
    x = matrix(rows, levels(rows, "branch"), income)
    theirs = sm.Logit(y, x).fit(disp=0).get_margeff(at="overall", dummy=True)
    mine = effects(mixed, "given branch, income (logit)")
    assert mine.value == pytest.approx(theirs.margeff[0], abs=1e-8)
    assert (mine.low, mine.high) == pytest.approx(theirs.conf_int()[0], abs=1e-7)
    assert mine.p == pytest.approx(theirs.pvalues[0], rel=1e-5)
    linear = sm.OLS(y, x).fit(cov_type="HC1")
    mine = effects(mixed, "given branch, income (linear probability)")
    assert mine.value == pytest.approx(linear.params[1], abs=1e-9)
    assert (mine.low, mine.high) == pytest.approx(linear.conf_int()[1], abs=1e-8)
    assert mine.source == "rows"
    assert "fitted from rows" in mine.method


def test_sets_are_nested_in_the_order_declared(mixed):
    said = [m.detail for m in mixed.measurements if m.metric == "adjusted_marginal_effect"]
    assert [d for d in said if d.endswith("(logit)")] == [
        "raw (logit)", "given branch (logit)", "given branch, income (logit)",
    ]  # fmt: skip


def test_a_banded_control_is_counted_and_equals_the_fit_on_rows(rows):
    result = fa.audit(rows, controls=["income", "branch"], bands={"income": [15, 25, 40]}, **ROLES).result
    mine = effects(result, "given income, branch (logit)")
    y = (rows.d == "yes").to_numpy(dtype=float)
    banded = pd.get_dummies(np.digitize(rows.income, [15, 25, 40]), drop_first=True).to_numpy(dtype=float)
    theirs = sm.Logit(y, matrix(rows, banded, levels(rows, "branch"))).fit(disp=0).get_margeff(dummy=True)
    assert mine.source == "counts"
    assert mine.value == pytest.approx(theirs.margeff[0], abs=1e-8)
    assert (mine.low, mine.high) == pytest.approx(theirs.conf_int()[0], abs=1e-7)


def test_a_cube_gives_the_same_numbers_as_its_rows(rows, tmp_path):
    roles = {"controls": ["branch"], **ROLES}
    cube = fa.count(rows, **roles)
    fa.save_cube(cube, tmp_path / "a.cube")
    again = fa.audit(str(tmp_path / "a.cube"), controls="branch").result
    assert effects(again, "given branch (logit)") == effects(fa.audit(rows, **roles).result, "given branch (logit)")


@pytest.mark.parametrize("how", ["logit", "linear probability"])
def test_weights_are_used_with_a_robust_variance(rows, how):
    result = fa.audit(rows, controls=["branch", "income"], weight="w", **ROLES).result
    mine = effects(result, f"given branch, income ({how})")
    y = (rows.d == "yes").to_numpy(dtype=float)
    x = matrix(rows, levels(rows, "branch"), (rows.income - rows.income.mean()) / rows.income.std(ddof=0))
    if how == "logit":
        # A binomial GLM with variance weights; its sandwich (HC0) and the delta method by finite differences.
        made = sm.GLM(y, x, sm.families.Binomial(), var_weights=rows.w).fit(cov_type="HC0", tol=1e-12)
        one, zero = x.copy(), x.copy()
        one[:, 1], zero[:, 1] = 1, 0

        def effect(beta):
            return np.average(1 / (1 + np.exp(-one @ beta)) - 1 / (1 + np.exp(-zero @ beta)), weights=rows.w)

        steps = np.eye(x.shape[1]) * 1e-6
        slope = np.array([(effect(made.params + h) - effect(made.params - h)) / 2e-6 for h in steps])
        value, error = effect(made.params), (slope @ made.cov_params() @ slope) ** 0.5
    else:
        made = sm.WLS(y, x, weights=rows.w).fit(cov_type="HC1")
        value, error = made.params[1], made.bse[1]
    assert mine.value == pytest.approx(value, abs=1e-6)
    assert mine.high - mine.low == pytest.approx(2 * scipy.stats.norm.ppf(0.975) * error, rel=1e-4)


def test_weights_of_one_change_nothing_but_the_variance_s_name(rows):
    plain = fa.audit(rows, controls=["branch"], **ROLES).result
    ones = fa.audit(rows.assign(w=1.0), controls=["branch"], weight="w", **ROLES).result
    how = "given branch (linear probability)"
    assert effects(ones, how).low == pytest.approx(effects(plain, how).low, abs=1e-9)


def test_who_lacks_a_number_is_left_out_and_counted(rows):
    holes = rows.copy()
    holes.loc[:39, "income"] = np.nan
    result = fa.audit(holes, controls=["income"], **ROLES).result
    (issue,) = [i for i in result.issues if i.code == "control_missing"]
    assert (issue.count, issue.column) == (40, "income")
    raw = effects(result, "raw (logit)")
    assert raw.n + raw.n_reference == len(rows) - 40
    kept = holes.iloc[40:]
    rate = (kept.d == "yes").groupby(kept.g).mean()
    assert raw.value == pytest.approx(rate["a"] - rate["b"], abs=1e-9)


def test_a_missing_label_is_a_level_of_its_own_and_counted(rows):
    holes = rows.copy()
    holes.loc[:19, "branch"] = None
    result = fa.audit(holes, controls=["branch"], **ROLES).result
    (issue,) = [i for i in result.issues if i.code == "control_missing"]
    assert issue.count == 20
    assert "a level of its own" in issue.action
    raw = effects(result, "raw (logit)")
    assert raw.n + raw.n_reference == len(rows)


def test_a_csv_file_gives_what_the_frame_gives(rows, mixed, tmp_path):
    rows.to_csv(tmp_path / "rows.csv", index=False)
    again = fa.audit(str(tmp_path / "rows.csv"), controls=["branch", "income"], **ROLES).result
    how = "given branch, income (logit)"
    assert effects(again, how).value == pytest.approx(effects(mixed, how).value, abs=1e-9)


def test_strata_enter_before_controls(rows):
    result = fa.audit(rows, strata="branch", controls="income", **ROLES).result
    said = [m.detail for m in result.measurements if m.metric == "adjusted_marginal_effect"]
    assert said.count("raw (logit)") == 1
    assert "given branch, income (logit)" in said


def test_a_number_cannot_be_counted_and_the_message_says_what_to_do(rows):
    with pytest.raises(SchemaError, match=r"Cut it into bands \(bands=\{'income'"):
        fa.count(rows, controls="income", **ROLES)
    cube = fa.count(rows, **ROLES)
    with pytest.raises(SchemaError, match=r"'income' was not counted as a control in this cube.*audit the rows"):
        fa.audit(cube, controls=["income"])


def test_a_control_of_too_many_labels_is_refused(rows):
    with pytest.raises(DataContractError, match="labels, more than 200"):
        fa.audit(rows.assign(name=[f"n{i}" for i in range(len(rows))]), controls="name", **ROLES)


def test_a_control_has_one_role():
    with pytest.raises(SchemaError, match="more than one role"):
        fa.count({"g": ["a"], "d": [1]}, groups="g", controls="g", decision="d", favorable=1)


# Warnings


def test_a_monotone_copy_of_the_score_is_named_as_such(rows):
    data = rows.assign(score=np.round(rows.income), grade=lambda d: -3 * d.score + 7)
    result = fa.audit(data, controls="grade", score="score", higher_is="better", cutoff=30, **ROLES).result
    given = effects_at(result, "given grade (logit)", None)
    assert "'grade' is a monotone copy of the score under audit" in given.note
    (close,) = [m for m in result.measurements if m.metric == "control_score_association"]
    assert close.value == pytest.approx(1)
    at = effects_at(result, "given grade (logit)", 30)
    assert at.value is None
    assert "who is selected" in at.undefined


def effects_at(result, detail, cutoff):
    return next(
        m for m in result.measurements
        if m.metric == "adjusted_marginal_effect" and m.detail == detail and m.cutoff == cutoff
    )  # fmt: skip


def test_bands_of_the_score_are_named_as_such(rows):
    data = rows.assign(
        score=np.round(rows.income), tier=lambda d: pd.cut(d.score, [0, 15, 30, 1e9], labels=list("qrs"))
    )
    result = fa.audit(
        data.astype({"tier": str}), controls="tier", score="score", higher_is="better", cutoff=30, **ROLES
    ).result
    assert "made of bands of the score" in effects_at(result, "given tier (logit)", None).note


def test_a_control_that_stands_for_the_group_has_a_warning_with_its_auc(rows):
    rng = np.random.default_rng(3)
    proxy = np.where(rows.g == "a", 1.0, -1.0) + rng.normal(size=len(rows)) / 2
    result = fa.audit(rows.assign(proxy=proxy), controls="proxy", **ROLES).result
    (told,) = [m for m in result.measurements if m.metric == "control_predicts_group"]
    assert told.value == pytest.approx(roc_auc_score(rows.g == "a", proxy), abs=1e-9)
    assert told.low < told.value < told.high
    note = effects(result, "given proxy (logit)").note
    assert "'proxy' tells a from b with an AUC of" in note
    assert "Veritas" in note
    assert "tells" not in (effects(result, "raw (logit)").note or "")


def test_strengths_are_those_of_numpy_and_scipy():
    rng = np.random.default_rng(8)
    g = rng.integers(0, 2, 400)
    v = np.round(rng.normal(size=400) + g, 1)
    made = tells_apart(v, g, np.ones(400), ordered=True)
    assert made.correlation == pytest.approx(abs(np.corrcoef(v, g)[0, 1]))
    assert made.auc == pytest.approx(roc_auc_score(g, v))
    score = np.round(v + rng.normal(size=400))
    alike = goes_with_score(v, score, np.ones(400), ordered=True, numeric=True)
    assert alike.strength == pytest.approx(abs(scipy.stats.spearmanr(v, score).statistic))
    assert not alike.copy


def test_nobody_of_one_side_tells_nothing():
    assert np.isnan(tells_apart([1, 2], [1, 1], [3, 3], ordered=True).auc)
    assert np.isnan(goes_with_score([1, 1], [1, 2], [3, 3], ordered=True, numeric=True).strength)


# Reversals


def test_a_reversal_between_raw_and_adjusted_is_reported():
    rng = np.random.default_rng(6)
    n = 4000
    g = rng.choice(["a", "b"], n)
    need = rng.normal(size=n) + 2 * (g == "a")
    d = np.where(rng.random(n) < 1 / (1 + np.exp(-(1.2 * (g == "a") - 1.5 * need + 1))), "yes", "no")
    result = fa.audit({"g": g, "need": need, "d": d}, controls="need", **ROLES).result
    raw, given = effects(result, "raw (logit)"), effects(result, "given need (logit)")
    assert raw.high < 0 < given.low
    (turned,) = [m for m in result.measurements if m.metric == "simpson_reversal"]
    assert "raw below 0, adjusted above" in turned.method
    assert turned.value == pytest.approx(raw.value)


def test_no_reversal_where_an_interval_holds_no_difference(mixed):
    assert not [m for m in mixed.measurements if m.metric == "simpson_reversal"]


# What cannot be fitted


def test_numbers_that_repeat_each_other_have_no_fit(rows):
    result = fa.audit(rows.assign(twice=rows.income * 2), controls=["income", "twice"], **ROLES).result
    made = effects(result, "given income, twice (logit)")
    assert made.value is None
    assert "repeat each other" in made.undefined


def test_one_outlier_is_no_separation():
    rng = np.random.default_rng(9)
    x = np.column_stack([np.ones(300), rng.integers(0, 2, 300), rng.normal(size=300)]).astype(float)
    y = (rng.random(300) < 1 / (1 + np.exp(-2 * x[:, 2]))).astype(float)
    x[0, 2], y[0] = 40.0, 1.0
    made = logit_effect_of(Lines.counted(x, y, np.ones(300)), farthest=np.inf)
    theirs = sm.Logit(y, x).fit(disp=0).get_margeff(dummy=True)
    assert made.value == pytest.approx(theirs.margeff[0], abs=1e-7)


def test_an_empty_side_of_a_linear_model_says_why():
    x = np.array([[1.0, 1.0], [1.0, 1.0]])
    assert "tells group and reference apart" in linear_effect_of(Lines.counted(x, [1, 2], [3, 4])).undefined


def test_the_report_says_raw_and_adjusted_side_by_side(rows):
    text = fa.audit(rows, controls=["branch", "income"], **ROLES).to_markdown()
    assert "percentage points raw; given branch, income, fitted from rows" in text
    assert "counts do not hold the number 'income'" in text


# Lines of people from a cube


def test_a_cube_without_a_recorded_decision_has_lines_without_one():
    made = people_of_cube(fa.from_counts({"g": ["a", "b"], "s": [1, 2], "n": [3, 4]}, groups="g", score="s",
                                         higher_is="better"))  # fmt: skip
    assert made.decision is None
    assert made.decided(None).tolist() == [-1, -1]


@pytest.mark.parametrize("higher_is", ["better", "worse"])
def test_a_binned_score_is_on_its_own_side_of_every_cut_off(higher_is):
    rng = np.random.default_rng(4)
    score = np.append(rng.integers(0, 40, 300) / 2, [20.0, 0.0])
    cube = fa.from_counts({"s": score, "n": np.ones(302, dtype=int)}, score="s", higher_is=higher_is,
                          edges=[5, 10, 15])  # fmt: skip
    lines = people_of_cube(cube)
    for cutoff in (5.0, 10.0, 15.0):
        wanted = (score >= cutoff if higher_is == "better" else score <= cutoff).sum()
        assert lines.n[lines.decided(cutoff) == 1].sum() == wanted
        assert lines.n[lines.decided(cutoff) == 0].sum() == 302 - wanted


def test_levels_put_together_keep_their_people_and_their_order():
    cube = fa.from_counts({"age": [20, 40, 70], "n": [1, 2, 4], "d": [1, 0, 1]}, groups="age", bands={"age": [30, 62]},
                          decision="d", favorable=1)  # fmt: skip
    lines = people_of_cube(cube)
    made = relabelled(lines, "age", ["under 62", "62 and over"], [0, 0, 1])
    column = made.attributes["age"]
    assert (column.levels, column.ordered, column.numeric) == (("under 62", "62 and over"), True, False)
    assert [made.n[column.values == code].sum() for code in (0, 1)] == [3, 4]
    assert relabelled(lines, "sex", ["x"], [0]) is lines


# How well one column tells a group


def test_labels_are_put_in_the_order_of_the_group_s_share():
    """Oracle: scikit-learn's AUC of each row's share of the group in its label; large labels are not at the end."""
    label, group = np.array([0, 0, 1, 1, 2, 2]), np.array([1, 0, 1, 0, 1, 0])
    people = np.array([300, 100, 10, 1, 40, 160])
    made = tells_apart(label, group, people, ordered=False)
    share = np.array([0.75, 0.75, 10 / 11, 10 / 11, 0.2, 0.2])
    assert made.auc == pytest.approx(roc_auc_score(group, share, sample_weight=people))
    low, high, method = auc_interval(
        made.auc, delong([40, 300, 10], [160, 100, 1]).variance, 350, 261,
        tied=tied_share(np.array([200, 400, 11])),
    )  # fmt: skip
    assert (made.low, made.high, made.method) == (pytest.approx(low), pytest.approx(high), method)
    # With few people equal values are allowed for.
    few = tells_apart(label, group, [6, 2, 3, 1, 2, 7], ordered=False)
    assert few.method == "Newcombe score, ties allowed for"


def test_a_score_of_two_values_goes_with_a_column():
    made = goes_with_score([1, 2, 2, 3], [0, 0, 1, 1], [4, 3, 2, 5], ordered=True, numeric=True)
    rows = [np.repeat(side, [4, 3, 2, 5]) for side in ([1, 2, 2, 3], [0, 0, 1, 1])]
    assert made.strength == pytest.approx(scipy.stats.spearmanr(*rows).statistic)
    assert np.isnan(goes_with_score([1, 2], [5, 5], [1, 1], ordered=True, numeric=True).strength)
