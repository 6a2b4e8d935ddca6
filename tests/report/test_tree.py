import dataclasses
import re

import pytest

from fairaudit.metrics import CONTRASTS
from fairaudit.report import report_tree
from fairaudit.report.cutoffs import CUTOFFS_SHOWN
from fairaudit.report.lookup import representative
from fairaudit.report.nodes import Details, Items, Paragraph, Table

VERDICTS = re.compile(r"\b(fair|unfair|pass(es|ed)?|fail(s|ed)?|legal|illegal|compliant)\b", re.IGNORECASE)


def _blocks(blocks):
    for block in blocks:
        yield block
        if isinstance(block, Details):
            yield from _blocks(block.blocks)


def _sections(sections):
    for section in sections:
        yield section
        yield from _sections(section.sections)


def _all_blocks(report):
    yield from _blocks(report.lead)
    for section in _sections(report.sections):
        yield from _blocks(section.blocks)


def _texts(report):
    yield report.title
    yield from (section.heading for section in _sections(report.sections))
    for block in _all_blocks(report):
        if isinstance(block, Paragraph):
            yield block.text
        elif isinstance(block, Items):
            yield from (f"{item.term}: {item.text}" for item in block.items)
        elif isinstance(block, Table):
            yield from (block.caption, block.note, *(column.heading for column in block.columns))
            yield from (f"{cell.text} {cell.detail}" for row in block.rows for cell in row)


def _section(report, name):
    return next(section for section in _sections(report.sections) if section.id == name)


def _tables(section):
    return [block for block in _blocks(section.blocks) if isinstance(block, Table)]


@pytest.fixture(scope="module")
def report(sample):
    return report_tree(sample)


def test_what_was_not_tested_stands_before_the_findings(report):
    assert [section.id for section in report.sections] == [
        "limits", "step-zero", "findings", "selection", "outcomes", "scores", "cutoffs", "crossings", "data", "methods",
        "policy", "glossary", "provenance", "crosswalk",
    ]  # fmt: skip


def test_the_lead_says_what_was_audited_and_spells_out_the_cut_offs(report, sample):
    lead, facts = report.lead
    assert lead.text.startswith("7,568 people from loans.csv, audited by race, sex and race × sex")
    assert "us-fair-lending, version 1.0; status: convention; jurisdiction: United States" in lead.text
    cutoffs = [item.text for item in facts.items if item.term == "Cut-off"]
    assert cutoffs == [
        "approved: score >= 620; 312 people exactly at it (in production)",
        "approved: score >= 660; 1 person exactly at it (for comparison)",
    ]
    assert facts.items[0].text == sample.schema.decision_text


def test_the_limits_name_who_is_not_in_the_numbers(report):
    limits = _section(report, "limits")
    text = " ".join(item.text for block in limits.blocks if isinstance(block, Items) for item in block.items)
    assert "35 of 7,603 rows. score 'score' is infinite: 2; score 'score' is missing: 33." in text
    assert "The outcome of 1,727 people is not known (declined: 1,727)" in text
    assert "143 people have no race" in text
    assert "a search for a less discriminatory alternative" in text
    assert len(_tables(limits)[0].rows) == 2


def test_a_filled_block_is_no_longer_called_not_part_of_the_audit(sample):
    limits = _section(report_tree(dataclasses.replace(sample, alternatives={})), "limits")
    text = " ".join(item.text for block in limits.blocks if isinstance(block, Items) for item in block.items)
    assert "less discriminatory alternative" not in text
    assert "change over time" in text


def test_nothing_is_called_by_a_word_that_only_a_court_or_a_marketer_may_use(report, sample):
    # Titles of policies and of papers are names; they are not ours to change.
    names = [sample.policy.title, sample.policy.id, *sample.policy.sources, *(c.source for c in CONTRASTS.values())]
    for text in _texts(report):
        for name in names:
            text = text.replace(name, "")
        assert not VERDICTS.search(re.sub(r"Fairness and Machine Learning|Fair prediction.*", "", text)), text


def test_every_primary_finding_has_its_sentence_and_the_three_effects_in_one_row(report, sample):
    glance = _section(report, "findings")
    primary = [finding for finding in sample.findings if finding.family == "primary"]
    told = [item for block in glance.blocks if isinstance(block, Items) for item in block.items]
    assert {finding.sentence for finding in primary} <= {item.text for item in told}
    assert [item.status for item in told[: len(primary)]] == [
        "flag", "insufficient", "within_line", "within_line", "within_line", "info",
    ]  # fmt: skip
    key = _tables(glance)[0]
    assert [column.heading for column in key.columns[3:6]] == [
        "Adverse impact ratio", "Gap (percentage points)", "Adverse-outcome ratio",
    ]  # fmt: skip
    black = key.rows[0]
    # 742 of 1,204 against 3,905 of 4,821, from the sample's counts.
    assert [cell.text for cell in black[:6]] == ["race: Black", "1,204", "61.6%", "0.761", "−19.4", "2.020"]
    assert black[2].detail == "vs 81.0%"
    assert black[-1].status == "flag"


def test_an_effect_without_upper_bound_and_an_undefined_one_say_so(report):
    key = _tables(_section(report, "findings"))[0]
    islander = next(row for row in key.rows if row[0].text == "race: Pacific Islander")
    assert islander[5].detail.endswith("to no upper bound")
    cells = [cell for table in _tables(_section(report, "selection-1-contrasts")) for row in table.rows for cell in row]
    assert any(cell.text == "undefined" and cell.detail.startswith("nobody, or everybody") for cell in cells)


def test_an_effect_just_past_the_line_is_not_printed_as_on_it(report):
    key = _tables(_section(report, "crossings-1-contrasts"))[0]
    assert next(row for row in key.rows if row[0].text == "race × sex: Black × Female")[3].text == "0.7996"


def test_statuses_are_counted_by_family(report):
    counts = _tables(_section(report, "findings"))[1]
    assert [[cell.text for cell in row[1:3]] for row in counts.rows] == [["1", "1"], ["1", "0"], ["3", "0"], ["1", "0"]]


def test_the_reference_comes_first_and_missing_labels_last(report):
    rows = _tables(_section(report, "selection-1-rates"))[0].rows
    assert (rows[0][0].text, rows[0][0].detail) == ("White", "reference")
    assert rows[-1][0].text == "(missing)"


def test_unidentified_error_rates_are_said_in_words_and_printed_as_bounds(report):
    section = _section(report, "outcomes-1")
    assert any(isinstance(block, Paragraph) and "not identified" in block.text for block in section.blocks)
    first = next(table for table in _tables(section) if table.columns[-1].heading.startswith("True positive"))
    assert {cell.detail for row in first.rows for cell in row[2:]} == {"bounds, no estimate"}


def test_every_finding_with_a_rule_is_in_a_table_of_its_attribute(sample, report):
    for name, part in (("race", "selection-1"), ("sex", "selection-2"), ("race × sex", "crossings-1")):
        ruled = [f for f in sample.findings if f.attribute == name and (f.rule or f.metric == "adverse_impact_ratio")]
        tables = _tables(_section(report, f"{part}-contrasts"))
        statuses = [row[-1].status for table in tables for row in table.rows if row[-1].status]
        assert sorted(statuses) == sorted(finding.status for finding in ruled)


def test_the_cut_off_table_holds_the_audited_ones_and_at_most_twenty(report):
    table = _tables(_section(report, "cutoffs"))[0]
    assert len(table.rows) <= CUTOFFS_SHOWN
    assert [row[0].text for row in table.rows if row[0].detail == "audited"] == ["620", "660"]


@pytest.mark.parametrize("length", [1, 20, 21, 1000])
@pytest.mark.parametrize("keep", [set(), {0}, {5, 7, 13}, set(range(30))])
def test_representative_places_hold_what_must_be_kept(length, keep):
    keep = {place for place in keep if place < length}
    places = representative(length, keep, CUTOFFS_SHOWN)
    assert len(places) <= CUTOFFS_SHOWN
    assert places == sorted(set(places))
    assert set(sorted(keep)[:CUTOFFS_SHOWN]) <= set(places)


def test_a_result_without_findings_or_curves_still_makes_a_report(sample):
    bare = report_tree(dataclasses.replace(sample, findings=[], curves=None, rates=[], issues=[], not_run=[]))
    assert "cutoffs" not in [section.id for section in bare.sections]
    assert any("No group could be compared" in text for text in _texts(bare))


def test_the_glossary_has_each_metric_once_in_plain_words(report, sample):
    rows = _tables(_section(report, "glossary"))[0].rows
    used = {record.metric for record in sample.rates} | {finding.metric for finding in sample.findings}
    assert sorted(row[0].detail for row in rows) == sorted(used)
    ratio = next(row for row in rows if row[0].detail == "adverse_impact_ratio")
    assert ratio[1].text == CONTRASTS["adverse_impact_ratio"].plain


def test_a_metric_that_the_catalogue_lacks_is_still_shown(sample):
    strange = dataclasses.replace(sample.rates[0], metric="approval_by_moon_phase")
    made = report_tree(dataclasses.replace(sample, rates=[*sample.rates, strange]))
    assert any("Approval by moon phase" in text for text in _texts(made))


def test_each_identifier_is_used_once(report):
    names = [section.id for section in _sections(report.sections)]
    assert len(names) == len(set(names))
