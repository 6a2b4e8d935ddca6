"""To and from fairlearn: a MetricFrame becomes an audit, and our metrics become functions of labels and predictions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, cast

import numpy as np

from .auditing import audit
from .audits import Audit
from .cube.confusion import Confusion
from .errors import DataContractError, SchemaError, UndefinedMetricError, listed, suggestion
from .metrics.base import METRICS, Metric, find_metric
from .policy import DEFAULT_POLICY
from .schema.labels import label

KNOWN: dict[str, str] = {
    "count": "count",
    "n": "count",
    "selection_rate": "selection_rate",
    "true_positive_rate": "true_positive_rate",
    "tpr": "true_positive_rate",
    "recall": "true_positive_rate",
    "recall_score": "true_positive_rate",
    "false_negative_rate": "false_negative_rate",
    "fnr": "false_negative_rate",
    "false_positive_rate": "false_positive_rate",
    "fpr": "false_positive_rate",
    "true_negative_rate": "true_negative_rate",
    "tnr": "true_negative_rate",
}
"""Names that metrics have in a MetricFrame, and what they are."""
WHOLE = 1e-6
"""How near to a whole number, as a share of the people, a count must be that follows from rates."""
DECISION, OUTCOME, PEOPLE = "decision", "outcome", "people"
FewCounts = dict[str, list[Any]]


def from_metric_frame(
    frame: Any,
    *,
    favorable: int,
    names: Mapping[str, str] | None = None,
    reference: Mapping[str, str] | None = None,
    policy: Any = DEFAULT_POLICY,
    **options: Any,
) -> Audit:
    """Audit what a fairlearn MetricFrame holds: counts follow from ``count`` and the rates, and no row is needed.

    Parameters
    ----------
    frame
        A ``fairlearn.metrics.MetricFrame`` with ``count`` and ``selection_rate``; with a true (or false negative) and
        a false positive (or true negative) rate too, outcomes follow as well.
    favorable
        The prediction, 1 or 0, that is good for a person. In a model of default it is 0, and fairlearn's "selection
        rate" is the rate of those declined.
    names
        What a column of the frame is, where its name does not say: ``{"approved": "selection_rate"}``.
    reference, policy, options
        As in :func:`fairaudit.audit`. Control features of the frame are strata.

    Returns
    -------
    Audit

    Raises
    ------
    SchemaError
        If ``count`` or the selection rate is missing, with what to add to the frame.
    DataContractError
        If counts do not follow: rates that give no whole numbers, as weighted ones do.

    Examples
    --------
    >>> from fairlearn.metrics import MetricFrame, count, selection_rate
    >>> race, hired = ["A"] * 50 + ["B"] * 50, [1] * 30 + [0] * 20 + [1] * 15 + [0] * 35
    >>> frame = MetricFrame(metrics={"count": count, "selection_rate": selection_rate}, y_true=hired, y_pred=hired,
    ...                     sensitive_features={"race": race})
    >>> made = from_metric_frame(frame, favorable=1, reference={"race": "A"})
    >>> made.result.findings[0].value, made.result.findings[0].status
    (0.5, 'flag')
    """
    if favorable not in (0, 1) or isinstance(favorable, bool):
        message = f"favorable is the prediction, 1 or 0, that is good for a person; got {favorable!r}."
        raise SchemaError(message)
    by_group = _by_group(frame)
    columns = _columns([str(name) for name in by_group.columns], names or {})
    attributes = [str(name) for name in frame.sensitive_levels]
    strata = [str(name) for name in frame.control_levels or ()]
    table = _counted(by_group, columns, [*strata, *attributes], favorable)
    roles: dict[str, Any] = {"counts": PEOPLE, "groups": attributes, DECISION: DECISION, "favorable": "favorable"}
    if strata:
        roles["strata"] = strata
    if OUTCOME in table:
        roles |= {OUTCOME: OUTCOME, "bad": "bad"}
    if reference is not None:
        roles["reference"] = dict(reference)
    return audit(table, policy=policy, **roles, **options)


def metric_function(metric: str, *, favorable: int = 1) -> Callable[..., float]:
    """Return one of our metrics as a function of labels and predictions, for a MetricFrame or scikit-learn.

    Parameters
    ----------
    metric
        The id of a rate of one group, see ``fairaudit metrics``.
    favorable
        The prediction and outcome, 1 or 0, that is good for a person.

    Returns
    -------
    function
        Of ``y_true`` and ``y_pred`` (0 and 1) and ``sample_weight``; NaN where the rate is undefined.

    Raises
    ------
    UndefinedMetricError
        For a metric that is not known, or is no rate of decisions and outcomes.

    Examples
    --------
    >>> from sklearn.metrics import make_scorer
    >>> of = metric_function("positive_predictive_value")
    >>> of([1, 1, 0, 0], [1, 0, 1, 1]), type(make_scorer(of)).__name__
    (0.3333333333333333, '_Scorer')
    """
    found = find_metric(metric)
    if not isinstance(found, Metric) or found.kind != "rate" or "score" in found.needs:
        able = [one.id for one in METRICS.values() if one.kind == "rate" and "score" not in one.needs]
        message = f"'{found.id}' is no rate of decisions and outcomes of one group. Rates: {listed(able, most=40)}."
        raise UndefinedMetricError(message)
    if favorable not in (0, 1):
        message = f"favorable is 1 or 0, got {favorable!r}."
        raise SchemaError(message)

    def function(y_true: Any, y_pred: Any, *, sample_weight: Any = None) -> float:
        good, taken = (_binary(values, name) == favorable for values, name in ((y_true, "y_true"), (y_pred, "y_pred")))
        weight = np.ones(len(good)) if sample_weight is None else np.asarray(sample_weight, dtype=np.float64)
        place = 2 * (~taken).astype(np.intp) + ~good
        table = np.zeros((2, 3))
        table[:, :2] = np.bincount(place, weights=weight, minlength=4).reshape(2, 2)
        return float(cast("Any", found(Confusion.from_counts(table))).value)

    function.__name__ = found.id
    function.__doc__ = found.plain
    return function


def _binary(values: Any, name: str) -> Any:
    made = np.asarray(values)
    if made.ndim != 1 or not np.isin(made, (0, 1)).all():
        message = f"{name} is one row of 0 and 1, got the shape {made.shape} with the values {np.unique(made)[:5]}."
        raise DataContractError(message)
    return made.astype(np.int64)


def _by_group(frame: Any) -> Any:
    for part in ("by_group", "sensitive_levels", "control_levels"):
        if not hasattr(frame, part):
            message = f"A {type(frame).__name__} is no fairlearn MetricFrame: it has no {part}."
            raise SchemaError(message)
    made = frame.by_group
    return made.to_frame() if not hasattr(made, "columns") else made


def _columns(there: list[str], names: Mapping[str, str]) -> dict[str, str]:
    """Return the column of each known metric; ``count`` and a selection rate must be there."""
    known = sorted({*KNOWN.values()})
    for given, meaning in names.items():
        if given not in there:
            message = (
                f"names has '{given}', which is no metric of the frame.{suggestion(given, there)} {listed(there)}."
            )
            raise SchemaError(message)
        if meaning not in known:
            message = f"'{meaning}' is none of {listed(known)}.{suggestion(meaning, known)}"
            raise SchemaError(message)
    made: dict[str, str] = {}
    for name in there:
        meaning = names.get(name) or KNOWN.get(name.casefold(), "")
        if meaning:
            made.setdefault(meaning, name)
    missing = [one for one in ("count", "selection_rate") if one not in made]
    if missing:
        message = (
            f"The MetricFrame holds {listed(there)}; people cannot be counted without {' and '.join(missing)}. Make it "
            "with metrics={'count': fairlearn.metrics.count, 'selection_rate': fairlearn.metrics.selection_rate, ...}, "
            "or say with names={...} which column it is."
        )
        raise SchemaError(message)
    return made


def _counted(by_group: Any, columns: Mapping[str, str], attributes: list[str], favorable: int) -> FewCounts:
    rows: list[tuple[tuple[str, ...], str, str | None, int]] = []
    sides = _sides(columns)
    for key, values in by_group.iterrows():
        people = float(values[columns["count"]])
        if not people > 0:
            continue  # a crossing that nobody is in
        place = tuple(label(level) for level in (key if isinstance(key, tuple) else (key,)))
        total = _whole(people, people, place, "count")
        selected = _whole(people * float(values[columns["selection_rate"]]), people, place, "selection_rate")
        if sides is None:
            rows += [(place, _decision(1, favorable), None, selected),
                     (place, _decision(0, favorable), None, total - selected)]  # fmt: skip
            continue
        for (predicted, true), number in _table(values, sides, total, selected, place).items():
            rows.append((place, _decision(predicted, favorable), "good" if true == favorable else "bad", number))
    made: FewCounts = {name: [place[at] for place, *_ in rows] for at, name in enumerate(attributes)}
    made[DECISION] = [one[1] for one in rows]
    if sides is not None:
        made[OUTCOME] = [one[2] for one in rows]
    made[PEOPLE] = [one[3] for one in rows]
    return made


def _decision(predicted: int, favorable: int) -> str:
    return "favorable" if predicted == favorable else "not favorable"


def _sides(columns: Mapping[str, str]) -> tuple[tuple[str, bool], tuple[str, bool]] | None:
    """Return the columns of the true and the false positive rate, and whether each is the other way round."""
    found = []
    for straight, turned in (("true_positive_rate", "false_negative_rate"), ("false_positive_rate",
                             "true_negative_rate")):  # fmt: skip
        if straight in columns:
            found.append((columns[straight], False))
        elif turned in columns:
            found.append((columns[turned], True))
        else:
            return None
    return found[0], found[1]


def _table(
    values: Any, sides: tuple[tuple[str, bool], tuple[str, bool]], people: int, selected: int, place: tuple[str, ...]
) -> dict[tuple[int, int], int]:
    """Return people by prediction and truth: those truly 1 solve selected = TPR x ones + FPR x (people - ones)."""
    true, false = (1 - float(values[name]) if turned else float(values[name]) for name, turned in sides)
    if abs(true - false) < WHOLE:
        message = (
            f"In {listed(place)} both rates are {true:.4g}, so how many people were truly 1 does not follow. Take the "
            "two rates out of the frame to audit decisions only, or audit the rows."
        )
        raise DataContractError(message)
    ones = _whole((selected - false * people) / (true - false), people / abs(true - false), place, "the rates")
    hits = _whole(true * ones, people, place, "true_positive_rate")
    return {(1, 1): hits, (1, 0): selected - hits, (0, 1): ones - hits, (0, 0): people - ones - (selected - hits)}


def _whole(value: float, people: float, place: tuple[str, ...], what: str) -> int:
    made = round(value) if np.isfinite(value) else 0
    if not np.isfinite(value) or abs(value - made) > WHOLE * max(people, 1.0) or made < 0:
        message = (
            f"{what} gives {value:.6g} people in {listed(place)}, and people come whole. Rates of weighted rows, or "
            "rounded ones, give no counts: audit the rows instead."
        )
        raise DataContractError(message)
    return made
