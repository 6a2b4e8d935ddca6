"""What is declared before a search begins: performance, margin, disparity, whom it is about, how much is spent."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Literal, cast, get_args

from ..errors import PolicyError, SchemaError, UndefinedMetricError, listed, suggestion
from ..policy.model import AlternativePerformance, Policy, Profit

Disparity = Literal["adverse_impact_ratio", "selection_rate_difference", "equal_opportunity_difference"]
Family = Literal[
    "hyper_parameters",
    "fewer_features",
    "coarser_features",
    "monotone",
    "reweighing",
    "exponentiated_gradient",
    "grid_search",
    "cutoff",
]
FAMILIES: dict[Family, str] = {
    "hyper_parameters": "the same features, other settings and seeds of the learner",
    "fewer_features": "without some of the features that carry the gap or tell the group",
    "coarser_features": "with some of these features cut into a few bands",
    "monotone": "each number may move the score one way only, as it goes with the outcome",
    "reweighing": "people weighted in training so that group and outcome are independent (Kamiran & Calders, 2012)",
    "exponentiated_gradient": "one model out of those that fairlearn's ExponentiatedGradient mixes by lot",
    "grid_search": "one model of fairlearn's GridSearch: one price for disparity in training",
    "cutoff": "the incumbent's own score, another cut-off for everybody",
}
"""Families of candidates, each with what is different in them. None looks at a person's group when it scores."""
MOST_FINALISTS = 5
SHARES = (0.5, 0.2, 0.3)
"""Of training, selection and verdict."""


@dataclass(frozen=True, slots=True)
class Target:
    """The contrast that is to become better: a group of an attribute against its reference."""

    attribute: str
    group: str
    reference: str

    def __str__(self) -> str:
        """Return the contrast in words."""
        return f"{self.attribute}: {self.group} against {self.reference}"


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that a search depends on beside the data; written down before the first candidate."""

    performance: AlternativePerformance
    margin: float
    metric: Disparity
    improvement: float
    target: Target
    cutoff: float
    line: float | None
    """The policy's line of the adverse impact ratio, for groups that an alternative would put past it."""
    policy: str
    policy_version: str
    alpha: float
    power: float
    profit: Profit | None
    families: tuple[Family, ...]
    trials: int | None
    budget: float | None
    """Seconds of the search; the verdict takes its own."""
    seed: int
    shares: tuple[float, float, float]
    finalists: int = MOST_FINALISTS

    def record(self) -> dict[str, object]:
        """Return the plan as plain values."""
        made = {key: value for key, value in asdict(self).items() if key != "profit"}
        return {**made, "profit": None if self.profit is None else self.profit.model_dump(),
                "families": list(self.families), "shares": list(self.shares)}  # fmt: skip

    def digest(self, data: str) -> str:
        """Return the SHA-256 of the plan without what may grow (trials, budget), with the digest of the data."""
        fixed = {key: value for key, value in self.record().items() if key not in ("trials", "budget")}
        return hashlib.sha256(json.dumps([fixed, data], sort_keys=True).encode()).hexdigest()


def performance_of(policy: Policy, performance: str | None, margin: float | None, improvement: float | None) -> tuple[
    AlternativePerformance, float, float
]:  # fmt: skip
    """Return performance, margin and improvement, of the call or else of the policy.

    Raises
    ------
    PolicyError
        Where no margin was declared, or one is out of its range.

    Examples
    --------
    >>> from fairaudit.policy.loading import load_policy
    >>> performance_of(load_policy("us-fair-lending").policy, None, 0.01, None)
    ('area_under_curve', 0.01, 0.0)
    """
    known = get_args(AlternativePerformance)
    made = performance or policy.alternatives.performance
    if made not in known:
        message = f"performance is one of {', '.join(known)}, got {made!r}.{suggestion(str(made), known)}"
        raise PolicyError(message)
    if margin is None and made == policy.alternatives.performance:
        margin = policy.alternatives.margin
    if margin is None or not margin > 0:
        said = "none was declared" if margin is None else f"got {margin!r}"
        message = (
            f"By how much an alternative may be worse is never guessed, and is above 0; {said}. Give margin= "
            f"(--margin; 0.01 is one point of AUC), or write it in the policy: alternatives: {{performance: {made}, "
            "margin: 0.01}."
        )
        raise PolicyError(message)
    better = policy.alternatives.improvement if improvement is None else improvement
    if not better >= 0:
        message = f"improvement is what disparity must be shown to pass, 0 or more, got {better!r}."
        raise PolicyError(message)
    return cast("AlternativePerformance", made), float(margin), float(better)


def disparity_of(metric: str) -> Disparity:
    """Return the disparity that is asked for.

    Raises
    ------
    UndefinedMetricError
        If a search cannot go by it.
    """
    known = get_args(Disparity)
    if metric not in known:
        message = f"A search goes by one of {listed(known)}, got '{metric}'.{suggestion(metric, known)}"
        raise UndefinedMetricError(message)
    return cast("Disparity", metric)


def families_of(given: Sequence[str] | None, performance: AlternativePerformance) -> tuple[Family, ...]:
    """Return the families to search, all that make sense if none are named.

    Another cut-off leaves an AUC, and a volume at equal bad rate, as they are: approving everybody would look like an
    alternative that costs nothing. It is searched only where performance is the profit at the cut-off.

    Raises
    ------
    SchemaError
        For a family that is not known, or ``cutoff`` where performance does not see it.
    """
    known = get_args(Family)
    if given is None:
        return tuple(one for one in FAMILIES if one != "cutoff" or performance == "expected_profit")
    for one in given:
        if one not in known:
            message = f"families are of {listed(known)}; got '{one}'.{suggestion(str(one), known)}"
            raise SchemaError(message)
    if "cutoff" in given and performance != "expected_profit":
        message = (
            f"Another cut-off does not change {performance}, so approving everybody would seem to cost nothing. "
            "Search the family 'cutoff' with performance='expected_profit'."
        )
        raise SchemaError(message)
    if not given:
        message = f"No family of candidates is named. Families: {listed(known)}."
        raise SchemaError(message)
    return tuple(dict.fromkeys(one for one in known if one in given))
