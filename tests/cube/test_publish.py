"""Suppression takes small groups out, says how many people that is, and says what it does not do."""

import numpy as np
import pytest

from fairaudit.cube.from_counts import from_counts
from fairaudit.cube.publish import suppress
from fairaudit.errors import CubeError


def cube(**roles):
    table = {
        "g": ["a", "a", "b", "b", "c", "d"], "s": [1, 2, 2, 9, 3, None], "y": [0, 1, 0, 1, 0, 1],
        "n": [5, 5, 2, 1, 1, 4], "w": [1, 2, 3, 4, 5, 6],
    }  # fmt: skip
    return from_counts(table, groups="g", score="s", higher_is="better", outcome="y", bad=1, **roles)


def test_small_groups_stay_as_rows_without_counts():
    safer = suppress(cube(), 4)
    assert safer.groups == ("a", "b", "c", "d")
    assert safer.group_people.tolist() == [10, 0, 0, 4]
    assert safer.suppressed.tolist() == [False, True, True, False]


def test_the_ledger_and_the_issue_say_it():
    safer = suppress(cube(), 4)
    assert safer.provenance.ledger.set_aside == {"in a group of fewer than 4 people (suppressed)": 4}
    assert safer.provenance.ledger.used == safer.people == 14
    issue = safer.provenance.issues[-1]
    assert (issue.code, issue.count) == ("suppressed", 4)
    assert "4 people in 2 groups of fewer than 4 were suppressed" in issue.message
    assert "not by itself safe to publish: totals and other tables" in issue.message


def test_scores_that_only_suppressed_people_had_are_gone():
    safer = suppress(cube(), 4)
    assert safer.axes.score.values.tolist() == [1, 2]
    # The ends of the scale stay, so a cut-off that was inside the scores still is.
    assert (safer.axes.score.low, safer.axes.score.high) == (1, 9)
    assert safer.confusion(9).selected.n.tolist() == [0, 0, 0, 0]
    assert safer.unscored.tolist() == [0, 0, 0, 4]


def test_sums_of_weights_and_scores_go_with_the_people():
    safer = suppress(cube(weight="w", edges=[2]), 4)
    for name, array in safer.arrays.items():
        assert not array[1:3].any(), name
        assert array[0].any(), name


def test_twice_by_the_same_number_changes_nothing_and_by_a_larger_one_more():
    once = suppress(cube(), 4)
    assert suppress(once, 4) is once
    more = suppress(once, 5)
    assert more.suppressed.tolist() == [False, True, True, True]
    assert more.provenance.ledger.used == more.people == 10
    assert not more.axes.score.unscored


def test_nothing_small_nothing_done():
    whole = cube()
    assert suppress(whole, 1) is whole
    assert whole.suppressed is None


def test_everybody_may_be_suppressed():
    nobody = suppress(cube(), 100)
    assert nobody.people == 0
    assert nobody.provenance.ledger.used == 0
    assert nobody.suppressed.all()
    assert np.isnan(nobody.score_table().scores).sum() == 0
    assert nobody.axes.score.scored_bins == 1


@pytest.mark.parametrize("min_n", [0, -5, 2.5, True, "10", None])
def test_min_n_is_a_whole_number_of_at_least_one(min_n):
    with pytest.raises(CubeError, match="min_n must be a whole number of at least 1, got"):
        suppress(cube(), min_n)


def test_the_first_cube_is_left_alone():
    whole = cube()
    before = whole.digest
    suppress(whole, 4)
    assert whole.digest == before
    assert whole.people == 18


def test_a_score_of_one_person_in_a_group_that_stays_is_kept():
    table = {"g": ["a", "a", "b"], "s": [1, 2, 3], "n": [5, 1, 1]}
    safer = suppress(from_counts(table, groups="g", score="s", higher_is="better"), 4)
    assert safer.axes.score.values.tolist() == [1, 2]
    assert safer.group_people.tolist() == [6, 0]
