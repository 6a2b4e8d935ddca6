"""Subgroups that an audit of named groups would miss: searched for in one half of the people, confirmed in the other.

``search_subgroups`` takes what ``audit`` takes. It looks at every crossing of the attributes up to a depth, selects
those that are worse than everybody else and worse than their parents predict, and measures what it selected on people
whom the search did not see.
"""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, Unpack, get_args

import numpy as np

from .auditing import cube_of
from .cube.cube import Cube
from .errors import CubeError, SchemaError, UndefinedMetricError, listed, suggestion
from .inference.crossings import Prediction
from .inference.power import people_for_ratio
from .inference.subgroups import FEW_EXPECTED, UNKNOWN, Candidate, Confirmed, Direction, Searched, confirm, search
from .inference.thinning import thin
from .measuring import decision_rules, identified_rate
from .metrics.base import METRICS, Metric, Rate, find_metric
from .policy import DEFAULT_POLICY
from .policy.loading import load_policy
from .policy.model import Policy
from .policy.references import is_excluded
from .resolving import cutoffs_of, group_names, groups_given, seed_of
from .result import finite
from .schema.roles import Roles
from .search_result import SEARCH_VERSION, DepthRecord, SearchResult, SubgroupRecord

if TYPE_CHECKING:
    import pandas as pd

Look = Literal["worse", "better", "lower", "higher", "both"]
PredictFrom = Literal["parents", "single"]
LEVEL = 0.1
"""Level of the false discovery rate in the search: candidates cost little, the confirmation decides."""
MOST = 20
GAP = 0.1
"""The gap that the number of people needed is told for."""


def search_subgroups(
    data: Any,
    *,
    depth: int = 3,
    metric: str = "selection_rate",
    direction: Look | None = None,
    predict_from: PredictFrom = "parents",
    policy: Any = None,
    most: int = MOST,
    share: float = 0.5,
    level: float = LEVEL,
    rng: np.random.Generator | int | None = None,
    **roles: Unpack[Roles],
) -> SubgroupSearch:
    """Search all crossings of the attributes for people who are treated worse, and confirm on people not searched.

    The people are dealt at random into two halves. In the first, every crossing of 1 to ``depth`` attributes is
    tested: it must be worse than everybody else, and worse than its parents (the crossings with one attribute less)
    predict. What passes at a false discovery rate on the tree depth > set of attributes > crossing is a candidate.
    In the second half each candidate gets its effect, interval and p, corrected over the candidates (Holm).

    Parameters
    ----------
    data
        Rows, a :class:`~fairaudit.Cube` or the path of a cube file, as in :func:`fairaudit.audit`.
    depth
        Most attributes crossed.
    metric
        The id of a rate: ``selection_rate``, ``false_negative_rate``, ``false_positive_rate``, ...
    direction
        ``"worse"`` or ``"better"`` than the rest and than predicted, ``"lower"``, ``"higher"`` or ``"both"``. Worse
        when None; of a metric without a better side both.
    predict_from
        ``"parents"``: a crossing must be worse than the crossings with one attribute less predict. ``"single"``: than
        its single attributes predict, which finds smaller groups of three attributes and more, and lists a triple
        beside the pair that explains it.
    policy
        Gives the level, the fewest people and the levels left out; the id of a preset, a YAML file or a mapping.
    most
        Most candidates taken to the confirmation.
    share
        Share of the people that the search sees.
    level
        Level of the false discovery rate in the search.
    rng
        Seed of the split; derived from the counts, and recorded, when None: the same people are then kept back
        from a search by another metric.
    roles
        As in :func:`fairaudit.schema.declare`; for a cube only ``cutoff`` and ``groups``. Of several cut-offs the
        first is searched.

    Returns
    -------
    SubgroupSearch

    Raises
    ------
    FairauditError
        If roles, data or the policy are wrong; if people have weights, cells were suppressed, or the metric needs
        outcomes that are unobserved.

    Notes
    -----
    Sources: Cox (1975), Biometrika 62 (splitting); Bogomolov, Peterson, Benjamini & Sabatti (2021), Biometrika 108
    (the tree); Kearns, Neel, Roth & Wu (2018), Preventing Fairness Gerrymandering, ICML (why crossings).

    Examples
    --------
    >>> people = {"race": ["A", "A", "B", "B"] * 2, "sex": ["F"] * 4 + ["M"] * 4, "ok": ["yes", "no"] * 4,
    ...           "n": [600, 400, 300, 700, 600, 400, 600, 400]}
    >>> found = search_subgroups(people, counts="n", groups=["race", "sex"], decision="ok", favorable="yes", rng=1)
    >>> found.table.query("depth == 2 and confirmed")[["group", "people", "gap"]].round(2).to_string(index=False)
    'group  people  gap\\nB × F    1000 -0.3'
    """
    if direction not in (None, *get_args(Look)):
        message = (
            f"direction is one of {', '.join(get_args(Look))}, got {direction!r}."
            f"{suggestion(str(direction), get_args(Look))}"
        )
        raise SchemaError(message)
    if predict_from not in get_args(PredictFrom):
        message = f"predict_from is one of {', '.join(get_args(PredictFrom))}, got {predict_from!r}."
        raise SchemaError(message)
    _check_depth(depth, most)
    rules = load_policy(DEFAULT_POLICY if policy is None else policy).policy
    cube = cube_of(data, roles)
    names = group_names(cube, groups_given(roles))
    _check_cube(cube, names)
    item, cutoff = _metric(metric), _cutoff(cube, roles.get("cutoff"))
    side = _side(item, direction)
    seed = seed_of(cube, rng)
    whole = cube.marginal(names)
    rate = identified_rate(whole, item, cutoff)
    halves = thin(whole.n, share=share, rng=seed)
    parts = [
        identified_rate(dataclasses.replace(whole, n=half, s1=None, s2=None), item, cutoff)
        for half in (halves.search, halves.confirmation)
    ]
    codes = _codes(whole, rules)
    order = 1 if predict_from == "single" else None
    searched = search(
        codes, parts[0].num, parts[0].den,
        depth=depth, direction=side, minimum=rules.minimum_n * share, level=level, most=most,
        order=order,
    )  # fmt: skip
    confirmed = confirm(codes, parts[1].num, parts[1].den, searched.candidates, confidence=1 - rules.alpha, order=order)
    return SubgroupSearch(
        _result(
            cube=cube, whole=whole, item=item, cutoff=cutoff, rate=rate, parts=parts, codes=codes, searched=searched,
            confirmed=confirmed, policy=rules, seed=seed, depth=depth, direction=direction or side,
            predict_from=predict_from, share=share,
            level=level,
        )
    )  # fmt: skip


# What is asked


def _check_depth(depth: int, most: int) -> None:
    for name, value in (("depth", depth), ("most", most)):
        if not isinstance(value, (int, np.integer)) or isinstance(value, bool) or value < 1:
            message = f"{name} must be a whole number of at least 1, got {value!r}."
            raise SchemaError(message)


def _check_cube(cube: Cube, names: tuple[str, ...]) -> None:
    if not names:
        message = "A search crosses attributes, and none were given. Name them with groups=[...] (--group)."
        raise SchemaError(message)
    if cube.weighted:
        message = (
            f"The people have weights ('{cube.schema.weight}'), and sums of weights cannot be dealt out person by "
            "person into a half to search in and a half to confirm in. Count without weight= and search there: what "
            "is found then holds for the people in the file, not for those whom the weights stand for."
        )
        raise CubeError(message)
    if cube.schema.cluster is not None:
        message = (
            f"People come in clusters of '{cube.schema.cluster}', and dealing them out one by one puts members of one "
            "cluster into both halves, which are then not independent. Keep one row of each cluster and count without "
            "cluster=."
        )
        raise CubeError(message)
    if cube.suppressed is not None and cube.suppressed.any():
        message = (
            f"The counts of {int(cube.suppressed.sum()):,} cells were taken out of this cube, so crossings cannot be "
            "added up. Search the cube before it is suppressed."
        )
        raise CubeError(message)


def _metric(name: str) -> Metric:
    found = find_metric(name)
    if isinstance(found, Metric) and found.kind == "rate":
        return found
    rates = [item.id for item in METRICS.values() if item.kind == "rate"]
    message = f"A search goes by a rate of one group, and '{found.id}' is none. Rates: {listed(rates, most=40)}."
    raise UndefinedMetricError(message)


def _cutoff(cube: Cube, given: Any) -> float | None:
    cutoffs = cutoffs_of(cube, given)
    if given is not None and cutoffs:
        return cutoffs[0]
    return next(iter(decision_rules(cube, cutoffs)), None)


def _side(item: Metric, direction: Look | None) -> Direction:
    if direction is None:
        direction = "both" if item.better == "neither" else "worse"
    if direction in {"lower", "higher", "both"}:
        return direction
    if item.better == "neither":
        message = (
            f"'{item.id}' has no better side, so no rate of it is {direction}. Give direction='lower', 'higher' or "
            "'both'."
        )
        raise SchemaError(message)
    return "lower" if (item.better == "higher") == (direction == "worse") else "higher"


def _codes(cube: Cube, policy: Policy) -> np.ndarray[Any, np.dtype[np.int64]]:
    codes = cube.axes.cells.astype(np.int64)
    for i, dimension in enumerate(cube.axes.dimensions):
        left_out = [j for j, name in enumerate(dimension.levels) if is_excluded(name, policy.excluded_levels)]
        codes[np.isin(codes[:, i], left_out), i] = UNKNOWN
    return codes


# What was found


def _result(
    *, cube: Cube, whole: Cube, item: Metric, cutoff: float | None, rate: Rate, parts: list[Rate], codes: Any,
    searched: Searched, confirmed: list[Confirmed], policy: Policy, seed: int, depth: int, direction: str,
    predict_from: str, share: float, level: float,
) -> SearchResult:  # fmt: skip
    from .describing import schema_record, tool

    names = list(whole.axes.names)
    everybody, counted = float(rate.den.sum()), float(rate.num.sum())
    overall = counted / everybody if everybody else math.nan
    records = [
        _record(whole, item, rate, codes, candidate, made, policy.alpha)
        for candidate, made in zip(searched.candidates, confirmed, strict=True)
    ]
    records.sort(key=lambda one: (not one.confirmed, -abs(one.affected or 0) if one.confirmed else one.p))
    return SearchResult(
        schema_version=SEARCH_VERSION,
        tool=tool(),
        source=cube.provenance.name,
        sha256=cube.digest,
        people=int(everybody),
        metric=item.id,
        metric_title=item.title,
        better=item.better,
        decision_text=schema_record(cube, (cutoff,) if _decides(cube, cutoff) else (), ()).decision_text,
        cutoff=cutoff,
        attributes=names,
        depth=min(depth, len(names)),
        direction=direction,
        predict_from=predict_from,
        policy=policy.id,
        alpha=policy.alpha,
        confidence=1 - policy.alpha,
        level=level,
        share=share,
        seed=seed,
        search_people=int(parts[0].den.sum()),
        confirmation_people=int(parts[1].den.sum()),
        overall_rate=finite(overall),
        subgroups=[dataclasses.replace(one, rank=i) for i, one in enumerate(records, start=1)],
        depths=[DepthRecord(**dataclasses.asdict(one)) for one in searched.depths],
        left_out=searched.left_out,
        too_wide=[" × ".join(names[i] for i in of) for of in searched.too_wide],
        unknown={
            name: int(rate.den[codes[:, i] == UNKNOWN].sum())
            for i, name in enumerate(names)
            if (codes[:, i] == UNKNOWN).any()
        },
        people_to_look=_to_look(overall, policy.minimum_n, share),
        people_to_confirm=_to_confirm(overall, policy, share, max(1, len(records))),
    )


def _decides(cube: Cube, cutoff: float | None) -> bool:
    return cutoff is not None or cube.has_decision


def _record(
    whole: Cube, item: Metric, rate: Rate, codes: Any, candidate: Candidate, made: Confirmed, alpha: float
) -> SubgroupRecord:
    dimensions = [whole.axes.dimensions[i] for i in candidate.attributes]
    levels = {d.name: d.levels[code] for d, code in zip(dimensions, candidate.levels, strict=True)}
    members = (codes[:, list(candidate.attributes)] == np.array(candidate.levels)).all(axis=1)
    people = float(rate.den[members].sum())
    harm = -1.0 if item.better == "higher" else 1.0
    ends = sorted(harm * people * end for end in (made.low, made.high))
    said = made.prediction or Prediction(made.rest_num / made.rest_den if made.rest_den else math.nan, *[math.nan] * 4)
    without = made.without_finer or (None, None, None)
    return SubgroupRecord(
        rank=0,
        attribute=" × ".join(levels),
        group=" × ".join(levels.values()),
        levels=levels,
        depth=candidate.depth,
        side=candidate.side,
        confirmed=made.p_adjusted < alpha,
        people=int(people),
        rate=finite(made.num / made.den) if made.den else None,
        rest_rate=finite(made.rest_num / made.rest_den) if made.rest_den else None,
        gap=finite(made.gap),
        low=finite(made.low),
        high=finite(made.high),
        method=made.method,
        affected=finite(harm * people * made.gap),
        affected_low=finite(ends[0]),
        affected_high=finite(ends[1]),
        test=made.test,
        p_rest=finite(made.p_rest),
        predicted=finite(said.rate),
        odds_ratio=finite(said.odds_ratio),
        odds_ratio_low=finite(said.low),
        odds_ratio_high=finite(said.high),
        p_parents=finite(said.p),
        p=made.p,
        p_adjusted=made.p_adjusted,
        gap_without_finer=finite(without[0]),
        gap_without_finer_low=finite(without[1]),
        gap_without_finer_high=finite(without[2]),
        num=int(made.num),
        den=int(made.den),
        rest_num=int(made.rest_num),
        rest_den=int(made.rest_den),
        search_rate=candidate.rate,
        search_gap=candidate.gap,
        search_p=candidate.p,
    )


def _to_look(overall: float, minimum: int, share: float) -> int | None:
    rarer = min(overall, 1 - overall)
    return math.ceil(max(minimum, FEW_EXPECTED / rarer / share)) if rarer > 0 else None


def _to_confirm(overall: float, policy: Policy, share: float, candidates: int) -> int | None:
    """Return the people whose half to confirm in would show a gap of ten points, on the side with more room."""
    if not 0 < overall < 1:
        return None
    rate = overall - GAP if overall > GAP else overall + GAP
    if not 0 < rate < 1:
        return None
    needed = float(
        people_for_ratio(
            rate / overall, overall, alpha=policy.alpha / candidates, power=policy.power, ratio_of_sizes=math.inf
        )
    )
    return math.ceil(needed / (1 - share)) if math.isfinite(needed) else None


@dataclass(frozen=True)
class SubgroupSearch:
    """What a search for subgroups found: plain records, a table, a report.

    Examples
    --------
    >>> people = {"sex": ["F", "F", "M", "M"], "ok": ["yes", "no"] * 2, "n": [300, 700, 600, 400]}
    >>> found = search_subgroups(people, counts="n", groups="sex", decision="ok", favorable="yes", rng=1)
    >>> found.result.subgroups[0].group, found.result.subgroups[0].confirmed
    ('F', True)
    """

    result: SearchResult

    @cached_property
    def table(self) -> pd.DataFrame:
        """One row a candidate, confirmed ones first, those worth most people at the top."""
        import pandas as pd

        fields = [f.name for f in dataclasses.fields(SubgroupRecord) if f.name != "levels"]
        rows = [{name: getattr(one, name) for name in fields} for one in self.result.subgroups]
        return pd.DataFrame(rows, columns=fields)

    @property
    def confirmed(self) -> list[SubgroupRecord]:
        """The crossings that people not searched confirm."""
        return [one for one in self.result.subgroups if one.confirmed]

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain values, as JSON holds them."""
        return self.result.to_dict()

    def to_json(self) -> str:
        """Return everything as JSON text."""
        return self.result.to_json()

    def to_markdown(self) -> str:
        """Return the search as Markdown: what was found in words, the table, what was looked at."""
        from .report.subgroups import to_markdown

        return to_markdown(self.result)

    def to_html(self) -> str:
        """Return the search as one self-contained HTML page."""
        from .report.subgroups import to_html

        return to_html(self.result)

    def to_csv(self) -> str:
        """Return the table as CSV."""
        from .report.subgroups import to_csv

        return to_csv(self.result)

    def __repr__(self) -> str:
        """Return what was looked at and what was confirmed, in words."""
        from .report.subgroups import to_text

        return to_text(self.result)

    def _repr_html_(self) -> str:
        from .report.subgroups import fragment

        return fragment(self.result)
