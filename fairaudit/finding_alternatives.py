"""``search_alternatives(...)``: is there a less discriminatory model that does the job as well? A tested answer.

What is declared comes first (:class:`~fairaudit.alternatives.plan.Plan`): in what an alternative must not be worse, by
which margin, for whom it must be better. Candidates are trained on one split, chosen on a second, and at most five are
tested on a third, which nobody looks at before.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from .alternatives.comparing import decided
from .alternatives.exploring import Progress
from .alternatives.group_aware import upper_bounds
from .alternatives.people import People, Places, Splits, dealt, people_of
from .alternatives.plan import SHARES, Plan, disparity_of, families_of, performance_of
from .alternatives.records import ALTERNATIVES_VERSION, AlternativesResult, CandidateRecord
from .alternatives.running import (
    Run,
    answer_of,
    candidate_records,
    multiplicity_of,
    recall_of,
    run,
)
from .alternatives.space import described
from .alternatives.targeting import target_of
from .errors import SchemaError
from .models.columns import matched
from .models.scorer import Scorer
from .models.scorers import scorer_of
from .models.training import Trained
from .policy import DEFAULT_POLICY
from .policy.loading import load_policy
from .policy.model import Policy, profit_of

if TYPE_CHECKING:
    import pandas as pd

BUDGET = 300.0
"""Seconds of a search where neither trials nor a budget are given."""
PLANTED = 3
"""Alternatives that are planted to see whether the search finds them, where none is shown."""


def search_alternatives(
    model: Any,
    X: pd.DataFrame,  # noqa: N803 - scikit-learn's name
    y: Any,
    *,
    groups: Any,
    cutoff: float,
    good: Any = None,
    metric: str = "adverse_impact_ratio",
    performance: str | None = None,
    margin: float | None = None,
    improvement: float | None = None,
    target: Mapping[str, str] | None = None,
    reference: Mapping[str, str] | None = None,
    policy: Any = None,
    profit: Mapping[str, float] | None = None,
    families: Sequence[str] | None = None,
    budget: float | None = None,
    trials: int | None = None,
    store: str | Path | None = None,
    workers: int = 1,
    planted: int = PLANTED,
    training_rows: Any = None,
    shares: tuple[float, float, float] = SHARES,
    progress: Progress | None = None,
    rng: int = 0,
) -> AlternativeSearch:
    """Search for a model that treats a group better and performs as well, and test what was found on new people.

    Parameters
    ----------
    model
        The incumbent: what ``train`` or ``wrap`` returned, a scorecard, or the folder of a saved model.
    X
        A pandas DataFrame, one row a person: the incumbent's features, and the columns named in ``groups``.
    y
        What really happened, two values; missing where it was not observed.
    groups
        Names of columns of ``X``, or labels by attribute as a mapping or a frame. Never a feature of a candidate
        that the incumbent does not have.
    cutoff
        Of the incumbent, in its own units; a score on it is approved.
    good
        The value of ``y`` that is the good outcome; read from the model where it knows it.
    metric
        ``adverse_impact_ratio``, ``selection_rate_difference`` or ``equal_opportunity_difference``.
    performance
        ``area_under_curve``, ``expected_profit`` (per person, at each model's cut-off) or
        ``volume_at_equal_bad_rate`` (share approved); the policy's if not given.
    margin
        By how much an alternative may be worse, in units of the performance; the policy's, and never guessed.
    improvement
        What disparity must be shown to pass: 0.05 is a ratio times 1.05, or five points of a gap. 0 if the policy
        says nothing.
    target
        The group it is about, ``{"race": "Black"}``; the one that is worst off under the incumbent if not given.
    reference
        Attribute to the level compared with, where the policy's rule is not to choose it.
    policy
        Gives level, power, line, fewest people, and what an alternative must show; an id, a YAML file or a mapping.
    profit
        ``{"good": 18, "bad": -82}``, for the expected profit; the policy's if not given.
    families
        Families of candidates, see :data:`fairaudit.alternatives.plan.FAMILIES`; all that make sense if not given.
    budget
        Seconds of the search. 300 if neither it nor ``trials`` is given.
    trials
        Candidates to try. With it, one worker and no budget the same seed gives the same search.
    store
        A folder that keeps the search and its finalists: stopped, it goes on from there. With the verdict it is done:
        called again it gives the same answer, and refuses more candidates.
    workers
        Candidates trained at a time.
    planted
        Alternatives planted where none is shown, each searched for as long again; 0 leaves the recall unmeasured.
    training_rows
        Places of the rows (from 0) that the incumbent was fitted on. Known of what ``train`` returned, if ``X`` has
        the same rows.
    shares
        Of training, selection and verdict.
    progress
        Called after each candidate with how many there are and a line about it.
    rng
        Seed of splits, search and models.

    Returns
    -------
    AlternativeSearch

    Raises
    ------
    FairauditError
        If something is wrong with model, data, policy or plan; nothing is guessed that must be declared.

    Notes
    -----
    The verdict is an intersection-union test of two paired claims (Berger, 1982), corrected over finalists (Holm):
    :mod:`fairaudit.inference.verdicts`. docs/alternatives.md says how to read the answer.

    Examples
    --------
    >>> import fairaudit as fa
    >>> loans = fa.load_dataset("loanapp")
    >>> features = loans[["obrat", "loanprc", "mortlat1", "cosign"]]
    >>> made = fa.train(features, loans["approve"], good=1, kind="logistic", test_share=0.6)
    >>> found = search_alternatives(made, features, loans["approve"], groups={"race": loans["race"]}, cutoff=0.85,
    ...     target={"race": "Black"}, reference={"race": "White"}, margin=0.02, families=["reweighing"], trials=2,
    ...     planted=0)
    >>> found.result.tried, found.result.plan["margin"], found.result.answer in ("shown", "none_shown", "cannot_tell")
    (2, 0.02, True)
    """
    loaded = load_policy(DEFAULT_POLICY if policy is None else policy)
    rules = loaded.policy
    made, least, better = performance_of(rules, performance, margin, improvement)
    disparity = disparity_of(metric)
    asked = families_of(families, made)
    _check(trials, budget, workers, planted)
    scorer = scorer_of(model)
    people = people_of(X, y, groups, getattr(scorer, "good", None) if good is None else good)
    matched(people.rows, scorer.feature_names)
    payoff = rules.profit if profit is None else profit_of(profit)
    if made == "expected_profit" and payoff is None:
        message = "The profit at the cut-off needs what a selected person brings: profit={'good': 18, 'bad': -82}."
        raise SchemaError(message)
    trained = _trained_on(model, len(people), training_rows)
    first = dealt(people, shares=shares, seed=rng, trained_on=trained)
    known = np.sort(np.concatenate([first.training, first.selection]))
    aim = target_of(people.of(known), decided(scorer, people.of(known), cutoff), rules, disparity,
                    target=target, reference=reference)  # fmt: skip
    plan = Plan(
        performance=made,
        margin=least,
        metric=disparity,
        improvement=better,
        target=aim,
        cutoff=float(cutoff),
        line=_line(rules),
        policy=rules.id,
        policy_version=rules.version,
        alpha=rules.alpha,
        power=rules.power,
        profit=payoff if made == "expected_profit" else None,
        families=asked,
        trials=trials,
        budget=BUDGET if budget is None and trials is None else budget,
        seed=rng,
        shares=shares,
    )
    folder = None if store is None else Path(store)
    data = people.digest()
    outcome = run(scorer, people, first, plan, rules, store=folder, data=data, workers=workers, progress=progress)
    return _searched(scorer, people, first, plan, rules, outcome, data, planted=planted, progress=progress)


def _check(trials: Any, budget: Any, workers: Any, planted: Any) -> None:
    for name, value, least in (("trials", trials, 1), ("workers", workers, 1), ("planted", planted, 0)):
        if value is None and name == "trials":
            continue
        if not isinstance(value, (int, np.integer)) or isinstance(value, bool) or value < least:
            message = f"{name} is a whole number of at least {least}, got {value!r}."
            raise SchemaError(message)
    if budget is not None and not budget > 0:
        message = f"budget is in seconds, above 0, got {budget!r}."
        raise SchemaError(message)


def _trained_on(model: Any, people: int, given: Any) -> Places | None:
    if given is not None:
        places = np.unique(np.asarray(given, dtype=np.int64))
        if not len(places) or places[0] < 0 or places[-1] >= people:
            message = f"training_rows are places of rows, from 0 to {people - 1:,}; got {given!r:.80}."
            raise SchemaError(message)
        return places
    if isinstance(model, Trained) and len(model.train_rows) + len(model.test_rows) == people:
        return model.train_rows
    return None


def _line(policy: Policy) -> float | None:
    rules = [rule for rule in policy.rules if rule.metric == "adverse_impact_ratio" and rule.practical is not None]
    return rules[0].practical.value if rules and rules[0].practical is not None else None


def _searched(
    scorer: Scorer, people: People, splits: Splits, plan: Plan, policy: Policy, made: Run, data: str, *,
    planted: int, progress: Progress | None,
) -> AlternativeSearch:  # fmt: skip
    from .describing import tool

    answer, reasons, needed, reach = answer_of(made, plan, len(people))
    recall = None
    if answer == "none_shown" and planted and reach and made.explored.tried:
        recall = recall_of(scorer, people, splits, plan, policy, planted=planted, reach=reach,
                           trials=len(made.explored.tried) + len(made.explored.failed), progress=progress)  # fmt: skip
    bounds = upper_bounds(made.shop, made.selection, made.incumbent, plan, first=_next(made))
    parts = {"training": splits.training, "selection": splits.selection, "verdict": splits.verdict}
    result = AlternativesResult(
        schema_version=ALTERNATIVES_VERSION,
        tool=tool(),
        versions=dict(made.explored.versions),
        plan=plan.record(),
        plan_sha256=plan.digest(data),
        incumbent={"units": scorer.units, "higher_is": scorer.higher_is, "cutoff": plan.cutoff,
                   "features": [*scorer.feature_names]},
        target=dataclasses.asdict(plan.target),
        people={name: len(places) for name, places in parts.items()},
        unobserved={name: int((~people.known[places]).sum()) for name, places in parts.items()},
        answer=answer,
        reasons=reasons,
        space=described(plan, made.shop),
        suspects=[*made.shop.suspects],
        candidates=candidate_records(made, bounds),
        finalists=[one.record for one in made.finalists],
        tried=len(made.explored.tried),
        failed=len(made.explored.failed),
        seconds=made.explored.seconds,
        resumed=made.explored.resumed,
        detectable=reach,
        people_needed=needed,
        multiplicity=multiplicity_of(made, plan),
        recall=recall,
        limits=_limits(people, splits, plan, answer, recall is not None),
    )  # fmt: skip
    return AlternativeSearch(result, tuple(one.model for one in made.finalists))


def _next(made: Run) -> int:
    numbers = [one.number for one in made.explored.tried] + [one.number for one in made.explored.failed]
    return max(numbers, default=-1) + 1


def _limits(people: People, splits: Splits, plan: Plan, answer: str, recalled: bool) -> list[str]:  # noqa: FBT001
    tested = (
        "What was tested is the model that is returned (and saved, with a store), with its cut-off. Fitted again, it "
        "is another candidate."
    )
    once = (
        "The verdict split answers once. Searched again with other seeds until something is shown, it proves nothing."
    )
    made = [tested, once]
    if not splits.incumbent_unseen:
        made.append(
            "It is not known which people the incumbent was fitted on. If it saw some of these, its performance is "
            "flattered and an alternative is harder to show. Give training_rows, or a model with its held-out rows."
        )
    unknown = int((~people.known).sum())
    if unknown:
        made.append(
            f"The outcome of {unknown:,} people is not observed. Candidates were trained and chosen on the others; in "
            "the verdict, profit takes the worst case for the candidate, and other measures of performance cannot be "
            "told."
        )
    if plan.performance != "expected_profit":
        made.append(
            "The performance is that of the ranking. Each candidate approves the share that the incumbent approved on "
            "the selection split, at one cut-off for everybody."
        )
    if answer == "none_shown" and not recalled:
        made.append("How often this search finds an alternative that is there was not measured: no recall is claimed.")
    return made


@dataclass(frozen=True)
class AlternativeSearch:
    """What a search for alternatives found: plain records, tables, a report, and the models that were tested."""

    result: AlternativesResult
    models: tuple[Scorer, ...]
    """The finalists' models, in the order of ``result.finalists``: each a scorer, to be explained and audited."""

    @property
    def shown(self) -> tuple[Scorer, ...]:
        """The models that are shown to be alternatives."""
        return tuple(
            model for model, one in zip(self.models, self.result.finalists, strict=True) if one.shown
        )  # fmt: skip

    @cached_property
    def table(self) -> pd.DataFrame:
        """One row a candidate: its numbers on the selection split, the upper bounds last."""
        import pandas as pd

        fields = [one.name for one in dataclasses.fields(CandidateRecord)]
        return pd.DataFrame(
            [[getattr(one, name) for name in fields] for one in self.result.candidates], columns=fields
        )  # fmt: skip

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain values, as JSON holds them."""
        return self.result.to_dict()

    def to_json(self) -> str:
        """Return everything as JSON text."""
        return self.result.to_json()

    def to_markdown(self) -> str:
        """Return the answer in words, the finalists, the frontier, and all candidates as Markdown."""
        from .report.alternatives import to_markdown

        return to_markdown(self.result)

    def to_html(self) -> str:
        """Return the same as one self-contained HTML page."""
        from .report.alternatives import to_html

        return to_html(self.result)

    def to_csv(self) -> str:
        """Return the candidates as CSV."""
        from .report.alternatives import to_csv

        return to_csv(self.result)

    def __repr__(self) -> str:
        """Return the answer in words."""
        from .report.alternatives import to_text

        return to_text(self.result)

    def _repr_html_(self) -> str:
        from .report.alternatives import fragment

        return fragment(self.result)
