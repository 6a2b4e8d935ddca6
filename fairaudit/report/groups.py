"""One section an attribute: who is selected, the contrasts, the error rates, the scores; then every cut-off."""

from __future__ import annotations

from collections.abc import Callable

from ..result import AttributeRecord, Finding
from ..schema.labels import MISSING
from ..translations import many, marked, retold, say
from .charts.counts import crossing_grid, mosaic
from .charts.forest import forest
from .charts.roc import roc_chart
from .charts.scores import score_chart
from .impact import median_note
from .lookup import SELECTION_TRIPLE, Lookup, attributes, needs_decision, unique
from .nodes import Block, Cell, Column, Details, Item, Paragraph, Section, figures, folded, items, pictured, table
from .overview import key_tables, people_cell, sentences, versus
from .words import (
    NOTHING,
    cutoff_text,
    effect_cell,
    heading,
    not_identified,
    p_value,
    percent,
    rate_cell,
    title,
    told_label,
    writer,
)

CONTRASTS_ACROSS = 5
_SELECTION = ("selection_rate", "adverse_rate")
_OUTCOMES = ("good_rate", "bad_rate")
_OF_GOOD_AND_BAD = (
    "true_positive_rate",
    "false_negative_rate",
    "false_positive_rate",
    "true_negative_rate",
)
_OF_DECIDED = (
    "positive_predictive_value",
    "false_discovery_rate",
    "negative_predictive_value",
    "false_omission_rate",
)
_OVERALL = ("accuracy", "balanced_accuracy")
_SCORES = ("mean_score", "scoring_rate", "area_under_curve", "gini", "kolmogorov_smirnov")
_BANDS = ("bad_rate_by_score_band",)
_KNOWN = (*_SELECTION, *_OUTCOMES, *_OF_GOOD_AND_BAD, *_OF_DECIDED, *_OVERALL, *_SCORES, *_BANDS)
WITHOUT_A_SCORE = marked("without a score")
_REFERENCES = {
    "named": marked("named beforehand"),
    "highest": marked("the eligible group with the highest rate"),
    "largest": marked("the largest group"),
    "rest": marked("everybody else"),
}


def selection_section(look: Lookup) -> tuple[Section, ...]:
    """Return who is selected, one part an attribute: everybody counted, rates, and contrasts with the reference."""
    return _question(
        look,
        "selection",
        marked("Who is selected?"),
        marked(
            "A difference in selection does not say why: people may differ in what they bring, or be measured "
            "differently. Equal rates do not say that equal people are treated equally."
        ),
        lambda attribute, name: (
            _who(attribute, name),
            _selection(look, attribute, name),
            _contrasts(look, attribute, name),
        ),
    )


def outcomes_section(look: Lookup) -> tuple[Section, ...]:
    """Return how decisions and outcomes agree, one part an attribute."""
    return _question(
        look,
        "outcomes",
        marked("Who is wrongly declined, and who wrongly selected?"),
        marked(
            "Recorded outcomes are taken as true. Where outcomes were watched or recorded more closely in one group, "
            "error rates carry that difference too."
        ),
        lambda attribute, name: (_error_rates(look, attribute, name),),
    )


def scores_section(look: Lookup) -> tuple[Section, ...]:
    """Return what the scores say, one part an attribute."""
    return _question(
        look,
        "scores",
        marked("What do the scores say?"),
        marked("A difference in scores is what the score measures, not what people deserve."),
        lambda attribute, name: (_scores(look, attribute, name),),
    )


def crossings_section(look: Lookup) -> tuple[Section, ...]:
    """Return the crossings of attributes, one part a crossing with all that is asked of an attribute."""
    return _question(
        look,
        "crossings",
        marked("Which crossings are worst off?"),
        marked(
            "Crossings are smaller than the groups that they are made of, and their rates move more by chance: read "
            "the interval before the rank."
        ),
        lambda attribute, name: (
            _who(attribute, name),
            _selection(look, attribute, name),
            _contrasts(look, attribute, name),
            _error_rates(look, attribute, name),
            _scores(look, attribute, name),
        ),
        crossing=True,
    )


def _question(
    look: Lookup,
    name: str,
    heading_: str,
    limits: str,
    parts: Callable[[AttributeRecord, str], tuple[Section, ...]],
    *,
    crossing: bool = False,
) -> tuple[Section, ...]:
    """Return one question, with a part for each attribute that has something to say."""
    made = []
    chosen = [attribute for attribute in attributes(look.result) if attribute.crossing == crossing]
    for place, attribute in enumerate(chosen, start=1):
        inner = tuple(part for part in parts(attribute, f"{name}-{place}") if part.blocks)
        if not inner:
            continue
        # A part that is all there is needs no heading of its own.
        blocks, sections = (inner[0].blocks, ()) if len(inner) == 1 else ((), inner)
        made.append(Section(f"{name}-{place}", attribute.name, (Paragraph(_compared(attribute)), *blocks), sections))
    return (Section(name, say(heading_), (Paragraph(say(limits), "note"),), tuple(made)),) if made else ()


def _compared(attribute: AttributeRecord) -> str:
    blanks = {
        "people": many(sum(attribute.levels.values()), "{number} person", "{number} people"),
        "groups": many(len(attribute.levels), "{number} group", "{number} groups"),
    }
    if attribute.reference is None:
        text = say("{people} in {groups}. Nothing is compared: there is no reference.", **blanks)
    else:
        how = _REFERENCES.get(attribute.reference_mode, attribute.reference_mode)
        blanks |= {"reference": attribute.reference, "how": say(how)}
        text = say("{people} in {groups}. Reference: {reference} ({how}).", **blanks)
    if any(MISSING in group for group in attribute.levels):
        text += " " + say("{level} is shown, but is never a reference and is in no test family.", level=MISSING)
    return text


def _who(attribute: AttributeRecord, name: str) -> Section:
    """Return who is decided on, whose outcome is known and who is scored, where that is not everybody."""
    decisions = {label for counts in attribute.decision_counts.values() for label in counts}
    plain = {"(favorable)", "(unfavorable)"}
    blocks: tuple[Block, ...] = ()
    if any(label.rpartition(" ")[2] not in plain for label in decisions):
        note = say("Excluded decisions are in no rate; intermediate ones count as decided and not favorable.")
        caption = say("Recorded decisions by {attribute}", attribute=attribute.name)
        blocks += _counted(caption, attribute, attribute.decision_counts, note)
    if any(reason not in {"good", "bad"} for counts in attribute.outcome_counts.values() for reason in counts):
        note = say("Good and bad are observed; every other column is a reason for not knowing the outcome.")
        caption = say("Outcomes by {attribute}", attribute=attribute.name)
        blocks += _counted(caption, attribute, attribute.outcome_counts, note)
    if attribute.unscored:
        counts = {group: {WITHOUT_A_SCORE: people} for group, people in attribute.unscored.items()}
        note = say("People without a score are in no rate at a cut-off and in no score metric.")
        caption = say("Who has no score by {attribute}", attribute=attribute.name)
        blocks += _counted(caption, attribute, counts, note)
    return Section(f"{name}-who", say("Who is counted?"), blocks)


def _counted(
    caption: str, attribute: AttributeRecord, counts: dict[str, dict[str, int]], note: str
) -> tuple[Block, ...]:
    labels = unique(label for row in counts.values() for label in row)
    rows = [
        (
            Cell(group),
            Cell(f"{people:,}"),
            *(
                Cell(f"{counts[group][label]:,}", percent(counts[group][label] / people) if people else "")
                for label in labels
            ),
        )
        for group, people in attribute.levels.items()
    ]
    columns = (
        Column(attribute.name),
        Column(say("People"), numeric=True),
        *(Column(told_label(label), numeric=True) for label in labels),
    )
    return table(caption, columns, rows, note)


# Rates


def _rate_tables(look: Lookup, attribute: AttributeRecord, metrics: tuple[str, ...], caption: str) -> tuple[Block, ...]:
    """Return one table a cut-off: the people of each group, and each metric with its interval."""
    measured = [metric for metric in metrics if metric in look.metrics(attribute.name)]
    cutoffs = unique(cutoff for metric in measured for cutoff in look.cutoffs(attribute.name, metric))
    blocks: tuple[Block, ...] = ()
    for cutoff in cutoffs:
        here = [metric for metric in measured if cutoff in look.cutoffs(attribute.name, metric)]
        rows = [
            (
                Cell(group, say("reference") if group == attribute.reference else ""),
                Cell(f"{people:,}"),
                *(
                    rate_cell(look.rate(metric, attribute.name, group, cutoff), attribute.levels[group])
                    for metric in here
                ),
            )
            for group, people in look.groups(attribute).items()
        ]
        where = f", {cutoff_text(look.result, cutoff)}" if any(needs_decision(metric) for metric in here) else ""
        told = say(caption, attribute=attribute.name)
        columns = (
            Column(attribute.name),
            Column(say("People"), numeric=True),
            *(Column(title(metric), numeric=True) for metric in here),
        )
        blocks += table(f"{told}{where}", columns, rows)
    return blocks


def _selection(look: Lookup, attribute: AttributeRecord, name: str) -> Section:
    cutoff = next(iter(look.cutoffs(attribute.name, "selection_rate")), None)
    drawn = crossing_grid(look, attribute, cutoff) or mosaic(look, attribute, cutoff)
    blocks = pictured(drawn, _rate_tables(look, attribute, _SELECTION, marked("Selection by {attribute}")))
    return Section(f"{name}-rates", say("How many of each group"), blocks)


def _error_rates(look: Lookup, attribute: AttributeRecord, name: str) -> Section:
    blocks = (
        *_rate_tables(
            look,
            attribute,
            _OF_GOOD_AND_BAD,
            marked("Decisions among people with good and with bad outcomes by {attribute}"),
        ),
        *_rate_tables(
            look, attribute, _OF_DECIDED, marked("Outcomes among selected and among declined people by {attribute}")
        ),
        *_rate_tables(look, attribute, _OVERALL, marked("Decisions that matched the outcome by {attribute}")),
    )
    if blocks:
        positive = look.result.schema.positive.removesuffix(".")
        told = Paragraph(say("Positive class: {positive}.", positive=positive))
        blocks = (told, *_identification(look, attribute), *pictured(roc_chart(look, attribute), blocks))
    among = marked("Outcomes, among people whose outcome is observed, by {attribute}")
    outcomes = _rate_tables(look, attribute, _OUTCOMES, among)
    return Section(f"{name}-outcomes", say("How do decisions and outcomes agree?"), (*blocks, *outcomes))


def _identification(look: Lookup, attribute: AttributeRecord) -> tuple[Block, ...]:
    """Say in words where error rates have no value because outcomes are unobserved, and for whom."""
    reasons: dict[str, str] = {}
    for record in look.result.rates:
        if record.attribute == attribute.name and needs_decision(record.metric) and not_identified(record):
            reasons.setdefault(record.group, record.undefined or "")
    if look.result.schema.outcomes_complete and not reasons:
        return ()
    text = say(
        "Outcomes are not known for everybody, so error rates over all people are not identified. Where a cell says "
        "“bounds, no estimate”, the true value lies between the two numbers whatever the unknown outcomes are; nothing "
        "narrower can be said. Rates among selected people are among those whose outcome is observed."
    )
    why = [Item(f"{retold(reason)}.", group) for group, reason in reasons.items()]
    return (Paragraph(text, "note"), *((Details(say("Whose outcomes are not known"), items(why)),) if why else ()))


def _scores(look: Lookup, attribute: AttributeRecord, name: str) -> Section:
    extra = tuple(metric for metric in look.metrics(attribute.name) if metric not in {*_KNOWN, "people"})
    blocks = (
        *median_note(look.result),
        *pictured(
            score_chart(look, attribute), _rate_tables(look, attribute, _SCORES, marked("The score by {attribute}"))
        ),
        *_band_tables(look, attribute),
        *_rate_tables(look, attribute, extra, marked("Other metrics by {attribute}")),
    )
    return Section(f"{name}-scores", say("What do the scores say?"), blocks)


def _band_tables(look: Lookup, attribute: AttributeRecord) -> tuple[Block, ...]:
    bands = unique(r.band for r in look.result.rates if r.attribute == attribute.name and r.band is not None)
    if not bands:
        return ()
    groups = look.groups(attribute)
    rows = [
        (Cell(retold(band)), *(rate_cell(look.rate(_BANDS[0], attribute.name, group, None, band)) for group in groups))
        for band in bands
    ]
    columns = (Column(say("Score")), *(Column(group, numeric=True) for group in groups))
    caption = say(
        "{metric} and {attribute}, among people whose outcome is observed",
        metric=title(_BANDS[0]),
        attribute=attribute.name,
    )
    note = say("Equal rates along a row mean that the same score stands for the same risk.")
    return table(caption, columns, rows, note)


# Contrasts


def _contrasts(look: Lookup, attribute: AttributeRecord, name: str) -> Section:
    own = [finding for finding in look.result.findings if finding.attribute == attribute.name]
    if not own:
        return Section(f"{name}-contrasts", say("Contrasts"), ())
    ruled = [finding for finding in own if finding.rule is not None]
    told = [one for one in own if one.family != "primary" and one.status in {"flag", "insufficient"}]
    further = _further(look, own)
    blocks = (
        *_forests(own),
        *sentences(told),
        *key_tables(look, own),
        *folded(say("Further contrasts, for information"), further),
        *folded(say("What these numbers of people could have shown"), _power(look, ruled)),
        *folded(say("How few changed decisions would change a finding"), _flips(look, ruled)),
        *folded(say("Other tests of the same contrasts"), _sensitivity(look, ruled)),
    )
    asked = say("How does each group compare with {reference}?", reference=str(attribute.reference))
    return Section(f"{name}-contrasts", asked, blocks)


def _forests(own: list[Finding]) -> tuple[Block, ...]:
    """Return a picture of what the policy asks for: one a contrast, at the first cut-off."""
    ruled = [finding for finding in own if finding.rule is not None]
    first = ruled[0].cutoff if ruled else None
    metrics = unique(finding.metric for finding in ruled)
    return figures(
        *(forest([one for one in ruled if one.metric == metric and one.cutoff == first]) for metric in metrics)
    )


def _further(look: Lookup, own: list[Finding]) -> tuple[Block, ...]:
    """Return the contrasts that no rule asks for: a row a group, a column a contrast, a few columns a table."""
    shown = {id(one) for finding in own if finding.metric == SELECTION_TRIPLE[0] for one in look.triple(finding)}
    rest = [finding for finding in own if finding.rule is None and id(finding) not in shown]
    blocks: tuple[Block, ...] = ()
    for cutoff in unique(finding.cutoff for finding in rest):
        here = [finding for finding in rest if finding.cutoff == cutoff]
        metrics = unique(finding.metric for finding in here)
        for start in range(0, len(metrics), CONTRASTS_ACROSS):
            blocks += _across(look, here, metrics[start : start + CONTRASTS_ACROSS])
    return blocks


def _across(look: Lookup, here: list[Finding], metrics: tuple[str, ...]) -> tuple[Block, ...]:
    by_place = {(finding.group, finding.metric): finding for finding in here}
    rows = [
        (Cell(group), *(_further_cell(by_place.get((group, metric))) for metric in metrics))
        for group in unique(finding.group for finding in here)
    ]
    first = here[0]
    columns = (Column(first.attribute), *(Column(heading(metric), numeric=True) for metric in metrics))
    told = say("{attribute}, held against {reference}", attribute=first.attribute, reference=first.reference)
    caption = f"{told}{_where(look, first)}"
    note = say("With each effect stands its interval and its p-value after correction for the false discovery rate.")
    return table(caption, columns, rows, note)


def _further_cell(finding: Finding | None) -> Cell:
    cell = effect_cell(finding)
    if finding is None or finding.p_adjusted is None:
        return cell
    return Cell(cell.text, f"{cell.detail}; p {p_value(finding.p_adjusted)}" if cell.detail else "")


def _power(look: Lookup, own: list[Finding]) -> tuple[Block, ...]:
    rows = [
        (
            Cell(finding.group, f"{versus(finding)}{_where(look, finding)}"),
            Cell(heading(finding.metric)),
            people_cell(finding),
            Cell(NOTHING if finding.minimum_detectable is None else writer(finding.metric)(finding.minimum_detectable)),
            _needed(finding, finding.people_needed),
            _needed(finding, finding.people_needed_if_alike),
        )
        for finding in own
        if finding.minimum_detectable is not None or finding.status == "insufficient"
    ]
    columns = (
        Column(say("Group")),
        Column(say("Contrast")),
        Column(say("People"), numeric=True),
        Column(say("Minimum detectable effect"), numeric=True),
        Column(say("People of the group needed"), numeric=True),
        Column(say("Needed if there is no difference"), numeric=True),
    )
    note = say(
        "Minimum detectable: the effect that these numbers would reveal with {power} power. "
        "People needed: to settle an insufficient finding with that power, if the observed effect is the true one; and "
        "to put it within the line, if in truth there is no difference. The reference is taken to grow in proportion. "
        "The nearer the line, the more people; at the line itself no number would settle it.",
        power=f"{look.result.policy.power:.0%}",
    )
    return table(say("What could have been found"), columns, rows, note)


def _needed(finding: Finding, people: int | None) -> Cell:
    if people is not None:
        return Cell(f"{people:,}")
    # Where a number would do if there were no difference, but none for the observed effect, that is at the line.
    at_line = finding.status == "insufficient" and finding.people_needed_if_alike is not None
    return Cell(say("no number") if at_line else NOTHING)


def _flips(look: Lookup, own: list[Finding]) -> tuple[Block, ...]:
    rows = [
        (
            Cell(finding.group, f"{versus(finding)}{_where(look, finding)}"),
            Cell(heading(finding.metric)),
            Cell(status=finding.status),
            Cell(f"{finding.flip_count:,}", say("of {number}", number=f"{finding.n + finding.n_reference:,}")),
            Cell(finding.flip_text),
        )
        for finding in own
        if finding.flip_count is not None and finding.flip_text is not None
    ]
    columns = (
        Column(say("Group")),
        Column(say("Contrast")),
        Column(say("Status")),
        Column(say("Changed decisions"), numeric=True),
        Column(say("What would change")),
    )
    note = say(
        "The fewest decisions, all in the group or all in the reference, that, had they gone the other way, would give "
        "another status; the reference and the other p-values of the family stay what they are. A finding that one or "
        "two decisions change rests on very few people, whatever its p-value: courts have asked whether two more "
        "selected persons would undo it (Waisome v. Port Authority, 948 F.2d 1370; United States v. Virginia, "
        "569 F.2d 1300)."
    )
    return table(say("What it takes to change a finding"), columns, rows, note)


def _sensitivity(look: Lookup, own: list[Finding]) -> tuple[Block, ...]:
    tests = unique(test for finding in own for test in finding.sensitivity)
    rows = [
        (
            Cell(finding.group, f"{versus(finding)}{_where(look, finding)}"),
            Cell(heading(finding.metric)),
            Cell(p_value(finding.p), retold(finding.test)),
            *(Cell(p_value(finding.sensitivity.get(test))) for test in tests),
        )
        for finding in own
        if finding.sensitivity
    ]
    columns = (
        Column(say("Group")),
        Column(say("Contrast")),
        Column(say("Primary test"), numeric=True),
        *(Column(retold(test.replace("_", " ")), numeric=True) for test in tests),
    )
    note = say("Only the primary test sets a status, never the best of several.")
    return table(say("p-values of other tests"), columns, rows, note)


def _where(look: Lookup, finding: Finding) -> str:
    return f", {cutoff_text(look.result, finding.cutoff)}" if needs_decision(finding.metric) else ""
