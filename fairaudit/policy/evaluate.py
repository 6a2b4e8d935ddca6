"""From numbers to one of four statuses, and the reason in a sentence. Pure: no file, no frame, no cube.

The four statuses are those of the design: ``flag``, ``within_line``, ``insufficient`` and ``info``. None of
them says that a system is in order; ``within_line`` says only that the evidence excludes the policy's line.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from ..translations import many, retold, say

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
        reason = say("The policy sets no line here.")
        return Verdict("info", f"{reason} {_undefined(undefined)}" if undefined else reason)
    if not in_test_family:
        return Verdict("info", say("Shown but not tested: this level is in no test family."))
    if undefined is not None:
        return Verdict("insufficient", _undefined(undefined))
    if value is None or math.isnan(value):
        return Verdict("insufficient", say("Undefined: the effect could not be computed."))
    if n < minimum_n:
        asked = say("{people}; the policy asks for at least {number}.", people=_people(n), number=f"{minimum_n:,}")
        return Verdict("insufficient", asked)
    if n_reference < minimum_n:
        blanks = {"people": _people(n_reference), "number": f"{minimum_n:,}"}
        asked = say("{people} in the reference; the policy asks for at least {number}.", **blanks)
        return Verdict("insufficient", asked)
    effect, limit = _effect(value, line.value), _line(line.value)
    corrected = p_adjusted if _real(p_adjusted) else None
    on_line = math.isclose(value, line.value, rel_tol=1e-9)
    said = {"effect": effect, "line": limit}
    settle = _what_would_settle(people_needed, people_needed_if_alike, minimum_detectable, on_line=on_line)
    if line.is_past(value):
        if corrected is not None and corrected < alpha:
            reason = say("{effect} is past the line of {line}, and more than chance ({p}).", p=_p(corrected), **said)
            return Verdict("flag", reason)
        doubt = _past_but_unsure(p, corrected, alpha, comparisons)
        reason = say("{effect} is past the line of {line}, but {doubt}.", doubt=doubt, **said)
        return Verdict("insufficient", reason + settle)
    watch = ""
    if line.watch is not None and line.is_past_watch(value):
        watch = " " + say("It is past the policy's watch line of {line}.", line=_line(line.watch))
    bound = low_one_sided if line.op == "<" else high_one_sided
    if bound is not None and not math.isnan(bound) and not line.is_past(bound):
        real = _real(p) and p is not None and p < alpha
        reason = say("{effect}: the evidence excludes an effect past the line of {line}.", **said)
        if real:
            reason += f" {_real_difference(value, line, no_difference, _p(p))}"
        return Verdict("within_line", f"{reason}{watch}")
    if bound is None or math.isnan(bound):
        doubt = say("{effect} is not past the line of {line}, but no interval could be made around it.", **said)
    else:
        reach = _number(bound)
        doubt = say(
            "{effect} is not past the line of {line}, but the evidence reaches past it, to {reach}.",
            reach=reach,
            **said,
        )
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
        return say("no test could be made")
    if p >= alpha:
        return say("it could be chance ({p})", p=_p(p))
    if corrected is None:
        return say("its p-value could not be corrected for the number of comparisons ({p} before correction)", p=_p(p))
    blanks = {"before": _p(p), "after": _p(corrected)}
    if not comparisons:
        return say(
            "significant only before correction for the number of comparisons ({before} before, {after} after)",
            **blanks,
        )
    number = f"{comparisons:,}"
    return say(
        "significant only before correction for {number} comparisons ({before} before, {after} after)",
        number=number,
        **blanks,
    )


def _real_difference(value: float, line: Practical, no_difference: float | None, p: str) -> str:
    if no_difference is not None:
        other_way = value > no_difference if line.op == "<" else value < no_difference
        if other_way:
            return say("This is a real difference, in the other direction ({p}).", p=p)
    return say("This is a real difference, smaller than the line ({p}).", p=p)


def _what_would_settle(
    people_needed: int | None, if_alike: int | None, minimum_detectable: float | None, *, on_line: bool
) -> str:
    parts = []
    alike = None if if_alike is None else _people(if_alike)
    if on_line:
        parts.append(say("If this effect, at the line itself, is the true one, no number of people would settle it."))
        if alike:
            parts.append(say("It would take {alike} if in truth there is no difference.", alike=alike))
    elif people_needed is not None:
        people = _people(people_needed)
        if alike:
            parts.append(
                say(
                    "{people} in the group would settle it, if this effect is the true one; {alike} if in truth there "
                    "is no difference.",
                    people=people,
                    alike=alike,
                )
            )
        else:
            parts.append(say("{people} in the group would settle it, if this effect is the true one.", people=people))
    elif alike:
        parts.append(say("{people} in the group would settle it, if in truth there is no difference.", people=alike))
    if minimum_detectable is not None and math.isfinite(minimum_detectable):
        effect = _number(minimum_detectable)
        parts.append(say("With these numbers an effect of {effect} would be found reliably.", effect=effect))
    return "".join(f" {part}" for part in parts)


def _undefined(why: str) -> str:
    return say("Undefined: {why}.", why=retold(why))


def _real(p: float | None) -> bool:
    return p is not None and not math.isnan(p)


def _people(count: int) -> str:
    return many(count, "{number} person", "{number} people")


def _number(value: float) -> str:
    if math.isinf(value):
        return say("infinity") if value > 0 else say("minus infinity")
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
        return say("p unknown")
    if p < 0.0001:
        return "p < 0.0001"
    return f"p = {p:.2f}" if p >= 0.1 else f"p = {p:.2g}"
