"""``drivers(...)``: which features carry the gap between two groups, in units of the score. Read this first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, get_args

import numpy as np
from numpy.typing import NDArray

from ..data.clusters import is_dask, is_spark, refuse_rows
from ..errors import DataContractError, ExplanationError, SchemaError, suggestion
from ..inference.together import LARGEST, Means, gaps_of, means_of, means_with_known_sum
from .assembling import drivers_of, gap_of_means, in_batches, proxies_of
from .attribution import ENOUGH_ROWS, Explainer, Explanation
from .drivers_record import Drivers, Measure
from .mixing import Mixing, mixing_of, of_explanation
from .reading import finite_cutoff
from .trees import Floats
from .two_groups import FEWEST, TwoGroups, two_groups

PAIRS = 20_000
BATCH = 100_000
"""Rows scored or explained at once."""


def drivers(
    scorer: Any,
    rows: Any,
    attribute: Any,
    *,
    reference: Any,
    sample_rows: int | None = None,
    players: Mapping[str, Sequence[str]] | None = None,
    **options: Any,
) -> Drivers:
    """Return the gap between a group and its reference, split by feature, of anything that scores.

    Parameters
    ----------
    scorer
        An :class:`~fairaudit.Explainer`: its attributions split the gap in mean score. A scorecard, what ``train``
        returned, ``wrap(model, ...)``, or any object with ``score(rows)``, ``feature_names``, ``units`` and
        ``higher_is``: paired Shapley values do, which need nothing but scores.
    rows
        The people, in columns that have the model's names. Those of a Spark or Dask frame are explained where they
        are, by an explainer with a background of its own, and only sums come back.
    attribute
        The attribute of each row: a column of texts, or of numbers with ``bands``; its name in a Spark or Dask frame.
    reference
        The level that the group is compared with.
    sample_rows
        With an explainer: explain at most so many rows of each group, drawn at random. The gap itself still comes
        from scoring everybody, and the amounts add up to it exactly.
    players
        Columns that are one feature, as ``{"region": ["region_north", "region_south"]}``; not with an explainer.
    options
        ``group``, ``measure``, ``name``, ``bands``, ``weight``, ``outcome``, ``good``, ``cutoff``, ``higher_is``,
        ``pairs``, ``rng``, ``confidence``, ``fewest``: see :meth:`fairaudit.Explanation.drivers`.

    Returns
    -------
    Drivers

    Raises
    ------
    FairauditError
        If groups, columns or options are wrong, or too few people are there.

    Examples
    --------
    >>> import numpy as np
    >>> import fairaudit as fa
    >>> draw = np.random.default_rng(1)
    >>> people = {"income": draw.normal(size=400), "debt": draw.normal(size=400)}
    >>> sex = np.where(people["income"] + draw.normal(size=400) > 0, "M", "F")
    >>> scorer = fa.wrap(lambda rows: rows["income"] - rows["debt"], higher_is="better",
    ...                  feature_names=["income", "debt"])
    >>> made = fa.drivers(scorer, people, sex, reference="M", pairs=2_000)
    >>> made.drivers[0].feature, bool(made.gap.high < 0)
    ('income', True)
    """
    if is_spark(rows) or is_dask(rows):
        return _on_a_cluster(scorer, rows, attribute, reference, sample_rows, players, options)
    if isinstance(rows, Mapping):
        import pandas as pd

        rows = pd.DataFrame(dict(rows))
    elif hasattr(rows, "to_pandas"):
        rows = rows.to_pandas()
    made = mixing_of(scorer, rows, players)
    if isinstance(scorer, Explainer) and options.get("measure", "mean score") == "mean score":
        return _of_sample(scorer, rows, made, attribute, reference=reference, sample_rows=sample_rows, **options)
    if sample_rows is not None:
        message = "sample_rows is for the mean score of an Explainer; pairs= bounds the work of everything else."
        raise ExplanationError(message)
    return _paired(made, attribute, reference=reference, **options)


def _on_a_cluster(
    scorer: Any,
    frame: Any,
    attribute: Any,
    reference: Any,
    sample_rows: int | None,
    players: Mapping[str, Sequence[str]] | None,
    options: Mapping[str, Any],
) -> Drivers:
    from .summed_drivers import drivers_of_parts

    if not isinstance(scorer, Explainer) or options.get("measure", "mean score") != "mean score":
        refuse_rows(frame, "Anything but the mean score of an Explainer")
    if sample_rows is not None or players is not None:
        message = "sample_rows and players are for rows at hand; those of a cluster are all explained, where they are."
        raise ExplanationError(message)
    known = _known({**options, "measure": None}, ("measure", "group", "bands", "confidence", "fewest"))
    return drivers_of_parts(scorer, frame, attribute, reference=reference, **known)


def drivers_of_explanation(
    made: Explanation, attribute: Any, *, reference: Any, measure: Measure = "mean score", **options: Any
) -> Drivers:
    """Return the drivers of a gap among the rows of an explanation; see :meth:`fairaudit.Explanation.drivers`."""
    if _checked(measure) != "mean score":
        return _paired(of_explanation(made), attribute, reference=reference, measure=measure, **options)
    groups, weight = _groups_of(len(made), attribute, reference=reference, **_known(options, _MEAN))
    seam = of_explanation(made)
    sides = [
        means_of(made.values[of], None if weight is None else weight[of])
        for of in (groups.of_group, groups.of_reference)
    ]
    totals = [
        means_of(made.scores[of][:, None], None if weight is None else weight[of])
        for of in (groups.of_group, groups.of_reference)
    ]
    return _mean_score(seam, made.scores, groups, sides, totals, weight, made.method, options)


def _of_sample(
    explainer: Explainer,
    rows: Any,
    made: Mixing,
    attribute: Any,
    *,
    reference: Any,
    sample_rows: int | None,
    measure: Measure = "mean score",  # noqa: ARG001
    **options: Any,
) -> Drivers:
    if sample_rows is not None and sample_rows < FEWEST:
        message = f"sample_rows is at least {FEWEST} of each group, got {sample_rows!r}."
        raise ExplanationError(message)
    if sample_rows is not None and options.get("weight") is not None:
        message = "Rows are drawn at random without their weights: leave out sample_rows=, or draw by weight yourself."
        raise ExplanationError(message)
    groups, weight = _groups_of(len(made.rows), attribute, reference=reference, **_known(options, _MEAN))
    both = groups.both()
    scores = np.full(len(made.rows), np.nan)
    scores[both] = in_batches(made.score, made.rows, both, BATCH)
    rng = np.random.default_rng(options.get("rng", 0))
    has_own = explainer.background is not None or not explainer.backend.needs_background
    background = None if has_own or len(rows) < ENOUGH_ROWS else rows
    sides, totals, method = [], [], ""
    for of in (groups.of_group, groups.of_reference):
        some = of if sample_rows is None or len(of) <= sample_rows else np.sort(rng.permutation(of)[:sample_rows])
        parts, heavy = [], None if weight is None else weight[of]
        for start in range(0, len(some), BATCH):
            taken = some[start : start + BATCH]
            chosen = rows.iloc[taken] if hasattr(rows, "iloc") else np.asarray(rows)[taken]
            explained = explainer.explain(chosen, background=background)
            parts.append(explained.values)
            method = explained.method
        values = np.concatenate(parts)
        whole = len(some) == len(of)
        sides.append(means_of(values, heavy) if whole else means_with_known_sum(values, scores[some], scores[of]))
        totals.append(means_of(scores[of][:, None], heavy))
    return _mean_score(made, scores, groups, sides, totals, weight, method, options)


def _mean_score(
    made: Mixing,
    scores: Floats,
    groups: TwoGroups,
    sides: Sequence[Means],
    totals: Sequence[Means],
    weight: Floats | None,
    method: str,
    options: Mapping[str, Any],
) -> Drivers:
    confidence = options.get("confidence", 0.95)
    gap = gap_of_means(totals[0], totals[1], confidence)
    if weight is None:
        explained = (int(sides[0].people), int(sides[1].people))
    else:
        explained = (len(groups.of_group), len(groups.of_reference))
    proxies, of_score = proxies_of(
        made, scores, groups, weight=weight, confidence=confidence, rng=_seed(options.get("rng"))
    )
    rows, reach = drivers_of(made.names, gaps_of(*sides), gap, proxies, confidence)
    spreads = zip(*(np.sqrt(side.spread) for side in sides), strict=True)
    return Drivers(
        attribute=groups.attribute,
        group=groups.group,
        reference=groups.reference,
        measure="mean score",
        units=made.units,
        higher_is=options.get("higher_is") or made.higher_is,
        cutoff=None,
        gap=gap,
        levels=(float(totals[0].value[0]), float(totals[1].value[0])),
        drivers=rows,
        score_proxy=of_score,
        people=(len(groups.of_group), len(groups.of_reference)),
        explained=explained,
        left_out=groups.left_out,
        confidence=confidence,
        reach=reach,
        together=LARGEST,
        method=method,
        weighted=weight is not None,
        of_one_row={name: (float(one), float(other)) for name, (one, other) in zip(made.names, spreads, strict=True)},
    )


def _paired(
    made: Mixing, attribute: Any, *, reference: Any, measure: Measure = "mean score", **options: Any
) -> Drivers:
    from .paired_shapley import paired_drivers

    _checked(measure)
    if options.get("weight") is not None:
        message = "Pairs are drawn without weights: leave out weight=, or ask for the mean score of an Explainer."
        raise ExplanationError(message)
    known = _known(options, _PAIRED)
    within = _within(len(made.rows), measure, known.pop("outcome", None), known.pop("good", None))
    groups, _ = _groups_of(len(made.rows), attribute, reference=reference, within=within, **known)
    return paired_drivers(
        made,
        groups,
        measure=measure,
        cutoff=made.cutoff if known.get("cutoff") is None else finite_cutoff(known["cutoff"]),
        higher_is=known.get("higher_is") or made.higher_is,
        pairs=known.get("pairs", PAIRS),
        rng=_seed(known.get("rng")),
        confidence=known.get("confidence", 0.95),
    )


_GROUPS = ("group", "name", "bands", "fewest")
_MEAN = (*_GROUPS, "weight", "confidence", "rng", "higher_is")
_PAIRED = (*_GROUPS, "weight", "outcome", "good", "cutoff", "higher_is", "pairs", "rng", "confidence")


def _known(options: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    strange = [name for name in options if name not in names and options[name] is not None]
    if strange:
        message = (
            f"{strange[0]}= does not apply here.{suggestion(strange[0], names)} Options: {', '.join(names)}. "
            "A cut-off, an outcome and pairs belong to rates: measure='selection rate', ..."
        )
        raise SchemaError(message)
    return {name: value for name, value in options.items() if value is not None}


def _checked(measure: str) -> str:
    if measure not in get_args(Measure):
        message = f"measure is one of {', '.join(get_args(Measure))}, got {measure!r}."
        message += suggestion(str(measure), get_args(Measure))
        raise SchemaError(message)
    return measure


def _groups_of(
    rows: int,
    attribute: Any,
    *,
    reference: Any,
    within: NDArray[np.bool_] | None = None,
    weight: Any = None,
    fewest: int = FEWEST,
    group: Any = None,
    name: str | None = None,
    bands: Sequence[float] | None = None,
    **_others: Any,
) -> tuple[TwoGroups, Floats | None]:
    if fewest < 2:
        message = f"fewest is at least 2 (a mean of one person has no interval), got {fewest!r}."
        raise SchemaError(message)
    groups = two_groups(
        attribute, reference=reference, group=group, rows=rows, name=name, bands=bands, within=within, fewest=fewest
    )
    if weight is None:
        return groups, None
    heavy = np.asarray(weight, dtype=np.float64)
    if heavy.shape != (rows,) or not np.isfinite(heavy).all() or (heavy < 0).any():
        message = f"Weights are one finite number of at least 0 for each of {rows:,} rows; got shape {heavy.shape}."
        raise DataContractError(message)
    for level, of in ((groups.group, groups.of_group), (groups.reference, groups.of_reference)):
        if (heavy[of] > 0).sum() < fewest:
            message = f"Fewer than {fewest} people of '{level}' have a weight above 0. Merge levels, or bring more."
            raise DataContractError(message)
    return groups, heavy


def _within(rows: int, measure: str, outcome: Any, good: Any) -> NDArray[np.bool_] | None:
    """Return the rows that a rate is about: everybody, people with a good outcome, or those with a bad one."""
    if measure in ("mean score", "selection rate"):
        if outcome is not None:
            message = f"The {measure} does not look at outcomes. Leave out outcome=, or ask for a true positive rate."
            raise SchemaError(message)
        return None
    if outcome is None or good is None:
        message = f"The {measure} needs what really happened: outcome=..., and which value is good=..."
        raise SchemaError(message)
    import pandas as pd

    values = np.asarray(outcome, dtype=object)
    if values.shape != (rows,):
        message = f"Outcomes are one value for each of {rows:,} rows; got shape {values.shape}."
        raise DataContractError(message)
    unknown = int(pd.isna(values).sum())
    if unknown:
        message = (
            f"The outcome of {unknown:,} people is unobserved, so the {measure} of everybody is not identified. "
            "Keep to people whose outcome is known, and say so."
        )
        raise DataContractError(message)
    is_good = values == good
    if not is_good.any() or is_good.all():
        message = f"good={good!r} is the outcome of {int(is_good.sum()):,} of {rows:,} people; both kinds are needed."
        raise SchemaError(message)
    return np.asarray(is_good if measure == "true positive rate" else ~is_good, dtype=bool)


def _seed(rng: Any) -> int:
    if rng is None:
        return 0
    return int(np.random.default_rng(rng).integers(2**31)) if not isinstance(rng, int | np.integer) else int(rng)
