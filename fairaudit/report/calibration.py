"""The section on calibration: a plain sentence a group, the tables behind it, and what this does not show."""

from __future__ import annotations

from ..metrics.base import MEASURES
from ..result import Measurement, Result
from ..translations import marked, retold, say
from .charts.calibration import calibration_chart
from .lookup import unique
from .nodes import Block, Cell, Column, Item, Paragraph, Section, figures, folded, items, table
from .words import NOTHING, Writer, interval, number, p_value, percent, points, with_points

_LARGE = "calibration_in_the_large_difference"
_COMMON = "bad_rate_difference_at_same_score"
_MARGIN = "marginal_bad_rate_difference"
_OWN = (
    "calibration_in_the_large",
    "calibration_intercept",
    "calibration_slope",
    "expected_calibration_error",
    "brier_score",
    "brier_reliability",
    "brier_resolution",
    "brier_uncertainty",
)
_AGAINST = (
    _LARGE,
    _COMMON,
    "calibration_slope_difference",
    _MARGIN,
    "balance_for_good_outcomes",
    "balance_for_bad_outcomes",
)
_POINTS = frozenset({"calibration_in_the_large", _LARGE, _COMMON, _MARGIN, "bad_rate_difference_in_band"})
_LIMITS = marked(
    "A score can mean the same risk in every group and still select them at very different rates; and where good "
    "rates differ between groups, equal calibration and equal balance cannot both hold (Kleinberg, Mullainathan and "
    "Raghavan 2016). Calibration says nothing about how outcomes were recorded, nor about people whose outcome is "
    "not observed. Calibration errors grow as groups shrink and are not compared between groups."
)


def calibration_section(result: Result) -> tuple[Section, ...]:
    """Return the section, or nothing where there is no score with outcomes.

    Parameters
    ----------
    result
        What an audit found.
    """
    records = [record for record in result.measurements if record.topic == "calibration"]
    if not records:
        return ()
    parts = tuple(
        _attribute(records, name, f"calibration-{place}", 1 - result.confidence)
        for place, name in enumerate(unique(record.attribute for record in records), start=1)
    )
    said = (Paragraph(_basis(result)), Paragraph(say(_LIMITS), "note"))
    return (Section("calibration", say("Does the same score mean the same risk?"), said, parts),)


def _basis(result: Result) -> str:
    if result.schema.roles.get("score_unit") == "probability":
        return say(
            "The score is declared a probability, so each group's outcomes are held against what the score itself said."
        )
    return say(
        "The score is not declared a probability, so each group's outcomes are held against the pooled curve of all "
        "groups: the good rate of everybody at the same score. What is wrong for all groups alike does not show."
    )


def _attribute(records: list[Measurement], attribute: str, name: str, alpha: float) -> Section:
    own = [record for record in records if record.attribute == attribute]
    told = [
        *_sentences(own, alpha),
        *(Item(f"{retold(one.undefined)}.", one.group or "") for one in own if _left_out(one)),
    ]
    margin = next((one.note for one in own if one.metric == _MARGIN and one.note), "")
    blocks: tuple[Block, ...] = (
        *figures(calibration_chart(own)),
        *items(told),
        *folded(say("Each group by itself"), _own_table(own, attribute)),
        *folded(say("Each group against its reference"), _against_table(own, attribute)),
        *folded(say("Predicted and observed, by score"), _curve(own, attribute)),
        *folded(say("Bad rates at the same score, against the reference"), _bands(own, attribute)),
        *((Paragraph(say("Just past the cut-off: {note}", note=retold(margin)), "note"),) if margin else ()),
    )
    among = next((one.note for one in own if one.note and "among the" in one.note), None)
    if among:
        blocks = (Paragraph(say("Among observed outcomes only: {note}.", note=retold(among)), "note"), *blocks)
    return Section(name, attribute, blocks)


def _left_out(record: Measurement) -> bool:
    return record.metric == "calibration_in_the_large" and record.value is None


def _sentences(own: list[Measurement], alpha: float) -> list[Item]:
    """Say for each compared group what the same score meant, and whether chance explains the difference."""
    told = []
    for record in own:
        if record.metric != _COMMON or record.value is None or record.p is None:
            continue
        blanks = {
            "size": points(abs(record.value)).lstrip("+"),
            "reference": str(record.reference),
            "interval": interval(record.low, record.high, points),
            "p": _p(record),
        }
        if record.value > 0:
            text = say(
                "at the same score, outcomes were bad {size} percentage points more often than for {reference} "
                "(interval {interval} points, {p} after correction).",
                **blanks,
            )
        else:
            text = say(
                "at the same score, outcomes were bad {size} percentage points less often than for {reference} "
                "(interval {interval} points, {p} after correction).",
                **blanks,
            )
        if record.p_adjusted is None or record.p_adjusted >= alpha:
            why = say("Chance alone can explain this; a difference inside the interval is not excluded.")
        elif record.value < 0:
            why = say("The same score meant less risk in this group: the score is harsher on it.")
        else:
            why = say("The same score meant more risk in this group: the score is milder on it.")
        text = f"{text} {why}"
        told.append(Item(text, record.group or ""))
    return told


def _write(metric: str) -> Writer:
    return points if metric in _POINTS else percent if metric == "calibration_curve" else number


def _cell(record: Measurement | None, *, tested: bool = True) -> Cell:
    if record is None:
        return Cell(NOTHING)
    if record.value is None:
        return Cell(say("undefined"), retold(record.undefined))
    write = _write(record.metric)
    said = [interval(record.low, record.high, write)]
    if record.expected is not None:
        number_ = write(record.expected)
        by_model = record.detail or not tested
        said.append(say("{number} predicted", number=number_) if by_model else _by_chance(number_))
    if tested and record.p_adjusted is not None:
        said.append(_p(record))
    return Cell(write(record.value), "; ".join(part for part in said if part))


def _by_chance(number_: str) -> str:
    return say("{number} expected by chance", number=number_)


def _p(record: Measurement) -> str:
    text = p_value(record.p_adjusted)
    return f"p {text}" if text[0] in "<>" else f"p = {text}"


def _heading(metric: str) -> str:
    words = say(MEASURES[metric].title)
    return with_points(words) if metric in _POINTS else words


def _across(
    own: list[Measurement], attribute: str, metrics: tuple[str, ...], caption: str, note: str
) -> tuple[Block, ...]:
    """Return tables of at most four numbers, a row a group."""
    by_place = {(one.group, one.metric): one for one in own if one.metric in metrics}
    there = [metric for metric in metrics if any(metric == of for _, of in by_place)]
    blocks: tuple[Block, ...] = ()
    for start in range(0, len(there), 4):
        here = there[start : start + 4]
        groups = unique(group for group, metric in by_place if metric in here)
        rows = [(Cell(group or ""), *(_cell(by_place.get((group, metric))) for metric in here)) for group in groups]
        columns = (Column(attribute), *(Column(_heading(metric), numeric=True) for metric in here))
        blocks += table(caption, columns, rows, note)
    return blocks


def _own_table(own: list[Measurement], attribute: str) -> tuple[Block, ...]:
    note = say(
        "Slope 1, intercept 0 and 0 points mean that outcomes were as predicted. p-values are corrected together."
    )
    caption = say("Outcomes against predictions by {attribute}", attribute=attribute)
    return _across(own, attribute, _OWN, caption, note)


def _against_table(own: list[Measurement], attribute: str) -> tuple[Block, ...]:
    compared = [one for one in own if one.metric in _AGAINST]
    if not compared:
        return ()
    caption = say(
        "Calibration by {attribute}, held against {reference}",
        attribute=attribute,
        reference=str(compared[0].reference),
    )
    note = say("With each number stand its interval and its corrected p.")
    return _across(compared, attribute, _AGAINST, caption, note)


def _curve(own: list[Measurement], attribute: str) -> tuple[Block, ...]:
    curve = [one for one in own if one.metric == "calibration_curve"]
    note = say("Good rate that happened, its interval, and the good rate that was predicted.")
    return _by_band(curve, say("Good rate by score and {attribute}", attribute=attribute), note, tested=False)


def _bands(own: list[Measurement], attribute: str) -> tuple[Block, ...]:
    bands = [one for one in own if one.metric == "bad_rate_difference_in_band"]
    note = say("Bad rate of the group less that of the reference, in percentage points.")
    caption = say("Difference in bad rates by score and {attribute}", attribute=attribute)
    return _by_band(bands, caption, note, tested=True)


def _by_band(records: list[Measurement], caption: str, note: str, *, tested: bool) -> tuple[Block, ...]:
    groups, bands = unique(one.group for one in records), unique(one.detail for one in records)
    by_place = {(one.detail, one.group): one for one in records}
    rows = [
        (
            Cell(retold(band) or say("all scores")),
            *(_cell(by_place.get((band, group)), tested=tested) for group in groups),
        )
        for band in bands
    ]
    return table(caption, (Column(say("Score")), *(Column(group or "", numeric=True) for group in groups)), rows, note)
