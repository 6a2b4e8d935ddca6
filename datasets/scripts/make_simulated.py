"""Make simulated_*/: a sample of simulated people of each scoring system, with its datasheet.

Run: python datasets/scripts/make_simulated.py

Each is what `fairaudit simulate` writes with the knobs below, scores and truths rounded to two decimals.
"""

from __future__ import annotations

import gzip
import hashlib
from pathlib import Path

from fairaudit.systems.point_system import PointSystem
from fairaudit.systems.populations.simulating import simulate
from fairaudit.systems.populations.world import World

FOLDER = Path(__file__).resolve().parent.parent
PEOPLE = 3_000
SEED = 2026
WORLDS = {
    "suining": {"years": 10, "detection_gap": 0.2, "false_accusation": 0.03, "appeal": 0.3},
    "national": {"years": 6, "detection_gap": 0.1, "reporting": 0.1, "linkage_error": 0.1, "network": 0.1},
    "sesame": {"behavior_difference": 0.2, "network": 0.3, "coverage_gap": 0.1},
    "fico": {"thin_files": 0.4, "coverage_gap": 0.1},
    "schufa": {"detection_gap": 0.2, "thin_files": 0.3, "labels": 0.05},
    "peer": {"years": 5, "detection_gap": 0.2, "network": 0.4, "feedback": 0.5},
}
"""The knobs of each world; the group is people registered as rural."""

TITLES = {
    "suining": "a county's points for residents",
    "national": "the national plan as the account describes it",
    "sesame": "a company's score of its users",
    "fico": "a score of the FICO kind, a counterfactual for China",
    "schufa": "a score of twelve public criteria",
    "peer": "everyone rates everyone, fictional",
}
SHEET = """# simulated_{system}: {people:,} simulated people, scored by `{system}`

**Simulation: a model of a scoring system for study; nobody's real score.** {title_up}. No row is a person.

| file | rows | sha256 |
| --- | --- | --- |
| people.csv.gz | {people:,} | {sha256} |

- **Origin.** Made by `../scripts/make_simulated.py`; the same rows, not rounded, come from
  `{command}`.
- **Licence.** Apache-2.0.
- **World.** {knobs}.
  The group is people registered as rural; every other knob is at its default. All shares and rates are stylised.

**Columns.** Circumstances (`sex`, `age`, `ethnicity`, `registration`, `region`, `education`, `income`, `family`);
`acts` (what was done), `records` (what is on file), `outcome` (the truth), `outcome_recorded` (with wrong labels); the
inputs, where the system weights any; `score`; `score_equal` (the same person without any mechanism) and
`score_without_...` (without one); `consequence_...`; `years_in_worst_band`, `worst_band_year_before`; `band`, or why
there is no score.{incomes}
**Roles.** Score `score`, higher is better. Outcome `outcome`, `bad` is bad. Attributes `registration`, `sex`,
`ethnicity`, `region`. What a mechanism did is the mean of `score` less `score_without_...`; see docs/systems.md.

**Known problems.** Small: rare bands and crossings have few people. Circumstances are drawn from shares that were made
up, so no share, mean or disparity here says anything about people anywhere. No real file has `acts`, `outcome` or the
counterfactuals.
"""
INCOMES = """
`income` is without the system, `income_last_year` with what feedback took of it, `income_last_year_without_...` with
what it took where a mechanism was off."""


def text(system: str) -> str:
    """Return a sample as CSV."""
    made = simulate(PointSystem.load(system), PEOPLE, world=World(**WORLDS[system]), seed=SEED)
    people = made.people.drop(columns="stamp")
    scores = [name for name in people if name.startswith("score")]
    return people.round(dict.fromkeys(scores, 2)).to_csv(index=False, lineterminator="\n")


def command(system: str) -> str:
    """Return the command that makes the same people."""
    knobs = " ".join(f"--{name.replace('_', '-')} {value}" for name, value in WORLDS[system].items())
    return f"fairaudit simulate {system} --people {PEOPLE} --seed {SEED} {knobs} --out people.parquet"


def sheet(system: str, sha256: str) -> str:
    """Return the datasheet of a sample."""
    knobs = ", ".join(f"`{name}` {value}" for name, value in WORLDS[system].items())
    title = TITLES[system]
    return SHEET.format(system=system, people=PEOPLE, title_up=title[0].upper() + title[1:], sha256=sha256,
                        command=command(system), knobs=knobs,
                        incomes=INCOMES if "feedback" in WORLDS[system] else "")  # fmt: skip


if __name__ == "__main__":
    for name in WORLDS:
        folder = FOLDER / f"simulated_{name}"
        folder.mkdir(exist_ok=True)
        packed = gzip.compress(text(name).encode(), 9, mtime=0)
        (folder / "people.csv.gz").write_bytes(packed)
        (folder / "README.md").write_text(sheet(name, hashlib.sha256(packed).hexdigest()), encoding="utf-8")
