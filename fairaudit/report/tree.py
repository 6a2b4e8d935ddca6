"""The report as a tree of plain parts: one tree, rendered as HTML and as Markdown.

The order is fixed: what was audited, what was not tested and who never reached the file, then the findings,
then one section a question, then what a reader checks last. Nothing is computed here: every number is in
the result's records.
"""

from __future__ import annotations

from ..result import Result
from ..translations import spoken
from .background import glossary_section, ledger_section, made_with, methods_section, policy_section, provenance_section
from .calibration import calibration_section
from .crosswalk import crosswalk_section
from .cutoffs import cutoff_section
from .direct_use import direct_use_section
from .explanation import explanation_sections
from .groups import crossings_section, outcomes_section, scores_section, selection_section
from .impact import impact_section
from .lookup import Lookup
from .nodes import Report
from .overview import audit_title, findings, limits, opening
from .profit import profit_section
from .questions import question_sections
from .sharing import sharing_section
from .step_zero import step_zero_section


def report_tree(result: Result) -> Report:
    """Return the report of a result, before it is put into any format.

    Parameters
    ----------
    result
        What an audit found.
    """
    with spoken(result.language):
        return _tree(result)


def _tree(result: Result) -> Report:
    look = Lookup.of(result)
    sections = (
        limits(result),
        step_zero_section(result),
        *sharing_section(result),
        *direct_use_section(result),
        findings(look),
        *impact_section(look),
        *selection_section(look),
        *outcomes_section(look),
        *scores_section(look),
        *calibration_section(result),
        *cutoff_section(look),
        *crossings_section(look),
        *question_sections(result),
        *profit_section(result),
        *explanation_sections(result),
        ledger_section(result),
        methods_section(result),
        policy_section(result),
        glossary_section(result),
        provenance_section(result),
    )
    sections = (*sections, crosswalk_section(result, sections))
    return Report(audit_title(result), opening(result), sections, made_with(result))
