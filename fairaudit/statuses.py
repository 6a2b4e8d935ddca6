"""What the four statuses of a finding are called, in words."""

from __future__ import annotations

from .translations import marked

STATUS_LABELS: dict[str, str] = {
    "flag": marked("Flagged"),
    "within_line": marked("Within the line"),
    "insufficient": marked("Insufficient evidence"),
    "info": marked("For information"),
}
"""The short word of each status, as tables print it."""
STATUS_MEANINGS: dict[str, str] = {
    "flag": marked("past the policy's line, and more than chance"),
    "within_line": marked("the evidence excludes the policy's line"),
    "insufficient": marked("we cannot tell"),
    "info": marked("no line applies"),
}
STATUS_WORDS: dict[str, str] = {
    status: f"{label}: {STATUS_MEANINGS[status]}" for status, label in STATUS_LABELS.items()
}
