"""What ``drivers(...)`` found: the gap, one row a feature, what is proxy and driver at once, in words and tables."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from ..errors import ExplanationError
from ..schema.roles import HigherIs
from .proxy_features import Encoding

if TYPE_CHECKING:
    import pandas as pd

Measure = Literal["mean score", "selection rate", "true positive rate", "false positive rate"]

DRIVES = 0.10
"""Share of all features' amounts, each without its sign, from which a feature is said to drive the gap."""
ENCODES = 0.60
"""Area under the curve that the lower end of its interval must reach for a column to be said to encode the group."""


@dataclass(frozen=True, slots=True)
class Amount:
    """A number with its standard error and interval, in the units of the gap."""

    value: float
    error: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Driver:
    """What one feature adds to the gap, and how well it tells the group from the reference."""

    feature: str
    amount: float
    error: float
    """Standard error; NaN where everybody who was explained has the same amount."""
    low: float
    high: float
    """The interval of this feature alone."""
    low_together: float
    high_together: float
    """The interval that holds together with those of all other features."""
    share: float | None
    """Of the gap; None where the gap's interval contains 0, for a share of nothing means nothing."""
    proxy: Encoding | None
    drives: bool
    """At least a tenth of all amounts, and the simultaneous interval leaves 0 out."""
    encodes: bool
    """The lower end of the proxy's interval is at least 0.6."""


@dataclass(frozen=True, slots=True)
class Drivers:
    """The gap between a group and its reference, split by feature; the amounts add up to it.

    Amounts are group less reference in ``units``. ``of_one_row`` are the standard deviations of one person's amount
    in group and reference: what :meth:`rows_needed` asks for.
    """

    attribute: str
    group: str
    reference: str
    measure: Measure
    units: str
    higher_is: HigherIs | None
    cutoff: float | None
    gap: Amount
    levels: tuple[float, float]
    """The measure itself, in the group and in the reference."""
    drivers: tuple[Driver, ...]
    """Largest amount first."""
    score_proxy: Encoding | None
    people: tuple[int, int]
    """Of the group and of the reference."""
    explained: tuple[int, int]
    """How many of them have attributions of their own."""
    left_out: Mapping[str, int]
    """People of other levels, of missing ones too."""
    confidence: float
    reach: float
    """Standard errors that a simultaneous interval reaches."""
    together: str
    """How the simultaneous intervals were made."""
    method: str
    basis: Literal["rows", "counts", "sums"] = "rows"
    weighted: bool = False
    pairs: int | None = None
    residual: float | None = None
    """Gap less the sum of the pairs' amounts before these were put on the gap; None where nothing was drawn."""
    of_one_row: Mapping[str, tuple[float, float]] = field(default_factory=dict, repr=False)

    def rows_needed(self, half_width: float, *, simultaneous: bool = True) -> int:
        """Return the rows of each group that make every feature's interval this narrow to either side.

        It goes with the variances seen here, and not with how many people there are: a nation needs no more rows
        than a town.

        Parameters
        ----------
        half_width
            In the units of the gap.
        simultaneous
            Whether all intervals are to hold together.

        Raises
        ------
        ExplanationError
            For a width that is not above 0, or for amounts of pairs, which are no means of rows.
        """
        if not self.of_one_row:
            message = f"Rows are counted for the mean score; the amounts of the {self.measure} are means of pairs."
            raise ExplanationError(message)
        if not half_width > 0 or not math.isfinite(half_width):
            message = f"half_width is above 0, in {self.units}, got {half_width!r}."
            raise ExplanationError(message)
        from ..inference.counts import normal_quantile

        reach = self.reach if simultaneous and math.isfinite(self.reach) else normal_quantile(self.confidence)
        most = max(one**2 + other**2 for one, other in self.of_one_row.values())
        return max(2, math.ceil((reach / half_width) ** 2 * most - 1e-9))

    @property
    def stand_out(self) -> tuple[str, ...]:
        """The features that drive the gap and encode the group."""
        return tuple(each.feature for each in self.drivers if each.drives and each.encodes)

    @property
    def words(self) -> tuple[str, ...]:
        """What was found, in sentences."""
        from .drivers_words import found

        return found(self)

    @property
    def does_not_show(self) -> tuple[str, ...]:
        """What cannot be read off it, in sentences."""
        from .drivers_words import not_shown

        return not_shown(self)

    def plot(self, *, most: int = 12) -> Any:
        """Return an altair chart of the drivers, the largest first: :func:`~.driver_chart.driver_chart`."""
        from .driver_chart import driver_chart

        return driver_chart(self, most=most)

    def to_frame(self) -> pd.DataFrame:
        """Return one line a feature, largest amount first."""
        import pandas as pd

        return pd.DataFrame([_line(each) for each in self.drivers])

    def to_dict(self) -> dict[str, Any]:
        """Return plain records, ready for JSON: a number that does not exist is None."""
        made = {
            each.name: getattr(self, each.name)
            for each in dataclasses.fields(self)
            if each.name not in ("drivers", "of_one_row", "basis")
        }
        made |= {
            "from": self.basis,
            "drivers": [_line(each) for each in self.drivers],
            "stand_out": self.stand_out,
            "drives_from": DRIVES,
            "encodes_from": ENCODES,
            "words": self.words,
            "does_not_show": self.does_not_show,
        }
        return {key: plain(value) for key, value in made.items()}

    def __str__(self) -> str:
        """Return the words and the table as text."""
        from .drivers_words import as_text

        return as_text(self)

    def _repr_html_(self) -> str:
        from .drivers_words import as_html

        return as_html(self)


def _line(driver: Driver) -> dict[str, Any]:
    line = {each.name: getattr(driver, each.name) for each in dataclasses.fields(driver) if each.name != "proxy"}
    proxy = driver.proxy
    return line | {
        "proxy_auc": math.nan if proxy is None else proxy.auc,
        "proxy_low": math.nan if proxy is None else proxy.low,
        "proxy_high": math.nan if proxy is None else proxy.high,
    }


def plain(value: Any) -> Any:
    """Return a value as JSON holds it."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {each.name: plain(getattr(value, each.name)) for each in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(key): plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [plain(each) for each in value]
    if isinstance(value, bool | np.bool_):
        return bool(value)
    if isinstance(value, float | np.floating):
        return float(value) if math.isfinite(value) else None
    if isinstance(value, np.integer):
        return int(value)
    return value
