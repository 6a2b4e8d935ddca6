"""Recourse against the enumeration of every allowed change, scored by the model itself."""

import itertools
import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lightgbm import LGBMClassifier
from sklearn.compose import make_column_transformer
from sklearn.ensemble import (
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
)
from sklearn.linear_model import LinearRegression, LogisticRegression, PoissonRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, PolynomialFeatures, StandardScaler
from xgboost import XGBClassifier

import fairaudit as fa
from fairaudit.errors import DataContractError, FairauditError, ProhibitedBasisError, SchemaError
from fairaudit.explanation.action_values import Variable
from fairaudit.explanation.recourse_milp import Program, exactly
from fairaudit.explanation.recourse_problem import Problem

DRAW = np.random.default_rng(7)
N = 400
PEOPLE = pd.DataFrame(
    {
        "years": DRAW.integers(0, 9, N),
        "debt": np.round(DRAW.uniform(0, 6, N), 1),
        "savings": DRAW.choice(["none", "some", "much"], N),
        "cards": DRAW.integers(0, 5, N),
        "age": DRAW.integers(20, 60, N),
    }
)
FEATURES = ["years", "debt", "savings", "cards"]
WORTH = (
    0.4 * PEOPLE["years"]
    - 0.6 * PEOPLE["debt"]
    + PEOPLE["savings"].map({"none": -1, "some": 0, "much": 1.5})
    + 0.4 * np.where(PEOPLE["cards"] > 2, -PEOPLE["years"], PEOPLE["debt"])
)
PAID = np.where(WORTH + DRAW.logistic(size=N) > 0, "yes", "no")
ACTIONS = {
    "features": {
        "years": {"change": "up", "step": 1, "between": [0, 8], "cost": 1.0},
        "debt": {"change": "down", "step": 0.5, "between": [0, 6], "cost": 0.7},
        "savings": {"change": "either", "cost": {"none": 0.1, "some": 1.3, "much": 2.9}},
        "cards": {"change": "either", "step": 1, "between": [0, 4], "cost": 0.45},
    }
}
GRIDS = {
    "years": (np.arange(9), lambda old, new: new - old if new > old else None),
    "debt": (np.arange(13) / 2, lambda old, new: 0.7 * (old - new) if new < old else None),
    "savings": (["none", "some", "much"], lambda old, new: {"none": 0.1, "some": 1.3, "much": 2.9}[new]),
    "cards": (np.arange(5), lambda old, new: 0.45 * abs(old - new)),
}


def everything(row, allowed=lambda row, new: True):
    """Every allowed change of a person: a frame of rows, the cost of each, and how many features change."""
    options = []
    for name in FEATURES:
        grid, cost = GRIDS[name]
        mine = [(row[name], 0.0)]
        mine += [(new, cost(row[name], new)) for new in grid if new != row[name]]
        options.append([(new, price) for new, price in mine if price is not None])
    combined = [
        ({**row, **dict(zip(FEATURES, (new for new, _ in chosen), strict=True))}, sum(price for _, price in chosen))
        for chosen in itertools.product(*options)
    ]
    kept = [(new, price) for new, price in combined if allowed(row, new)]
    return pd.DataFrame([new for new, _ in kept]), np.array([price for _, price in kept])


def encoded(model):
    columns = make_column_transformer((StandardScaler(), ["years", "debt", "cards"]), (OneHotEncoder(), ["savings"]))
    return make_pipeline(columns, model)


def fitted(model):
    return model.fit(PEOPLE[FEATURES], PAID)


CODED = PEOPLE[FEATURES].assign(savings=PEOPLE["savings"].astype("category"))
SCORERS = {
    "histogram boosting, splits on categories": fa.wrap(
        make_pipeline(
            make_column_transformer((OrdinalEncoder(), ["savings"]), remainder="passthrough"),
            HistGradientBoostingClassifier(max_iter=12, max_depth=4, categorical_features=[0], random_state=0),
        ).fit(PEOPLE[FEATURES], PAID),
        good="yes",
    ),
    "LightGBM, categories, points": fa.wrap(
        LGBMClassifier(n_estimators=12, num_leaves=5, n_jobs=1, verbose=-1).fit(CODED, PAID),
        good="yes",
        scale=fa.PointsScale(),
    ),
    "XGBoost, single precision": fa.wrap(
        XGBClassifier(n_estimators=12, max_depth=2, n_jobs=1, enable_categorical=True).fit(CODED, PAID == "yes"),
        good=True,
    ),
    "scorecard": fitted(fa.Scorecard(good="yes")),
    "rounded scorecard": fitted(fa.Scorecard(good="yes", round_points=True)),
    "scorecard as probability": fa.wrap(fitted(fa.Scorecard(good="yes")), good="yes"),
    "logistic": fa.wrap(fitted(encoded(LogisticRegression())), good="yes"),
    "logistic in points": fa.wrap(fitted(encoded(LogisticRegression())), good="yes", scale=fa.PointsScale()),
    "linear, lower is better": fa.wrap(encoded(LinearRegression()).fit(PEOPLE[FEATURES], -WORTH), higher_is="worse"),
    "Poisson, through a logarithm": fa.wrap(
        encoded(PoissonRegressor()).fit(PEOPLE[FEATURES], PEOPLE["years"]), higher_is="better"
    ),
    "boosting": fa.wrap(fitted(encoded(GradientBoostingClassifier(n_estimators=20, random_state=0))), good="yes"),
    "boosting, the first class": fa.wrap(
        encoded(GradientBoostingClassifier(n_estimators=20, random_state=0)).fit(
            PEOPLE[FEATURES], np.where(PAID == "yes", "a", "b")
        ),
        good="a",
    ),
    "histogram boosting": fa.wrap(
        fitted(encoded(HistGradientBoostingClassifier(max_iter=12, max_depth=4, random_state=0))),
        good="yes",
        units="margin",
    ),
    "forest": fa.wrap(fitted(encoded(RandomForestClassifier(5, max_depth=4, random_state=0))), good="yes"),
    "forest, the first class": fa.wrap(
        encoded(RandomForestClassifier(5, max_depth=4, random_state=0)).fit(
            PEOPLE[FEATURES], np.where(PAID == "yes", "a", "b")
        ),
        good="a",
    ),
    "regression, lower is better": fa.wrap(
        encoded(HistGradientBoostingRegressor(max_iter=8, max_depth=4)).fit(PEOPLE[FEATURES], -WORTH), higher_is="worse"
    ),
}


def scored(scorer, rows):
    return scorer.points(rows[FEATURES]) if isinstance(scorer, fa.Scorecard) else scorer.score(rows)


def worse(scorer):
    return getattr(scorer, "higher_is", "better") == "worse"


def declined_people(scorer, share, most):
    scores = scored(scorer, PEOPLE) * (-1 if worse(scorer) else 1)
    cutoff = float(np.quantile(scores, share, method="higher"))
    places = np.flatnonzero(scores < cutoff)[:: max(1, int((scores < cutoff).sum()) // most)][:most]
    return (-cutoff if worse(scorer) else cutoff), places


@pytest.mark.parametrize("name", SCORERS)
def test_the_cheapest_change_and_the_lack_of_one_are_those_of_the_enumeration(name):
    scorer = SCORERS[name]
    sign = -1 if worse(scorer) else 1
    easy, places = declined_people(scorer, 0.5, 2)
    reachable = {}
    for place in places:
        rows, costs = everything(PEOPLE.iloc[place].to_dict())
        reachable[place] = sign * scored(scorer, rows), costs
    best = {place: merit.max() for place, (merit, _) in reachable.items()}
    hard = sign * (sorted(best.values())[0] + 1e-6 * abs(sorted(best.values())[0]))
    for cutoff, place in [(easy, places[0]), (hard, min(best, key=best.get)), (hard, max(best, key=best.get))]:
        merit, costs = reachable[place]
        good = merit >= sign * cutoff
        row = PEOPLE.iloc[place].to_dict()
        found = fa.recourse(scorer, row, actions=ACTIONS, cutoff=cutoff, data=PEOPLE, answers=1)
        assert found.certificate.exact, found.certificate.method
        if not good.any():
            assert found.status == "none exists"
            assert sign * found.certificate.best_score == pytest.approx(best[place], rel=1e-9)
            assert f"{found.certificate.best_score:.4g}"[:3] in found.sentences()[0]
            continue
        assert found.status == "found"
        assert found.answers[0].claim == "cheapest, proven"
        assert found.cost == pytest.approx(costs[good].min(), rel=1e-9)
        new = {**row, **{change.feature: change.new for change in found.answers[0].changes}}
        own = scored(scorer, PEOPLE.iloc[[place]].assign(**{name: [new[name]] for name in FEATURES}))[0]
        assert found.new_score == pytest.approx(own, rel=1e-12)


RULES = {
    "a relation with a feature that stays": (
        {"rules": ["years <= age - 20"]},
        lambda row, new: new["years"] <= new["age"] - 20,
    ),
    "a relation of two that change": (
        {"rules": ["years + 2*cards <= 9"]},
        lambda row, new: new["years"] + 2 * new["cards"] <= 9,
    ),
    "few changes": (
        {"most_changes": 1},
        lambda row, new: sum(new[name] != row[name] for name in FEATURES) <= 1,
    ),
}  # fmt: skip


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("name", ["scorecard", "logistic", "boosting"])
def test_joint_constraints_agree_with_the_enumeration(rule, name):
    more, allowed = RULES[rule]
    scorer = SCORERS[name]
    cutoff, places = declined_people(scorer, 0.8, 12)
    compared = 0
    for place in places:
        row = PEOPLE.iloc[place].to_dict()
        if not allowed(row, row):
            with pytest.raises(DataContractError, match="breaks the rule"):
                fa.recourse(scorer, row, actions={**ACTIONS, **more}, cutoff=cutoff, data=PEOPLE)
            continue
        rows, costs = everything(row, allowed)
        good = scored(scorer, rows) >= cutoff
        found = fa.recourse(scorer, row, actions={**ACTIONS, **more}, cutoff=cutoff, data=PEOPLE, answers=1)
        assert (found.status == "found") == bool(good.any())
        if good.any():
            assert found.cost == pytest.approx(costs[good].min(), rel=1e-9)
        compared += 1
        if compared == 2:
            break
    assert compared > 1


def test_a_feature_follows_another_whether_the_model_uses_it_or_not():
    older = fa.wrap(
        encoded(LogisticRegression()).set_params(columntransformer__remainder="passthrough").fit(PEOPLE, PAID),
        good="yes",
    )
    row = {"years": 1, "debt": 3.0, "savings": "none", "cards": 1, "age": 30}
    actions = {
        "features": {"years": {"change": "up", "step": 1, "between": [0, 8], "cost": 1}, "age": {"follows": "years"}},
        "rules": ["age <= 36"],
    }
    for scorer in (older, SCORERS["logistic"]):
        tried = pd.DataFrame([{**row, "years": 1 + more, "age": 30 + more} for more in range(7)])
        scores = scorer.score(tried)
        cutoff = float(scores[4])
        found = fa.recourse(scorer, row, actions=actions, cutoff=cutoff, data=PEOPLE, answers=1)
        assert found.status == "found"
        assert found.cost == int(np.flatnonzero(scores >= cutoff)[0])
        assert (
            found.sentences()[0]
            == f"Raise years from 1 to {1 + found.cost:g} (age rises from 30 to {30 + found.cost:g} with it)."
        )
        none = fa.recourse(scorer, row, actions=actions, cutoff=float(scores.max()) + 1e-4, data=PEOPLE)
        assert none.status == "none exists"
        assert none.certificate.best_score == pytest.approx(scores.max())


def test_exactly_one_of_the_columns_is_one():
    homes = pd.get_dummies(DRAW.choice(["own", "rent", "free"], N)).astype(int)
    paid = np.where(2 * homes["own"] + homes["rent"] + DRAW.normal(size=N) > 1, "yes", "no")
    scorer = fa.wrap(LogisticRegression().fit(homes, paid), good="yes")
    scores = scorer.score(pd.DataFrame(np.eye(3, dtype=int), columns=homes.columns))
    best = homes.columns[int(scores.argmax())]
    row = {"own": 0, "rent": 0, "free": 0, homes.columns[int(scores.argmin())]: 1}
    actions = {"features": dict.fromkeys(homes, "either"), "one_hot": [list(homes)]}
    found = fa.recourse(scorer, row, actions=actions, cutoff=float(scores.max()), data=homes, answers=5)
    assert len(found.answers) == 1
    assert {change.feature: change.new for change in found.answers[0].changes if change.new == 1} == {best: 1}
    assert found.certificate.exhausted


@pytest.mark.parametrize("name", ["scorecard", "boosting"])
def test_later_answers_are_the_cheapest_that_leave_something_of_earlier_ones(name):
    scorer = SCORERS[name]
    cutoff, places = declined_people(scorer, 0.6, 4)
    several = 0
    for place in places:
        row = PEOPLE.iloc[place].to_dict()
        rows, costs = everything(row)
        left = scored(scorer, rows) >= cutoff
        touched = np.column_stack([rows[name].to_numpy() != row[name] for name in FEATURES])
        found = fa.recourse(scorer, row, actions=ACTIONS, cutoff=cutoff, data=PEOPLE, answers=20)
        for answer in found.answers:
            assert answer.cost == pytest.approx(costs[left].min(), rel=1e-9)
            mine = [FEATURES.index(feature) for feature in answer.features]
            left &= ~touched[:, mine].all(axis=1)
        assert not left.any()
        assert found.certificate.exhausted == bool(found.answers)
        several += len(found.answers) > 1
    assert several


def test_whoever_stands_on_the_cut_off_has_reached_it():
    card = SCORERS["rounded scorecard"]
    scores = card.points(PEOPLE[FEATURES])
    cutoff = float(np.sort(scores)[300])
    for place in np.flatnonzero(scores < cutoff)[:5]:
        row = PEOPLE.iloc[place].to_dict()
        found = fa.recourse(card, row, actions=ACTIONS, cutoff=cutoff, data=PEOPLE, answers=1)
        rows, costs = everything(row)
        assert found.cost == pytest.approx(costs[scored(card, rows) >= cutoff].min())
    on_it = fa.recourse(
        card, PEOPLE.iloc[[int(np.flatnonzero(scores == cutoff)[0])]], actions=ACTIONS, cutoff=cutoff, data=PEOPLE
    )
    assert (on_it.status, on_it.answers) == ("already reached", ())
    assert on_it.sentences()[0].endswith("the cut-off is reached as it is.")


def test_the_default_cost_is_the_shift_in_percentiles():
    data = pd.DataFrame({"saved": [0, 0, 10, 20, 30, 40, 50, 60, 70, 80]})
    scorer = fa.wrap(LinearRegression().fit(data, data["saved"]), higher_is="better")
    found = fa.recourse(scorer, {"saved": 10}, actions={"saved": "up"}, cutoff=39.5, data=data)
    # Mid-percentiles: 10 stands at 2.5/10, 40 at 5.5/10.
    assert found.answers[0].changes[0].new == 40
    assert found.cost == pytest.approx(0.3)


def test_a_black_box_is_searched_and_says_so():
    scorer = fa.wrap(
        lambda rows: (
            np.minimum(rows["years"], 6) * 2 - rows["debt"] * (rows["cards"] > 1) + (rows["savings"] == "much")
        ),
        higher_is="better", feature_names=FEATURES,
    )  # fmt: skip
    row = {"years": 2, "debt": 3.0, "savings": "none", "cards": 3}
    rows, costs = everything(row)
    found = fa.recourse(scorer, row, actions=ACTIONS, cutoff=9, data=PEOPLE, rng=3)
    assert found.answers[0].claim == "searched, not proven"
    assert found.answers[0].bound is None
    assert not found.certificate.exact
    assert "nothing is proven" in found.certificate.method
    assert scorer.score(pd.DataFrame([{**row, **{one.feature: one.new for one in found.answers[0].changes}}]))[0] >= 9
    assert found.cost == pytest.approx(costs[scorer.score(rows) >= 9].min())
    nothing = fa.recourse(scorer, row, actions=ACTIONS, cutoff=99, data=PEOPLE)
    assert nothing.status == "none found"
    assert "does not prove" in nothing.sentences()[0]
    again = fa.recourse(scorer, row, actions=ACTIONS, cutoff=9, data=PEOPLE, rng=3)
    assert again == found


@pytest.mark.parametrize("change", [("years", 8), ("savings", "much")])
def test_a_search_keeps_the_rules(change):
    scorer = fa.wrap(lambda rows: 1.0 * rows["years"] + rows["cards"], higher_is="better", feature_names=FEATURES)
    row = {"years": 2, "debt": 3.0, "savings": "none", "cards": 1}
    found = fa.recourse(scorer, row, actions={**ACTIONS, "rules": ["years <= 5"]}, cutoff=9, data=PEOPLE)
    assert {one.feature: one.new for one in found.answers[0].changes} == {"years": 5, "cards": 4}


def test_a_score_that_is_no_sum_is_not_taken_for_one():
    columns = make_column_transformer((PolynomialFeatures(interaction_only=True), ["years", "cards"]))
    scorer = fa.wrap(make_pipeline(columns, LogisticRegression()).fit(PEOPLE[FEATURES], PAID), good="yes")
    scores = scorer.score(PEOPLE)
    row = PEOPLE.iloc[[int(scores.argmin())]]
    found = fa.recourse(scorer, row, actions=ACTIONS, cutoff=float(np.median(scores)), data=PEOPLE, answers=1)
    assert found.status != "already reached"
    assert not found.certificate.exact
    assert "one column of several" in found.certificate.method


def test_without_time_nothing_is_called_proven(monkeypatch):
    solve = Program.cheapest

    def out_of_time(self, cuts, limit):
        made = solve(self, cuts, limit)
        return replace(made, status="limit", chosen=None if self.problem.trees else made.chosen, bound=made.bound - 0.5)

    monkeypatch.setattr(Program, "cheapest", out_of_time)
    for name in ("scorecard", "boosting"):
        cutoff, places = declined_people(SCORERS[name], 0.6, 1)
        found = fa.recourse(SCORERS[name], PEOPLE.iloc[[places[0]]], actions=ACTIONS, cutoff=cutoff, data=PEOPLE)
        assert found.answers[0].claim == ("best found, not proven" if name == "scorecard" else "searched, not proven")
        if name == "scorecard":
            assert 0 < found.answers[0].gap <= 0.5 + 1e-9
            assert "above the least possible" in str(found)


def test_missing_values_stay_and_are_noted():
    gone = PEOPLE[FEATURES].copy()
    gone.loc[::7, "debt"] = np.nan
    card = fa.Scorecard(good="yes").fit(gone, PAID)
    row = {"years": 1, "debt": np.nan, "savings": "none", "cards": 3}
    cutoff = float(card.points(pd.DataFrame([{**row, "years": 8}]))[0])
    found = fa.recourse(card, row, actions=ACTIONS, cutoff=cutoff, data=gone)
    assert all(change.feature != "debt" for answer in found.answers for change in answer.changes)
    assert found.notes == ("debt is missing and was left as it is",)


def test_the_record_is_plain_data_and_pages():
    cutoff, places = declined_people(SCORERS["scorecard"], 0.6, 1)
    found = fa.recourse(SCORERS["scorecard"], PEOPLE.iloc[[places[0]]], actions=ACTIONS, cutoff=cutoff, data=PEOPLE)
    plain = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert plain["answers"][0]["changes"][0]["feature"] in FEATURES
    assert plain["sentences"][0] == list(found.sentences())
    assert "<table>" in found._repr_html_()
    evil = replace(found, notes=("<script>",))
    assert "<script>" not in evil._repr_html_()


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"actions": None}, FairauditError, "never guessed"),
        ({"actions": {"yeras": "up"}}, FairauditError, "Did you mean 'years'"),
        ({"actions": {"years": "upwards"}}, FairauditError, "not 'upwards'"),
        ({"actions": {"savings": "up"}}, FairauditError, "levels in their order"),
        ({"actions": {"savings": {"change": "up", "levels": ["none", "mush"]}}}, FairauditError, "Did you mean 'much'"),
        ({"actions": {"years": {"change": "up", "step": 0}}}, FairauditError, "above 0"),
        ({"actions": {"debt": {"change": "up", "step": 1e-6}}}, FairauditError, "at most 5,000"),
        ({"actions": {"years": "immutable"}}, FairauditError, "change no feature"),
        ({"actions": {"features": {"years": "up"}, "rules": ["years < 3"]}}, FairauditError, "cannot be read"),
        ({"actions": {"features": {"years": "up"}, "rules": ["yaers <= 3"]}}, FairauditError, "Did you mean 'years'"),
        ({"actions": {"features": {"savings": "either"}, "rules": ["savings <= 3"]}}, FairauditError, "about numbers"),
        ({"cutoff": float("nan")}, FairauditError, "finite number"),
        ({"answers": 0}, FairauditError, "from 1 on"),
        ({"row": PEOPLE.iloc[:2]}, FairauditError, "2 rows"),
        ({"model": LogisticRegression()}, SchemaError, "which side"),
        ({"groups": ["years"]}, ProhibitedBasisError, "'years'"),
    ],
)
def test_what_is_refused(options, error, words):
    given = {
        "model": SCORERS["scorecard"],
        "row": PEOPLE.iloc[[0]],
        "actions": ACTIONS,
        "cutoff": 560.0,
        "data": PEOPLE,
    }
    given |= options
    with pytest.raises(error, match=words):
        fa.recourse(given.pop("model"), given.pop("row"), **given)


def test_a_prohibited_basis_changes_only_where_that_was_said():
    scorer = fa.wrap(lambda rows: 1.0 * rows["age"], higher_is="better", feature_names=["age"])
    declared = {"change": "up", "step": 1, "between": [20, 90], "cost": 1}
    with pytest.raises(ProhibitedBasisError, match="although_prohibited"):
        fa.recourse(scorer, {"age": 30}, actions={"age": declared}, cutoff=32)
    said = {"age": {**declared, "although_prohibited": True}}
    assert fa.recourse(scorer, {"age": 30}, actions=said, cutoff=32).cost == 2


@st.composite
def problems(draw):
    """Random sums with few digits, so that ties and exact hits of the line are common."""
    small = st.integers(-3, 3).map(float)
    sizes = draw(st.lists(st.integers(2, 4), min_size=1, max_size=4))
    gains = tuple(np.array([0.0, *draw(st.lists(small, min_size=size - 1, max_size=size - 1))]) for size in sizes)
    prices = st.integers(1, 5).map(float)
    costs = tuple(np.array([0.0, *draw(st.lists(prices, min_size=size - 1, max_size=size - 1))]) for size in sizes)
    names = [f"x{at}" for at in range(len(sizes))]
    variables = tuple(
        Variable((name,), (tuple(range(size)),), cost) for name, size, cost in zip(names, sizes, costs, strict=True)
    )
    kept = tuple(np.arange(size) for size in sizes)
    needed, most = draw(st.integers(1, 8)) * 1.0, draw(st.sampled_from([None, 1, 2]))
    return Problem(variables, kept, costs, gains, (), 0.0, needed, (), most)


@settings(max_examples=40, deadline=None)
@given(problems())
def test_the_program_agrees_with_the_enumeration(problem):
    program = Program(problem)
    choices = list(itertools.product(*(range(len(cost)) for cost in problem.costs)))
    if problem.most_changes:
        choices = [one for one in choices if sum(map(bool, one)) <= problem.most_changes]
    merit = {one: sum(gain[at] for gain, at in zip(problem.gains, one, strict=True)) for one in choices}
    cost = {one: sum(some[at] for some, at in zip(problem.costs, one, strict=True)) for one in choices}
    good = [one for one in choices if merit[one] >= problem.needed]
    solved = program.cheapest([], 10.0)
    assert (solved.status == "infeasible") == (not good)
    if good:
        assert tuple(solved.chosen) in good
        assert cost[tuple(solved.chosen)] == pytest.approx(min(cost[one] for one in good))
        assert solved.bound == pytest.approx(solved.cost)
        without = program.cheapest([exactly(solved.chosen)], 10.0)
        assert without.status == "infeasible" if len(good) == 1 else tuple(without.chosen) != tuple(solved.chosen)
    else:
        best = program.best(10.0)
        assert best.cost == pytest.approx(max(merit.values()))


def test_a_cut_off_in_other_units_is_refused_and_a_missing_value_is_noted():
    rows = pd.DataFrame({"savings": [1.0, 2.0, 3.0, 4.0] * 20, "debt": [4.0, 3.0, 2.0, 1.0] * 20})
    model = LogisticRegression().fit(rows, [0, 0, 1, 1] * 20)
    ways = {"savings": {"change": "up", "step": 1, "cost": 1}}
    with pytest.raises(SchemaError, match="The score is a probability, from 0 to 1, and the cut-off is 560"):
        fa.recourse(fa.wrap(model, good=1), rows[:1], actions=ways, cutoff=560, data=rows)
    card = fa.Scorecard(good=1).fit(rows, [0, 0, 1, 1] * 20)
    blank = rows[:1].assign(debt=np.nan)
    found = fa.recourse(card, blank, actions=ways, cutoff=400, data=rows)
    assert "debt is missing: the score stands as the model treats a missing value" in found.notes
