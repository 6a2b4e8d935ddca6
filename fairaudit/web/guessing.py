"""A first guess of which column is what, by names and values: a proposal that a person reads, never a decision.

Which side of a score is better, which label is bad and who is compared with whom is never guessed.
"""

from __future__ import annotations

import re
from functools import lru_cache

from ..data.profiling import ColumnProfile, FileProfile
from ..policy.loading import load_policy, preset_ids

_SCORE = frozenset({"score", "scores", "scoring", "points", "rating", "risk", "probability", "pd", "fico", "decile"})
_OUTCOME = frozenset({
    "outcome", "default", "defaulted", "bad", "repaid", "repayment", "paid", "delinquent", "delinquency", "recid",
    "recidivism", "chargeoff", "target", "label", "class",
})  # fmt: skip
_DECISION = frozenset({
    "decision", "approve", "approved", "approval", "accepted", "accept", "hired", "selected", "granted", "denied",
    "declined", "action",
})  # fmt: skip
_WEIGHT = frozenset({"weight", "weights", "wt", "fnlwgt"})
_COUNTS = frozenset({"n", "count", "counts", "people", "frequency", "freq"})
MOST_LEVELS = 50
"""Of a group that is proposed."""
_FEWEST_SCORES = 8


@lru_cache(maxsize=1)
def _group_words() -> frozenset[str]:
    """Return what bases of groups are called, from the policies' lists."""
    rules = [load_policy(name).policy.direct_use for name in preset_ids()]
    return frozenset(name for rule in rules if rule for basis in rule.bases for name in basis.names)


def guess_roles(profile: FileProfile) -> dict[int, str]:
    """Return place of a column -> the role that it looks like, at most one column for each but groups.

    Examples
    --------
    >>> from fairaudit.data.bundled import path
    >>> from fairaudit.data.profiling import profile_files
    >>> made = profile_files(str(path("fico_2003")))
    >>> {made.columns[place].name: role for place, role in guess_roles(made).items()}
    {'score': 'score', 'race': 'group', 'outcome': 'outcome', 'n': 'counts'}
    """
    taken: set[str] = set()
    made: dict[int, str] = {}
    for place, column in enumerate(profile.columns):
        role = _role(column, profile.rows)
        if role is not None and (role == "group" or role not in taken):
            made[place] = role
            taken.add(role)
    return made


def _role(column: ColumnProfile, rows: int) -> str | None:
    words = {word for word in re.split(r"[^a-z0-9]+", re.sub(r"([a-z])([A-Z])", r"\1 \2", column.name).lower()) if word}
    phrase = " ".join(sorted(words))
    few = 2 <= column.distinct <= MOST_LEVELS and bool(column.labels)
    if words & _SCORE and column.numeric and column.distinct >= _FEWEST_SCORES:
        return "score"
    if words & _DECISION and few and column.distinct <= 10:
        return "decision"
    if words & _OUTCOME and few and column.distinct <= 10:
        return "outcome"
    if words & _WEIGHT and column.numeric:
        return "weight"
    if column.name.lower() in _COUNTS and column.numeric and column.filled == rows:
        return "counts"
    known = _group_words()
    if column.distinct >= 2 and (few or column.numeric) and (phrase in known or words & known):
        return "group"
    return None
