"""What charts over the score share: which cut-offs are drawn, which are audited, and whose curves there are."""

from __future__ import annotations

from ...result import AttributeRecord, CurveRecord, Result
from ..lookup import Lookup, representative
from .looks import INK, MOST_POINTS, Spec, fixed, layer, number

FEWEST = 3
"""Cut-offs of a curve that is worth a picture."""


def curves_of(look: Lookup, attribute: AttributeRecord) -> dict[str, CurveRecord]:
    """Return the curve of each group that has one, the reference first; none where there are too few cut-offs."""
    curves = look.result.curves
    if curves is None or len(curves.cutoffs) < FEWEST:
        return {}
    made = {curve.group: curve for curve in curves.groups if curve.attribute == attribute.name}
    return {group: made[group] for group in look.groups(attribute) if group in made}


def cutoffs_of(result: Result) -> list[float]:
    """Return every cut-off of the curves, from low to high."""
    return result.curves.cutoffs if result.curves else []


def production(result: Result) -> set[int]:
    """Return the places of the audited cut-offs."""
    audited = {record.cutoff for record in result.schema.cutoffs}
    return {at for at, cutoff in enumerate(cutoffs_of(result)) if cutoff in audited}


def shown_places(result: Result) -> list[int]:
    """Return the places of the cut-offs that are drawn: evenly spread, the audited ones among them."""
    return representative(len(cutoffs_of(result)), production(result), MOST_POINTS)


def audited_rules(result: Result, field: str) -> Spec:
    """Return a rule at each audited cut-off, across a chart whose x shows ``field``."""
    rows = [{field: record.cutoff} for record in result.schema.cutoffs]
    return layer("rule", rows, {"strokeDash": [2, 3]}, x=number(field, {}), color=fixed(INK))
