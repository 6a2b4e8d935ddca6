"""Score bins: exact up to 1,024 distinct values, else a grid whose edges are cut-offs."""

import numpy as np
import pytest

from fairaudit.cube import ScoreAxis
from fairaudit.cube.axes import GRID_BINS, MOST_DISTINCT
from fairaudit.cube.from_counts import from_counts
from fairaudit.cube.score_sums import score_sums
from fairaudit.errors import CubeError, SchemaError


def count(scores, higher_is="better", **roles):
    return from_counts({"s": list(scores), "n": [1] * len(scores)}, score="s", higher_is=higher_is, **roles)


def grid(higher_is="better"):
    return ScoreAxis(higher_is, None, np.array([10.0, 20.0]), 5.0, 25.0)


def test_up_to_1024_distinct_scores_are_exact():
    assert count(range(MOST_DISTINCT)).axes.score.exact
    assert not count(range(MOST_DISTINCT + 1)).axes.score.exact


@pytest.mark.parametrize("higher_is", ["better", "worse"])
def test_more_distinct_scores_make_a_grid_of_equal_people_with_the_cutoffs_as_edges(higher_is):
    scores = np.random.default_rng(0).normal(size=5_000)
    cube = count(scores, higher_is, cutoff=[0.123, -0.4, 99.0])
    axis = cube.axes.score
    assert {0.123, -0.4} <= set(axis.edges.tolist())
    assert 99.0 not in axis.edges  # outside the scores
    assert GRID_BINS <= axis.bins <= GRID_BINS + 4  # and a bin of its own for each of the two cut-offs
    assert len(axis.cutoffs()) <= GRID_BINS + 2  # the far side of such a bin is no cut-off
    assert cube.n.sum(axis=(0, 2, 3)).max() <= 2 * len(scores) / GRID_BINS
    for cutoff in (0.123, -0.4, *axis.cutoffs()[::100].tolist()):
        wanted = (scores >= cutoff if higher_is == "better" else scores <= cutoff).sum()
        assert cube.confusion(cutoff).selected.n.tolist() == [wanted]


@pytest.mark.parametrize("higher_is", ["better", "worse"])
def test_bins_close_on_the_favorable_side(higher_is):
    scores = [5, 10, 10, 15, 20, 25]
    cube = count(scores, higher_is, edges=[10, 20])
    for cutoff in (10.0, 20.0):
        wanted = sum(s >= cutoff if higher_is == "better" else s <= cutoff for s in scores)
        assert cube.confusion(cutoff).selected.n.tolist() == [wanted]
    assert cube.n[0, :, 0, 0].tolist() == ([1, 3, 2] if higher_is == "better" else [3, 2, 1])


@pytest.mark.parametrize("higher_is", ["better", "worse"])
def test_people_exactly_at_a_cutoff_that_was_given_while_counting(higher_is):
    cube = count([5, 10, 10, 10.5, 20, 20, 20, 25], higher_is, edges=[10, 15], cutoff=[20, 7])
    assert [cube.people_at(cutoff) for cutoff in (20, 7)] == [3, 0]
    assert cube.people_at(10) is None  # an edge, but its bin is wide
    exact = count([5, 10, 10, 25], higher_is)
    assert [exact.people_at(cutoff) for cutoff in (5, 7, 10, 25)] == [1, 0, 2, 1]


def test_a_later_cutoff_that_is_no_edge_names_the_two_nearest():
    with pytest.raises(
        CubeError, match="cutoff 14 is not an edge of the binned score; the nearest edges are 10 and 20"
    ):
        grid().first_above(14)
    with pytest.raises(CubeError, match=r"the nearest edges are 20\."):
        grid().first_above(24)
    with pytest.raises(CubeError, match=r"the nearest edges are 10\."):
        grid().first_above(6)


@pytest.mark.parametrize("cutoff", [4.9, 25.1])
def test_a_cutoff_outside_a_grid(cutoff):
    with pytest.raises(CubeError, match=r"inside the score range \[5, 25\]"):
        grid().first_above(cutoff)


def test_exact_scores_merge_by_their_union():
    both = count([1, 3, 3]) + count([2, 3, 4])
    assert both.axes.score.values.tolist() == [1, 2, 3, 4]
    assert both.n[0, :, 0, 0].tolist() == [1, 1, 3, 1]
    assert (both.axes.score.low, both.axes.score.high) == (1, 4)


def test_an_exact_cube_without_unscored_people_merges_with_one_that_has_them():
    both = count([1, 3]) + count([2, None])
    assert both.n[0, :, 0, 0].tolist() == [1, 1, 1, 1]
    assert both.unscored.tolist() == [1]


def test_grids_merge_with_the_same_declared_edges_only():
    one = count([5, 15, 15], edges=[10, 20])
    assert (one + count([25], edges=[10, 20])).n[0, :, 0, 0].tolist() == [1, 2, 1]
    for other in (count([25], edges=[10, 21]), count([25]), count([25], edges=[10, 20], cutoff=25)):
        with pytest.raises(CubeError, match=r"Cubes differ in the bins of the score. Count both with the same edges"):
            one + other


def test_grids_keep_exact_sums():
    scores = [0.1, 0.2, 0.30000004, 7.25]
    cube = count(scores, edges=[1])
    assert cube.s1[0, :, 0, 0].tolist() == [600_000, 7_250_000]
    table = cube.score_table()
    assert table.scores[0].tolist() == [0.2, 7.25]
    assert table.squares[0, 1] == 52.5625


def test_sums_of_scores_too_large_for_whole_numbers_say_so():
    with pytest.raises(SchemaError, match=r"do not fit whole numbers of 1/1000000. .* score_scale=10000\."):
        count([1e7, 1e7 + 1], edges=[1e7 + 1])
    assert count([1e7, 1e7 + 1], edges=[1e7 + 1], score_scale=10_000).score_table().scores[0].tolist() == [1e7, 1e7 + 1]
    with pytest.raises(SchemaError, match="No scale is small enough"):
        count([1e200, 2e200], edges=[1.5e200])


def test_minus_zero_is_zero():
    assert count([-0.0, 1.0]).digest == count([0.0, 1.0]).digest


def test_the_rule_in_words():
    assert grid().favorable_text(620.0) == "score >= 620"
    assert grid("worse").favorable_text(0.12345) == "score <= 0.12345"


def test_bins_of_the_worse_side_run_backwards_in_the_score_table():
    table = count([1, 2, 2], "worse").score_table()
    assert table.scores[0].tolist() == [2, 1]
    assert table.people.n[0].tolist() == [2, 1]
    assert table.sign == -1


# Sums of scores


@pytest.mark.parametrize("higher_is", ["better", "worse"])
@pytest.mark.parametrize("edges", [None, [10.0, 20.0]])
def test_sums_of_scores_are_those_of_the_rows(higher_is, edges):
    rng = np.random.default_rng(3)
    score, group, bad = rng.integers(0, 30, 200) / 2, rng.integers(0, 3, 200), rng.integers(0, 2, 200)
    cube = from_counts(
        {"s": score, "g": group, "y": bad, "n": np.ones(200, dtype=int)}, score="s", higher_is=higher_is, groups="g",
        outcome="y", bad=1, **({"edges": edges} if edges else {}),
    )  # fmt: skip
    made = score_sums(cube)
    assert made.sign == (1.0 if higher_is == "better" else -1.0)
    bins = cube.axes.score.scored_bins
    assert made.table.n.shape == made.sums.shape == made.squares.shape == (3, bins, 3)
    place = np.searchsorted(edges, score, "right" if higher_is == "better" else "left") if edges else (
        np.unique(score, return_inverse=True)[1])  # fmt: skip
    place = place if higher_is == "better" else bins - 1 - place
    for g in range(3):
        for b in range(bins):
            for y in (0, 1):
                mine = score[(group == g) & (place == b) & (bad == y)]
                assert made.sums[g, b, y] == pytest.approx(mine.sum())
                assert made.squares[g, b, y] == pytest.approx((mine**2).sum())
    assert made.observed.n.sum() == 200
    # Groups stacked again are the groups, and pooled ones are summed.
    again = type(made).stacked([made[0], made[1], made[2]])
    np.testing.assert_array_equal(again.table.n, made.table.n)
    np.testing.assert_array_equal(again.sums, made.sums)
    np.testing.assert_array_equal(again.squares, made.squares)
    pooled = made.pooled([0, 2])
    np.testing.assert_array_equal(pooled.table.n, made.table.n[[0, 2]].sum(axis=0))
    np.testing.assert_allclose(pooled.sums, made.sums[[0, 2]].sum(axis=0))
    np.testing.assert_allclose(pooled.squares, made.squares[[0, 2]].sum(axis=0))
