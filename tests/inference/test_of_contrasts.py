"""Every contrast of the catalogue, compared from counts: duality, coverage, and the catalogue's own value."""

import numpy as np
import pytest

from fairaudit.cube.confusion import Confusion, ScoreTable, Tally
from fairaudit.inference.of_contrasts import Asked, compare_groups
from fairaudit.inference.simultaneous import ALL_PAIRS, AllPairs
from fairaudit.metrics.base import CONTRASTS
from fairaudit.metrics.disparity import value

DECISIONS = sorted(name for name, item in CONTRASTS.items() if "decision" in item.needs)
MEDIAN = {"scoring_rate_ratio"}
"""Contrasts of a decision that the median of the score makes: they read confusions."""
SCORES = sorted(name for name, item in CONTRASTS.items() if "score" in item.needs and name not in MEDIAN)


def random_confusions(rng, groups, people=300):
    """Return groups with random rates, good and bad people on both sides."""
    shares = rng.dirichlet([4, 2, 2, 4], size=groups)
    counts = np.array([rng.multinomial(people, share) for share in shares], dtype=float)
    table = np.zeros((groups, 2, 3))
    table[:, :, :2] = counts.reshape(groups, 2, 2)
    return Confusion(Tally.of(table))


def random_scores(rng, groups, bins=12, people=400):
    table = np.zeros((groups, bins, 3))
    for g in range(groups):
        for outcome, tilt in ((0, 1.2), (1, -1.2)):
            weights = np.exp(tilt * np.linspace(-1, 1, bins) + rng.normal(0, 0.3, bins))
            table[g, :, outcome] = rng.multinomial(people // 2, weights / weights.sum())
    scores = np.broadcast_to(np.arange(bins, dtype=float) * 10 + 500, (groups, bins))
    return ScoreTable(Tally.of(table), scores, scores**2, higher_is_better=True)


def counts_for(name, rng, groups=6):
    return random_scores(rng, groups) if name in SCORES else random_confusions(rng, groups)


@pytest.mark.parametrize("name", [*DECISIONS, *SCORES, *MEDIAN])
def test_the_value_is_the_catalogue_s_and_lies_in_its_interval(name):
    rng = np.random.default_rng(7)
    table = counts_for(name, rng)
    everybody = table.pooled(range(6)) if name in SCORES else None
    made = compare_groups(CONTRASTS[name], table[[1, 2, 3]], table[[0, 0, 0]], everybody=everybody)
    expected = value(CONTRASTS[name], table[[1, 2, 3]], table[[0, 0, 0]], everybody)
    assert [one.value for one in made] == pytest.approx(expected.tolist(), rel=1e-12)
    for one in made:
        assert one.low <= one.value <= one.high
        assert one.low <= one.low_one_sided <= one.high_one_sided <= one.high
        assert 0 <= one.p <= 1


@pytest.mark.parametrize("name", [*DECISIONS, *SCORES, *MEDIAN])
@pytest.mark.parametrize("confidence", [0.8, 0.95, 0.99])
def test_p_and_interval_agree(name, confidence):
    rng = np.random.default_rng(11)
    item = CONTRASTS[name]
    checked = 0
    for _ in range(6):
        table = counts_for(name, rng)
        everybody = table.pooled(range(6)) if name in SCORES else None
        asked = Asked(confidence=confidence)
        for one in compare_groups(item, table[1:], table[[0] * 5], everybody=everybody, asked=asked):
            if abs(one.p - (1 - confidence)) < 1e-6:
                continue
            excluded = not one.low <= item.neutral <= one.high
            if item.how in {"mean_absolute_difference", "worst_difference"}:
                excluded = one.low > 0
            assert excluded == (one.p < 1 - confidence)
            checked += 1
    assert checked > 20


@pytest.mark.parametrize("name", ["equalized_odds_difference", "average_absolute_odds_difference"])
def test_a_worst_case_gap_can_cover_zero_and_rarely_misses_it_when_it_is_true(name):
    # The foil: an interval of max - min that never reaches 0 (fairlearn's difference_ci; /0.3 of the notes).
    rng = np.random.default_rng(3)
    missed = 0
    for _ in range(200):
        cells = rng.multinomial(400, [0.35, 0.15, 0.15, 0.35], size=2).astype(float)
        table = np.zeros((2, 2, 3))
        table[:, :, :2] = cells.reshape(2, 2, 2)
        k = Confusion(Tally.of(table))
        (one,) = compare_groups(CONTRASTS[name], k[[1]], k[[0]])
        missed += one.low > 0
    assert missed <= 20  # 5% of 200 is 10; the binomial chance of more than 20 is under 0.2%


def test_average_odds_cover_the_truth():
    rng = np.random.default_rng(5)
    good, bad = np.array([[0.8, 0.6], [0.7, 0.75]]), np.array([[0.3, 0.2], [0.25, 0.15]])
    truth = ((good[1, 0] - good[0, 0]) + (bad[1, 0] - bad[0, 0])) / 2
    covered = 0
    for _ in range(300):
        table = np.zeros((2, 2, 3))
        for g in range(2):
            table[g, 0, 0] = rng.binomial(150, good[g, 0])
            table[g, 1, 0] = 150 - table[g, 0, 0]
            table[g, 0, 1] = rng.binomial(120, bad[g, 0])
            table[g, 1, 1] = 120 - table[g, 0, 1]
        k = Confusion(Tally.of(table))
        (one,) = compare_groups(CONTRASTS["average_odds_difference"], k[[1]], k[[0]])
        covered += one.low <= truth <= one.high
    assert covered >= 275  # 285 expected; under 275 has a chance of about 1%, and the draw is seeded


def test_the_shortfall_is_the_gap_in_people():
    k = Confusion.from_counts([[[0, 0, 26], [0, 0, 22]], [[0, 0, 206], [0, 0, 53]]])
    (people,) = compare_groups(CONTRASTS["shortfall"], k[[0]], k[[1]])
    (gap,) = compare_groups(CONTRASTS["selection_rate_difference"], k[[0]], k[[1]])
    # Connecticut v. Teal: 48 people at a rate of 206/259 would have been 38.18 selected, 26 were.
    assert people.value == pytest.approx(12.18, abs=0.005)
    assert (people.low, people.high, people.p) == pytest.approx((-48 * gap.high, -48 * gap.low, gap.p))


def test_an_empty_group_is_undefined_with_its_reason():
    k = Confusion.from_counts([[[0, 0, 0], [0, 0, 0]], [[0, 0, 206], [0, 0, 53]]])
    (one,) = compare_groups(CONTRASTS["adverse_impact_ratio"], k[[0]], k[[1]])
    assert np.isnan(one.value)
    assert one.undefined == CONTRASTS["adverse_impact_ratio"].undefined_when
    assert one.p is None


def test_a_reference_of_none_selected_has_no_upper_end():
    k = Confusion.from_counts([[[0, 0, 5], [0, 0, 45]], [[0, 0, 0], [0, 0, 60]]])
    (one,) = compare_groups(CONTRASTS["adverse_impact_ratio"], k[[0]], k[[1]])
    assert one.unbounded == "value"
    assert np.isinf(one.value)


def test_intervals_widen_for_the_pairs_the_data_chose_from():
    rng = np.random.default_rng(2)
    k = random_confusions(rng, 2)
    (one,) = compare_groups(CONTRASTS["adverse_impact_ratio"], k[[0]], k[[1]])
    (wide,) = compare_groups(CONTRASTS["adverse_impact_ratio"], k[[0]], k[[1]], asked=Asked(comparisons=6))
    assert wide.low < one.low
    assert one.high < wide.high
    assert "6 pairs" in wide.method
    assert wide.p == one.p  # pairs are corrected for in the family, not twice


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("adverse_impact_ratio", "Miettinen-Nurminen, effective counts"),
        ("equalized_odds_difference", "weighted: effective counts"),
        ("average_odds_difference", "weighted: effective counts"),
        ("standardized_mean_difference", "weighted: effective people"),
        ("area_under_curve_difference", "weighted: linearised variance"),
    ],
)
def test_every_method_of_weighted_people_says_so_and_weight_1_is_no_weight(name, words):
    import fairaudit as fa

    rng = np.random.default_rng(2)
    table = {
        "g": rng.choice(["a", "b"], 600).tolist(),
        "score": rng.integers(1, 20, 600).tolist(),
        "y": rng.integers(0, 2, 600).tolist(),
        "w": (1.0 + rng.integers(0, 3, 600)).tolist(),
        "one": [1.0] * 600,
    }
    roles = {"score": "score", "higher_is": "better", "cutoff": 10, "outcome": "y", "bad": 1, "groups": "g", "rng": 1}
    found = {
        weight: next(
            f
            for f in fa.audit(table, **roles, reference={"g": "a"}, weight=weight, metrics=[name]).result.findings
            if f.metric == name
        )
        for weight in ("w", "one", None)
    }
    assert words in found["w"].method
    assert "effective" not in found["one"].method
    assert found["one"].method == found[None].method
    assert (found["one"].low, found["one"].high, found["one"].p) == (found[None].low, found[None].high, found[None].p)


@pytest.mark.parametrize("name", ["adverse_impact_ratio", "selection_rate_difference", "selection_odds_ratio"])
def test_few_weighted_people_on_a_side_are_neither_tested_nor_judged(name):
    """docs/coverage.md: below 10 people's worth of rows these intervals hold in 87% and tests reject in 12.7%."""
    import fairaudit as fa

    rng = np.random.default_rng(5)
    table = {
        "g": ["a"] * 400 + ["b"] * 200 + ["c"] * 400,
        "decision": [1] * 200 + [0] * 200 + [1] * 5 + [0] * 195 + [1] * 100 + [0] * 300,
        "w": rng.choice([1.0, 4.0], 1000).tolist(),
    }
    roles = {"decision": "decision", "favorable": 1, "groups": "g", "reference": {"g": "a"}, "metrics": [name]}
    few, enough = (one for one in fa.audit(table, weight="w", **roles).result.findings if one.metric == name)
    assert (few.group, enough.group) == ("b", "c")
    assert few.p is None
    assert few.test is None
    assert few.p_adjusted is None
    assert few.low < few.value < few.high
    assert enough.p < 0.001
    if few.status != "info":
        assert few.status == "insufficient"
        assert "worth fewer than 10 people on one side" in few.reason
        assert enough.status == "flag"
    # Counted as people and not as weighted rows, the same few are tested, exactly.
    alone = next(one for one in fa.audit(table, **roles).result.findings if one.metric == name)
    assert alone.p < 0.001
    assert alone.status == enough.status


def test_alone_an_audit_asks_for_one_comparison():
    assert Asked() == Asked(family=1, comparisons=1, minimum_n=1)
    two = AllPairs(2, ALL_PAIRS, np.sort(np.random.default_rng(1).normal(size=50)))
    assert Asked(pairs=two).widened == ", widened for all 2 pairs, largest statistic drawn (Tukey)"
    assert Asked(pairs=AllPairs(1, ALL_PAIRS, None)).widened == ""


def test_what_could_be_revealed_lies_on_the_side_where_the_group_is_worse_off():
    k = random_confusions(np.random.default_rng(3), 2)
    made = {name: compare_groups(CONTRASTS[name], k[[0]], k[[1]])[0].minimum_detectable for name in DECISIONS}
    assert made["adverse_impact_ratio"] < 1 < made["adverse_outcome_ratio"]
    assert made["selection_rate_difference"] < 0 < made["equalized_odds_difference"]
    assert made["average_odds_difference"] < 0 < made["shortfall"]


def test_what_could_be_revealed_of_two_gaps_follows_from_the_width():
    k = random_confusions(np.random.default_rng(3), 2)
    for name, sign in (("equalized_odds_difference", 1), ("average_odds_difference", -1)):
        (made,) = compare_groups(CONTRASTS[name], k[[0]], k[[1]], asked=Asked(power=0.9))
        # Two-sided test at 5% with power of 90%: 1.960 + 1.282 standard errors, the width being 2 x 1.960.
        expected = sign * (1.959964 + 1.281552) * (made.high - made.low) / (2 * 1.959964)
        assert made.minimum_detectable == pytest.approx(expected, rel=1e-6)


def test_people_needed_to_clear_alike_groups_do_not_depend_on_the_family():
    k = random_confusions(np.random.default_rng(5), 2, people=60)
    alone, many = (
        compare_groups(CONTRASTS["adverse_impact_ratio"], k[[0]], k[[1]], asked=Asked(line=0.8, family=family))[0]
        for family in (1, 20)
    )
    assert alone.people_needed_if_alike == many.people_needed_if_alike


def test_people_behind_rankings_and_the_smallest_groups():
    s = random_scores(np.random.default_rng(3), 2)
    fewer = s.table.n.copy()
    fewer[1] = np.floor(fewer[1] / 2)
    s = ScoreTable(Tally.of(fewer), s.scores, s.squares, True)
    (made,) = compare_groups(CONTRASTS["area_under_curve_difference"], s[[0]], s[[1]])
    assert (made.n, made.n_reference) == (fewer[0].sum(), fewer[1].sum())
    two = np.zeros((1, 12, 3))
    two[0, 3, 0] = two[0, 8, 1] = 1
    pair = ScoreTable(Tally.of(two), s.scores[[0]], s.squares[[0]], True)
    (made,) = compare_groups(CONTRASTS["standardized_mean_difference_two_group"], s[[0]], pair)
    assert made.minimum_detectable is not None
