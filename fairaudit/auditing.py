"""Read this first: rows or counts in, an audit out.

``count`` makes a cube of rows; ``audit`` makes an audit of rows or of a cube: rates of every group, each
group against its reference, held to a policy's lines. Both take the same roles, see
:func:`fairaudit.schema.declare`.
"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack, cast

from .audits import Audit
from .errors import FairauditError, SchemaError, listed, suggestion
from .metrics.base import CONTRASTS
from .policy import DEFAULT_POLICY
from .resolving import (
    contrasts_of,
    cutoffs_of,
    group_names,
    groupings_of,
    groups_given,
    not_crossed,
    references_of,
    seed_of,
)
from .result import SCHEMA_VERSION, NotRun, Result
from .schema.roles import Roles, check_types, declare
from .sharing import (
    Flagged,
    Sharing,
    check_sharing,
    flagged_in,
    roles_of_published,
    shared_cube,
    without_single_people,
)
from .translations import spoken, spoken_now

if TYPE_CHECKING:
    import numpy as np

    from .cube.cube import Cube
    from .cube.people import People
    from .data.progress import Watcher
    from .metrics.profit import Payoff
    from .planned_records import StepZero
    from .planning import Plan
    from .policy.loading import LoadedPolicy

NOT_ON_A_CLUSTER = (
    NotRun("The score taken apart", "the rows stay on the cluster; fa.drivers(explainer, frame, ...) sums them there"),
    NotRun("Values that the model never saw", "the rows stay on the cluster, and only counts came back"),
)
FROM_A_CUBE = ("cutoff", "groups", "reference", "controls")
"""The roles that may still be given when the people are already counted."""


def count(
    data: Any,
    *,
    progress: Watcher | None = None,
    resume: str | os.PathLike[str] | None = None,
    owner: str = "",
    like: Cube | str | os.PathLike[str] | None = None,
    **roles: Unpack[Roles],
) -> Cube:
    """Count people: rows of any kind become a cube, which is all that an audit needs.

    Parameters
    ----------
    data
        A path or glob of CSV (gz), Parquet or JSON-lines files; a pandas, polars or pyarrow table, a DuckDB relation, a
        Spark or Dask frame (one group-by is made where its rows are, and only groups come back); a mapping of columns.
    progress
        Called a few times a second with a :class:`~fairaudit.data.progress.Progress` while files are counted: how far
        it is, and how long it will still take.
    resume
        A folder that keeps the counts of each finished file, so that a later call with the same files and columns goes
        on where this one was interrupted. Files that were changed since are counted again. What it keeps is as close
        to personal data as a cube.
    owner
        Who counts, in words that a regulator knows; the cube, and every cube that it is merged into, names them.
    like
        A cube (or the path of its file) that this one is to be merged with: what is not given is counted as it was,
        edges of bins included. Or the path of a YAML file of roles that somebody asks for.
    roles
        Which column is what: ``score``, ``higher_is``, ``cutoff``, ``decision``, ``favorable``,
        ``outcome``, ``bad``, ``groups``, ... as in :func:`fairaudit.schema.declare`.

    Returns
    -------
    Cube

    Raises
    ------
    FairauditError
        If roles do not fit together, a column is not there, or the data break what was declared.

    Examples
    --------
    >>> cube = count(
    ...     {"race": ["A", "A", "B", "B"], "points": [610, 640, 700, 580]},
    ...     groups="race", score="points", higher_is="better", cutoff=620)
    >>> cube.people, cube.confusion(620).selected.n
    (4, array([1., 1.]))
    """
    from .data.counting import count_rows

    if like is not None:
        from .alike import roles_alike

        roles = roles_alike(like, roles)
    schema = declare(**roles)
    if schema.controls:
        from .data.rows import numeric_controls

        numbers_ = numeric_controls(data, schema)
        if numbers_:
            message = (
                f"The control {listed(repr(name) for name in numbers_)} is a number of many values, which a cube "
                f"cannot hold. Cut it into bands (bands={{{numbers_[0]!r}: [...]}}), or audit the rows: then it is "
                "fitted from them."
            )
            raise SchemaError(message)
    cube = count_rows(data, schema, progress=progress, resume=resume)
    return dataclasses.replace(cube, provenance=dataclasses.replace(cube.provenance, owner=owner)) if owner else cube


def audit(
    data: Any,
    *,
    policy: Any = None,
    cross: bool | Sequence[Sequence[str]] | None = None,
    metrics: Collection[str] | None = None,
    profit: Mapping[str, float] | None = None,
    rng: np.random.Generator | int | None = None,
    features: Any = None,
    model: Any = None,
    actions: Any = None,
    words: Any = None,
    held_out: bool = False,
    language: str = "en",
    sharing: Sharing = "internal",
    min_n: int | None = None,
    plan: Plan | str | Path | None = None,
    step_zero: StepZero | Mapping[str, str] | None = None,
    earlier: Collection[str | Path] = (),
    progress: Watcher | None = None,
    **roles: Unpack[Roles],
) -> Audit:
    """Audit scores or decisions: who is selected, who is wrongly declined, and how sure we can be.

    Parameters
    ----------
    data
        Rows as in :func:`count`, a :class:`~fairaudit.cube.Cube`, or the path of a cube file.
    policy
        The id of a preset, the path of a YAML file, or a mapping of a policy's keys. That of the plan when None, else
        ``us-fair-lending``.
    cross
        True for the crossing of each pair of groups, False for none, or a list of crossings. What the policy says
        when None: most leave each attribute alone, ``us-nyc-ll144`` crosses them.
    metrics
        Ids of the comparisons to make besides those of the policy's rules; all that the data allow when None.
    profit
        What a selected person brings, with a good outcome and with a bad one: ``{"good": 18, "bad": -82}``. The
        audit then says what decisions bring by group and what each parity costs. The policy's, if it has one, when
        None.
    rng
        Seed of the bootstrap; derived from the counts, and recorded, when None.
    features
        Names of the model's inputs, or a fitted estimator or pipeline with ``feature_names_in_``: whether a declared
        group, or a prohibited basis on the policy's list, is one of them.
    model
        What scores the rows: a scorecard, what ``train`` or ``wrap`` returned. The audit then also says which
        features carry a gap, why some declined people were declined, and what they could change; all that is made
        from rows. Its inputs are the ``features``, and ``score`` and ``higher_is`` are its own.
    actions
        What people can change, as :class:`~fairaudit.explanation.actions.Actions`: with it, who has a way to the
        cut-off is asked for each group.
    words
        With a model, a catalogue of plain words for its features (a mapping, or the path of a YAML file), for reasons.
    held_out
        With a saved model of ``fairaudit train`` and the very file that it was trained on: audit only the rows that
        training never saw. The others are set aside and counted. Without it, such a file is audited whole, and the
        audit says that the model was trained on part of it.
    language
        Of the findings and of reports: en, es, zh or de. Ids, codes, statuses and names stay as they are, and the short
        technical texts of the records (methods, why a number is undefined) stay in English in the JSON.
    sharing
        For whom it is: ``internal`` (everything), ``supervisor`` (no single people) or ``public``: an audit of counts
        in which no entry is made of fewer than ``min_n`` people, see docs/sharing.md.
    min_n
        With ``sharing="public"`` only; 10 when None.
    plan
        What :func:`fairaudit.make_plan` returned, or the path of its file: groups, references, cut-offs, metrics and
        the policy that are not given are taken from it, and what is done otherwise is said in the report.
    step_zero
        What is decided, who is hurt by a wrong no and by a wrong yes, at which stage, and why this metric; in words.
        That of the plan when None.
    earlier
        Paths of ``result.json`` of audits of the same input that were made before: they are listed.
    progress
        Called while files are counted, as in :func:`count`.
    roles
        As in :func:`fairaudit.schema.declare`; for a cube only ``cutoff``, ``groups`` and ``reference``.

    Raises
    ------
    FairauditError
        If roles, data, references or the policy are wrong; the message says how to mend it.

    Examples
    --------
    >>> teal = {"race": ["Black", "Black", "White", "White"], "decision": ["pass", "fail", "pass", "fail"],
    ...         "n": [26, 22, 206, 53]}
    >>> made = audit(teal, counts="n", groups="race", decision="decision", favorable="pass",
    ...              reference={"race": "White"})
    >>> finding = made.result.findings[0]
    >>> finding.metric, finding.group, round(finding.value, 3), finding.status
    ('adverse_impact_ratio', 'Black', 0.681, 'flag')
    """
    from .departing import with_earlier, with_plan
    from .planning import policy_of_plan, read_plan, step_zero_of, with_planned_roles

    with spoken(language):
        check_sharing(sharing, min_n)
        planned, answers = None if plan is None else read_plan(plan), step_zero_of(step_zero)
        if planned is not None:
            roles = cast("Any", with_planned_roles(planned, roles))
            policy = policy_of_plan(planned) if policy is None else policy
            metrics = planned.metrics or None if metrics is None else metrics
        policy = DEFAULT_POLICY if policy is None else policy
        made = _audited(
            data, roles, policy, cross, metrics, profit, rng, features, model, actions, words, held_out, sharing, min_n,
            progress,
        )  # fmt: skip
        return dataclasses.replace(made, result=with_earlier(with_plan(made.result, planned, answers), earlier))


def _audited(
    data: Any, roles: Roles, policy: Any, cross: Any, metrics: Any, profit: Any, rng: Any, features: Any, model: Any,
    actions: Any, words: Any, held_out: bool, sharing: Sharing, min_n: int | None,  # noqa: FBT001 - handed through
    progress: Watcher | None,
) -> Audit:  # fmt: skip
    from . import describing
    from .age_line import with_age_bands
    from .explaining import explained
    from .metrics.profit import Payoff
    from .policy.loading import load_policy
    from .policy.model import check_ready, profit_of
    from .scoring import refuse_unless_model, score_rows

    loaded = load_policy(policy, known_metrics=CONTRASTS)
    check_ready(loaded.policy)
    check_types(roles)
    refuse_unless_model(model, actions=actions, words=words, held_out=held_out or None)
    scored = None if model is None else score_rows(data, model, roles, held_out=held_out)
    if scored is not None:
        data, roles = scored.rows, cast("Any", scored.roles)
        features = scored.scorer.feature_names if features is None else features
    roles = with_age_bands(data, roles, loaded.policy)
    cube, people = _counted(data, roles, progress)
    cube = cube if scored is None else scored.named(cube)
    given = loaded.policy.profit if profit is None else profit_of(profit)
    payoff = None if given is None else Payoff(given.good, given.bad)
    groups, cutoffs = group_names(cube, groups_given(roles)), cutoffs_of(cube, roles.get("cutoff"))
    flagged: dict[Flagged, str] = {}
    if sharing == "public":
        across = loaded.policy.cross and len(groups) > 1 if cross is None else cross
        flagged = flagged_in(_result(cube, people, loaded, across, metrics, payoff, rng, roles))
    cube, record = shared_cube(cube, sharing, min_n, groups, cutoffs)
    if sharing == "public":
        roles, people = cast("Any", roles_of_published(roles, cube)), None
    crossed = loaded.policy.cross and len(group_names(cube, groups_given(roles))) > 1 if cross is None else cross
    made = dataclasses.replace(_result(cube, people, loaded, crossed, metrics, payoff, rng, roles), sharing=record)
    if scored is not None and sharing == "public":
        apart = NotRun("The score taken apart", "it is made from rows, and this audit only of published counts")
        made = dataclasses.replace(made, not_run=[*made.not_run, apart])
    elif scored is not None and scored.source is None:
        made = dataclasses.replace(made, not_run=[*made.not_run, *NOT_ON_A_CLUSTER])
    elif scored is not None:
        explanation, not_made = explained(scored, made, cube, policy=policy, actions=actions, words=words)
        made = dataclasses.replace(made, explanation=explanation, not_run=[*made.not_run, *not_made])
    made = made if sharing == "internal" else without_single_people(made)
    lost = tuple(text for key, text in flagged.items() if key not in flagged_in(made))
    used = describing.direct_use(features, cube, loaded.policy)
    if used is not None:
        return Audit(dataclasses.replace(made, direct_use=used), cube, lost)
    if cube.axes.score is not None and loaded.policy.direct_use is not None:
        reason = "the model's inputs were not named: give features= (command line: --feature, --features-file)"
        unseen = NotRun("Direct use of a prohibited basis", reason)
        made = dataclasses.replace(made, not_run=[*made.not_run, unseen])
    return Audit(made, cube, lost)


def _counted(data: Any, roles: Mapping[str, Any], progress: Watcher | None) -> tuple[Cube, People | None]:
    """Return the counts; and the rows as lines, where a control is a number that counts cannot hold."""
    from .cube.cube import Cube
    from .cube.io import load

    if isinstance(data, (str, Path)) and str(data).endswith(".cube"):
        data = load(Path(data))
    if not isinstance(data, Cube):
        return _of_rows(data, roles, progress)
    check_types(roles)
    for name in roles:
        if name not in FROM_A_CUBE:
            message = (
                f"'{name}' was fixed when the people were counted; with a cube only {listed(FROM_A_CUBE)} can be given."
            )
            raise SchemaError(message)
    _check_controls(data, roles.get("controls"))
    return data, None


def _of_rows(data: Any, roles: Mapping[str, Any], progress: Watcher | None) -> tuple[Cube, People | None]:
    if not roles.get("controls"):
        return count(data, progress=progress, **roles), None
    from .data.counting import count_rows
    from .data.rows import numeric_controls, read_people, without_numbers

    if isinstance(data, Mapping):  # rows are read more than once; what can be gone through only once is kept
        data = {name: column if hasattr(column, "__len__") else list(column) for name, column in data.items()}
    schema = declare(**roles)
    continuous = numeric_controls(data, schema)
    cube = count_rows(data, without_numbers(schema, continuous), progress=progress)
    return cube, read_people(data, schema, continuous) if continuous else None


def cube_of(data: Any, roles: Mapping[str, Any]) -> Cube:
    return _counted(data, roles, None)[0]


def _check_controls(cube: Cube, wanted: str | Sequence[str] | None) -> None:
    """Refuse controls that the counts do not hold; those that they hold are used, in the order they were declared."""
    there = [control.name for control in cube.schema.controls]
    for name in (wanted,) if isinstance(wanted, str) else wanted or ():
        if name not in there:
            message = (
                f"'{name}' was not counted as a control in this cube (it has {listed(there) or 'none'})."
                f"{suggestion(name, there)} Count again with controls=['{name}'], a number with bands={{'{name}': "
                "[...]}; a control that is a number without bands is fitted from rows, so audit the rows for it."
            )
            raise SchemaError(message)


# Making the result


def _result(
    cube: Cube,
    people: People | None,
    loaded: LoadedPolicy,
    cross: bool | Sequence[Sequence[str]],  # noqa: FBT001 - handed through
    metrics: Collection[str] | None,
    payoff: Payoff | None,
    rng: np.random.Generator | int | None,
    roles: Mapping[str, Any],
) -> Result:
    from . import describing
    from .age_line import lined
    from .cube.plain import to_plain
    from .judging import by_family, judge_groupings, merged
    from .judging_members import audit_members, members_of, refuse_proxies
    from .measuring import clusters_of, decision_rules, everybody, measure_grouping
    from .measuring_curves import measure_curves
    from .policy.references import REST
    from .population import Drawn
    from .questions import ask_all
    from .questions.common import Asking
    from .questions.in_clusters import in_clusters
    from .questions.profit import with_profit

    policy = loaded.policy
    confidence = 1 - policy.alpha
    overlapping = members_of(cube)
    refuse_proxies(overlapping, policy)
    names = group_names(cube, groups_given(roles))
    cutoffs = cutoffs_of(cube, roles.get("cutoff"))
    rules = decision_rules(cube, cutoffs)
    references = references_of(
        cube, (*names, *(of.attribute for of in overlapping)), policy.reference.groups, roles.get("reference")
    )
    aged = lined(cube, names, policy, references)
    references, people = aged.references, aged.relabelled(people)
    groupings = [*groupings_of(aged.cube, names, cross), *aged.detail]
    seed = seed_of(cube, rng)
    findings, work = judge_groupings(
        groupings, rules, policy, references, contrasts=contrasts_of(metrics), confidence=confidence
    )
    shared = audit_members(
        overlapping, rules, policy, references, contrasts=contrasts_of(metrics), confidence=confidence
    )
    rates = [
        record
        for of in [everybody(cube), *groupings]
        for record in measure_grouping(of, rules, confidence=confidence, seed=seed)
    ]
    curves = None
    if cube.axes.score is not None:
        single = [(of, work.references.get(of.name)) for of in groupings if not of.crossing]
        curves = measure_curves(
            [(of, None if ref == REST else ref) for of, ref in single], confidence=confidence, seed=seed
        )
        curves = with_profit(curves, groupings, payoff)
    asking = Asking(policy, work.references, rules, confidence, seed, payoff, people)
    measurements = in_clusters(ask_all(groupings, asking), groupings, asking, clusters_of(everybody(cube)))
    drawn = Drawn.of(cube.schema, rules, groupings)
    rates = drawn.rates([*rates, *shared.rates])
    measurements = drawn.measurements([*measurements, *shared.measurements])
    lost = drawn.lost_findings(shared.findings)
    return Result(
        schema_version=SCHEMA_VERSION,
        tool=describing.tool(),
        created=_created(),
        input=describing.input_record(cube),
        schema=describing.schema_record(cube, rules, [*work.attributes, *shared.attributes], people),
        policy=describing.policy_record(loaded, payoff),
        seed=seed,
        confidence=confidence,
        rates=rates,
        findings=by_family([*findings, *(finding for finding in shared.findings if finding.id not in lost)]),
        curves=drawn.curves(curves),
        not_run=merged(
            [
                *describing.not_run(cube, rules, payoff),
                *not_crossed(policy, names, cross),
                *drawn.not_run(rates, measurements),
                *lost.values(),
                *work.not_run,
                *shared.not_run,
            ]
        ),
        issues=[*describing.issues(cube, people), *aged.issues],
        cube=to_plain(cube),
        measurements=measurements,
        language=spoken_now(),
    )


def _created() -> str | None:
    """Return the time that SOURCE_DATE_EPOCH gives; without it no clock, so that same input gives same bytes."""
    epoch = os.environ.get("SOURCE_DATE_EPOCH")
    if not epoch:
        return None
    try:
        return datetime.fromtimestamp(int(epoch), tz=UTC).isoformat()
    except (ValueError, OverflowError, OSError):
        message = f"SOURCE_DATE_EPOCH must be whole seconds since 1970, got {epoch!r}."
        raise FairauditError(message) from None
