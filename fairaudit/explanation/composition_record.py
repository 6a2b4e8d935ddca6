"""What ``compose(...)`` found: a gap as composition and coefficients, a row a feature, in words and as a table."""

from __future__ import annotations

import dataclasses
import html
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from .drivers_record import Amount, plain
from .drivers_words import MISMEASURED, signed

if TYPE_CHECKING:
    import pandas as pd

ASIDE = "(same features)"
"""The row of what differs between two people of the average features: the intercepts."""

LEFT_OVER = (
    "The coefficient part is what the declared features leave over. It is no proof of unequal treatment: a ground "
    "that is not among the features ends up in it. Nor does a small one clear anybody: a feature may itself be the "
    "result of unequal treatment."
)
FROM_THE_MEAN = (
    "Which feature the coefficient part belongs to hangs on where features are counted from; here from their mean over "
    "both groups. The composition part and both totals do not hang on it."
)


@dataclass(frozen=True, slots=True)
class Part:
    """One part of the gap, with its interval and the one that holds together with those of all features."""

    value: float
    error: float
    low: float
    high: float
    low_together: float
    high_together: float


@dataclass(frozen=True, slots=True)
class FeaturePart:
    """What one feature adds to each part."""

    feature: str
    composition: Part
    coefficients: Part


@dataclass(frozen=True, slots=True)
class Composition:
    """A gap, group less reference, split into composition and coefficients; both add up to it exactly."""

    attribute: str
    group: str
    reference: str
    result: str
    against: Literal["reference", "group", "pooled"]
    gap: Amount
    levels: tuple[float, float]
    """The mean result of the group and of the reference."""
    composition: Part
    """What goes with different features, at the coefficients chosen."""
    coefficients: Part
    """What goes with different coefficients, the intercepts among them."""
    composition_of_three: Part
    """Threefold: at the reference's coefficients."""
    coefficients_of_three: Part
    """Threefold: at the reference's features."""
    interaction_of_three: Part
    features: tuple[FeaturePart, ...]
    people: tuple[int, int]
    left_out: Mapping[str, int]
    confidence: float
    notes: tuple[str, ...]
    of_points: bool
    """Whether features are the points of a scorecard's bins."""
    only_ones: bool
    """Whether results are 1 and 0: a share, and the regression a linear probability model."""
    same_coefficients: bool
    """Whether the two regressions agree, as they do for the score of a fixed linear model."""

    @property
    def words(self) -> tuple[str, ...]:
        """What was found, in sentences."""
        return tuple(each for each in (_gap(self), _split(self), _largest(self), *_cautions(self)) if each)

    @property
    def does_not_show(self) -> tuple[str, ...]:
        """What cannot be read off it, in sentences."""
        return (LEFT_OVER, MISMEASURED, FROM_THE_MEAN)

    def to_frame(self) -> pd.DataFrame:
        """Return one line a feature and part."""
        import pandas as pd

        return pd.DataFrame(
            [
                {"feature": each.feature, "part": what, **plain_floats(getattr(each, what))}
                for each in self.features
                for what in ("composition", "coefficients")
            ]
        )

    def to_dict(self) -> dict[str, Any]:
        """Return plain records, ready for JSON: a number that does not exist is None."""
        made = {each.name: plain(getattr(self, each.name)) for each in dataclasses.fields(self)}
        return made | {"from": "rows", "words": list(self.words), "does_not_show": list(self.does_not_show)}

    def __str__(self) -> str:
        """Return words and table as text."""
        lines = _table(self)
        widths = [max(len(line[at]) for line in lines) for at in range(len(lines[0]))]
        shown = [
            "  ".join(
                cell.rjust(width) if at else cell.ljust(width)
                for at, (cell, width) in enumerate(zip(line, widths, strict=True))
            )
            for line in lines
        ]  # fmt: skip
        limits = [f"- {each}" for each in self.does_not_show]
        return "\n".join(
            [_title(self), "", *self.words, "", *shown, "", _people(self), "", "What this does not show:", *limits]
        )

    def _repr_html_(self) -> str:
        head, *body = _table(self)

        def cells(line: tuple[str, ...], tag: str) -> str:
            return "<tr>" + "".join(f"<{tag}>{html.escape(cell)}</{tag}>" for cell in line) + "</tr>"

        words = "".join(f"<p>{html.escape(each)}</p>" for each in self.words)
        limits = "".join(f"<li>{html.escape(each)}</li>" for each in self.does_not_show)
        return (
            f"<div><h4>{html.escape(_title(self))}</h4>{words}<table><thead>{cells(head, 'th')}</thead><tbody>"
            f"{''.join(cells(line, 'td') for line in body)}</tbody></table><p>{html.escape(_people(self))}</p>"
            f"<p>What this does not show:</p><ul>{limits}</ul></div>"
        )


def plain_floats(part: Part) -> dict[str, float]:
    """Return a part as named numbers."""
    return {each.name: getattr(part, each.name) for each in dataclasses.fields(part)}


def _number(value: float, made: Composition) -> str:
    if not math.isfinite(value):
        return "-"
    if made.only_ones:
        return signed(100 * value, 1)
    largest = max(abs(made.gap.value), abs(made.composition.value), abs(made.coefficients.value))
    return signed(value, min(8, max(1, 2 - math.floor(math.log10(largest)))) if largest > 0 else 2)


def _unit(made: Composition) -> str:
    return "percentage points" if made.only_ones else f"the units of {made.result}"


def _title(made: Composition) -> str:
    who = f"{made.group} less {made.reference}"
    return f"Composition and coefficients of the gap in {made.result}: {who}, in {_unit(made)}"


def _between(part: Amount | Part, made: Composition) -> str:
    if not part.error > 0:
        return "-"
    return f"{_number(part.low, made)} to {_number(part.high, made)}"


def _gap(made: Composition) -> str:
    return (
        f"The mean of {made.result} by {made.attribute}, {made.group} less {made.reference}: "
        f"{_number(made.gap.value, made)} {_unit(made)} ({made.confidence:.0%} interval {_between(made.gap, made)})."
    )


def _split(made: Composition) -> str:
    whose = {
        "reference": f"the coefficients of {made.reference}",
        "group": f"the coefficients of {made.group}",
        "pooled": "the coefficients of both together, with the group as a regressor",
    }[made.against]
    first, second, third = (
        _number(part.value, made)
        for part in (made.composition_of_three, made.coefficients_of_three, made.interaction_of_three)
    )
    return (
        f"Composition: {_number(made.composition.value, made)} ({_between(made.composition, made)}) goes with "
        f"different features, priced at {whose}. Coefficients: {_number(made.coefficients.value, made)} "
        f"({_between(made.coefficients, made)}) remains between people of the same features. Threefold: composition "
        f"{first}, coefficients {second}, interaction {third}."
    )


def _largest(made: Composition) -> str:
    sure = [
        each
        for each in made.features
        if each.composition.error > 0 and (each.composition.low_together > 0 or each.composition.high_together < 0)
    ]
    if not sure:
        return "No feature's composition part has a simultaneous interval that leaves 0 out."
    sure = sorted(sure, key=lambda each: -abs(each.composition.value))
    named = ", ".join(f"{each.feature} {_number(each.composition.value, made)}" for each in sure[:3])
    return f"Largest composition parts whose simultaneous interval leaves 0 out: {named}."


def _cautions(made: Composition) -> list[str]:
    said = []
    if made.same_coefficients:
        said.append(
            "The regressions of both groups have the same coefficients, as they have for the score of a fixed linear "
            "model: all of the gap is composition, and the parts are the drivers of that score."
        )
    if made.of_points:
        said.append(
            "Features are the points of the scorecard's bins: a coefficient is what one point goes along with, so "
            "different coefficients say that a point of that feature does not mean the same in both groups."
        )
    if made.only_ones:
        said.append("A share is fitted with a linear probability model.")
    return [*said, *(f"{note[:1].upper()}{note[1:]}." for note in made.notes)]


def _table(made: Composition) -> list[tuple[str, ...]]:
    def row(name: str, composition: Part, coefficients: Part) -> tuple[str, ...]:
        return (
            name,
            _number(composition.value, made),
            _between(composition, made),
            _number(coefficients.value, made),
            _between(coefficients, made),
        )

    features = sorted(made.features[:-1], key=lambda each: -abs(each.composition.value))
    return [
        ("feature", "composition", "interval", "coefficients", "interval"),
        *(row(each.feature, each.composition, each.coefficients) for each in (*features, made.features[-1])),
        row("sum", made.composition, made.coefficients),
    ]


def _people(made: Composition) -> str:
    said = f"{made.group}: {made.people[0]:,} people; {made.reference} (reference): {made.people[1]:,}"
    if made.left_out:
        said += "; in neither: " + ", ".join(f"{level} {many:,}" for level, many in made.left_out.items())
    return f"{said}. From rows; a regression in each group. {ASIDE}: people of the average features."
