"""Who scores above the median, held against numpy on rows."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import fairaudit as fa
from fairaudit.cube.from_counts import from_counts
from fairaudit.cube.median import above_median
from fairaudit.errors import CubeError

people = st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 9)), min_size=1, max_size=40)


@settings(max_examples=80, deadline=None)
@given(people, st.sampled_from(["better", "worse"]))
def test_those_strictly_above_the_median_are_numpy_s(rows, higher_is):
    groups, points = np.array([g for g, _ in rows]), np.array([x for _, x in rows], dtype=float)
    table = {"g": groups, "points": points, "n": np.ones(len(rows), dtype=int)}
    made = above_median(from_counts(table, counts="n", groups="g", score="points", higher_is=higher_is))
    median = np.median(points)
    above = points > median if higher_is == "better" else points < median
    names = sorted(set(groups))
    assert made.confusion.selected.n.tolist() == [float(above[groups == g].sum()) for g in names]
    assert made.confusion.people.n.tolist() == [float((groups == g).sum()) for g in names]
    assert (made.value, made.people_at) == (median, (points == median).sum())
    assert (made.people_above, made.people) == (above.sum(), len(rows))


@settings(max_examples=40, deadline=None)
@given(people, st.integers(2, 4))
def test_a_weight_is_so_many_people(rows, times):
    table = {"g": [g for g, _ in rows], "points": [x for _, x in rows]}
    weights = [times if x % 2 else 1 for _, x in rows]
    weighted = above_median(
        fa.count({**table, "w": weights}, groups="g", score="points", higher_is="better", weight="w")
    )
    counted = above_median(
        from_counts({**table, "n": weights}, counts="n", groups="g", score="points", higher_is="better")
    )
    assert weighted.value == counted.value
    np.testing.assert_allclose(weighted.confusion.selected.w, counted.confusion.selected.w)


def test_of_binned_scores_the_whole_bin_of_the_median_is_not_above_it():
    points = np.arange(100.0)
    cube = fa.count({"g": ["a"] * 100, "points": points}, groups="g", score="points", higher_is="better",
                    edges=[25.0, 45.0, 55.0, 75.0])  # fmt: skip
    made = above_median(cube)
    # The median is 49.5, in the bin from 45 to under 55.
    assert (made.value, made.people_at, made.people_above) == (None, 10, 45)


def test_people_without_a_score_are_not_in_the_sample():
    cube = fa.count({"g": list("aaabbb"), "points": [1, 2, None, 3, 4, None]}, groups="g", score="points",
                    higher_is="better")  # fmt: skip
    made = above_median(cube)
    assert (made.people, made.value, made.confusion.selected.n.tolist()) == (4, 2.5, [0.0, 2.0])


def test_without_a_score_there_is_no_median():
    cube = fa.count({"g": ["a", "b"], "d": [1, 0]}, groups="g", decision="d", favorable=1)
    with pytest.raises(CubeError, match="needs a score"):
        above_median(cube)


def test_where_nobody_with_a_weight_has_a_score_nobody_is_above_the_median():
    cube = from_counts(
        {"g": ["a", "b", "b"], "s": [1, 2, None], "w": [0, 0, 1], "y": [1, 0, 0], "n": [2, 3, 4]},
        groups="g", score="s", higher_is="better", outcome="y", bad=1, weight="w",
    )  # fmt: skip
    made = above_median(cube)
    assert (made.value, made.people_at, made.people_above, made.people) == (None, 0, 0, 0)
    assert made.confusion.selected.n.tolist() == [0, 0]
    assert made.confusion.people.n.tolist() == [2, 3]
    assert made.confusion.bad.n.tolist() == [2, 0]
