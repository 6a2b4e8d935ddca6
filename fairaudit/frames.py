"""Records of a result as pandas tables."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any

from .result import Result

if TYPE_CHECKING:
    import pandas as pd


def record_table(records: Sequence[Any], drop: Collection[str] = ()) -> pd.DataFrame:
    """Return records as a table, one row a record, without the fields named in ``drop``."""
    import pandas as pd

    rows = [
        {k: v for k, v in ((f.name, getattr(record, f.name)) for f in dataclasses.fields(record)) if k not in drop}
        for record in records
    ]
    return pd.DataFrame(rows)


def driver_table(result: Result) -> pd.DataFrame:
    """Return one row a gap and feature of an audit's explanation; no row without one."""
    import pandas as pd

    gaps = [] if result.explanation is None else result.explanation.gaps
    return pd.DataFrame([
        {
            "measure": gap.measure, "attribute": gap.attribute, "group": gap.group, "reference": gap.reference,
            "units": gap.units, "gap": gap.value, **dataclasses.asdict(driver),
        }
        for gap in gaps
        for driver in gap.drivers
    ])  # fmt: skip
