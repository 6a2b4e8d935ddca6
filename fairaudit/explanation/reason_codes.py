"""``explanation.reasons(row)``: why this person was declined, against people who are named and recorded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import numpy as np

from ..errors import ExplanationError, suggestion
from ..inference.bootstrap import derive_seed
from .people import (
    Baseline,
    Method,
    approved,
    baseline_of,
    cutoff_of,
    explained_rows,
    probability_of_good,
    scores_of,
    sign_of,
    source_of,
)
from .reason_fidelity import fidelity_of
from .reason_figures import adverse_order, directions, kept_shares, own_value, shortfalls, usual_value
from .reason_records import DRAWS, MOST, TIE, Component, Reason, Reasons
from .reason_words import Catalogue, Direction, catalogue_of, fallback, unused_entries, value_text
from .trees import Floats

if TYPE_CHECKING:
    import pandas as pd

    from .attribution import Explanation


@dataclass(frozen=True, slots=True)
class Listed:
    """The adverse factors of one person's score: those listed, and the others, the strongest first."""

    reasons: tuple[Reason, ...]
    others: tuple[tuple[str, float], ...] = ()
    """Names and amounts of the adverse factors that are not listed."""


def reasons(
    explanation: Explanation,
    row: int,
    k: int = MOST,
    *,
    method: Method = "at_cutoff",
    applicants: Any = None,
    nearest: int | None = None,
    failed_component: Component = "score",
    factors: Sequence[str] = (),
    words: str | Path | Mapping[str, Any] | Catalogue | None = None,
    inquiries: Sequence[str] = (),
    draws: int = DRAWS,
    rng: int | None = None,
) -> Reasons:
    """Return the principal reasons of one declined person.

    Parameters
    ----------
    explanation
        With a cut-off and a direction.
    row
        The person's place in the explanation, from 0.
    k
        Most reasons, 1 to 4.
    method
        Whom to compare with, the two ways of the official commentary on 12 CFR 1002.9(b)(2), paragraph 5:
        ``"at_cutoff"``, applicants at or just above the cut-off; ``"all_applicants"``.
    applicants
        All applicants, approved or not; the explainer's background if left out.
    nearest
        How many of the approved are just above the cut-off; see :func:`~.people.baseline_of`.
    failed_component
        Where the person was declined. ``"score"``: the factors of the score. ``"knock-out"`` and ``"judgment"``:
        the ``factors`` named by the caller and nothing of the score. ``"gray band"`` (the score decided neither way,
        and a person then declined): factors of both.
    factors
        What decided in a knock-out or a judgment, the principal one first: features, or plain words.
    words
        Catalogue of words; see :func:`~.reason_words.catalogue_of`.
    inquiries
        Features about inquiries, listed as a fifth key factor where they are adverse and not among the four.
    draws, rng
        How often the baseline is drawn again, 0 for never, and the seed; derived from the baseline if left out.

    Raises
    ------
    ExplanationError
        If the person was approved by the score that is to have declined them, or something is not known.
    """
    component = _component(failed_component)
    position = position_of(explanation, row)
    _check_counts(k, component, factors, draws)
    sign, cutoff, source = sign_of(explanation), cutoff_of(explanation), source_of(explanation)
    catalogue = catalogue_of(words)
    person = explained_rows(explanation).iloc[[position]].reset_index(drop=True)
    scores = scores_of(source, person)
    score, reached = float(scores[0]), bool(approved(scores, cutoff, sign)[0])
    if component == "score" and reached:
        raise ExplanationError(_approved_message(position, score, cutoff, sign))
    everybody = baseline_of(explanation, "all_applicants", applicants)
    baseline = None
    if component in ("score", "gray band"):
        baseline = everybody if method == "all_applicants" else baseline_of(explanation, method, applicants, nearest)
    named = tuple(_of_caller(one, person, everybody.rows, catalogue, component) for one in factors)
    listing, seed = Listed(()), None
    if baseline is not None:
        seed = derive_seed(baseline.sha256) if rng is None else rng
        wanted = k - len(named)
        # What a person of the lender named already is not named again by the score.
        listing = factors_of(
            explanation, person, scores, baseline, catalogue, k=wanted, draws=draws, seed=seed,
            without=[one.feature for one in named],
        )[0]  # fmt: skip
    places = [explanation.names.index(one.feature) for one in listing.reasons]
    listed_reasons = (*named, *listing.reasons)
    key = _key_factors(explanation, person, scores, everybody, catalogue, inquiries)
    checked = None
    if baseline is not None and seed is not None:
        checked = fidelity_of(source, person, score, places, baseline, sign=sign, cutoff=cutoff, seed=seed)
    return Reasons(
        row=position,
        failed_component=component,
        reasons=listed_reasons,
        key_factors=key,
        score=score,
        units=explanation.units,
        higher_is=str(explanation.higher_is),
        cutoff=cutoff,
        approved_by_score=reached,
        probability=probability_of_good(source, score),
        cutoff_probability=probability_of_good(source, cutoff),
        method=None if baseline is None else baseline.name,
        baseline=baseline,
        key_baseline=everybody,
        left_out=_left_out(listing, k, scored=baseline is not None, units=explanation.units),
        cautions=(
            *(issue.message for issue in source.issues_of(person)),
            *_cautions(listed_reasons, baseline, catalogue, explanation.names),
        ),
        catalogue=catalogue,
        fidelity=checked,
        draws=0 if baseline is None else draws,
        seed=seed,
    )


def key_factors(
    explanation: Explanation,
    row: int,
    *,
    applicants: Any = None,
    words: str | Path | Mapping[str, Any] | Catalogue | None = None,
    inquiries: Sequence[str] = (),
) -> tuple[Reason, ...]:
    """Return what held one person's score back most against all applicants, approved or declined.

    Up to four factors in the order of their weight, and ``inquiries`` as a fifth where they are adverse and not among
    the four (15 USC 1681g(f)).

    Parameters
    ----------
    explanation, row, applicants, words, inquiries
        As for :func:`reasons`; no cut-off is needed.
    """
    position = position_of(explanation, row)
    person = explained_rows(explanation).iloc[[position]].reset_index(drop=True)
    scores = scores_of(source_of(explanation), person)
    everybody = baseline_of(explanation, "all_applicants", applicants)
    return _key_factors(explanation, person, scores, everybody, catalogue_of(words), inquiries)


def factors_of(
    explanation: Explanation,
    rows: pd.DataFrame,
    scores: Floats,
    baseline: Baseline,
    catalogue: Catalogue,
    *,
    k: int,
    draws: int = 0,
    seed: int = 0,
    without: Sequence[str] = (),
) -> list[Listed]:
    """Return the listed factors of many people at once, each against the same baseline.

    Parameters
    ----------
    rows, scores
        The people in the model's columns, and their scores.
    k
        Most factors a person.
    draws, seed
        As for :func:`reasons`.
    without
        Features that are not listed, because they are named elsewhere.
    """
    source, sign = source_of(explanation), sign_of(explanation)
    amounts, errors = shortfalls(source, rows, sign, baseline)
    named = {place for place, name in enumerate(explanation.names) if name in without}
    orders = [[feature for feature in adverse_order(one) if feature not in named] for one in amounts]
    pairs = [(row, feature) for row, order in enumerate(orders) for feature in order[:k]]
    ways = directions(source, rows, scores, sign, baseline, pairs)
    kept = None
    if draws:
        kept = kept_shares(source, rows, sign, baseline, amounts, errors, k=k + len(named), draws=draws, seed=seed)
    made = []
    for row, order in enumerate(orders):
        first_out = float(amounts[row, order[k]]) if len(order) > k else 0.0
        listed_here = tuple(
            replace(
                _reason(explanation, rows, row, feature, float(amounts[row, feature]), baseline, catalogue,
                        way=ways[row, feature], score=float(scores[row])),
                tied=first_out >= (1 - TIE) * float(amounts[row, feature]),
                kept=None if kept is None else float(kept[row, feature]),
            )
            for feature in order[:k]
        )  # fmt: skip
        others = tuple((catalogue.name_of(explanation.names[at]), float(amounts[row, at])) for at in order[k:])
        made.append(Listed(listed_here, others))
    return made


def _reason(
    explanation: Explanation,
    rows: pd.DataFrame,
    row: int,
    feature: int,
    amount: float,
    baseline: Baseline,
    catalogue: Catalogue,
    *,
    way: Direction,
    score: float,
) -> Reason:
    key = explanation.names[feature]
    value = usual = None
    if key in rows.columns:
        value = own_value(rows[key], baseline.rows[key], row)
        usual = usual_value(way, baseline.rows[key], value)
    name = catalogue.name_of(key)
    said = catalogue.words(key, way, value)
    entry = catalogue.entries.get(key)
    return Reason(
        feature=key,
        name=name,
        words=said or fallback(way, name, value),
        words_from="catalogue" if said else "feature name",
        component="score",
        value=value,
        usual=usual,
        unit=entry.unit if entry else None,
        code=entry.code if entry else None,
        amount=amount,
        direction=way,
        probability=probability_of_good(source_of(explanation), score + sign_of(explanation) * amount),
    )


def _key_factors(
    explanation: Explanation,
    person: pd.DataFrame,
    scores: Floats,
    everybody: Baseline,
    catalogue: Catalogue,
    inquiries: Sequence[str],
) -> tuple[Reason, ...]:
    wanted = [inquiries] if isinstance(inquiries, str) else list(inquiries)
    for one in wanted:
        if one not in explanation.names:
            message = f"inquiries: {one!r} is no feature of the model.{suggestion(one, explanation.names)}"
            raise ExplanationError(message)
    every = factors_of(explanation, person, scores, everybody, catalogue, k=len(explanation.names))[0].reasons
    first = every[:MOST]
    if any(one.feature in wanted for one in first):
        return first
    return (*first, *[one for one in every[MOST:] if one.feature in wanted][:1])


def _of_caller(
    factor: str, person: pd.DataFrame, everybody: pd.DataFrame, catalogue: Catalogue, component: Component
) -> Reason:
    """Return a factor that the caller names: a feature, a key of the catalogue, or plain words."""
    component = "judgment" if component == "gray band" else component
    entry = catalogue.entries.get(factor)
    if entry is None and factor not in person.columns:
        return Reason(factor, factor, factor, "caller", component)
    value = own_value(person[factor], everybody[factor], 0) if factor in person.columns else None
    name = catalogue.name_of(factor)
    way: Direction = "other" if value is None else "category"
    said = catalogue.words(factor, way, value) or catalogue.words(factor, "other", value)
    return Reason(
        feature=factor,
        name=name,
        words=said or fallback(way, name, value),
        words_from="catalogue" if said else "feature name",
        component=component,
        value=value,
        unit=entry.unit if entry else None,
        code=entry.code if entry else None,
        direction=way,
    )


def _component(given: str) -> Component:
    known: tuple[Component, ...] = get_args(Component)
    for one in known:
        if given == one:
            return one
    message = f"failed_component is one of {', '.join(known)}, got {given!r}.{suggestion(str(given), known)}"
    raise ExplanationError(message)


def position_of(explanation: Explanation, row: int) -> int:
    """Return a row's place, checked."""
    if isinstance(row, bool) or not isinstance(row, (int, np.integer)) or not 0 <= row < len(explanation):
        message = (
            f"row is the person's place among the {len(explanation):,} explained rows, 0 to "
            f"{len(explanation) - 1:,}; got {row!r}."
        )
        raise ExplanationError(message)
    return int(row)


def _check_counts(k: int, component: Component, factors: Sequence[str], draws: int) -> None:
    if not 1 <= k <= MOST:
        message = f"k is 1 to {MOST}, got {k!r}: the official commentary finds more than four reasons not helpful."
        raise ExplanationError(message)
    if draws < 0:
        message = f"draws is 0 or more, got {draws!r}."
        raise ExplanationError(message)
    if isinstance(factors, str) or not all(isinstance(one, str) and one.strip() for one in factors):
        message = "factors is a list of features or plain words, such as ['declared bankrupt last year']."
        raise ExplanationError(message)
    if component == "score" and factors:
        message = (
            "Declined by the score, only factors that were scored are listed: leave factors= out, or say which other "
            "part declined the person: failed_component='knock-out', 'judgment' or 'gray band'."
        )
        raise ExplanationError(message)
    if component != "score" and not factors:
        message = f"Declined by {component}: name what decided in factors=, the principal one first."
        raise ExplanationError(message)
    most = k - 1 if component == "gray band" else k
    if len(factors) > most:
        why = " besides at least one of the score, whose reasons must be there too" if component == "gray band" else ""
        message = f"{len(factors)} factors are named and at most {most} fit{why}. Name the principal ones only."
        raise ExplanationError(message)


def _approved_message(row: int, score: float, cutoff: float, sign: float) -> str:
    side = "at or above" if sign > 0 else "at or below"
    return (
        f"The person in row {row} was approved by the score: {score:g} is {side} the cut-off of {cutoff:g}, so there "
        "are no reasons for a decline. explanation.key_factors(row) says what held the score back. If something else "
        "declined them, say so: failed_component='knock-out', 'judgment' or 'gray band'."
    )


def _left_out(listing: Listed, k: int, *, scored: bool, units: str) -> tuple[str, ...]:
    said = []
    if not scored:
        return ("No factor of the score is listed: the score is not what declined this person.",)
    if not listing.reasons:
        said.append("No factor of the score is adverse against these people, so none is listed.")
    elif len(listing.reasons) < k and not listing.others:
        said.append(f"Fewer than {k} factors are adverse; the list is not padded.")
    if listing.others:
        shown = ", ".join(f"{name} ({value_text(amount)} {units})" for name, amount in listing.others)
        said.append(f"Also adverse, and not among the first {len(listing.reasons)} of the score: {shown}.")
    return tuple(said)


def _cautions(
    made: tuple[Reason, ...], baseline: Baseline | None, catalogue: Catalogue, features: Sequence[str]
) -> tuple[str, ...]:
    said = [baseline.caution] if baseline is not None and baseline.caution else []
    plain_words = [one.feature for one in made if one.words_from == "feature name"]
    if plain_words:
        said.append(f"Words made from the feature's name, for want of a catalogue's: {', '.join(plain_words)}.")
    for one in made:
        near = suggestion(one.feature, features) if one.words_from == "caller" else ""
        if near:
            said.append(f"'{one.feature}' is no feature of the model, and stands there in your words.{near}")
        if one.tied:
            said.append(f"{one.name}: the first factor left out weighs within {TIE:.0%} of it.")
        if "unsteady" in one.flags:
            said.append(f"{one.name}: on the list in {one.kept or 0.0:.0%} of the draws of the people compared with.")
        if one.direction == "other" and one.words_from == "feature name" and one.amount is not None:
            why = "neither a higher nor a lower value of these people helps by itself"
            said.append(f"{one.name}: {why if one.value is not None else 'it is several columns'}; no direction named.")
    return (*said, *unused_entries(catalogue, features))
