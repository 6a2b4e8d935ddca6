"""``recourse_gap(...)``: how many declined people of each group have no recourse, and what it costs the others."""

from __future__ import annotations

import html
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..data.tables import read_rows
from ..errors import DataContractError, LevelNotFoundError, SchemaError, listed, suggestion
from ..inference.contrast import compare
from ..inference.counts import check_share
from ..inference.medians import median_difference, median_interval
from ..inference.proportion import rate_interval
from ..models.scorers import scorer_of
from ..schema.labels import MISSING, label
from .actions import Actions
from .recourse_record import Recourse, plain_number
from .seeking_recourse import broken_rule, check_cutoff, declared_actions, offers_for, seek

if TYPE_CHECKING:
    import pandas as pd

SAMPLE = 500
"""The most declined people of a group that are worked on, where nobody says otherwise."""


@dataclass(frozen=True, slots=True)
class Figure:
    """A number with its interval; None where it does not exist or has no end."""

    value: float | None
    low: float | None
    high: float | None
    method: str
    p: float | None = None
    """Of a contrast of shares."""


@dataclass(frozen=True, slots=True)
class GroupRecourse:
    """The declined people of one group. Each of those drawn is counted once: ``with_recourse`` + ``without`` +
    ``out_of_time`` + ``set_aside`` = ``drawn``."""

    group: str
    people: int
    declined: int
    drawn: int
    """Declined people worked on: all of them, or those that were drawn."""
    with_recourse: int
    without: int
    """People without recourse: proven for exact scores, not found for searched ones."""
    out_of_time: int
    """People for whom time ran out before anything was found or ruled out; in no share and no median."""
    set_aside: int
    """People whose own row breaks a declared rule; in no share and no median."""
    not_proven: int
    """Of those with recourse, people whose cost is the best found and not proven the least."""
    share_without: Figure
    median_cost: Figure
    """Among those with recourse."""


@dataclass(frozen=True, slots=True)
class RecourseContrast:
    """One group less the reference: positive where the group is worse off."""

    group: str
    reference: str
    share_without: Figure
    median_cost: Figure


@dataclass(frozen=True, slots=True)
class RecourseGap:
    """The recourse gap: by group the share of declined people without recourse, and the median cost of the others."""

    attribute: str
    reference: str
    cutoff: float
    units: str
    exact: bool
    """Whether every person was solved exactly; where not, "without" may hold people whom the search missed."""
    confidence: float
    seed: int
    groups: tuple[GroupRecourse, ...]
    contrasts: tuple[RecourseContrast, ...]
    actions: str
    """The declared actions in words."""
    how: tuple[str, ...]
    """The ways in which answers were worked out."""

    def to_dict(self) -> dict[str, Any]:
        """Return plain data, ready for JSON."""
        return {"from": "rows", **asdict(self)}

    def to_frame(self) -> pd.DataFrame:
        """Return one line a group, the contrasts with the reference beside it."""
        import pandas as pd

        against = {one.group: one for one in self.contrasts}
        lines = []
        for one in self.groups:
            line: dict[str, Any] = {
                key: value for key, value in asdict(one).items() if key not in ("share_without", "median_cost")
            }
            for name in ("share_without", "median_cost"):
                figure = getattr(one, name)
                line |= {name: figure.value, f"{name}_low": figure.low, f"{name}_high": figure.high}
                if one.group in against:
                    figure = getattr(against[one.group], name)
                    line |= {
                        f"{name}_gap": figure.value, f"{name}_gap_low": figure.low, f"{name}_gap_high": figure.high,
                    }  # fmt: skip
            lines.append(line)
        return pd.DataFrame(lines)

    def __str__(self) -> str:
        """Return the groups and the contrasts in words."""
        lines = [self._heading()]
        for one in self.groups:
            drawn = f"{one.declined:,} of {one.people:,} declined"
            drawn += f", {one.drawn:,} of them drawn" if one.drawn < one.declined else ""
            lines.append(
                f"  {one.group}: {drawn}; {self._without()} {_share(one.share_without)} ({one.without:,} of "
                f"{one.without + one.with_recourse:,}); median cost {_cost(one.median_cost)}{_aside(one)}"
            )
        for gap in self.contrasts:
            p = "" if gap.share_without.p is None else f", p {gap.share_without.p:.3g}"
            lines.append(
                f"  {gap.group} less {gap.reference}: share {_share(gap.share_without)}{p}; median cost "
                f"{_cost(gap.median_cost)}"
            )
        lines += [f"How: {how}." for how in self.how]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><td>{html.escape(one.group)}</td><td>{one.people:,}</td><td>{one.declined:,}</td>"
            f"<td>{one.drawn:,}</td><td>{one.without:,}</td><td>{one.out_of_time:,}</td><td>{one.set_aside:,}</td>"
            f"<td>{_share(one.share_without)}</td><td>{_cost(one.median_cost)}</td></tr>"
            for one in self.groups
        )
        counts = ("group", "people", "declined", "drawn", "without", "out of time", "set aside")
        heads = (*counts, self._without(), "median cost")
        gaps = "".join(
            f"<tr><td>{html.escape(gap.group)} less {html.escape(gap.reference)}</td><td>{_share(gap.share_without)}"
            f"</td><td>{_cost(gap.median_cost)}</td></tr>"
            for gap in self.contrasts
        )
        return (
            f"<div><p>{html.escape(self._heading())}</p><table><tr>{''.join(f'<th>{one}</th>' for one in heads)}</tr>"
            f"{rows}</table><table><tr><th></th><th>share</th><th>median cost</th></tr>{gaps}</table>"
            f"<p>{html.escape('; '.join(self.how))}.</p></div>"
        )

    def _without(self) -> str:
        return "without recourse" if self.exact else "without recourse found"

    def _heading(self) -> str:
        return (
            f"Recourse of declined people by {self.attribute}, cut-off {plain_number(self.cutoff)} ({self.units}); "
            f"{self.confidence:.0%} intervals"
        )


def recourse_gap(
    model: Any,
    rows: Any,
    attribute: Any,
    *,
    actions: Actions | Mapping[str, Any] | str | Path | None = None,
    cutoff: float,
    reference: Any,
    data: Any = None,
    sample_rows: int | None = SAMPLE,
    groups: Sequence[str] = (),
    policy: Any = "us-fair-lending",
    time_limit: float = 5.0,
    confidence: float = 0.95,
    rng: int = 0,
) -> RecourseGap:
    """Return, by group, the share of declined people without recourse and the median cost of those with it.

    Parameters
    ----------
    model, actions, cutoff, policy
        As in :func:`recourse`.
    rows
        The people, declined or not.
    attribute
        The name of a column of the rows, or one group a row. No change of it is ever proposed.
    reference
        The group that the others are compared with.
    data
        Rows that ranges, steps and percentiles are taken from; the rows themselves if left out.
    sample_rows
        The most declined people of each group that are worked on, drawn at random; None for all.
    groups
        Further columns that are declared groups.
    time_limit
        Seconds a person.
    confidence
        Of every interval.
    rng
        Seed of the drawing and of a search.

    Returns
    -------
    RecourseGap

    Raises
    ------
    LevelNotFoundError
        If nobody belongs to the reference.
    FairauditError
        As :func:`recourse`; a person whose own row breaks a rule is set aside and counted.

    Notes
    -----
    Share: Wilson or Clopper-Pearson; differences of shares: Miettinen-Nurminen or mid-p. Medians: order statistics;
    their differences: both intervals together, which covers at least as often as it says. The median is of those who
    have recourse, who are not the same kind of people in each group: read it beside the share. Ustun, Spangher and
    Liu (2019), section 4.

    Examples
    --------
    >>> import fairaudit as fa
    >>> scorer = fa.wrap(lambda rows: rows["savings"], higher_is="better", feature_names=["savings"])
    >>> gap = recourse_gap(scorer, {"savings": [1, 2, 3, 9, 1, 7, 8, 9], "home": [*"aaaabbbb"]}, "home", cutoff=6,
    ...                    reference="b", actions={"savings": {"change": "up", "step": 1, "cost": 1}})
    >>> [(one.group, one.declined, one.without, one.median_cost.value) for one in gap.groups]
    [('b', 1, 0, 5.0), ('a', 3, 0, 4.0)]
    """
    declared = declared_actions(actions)
    scorer = scorer_of(model)
    check_cutoff(cutoff, scorer)
    check_share(confidence, "confidence")
    if sample_rows is not None and (isinstance(sample_rows, bool) or sample_rows < 1):
        message = f"sample_rows is a whole number from 1 on, or None for everybody, got {sample_rows!r}."
        raise SchemaError(message)
    people = read_rows(rows).rows.reset_index(drop=True)
    name, labels = _labels(attribute, people)
    declared.refuse_prohibited([name, *groups], policy)
    against = label(reference)
    if against not in labels or against == MISSING:
        message = (
            f"Nobody belongs to the reference {against!r} of '{name}' ({listed(sorted({*labels}))})."
            f"{suggestion(against, {*labels})}"
        )
        raise LevelNotFoundError(message)
    offers = offers_for(scorer, declared, people, people if data is None else read_rows(data).rows)
    scores = scorer.score(people)
    declined = scores < cutoff if scorer.higher_is == "better" else scores > cutoff
    order = [against, *sorted({*labels} - {against, MISSING}), *([MISSING] if MISSING in labels else [])]
    drawn = _drawn(labels, declined, order, sample_rows, rng)
    places = np.concatenate([drawn[group] for group in order])
    broken = {
        int(place)
        for place in places
        if declared.rules and broken_rule(declared, people.iloc[int(place)].to_dict()) is not None
    }
    kept = [int(place) for place in places if int(place) not in broken]
    declined_rows = people.iloc[kept].reset_index(drop=True)
    found = (
        seek(scorer, declined_rows, cutoff, declared, offers, answers=1, time_limit=time_limit, rng=rng) if kept else []
    )
    by_place = dict(zip(kept, found, strict=True))
    made, costs = [], {}
    for group in order:
        mine = [by_place[int(place)] for place in drawn[group] if int(place) in by_place]
        costs[group] = [one.cost for one in mine if one.cost is not None]
        made.append(
            _group(group, int((labels == group).sum()), int((declined & (labels == group)).sum()),
                   len(drawn[group]), mine, confidence)
        )  # fmt: skip
    return RecourseGap(
        attribute=name,
        reference=against,
        cutoff=float(cutoff),
        units=scorer.units,
        exact=all(one.certificate.exact for one in found),
        confidence=confidence,
        seed=rng,
        groups=tuple(made),
        contrasts=tuple(
            _contrast(one, made[0], costs, confidence) for one in made[1:] if one.group != MISSING
        ),
        actions=str(declared),
        how=tuple(dict.fromkeys(one.certificate.method for one in found)),
    )  # fmt: skip


def _labels(attribute: Any, people: pd.DataFrame) -> tuple[str, Any]:
    if isinstance(attribute, str):
        if attribute not in people.columns:
            message = f"The rows have no column '{attribute}' of groups.{suggestion(attribute, people.columns)}"
            raise DataContractError(message)
        name, values = attribute, people[attribute].tolist()
    else:
        name, values = str(getattr(attribute, "name", None) or "group"), list(attribute)
        if len(values) != len(people):
            message = f"attribute names {len(values):,} groups for {len(people):,} rows; one a row is needed."
            raise DataContractError(message)
    return name, np.array([label(value) for value in values], dtype=object)


def _drawn(labels: Any, declined: Any, order: Sequence[str], most: int | None, seed: int) -> dict[str, Any]:
    draw = np.random.default_rng(seed)
    made = {}
    for group in order:
        places = np.flatnonzero(declined & (labels == group))
        if most is not None and len(places) > most:
            places = np.sort(draw.choice(places, size=most, replace=False))
        made[group] = places
    return made


def _group(
    group: str, people: int, declined: int, drawn: int, found: Sequence[Recourse], confidence: float
) -> GroupRecourse:
    with_recourse = [one for one in found if one.status == "found"]
    without = sum(one.status in ("none exists", "none found") for one in found)
    decided = without + len(with_recourse)
    low, high, method = rate_interval(without, decided, confidence=confidence)
    median = median_interval([one.cost for one in with_recourse if one.cost is not None], confidence=confidence)
    return GroupRecourse(
        group=group,
        people=people,
        declined=declined,
        drawn=drawn,
        with_recourse=len(with_recourse),
        without=without,
        out_of_time=sum(one.status == "undecided" for one in found),
        set_aside=drawn - len(found),
        not_proven=sum(one.answers[0].claim != "cheapest, proven" for one in with_recourse),
        share_without=_figure(without / decided if decided else math.nan, low, high, str(method)),
        median_cost=_figure(*median),
    )


def _contrast(
    one: GroupRecourse, reference: GroupRecourse, costs: Mapping[str, Sequence[float]], confidence: float
) -> RecourseContrast:
    shares = compare(
        one.without, one.without + one.with_recourse, reference.without, reference.without + reference.with_recourse,
        how="difference", confidence=confidence,
    )  # fmt: skip
    medians = median_difference(costs[one.group], costs[reference.group], confidence=confidence)
    return RecourseContrast(
        one.group,
        reference.group,
        _figure(shares.value, shares.low, shares.high, shares.method, shares.p),
        _figure(*medians),
    )


def _figure(value: Any, low: Any, high: Any, method: str, p: float | None = None) -> Figure:
    return Figure(_finite(value), _finite(low), _finite(high), method, None if p is None else _finite(p))


def _finite(number: Any) -> float | None:
    return float(number) if np.isfinite(number) else None


def _share(figure: Figure) -> str:
    return _worded(figure, lambda number: f"{number:.1%}")


def _cost(figure: Figure) -> str:
    return _worded(figure, lambda number: plain_number(number, 4))


def _worded(figure: Figure, shown: Any) -> str:
    if figure.value is None:
        return "undefined, because nobody is left to count"
    if figure.low is None or figure.high is None:
        return f"{shown(figure.value)} (too few people for an interval)"
    return f"{shown(figure.value)} ({shown(figure.low)} to {shown(figure.high)})"


def _aside(one: GroupRecourse) -> str:
    parts = []
    if one.out_of_time:
        parts.append(f"{one.out_of_time:,} out of time")
    if one.set_aside:
        parts.append(f"{one.set_aside:,} set aside, whose own row breaks a rule")
    if one.not_proven:
        parts.append(f"{one.not_proven:,} costs not proven the least")
    return "".join(f"; {part}" for part in parts)
