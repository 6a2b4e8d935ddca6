"""The report's charts in a notebook: the same specs, live."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterable
from typing import Any

from ...errors import FairauditError, SchemaError
from ...result import AttributeRecord, Result
from ...translations import retold, spoken
from ..lookup import Lookup, attributes, unique
from ..nodes import Figure
from .calibration import calibration_chart
from .counts import crossing_grid, mosaic
from .cutoffs import cutoff_chart
from .forest import forest
from .people import driver_bars, person_chart
from .roc import roc_chart
from .scores import score_chart

_Draw = Callable[[Lookup, AttributeRecord], Figure | None]


class Plots:
    """The charts of one audit, ``audit.plot``: altair charts that say in their description what they show.

    Examples
    --------
    >>> import fairaudit as fa
    >>> rows = {"sex": ["F"] * 40 + ["M"] * 50, "decision": (["yes"] * 10 + ["no"] * 30) + (["yes"] * 25 + ["no"] * 25)}
    >>> audit = fa.audit(rows, decision="decision", favorable="yes", groups="sex", reference={"sex": "M"})
    >>> audit.plot.decisions("sex").to_dict()["description"]
    'M: 50.0% of 50 selected; F: 25.0% of 40 selected.'
    """

    def __init__(self, result: Result) -> None:
        self._look = Lookup.of(result)

    def __repr__(self) -> str:
        """Return which charts there are."""
        told = (name for name in vars(type(self)) if not name.startswith("_"))
        return f"Charts: {', '.join(f'.{name}()' for name in told)}"

    def ratios(self, attribute: str | None = None, *, metric: str | None = None) -> Any:
        """Return each group's effect with its interval, beside no difference and the policy's line (a forest plot).

        Parameters
        ----------
        attribute
            An attribute or crossing of the audit; the first one by default.
        metric
            A contrast that the policy asks for; the first one by default.
        """

        def draw(look: Lookup, of: AttributeRecord) -> Figure | None:
            ruled = [one for one in look.result.findings if one.attribute == of.name and one.rule is not None]
            known = unique(one.metric for one in ruled)
            if metric is not None and metric not in known:
                message = (
                    f"No rule of the policy asks for {metric!r} by {of.name}. There are: {', '.join(known) or 'none'}."
                )
                raise FairauditError(message)
            chosen = [one for one in ruled if one.metric == (metric or known[0])]
            return forest([one for one in chosen if one.cutoff == chosen[0].cutoff])

        return self._chart(attribute, draw, "no rule of the policy compares its groups")

    def decisions(self, attribute: str | None = None) -> Any:
        """Return decisions and outcomes of each group (a mosaic) at the first cut-off, or as recorded."""
        return self._chart(attribute, lambda look, of: mosaic(look, of, _first(look, of)), "no decision was measured")

    def crossings(self, crossing: str | None = None) -> Any:
        """Return the selection rates of a crossing of two attributes as a grid."""
        return self._chart(
            crossing,
            lambda look, of: crossing_grid(look, of, _first(look, of)),
            "it is not a crossing of two attributes (cross=)",
            among=[one.name for one in attributes(self._look.result) if one.crossing],
        )

    def cutoffs(self, attribute: str | None = None) -> Any:
        """Return each group's adverse impact ratio at every cut-off, with the band that holds everywhere at once."""
        return self._chart(attribute, cutoff_chart, "there are no scores of several values, or no reference")

    def scores(self, attribute: str | None = None) -> Any:
        """Return how the scores of each group spread."""
        return self._chart(attribute, score_chart, "there are no scores of several values")

    def roc(self, attribute: str | None = None) -> Any:
        """Return true against false positive rates of each group at every cut-off."""
        return self._chart(attribute, roc_chart, "error rates at every cut-off are not identified")

    def calibration(self, attribute: str | None = None) -> Any:
        """Return observed against predicted good rates of each group."""

        def draw(look: Lookup, of: AttributeRecord) -> Figure | None:
            return calibration_chart([
                one for one in look.result.measurements if one.topic == "calibration" and one.attribute == of.name
            ])  # fmt: skip

        return self._chart(attribute, draw, "there is no score with outcomes")

    def drivers(self, attribute: str | None = None, *, group: str | None = None, measure: str = "mean score") -> Any:
        """Return what each feature of the model adds to a gap.

        Parameters
        ----------
        attribute, group
            The attribute, and the group held against its reference; the first ones by default.
        measure
            "mean score" or "selection rate".
        """

        def draw(look: Lookup, of: AttributeRecord) -> Figure | None:
            made = look.result.explanation
            gaps = [gap for gap in made.gaps if gap.attribute == of.name and gap.measure == measure] if made else []
            own = [gap for gap in gaps if group is None or gap.group == group]
            return driver_bars(own[0]) if own else None

        return self._chart(attribute, draw, "no such gap was taken apart (model=)")

    def person(self, place: int = 0) -> Any:
        """Return how the score of one of the explained people comes about (a waterfall).

        Parameters
        ----------
        place
            Which of the people of the report, from 0.
        """
        made = self._look.result.explanation
        people = made.people if made else []
        if made is None or not 0 <= place < len(people):
            message = f"There is no explained person {place}: the audit holds {len(people)} (model= explains some)."
            raise FairauditError(message)
        with spoken(self._look.result.language):
            return _live(person_chart(people[place], retold(made.model.explained_units)), "its parts are not known")

    def _chart(self, attribute: str | None, draw: _Draw, why: str, *, among: Iterable[str] | None = None) -> Any:
        known = {record.name: record for record in attributes(self._look.result)}
        names = list(known if among is None else among)
        if attribute is None and not names:
            message = f"There is no such chart in this audit: {why}."
            raise FairauditError(message)
        if attribute is not None and attribute not in known:
            message = f"There is no attribute {attribute!r} in this audit. There are: {', '.join(known)}."
            raise SchemaError(message)
        record = known[names[0] if attribute is None else attribute]
        with spoken(self._look.result.language):
            return _live(draw(self._look, record), f"{record.name}: {why}")


def _first(look: Lookup, attribute: AttributeRecord) -> float | None:
    return next(iter(look.cutoffs(attribute.name, "selection_rate")), None)


def _live(figure: Figure | None, why: str) -> Any:
    if figure is None:
        message = f"There is no such chart in this audit: {why}."
        raise FairauditError(message)
    import altair as alt

    spec = {name: part for name, part in figure.spec.items() if name not in ("$schema", "background")}
    return alt.Chart.from_dict({**spec, "title": textwrap.wrap(figure.caption, 80), "description": figure.alt})
