"""The records of reasons: one reason, and the reasons of one person with what they rest on."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

from .people import Baseline, Method
from .reason_fidelity import Fidelity
from .reason_words import Catalogue, Direction

Component = Literal["score", "knock-out", "judgment", "gray band"]
MOST = 4
"""Official commentary on 12 CFR 1002.9(b)(2), paragraph 1: more than four reasons are not likely to be helpful."""
TIE = 0.05
"""A reason is tied where the first factor left out holds the score back by at least 95% as much."""
STEADY = 0.95
"""A reason is unsteady where it stays on the list in fewer of the draws than this."""
DRAWS = 1_000

WordsFrom = Literal["catalogue", "feature name", "caller"]


@dataclass(frozen=True, slots=True)
class Reason:
    """One factor that held the score back, or that decided by itself.

    ``amount`` is how far below the baseline it puts the score, in the score's units, always positive; None for what
    was not scored, as are ``direction``, ``probability`` (of the good outcome, were this factor as in the baseline)
    and ``kept`` (the share of draws of the baseline in which it stays on the list).
    """

    feature: str
    name: str
    words: str
    words_from: WordsFrom
    component: Component
    value: Any = None
    usual: Any = None
    """What is usual in the baseline: the middle number or most frequent category; None where it explains nothing."""
    unit: str | None = None
    code: str | None = None
    amount: float | None = None
    direction: Direction | None = None
    probability: float | None = None
    tied: bool = False
    kept: float | None = None

    @property
    def flags(self) -> tuple[str, ...]:
        """What to look at before this reason is sent."""
        unsteady = self.kept is not None and self.kept < STEADY
        return (*(("tied",) if self.tied else ()), *(("unsteady",) if unsteady else ()))


@dataclass(frozen=True, slots=True)
class Reasons:
    """The principal reasons of one person, and what they rest on.

    ``failed_component`` says where the person was declined; only its factors are in ``reasons``, never more than
    four and never padded. ``key_factors`` are a list of their own: what held the score back most against all
    applicants, whatever the decision was. ``left_out`` and ``cautions`` are sentences.
    """

    row: int
    failed_component: Component
    reasons: tuple[Reason, ...]
    key_factors: tuple[Reason, ...]
    score: float
    units: str
    higher_is: str
    cutoff: float
    approved_by_score: bool
    probability: float | None
    """Of the good outcome at the score; None where the units do not say."""
    cutoff_probability: float | None
    method: Method | None
    """None where no factor of the score is listed."""
    baseline: Baseline | None
    key_baseline: Baseline
    left_out: tuple[str, ...]
    cautions: tuple[str, ...]
    catalogue: Catalogue
    fidelity: Fidelity | None = None
    draws: int = 0
    seed: int | None = None

    @property
    def shown_out_of_100(self) -> bool:
        """Whether letters show the score as the probability of the good outcome, because log-odds say nothing."""
        return self.units != "points" and self.probability is not None and self.cutoff_probability is not None

    def to_dict(self) -> dict[str, Any]:
        """Return the record as plain data for JSON: nobody's row but this person's named values."""
        plainly = {name: getattr(self, name) for name in self.__slots__}
        for name in ("reasons", "key_factors"):
            plainly[name] = [{**asdict(one), "flags": list(one.flags)} for one in plainly[name]]
        for name in ("baseline", "key_baseline", "fidelity"):
            plainly[name] = None if plainly[name] is None else plainly[name].to_dict()
        words = self.catalogue
        plainly["catalogue"] = {"source": words.source, "language": words.language, "sha256": words.sha256}
        return {**plainly, "left_out": list(self.left_out), "cautions": list(self.cautions)}

    def notice(self, format: str = "md", **options: Any) -> str:  # noqa: A002 - the word for it
        """Return a draft notice of the decision; see :func:`fairaudit.explanation.letters.notice`."""
        from .letters import notice

        return notice(self, format, **options)

    def letter(self, format: str = "md", **options: Any) -> str:  # noqa: A002 - the word for it
        """Return a draft letter to the person; see :func:`fairaudit.explanation.letters.letter`."""
        from .letters import letter

        return letter(self, format, **options)

    def __str__(self) -> str:
        from .letters import record

        return record(self, "txt")

    def _repr_html_(self) -> str:
        from .letters import record

        return record(self, "html")
