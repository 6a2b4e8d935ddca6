"""``audit_consequences``: on whom a score's consequences fall, who stays in the lowest band, and who has no score.

Each consequence is a decision, and each is audited by :func:`fairaudit.audit` on counts: there is no second audit here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .auditing import audit
from .audits import Audit
from .data.tables import read_rows
from .errors import ColumnNotFoundError, PolicyError, SchemaError, listed, suggestion
from .policy import DEFAULT_POLICY
from .result import Finding, RateRecord
from .systems.checks import ordered_bands
from .systems.lasting import THERE, YEARS, lasting_of
from .systems.ledger import STAMP
from .systems.point_system import PointSystem
from .systems.struck import GroupLine, Question, Struck

if TYPE_CHECKING:
    import pandas as pd

GROUPS = ("registration", "sex")
NO_SCORE, EVER, STAYED = "no-score", "ever-in-lowest-band", "still-in-lowest-band"
LASTING = (2, 3, 5)
"""Years in the lowest band that are asked about, of those who were ever in it."""
METRICS = ("adverse_impact_ratio", "selection_rate_difference", "adverse_outcome_ratio")
PEOPLE, FALLS = "people", "falls on the person"


@dataclass(frozen=True, slots=True, eq=False)
class ConsequenceAudit:
    """On whom each consequence falls; ``audits`` holds the whole audit behind each question."""

    struck: Struck
    audits: Mapping[str, Audit]

    def __repr__(self) -> str:
        """Return how many questions were asked of which system."""
        return (
            f"{len(self.struck.questions)} questions of the consequences of {self.struck.system}. {self.struck.stamp}"
        )

    def to_frame(self) -> pd.DataFrame:
        """Return one row a question and group."""
        import dataclasses

        import pandas as pd

        rows = [
            {"question": one.id, "says": one.says, "kind": one.kind, **dataclasses.asdict(line)}
            for one in self.struck.questions
            for line in one.lines
        ]
        return pd.DataFrame(rows).assign(stamp=self.struck.stamp)

    def lasting_to_frame(self) -> pd.DataFrame:
        """Return one row a group and number of years: how long the lowest band lasts, by Kaplan and Meier.

        ``share`` is of those who were ever in it, still in it after more than ``years``, with Greenwood's interval;
        ``still`` of the ``people`` are in it at the end, so that only a least time is known of them. Empty where the
        people have no ``years_in_worst_band``.
        """
        import dataclasses

        import pandas as pd

        rows = [
            {"attribute": one.attribute, "group": one.group, "people": one.people, "still": one.still,
             **dataclasses.asdict(step)}
            for one in self.struck.lasting
            for step in one.steps
        ]  # fmt: skip
        return pd.DataFrame(rows).assign(stamp=self.struck.stamp)

    def to_markdown(self) -> str:
        """Return the report as Markdown."""
        from .report.consequence_audit import to_markdown

        return to_markdown(self.struck)

    def to_html(self) -> str:
        """Return the report as one self-contained HTML page."""
        from .report.consequence_audit import to_html

        return to_html(self.struck)


def audit_consequences(
    people: Any,
    system: PointSystem | None = None,
    *,
    groups: str | Sequence[str] = GROUPS,
    reference: Mapping[str, str] | None = None,
    cross: bool = True,
    policy: Any = DEFAULT_POLICY,
) -> ConsequenceAudit:
    """Audit who is struck by each consequence of a score, who stays in the lowest band, and who has no score at all.

    Parameters
    ----------
    people
        A file or table of scored people: what ``fairaudit simulate`` writes, or people of your own with the columns
        ``band`` and ``score`` (missing for somebody without one), and the groups.
    system
        Whose consequences; a simulated file names its own.
    groups
        Columns of groups.
    reference
        The level to compare with, by column; the largest group where none is named.
    cross
        Whether pairs of groups are crossed too.
    policy
        As in :func:`fairaudit.audit`.

    Returns
    -------
    ConsequenceAudit
        Consequences are asked of people with a score; who has none is a question of its own. A consequence that falls
        on nobody or on everybody is not audited, and ``struck.not_asked`` says so. ``lasting_to_frame()`` is the
        curve of how long the lowest band lasts, by group.

    Raises
    ------
    FairauditError
        If a column is missing, or the file does not say of which system it is.

    Examples
    --------
    >>> people = {"band": ["A", "D"] * 60, "score": [990, 300] * 60, "sex": ["F", "M", "M"] * 40}
    >>> made = audit_consequences(people, PointSystem.load("suining"), groups="sex")
    >>> made.to_frame().query("question == 'no-jobs' and group == 'F'")[["people", "struck"]].values.tolist()
    [[40, 20]]
    """
    names = (groups,) if isinstance(groups, str) else tuple(groups)
    if not names:
        message = "groups names nobody. Name at least one column, like registration."
        raise SchemaError(message)
    system = system_of(people) if system is None else system
    asked = _asked(system)
    counts, simulated = _counted(people, system, names)
    named = {name: _largest(counts, name) for name in names} | dict(reference or {})
    questions, gone, audits = [], [], {}
    known: dict[str, Audit] = {}
    for name, (says, kind) in asked.items():
        if name not in counts.columns:
            gone.append((says, "the people do not say on whom it falls"))
            continue
        here = counts[counts[f"of {name}"]] if f"of {name}" in counts.columns else counts
        number = int(here[PEOPLE].sum())
        struck = int(here.loc[here[name], PEOPLE].sum())
        if struck in (0, number):
            gone.append((says, f"it falls on {'nobody' if struck == 0 else 'everybody'} of {number:,} people"))
            continue
        table = here.groupby([*names, name], observed=True, dropna=False)[PEOPLE].sum().reset_index()
        table = table.rename(columns={name: FALLS})
        usable = [label for label in names if table[label].nunique(dropna=False) > 1]
        if not usable:
            gone.append((says, "all people of whom it could be asked are of one group"))
            continue
        key = f"{kind == 'reward'} {table.to_csv()}"  # consequences of the same band fall on the same people
        try:
            made = known[key] if key in known else audit(
                table, counts=PEOPLE, groups=usable, decision=FALLS, favorable=kind == "reward", policy=policy,
                reference={label: named[label] for label in usable}, cross=cross and len(usable) > 1, metrics=METRICS,
            )  # fmt: skip
        except PolicyError as problem:  # too few people of the reference, by the policy
            gone.append((says, str(problem).rstrip(".")))
            continue
        known[key] = made
        audits[name] = made
        questions.append(
            Question(
                name, says, kind, number, int(counts[PEOPLE].sum()) - number, _lines(made, reward=kind == "reward")
            )
        )
    policy_id = next(iter(audits.values())).result.policy.id if audits else str(policy)
    record = Struck(system.id, system.definition.title, policy_id, tuple(questions), tuple(gone), simulated,
                    lasting_of(counts, PEOPLE, names, cross=cross))  # fmt: skip
    return ConsequenceAudit(record, audits)


def system_of(people: Any) -> PointSystem:
    """Return the system that a file of simulated people names.

    Raises
    ------
    SchemaError
        If it names none, or one that has changed since.
    """
    import json

    about: Mapping[str, Any] = {}
    if _is_parquet(people):
        import pyarrow.parquet as pq

        about = json.loads((pq.read_schema(people).metadata or {}).get(b"fairaudit", b"{}"))
    if "system" not in about:
        message = "The people do not say by which system they were scored. Name it: system=, or --system ID or FILE."
        raise SchemaError(message)
    name, _, variant = str(about["system"]).partition("/")
    if name in PointSystem.names():
        system = PointSystem.load(name, variant=variant or None)
        if system.text == about.get("file"):
            return system
    message = (
        f"The people were scored by '{about['system']}', whose file is not the one that comes with this version. Name "
        "the system's file: system=, or --system FILE."
    )
    raise SchemaError(message)


def _is_parquet(people: Any) -> bool:
    return isinstance(people, (str, Path)) and Path(people).suffix == ".parquet" and Path(people).is_file()


def _asked(system: PointSystem) -> dict[str, tuple[str, Any]]:
    """Return what is asked, in order: who has no score, each consequence, and how long the lowest band lasts."""
    consequences = {one.id: (one.says, one.kind) for one in system.definition.consequences}
    lowest = _lowest(system)
    lasting = {
        EVER: (f"was in band {lowest} at the end of a year", "lowest band"),
        **{
            _years(number): (f"was in band {lowest} at the end of {number} years or more, once in it", "lowest band")
            for number in LASTING
        },
        STAYED: (f"was in band {lowest} a year before, and still is", "lowest band"),
    }
    return {NO_SCORE: ("has no score at all", "no score"), **consequences, **(lasting if lowest else {})}


def _years(number: int) -> str:
    return f"{number}-years-in-lowest-band"


def _lowest(system: PointSystem) -> str:
    ordered = ordered_bands(system.definition.bands)
    if not ordered:
        return ""
    return ordered[0].name if system.higher_is == "better" else ordered[-1].name


def _counted(people: Any, system: PointSystem, names: tuple[str, ...]) -> tuple[pd.DataFrame, bool]:
    """Return the people counted by groups and by what is asked, read a batch at a time where it is a Parquet file."""
    import pandas as pd

    parts, simulated = [], False
    for batch in _batches(people, system, names):
        made, stamped = _flags(batch, system, names)
        simulated |= stamped
        parts.append(made.groupby(list(made.columns), observed=True, dropna=False).size().rename(PEOPLE).reset_index())
    whole = pd.concat(parts, ignore_index=True)
    keys = [name for name in whole.columns if name != PEOPLE]
    return whole.groupby(keys, observed=True, dropna=False)[PEOPLE].sum().reset_index(), simulated


def _batches(people: Any, system: PointSystem, names: tuple[str, ...]) -> Iterator[pd.DataFrame]:
    wanted = [*names, "band", "score", "stamp", "years_in_worst_band", "worst_band_year_before",
              *(f"consequence_{one.id}" for one in system.definition.consequences)]  # fmt: skip
    if not _is_parquet(people):
        yield read_rows(people).rows
        return
    import pyarrow.parquet as pq

    with pq.ParquetFile(people) as file:
        there = set(file.schema_arrow.names)
        stamped = b"fairaudit" in (file.schema_arrow.metadata or {})
        for batch in file.iter_batches(columns=[name for name in wanted if name in there]):
            rows = batch.to_pandas()
            yield rows.assign(stamp=STAMP) if stamped and "stamp" not in there else rows


def _flags(rows: pd.DataFrame, system: PointSystem, names: tuple[str, ...]) -> tuple[pd.DataFrame, bool]:
    """Return the groups of each row, and for each question whether it strikes and, where not all are asked, of whom."""
    for name in (*names, "band", "score"):
        if name not in rows.columns:
            near = suggestion(name, map(str, rows.columns))
            message = f"The people have no column '{name}'.{near} Columns: {listed(map(str, rows.columns))}."
            raise ColumnNotFoundError(message)
    made = rows[list(names)].copy()
    scored = rows["score"].notna()
    made[NO_SCORE] = ~scored
    for one in system.definition.consequences:
        column = f"consequence_{one.id}"
        if column in rows.columns:
            made[one.id] = rows[column].astype(bool)
        elif one.bands and not one.events:
            made[one.id] = rows["band"].isin(one.bands)
        else:
            continue
        made[f"of {one.id}"] = scored
    if "years_in_worst_band" in rows.columns:
        made[YEARS] = rows["years_in_worst_band"]
        made[THERE] = rows["band"] == _lowest(system)
    if {"years_in_worst_band", "worst_band_year_before"} <= set(rows.columns):
        before = rows["worst_band_year_before"].astype(bool)
        years = rows["years_in_worst_band"]
        made[EVER] = years > 0
        made[f"of {EVER}"] = scored
        for number in LASTING:
            made[_years(number)] = years >= number
            made[f"of {_years(number)}"] = scored & (years > 0)
        made[STAYED] = before & (rows["band"] == _lowest(system))
        made[f"of {STAYED}"] = before & scored
    return made, "stamp" in rows.columns and bool((rows["stamp"] == STAMP).all())


def _largest(counts: pd.DataFrame, name: str) -> str:
    return str(counts.groupby(name, observed=True)[PEOPLE].sum().idxmax())


def _lines(made: Audit, *, reward: bool) -> tuple[GroupLine, ...]:
    """Return each group's share of those on whom it falls, and its difference from the reference in that direction."""
    metric = "selection_rate" if reward else "adverse_rate"
    found = {(one.attribute, one.group, one.metric): one for one in made.result.findings}
    return tuple(_line(rate, found, reward=reward) for rate in made.result.rates if rate.metric == metric)


def _line(rate: RateRecord, found: Mapping[tuple[str, str, str], Finding], *, reward: bool) -> GroupLine:
    ratio = found.get((rate.attribute, rate.group, METRICS[0]))
    difference = found.get((rate.attribute, rate.group, METRICS[1]))
    against: dict[str, Any] = {}
    if difference is not None:
        ends = (difference.value, difference.low, difference.high)
        turned = ends if reward else (_minus(ends[0]), _minus(ends[2]), _minus(ends[1]))
        against = dict(zip(("difference", "difference_low", "difference_high"), turned, strict=True))
        against |= {"reference": difference.reference, "p": difference.p}
    times = found.get((rate.attribute, rate.group, METRICS[2]))
    if times is not None:
        against |= {"times": times.value, "times_low": times.low, "times_high": times.high}
    if ratio is not None:
        against |= {"ratio": ratio.value, "ratio_low": ratio.low, "ratio_high": ratio.high, "status": ratio.status,
                    "reason": ratio.reason}  # fmt: skip
    return GroupLine(rate.attribute, rate.group, int(rate.den or 0), int(rate.num or 0), rate.value, rate.low,
                     rate.high, **against)  # fmt: skip


def _minus(value: float | None) -> float | None:
    return None if value is None else -value
