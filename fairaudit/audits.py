"""An audit that was made: its records, the counts they were made from, and everything that can be made of them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from .frames import driver_table, record_table
from .result import Result
from .writing import write_whole

if TYPE_CHECKING:
    import pandas as pd

    from .cube.cube import Cube
    from .report.charts.live import Plots


@dataclass(frozen=True)
class Audit:
    """What an audit found: plain records, and the counts they were made from.

    Examples
    --------
    >>> from fairaudit import audit
    >>> made = audit({"sex": ["F", "M"] * 60, "ok": [1, 0, 0, 1] * 30}, groups="sex", decision="ok", favorable=1,
    ...              reference={"sex": "M"})
    >>> made.findings.columns[:4].tolist()
    ['id', 'family', 'rule', 'metric']
    """

    result: Result
    cube: Cube

    @cached_property
    def findings(self) -> pd.DataFrame:
        """One row a finding, as a tidy pandas table."""
        return record_table(self.result.findings, drop=("levels", "sensitivity"))

    @cached_property
    def rates(self) -> pd.DataFrame:
        """One row a metric and group, as a tidy pandas table."""
        return record_table(self.result.rates, drop=("levels",))

    @cached_property
    def curves(self) -> pd.DataFrame:
        """Rates over every cut-off: one row a group and cut-off; empty without a score.

        ``..._low`` and ``..._high`` are intervals at one cut-off; ``..._band_low`` and ``..._band_high`` hold for
        all groups of the attribute and all cut-offs at once.
        """
        import pandas as pd

        made = self.result.curves
        if made is None:
            return pd.DataFrame()
        parts = [
            pd.DataFrame({"attribute": c.attribute, "group": c.group, "cutoff": made.cutoffs, **c.columns})
            for c in made.groups
        ]
        return pd.concat(parts, ignore_index=True)

    @cached_property
    def measurements(self) -> pd.DataFrame:
        """What goes beyond a rate and a comparison of two, one row a number: distances, calibration, controls, ..."""
        return record_table(self.result.measurements)

    @cached_property
    def drivers(self) -> pd.DataFrame:
        """What each feature of the model adds to each gap, one row a gap and feature; empty without ``model=``."""
        return driver_table(self.result)

    @cached_property
    def plot(self) -> Plots:
        """The charts of the report, live: ``audit.plot.cutoffs()``, ``.ratios()``, ``.scores()``, ``.roc()``, ..."""
        from .report.charts.live import Plots

        return Plots(self.result)

    @cached_property
    def issues(self) -> pd.DataFrame:
        """What the data did, and what was done about it, as a pandas table."""
        return record_table(self.result.issues)

    def to_json(self) -> str:
        """Return the whole result as JSON text."""
        return self.result.to_json()

    def to_markdown(self) -> str:
        """Return the report as Markdown."""
        from .report.markdown import to_markdown

        return to_markdown(self.result)

    def to_html(self) -> str:
        """Return the report as one self-contained HTML page."""
        from .report.html import to_html

        return to_html(self.result)

    def write_json(self, path: str | Path) -> Path:
        """Write ``result.json``, whole or not at all."""
        return write_whole(path, self.to_json())

    def write_markdown(self, path: str | Path) -> Path:
        """Write the report as Markdown, whole or not at all."""
        return write_whole(path, self.to_markdown())

    def write_html(self, path: str | Path) -> Path:
        """Write the report as one HTML page, whole or not at all."""
        return write_whole(path, self.to_html())

    def write_document(self, name: str, path: str | Path) -> Path:
        """Write a form that a rule asks for, filled from this audit with the gaps marked, see docs/documents.md."""
        from .documents.writing import write_document

        return write_document(self.result, name, path)

    def __repr__(self) -> str:
        """Return the policy, the people, and the primary findings in words."""
        result = self.result
        primary = [finding for finding in result.findings if finding.family == "primary"]
        head = f"Audit of {result.schema.people:,} people in {result.input.name} under {result.policy.id}"
        lines = [f"  {finding.status}: {finding.sentence}" for finding in primary[:12]]
        if len(primary) > 12:
            lines.append(f"  ... and {len(primary) - 12} more primary findings")
        return "\n".join([head, *(lines or ["  no primary finding; see .findings and .result.not_run"])])

    def _repr_html_(self) -> str:
        from .report.tables import key_table_html

        return key_table_html(self.result)
