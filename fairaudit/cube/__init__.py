"""Counts of people: the one thing that every population statistic is computed from.

``axes`` what the counts are over · ``cube`` the counts, merging and collapsing · ``confusion`` decisions
against outcomes, at one cut-off or at all · ``from_counts`` columns of labels and scores to counts ·
``publish`` suppression of small groups · ``io`` the cube file.
"""

from .axes import Axes, DecisionLevel, Dimension, ScoreAxis
from .confusion import Confusion, ScoreTable, Tally
from .cube import Cube

__all__ = ["Axes", "Confusion", "Cube", "DecisionLevel", "Dimension", "ScoreAxis", "ScoreTable", "Tally"]
