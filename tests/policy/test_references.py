"""The reference: named where the policy says so, never missing, never too small."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairaudit.errors import LevelNotFoundError, PolicyError
from fairaudit.policy.references import REST, choose_reference, eligible_levels

RACE = {
    "White": (600, 0.7),
    "Black": (300, 0.5),
    "Asian": (80, 0.8),
    "Other": (20, 0.95),
    "(missing)": (5000, 1.0),
}


def choose(levels=RACE, **rule):
    return choose_reference(levels, **({"attribute": "race", "mode": "named", "minimum_n": 30} | rule))


def test_the_named_reference():
    found = choose(named="White")
    assert (found.level, found.mode, found.reason) == ("White", "named", "White is the named reference.")


def test_no_name_is_an_error_with_an_example():
    with pytest.raises(PolicyError) as caught:
        choose()
    assert str(caught.value) == (
        "Attribute 'race' has no reference. Name one, e.g. --reference race=White. "
        "Levels: White, Black, Asian, Other, (missing)."
    )


def test_the_example_is_the_level_with_most_people_that_may_be_one():
    with pytest.raises(PolicyError, match="--reference race=a"):
        choose({"a": (90, 0.5), "b": (50, 0.5), "(missing)": (900, 0.5)})
    with pytest.raises(PolicyError, match="--reference race=LEVEL"):
        choose({})


@pytest.mark.parametrize("mode", ["named", "highest", "largest", "rest"])
def test_an_unmatched_name_is_an_error_in_every_mode(mode):
    with pytest.raises(LevelNotFoundError, match=r"has no level 'Wite'. Did you mean 'White'\? Levels: White, Black"):
        choose(mode=mode, named="Wite")


def test_a_named_reference_that_is_too_small_says_the_count_and_the_minimum():
    with pytest.raises(PolicyError) as caught:
        choose(named="Other")
    assert str(caught.value) == (
        "'Other' cannot be the reference of 'race': it has 20 people, and the policy asks for at least 30. "
        "Name another: White, Black, Asian."
    )
    with pytest.raises(PolicyError, match=r"its 80 people are below the policy's minimum share of 10.0%"):
        choose(named="Asian", minimum_share=0.1)


def test_missing_and_excluded_levels_are_never_a_reference():
    with pytest.raises(PolicyError, match="never compared with"):
        choose(named="(missing)")
    with pytest.raises(PolicyError, match="never compared with"):
        choose(named="White", excluded_levels=["WHITE"])


def test_the_highest_rate_among_the_eligible():
    assert choose(mode="highest").level == "Asian"
    assert choose(mode="highest", minimum_n=1).level == "Other"
    assert choose(mode="highest", minimum_share=0.1).level == "White"


def test_ties_go_to_more_people_and_then_to_the_name():
    assert choose({"b": (50, 0.5), "a": (50, 0.5), "c": (40, 0.5)}, mode="highest").level == "a"
    assert choose({"b": (50, 0.5), "a": (40, 0.5)}, mode="highest").level == "b"
    assert choose({"b": (50, 0.5), "a": (50, 0.9)}, mode="largest").level == "a"


def test_the_largest_group():
    assert choose(mode="largest").level == "White"


def test_all_others():
    found = choose(mode="rest")
    assert (found.level, found.mode) == (REST, "rest")


def test_a_name_that_the_policy_does_not_use_is_said():
    assert "White was named in the call, which this policy does not use" in choose(mode="highest", named="White").reason


@pytest.mark.parametrize("mode", ["highest", "largest"])
def test_nobody_large_enough_gives_no_reference_and_a_reason(mode):
    found = choose({"a": (3, 0.5), "(missing)": (900, 0.5)}, mode=mode)
    assert found.level is None
    assert "30 or more" in found.reason


def test_undefined_rates_are_never_the_highest():
    assert choose({"a": (50, None), "b": (50, math.nan), "c": (50, 0.1)}, mode="highest").level == "c"
    found = choose({"a": (50, None)}, mode="highest")
    assert (found.level, found.reason) == (None, "No group of 'race' has a rate, so none has the highest.")


def test_the_share_is_of_known_levels_only():
    # 6 RCNY 5-301(d): people of unknown category are out of the calculation; 20 of 1,000 known is exactly 2%
    assert "Other" in eligible_levels(RACE, minimum_share=0.02)
    assert "Other" not in eligible_levels(RACE, minimum_share=0.021)
    assert "(missing)" not in eligible_levels(RACE)


rates = st.one_of(st.none(), st.floats(0, 1))
tables = st.dictionaries(
    st.sampled_from(["a", "b", "c", "d", "Unknown", "(missing)"]),
    st.tuples(st.integers(0, 100), rates),
    max_size=6,
)


@given(tables, st.sampled_from(["highest", "largest"]), st.integers(1, 60), st.floats(0, 0.5))
def test_a_chosen_reference_is_always_eligible_and_order_does_not_matter(levels, mode, minimum_n, share):
    rule = {"mode": mode, "minimum_n": minimum_n, "minimum_share": share, "excluded_levels": ["unknown"]}
    found = choose(levels, **rule)
    assert found == choose(dict(reversed(levels.items())), **rule)
    if found.level is not None:
        people, rate = levels[found.level]
        assert found.level not in {"Unknown", "(missing)"}
        assert people >= minimum_n
        if mode == "highest":
            others = eligible_levels(levels, minimum_n=minimum_n, minimum_share=share, excluded_levels=["unknown"])
            assert rate == max(levels[name][1] for name in others if levels[name][1] is not None)
