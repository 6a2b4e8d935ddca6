"""Make fico_2003/counts.csv: people by score, race and outcome, from the published percentages.

Run: python datasets/scripts/make_fico_counts.py

People of a race at a score = people of that race x (cdf at the score - cdf at the score before); of them,
performance percent are bad and the rest good. These are fractions of people. They are rounded in cascade:
within a race and an outcome the running total, from the lowest score up, is rounded to the nearest whole
person (halves up), and a cell is the difference of two rounded running totals. So no cell is negative, every
race adds up to its published total, and the number of good or bad people below any cut-off is at most one
person away from the published percentages: no rate at any cut-off suffers from the rounding. (Rounding the
cells one by one, or by the largest remainder, lets those errors add up along the score.)

Everything is computed in exact fractions, so the bytes are the same on every machine.
"""

from __future__ import annotations

import csv
import math
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

FOLDER = Path(__file__).resolve().parent.parent / "fico_2003"
RACES = {"White": "Non- Hispanic white", "Black": "Black", "Hispanic": "Hispanic", "Asian": "Asian"}


def cascade(fractions: Iterable[Fraction], total: int) -> list[int]:
    """Round fractions to whole people whose running totals stay within half a person, up to the total."""
    running = [Fraction(0)]
    for fraction in fractions:
        running.append(running[-1] + fraction)
    whole = [math.floor(value + Fraction(1, 2)) for value in running]
    whole[-1] = total
    return [after - before for before, after in pairwise(whole)]


def people(total: int, cdf: Sequence[str], bad_percent: Sequence[str]) -> tuple[list[int], list[int]]:
    """Return whole good and bad people at each score of one race.

    ``cdf`` is the percent at or below each score, ``bad_percent`` the percent bad at the score, as printed.
    """
    below = [Fraction(0), *(Fraction(value) for value in cdf)]
    at_score = [total * (after - before) / 100 for before, after in pairwise(below)]
    bad = [n * Fraction(percent) / 100 for n, percent in zip(at_score, bad_percent, strict=True)]
    good = [n - b for n, b in zip(at_score, bad, strict=True)]
    total_bad = math.floor(sum(bad) + Fraction(1, 2))
    return cascade(good, total - total_bad), cascade(bad, total_bad)


def table(name: str) -> list[dict[str, str]]:
    """Read one of the published files."""
    with (FOLDER / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def counts() -> Iterator[tuple[str, str, str, int]]:
    """Yield score, race, outcome and people; cells without people are left out."""
    cdf = table("transrisk_cdf_by_race_ssa.csv")
    performance = table("transrisk_performance_by_race_ssa.csv")
    totals = table("totals.csv")[0]
    scores = [row["Score"] for row in cdf]
    if scores != [row["Score"] for row in performance]:
        message = "The two published files do not list the same scores."
        raise SystemExit(message)
    for race, column in RACES.items():
        good, bad = people(int(totals[column]), [row[column] for row in cdf], [row[column] for row in performance])
        for score, n_good, n_bad in zip(scores, good, bad, strict=True):
            for outcome, n in (("good", n_good), ("bad", n_bad)):
                if n:
                    yield score, race, outcome, n


def text() -> str:
    """Return counts.csv as text."""
    rows = [",".join(str(value) for value in row) for row in counts()]
    return "\n".join(["score,race,outcome,n", *rows]) + "\n"


if __name__ == "__main__":
    (FOLDER / "counts.csv").write_bytes(text().encode())
