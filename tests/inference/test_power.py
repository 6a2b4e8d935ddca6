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
    people_needed_by_width,
    people_needed_smd,
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


# The other contrasts, lines above, and no difference at all: the promised power by exact enumeration


@pytest.mark.parametrize(
    ("how", "line", "table"),
    [
        ("ratio", 0.8, (20, 50, 25, 50)),
        ("ratio", 1.25, (20, 50, 25, 50)),
        ("difference", -0.2, (20, 50, 25, 50)),
        ("difference", 0.2, (20, 50, 25, 50)),
        ("odds_ratio", 0.4, (20, 50, 25, 50)),
        ("odds_ratio", 2.5, (20, 50, 25, 50)),
    ],
)
def test_that_many_people_exclude_the_line_where_there_is_no_difference(how, line, table):
    n = people_needed(*table, line=line, how=how, alike=True)
    r = table[2] / table[3]

    def settled(*counts):
        bounds = one_sided(*counts, how=how)
        return bounds.low > line if line < (0 if how == "difference" else 1) else bounds.high < line

    if n > 150:  # enumeration would take long: a normal sample of tables instead
        rng = np.random.default_rng(1)
        power = settled(rng.binomial(n, r, 4_000), n, rng.binomial(n, r, 4_000), n).mean()
    else:
        power = chance_settled(n, n, r, r, settled)
    assert power == pytest.approx(0.8, abs=0.03)


@pytest.mark.parametrize(("how", "line"), [("difference", -0.05), ("odds_ratio", 0.9)])
def test_that_many_people_settle_a_contrast_past_its_line(how, line):
    n = people_needed(15, 50, 25, 50, line=line, how=how)
    assert chance_settled(n, n, 0.3, 0.5, lambda *t: hypergeometric_z(*t).p < 0.05) == pytest.approx(0.8, abs=0.02)


def test_a_difference_inside_its_line():
    n = people_needed(24, 50, 25, 50, line=-0.25, how="difference")
    power = chance_settled(n, n, 0.48, 0.5, lambda *t: one_sided(*t, how="difference").low > -0.25)
    assert power == pytest.approx(0.8, abs=0.02)


def test_people_needed_of_mean_differences_are_those_of_t_tests():
    power = TTestIndPower().power
    alike = people_needed_smd(-0.2, 100, 100, line=-0.5, alike=True)
    assert power(0.5, alike, alpha=0.05, alternative="larger") == pytest.approx(0.8, abs=0.015)
    past = people_needed_smd(-0.6, 100, 300, line=-0.5)
    assert power(0.6, past, alpha=0.05, ratio=3.0) == pytest.approx(0.8, abs=0.015)
    assert people_needed_smd(-0.5, 100, 300, line=-0.5) is None
    assert people_needed_smd(-0.2, 0, 300, line=-0.5) is None


def test_people_needed_by_the_width_of_an_interval():
    # A mean of variance 1: 100 people have an interval of 0.196 to each side.
    reach = stats.norm.ppf(0.975) / 10
    n = people_needed_by_width(-0.3, -0.3 - reach, -0.3 + reach, 100, line=-0.1)
    assert n == int(np.ceil(((stats.norm.ppf(0.975) + stats.norm.ppf(0.8)) / 0.3) ** 2))
    alike = people_needed_by_width(-0.3, -0.3 - reach, -0.3 + reach, 100, line=-0.1, alike=True)
    assert alike == int(np.ceil(((stats.norm.ppf(0.95) + stats.norm.ppf(0.8)) / 0.1) ** 2))
    assert people_needed_by_width(-0.1, -0.2, 0.0, 100, line=-0.1) is None
    assert people_needed_by_width(-0.1, -0.2, np.inf, 100, line=-0.3) is None


def test_a_line_at_no_difference_needs_its_side():
    assert people_needed(15, 50, 25, 50, line=1.0, below=True) == people_needed(15, 50, 25, 50, line=0.99)
    assert people_needed(15, 50, 25, 50, line=1.0, below=True, alike=True) is None
    with pytest.raises(UndefinedMetricError, match="not 0"):
        people_needed(15, 50, 25, 50, line=0.0, how="difference")


def test_the_detectable_ratio_above_1_mirrors_the_one_below():
    above = minimum_detectable_ratio(400, 400, 0.3, above=True)
    # The same two rates the other way round: the one above as the reference reveals the one below.
    assert minimum_detectable_ratio(400, 400, 0.3 * above) * above == pytest.approx(1.0, abs=1e-9)
    assert np.isnan(minimum_detectable_ratio(10, 10, 0.9, above=True))
    assert minimum_detectable_difference(400, 400, 0.3, above=True) == pytest.approx((above - 1) * 0.3)
