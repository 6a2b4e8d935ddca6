"""Documents beside the report: forms that rules ask for, filled from an audit, with the gaps marked.

``writing`` a document as a tree, HTML or Markdown · ``filling`` what an audit can answer · ``templates/`` the headings
and what is asked for, with sources and dates.
"""

DOCUMENTS = ("model-risk", "ai-act-annex-iv", "fundamental-rights", "ll144-summary")
"""The documents that there are."""
