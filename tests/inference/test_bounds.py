"""Worst-case bounds hold, and are reached, over every way the unobserved outcomes may have turned out."""

import itertools

import numpy as np
import pytest

from fairaudit.cube.confusion import Confusion
from fairaudit.inference.bounds import worst_case
from fairaudit.metrics.base import METRICS
from fairaudit.metrics.error_rates import NEED_EVERYBODY

ERROR_RATES = sorted(name for name in NEED_EVERYBODY if METRICS[name].kind in {"rate", "average"})


def value_of(metric, k):
    made = METRICS[metric](k)
    return made.value if hasattr(made, "value") else np.mean([rate.value for rate in made], axis=0)


def every_settlement(selected, declined):
    """Yield the confusion of every split of the unobserved people into good and bad."""
    for good_selected, good_declined in itertools.product(range(selected[2] + 1), range(declined[2] + 1)):
        yield Confusion.from_counts(
            [
                [
                    [selected[0] + good_selected, selected[1] + selected[2] - good_selected, 0],
                    [declined[0] + good_declined, declined[1] + declined[2] - good_declined, 0],
                ]
            ]
        )


@pytest.mark.parametrize("metric", ERROR_RATES)
@pytest.mark.parametrize(
    ("selected", "declined"),
    [((5, 2, 3), (1, 4, 4)), ((0, 0, 2), (3, 1, 0)), ((4, 0, 0), (0, 0, 5)), ((2, 3, 1), (0, 2, 2))],
)
def test_bounds_are_the_extremes_of_all_settlements(metric, selected, declined):
    values = np.array([value_of(metric, k)[0] for k in every_settlement(selected, declined)])
    low, high = worst_case(metric, Confusion.from_counts([[selected, declined]]))
    if np.isnan(values).any() and METRICS[metric].kind == "average":
        # A settlement in which everybody is good, or bad, leaves the mean undefined: the bounds are outer ones.
        assert low[0] <= np.nanmin(values)
        assert np.nanmax(values) <= high[0]
    else:
        assert low[0] == pytest.approx(np.nanmin(values), abs=1e-15)
        assert high[0] == pytest.approx(np.nanmax(values), abs=1e-15)


def test_without_unobserved_people_both_bounds_are_the_value():
    k = Confusion.from_counts([[[40, 5, 0], [10, 15, 0]]])
    assert worst_case("true_positive_rate", k).low == worst_case("true_positive_rate", k).high == [0.8]


def test_only_error_rates_have_bounds():
    with pytest.raises(ValueError, match="selection_rate"):
        worst_case("selection_rate", Confusion.from_counts([[[1, 1, 1], [1, 1, 1]]]))
