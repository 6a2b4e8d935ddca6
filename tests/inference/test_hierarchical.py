"""Selection on a tree of hypotheses, against what the papers' definitions give by hand and by simulation."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.multitest import multipletests

from fairaudit.errors import UndefinedMetricError
from fairaudit.inference.hierarchical import node_p, simes, tree_select

P = st.lists(st.floats(0, 1), min_size=1, max_size=8)


@settings(deadline=None)
@given(P)
def test_simes_is_the_least_adjusted_p_of_benjamini_and_hochberg(p):
    """Oracle: statsmodels.stats.multitest.multipletests."""
    assert simes(p) == pytest.approx(multipletests(p, method="fdr_bh")[1].min(), abs=1e-12)


@settings(deadline=None)
@given(P, st.floats(0.01, 0.5))
def test_a_family_alone_is_benjamini_and_hochberg(p, level):
    chosen = tree_select(np.array(p), level=level)
    theirs = multipletests(p, method="fdr_bh")[1]
    # p exactly at the level falls on either side by the last bit of p x m / k.
    clear = np.abs(theirs - level) > 1e-12
    assert chosen[clear].tolist() == (theirs <= level)[clear].tolist()


def test_two_levels_by_hand():
    """Benjamini and Bogomolov (2014): of three families two are selected, so each is tested at 2/3 of the level."""
    families = [np.array([0.001, 0.032]), np.array([0.02, 0.034, 0.9]), np.array([0.4, 0.5])]
    # Simes: 0.002, 0.051 (3 x 0.034 / 2), 0.5; at 0.10 the first two pass (0.002 x 3, 0.051 x 3 / 2 = 0.0765).
    assert [round(node_p(family), 3) for family in families] == [0.002, 0.051, 0.5]
    # Within, at 0.0667: 0.032 passes; 0.034 x 3 / 2 = 0.051 passes with 0.02 below it.
    chosen = tree_select(families, level=0.1)
    assert [of.tolist() for of in chosen] == [[True, True], [True, True, False], [False, False]]
    # One family more without a signal: 0.051 x 4 / 2 is over the level, so one of four is left, tested at 0.025.
    chosen = tree_select([*families, np.array([0.7])], level=0.1)
    assert [of.tolist() for of in chosen] == [[True, False], [False, False, False], [False, False], [False]]


def test_what_was_not_tested_counts_nowhere():
    bare = tree_select([[np.array([0.01]), np.array([0.2])]], level=0.1)
    padded = tree_select([[np.array([0.01, np.nan]), np.array([0.2]), np.array([np.nan])], []], level=0.1)
    assert bare[0][0].tolist() == [True]
    assert [of.tolist() for of in padded[0]] == [[True, False], [False], [False]]
    assert np.isnan(simes([np.nan]))


@given(st.lists(P, min_size=1, max_size=4), st.floats(0.01, 0.4))
@settings(deadline=None)
def test_a_higher_level_selects_no_less_and_nothing_lies_under_a_closed_branch(families, level):
    tree = [np.array(p) for p in families]
    less, more = tree_select(tree, level=level), tree_select(tree, level=2 * level)
    for one, other in zip(less, more, strict=True):
        assert (other | ~one).all()
    if all(node_p(family) > level for family in tree):
        assert not any(of.any() for of in less)


def test_under_no_effect_anything_is_selected_as_rarely_as_the_level_says():
    rng, level = np.random.default_rng(11), 0.1
    trees = 1_500
    some = 0
    for _ in range(trees):
        tree = [[rng.uniform(size=4), rng.uniform(size=3)], [rng.uniform(size=12)], [rng.uniform(size=20)]]
        some += any(leaf.any() for branch in tree_select(tree, level=level) for leaf in branch)
    # Simes of independent uniforms is exact: 10% of 1,500 with a standard error of 0.77%.
    assert some / trees == pytest.approx(level, abs=0.0235)


def test_mistakes_are_named():
    with pytest.raises(UndefinedMetricError, match="ends in arrays"):
        tree_select([0.3])
    with pytest.raises(UndefinedMetricError, match="between 0 and 1"):
        tree_select([np.array([0.01]), np.array([1.2])])
    with pytest.raises(UndefinedMetricError, match="level must be"):
        tree_select([np.array([0.01])], level=0.0)
