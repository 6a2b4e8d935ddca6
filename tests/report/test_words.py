import pytest

from fairaudit.report import words
from fairaudit.result import RateRecord


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0.0%"), (0.0001, "< 0.1%"), (0.0005, "0.1%"), (0.9994, "99.9%"), (0.9996, "> 99.9%"), (1, "100.0%")],
)
def test_a_share_next_to_none_or_all_is_not_rounded_onto_it(value, text):
    assert words.percent(value) == text


@pytest.mark.parametrize(
    ("value", "line", "text"),
    [
        (0.79996, 0.8, "0.79996"),  # three digits would print 0.800, which is on the line
        (0.8, 0.8, "0.800"),
        (0.8004, 0.8, "0.8004"),
        (0.75, 0.8, "0.750"),
        (0.79996, None, "0.800"),
    ],
)
def test_an_effect_is_not_rounded_onto_its_line(value, line, text):
    assert words.beside(line, words.number)(value) == text


def test_points_are_not_rounded_onto_their_line():
    assert words.beside(-0.05, words.points)(-0.05001) == "−5.001"


@pytest.mark.parametrize(("p", "text"), [(0.0501, "0.0501"), (0.05, "0.050"), (0.0496, "0.0496"), (None, "–")])
def test_a_p_value_shows_its_side_of_one_in_twenty(p, text):
    assert words.p_value(p) == text


def test_points_have_no_signed_nothing():
    assert (words.points(0.0), words.points(-0.0001), words.points(0.0001)) == ("0.0", "0.0", "0.0")


def _record(**more):
    fields = {
        "metric": "true_positive_rate", "attribute": "sex", "group": "F", "levels": {"sex": "F"}, "cutoff": None,
        "num": None, "den": None, "value": None, "low": None, "high": None, "method": None, "n": 10,
    }  # fmt: skip
    return RateRecord(**{**fields, **more})


def test_bounds_of_a_rate_are_never_printed_as_an_estimate():
    cell = words.rate_cell(_record(low=0.3, high=0.9, undefined="not identified: 4 outcomes are unobserved"))
    assert (cell.text, cell.detail) == ("30.0% to 90.0%", "bounds, no estimate")


def test_an_undefined_rate_says_why():
    cell = words.rate_cell(_record(undefined="nobody has a good outcome"))
    assert (cell.text, cell.detail) == ("undefined", "nobody has a good outcome")


def test_a_rate_says_how_many_people_it_is_of_where_they_are_not_the_whole_group():
    record = _record(value=0.5, low=0.2, high=0.8)
    assert words.rate_cell(record, 10).detail == "20.0% to 80.0%"
    assert words.rate_cell(record, 12).detail == "20.0% to 80.0%; n = 10"


@pytest.mark.parametrize(
    ("metric", "text"),
    [
        ("selection_rate_difference", "−10.0"),
        ("area_under_curve_difference", "−0.100"),  # a difference of areas is not one of shares
        ("standardized_mean_difference", "−0.100"),
        ("shortfall", "−0.1"),
        ("mean_score", "−0.100"),
        ("selection_rate", "−10.0%"),
        ("not_in_the_catalogue", "−0.100"),
    ],
)
def test_each_metric_is_written_in_its_unit(metric, text):
    assert words.writer(metric)(-0.1) == text
