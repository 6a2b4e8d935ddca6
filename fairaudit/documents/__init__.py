"""Documents beside the report: forms that rules ask for, filled from an audit, with the gaps marked.

``writing`` a document as a tree, HTML or Markdown · ``filling`` what an audit can answer. What is asked for, with
sources and dates, is data in ``policy/required``.
"""

from ..policy.required import DOCUMENTS as DOCUMENTS
