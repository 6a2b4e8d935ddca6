"""``recourse(...)``: the cheapest declared change of a person's features that reaches the cut-off."""

from __future__ import annotations

import time
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..data.tables import read_rows
from ..errors import DataContractError, SchemaError
from ..models.columns import matched
from ..models.scorer import Scorer
from ..models.scorers import scorer_of
from ..schema.labels import is_missing, label
from .action_values import Offer, Variable, offers_of, variables_of
from .actions import Actions
from .reading import finite_cutoff
from .recourse_milp import Cut, Program, exactly, not_all_of
from .recourse_problem import problem_of, relations_of
from .recourse_record import Answer, Certificate, Change, Claim, Recourse, Status
from .recourse_search import search
from .rules import Rule
from .score_structure import NotReadableError, Structure, changed, structure_of
from .trees import Floats, Integers

if TYPE_CHECKING:
    import pandas as pd

MOST_LEAVES = 20_000
"""Trees with more leaves that a person can still reach are searched and not solved."""
MOST_REFUSED = 50
"""So many answers of the solver may be refused by the model itself before nothing more is proven."""
TOGETHER = 256
"""People whose problems are held at once."""
NOBODY = "no declared value differs from the person's own"


def recourse(
    model: Any,
    row: Any,
    *,
    actions: Actions | Mapping[str, Any] | str | Path | None = None,
    cutoff: float,
    data: Any = None,
    answers: int = 3,
    groups: Sequence[str] = (),
    policy: Any = "us-fair-lending",
    time_limit: float = 30.0,
    rng: int = 0,
) -> Recourse:
    """Return the cheapest change of features that reaches the cut-off, and others that change other features.

    Scorecards, linear and logistic models and trees, also behind preprocessing column by column, are solved exactly:
    the first answer is proven the cheapest of all that the declared values allow, and where there is none, that is
    proven. Any other score is searched, and the answer says so.

    Parameters
    ----------
    model
        A scorecard (its score is in points), what ``train`` returned (a scorecard's points, else the probability of
        the good outcome), what ``wrap`` returned, or any other scorer.
    row
        The person: a mapping of columns to values, a pandas Series, or a table of one row. Columns that the model
        does not use are there for the rules.
    actions
        What may change: an :class:`Actions`, a mapping as in :meth:`Actions.of`, or the path of a YAML file. What is
        not declared stays as it is.
    cutoff
        In units of the score; the favorable side holds the cut-off itself.
    data
        Rows that ranges, steps and costs in percentiles are taken from, such as all applicants.
    answers
        The most answers. Each later one leaves at least one feature of every earlier one as it is.
    groups
        Names of columns that are declared groups: no change of them is proposed.
    policy
        Its list of prohibited bases: no change of them is proposed, unless a declaration says so on purpose.
    time_limit
        Seconds for the solver, over all answers.
    rng
        Seed of the search, where the score is a black box.

    Returns
    -------
    Recourse

    Raises
    ------
    SchemaError, ColumnNotFoundError, DataContractError
        If actions are missing or do not fit the columns, or the person's own row breaks a rule.
    ProhibitedBasisError
        If a change of a prohibited basis is declared.
    ExplanationError
        If nobody said which side of the model's score is better.

    Notes
    -----
    Ustun, Spangher and Liu (2019), Actionable Recourse in Linear Classification; Mišić (2020), Optimization of tree
    ensembles. What is proven is about the model and the declared actions only: it is no promise that a person can
    do it, that the model stays the same, or that the change is good for anything but the score.

    Examples
    --------
    >>> import fairaudit as fa
    >>> scorer = fa.wrap(lambda rows: 10 * rows["years"] + rows["savings"], higher_is="better",
    ...                  feature_names=["years", "savings"])
    >>> found = recourse(scorer, {"years": 2, "savings": 15}, cutoff=50, actions={
    ...     "years": {"change": "up", "step": 1, "between": [0, 10], "cost": 1},
    ...     "savings": {"change": "up", "step": 5, "between": [0, 100], "cost": 0.15}})
    >>> found.sentences()
    ('Raise years from 2 to 3.', 'Raise savings from 15 to 20.', \
'With these changes, and everything else as it is, the score would be 50; 50 or more is needed.')
    """
    declared = declared_actions(actions)
    scorer = scorer_of(model)
    whole = None if data is None else read_rows(data).rows
    one = _one_row(row, whole)
    check_cutoff(cutoff, scorer)
    if isinstance(answers, bool) or answers < 1 or answers != int(answers):
        message = f"answers is a whole number from 1 on, got {answers!r}."
        raise SchemaError(message)
    declared.refuse_prohibited(groups, policy)
    offers = offers_for(scorer, declared, one, whole)
    broken = broken_rule(declared, one.iloc[0].to_dict())
    if broken is not None:
        message = (
            f"The person's own row breaks the rule '{broken.text}', so nobody can say what may be changed from there. "
            "Mend the row, or leave out the rule."
        )
        raise DataContractError(message)
    found = seek(scorer, one, cutoff, declared, offers, answers=int(answers), time_limit=time_limit, rng=rng)[0]
    # What cannot change because it is missing is noted already.
    odd = [
        text for name, text in _oddities(scorer, one) if not any(note.startswith(f"{name} ") for note in found.notes)
    ]
    return replace(found, notes=(*found.notes, *odd))


def _oddities(scorer: Scorer, row: pd.DataFrame) -> list[tuple[str, str]]:
    """Return what the score makes of a row that holds nothing, or nothing known, where it reads a value, by feature."""
    missing = [name for name in scorer.feature_names if name in row.columns and is_missing(row[name].iloc[0])]
    told = [(name, f"{name} is missing: the score stands as the model treats a missing value") for name in missing]
    check = getattr(scorer, "check", None)
    issues = check(row) if callable(check) else ()
    return [*told, *((str(one.column), f"{one.message.rstrip('.')}: {one.action}") for one in issues)]


def declared_actions(actions: Any) -> Actions:
    """Return the actions of a mapping or a file; there is no default, because nobody can guess them."""
    if actions is None:
        message = (
            "Nobody has said what may be changed, and it is never guessed. Give actions= such as {'savings': 'up', "
            "'amount': {'change': 'down', 'step': 100}}; fa.Actions.draft(rows) makes a first draft to edit."
        )
        raise SchemaError(message)
    return Actions.read(actions) if isinstance(actions, (str, Path)) else Actions.of(actions)


def check_cutoff(cutoff: Any, scorer: Scorer) -> None:
    """Refuse a cut-off that is no finite number, or that no score in these units can be held against."""
    given = finite_cutoff(cutoff)
    if scorer.units == "probability" and not 0 <= given <= 1:
        message = (
            f"The score is a probability, from 0 to 1, and the cut-off is {given:g}. Give it in the same units, or "
            "wrap the model in points: fa.wrap(model, good=..., scale=fa.PointsScale())."
        )
        raise SchemaError(message)


def offers_for(scorer: Scorer, actions: Actions, rows: pd.DataFrame, data: pd.DataFrame | None) -> list[Offer]:
    """Return the offers of the declared actions, once the columns are known to fit."""
    matched(rows, scorer.feature_names)
    return offers_of(actions, scorer.feature_names, list(rows.columns), rows if data is None else data,
                     known=data is not None)  # fmt: skip


def broken_rule(actions: Actions, row: Mapping[Any, Any]) -> Rule | None:
    """Return the first rule that a row breaks as it stands."""
    for rule in actions.rules:
        values = {}
        for name, _ in rule.terms:
            try:
                values[name] = float("nan") if is_missing(row[name]) else float(row[name])
            except (TypeError, ValueError):
                message = f"The rule '{rule.text}' needs numbers in '{name}', which holds {label(row[name])!r}."
                raise SchemaError(message) from None
        if not rule.holds(values):
            return rule
    return None


def _one_row(row: Any, data: pd.DataFrame | None) -> pd.DataFrame:
    import pandas as pd

    if isinstance(row, pd.Series):
        row = row.to_dict()
    if isinstance(row, Mapping):
        row = {name: value[0] if isinstance(value, list) and len(value) == 1 else value for name, value in row.items()}
        made = pd.DataFrame({str(name): [value] for name, value in row.items()})
    else:
        made = read_rows(row).rows
    if len(made) != 1:
        message = f"recourse is for one person; got {len(made):,} rows. fa.recourse_gap takes many."
        raise SchemaError(message)
    made = made.reset_index(drop=True)
    if data is not None:
        for name in made.columns.intersection(data.columns):
            if made[name].dtype != data[name].dtype:
                try:
                    made[name] = made[name].astype(data[name].dtype)
                except (TypeError, ValueError):
                    continue  # the value says more than the type: an option outside it is refused by the model
    return made


@dataclass(frozen=True, slots=True)
class _Person:
    place: int
    row: pd.DataFrame
    values: Mapping[Any, Any]
    score: float
    variables: tuple[Variable, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Question:
    """What is the same for everybody."""

    scorer: Scorer
    cutoff: float
    actions: Actions
    answers: int
    time_limit: float
    rng: int

    def reaches(self, scores: Any) -> Any:
        return scores >= self.cutoff if self.scorer.higher_is == "better" else scores <= self.cutoff


def seek(
    scorer: Scorer,
    rows: pd.DataFrame,
    cutoff: float,
    actions: Actions,
    offers: Sequence[Offer],
    *,
    answers: int,
    time_limit: float,
    rng: int,
) -> list[Recourse]:
    """Return the recourse of each row; the score is read once for all of them. No row breaks a rule."""
    question = _Question(scorer, float(cutoff), actions, answers, time_limit, rng)
    scores = scorer.score(rows)
    people, made = [], {}
    for place, values in enumerate(rows.to_dict("records")):
        if question.reaches(scores[place]):
            made[place] = _record(
                question, float(scores[place]), "already reached", (), _certificate("the score itself", exact=True), ()
            )
            continue
        variables, notes = variables_of(offers, actions, values)
        row = rows.iloc[place : place + 1].reset_index(drop=True)
        people.append(_Person(place, row, values, float(scores[place]), variables, notes))
    free = [person for person in people if person.variables]
    for start in range(0, len(free), TOGETHER):
        some = free[start : start + TOGETHER]
        structure, indices, why = _structure(question, rows, some)
        if structure is None:
            made.update({person.place: _searched(question, person, why) for person in some})
        else:
            work = [_solving(question, structure, at, indices[at], person) for at, person in enumerate(some)]
            made.update({person.place: one for person, one in zip(some, _together(question, some, work), strict=True)})
    for person in people:
        if not person.variables:
            proof = _certificate(NOBODY, exact=True, best=person.score)
            made[person.place] = _record(question, person.score, "none exists", (), proof, person.notes)
    return [made[place] for place in range(len(rows))]


def _structure(
    question: _Question, rows: pd.DataFrame, people: Sequence[_Person]
) -> tuple[Structure | None, list[list[dict[str, Integers]]], str]:
    """Read the score over all values that the people's features may take; where that fails, say why."""
    features = list(question.scorer.feature_names)
    values: dict[str, dict[Any, tuple[int, Any]]] = {}
    indices = []
    for person in people:
        mine = []
        for variable in person.variables:
            where = {}
            for name, options in zip(variable.features, variable.values, strict=True):
                if name in features:
                    known = values.setdefault(name, {})
                    where[name] = np.array(
                        [known.setdefault(_key(value), (len(known), value))[0] for value in options], dtype=np.int64
                    )
            mine.append(where)
        indices.append(mine)
    if not people:
        return None, indices, ""
    own = rows[features].iloc[[person.place for person in people]].reset_index(drop=True)
    tried = {name: [value for _, value in known.values()] for name, known in values.items()}
    try:
        draw = np.random.default_rng(question.rng)
        return structure_of(question.scorer, own, tried, question.cutoff, draw), indices, ""
    except NotReadableError as error:
        return None, indices, str(error).rstrip(".")


def _key(value: Any) -> Any:
    return None if is_missing(value) else value


Solving = Generator[dict[str, Any], float, Recourse]
"""One person's work: yields changed values, is sent the model's own score of them, and returns the recourse."""


def _together(question: _Question, people: Sequence[_Person], work: Sequence[Solving]) -> list[Recourse]:
    """Run everybody's work side by side, so that the model scores many rows at once: a call for one costs as much."""
    import pandas as pd

    made: dict[int, Recourse] = {}
    asked: dict[int, dict[str, Any]] = {}
    scores: dict[int, float | None] = dict.fromkeys(range(len(work)))
    while scores:
        asked = {}
        for at, score in scores.items():
            try:
                asked[at] = work[at].send(score)  # type: ignore[arg-type]
            except StopIteration as done:
                made[at] = done.value
        if not asked:
            break
        rows = pd.concat([people[at].row for at in asked], ignore_index=True)
        names = dict.fromkeys(name for values in asked.values() for name in values)
        columns = {name: [asked[at].get(name, people[at].values[name]) for at in asked] for name in names}
        scores = dict(zip(asked, question.scorer.score(changed(rows, columns)).tolist(), strict=True))
    return [made[at] for at in range(len(work))]


def _solving(
    question: _Question, structure: Structure, place: int, indices: Sequence[Mapping[str, Integers]], person: _Person
) -> Solving:
    """Solve one person's problem exactly, as far as the time goes."""
    actions = question.actions
    problem = problem_of(
        structure, place, person.variables, indices, actions.rules, person.values, actions.most_changes
    )
    if problem.leaves > MOST_LEAVES:
        why = f"more than {MOST_LEAVES:,} leaves can be reached, too many to be solved"
        return _searched(question, person, why)
    program = Program(problem)
    left = question.time_limit
    cuts: list[Cut] = []
    answers: list[Answer] = []
    refused, ended, said = 0, "", ""
    while len(answers) < question.answers and not ended:
        start = time.monotonic()
        solved = program.cheapest(cuts, left)
        left -= time.monotonic() - start
        said = solved.said
        if solved.chosen is None:
            ended = "none" if solved.status == "infeasible" else "time"
            break
        values = program.values(solved.chosen)
        score = yield values
        if not question.reaches(score) or broken_rule(actions, {**person.values, **values}) is not None:
            cuts.append(exactly(solved.chosen))
            refused += 1
            ended = "refused" if refused > MOST_REFUSED or solved.status == "limit" else ""
            continue
        claim: Claim = "cheapest, proven" if solved.status == "optimal" else "best found, not proven"
        options = {at: int(problem.kept[at][place]) for at, place in enumerate(solved.chosen.tolist()) if place}
        answers.append(_answer(person, options, score, claim, solved.bound))
        cuts.append(not_all_of(program.changed(solved.chosen)))
        ended = "time" if solved.status == "limit" else ""
    how = f"exact, {structure.kind}: mixed-integer program, HiGHS"
    if answers:
        proof = _certificate(how, exact=True, solver=said, refused=refused, exhausted=ended == "none")
        return _record(question, person.score, "found", answers, proof, person.notes)
    if ended != "none":
        words = "the solver ran out of time" if ended == "time" else "the model refused the solver's answers"
        return _searched(question, person, words, undecided=True)
    best = program.best(max(left, 1.0))
    score_of_best = None
    if best.chosen is not None and best.status == "optimal":
        score_of_best = yield program.values(best.chosen)
    proof = _certificate(how, exact=True, solver=said, best=score_of_best, refused=refused, exhausted=True)
    return _record(question, person.score, "none exists", (), proof, person.notes)


def _searched(question: _Question, person: _Person, why: str, *, undecided: bool = False) -> Recourse:
    sign = 1.0 if question.scorer.higher_is == "better" else -1.0
    relations = relations_of(question.actions.rules, person.variables, person.values)
    table = [
        (name, np.array([*options, None], dtype=object)[:-1], at)
        for at, variable in enumerate(person.variables)
        for name, options in zip(variable.features, variable.values, strict=True)
    ]

    def merit(states: Integers) -> Floats:
        import pandas as pd

        many = pd.concat([person.row] * len(states), ignore_index=True)
        return sign * question.scorer.score(
            changed(many, {name: values[states[:, at]].tolist() for name, values, at in table})
        )

    avoid: list[frozenset[int]] = []
    answers: list[Answer] = []
    draw = np.random.default_rng([question.rng, person.place])
    most = question.actions.most_changes
    while len(answers) < question.answers:
        found = search(person.variables, relations, merit, sign * question.cutoff, most, avoid, draw)
        if found is None:
            break
        options = {at: option for at, option in enumerate(found.chosen.tolist()) if option}
        answers.append(_answer(person, options, sign * found.score, "searched, not proven", None))
        avoid.append(frozenset(options))
    answers.sort(key=lambda answer: answer.cost)
    how = f"beam search over the declared values, seed {question.rng}, because {why}; nothing is proven"
    status: Status = "found" if answers else "undecided" if undecided else "none found"
    return _record(question, person.score, status, answers, _certificate(how), person.notes)


def _answer(person: _Person, options: Mapping[int, int], score: float, claim: Claim, bound: float | None) -> Answer:
    changes = []
    for at, option in options.items():
        variable = person.variables[at]
        cost = float(variable.costs[option])
        for name, values in zip(variable.features, variable.values, strict=True):
            leads = name == variable.name
            changes.append(
                Change(name, values[0], values[option], cost if leads else 0.0, None if leads else variable.name)
            )
    total = sum(change.cost for change in changes)
    # The bound is the solver's, to its own tolerance; of a proven answer it is the cost itself.
    known = bound if bound is None or claim == "best found, not proven" else total
    return Answer(tuple(changes), total, score, claim, None if known is None else max(0.0, min(known, total)))


def _certificate(
    method: str, *, exact: bool = False, solver: str = "", best: float | None = None, refused: int = 0,
    exhausted: bool = False,
) -> Certificate:  # fmt: skip
    return Certificate(method, exact, solver, best, refused, exhausted)


def _record(
    question: _Question,
    score: float,
    status: Status,
    answers: Sequence[Answer],
    certificate: Certificate,
    notes: tuple[str, ...],
) -> Recourse:
    return Recourse(
        status=status,
        answers=tuple(answers),
        score=score,
        cutoff=question.cutoff,
        units=question.scorer.units,
        higher_is=question.scorer.higher_is,
        certificate=certificate,
        notes=notes,
    )
