"""Adjusted p-values against statsmodels."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.multitest import multipletests

from fairaudit.errors import UndefinedMetricError
from fairaudit.inference.multiplicity import benjamini_hochberg, holm


@pytest.mark.parametrize(("ours", "theirs"), [(holm, "holm"), (benjamini_hochberg, "fdr_bh")])
@settings(max_examples=40, deadline=None)
@given(p=st.lists(st.floats(0, 1), min_size=1, max_size=30))
def test_adjusted_as_in_statsmodels(ours, theirs, p):
    np.testing.assert_allclose(ours(p), multipletests(p, method=theirs)[1], atol=1e-12)


@pytest.mark.parametrize("adjust", [holm, benjamini_hochberg])
def test_what_was_not_tested_is_not_counted(adjust):
    found = adjust([0.01, np.nan, 0.2, 0.03, np.nan])
    assert np.isnan(found).tolist() == [False, True, False, False, True]
    np.testing.assert_allclose(found[[0, 2, 3]], adjust([0.01, 0.2, 0.03]))


@pytest.mark.parametrize("adjust", [holm, benjamini_hochberg])
def test_empty_families(adjust):
    assert adjust([]).shape == (0,)
    assert np.isnan(adjust([np.nan])).all()


@pytest.mark.parametrize("p", [[0.1, 1.2], [-0.1], [[0.1, 0.2]], 0.5])
def test_only_rows_of_p_values(p):
    with pytest.raises(UndefinedMetricError, match="between 0 and 1"):
        holm(p)
