"""``train(...)``: a model to audit, and where it is asked for one with less disparity, audited before and after."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal, cast, get_args

import numpy as np

from .alternatives.candidates import Candidate, Workshop, built
from .alternatives.comparing import cutoff_for
from .alternatives.people import People, people_of
from .auditing import audit
from .audits import Audit
from .errors import SchemaError, listed, suggestion
from .models.estimators import Learner
from .models.features import features_of
from .models.scale import PointsScale
from .models.training import Kind, Trained, measured
from .models.training import train as train_plain
from .models.woe import Binning
from .policy import DEFAULT_POLICY

if TYPE_CHECKING:
    import pandas as pd

OUTCOME = "what happened"
"""Column of the outcome in the two audits."""
Mitigation = Literal["reweighing", "reductions"]


def train(
    X: pd.DataFrame,  # noqa: N803 - scikit-learn's name
    y: Any,
    *,
    good: Any = None,
    kind: Kind = "scorecard",
    groups: Sequence[str] | Mapping[str, Any] = (),
    policy: Any = DEFAULT_POLICY,
    teaching: bool = False,
    test_share: float = 0.3,
    rng: int = 0,
    scale: PointsScale | None = None,
    binning: Binning = "tree",
    mitigate: Mitigation | None = None,
    target: Mapping[str, str] | None = None,
    reference: Mapping[str, str] | None = None,
    cutoff: float | None = None,
) -> Trained:
    """Train a model on part of the rows, and say how well it ranks the others; with ``mitigate``, with less disparity.

    Parameters
    ----------
    X, y, good, kind, policy, teaching, test_share, rng, scale, binning
        As in :func:`fairaudit.models.training.train`.
    groups
        Names of declared group columns, none of which may be a feature. With ``mitigate`` the labels themselves, by
        attribute: ``{"race": labels}``; the model learns from them in training and never sees them afterwards.
    mitigate
        ``"reweighing"``: people weighted in training so that group and outcome are independent (Kamiran & Calders).
        ``"reductions"``: fairlearn's GridSearch for demographic parity; one deterministic model of those that it
        trains. For ``logistic`` and ``boosting``.
    target
        The group that it is done for, ``{"race": "Black"}``.
    reference
        The level that it is compared with, ``{"race": "White"}``.
    cutoff
        Probability of the good outcome from which the model without mitigation approves, for the two audits. The
        mitigated model approves the same share of the training rows.

    Returns
    -------
    Trained
        With ``mitigate``, its ``model`` is a plain estimator with the classes 0 and 1 (1 is good), ``before`` and
        ``after`` are audits of the two models on the same test rows. Whether the change is more than chance is asked
        by :func:`fairaudit.search_alternatives`.

    Raises
    ------
    FairauditError
        As in :func:`fairaudit.models.training.train`, and if something that mitigation needs was not said.

    Examples
    --------
    >>> import fairaudit as fa
    >>> loans = fa.load_dataset("loanapp")
    >>> made = train(loans[["obrat", "loanprc", "mortlat1"]], loans["approve"], good=1, kind="logistic",
    ...              groups={"race": loans["race"]}, mitigate="reweighing", target={"race": "Black"},
    ...              reference={"race": "White"}, cutoff=0.85)
    >>> type(made.model).__name__, [one.result.findings[0].n for one in (made.before, made.after)]
    ('Pipeline', [60, 60])
    """
    names = [str(name) for name in groups]
    plain = train_plain(
        X, y, good=good, kind=kind, groups=names, policy=policy, teaching=teaching, test_share=test_share, rng=rng,
        scale=scale, binning=binning,
    )  # fmt: skip
    if mitigate is None:
        return plain
    learner = _check(kind, groups, mitigate, target, reference, cutoff)
    people = people_of(X, y, groups, plain.good)
    made = _mitigated(plain, people, mitigate, learner, cast("Mapping[str, str]", target), reference or {}, rng)
    made = measured(made, X, people.good)
    share = float((plain.probability_of_good(X.iloc[plain.train_rows]) >= cast("float", cutoff)).mean())
    other = cutoff_for(made.probability_of_good(X.iloc[made.train_rows]), share)
    audits = [
        _audited(model, people, at, names, reference or {}, policy)
        for model, at in ((plain, cast("float", cutoff)), (made, other))
    ]
    return replace(made, before=audits[0], after=audits[1])


def _check(
    kind: str, groups: Any, mitigate: str, target: Mapping[str, str] | None, reference: Any, cutoff: Any
) -> Learner:
    known = get_args(Mitigation)
    if mitigate not in known:
        message = f"mitigate is one of {listed(known)}, got {mitigate!r}.{suggestion(str(mitigate), known)}"
        raise SchemaError(message)
    if kind not in get_args(Learner):
        message = f"A {kind} is not trained with weights: mitigate= is for kind='logistic' or kind='boosting'."
        raise SchemaError(message)
    if not isinstance(groups, Mapping) and not hasattr(groups, "columns"):
        message = "Mitigation learns from each person's group: groups={'race': labels}, and not names only."
        raise SchemaError(message)
    if not target or len(target) != 1 or not {*target} <= {*(reference or {})}:
        message = "Say for whom: target={'race': 'Black'}, reference={'race': 'White'}, of one attribute in groups."
        raise SchemaError(message)
    if cutoff is None:
        message = "The audits before and after are of decisions: give the cut-off, a probability of the good outcome."
        raise SchemaError(message)
    return cast("Learner", kind)


def _mitigated(
    plain: Trained, people: People, mitigate: str, learner: Learner, target: Mapping[str, str],
    reference: Mapping[str, str], rng: int,
) -> Trained:  # fmt: skip
    from .models.wrapping import wrap

    ((attribute, group),) = target.items()
    for name, level in ((attribute, group), (attribute, reference[attribute])):
        there = sorted({*people.groups[name].tolist()}) if name in people.groups else []
        if level not in there:
            message = f"'{level}' is no level of '{name}' in groups.{suggestion(level, there)} Levels: {listed(there)}."
            raise SchemaError(message)
    training = people.of(plain.train_rows)
    labels = training.groups[attribute]
    rows = training.rows[list(plain.features)]
    shop = Workshop(
        wrap(plain), training, features_of(rows), labels == group, labels == reference[attribute], (), {}, "selection"
    )  # fmt: skip
    if mitigate == "reweighing":
        candidate = Candidate("reweighing", learner, strength=1.0, seed=rng)
    else:
        candidate = Candidate("grid_search", learner, seed=rng, member=_best_member(shop, learner, rng))
    model = cast("Any", built(candidate, shop)).model
    settings = {**plain.settings, "mitigate": mitigate, "target": dict(target), "reference": dict(reference)}
    return replace(plain, model=model, good=1, settings=settings)


def _best_member(shop: Workshop, learner: Learner, rng: int) -> int:
    """Return the number of the reduction's model with the least sum of error and disparity among training people."""
    from .alternatives.candidates import MEMBERS
    from .errors import DataContractError

    found = []
    for member in range(MEMBERS):
        try:
            model = built(Candidate("grid_search", learner, seed=rng, member=member), shop)
        except DataContractError:
            break
        selected = np.asarray(model.score(shop.training.rows)) >= 0.5
        wrong = float((selected != shop.training.good).mean())
        gap = abs(float(selected[shop.in_target].mean()) - float(selected[~shop.in_target].mean()))
        found.append((wrong + gap, member))
    return min(found)[1]


def _audited(
    made: Trained, people: People, cutoff: float, names: Sequence[str], reference: Mapping[str, str], policy: Any
) -> Audit:  # fmt: skip
    tested = people.of(made.test_rows)
    # A group that is a feature too (teaching) is there already.
    columns = {name: labels for name, labels in tested.groups.items() if name not in tested.rows.columns}
    rows = tested.rows.assign(**columns, **{OUTCOME: np.where(tested.good, "good", "bad")})
    return audit(
        rows, model=made, groups=list(names), outcome=OUTCOME, bad="bad",
        cutoff=cutoff, policy=policy, reference=dict(reference),
    )  # fmt: skip
