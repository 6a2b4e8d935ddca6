"""Adjusted p-values against statsmodels."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.multitest import multipletests

from fairaudit.errors import UndefinedMetricError
from fairaudit.inference.multiplicity import benjamini_hochberg, benjamini_hochberg_beside, holm, holm_beside


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


FAMILIES = st.lists(st.sampled_from([0.0, 0.001, 0.01, 0.02, 0.02, 0.04, 0.3, 1.0]) | st.floats(0, 1), max_size=6)


@given(FAMILIES, st.floats(0, 1) | st.sampled_from([0.02, 0.01]))
@pytest.mark.parametrize(("whole", "beside"), [(holm, holm_beside), (benjamini_hochberg, benjamini_hochberg_beside)])
def test_one_p_beside_the_others_is_corrected_as_in_its_family(whole, beside, others, p):
    assert beside(np.array([p, p]), others) == pytest.approx(whole([p, *others])[0])
