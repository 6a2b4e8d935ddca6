"""Each class of a recorded decision by itself, and the ratio in the best shares of a score, counted by hand."""

import numpy as np
import pytest

import fairaudit as fa

STYLES = {"Female": {"coach": 60, "driver": 30, "guide": 110, "withdrawn": 9},
          "Male": {"coach": 40, "driver": 90, "guide": 120, "withdrawn": 4},
          "Other": {"coach": 20, "driver": 20, "guide": 60, "withdrawn": 0}}  # fmt: skip
KINDS = {"coach": "favorable", "driver": "unfavorable", "guide": "intermediate", "withdrawn": "excluded"}


def audited(styles, kinds, **options):
    rows = [(sex, style, n) for sex, counts in styles.items() for style, n in counts.items() if n]
    table = {"sex": [r[0] for r in rows], "style": [r[1] for r in rows], "n": [r[2] for r in rows]}
    return fa.audit(table, counts="n", groups="sex", decision="style", decision_levels=kinds, **options)


def records(audit, metric):
    found = [m for m in audit.result.measurements if m.topic == "classes" and m.metric == metric]
    return {(m.detail, m.group): m for m in found}


@pytest.fixture(scope="module")
def ll144():
    return audited(STYLES, KINDS, policy="us-nyc-ll144")


def test_every_class_has_its_shares_of_those_who_were_put_into_one(ll144):
    found = records(ll144, "class_rate")
    assert {detail for detail, _ in found} == {"coach", "driver", "guide"}
    for (style, sex), record in found.items():
        people = sum(n for other, n in STYLES[sex].items() if other != "withdrawn")
        assert (record.value, record.n) == (pytest.approx(STYLES[sex][style] / people), people)
        assert record.low < record.value < record.high
    for sex in STYLES:
        assert sum(found[style, sex].value for style in ("coach", "driver", "guide")) == pytest.approx(1)


def test_each_class_is_held_against_the_category_with_its_highest_rate(ll144):
    found = records(ll144, "class_impact_ratio")
    # coach: 60/200, 40/250, 20/100; driver: 30/200, 90/250, 20/100; guide: 110/200, 120/250, 60/100.
    expected = {
        ("coach", "Male"): ("Female", 0.16 / 0.30), ("coach", "Other"): ("Female", 0.20 / 0.30),
        ("driver", "Female"): ("Male", 0.15 / 0.36), ("driver", "Other"): ("Male", 0.20 / 0.36),
        ("guide", "Female"): ("Other", 0.55 / 0.60), ("guide", "Male"): ("Other", 0.48 / 0.60),
    }  # fmt: skip
    assert {key: (m.reference, m.value) for key, m in found.items()} == {
        key: (reference, pytest.approx(ratio)) for key, (reference, ratio) in expected.items()
    }
    # The data chose the reference, so intervals are widened for all three pairs and agree with their p.
    for record in found.values():
        assert "widened for 3 pairs" in record.method
        assert (record.p < 0.05) == (record.high < 1)


def test_a_named_reference_stays_the_same_for_every_class():
    found = records(audited(STYLES, KINDS, reference={"sex": "Male"}), "class_impact_ratio")
    assert {m.reference for m in found.values()} == {"Male"}
    assert found["driver", "Female"].value == pytest.approx(0.15 / 0.36)
    assert all("widened" not in m.method for m in found.values())


def test_the_favorable_class_agrees_with_the_adverse_impact_ratio(ll144):
    found = records(ll144, "class_impact_ratio")
    for finding in ll144.result.findings:
        if finding.metric == "adverse_impact_ratio":
            assert found["coach", finding.group].value == pytest.approx(finding.value)
            assert found["coach", finding.group].high == pytest.approx(finding.high, rel=0.05)


def test_small_and_unknown_categories_are_shown_and_not_compared():
    styles = {**STYLES, "Unknown": {"coach": 30, "driver": 1, "guide": 9, "withdrawn": 0},
              "Rare": {"coach": 3, "driver": 1, "guide": 1, "withdrawn": 0}}  # fmt: skip
    made = audited(styles, KINDS, policy="us-nyc-ll144")
    assert {sex for _, sex in records(made, "class_rate")} == set(styles)
    compared = {m.group for m in records(made, "class_impact_ratio").values()}
    assert not compared & {"Unknown", "Rare"}
    assert {m.reference for m in records(made, "class_impact_ratio").values()} <= set(STYLES)


def test_two_classes_are_the_decision_itself():
    styles = {sex: {"coach": counts["coach"], "driver": counts["driver"]} for sex, counts in STYLES.items()}
    made = audited(styles, {"coach": "favorable", "driver": "unfavorable"}, policy="us-nyc-ll144")
    assert not records(made, "class_rate")


def test_the_section_is_in_the_report(ll144):
    text = ll144.to_markdown()
    assert "Who is put into which class?" in text
    assert "Impact ratio of a class" in text


# The adverse impact ratio by quantile of the score


def test_the_ratio_in_the_best_share_counted_by_hand():
    # Best first: who stands where. The best 10% of 20 people are 2, the best 30% are 6, the best 50% are 10.
    order = "AABAABABABAABBABBBAB"
    people = {"g": list(order), "points": list(range(len(order), 0, -1))}
    policy = {"extends": "us-fair-lending", "id": "small", "minimum_n": 1}
    made = fa.audit(people, groups="g", score="points", higher_is="better", reference={"g": "A"}, policy=policy)
    found = {m.detail: m for m in made.result.measurements if m.metric == "adverse_impact_ratio_in_best"}
    n = {g: order.count(g) for g in "AB"}
    for best, k in ((0.1, 2), (0.3, 6), (0.5, 10), (0.9, 18)):
        first = order[:k]
        by_hand = (first.count("B") / n["B"]) / (first.count("A") / n["A"])
        assert found[f"best {best:.0%} (really {best:.1%})"].value == pytest.approx(by_hand)


def test_equal_scores_are_selected_together_and_the_real_share_is_said():
    people = {"g": ["A"] * 50 + ["B"] * 50, "points": [3] * 30 + [1] * 20 + [3] * 10 + [1] * 40}
    made = fa.audit(people, groups="g", score="points", higher_is="better", reference={"g": "A"})
    found = {m.detail: m.value for m in made.result.measurements if m.metric == "adverse_impact_ratio_in_best"}
    assert found["best 10% (really 40.0%)"] == pytest.approx((10 / 50) / (30 / 50))
    assert found["best 90% (really 100.0%)"] == 1
    assert not np.isnan(list(found.values())).any()
