"""The questions an audit asks beyond rates and contrasts, one module a question: counts become measurements.

``distributions`` how do the scores differ? · ``calibration`` does the same score mean the same risk? ·
``strata`` does it remain among comparable people? · ``summaries`` over all groups at once · ``bounds`` what
the data cannot tell · ``profit`` what does each parity cost? ·
``classes`` who is put into which class?
"""

from __future__ import annotations

from collections.abc import Sequence

from ..measuring import Grouping
from ..result import Measurement
from . import bounds, calibration, classes, distributions, profit, strata, summaries
from .common import Asking

QUESTIONS = (distributions, calibration, strata, summaries, bounds, profit, classes)


def ask_all(groupings: Sequence[Grouping], asking: Asking) -> list[Measurement]:
    """Return the measurements of every question, in the order of the questions."""
    return [record for question in QUESTIONS for record in question.ask(groupings, asking)]
