"""Search and confirmation on counts: planted crossings found, chance kept out, effects without the winner's curse."""

import numpy as np
import pytest
from scipy.special import expit, logit
from scipy.stats import binomtest

from fairaudit.errors import UndefinedMetricError
from fairaudit.inference.contrast import compare
from fairaudit.inference.subgroups import UNKNOWN, Candidate, confirm, crossed, search
from fairaudit.inference.thinning import thin

CODES = np.array(list(np.ndindex(4, 2, 3)))
SHARES = np.prod(
    [np.array(of)[CODES[:, i]] for i, of in enumerate(([0.5, 0.2, 0.2, 0.1], [0.5, 0.5], [0.3, 0.4, 0.3]))], axis=0
)


def members(attributes, levels):
    return (CODES[:, list(attributes)] == levels).all(axis=1)


def draw(rng, people, rates):
    n = rng.multinomial(people, SHARES)
    return n, rng.binomial(n, rates)


def halves(rng, people, rates):
    n, selected = draw(rng, people, rates)
    split = thin(np.stack([selected, n - selected], axis=1), rng=rng)
    return [(part[:, 0], part.sum(axis=1)) for part in split]


def found(parts, **options):
    candidates = search(CODES, *parts[0], **options).candidates
    made = confirm(CODES, *parts[1], candidates)
    return {(c.attributes, c.levels): one for c, one in zip(candidates, made, strict=True)}


@pytest.mark.parametrize(
    ("attributes", "levels"), [((0,), (1,)), ((0, 1), (1, 0)), ((1, 2), (1, 2)), ((0, 1, 2), (1, 0, 1))]
)
def test_a_planted_crossing_is_found_and_confirmed(attributes, levels):
    rates = np.where(members(attributes, levels), 0.3, 0.6)
    made = found(halves(np.random.default_rng(1), 20_000, rates))
    assert made[attributes, levels].p_adjusted < 0.001
    assert made[attributes, levels].low < -0.3 < made[attributes, levels].high
    wrong = [key for key, one in made.items() if one.p_adjusted < 0.05 and not {*key[0]} <= {*attributes}]
    assert wrong == []


def test_a_crossing_whose_parents_look_well_is_found():
    """Worse in two corners, better in the other two: neither attribute shows anything."""
    corner = (CODES[:, 0] % 2) == CODES[:, 1]
    rates = np.where(corner, 0.45, 0.65)
    codes, shares = CODES.copy(), np.full(len(CODES), 1 / len(CODES))
    rng = np.random.default_rng(2)
    n = rng.multinomial(12_000, shares)
    selected = rng.binomial(n, rates)
    result = search(codes, selected, n, depth=2)
    assert {c.depth for c in result.candidates} == {2}
    assert {c.levels for c in result.candidates} == {(0, 0), (1, 1), (2, 0), (3, 1)}


def test_single_attributes_find_a_small_triple_and_list_one_that_a_pair_explains():
    rates = np.where(members((0, 1, 2), (1, 0, 1)), 0.45, 0.6)
    parts = halves(np.random.default_rng(6), 16_000, rates)
    keys = {order: {c.levels: c.p for c in search(CODES, *parts[0], order=order).candidates} for order in (None, 1)}
    assert (1, 0, 1) in keys[1]
    assert keys[None].get((1, 0, 1), 1.0) > 10 * keys[1][1, 0, 1]
    pair = halves(np.random.default_rng(7), 40_000, np.where(members((0, 1), (1, 0)), 0.3, 0.6))
    listed = {order: search(CODES, *pair[0], order=order).candidates for order in (None, 1)}
    assert not any(c.depth == 3 for c in listed[None])
    assert {c.levels for c in listed[1] if c.depth == 3} == {(1, 0, level) for level in range(3)}


def test_what_is_inherited_from_one_attribute_is_listed_once():
    rates = np.where(CODES[:, 0] == 1, 0.35, 0.6)
    made = found(halves(np.random.default_rng(4), 40_000, rates))
    assert [key for key, one in made.items() if one.p_adjusted < 0.05] == [((0,), (1,))]


def test_better_off_than_the_rest_is_not_worse_for_falling_short_of_the_prediction():
    """With two attributes of two levels the opposite corner falls short of its parents as well; it is not listed."""
    codes = np.array(list(np.ndindex(2, 2)))
    num, den = np.array([300, 600, 600, 600]), np.full(4, 1000)
    assert [c.levels for c in search(codes, num, den).candidates if c.depth == 2] == [(0, 0)]
    better = search(codes, num, den, direction="higher").candidates
    assert {(c.levels, c.side) for c in better if c.depth == 2} == {((0, 1), "higher"), ((1, 0), "higher")}
    both = search(codes, num, den, direction="both").candidates
    assert {(c.levels, c.side) for c in both if c.depth == 2} == {
        ((0, 0), "lower"), ((0, 1), "higher"), ((1, 0), "higher"),
    }  # fmt: skip


@pytest.mark.parametrize("main", [False, True])
def test_chance_is_confirmed_in_at_most_one_run_in_twenty(main):
    """Seeded: 60 runs; with effects of single attributes only crossings count, for those attributes are worse."""
    effects = np.array([0, -0.5, -0.2, 0.1])[CODES[:, 0]] + np.array([0, 0.3])[CODES[:, 1]]
    rates = expit(logit(0.4) + effects) if main else np.full(len(CODES), 0.4)
    rng, some, selected, runs = np.random.default_rng(9), 0, 0, 60
    for _ in range(runs):
        made = found(halves(rng, 4_000, rates), direction="both", depth=2 if main else 3)
        false = {key: one for key, one in made.items() if len(key[0]) > 1 or not main}
        selected += bool(false)
        some += any(one.p_adjusted < 0.05 for one in false.values())
    assert binomtest(some, runs, 0.05, alternative="greater").pvalue > 0.05
    assert binomtest(selected, runs, 0.1, alternative="greater").pvalue > 0.05
    if not main:
        assert selected > 0  # the check can fail: chance does stand out in some searches


def test_the_gap_of_the_search_is_too_large_and_that_of_the_confirmation_is_not():
    """Winner's curse: a weak effect is selected where chance helped it; people not searched know nothing of that."""
    rates = np.where(members((0,), (1,)), 0.54, 0.6)
    true, rng = -0.06, np.random.default_rng(12)
    seen, kept = [], []
    for _ in range(160):
        parts = halves(rng, 2_000, rates)
        for candidate, one in zip(
            (result := search(CODES, *parts[0], depth=1)).candidates,
            confirm(CODES, *parts[1], result.candidates),
            strict=True,
        ):
            if (candidate.attributes, candidate.levels) == ((0,), (1,)):
                seen.append(candidate.gap)
                kept.append(one.gap)
    assert 20 < len(seen) < 130
    error = np.std(kept) / np.sqrt(len(kept))
    assert np.mean(seen) < true - 0.02
    assert abs(np.mean(kept) - true) < 3 * error
    assert np.mean(seen) < np.mean(kept) - 4 * error


def test_the_confirmation_is_the_contrast_of_the_people_kept_back():
    """Oracle: the room's contrast of two rates on counts added up by hand."""
    rng = np.random.default_rng(3)
    n, selected = draw(rng, 5_000, np.full(len(CODES), 0.5))
    candidate = Candidate((0, 2), (1, 2), "lower", 0.4, -0.1, 0.001)
    (made,) = confirm(CODES, selected, n, [candidate])
    mask = members((0, 2), (1, 2))
    by_hand = compare(selected[mask].sum(), n[mask].sum(), selected[~mask].sum(), n[~mask].sum(), how="difference")
    assert (made.gap, made.low, made.high, made.p_rest) == (by_hand.value, by_hand.low, by_hand.high, by_hand.p)
    assert made.p >= max(made.p_rest, 0 if made.prediction is None else made.prediction.p)


def test_a_gap_on_the_other_side_confirms_nothing():
    codes = np.array([[0], [1]])
    (made,) = confirm(codes, [300, 600], [1000, 1000], [Candidate((0,), (0,), "higher", 0.7, 0.1, 0.001)])
    assert (made.p, made.p_adjusted) == (1.0, 1.0)
    assert made.p_rest < 1e-6


def test_all_candidates_are_corrected_for():
    codes = np.array([[0], [1], [2]])
    candidates = [Candidate((0,), (level,), "lower", 0.4, -0.1, 0.01) for level in (0, 1)]
    alone = confirm(codes, [450, 480, 520], [1000, 1000, 1000], candidates[:1])[0]
    both = confirm(codes, [450, 480, 520], [1000, 1000, 1000], candidates)
    assert alone.p_adjusted == alone.p
    assert both[0].p == alone.p
    assert both[0].p_adjusted == pytest.approx(2 * alone.p)


def test_the_gap_without_finer_groups():
    rates = np.where(members((0, 1), (1, 0)), 0.3, 0.6)
    made = found(halves(np.random.default_rng(8), 40_000, rates))
    parent, child = made[(0,), (1,)], made[(0, 1), (1, 0)]
    assert child.p_adjusted < 0.001
    assert child.without_finer is None
    assert parent.gap < -0.1
    assert parent.without_finer.low < 0 < parent.without_finer.high + 0.05
    assert abs(parent.without_finer.value) < 0.04


def test_unknown_levels_are_in_no_crossing_of_their_attribute_and_in_no_rest():
    codes = np.array([[0, 0], [1, 0], [UNKNOWN, 0], [0, 1], [1, 1], [UNKNOWN, 1]])
    num, den = np.array([300, 600, 0, 300, 600, 0]), np.full(6, 1000)
    assert crossed(codes, num.astype(float), den.astype(float), [0]).codes.tolist() == [[0], [1]]
    result = search(codes, num, den)
    assert [(c.attributes, c.levels, c.gap) for c in result.candidates] == [((0,), (0,), pytest.approx(-0.3))]
    assert [d.crossings for d in result.depths] == [4, 4]
    (made,) = confirm(codes, num, den, result.candidates)
    assert (made.rest_num, made.rest_den) == (1200, 2000)


def test_what_was_too_small_or_same_as_a_parent_is_counted():
    codes = np.array([[0, 0], [1, 0], [1, 1], [2, 1]])  # nested: level 0 only with 0, level 2 only with 1
    result = search(codes, [200, 300, 310, 4], [500, 600, 610, 20], minimum=30)
    assert [d.depth for d in result.depths] == [1, 2]
    assert result.depths[0].too_small == 1
    assert (result.depths[1].crossings, result.depths[1].too_small, result.depths[1].same_as_parent) == (4, 1, 3)
    for d in result.depths:
        assert d.tested + d.too_small + d.same_as_parent == d.crossings


def test_one_level_or_nobody_leaves_nothing_to_test():
    result = search([[0], [0]], [5, 6], [10, 10])
    assert (result.candidates, result.depths[0].tested) == ((), 0)
    result = search([[0], [1]], [0, 0], [0, 0])
    assert (result.candidates, result.depths[0].crossings) == ((), 0)
    assert confirm([[0], [1]], [1, 1], [2, 2], []) == []


def test_a_candidate_of_whom_nobody_was_kept_back_is_not_confirmed():
    codes = np.array(list(np.ndindex(2, 2)))
    made = confirm(codes, [0, 50, 50, 50], [0, 100, 100, 100], [Candidate((0, 1), (0, 0), "lower", 0.1, -0.4, 0.001)])
    assert made[0].p_adjusted == 1
    assert np.isnan(made[0].gap)
    assert np.isnan(made[0].prediction.rate)


def test_at_most_so_many_candidates_and_the_rest_is_counted():
    rates = np.where(CODES[:, 0] == 1, 0.3, np.where(CODES[:, 2] == 1, 0.5, 0.7))
    n, selected = draw(np.random.default_rng(5), 20_000, rates)
    every = search(CODES, selected, n)
    one = search(CODES, selected, n, most=1)
    assert one.candidates == every.candidates[:1]
    assert one.left_out == len(every.candidates) - 1 > 0


def test_mistakes_are_named():
    with pytest.raises(UndefinedMetricError, match="depth 1 or more"):
        search([[0], [1]], [1, 1], [2, 2], depth=0)
    with pytest.raises(UndefinedMetricError, match=r"got the shapes \(2,\) and \(2,\)"):
        search([0, 1], [1, 1], [2, 2])
    with pytest.raises(UndefinedMetricError, match="between 0 and its total"):
        search([[0], [1]], [3, 1], [2, 2])


def test_a_search_on_both_sides_doubles_the_smaller_p():
    codes = np.array([[0], [1], [2], [3]])
    num, den = [200, 300, 305, 390], [600] * 4
    lower, higher, both = (
        {c.levels: c for c in search(codes, num, den, direction=way, level=0.9).candidates}
        for way in ("lower", "higher", "both")
    )
    assert {levels: c.side for levels, c in both.items()}[(0,)] == "lower"
    assert {levels: c.side for levels, c in both.items()}[(3,)] == "higher"
    assert both[(0,)].p == pytest.approx(2 * lower[(0,)].p, abs=0)
    assert both[(3,)].p == pytest.approx(2 * higher[(3,)].p, abs=0)
    # Nobody is both: where the nearer side is no surprise the p is 1, never more.
    assert all(c.p <= 1 for c in both.values())


def test_a_crossing_is_too_small_by_what_its_parents_predict():
    """Forty people, half of whom everybody else's rate expects; the parents' rates expect next to nobody."""
    codes = np.array(list(np.ndindex(2, 2)))
    num, den = [1_900, 40, 40, 1], [2_000, 400, 400, 40]
    depths = search(codes, num, den).depths
    others = (1_900 + 40 + 40) / 2_800
    assert min(40 * others, 40 * (1 - others)) > 5
    assert (depths[1].crossings, depths[1].too_small) == (4, 1)
    assert depths[1].tested == 3
