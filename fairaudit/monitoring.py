"""An audit over time: period after period against a baseline, with alarms that may be looked at as often as one likes.

``watch`` keeps nothing between calls: it is given all periods each time, and says the same of the same counts.
"""

from __future__ import annotations

import dataclasses
import math
import os
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from .cube.coarsening import of_level
from .cube.cube import Cube
from .cube.io import load
from .cube.merging import refuse_repeated
from .errors import CubeError, SchemaError, UndefinedMetricError, listed, suggestion
from .inference.contrast import compare_many
from .inference.counts import FloatArray, check_share
from .inference.of_metrics import effective
from .inference.sequential import Estimates, How, estimates, mixing_variance, running
from .inference.sequential import Sequence as Running
from .measuring import decision_rules, identified_rate
from .metrics.base import CONTRASTS, METRICS, Contrast, Rate, find_metric
from .policy import DEFAULT_POLICY
from .policy.loading import load_policy
from .policy.model import Policy
from .policy.references import is_excluded
from .resolving import cutoffs_of, group_names, references_of
from .result import finite
from .shifts import people_of_periods
from .watch_result import WATCH_VERSION, Alarm, LookRecord, WatchedRecord, WatchResult

if TYPE_CHECKING:
    import pandas as pd

HORIZON = 12
SCALES: dict[str, How] = {"ratio": "ratio", "difference": "difference", "odds_ratio": "odds_ratio"}


def watch(
    cubes: Cube | str | os.PathLike[str] | Sequence[Cube | str | os.PathLike[str]],
    *,
    baseline: int | Collection[str] = 1,
    metrics: str | Collection[str] = ("adverse_impact_ratio",),
    groups: str | Sequence[str] | None = None,
    reference: Mapping[str, Any] | None = None,
    cutoff: float | None = None,
    policy: Any = None,
    alpha: float | None = None,
    horizon: int = HORIZON,
) -> Watch:
    """Watch an audit over periods: what each period says, what all say together, and when something has changed.

    Parameters
    ----------
    cubes
        A cube that was counted with ``period=``, or one cube (or file) for each period, in order. All must have been
        counted alike.
    baseline
        The first so many periods, or the names of the periods, that the others are held against.
    metrics
        Ids of comparisons of one rate: ``adverse_impact_ratio``, ``equal_opportunity_difference``, ...
    groups, reference, cutoff
        As in :func:`fairaudit.audit` of a cube. Without a reference the largest group of the baseline is it.
    policy
        Gives the lines, the level and the levels left out; the id of a preset, a YAML file or a mapping.
    alpha
        Chance of any false alarm of a kind, over all comparisons and all looks together; the policy's when None.
    horizon
        Watched periods after which the sequences are to be narrowest. It is chosen before, and changes no error.

    Returns
    -------
    Watch

    Raises
    ------
    FairauditError
        If there are fewer than two periods, they were counted differently or twice, or a metric cannot be watched.

    Notes
    -----
    Two kinds of alarm, each with error ``alpha``: *changed*, where a stretch of watched periods has another contrast
    than the baseline, and *past the line*, where a stretch lies past the policy's line. Every stretch that ends at a
    look is tried; one that begins at the s-th watched period spends 1 / (s (s + 1)) of the error. Intervals are
    confidence sequences of the normal mixture (Robbins 1970; Howard et al. 2021) of the cumulated contrast.

    Examples
    --------
    >>> import fairaudit as fa
    >>> table = {"month": ["2026-01", "2026-02", "2026-03"] * 4, "sex": ["F"] * 6 + ["M"] * 6,
    ...          "ok": (["yes"] * 3 + ["no"] * 3) * 2, "n": [500, 500, 300, 500, 500, 700] + [600] * 3 + [400] * 3}
    >>> made = watch(fa.from_counts(table, counts="n", groups="sex", decision="ok", favorable="yes", period="month"),
    ...              reference={"sex": "M"})
    >>> [(one.period, round(one.value, 2), one.alarms) for one in made.result.watched[0].looks]
    [('2026-02', 0.83, []), ('2026-03', 0.5, ['changed', 'past the line'])]
    """
    rules = load_policy(DEFAULT_POLICY if policy is None else policy).policy
    level = rules.alpha if alpha is None else check_share(alpha, "alpha")
    _check_horizon(horizon)
    named = _periods(cubes)
    called = [name for name, _ in named]
    before = _baseline(called, baseline)
    first = named[0][1]
    names = group_names(first, groups)
    if not names:
        message = "Groups are watched, and none were counted. Count with groups=[...] (--group)."
        raise SchemaError(message)
    at = _cutoff(first, cutoff)
    given = references_of(first, names, rules.reference.groups, reference)
    wanted = _contrasts(metrics)
    tables = {(name, item.of[0]): _Sums.of(named, name, item.of[0], at) for name in names for item in wanted}
    pairs, not_watched = _pairs(tables, wanted, names, given, before, rules)
    each = level / max(1, len(pairs))
    watched = [
        _watched(tables[name, item.of[0]], item, name, group, against, called, before, rules, each, horizon)
        for item, name, group, against in pairs
    ]
    from .describing import schema_record, tool

    return Watch(
        WatchResult(
            schema_version=WATCH_VERSION,
            tool=tool(),
            source=_source(named),
            policy=rules.id,
            decision_text=schema_record(first, (at,) if at is not None or first.has_decision else (), ()).decision_text,
            cutoff=at,
            alpha=level,
            comparisons=len(pairs),
            horizon=horizon,
            periods=people_of_periods(named, names, before),
            watched=watched,
            not_watched=not_watched,
        )
    )


# What is asked


def _check_horizon(horizon: int) -> None:
    if not isinstance(horizon, (int, np.integer)) or isinstance(horizon, bool) or horizon < 1:
        message = f"horizon is a whole number of periods, at least 1, got {horizon!r}."
        raise SchemaError(message)


def _periods(cubes: Any) -> list[tuple[str, Cube]]:
    """Return each period's name and its cube, which has no period axis any more."""
    many = [cubes] if isinstance(cubes, (Cube, str, os.PathLike)) else list(cubes)
    read = [one if isinstance(one, Cube) else load(Path(one)) for one in many]
    labels = [_label(given, cube, place) for place, (given, cube) in enumerate(zip(many, read, strict=True), 1)]
    refuse_repeated(read, labels)
    for cube, name in zip(read[1:], labels[1:], strict=True):
        try:
            read[0] + cube
        except CubeError as error:
            message = f"{name} does not fit {labels[0]}. {error}"
            raise CubeError(message) from None
    found: list[tuple[str, Cube]] = []
    for cube, name in zip(read, labels, strict=True):
        axis = next((one for one in cube.axes.dimensions if one.role == "period"), None)
        if axis is None:
            found.append((name, cube))
        else:
            found += [(level, of_level(cube, axis.name, level)) for level in axis.levels]
    names = [name for name, _ in found]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        message = (
            f"The period '{twice[0]}' is there {names.count(twice[0])} times. Merge its cubes first (fairaudit merge)."
        )
        raise CubeError(message)
    if len(found) < 2:
        message = (
            "Watching needs at least two periods, a baseline and one to hold against it; got "
            f"{listed(names) or 'none'}. Give a cube for each period, or count with period= (--period)."
        )
        raise CubeError(message)
    return found


def _label(given: Any, cube: Cube, place: int) -> str:
    if isinstance(given, Cube):
        return f"{place}" if not cube.provenance.name else f"{place}: {cube.provenance.name}"
    return Path(given).stem


def _source(named: Sequence[tuple[str, Cube]]) -> str:
    names = list(dict.fromkeys(cube.provenance.name for _, cube in named))
    return listed(names, most=3)


def _baseline(names: Sequence[str], baseline: Any) -> list[int]:
    """Return the places of the periods of the baseline."""
    if isinstance(baseline, (int, np.integer)) and not isinstance(baseline, bool):
        if not 1 <= baseline < len(names):
            message = f"baseline is the number of first periods, from 1 to {len(names) - 1} here, got {baseline}."
            raise SchemaError(message)
        return list(range(int(baseline)))
    wanted = [baseline] if isinstance(baseline, str) else [*map(str, baseline)]
    for name in wanted:
        if name not in names:
            message = (
                f"There is no period '{name}' to be the baseline.{suggestion(name, names)} Periods: {listed(names)}."
            )
            raise SchemaError(message)
    if not wanted or len(set(wanted)) == len(names):
        message = "The baseline needs at least one period, and at least one must be left to be watched."
        raise SchemaError(message)
    return sorted({names.index(name) for name in wanted})


def _cutoff(cube: Cube, given: float | None) -> float | None:
    cutoffs = cutoffs_of(cube, given)
    if given is not None and cutoffs:
        return cutoffs[0]
    return next(iter(decision_rules(cube, cutoffs)), None)


def _contrasts(metrics: str | Collection[str]) -> list[Contrast]:
    made = []
    for name in [metrics] if isinstance(metrics, str) else metrics:
        item = find_metric(name)
        if not isinstance(item, Contrast) or not _of_one_rate(item):
            known = listed([one.id for one in CONTRASTS.values() if _of_one_rate(one)], 20)
            message = f"'{item.id}' is not a comparison of one rate, and cannot be watched. These can: {known}."
            raise UndefinedMetricError(message)
        made.append(item)
    if not made:
        message = "Name at least one comparison to watch: metrics=['adverse_impact_ratio']."
        raise SchemaError(message)
    return list(dict.fromkeys(made))


def _of_one_rate(item: Contrast) -> bool:
    return len(item.of) == 1 and item.how in SCALES and METRICS[item.of[0]].kind == "rate"


# What was counted


@dataclass(frozen=True, slots=True, eq=False)
class _Sums:
    """The sums of a rate by period and group; they add up over periods."""

    groups: tuple[str, ...]
    numbers: FloatArray
    """Shape [period, group, sum]: counted, all, people, and the squared weights of both."""

    @classmethod
    def of(cls, named: Sequence[tuple[str, Cube]], attribute: str, metric: str, cutoff: float | None) -> _Sums:
        found = []
        for _, cube in named:
            of = cube.marginal(attribute)
            rate = identified_rate(of, METRICS[metric], cutoff)
            columns = [rate.num, rate.den, rate.n, rate.num_w2, rate.den_w2]
            found.append(dict(zip(of.groups, np.stack(columns, axis=-1), strict=True)))
        groups = tuple(dict.fromkeys(group for one in found for group in one))
        empty = np.zeros(5)
        return cls(groups, np.array([[one.get(group, empty) for group in groups] for one in found]))

    def counts(self, group: str, sums: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return counted and all people of a group, effective ones of weighted rows, from sums over periods."""
        num, den, n, num_w2, den_w2 = np.moveaxis(sums[..., self.groups.index(group), :], -1, 0)
        return effective(Rate(num, den, num_w2, den_w2, n))


Pair = tuple[Contrast, str, str, str]


def _pairs(
    tables: Mapping[tuple[str, str], _Sums],
    wanted: Sequence[Contrast],
    names: Sequence[str],
    given: Mapping[str, str],
    before: Sequence[int],
    rules: Policy,
) -> tuple[list[Pair], dict[str, str]]:
    """Return which group is watched against which, and what is not watched."""
    pairs: list[Pair] = []
    left_out: dict[str, str] = {}
    for item in wanted:
        for name in names:
            of = tables[name, item.of[0]]
            people = of.numbers[before].sum(axis=0)[:, 1]
            usable = [group for group in of.groups if not is_excluded(group, rules.excluded_levels)]
            against = given.get(name)
            if against is None:
                against = max(usable, key=lambda group: people[of.groups.index(group)])
            if against not in of.groups:
                message = f"'{name}' has no level '{against}' to be the reference.{suggestion(against, of.groups)}"
                raise SchemaError(message)
            for group in of.groups:
                if group == against:
                    continue
                if group not in usable:
                    left_out[f"{name}: {group}"] = "the policy leaves this level out"
                elif not people[of.groups.index(group)]:
                    left_out[f"{name}: {group}"] = "nobody of it is in the baseline"
                else:
                    pairs.append((item, name, group, against))
    return pairs, left_out


# What is found


def _watched(
    of: _Sums, item: Contrast, attribute: str, group: str, reference: str, names: Sequence[str], before: Sequence[int],
    rules: Policy, alpha: float, horizon: int,
) -> WatchedRecord:  # fmt: skip
    how = SCALES[item.how]
    after = [place for place in range(len(of.numbers)) if place not in before]
    base = of.numbers[list(before)].sum(axis=0)
    total = np.concatenate([np.zeros((1, *base.shape)), of.numbers[after].cumsum(axis=0)])
    stretches = total[None, 1:] - total[:-1, None]  # [first, last]
    (a0, n0), (b0, m0) = of.counts(group, base), of.counts(reference, base)
    known = estimates(a0, n0, b0, m0, how=how)
    found = estimates(*of.counts(group, stretches), *of.counts(reference, stretches), how=how)
    line = _line(item, rules)
    changes, levels = _sequences(found, known, how, line, alpha, horizon, len(before))
    each = of.numbers[after]
    (a, n), (b, m) = of.counts(group, each), of.counts(reference, each)
    alone = compare_many(a, n, b, m, how=how, confidence=1 - rules.alpha, integer=False)
    ordinary = compare_many(a0, n0, b0, m0, how=how, confidence=1 - rules.alpha, integer=False)
    looks = []
    for place, at in enumerate(after):
        raw = of.numbers[at]
        mine, theirs = raw[of.groups.index(group)], raw[of.groups.index(reference)]
        has_changed = changes is not None and changes.since[place] >= 0
        is_past = levels is not None and _is_past(item, levels, place)
        kinds: tuple[tuple[Alarm, bool], ...] = (("changed", has_changed), ("past the line", is_past))
        alarms = [kind for kind, there in kinds if there]
        looks.append(
            LookRecord(
                period=names[at],
                people=int(mine[2]),
                reference_people=int(theirs[2]),
                rate=_ratio(mine),
                reference_rate=_ratio(theirs),
                value=finite(alone.value[place]),
                low=finite(alone.low[place]),
                high=finite(alone.high[place]),
                running=_told(levels, "value", place, how),
                running_low=_told(levels, "low", place, how),
                running_high=_told(levels, "high", place, how),
                change=_told(changes, "value", place, how),
                change_low=_told(changes, "low", place, how),
                change_high=_told(changes, "high", place, how),
                p=1.0 if changes is None else float(changes.p[place]),
                alarms=alarms,
                changed_since=names[after[int(changes.since[place])]] if changes is not None and has_changed else None,
                worse=_worse(item, changes, place) if has_changed else None,
                past_since=names[after[int(levels.since[place])]] if levels is not None and is_past else None,
            )
        )
    return WatchedRecord(
        metric=item.id,
        title=item.title,
        how=item.how,
        attribute=attribute,
        group=group,
        reference=reference,
        line=line,
        baseline_people=int(base[of.groups.index(group)][2]),
        baseline_reference_people=int(base[of.groups.index(reference)][2]),
        baseline=finite(float(ordinary.value)),
        baseline_low=finite(float(ordinary.low)),
        baseline_high=finite(float(ordinary.high)),
        enough=bool(known.enough),
        looks=looks,
        first_alarm=next((look.period for look in looks if look.alarms), None),
    )


def _ratio(sums: FloatArray) -> float | None:
    return finite(sums[0] / sums[1]) if sums[1] > 0 else None


def _told(made: Running | None, name: str, place: int, how: How) -> float | None:
    """Return a number of a sequence as it is told: ratios as ratios."""
    if made is None:
        return None
    value = float(getattr(made, name)[place])
    return finite(value if how == "difference" else math.exp(value)) if math.isfinite(value) else None


def _sequences(
    found: Estimates, known: Estimates, how: How, line: float | None, alpha: float, horizon: int, periods: int
) -> tuple[Running | None, Running | None]:
    """Return the running change against the baseline, and the running contrast held against the line."""
    if not bool(known.enough) or float(known.information) <= 0:
        return None, None
    of_baseline = float(known.information)
    expected = of_baseline / periods * horizon
    value, information = found.value - float(known.value), _both(found.information, of_baseline)
    changes = running(
        value, information, found.enough, against=0.0,
        mixing=mixing_variance(1 / (1 / expected + 1 / of_baseline), alpha), alpha=alpha,
    )  # fmt: skip
    held = None if line is None else line if how == "difference" else math.log(line)
    levels = running(
        found.value, found.information, found.enough, against=held, mixing=mixing_variance(expected, alpha), alpha=alpha
    )
    return changes, levels


def _both(information: FloatArray, of_baseline: float) -> FloatArray:
    with np.errstate(divide="ignore"):
        return np.asarray(1 / (1 / information + 1 / of_baseline))


def _line(item: Contrast, rules: Policy) -> float | None:
    for rule in rules.rules:
        if rule.metric == item.id and rule.practical is not None:
            return float(rule.practical.value)
    return None


def _is_past(item: Contrast, levels: Running, place: int) -> bool:
    if levels.since[place] < 0:
        return False
    return item.adverse == "either" or (levels.side[place] < 0) == (item.adverse == "below")


def _worse(item: Contrast, changes: Running | None, place: int) -> bool | None:
    if changes is None or item.adverse == "either":
        return None
    return bool((changes.side[place] < 0) == (item.adverse == "below"))


@dataclass(frozen=True)
class Watch:
    """What watching found: plain records, a table, a page."""

    result: WatchResult

    @property
    def alarms(self) -> list[WatchedRecord]:
        """The comparisons that raised an alarm, at any look."""
        return [one for one in self.result.watched if one.first_alarm is not None]

    @cached_property
    def table(self) -> pd.DataFrame:
        """One row a comparison and period."""
        import pandas as pd

        shared = ("metric", "attribute", "group", "reference", "line", "baseline")
        rows = [
            {**{name: getattr(one, name) for name in shared}, **dataclasses.asdict(look)}
            for one in self.result.watched
            for look in one.looks
        ]
        return pd.DataFrame(rows, columns=[*shared, *(field.name for field in dataclasses.fields(LookRecord))])

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain values, as JSON holds them."""
        return self.result.to_dict()

    def to_json(self) -> str:
        """Return everything as JSON text."""
        return self.result.to_json()

    def to_markdown(self) -> str:
        """Return what was found as Markdown."""
        from .report.watched import to_markdown

        return to_markdown(self.result)

    def to_html(self) -> str:
        """Return what was found as one self-contained HTML page."""
        from .report.watched import to_html

        return to_html(self.result)

    def __repr__(self) -> str:
        """Return what was found in words."""
        from .report.watched import to_text

        return to_text(self.result)

    def _repr_html_(self) -> str:
        from .report.watched import fragment

        return fragment(self.result)
