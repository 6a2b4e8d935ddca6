"""Kaplan and Meier's curve against lifelines, statsmodels and a textbook's table."""

import numpy as np
import pytest
from statsmodels.duration.survfunc import SurvfuncRight

from fairaudit.errors import UndefinedMetricError
from fairaudit.inference.survival import kaplan_meier

# Weeks in remission of the 21 patients given 6-MP; True: the remission ended. Freireich et al. (1963), Blood 21
WEEKS = [6, 6, 6, 6, 7, 9, 10, 10, 11, 13, 16, 17, 19, 20, 22, 23, 25, 32, 32, 34, 35]
ENDED = [bool(int(one)) for one in "111010100110001100000"]


def counted(weeks, ended):
    weeks, ended = np.array(weeks), np.array(ended)
    return tuple(np.bincount(weeks[here], minlength=weeks.max() + 1)[1:] for here in (ended, ~ended))


def test_the_curve_is_that_of_a_textbook():
    made = kaplan_meier(*counted(WEEKS, ENDED))
    # Kleinbaum & Klein, Survival Analysis (3rd ed., 2012), 2.II: the table of the Kaplan-Meier curve of group 1
    table = {6: (21, 3, 0.8571), 7: (17, 1, 0.8067), 10: (15, 1, 0.7529), 13: (12, 1, 0.6902), 16: (11, 1, 0.6275),
             22: (7, 1, 0.5378), 23: (6, 1, 0.4482)}  # fmt: skip
    for week, (at_risk, left, share) in table.items():
        assert (made.at_risk[week - 1], made.left[week - 1]) == (at_risk, left)
        assert made.share[week - 1] == pytest.approx(share, abs=5e-5)
    assert made.left.sum() == 9
    assert made.median == 23


def test_the_curve_and_its_interval_are_those_of_lifelines():
    made = kaplan_meier(*counted(WEEKS, ENDED))
    # lifelines 0.30.3: KaplanMeierFitter().fit(WEEKS, ENDED).survival_function_ and .confidence_interval_
    theirs = {
        6: (0.857142857142857, 0.6197179552659838, 0.9515517476469969),
        7: (0.8067226890756299, 0.5631465646222333, 0.9228090192028802),
        10: (0.7529411764705878, 0.5031995107999564, 0.8893618351692651),
        13: (0.6901960784313722, 0.43161022248618386, 0.8490659633494505),
        16: (0.6274509803921566, 0.36751085598750194, 0.8049121894718411),
        22: (0.5378151260504199, 0.26777893676713493, 0.7467907176353943),
        23: (0.44817927170868327, 0.18805200595923233, 0.6801426284952412),
    }
    for week, (share, low, high) in theirs.items():
        found = made.share[week - 1], made.low[week - 1], made.high[week - 1]
        assert found == pytest.approx((share, low, high), abs=1e-12)
    assert made.share[4] == 1
    assert np.isnan(made.low[4])


def test_share_and_greenwoods_error_are_those_of_statsmodels_on_many_people():
    rng = np.random.default_rng(1)
    weeks, ended = rng.integers(1, 12, 400), rng.random(400) < 0.6
    made = kaplan_meier(*counted(weeks, ended))
    theirs = SurvfuncRight(weeks, ended)
    at = np.asarray(theirs.surv_times, dtype=int) - 1
    assert made.share[at] == pytest.approx(theirs.surv_prob)
    # the interval turned back into the error of log(-log(share)), which is Greenwood's over share x log(share)
    share, high = made.share[at], made.high[at]
    inside = share > 0
    error = np.log(np.log(share[inside]) / np.log(high[inside])) / 1.959963984540054
    expected = theirs.surv_prob_se[inside] / (share[inside] * np.abs(np.log(share[inside])))
    assert error == pytest.approx(expected)


def test_where_nobody_is_still_there_it_is_the_share_who_stayed_longer():
    made = kaplan_meier([5, 3, 2], [0, 0, 0])
    assert made.share.tolist() == pytest.approx([0.5, 0.2, 0.0])
    assert made.median == 1
    assert np.isnan([made.low[2], made.high[2]]).all()


def test_counts_that_are_none_are_refused():
    for left, still in (([1, -1], [0, 0]), ([1], [0, 0]), ([[1]], [[0]])):
        with pytest.raises(UndefinedMetricError, match="both are counts, 0 or more"):
            kaplan_meier(left, still)
