"""The axes by themselves: bins close on the favorable side, cut-offs are answered, axes merge."""

import numpy as np
import pytest

from fairaudit.cube.axes import Axes, Dimension, ScoreAxis, distinct_cells, distinct_rows, order_levels
from fairaudit.errors import CubeError

SIDES = ["better", "worse"]


def exact(values, higher_is="better", unscored=False):
    values = np.array(values, dtype=float)
    return ScoreAxis(higher_is, values, None, values[0], values[-1], unscored)


def gridded(edges, low, high, higher_is="better", unscored=False):
    return ScoreAxis(higher_is, None, np.array(edges, dtype=float), low, high, unscored)


def selected(axis, scores, cutoff):
    above = axis.bin_of(scores) >= axis.first_above(cutoff)
    return above if axis.higher_is == "better" else ~above


@pytest.mark.parametrize("higher_is", SIDES)
@pytest.mark.parametrize("cutoff", [2.0, 5.0])
def test_whoever_stands_at_a_cutoff_is_on_the_favorable_side(higher_is, cutoff):
    scores = np.array([0.0, 1.9, 2.0, 2.1, 4.9, 5.0, 5.1, 9.0])
    rule = scores >= cutoff if higher_is == "better" else scores <= cutoff
    for axis in (exact(scores, higher_is), gridded([2.0, 5.0], 0.0, 9.0, higher_is)):
        assert selected(axis, scores, cutoff).tolist() == rule.tolist()


def test_people_without_a_score_have_the_last_bin():
    for axis in (exact([1, 2], unscored=True), gridded([1.5], 1, 2, unscored=True)):
        assert axis.bin_of(np.array([1.0, np.nan, 2.0])).tolist() == [0, 2, 1]
        assert (axis.bins, axis.scored_bins) == (3, 2)


def test_a_cutoff_that_bins_cannot_answer_is_refused_with_the_nearest():
    axis = gridded([2.0, 5.0, 7.0], 0.0, 9.0)
    with pytest.raises(CubeError, match="nearest edges are 2 and 5"):
        axis.first_above(3.0)
    with pytest.raises(CubeError, match=r"inside the score range \[0, 9\]"):
        axis.first_above(9.5)
    assert [axis.first_above(edge) for edge in (2.0, 5.0, 7.0)] == [1, 2, 3]


def test_the_far_side_of_a_cutoffs_own_bin_is_no_cutoff():
    up, down = np.nextafter(5.0, np.inf), np.nextafter(5.0, -np.inf)
    assert gridded([2.0, 5.0, up, 7.0], 0, 9).cutoffs().tolist() == [2.0, 5.0, 7.0]
    assert gridded([2.0, down, 5.0, 7.0], 0, 9, "worse").cutoffs().tolist() == [2.0, 5.0, 7.0]
    assert gridded([-1.0, 2.0, 10.0], 0, 9).cutoffs().tolist() == [2.0]
    assert exact([3, 4]).cutoffs().tolist() == [3.0, 4.0]


@pytest.mark.parametrize(("one", "two"), [(True, False), (False, True), (False, False)])
def test_merged_axes_hold_the_bins_of_both(one, two):
    merged = exact([1, 4], unscored=one) + exact([2, 4, 6], unscored=two)
    assert merged.values.tolist() == [1, 2, 4, 6]
    assert (merged.low, merged.high, merged.unscored) == (1, 6, one or two)
    assert exact([1, 4], unscored=True).map_into(merged).tolist() == [0, 2, 4]
    grids = gridded([3], 0, 4, unscored=one) + gridded([3], 1, 9, unscored=two)
    assert (grids.low, grids.high, grids.unscored, grids.edges.tolist()) == (0, 9, one or two, [3.0])


@pytest.mark.parametrize("other", [gridded([3, 4], 0, 9), exact([1, 2])])
def test_axes_of_other_bins_do_not_merge(other):
    with pytest.raises(CubeError, match="differ in the bins of the score"):
        gridded([3], 0, 9) + other
    with pytest.raises(CubeError, match="higher is better in one, worse in the other"):
        exact([1, 2]) + exact([1, 2], "worse")


def test_levels_are_shown_numbers_first_and_missing_last():
    levels = {"b", "10", "9.5", "(missing)", "inf", "A", "-1"}
    assert order_levels(levels) == ("-1", "9.5", "10", "A", "b", "inf", "(missing)")


def test_cells_and_rows_are_told_apart_as_numpy_does():
    codes = np.random.default_rng(1).integers(0, 3, (50, 2))
    cells, cell = distinct_cells(codes, [3, 3])
    wanted, place = np.unique(codes, axis=0, return_inverse=True)
    assert cells.tolist() == wanted.tolist()
    assert cell.tolist() == place.reshape(-1).tolist()
    rows, first, alike = distinct_rows(codes)
    assert sorted(map(tuple, rows.tolist())) == sorted(map(tuple, wanted.tolist()))
    assert rows[alike].tolist() == codes.tolist()
    assert codes[first].tolist() == rows.tolist()


def test_a_dimension_is_found_by_name_and_a_cube_has_a_largest_size():
    race = Dimension("race", "attribute", ("a", "b"))
    branch = Dimension("branch", "stratum", tuple(map(str, range(40_000))))
    cells = np.zeros((40_000, 2), dtype=np.int32)
    axes = Axes((race, branch), cells, exact(np.arange(1_250)), (), ())
    assert axes.dimension("branch") is branch
    assert axes.dimension("race") is race
    axes.check_size()  # 50 million entries, the most there may be
    wider = Axes((race, branch), np.zeros((40_001, 2), dtype=np.int32), axes.score, (), ())
    with pytest.raises(CubeError, match="'branch' has 40,000 levels"):
        wider.check_size()
    with pytest.raises(CubeError, match="'sex' is not counted"):
        axes.dimension("sex")
