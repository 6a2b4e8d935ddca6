"""fa.train(mitigate=...): a plain estimator, audited before and after on people it never saw."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

import fairaudit as fa
from fairaudit.errors import SchemaError


@pytest.fixture(scope="module")
def people():
    rng = np.random.default_rng(3)
    n = 4000
    group = rng.random(n) < 0.4
    income = rng.normal(size=n) - 0.8 * group
    rows = pd.DataFrame({"income": income, "area": group + 0.4 * rng.normal(size=n)})
    paid = rng.random(n) < 1 / (1 + np.exp(-0.5 - income + 0.8 * group))
    return rows, np.where(paid, "yes", "no"), np.where(group, "B", "W")


def made(people, **options):
    rows, outcome, race = people
    given = {"good": "yes", "kind": "logistic", "groups": {"race": race}, "target": {"race": "B"},
             "reference": {"race": "W"}, "cutoff": 0.5, "mitigate": "reweighing"}  # fmt: skip
    return fa.train(rows, outcome, **{**given, **options})


def ratio(audit):
    (one,) = [each for each in audit.result.findings if each.metric == "adverse_impact_ratio"]
    return one


@pytest.mark.parametrize("kind", ["logistic", "boosting"])
@pytest.mark.parametrize("how", ["reweighing", "reductions"])
def test_disparity_is_less_after_it_and_the_model_is_a_plain_estimator(people, kind, how):
    trained = made(people, kind=kind, mitigate=how)
    before, after = ratio(trained.before), ratio(trained.after)
    assert after.value > before.value
    assert before.n == after.n == (people[2][trained.test_rows] == "B").sum()
    rows = people[0].iloc[trained.test_rows]
    predicted = trained.model.predict_proba(rows)[:, 1]
    assert trained.probability_of_good(rows) == pytest.approx(predicted)
    known = roc_auc_score(people[1][trained.test_rows] == "yes", predicted)
    assert trained.area_under_curve == pytest.approx(known)
    assert not {"race"} & {*trained.model.feature_names_in_}


def test_reweighing_is_the_weights_of_aif360(people):
    """Kamiran & Calders (2012), as AIF360 writes them: people expected over people observed, by group and outcome."""
    from sklearn.linear_model import LogisticRegression

    rows, outcome, race = people
    trained = made(people)
    seen = trained.train_rows
    table = pd.DataFrame({"race": race[seen], "paid": outcome[seen]})
    of_group, of_outcome = (table[name].map(table[name].value_counts()) for name in ("race", "paid"))
    both = table.groupby(["race", "paid"])["paid"].transform("size")
    weights = of_group * of_outcome / (len(table) * both)
    some = rows.iloc[seen]
    scaled = (some - some.mean()) / some.std(ddof=0)
    known = LogisticRegression(max_iter=2000).fit(scaled, outcome[seen] == "yes", sample_weight=weights)
    assert trained.model[-1].coef_ == pytest.approx(known.coef_, rel=1e-6)


def test_it_is_saved_and_audited_like_any_model(people, tmp_path):
    trained = made(people, mitigate="reductions")
    fa.save_model(trained, tmp_path / "model")
    back = fa.load_model(tmp_path / "model")
    assert np.array_equal(back.score(people[0]), fa.wrap(trained).score(people[0]))
    assert trained.settings["mitigate"] == "reductions"


def test_without_mitigation_it_is_the_plain_training(people):
    rows, outcome, _ = people
    plain = fa.train(rows, outcome, good="yes", kind="logistic", groups=["race"])
    assert plain.before is None
    assert plain.good == "yes"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"mitigate": "reweighting"}, "Did you mean 'reweighing'"),
        ({"kind": "scorecard"}, "is not trained with weights"),
        ({"groups": ["race"]}, "learns from each person's group"),
        ({"target": None}, "Say for whom"),
        ({"reference": None}, "Say for whom"),
        ({"cutoff": None}, "give the cut-off"),
        ({"target": {"race": "X"}}, "'X' is no level of 'race'"),
    ],
)
def test_what_it_needs_is_asked_for(people, options, words):
    with pytest.raises(SchemaError, match=words):
        made(people, **options)
