"""A small system of events and one of weights, as text to change."""

import pytest

from fairaudit.systems.point_system import PointSystem

EVENTS = """\
id: club
kind: events
title: A club
summary: Points for members.
people: members
higher_is: better
start: {value: 10, tag: stylised}
cap: {value: 20, tag: stylised}
floor: {value: 0, tag: stylised}
contexts: [reading, library, evenings]
events:
  - {id: read, says: read a book, points: 4, area: a, context: reading, tag: stylised}
  - {id: late, says: was late, points: -3, area: a, context: library, gravity: 1, tag: stylised}
  - {id: lost, says: lost a book, points: -2, area: a, context: library, gravity: 3, tag: stylised}
bands:
  - {name: high, at_least: 12, tag: stylised}
  - {name: low, tag: stylised}
consequences:
  - {id: out, says: sent out, kind: punishment, context: evenings, severity: 2, bands: [low], tag: stylised}
  - {id: fee, says: pays a fee, kind: punishment, context: library, severity: 1, events: [lost], tag: stylised}
"""
WEIGHTED = """\
id: mix
kind: weighted
title: A mix
summary: Two numbers.
people: anyone
higher_is: better
range: {lowest: 100, highest: 200, tag: stylised}
contexts: [money]
inputs:
  - {id: income, says: income, area: a, context: money, weight: 3, worst: 0, best: 30, tag: stylised}
  - {id: debt, says: debt, area: a, context: money, weight: 1, worst: 10, best: 0, missing: 0.5, tag: stylised}
unscored:
  - {name: no file, column: files, below: 1, tag: stylised}
bands:
  - {name: high, at_least: 150, tag: stylised}
  - {name: low, tag: stylised}
consequences:
  - {id: no-loan, says: no loan, kind: punishment, context: money, severity: 3, bands: [low], tag: stylised}
"""


@pytest.fixture
def written(tmp_path):
    def write(text):
        path = tmp_path / "mine.yaml"
        path.write_text(text, encoding="utf-8")
        return path

    return write


@pytest.fixture
def club(written):
    """Load the club with replacements in its text."""

    def load(**changes):
        text = EVENTS
        for old, new in changes.get("swap", ()):
            assert old in text
            text = text.replace(old, new)
        return PointSystem.load(written(text))

    return load
