"""The search: optuna asks, candidates are trained and measured on the selection split, and every number is kept."""

from __future__ import annotations

import json
import math
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import FairauditError, SchemaError
from ..inference.model_changes import Change
from ..models.extras import extra
from ..writing import write_whole
from .candidates import Candidate, Workshop, built
from .comparing import Decided, better_up, changes, cutoff_at_rate, cutoff_for
from .people import Bools, People
from .plan import Plan
from .space import candidate_of, first_of

STUDY = "alternatives"
JOURNAL, PLAN, DECISIONS, FINALISTS = "journal.log", "plan.json", "decisions", "finalists.json"
START = 16
"""Trials that are drawn at random before the optimiser learns from them."""
Progress = Callable[[int, str], None]


@dataclass(frozen=True, slots=True, eq=False)
class Tried:
    """One candidate that was trained, and its numbers on the selection split."""

    number: int
    candidate: Candidate
    cutoff: float
    """In its own units, higher is better."""
    performance: float
    disparity: float
    """Changes against the incumbent, above 0 where performance is better, and where the group gains."""
    closer: float
    """By how much the disparity is nearer to none: what the group gains past parity is taken off again."""
    errors: tuple[float, float]
    """Standard errors of the two."""
    covariance: float
    values: tuple[float, float]
    """Performance and disparity themselves."""
    selected: Bools
    """Whom it selects of the selection split."""
    seconds: float


@dataclass(frozen=True, slots=True, eq=False)
class Failed:
    """One candidate that has no numbers, and why."""

    number: int
    family: str
    why: str


@dataclass(frozen=True, slots=True, eq=False)
class Explored:
    """Everything that was tried."""

    tried: tuple[Tried, ...]
    failed: tuple[Failed, ...]
    seconds: float
    """Of this run; earlier runs of a store that was resumed took their own."""
    resumed: int
    """Candidates that a store held already."""
    versions: Mapping[str, str]


def explore(
    plan: Plan,
    shop: Workshop,
    selection: People,
    incumbent: Decided,
    *,
    store: Path | None = None,
    data: str = "",
    workers: int = 1,
    progress: Progress | None = None,
) -> Explored:
    """Search until the trials or the seconds of the plan are used up.

    Parameters
    ----------
    plan
        Families, trials, budget and seed.
    shop
        What candidates are made of.
    selection
        The people that they are measured on.
    incumbent
        Its scores and decisions of these people.
    store
        Folder that keeps the search: stopped, it goes on from there. Its plan and data must be the same.
    data
        Digest of the people.
    workers
        Candidates that are trained at a time. With more than one the order, and so what the optimiser learns from,
        is that of the machine.
    progress
        Told after each candidate: how many there are, and a line.

    Raises
    ------
    SchemaError
        If optuna is not installed, or the store holds a search of another plan or other people.
    """
    optuna = extra("optuna", "The search for alternatives")
    begun = time.monotonic()
    if store is not None:
        _check_store(store, plan, data)
    kept = _Kept(None if store is None else store / DECISIONS)
    with _quiet(optuna):
        study = _study(optuna, store)
        before = len([one for one in study.trials if one.state.is_finished()])
        study.sampler = optuna.samplers.TPESampler(seed=(plan.seed + before) % 2**32, n_startup_trials=START)
        if not study.trials:
            for start in first_of(plan, shop):
                study.enqueue_trial(start)
        left = None if plan.trials is None else max(0, plan.trials - before)
        if store is not None and fixed_finalists(store) is not None:
            _refuse_more(store, left, before)
            left = 0

        def objective(trial: Any) -> tuple[float, float]:
            candidate = candidate_of(trial, plan, shop, seed=(plan.seed + trial.number) % 2**31)
            trial.set_user_attr("candidate", {"family": candidate.family, **candidate.record()})
            try:
                made = measured(trial.number, candidate, shop, selection, incumbent, plan)
            except FairauditError as error:
                trial.set_user_attr("why", str(error))
                raise optuna.TrialPruned from None
            for name in ("cutoff", "disparity", "errors", "covariance", "values", "seconds"):
                trial.set_user_attr(name, getattr(made, name))
            kept.put(made.number, made.selected)
            return made.performance, made.closer

        def told(study: Any, trial: Any) -> None:  # noqa: ARG001 - optuna's signature
            if progress is not None:
                progress(trial.number + 1, _line(trial))

        if left != 0:
            study.optimize(objective, n_trials=left, timeout=plan.budget, n_jobs=workers, callbacks=[told],
                           catch=(ArithmeticError, ValueError))  # fmt: skip
        tried, failed = _read(study, kept, shop, selection, incumbent, plan)
    return Explored(tried, failed, time.monotonic() - begun, before, _versions())


def fixed_finalists(store: Path) -> list[int] | None:
    """Return the numbers of the finalists that a store has fixed, None before its verdict.

    Raises
    ------
    SchemaError
        If the file is not what a search wrote.
    """
    file = store / FINALISTS
    if not file.exists():
        return None
    try:
        made = json.loads(file.read_text(encoding="utf-8"))["finalists"]
    except (ValueError, KeyError, TypeError):
        made = None
    if not isinstance(made, list) or not all(isinstance(one, int) for one in made):
        message = f"{FINALISTS} of '{store}' is not what a search wrote. Search again in another folder."
        raise SchemaError(message)
    return made


def fix_finalists(store: Path, numbers: Sequence[int]) -> None:
    """Write down the finalists, before the verdict split is looked at: from here on nothing is searched any more."""
    write_whole(store / FINALISTS, json.dumps({"finalists": [*numbers]}) + "\n")


def _refuse_more(store: Path, left: int | None, before: int) -> None:
    if left:
        message = (
            f"The search in '{store}' has {before:,} candidates and its verdict, and the verdict split answers once. "
            "More candidates need people whom nobody has looked at: search them in another folder."
        )
        raise SchemaError(message)


def measured(
    number: int, candidate: Candidate, shop: Workshop, selection: People, incumbent: Decided, plan: Plan
) -> Tried:  # fmt: skip
    """Train a candidate, set its cut-off and measure it on the selection split.

    Raises
    ------
    DataContractError
        If it cannot be made or measured.
    """
    from ..errors import DataContractError

    begun = time.monotonic()
    model = built(candidate, shop)
    score = incumbent.score if candidate.family == "cutoff" else better_up(model, selection)
    cutoff = cutoff_of(score, candidate, selection, incumbent, plan)
    mine = Decided(score, score >= cutoff)
    performance, disparity = changes(selection, plan, incumbent, mine, observed=True)
    if performance.undefined or disparity.undefined:
        message = f"It cannot be compared: {performance.undefined or disparity.undefined}."
        raise DataContractError(message)
    return Tried(
        number, candidate, cutoff, performance.value, disparity.value, _closer(disparity),
        (performance.standard_error, disparity.standard_error), performance.covariance(disparity),
        (performance.candidate, disparity.candidate), mine.selected, time.monotonic() - begun,
    )  # fmt: skip


def _closer(change: Change) -> float:
    """Return by how much a contrast is nearer to no difference: a group that gains past parity is off it again."""
    levels = [math.log(one) if change.scale == "log ratio" else one for one in (change.incumbent, change.candidate)]
    return abs(levels[0]) - abs(levels[1])


def cutoff_of(
    score: NDArray[np.float64], candidate: Candidate, selection: People, incumbent: Decided, plan: Plan
) -> float:
    """Return a candidate's cut-off, fixed on the selection split: the incumbent's share selected, or its bad rate."""
    share = float(incumbent.selected.mean())
    if plan.performance == "volume_at_equal_bad_rate":
        known = selection.known
        taken = incumbent.selected & known
        rate = float((~selection.good[taken]).mean()) if taken.any() else 0.0
        return cutoff_at_rate(score[known], selection.good[known], share, rate)
    return cutoff_for(score, min(1.0, share * candidate.volume))


class _Kept:
    """Whom each candidate selects, in a folder or in memory; bits, never a pickle."""

    def __init__(self, folder: Path | None) -> None:
        self.folder, self.lock = folder, threading.Lock()
        self.memory: dict[int, Bools] = {}
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)

    def put(self, number: int, selected: Bools) -> None:
        if self.folder is None:
            with self.lock:
                self.memory[number] = selected
            return
        beside = self.folder / f".{number}.part.npy"
        np.save(beside, np.packbits(selected), allow_pickle=False)
        beside.replace(self.folder / f"{number}.npy")

    def get(self, number: int, people: int) -> Bools | None:
        if self.folder is None:
            return self.memory.get(number)
        file = self.folder / f"{number}.npy"
        if not file.is_file():
            return None
        bits = np.load(file, allow_pickle=False)
        if bits.dtype != np.uint8 or bits.ndim != 1 or len(bits) != (people + 7) // 8:
            return None
        return np.unpackbits(bits)[:people].astype(bool)


def _study(optuna: Any, store: Path | None) -> Any:
    if store is None:
        storage = optuna.storages.InMemoryStorage()
    else:
        backend = optuna.storages.journal.JournalFileBackend(str(store / JOURNAL))
        storage = optuna.storages.JournalStorage(backend)
    return optuna.create_study(
        storage=storage, study_name=STUDY, directions=["maximize", "maximize"], load_if_exists=True
    )  # fmt: skip


def _check_store(store: Path, plan: Plan, data: str) -> None:
    store.mkdir(parents=True, exist_ok=True)
    file, digest = store / PLAN, plan.digest(data)
    if not file.exists():
        strange = sorted(entry.name for entry in store.iterdir())
        if strange:
            message = f"'{store}' holds something else than a search ({strange[0]}). Give a new or an empty folder."
            raise SchemaError(message)
        write_whole(file, json.dumps({"sha256": digest, "plan": plan.record(), "data": data}, indent=1) + "\n")
        return
    try:
        there = json.loads(file.read_text(encoding="utf-8"))
        known = str(there["sha256"])
    except (ValueError, KeyError, TypeError):
        known = ""
    if known != digest:
        message = (
            f"'{store}' holds a search of another plan or of other people: what was declared before a search is not "
            "changed after it. Give another folder, or the same model, people and settings; trials and budget may grow."
        )
        raise SchemaError(message)


def _read(
    study: Any, kept: _Kept, shop: Workshop, selection: People, incumbent: Decided, plan: Plan
) -> tuple[tuple[Tried, ...], tuple[Failed, ...]]:
    tried, failed = [], []
    for one in study.trials:
        settings = one.user_attrs.get("candidate")
        if settings is None:
            continue
        if one.state.name != "COMPLETE":
            if one.state.is_finished():
                failed.append(Failed(one.number, settings["family"], one.user_attrs.get("why", "training broke off")))
            continue
        candidate = candidate_from(settings)
        selected = kept.get(one.number, len(selection))
        if selected is None:
            tried.append(measured(one.number, candidate, shop, selection, incumbent, plan))
            continue
        has = one.user_attrs
        tried.append(
            Tried(
                one.number, candidate, has["cutoff"], one.values[0], has["disparity"], one.values[1],
                tuple(has["errors"]), has["covariance"], tuple(has["values"]), selected, has["seconds"],
            )
        )  # fmt: skip
    return tuple(tried), tuple(failed)


def candidate_from(settings: Mapping[str, Any]) -> Candidate:
    """Return the candidate that a record describes.

    Examples
    --------
    >>> made = Candidate("reweighing", strength=1.0)
    >>> candidate_from({"family": "reweighing", **made.record()}) == made
    True
    """
    made = dict(settings)
    made["without"] = tuple(made.get("without", ()))
    return Candidate(**made)


def _line(trial: Any) -> str:
    settings = trial.user_attrs.get("candidate", {})
    if trial.values is None:
        return f"{settings.get('family', 'candidate')}: {trial.user_attrs.get('why', 'no numbers')}"
    return f"{settings['family']}: performance {trial.values[0]:+.4f}, disparity {trial.values[1]:+.4f}"


@contextmanager
def _quiet(optuna: Any) -> Iterator[None]:
    """Keep optuna's log and its notes on experimental parts off the caller's screen, and give both back."""
    import warnings

    level = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            yield
    finally:
        optuna.logging.set_verbosity(level)


def _versions() -> dict[str, str]:
    from importlib.metadata import version

    return {name: version(name) for name in ("fairlearn", "numpy", "optuna", "scikit-learn")}
