"""An explanation as a short table of HTML, for notebooks."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from .attribution import Explanation

MOST = 12
"""Features that the table shows."""


def short_table(made: Explanation) -> str:
    """Return one row's features with values and attributions, or each feature's mean size over many rows."""
    one = len(made) == 1
    size = np.abs(made.values).mean(axis=0) if len(made) else np.zeros(len(made.names))
    order = np.argsort(-size, kind="stable")
    head = ["feature", "value", "attribution"] if one else ["feature", "mean absolute attribution"]
    if one and made.errors is not None:
        head.append("standard error")
    lines = []
    for at in order[:MOST].tolist():
        cells = [made.names[at]]
        if one:
            value = made.data[0, at]
            cells.append("" if value is None or value != value else str(value))
            cells.append(f"{made.values[0, at]:+.4g}")
            if made.errors is not None:
                cells.append(f"{made.errors[0, at]:.2g}")
        else:
            cells.append(f"{size[at]:.4g}")
        lines.append("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in cells) + "</tr>")
    rest = len(order) - MOST
    more = f" {rest} more features are not shown." if rest > 0 else ""
    whom = f"Score {made.scores[0]:.6g}" if one else f"{len(made):,} rows"
    caption = f"{whom}, base {made.base:.6g}, in {made.units}. {made.method[:1].upper()}{made.method[1:]}.{more}"
    top = "".join(f'<th scope="col">{name}</th>' for name in head)
    return f"<table><caption>{escape(caption)}</caption><tr>{top}</tr>{''.join(lines)}</table>"
