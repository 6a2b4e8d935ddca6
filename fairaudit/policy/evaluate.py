"""From numbers to one of four statuses, and the reason in a sentence. Pure: no file, no frame, no cube.

The four statuses are those of the design: ``flag``, ``within_line``, ``insufficient`` and ``info``. None of
them says that a system is in order; ``within_line`` says only that the evidence excludes the policy's line.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ..inference.counts import FloatArray
    from .model import Practical

Status = Literal["flag", "within_line", "insufficient", "info"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a policy makes of one finding, and why, in words."""

    status: Status
    reason: str


def judge(
    *,
    value: float | None,
    low_one_sided: float | None,
    high_one_sided: float | None,
    p: float | None,
    p_adjusted: float | None,
    line: Practical | None,
    alpha: float,
    n: int,
    n_reference: int,
    minimum_n: int,
    undefined: str | None,
    in_test_family: bool = True,
    people_needed: int | None = None,
    people_needed_if_alike: int | None = None,
    minimum_detectable: float | None = None,
    comparisons: int | None = None,
    no_difference: float | None = None,
) -> Verdict:
    """Say what a policy's line makes of one effect and its evidence.

    - no line, or a group that is in no test family (missing labels): ``info``;
    - undefined, or fewer people than the policy asks for: ``insufficient``;
    - past the line, and the corrected p below alpha: ``flag``;
    - not past the line, and the one-sided interval holds no value past it: ``within_line``. An interval
      that ends exactly on the line holds none, as an effect exactly on the line is not past it;
    - anything else: ``insufficient``.

    Parameters
    ----------
    value
        The effect, in the unit of the line.
    low_one_sided, high_one_sided
        One-sided confidence bounds at 1 - alpha; the low one decides for ``<``, the high one for ``>``.
    p, p_adjusted
        Two-sided p-value of the primary test, raw and corrected in its family.
    line
        The rule's practical line.
    alpha
        Significance level of the rule.
    n, n_reference
        People in the group and in the reference.
    minimum_n
        People the policy asks for in either.
    undefined
        Why the effect does not exist, if it does not.
    in_test_family
        False for ``(missing)`` and excluded levels.
    people_needed
        Group members that would settle it if the observed effect is the true one.
    people_needed_if_alike
        Group members that would put it within the line if there is no difference in truth.
    minimum_detectable
        The effect that people in these numbers would reveal with the policy's power.
    comparisons
        Tests in the family that p was corrected for.
    no_difference
        The effect between groups treated alike (1 for ratios, 0 for differences).

    Examples
    --------
    >>> from fairaudit.policy.model import Practical
    >>> judge(value=0.681, low_one_sided=0.54, high_one_sided=0.86, p=0.0002, p_adjusted=0.0004,
    ...       line=Practical(op="<", value=0.8), alpha=0.05, n=48, n_reference=259, minimum_n=30,
    ...       undefined=None)
    Verdict(status='flag', reason='0.681 is past the line of 0.80, and more than chance (p = 0.0004).')
    """
    if line is None:
        return Verdict("info", "The policy sets no line here." + (f" Undefined: {undefined}." if undefined else ""))
    if not in_test_family:
        return Verdict("info", "Shown but not tested: this level is in no test family.")
    if undefined is not None:
        return Verdict("insufficient", f"Undefined: {undefined}.")
    if value is None or math.isnan(value):
        return Verdict("insufficient", "Undefined: the effect could not be computed.")
    for people, whose in ((n, ""), (n_reference, " in the reference")):
        if people < minimum_n:
            reason = f"{_people(people)}{whose}; the policy asks for at least {minimum_n:,}."
            return Verdict("insufficient", reason)
    effect, limit = _effect(value, line.value), _line(line.value)
    corrected = p_adjusted if _real(p_adjusted) else None
    on_line = math.isclose(value, line.value, rel_tol=1e-9)
    settle = _what_would_settle(people_needed, people_needed_if_alike, minimum_detectable, on_line=on_line)
    if line.is_past(value):
        if corrected is not None and corrected < alpha:
            return Verdict("flag", f"{effect} is past the line of {limit}, and more than chance ({_p(corrected)}).")
        doubt = _past_but_unsure(p, corrected, alpha, comparisons)
        reason = f"{effect} is past the line of {limit}, but {doubt}."
        return Verdict("insufficient", reason + settle)
    watch = ""
    if line.watch is not None and line.is_past_watch(value):
        watch = f" It is past the policy's watch line of {_line(line.watch)}."
    bound = low_one_sided if line.op == "<" else high_one_sided
    if bound is not None and not math.isnan(bound) and not line.is_past(bound):
        real = _real(p) and p is not None and p < alpha
        found = f" This is {_real_difference(value, line, no_difference)} ({_p(p)})." if real else ""
        reason = f"{effect}: the evidence excludes an effect past the line of {limit}.{found}{watch}"
        return Verdict("within_line", reason)
    if bound is None or math.isnan(bound):
        doubt = f"{effect} is not past the line of {limit}, but no interval could be made around it."
    else:
        reach = f"the evidence reaches past it, to {_number(bound)}"
        doubt = f"{effect} is not past the line of {limit}, but {reach}."
    return Verdict("insufficient", doubt + watch + settle)


def statuses(
    *, value: FloatArray, low_one_sided: FloatArray, high_one_sided: FloatArray, p_adjusted: FloatArray,
    line: Practical, alpha: float,
) -> NDArray[np.object_]:  # fmt: skip
    """Return the statuses that :func:`judge` gives to many effects that are tested and of enough people.

    Parameters
    ----------
    value, low_one_sided, high_one_sided, p_adjusted
        As in :func:`judge`, arrays of one shape; NaN where there is none.
    line, alpha
        As in :func:`judge`.

    Examples
    --------
    >>> from fairaudit.policy.model import Practical
    >>> one = np.array([0.7, 0.7, 0.9])
    >>> statuses(value=one, low_one_sided=one - 0.05, high_one_sided=one + 0.05, p_adjusted=np.array([0.01, 0.2, 0.6]),
    ...          line=Practical(op="<", value=0.8), alpha=0.05).tolist()
    ['flag', 'insufficient', 'within_line']
    """

    def past(effects: FloatArray) -> NDArray[np.bool_]:
        on = np.abs(effects - line.value) <= 1e-9 * np.maximum(np.abs(effects), abs(line.value))
        return ~on & (effects < line.value if line.op == "<" else effects > line.value)

    bound = low_one_sided if line.op == "<" else high_one_sided
    with np.errstate(invalid="ignore"):
        inside = ~past(value) & ~np.isnan(value)
        made = np.full(np.shape(value), "insufficient", dtype=object)
        made[past(value) & (p_adjusted < alpha)] = "flag"
        made[inside & ~np.isnan(bound) & ~past(bound)] = "within_line"
    return made


def _past_but_unsure(p: float | None, corrected: float | None, alpha: float, comparisons: int | None) -> str:
    if p is None or not _real(p):
        return "no test could be made"
    if p >= alpha:
        return f"it could be chance ({_p(p)})"
    if corrected is None:
        return f"its p-value could not be corrected for the number of comparisons ({_p(p)} before correction)"
    many = f"{comparisons:,} comparisons" if comparisons else "the number of comparisons"
    return f"significant only before correction for {many} ({_p(p)} before, {_p(corrected)} after)"


def _real_difference(value: float, line: Practical, no_difference: float | None) -> str:
    if no_difference is not None:
        other_way = value > no_difference if line.op == "<" else value < no_difference
        if other_way:
            return "a real difference, in the other direction"
    return "a real difference, smaller than the line"


def _what_would_settle(
    people_needed: int | None, if_alike: int | None, minimum_detectable: float | None, *, on_line: bool
) -> str:
    parts = []
    alike = "" if if_alike is None else f"{_people(if_alike)} if in truth there is no difference"
    if on_line:
        parts.append(" If this effect, at the line itself, is the true one, no number of people would settle it.")
        parts += [f" It would take {alike}."] if alike else []
    elif people_needed is not None:
        known = f" {_people(people_needed)} in the group would settle it, if this effect is the true one"
        parts.append(f"{known}; {alike}." if alike else f"{known}.")
    elif alike:
        parts.append(f" {alike.replace(' if in truth', ' in the group would settle it, if in truth')}.")
    if minimum_detectable is not None and math.isfinite(minimum_detectable):
        parts.append(f" With these numbers an effect of {_number(minimum_detectable)} would be found reliably.")
    return "".join(parts)


def _real(p: float | None) -> bool:
    return p is not None and not math.isnan(p)


def _people(count: int) -> str:
    return "1 person" if count == 1 else f"{count:,} people"


def _number(value: float) -> str:
    if math.isinf(value):
        return "infinity" if value > 0 else "minus infinity"
    return f"{value:,.3f}" if abs(value) < 100 else f"{value:,.0f}"


def _line(value: float) -> str:
    """Write a line as people say it: 0.8 is 0.80, and 0.125 keeps its third digit."""
    return f"{value:.2f}" if round(value, 2) == value else f"{value:g}"


def _effect(value: float, line: float) -> str:
    """Write an effect with as many digits as it takes not to look as if it were on the line."""
    text = _number(value)
    for digits in range(4, 17):
        if math.isclose(value, line, rel_tol=1e-9) or not math.isfinite(value) or float(text.replace(",", "")) != line:
            break
        text = f"{value:.{digits}g}"
    return text


def _p(p: float | None) -> str:
    if p is None:
        return "p unknown"
    if p < 0.0001:
        return "p < 0.0001"
    return f"p = {p:.2f}" if p >= 0.1 else f"p = {p:.2g}"
