"""Asking more questions never changes the first answer."""

import dataclasses
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairaudit.policy.families import Adjusted, Member, adjust_by_family

AIR = "adverse_impact_ratio"


def corrected(*members):
    return [found.p for found in adjust_by_family(members)]


def test_holm_within_an_attribute():
    # Holm (1979): .01 x 3, then max(.02 x 2, .03), then max(.04, .04)
    race = [Member(p, "primary", "race", AIR, 620.0) for p in (0.04, 0.01, 0.02)]
    sex = Member(0.03, "primary", "sex", AIR, 620.0)
    assert corrected(*race, sex) == pytest.approx([0.04, 0.03, 0.04, 0.03])
    assert [found.comparisons for found in adjust_by_family([*race, sex])] == [3, 3, 3, 1]


def test_secondary_families_are_a_metric_and_a_cutoff():
    members = [
        Member(0.02, "secondary", "race", "tpr", 600.0),
        Member(0.04, "secondary", "race", "tpr", 600.0),
        Member(0.04, "secondary", "race", "tpr", 620.0),
        Member(0.04, "secondary", "race", "fpr", 600.0),
        Member(0.04, "secondary", "sex", "tpr", 600.0),
    ]
    assert corrected(*members) == pytest.approx([0.04, 0.04, 0.04, 0.04, 0.04])
    assert [found.comparisons for found in adjust_by_family(members)] == [2, 2, 1, 1, 1]


def test_benjamini_hochberg_over_everything_exploratory():
    # Benjamini and Hochberg (1995): .01 x 4 / 1, .02 x 4 / 2, .03 x 4 / 3, .5 x 4 / 4
    members = [Member(p, "exploratory", f"a{i}", f"m{i}") for i, p in enumerate((0.5, 0.01, 0.03, 0.02))]
    assert corrected(*members) == pytest.approx([0.5, 0.04, 0.04, 0.04])


def test_pairs_that_are_not_printed_are_members_too():
    printed = [Member(0.02, "primary", "race", AIR), Member(0.03, "primary", "race", AIR)]
    unprinted = Member(0.9, "primary", "race", AIR)
    assert corrected(*printed) == pytest.approx([0.04, 0.04])
    assert corrected(*printed, unprinted)[:2] == pytest.approx([0.06, 0.06])


def test_undefined_tests_stay_undefined_and_count_for_nothing():
    members = [
        Member(None, "primary", "race", AIR),
        Member(0.02, "primary", "race", AIR),
        Member(math.nan, "primary", "race", AIR),
    ]
    assert adjust_by_family(members) == (Adjusted(None, 0), Adjusted(0.02, 1), Adjusted(None, 0))


def test_nothing_to_correct():
    assert adjust_by_family([]) == ()


chances = st.one_of(st.none(), st.floats(0, 1))
attributes = st.sampled_from(["race", "sex"])
primaries = st.lists(st.builds(Member, chances, st.just("primary"), attributes, st.just(AIR)), max_size=6)
others = st.lists(
    st.builds(
        Member,
        chances,
        st.sampled_from(["secondary", "exploratory"]),
        attributes,
        st.sampled_from([AIR, "tpr"]),
        st.sampled_from([None, 600.0]),
    ),
    max_size=8,
)


@given(primaries, others)
def test_more_questions_never_change_a_primary_answer(first, more):
    alone = adjust_by_family(first)
    assert adjust_by_family([*first, *more])[: len(first)] == alone
    assert adjust_by_family([*more, *first])[len(more) :] == alone


@given(primaries, others)
def test_correction_never_makes_a_p_smaller_nor_larger_than_one(first, more):
    members = [*first, *more]
    for member, found in zip(members, adjust_by_family(members), strict=True):
        assert (found.p is None) == (member.p is None)
        if found.p is not None:
            assert member.p <= found.p + 1e-12
            assert found.p <= 1


@given(primaries, st.integers(0, 5))
def test_an_unprinted_member_never_makes_a_p_smaller(first, place):
    extra = dataclasses.replace(first[place % len(first)], p=1.0) if first else Member(1.0, "primary", "race", AIR)
    before, after = corrected(*first), corrected(*first, extra)
    assert all(a is None or b >= a - 1e-12 for a, b in zip(before, after, strict=False))
