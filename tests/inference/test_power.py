"""Sample sizes: the table of the requirements, and the power they promise by exact enumeration."""

import itertools

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.power import TTestIndPower

from fairaudit.errors import UndefinedMetricError
from fairaudit.inference.association import hypergeometric_z
from fairaudit.inference.contrast import one_sided
from fairaudit.inference.power import (
    minimum_detectable_difference,
    minimum_detectable_ratio,
    minimum_detectable_smd,
    people_for_ratio,
    people_needed,
)

# Requirements 7.3: people a group to detect a ratio of .80 and of .90, by the reference's rate.
TABLE = {
    0.05: (6743, 28406),
    0.10: (3211, 13493),
    0.20: (1445, 6036),
    0.30: (856, 3551),
    0.50: (385, 1562),
    0.70: (183, 710),
    0.90: (71, 237),
}


@pytest.mark.parametrize("rate", TABLE)
def test_people_for_ratio_is_the_published_table(rate):
    assert tuple(people_for_ratio([0.8, 0.9], rate)) == TABLE[rate]


@pytest.mark.parametrize("rate", TABLE)
def test_minimum_detectable_ratio_is_its_inverse(rate):
    people = np.array(TABLE[rate], dtype=float)
    found = minimum_detectable_ratio(people, people, rate)
    assert (found >= [0.8, 0.9]).all()  # with the people rounded up, a little nearer to 1
    assert (minimum_detectable_ratio(people - 1, people - 1, rate) < [0.8, 0.9]).all()


def test_unequal_groups():
    people = people_for_ratio(0.8, 0.4, ratio_of_sizes=5.0)
    assert people < people_for_ratio(0.8, 0.4)
    assert minimum_detectable_ratio(people, 5 * people, 0.4) == pytest.approx(0.8, abs=1e-3)


def test_what_no_number_reveals():
    assert people_for_ratio(1.0, 0.3) == np.inf
    assert np.isnan(people_for_ratio(1.5, 0.8))  # a rate of 1.2
    assert np.isnan(minimum_detectable_ratio(5, 5, 0.1))
    assert np.isnan(minimum_detectable_ratio(0, 5, 0.5))
    with pytest.raises(UndefinedMetricError, match="more than 0 people"):
        people_for_ratio(0.8, 0.5, ratio_of_sizes=0.0)


def test_minimum_detectable_difference_is_the_ratio_in_points():
    assert minimum_detectable_difference(385, 385, 0.5) == pytest.approx(-0.1, abs=2e-4)


def test_minimum_detectable_smd_has_the_power_of_a_t_test():
    found = minimum_detectable_smd(100, 300)
    power = TTestIndPower().power(float(found), nobs1=100, alpha=0.05, ratio=3.0)
    assert power == pytest.approx(0.8, abs=0.01)
    assert np.isnan(minimum_detectable_smd(1, 1))


def chance_settled(n, m, p, r, settled):
    """Exact probability, over all tables of two binomials, that the finding is settled."""
    counts = np.array(list(itertools.product(range(n + 1), range(m + 1)))).T
    weight = np.outer(stats.binom.pmf(np.arange(n + 1), n, p), stats.binom.pmf(np.arange(m + 1), m, r))
    return weight.ravel()[settled(counts[0], n, counts[1], m)].sum()


def test_that_many_people_settle_a_ratio_past_the_line():
    n = people_needed(6, 20, 20, 40, line=0.8)  # ratio 0.6, reference twice the size
    power = chance_settled(n, 2 * n, 0.3, 0.5, lambda *t: hypergeometric_z(*t).p < 0.05)
    assert power == pytest.approx(0.8, abs=0.02)


def test_that_many_people_settle_a_ratio_inside_the_line():
    n = people_needed(38, 40, 38, 40, line=0.8)
    power = chance_settled(n, n, 0.95, 0.95, lambda *t: one_sided(*t, how="ratio").low > 0.8)
    assert power == pytest.approx(0.8, abs=0.06)  # few people: a step of one person is several points
    assert n < people_needed(38, 40, 38, 40, line=0.9)


def test_a_line_above_one_mirrors():
    past = people_needed(30, 50, 20, 50, line=1.25)
    assert past == people_needed(20, 50, 30, 50, line=0.8)


def test_all_chosen_still_needs_people():
    assert people_needed(10, 10, 10, 10, line=0.8) >= 5


@pytest.mark.parametrize("table", [(0, 10, 0, 10), (5, 10, 0, 10), (0, 0, 5, 10), (40, 100, 50, 100)])
def test_no_number_settles_what_is_undefined_or_at_the_line(table):
    assert people_needed(*table, line=0.8) is None


@pytest.mark.parametrize("line", [1, 0, -0.8, float("nan")])
def test_a_line_is_positive_and_not_1(line):
    with pytest.raises(UndefinedMetricError, match="above 0 and not 1"):
        people_needed(6, 20, 24, 60, line=line)
