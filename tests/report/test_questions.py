"""Each question has a section, in words first, and the tables behind it hold what was measured."""

import numpy as np
import pytest

import fairaudit as fa


@pytest.fixture(scope="module")
def audit():
    rng = np.random.default_rng(6)
    n = 600
    g, branch = rng.choice(["a", "<b>"], n), rng.choice(["north", "south"], n)
    points = rng.integers(0, 20, n) - 2 * (g == "<b>")
    bad = (rng.random(n) < 0.4).astype(int)
    return fa.audit(
        {"g": g, "branch": branch, "points": points, "bad": bad}, score="points", higher_is="better", cutoff=9,
        outcome="bad", bad=1, groups="g", strata="branch", reference={"g": "a"},
    )  # fmt: skip


@pytest.mark.parametrize(
    "heading",
    ["How do the scores differ?", "Does it remain among comparable people?", "Over all groups at once",
     "Does the same score mean the same risk?"],
)  # fmt: skip
def test_each_question_has_its_section(audit, heading):
    assert f">{heading}<" in audit.to_html()
    assert heading in audit.to_markdown()


def test_names_from_the_data_are_text(audit):
    assert "<b> and a are" not in audit.to_html()
    assert "&lt;b&gt; and a are" in audit.to_html()


def test_sentences_name_the_strata_and_the_whole(audit):
    text = audit.to_markdown()
    assert "given branch, the adverse impact ratio is" in text
    assert "over all strata together it is" in text
    assert "where chance alone gives" in text


def test_every_measurement_is_in_a_table_with_its_metric_s_title(audit):
    from fairaudit.metrics import MEASURES

    text = audit.to_markdown()
    for record in audit.result.measurements:
        if record.topic != "calibration":
            assert MEASURES[record.metric].title.split(" (")[0] in text


def test_a_result_without_measurements_has_no_such_section():
    made = fa.audit({"d": [1, 0] * 3}, decision="d", favorable=1)
    assert "Over all groups at once" not in made.to_markdown()


def test_bands_over_all_cutoffs_are_in_words(audit):
    text = audit.to_markdown()
    cutoffs = len(audit.result.curves.cutoffs)
    assert f"95%, simultaneous over 2 groups and {cutoffs} cut-offs" in text
    assert f"95%, simultaneous over 1 group and {cutoffs} cut-offs" in text
    assert "holds for all groups and all cut-offs at once" in text
    [curve] = [c for c in audit.result.curves.groups if c.group == "<b>"]
    below = sum(end < 1 for end in curve.columns["adverse_impact_ratio_band_high"])
    assert below
    assert f"the whole band of the ratio is below 1 at {below} of {cutoffs} cut-offs" in text
