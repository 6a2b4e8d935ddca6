"""Points of a score: log-odds of the good outcome on a scale that people read."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..errors import SchemaError


@dataclass(frozen=True, slots=True)
class PointsScale:
    """A scale of points: so many points at so many good to one bad, and so many more to double the odds.

    Parameters
    ----------
    base_score
        The points at the base odds.
    base_odds
        Good outcomes to one bad one at the base score; above 0.
    points_to_double_odds
        Above 0: more points are better. The customary letters are PDO.

    Raises
    ------
    SchemaError
        For a number that is no number, not finite, or not above 0 where it must be.

    Examples
    --------
    >>> import math
    >>> scale = PointsScale(base_score=600, base_odds=50, points_to_double_odds=20)
    >>> round(float(scale.points(math.log(100))), 6)
    620.0
    >>> round(math.exp(scale.log_odds(580)), 6)
    25.0

    References
    ----------
    Siddiqi (2006), Credit Risk Scorecards, chapter 6.
    """

    base_score: float = 600.0
    base_odds: float = 50.0
    points_to_double_odds: float = 20.0

    def __post_init__(self) -> None:
        for name in ("base_score", "base_odds", "points_to_double_odds"):
            value = getattr(self, name)
            number = not isinstance(value, (bool, np.bool_)) and isinstance(value, (int, float, np.number))
            if not number or not math.isfinite(value) or (name != "base_score" and value <= 0):
                wanted = "a finite number" if name == "base_score" else "a finite number above 0"
                message = (
                    f"{name} of a points scale is {wanted}, got {value!r}. Usual is base_score=600, base_odds=50, "
                )
                raise SchemaError(message + "points_to_double_odds=20.")
            object.__setattr__(self, name, float(value))

    @property
    def factor(self) -> float:
        """Points for one unit of log-odds."""
        return self.points_to_double_odds / math.log(2)

    @property
    def offset(self) -> float:
        """Points at even odds."""
        return self.base_score - self.factor * math.log(self.base_odds)

    def points(self, log_odds: Any) -> Any:
        """Return the points of log-odds of the good outcome, a number or an array."""
        return self.offset + self.factor * np.asarray(log_odds, dtype=float)

    def log_odds(self, points: Any) -> Any:
        """Return the log-odds of the good outcome at these points, a number or an array."""
        return (np.asarray(points, dtype=float) - self.offset) / self.factor

    @classmethod
    def between(cls, lowest: float, highest: float, *, low: float = 300.0, high: float = 850.0) -> PointsScale:
        """Return the scale on which log-odds ``lowest`` are ``low`` points and ``highest`` are ``high`` (min-max).

        Raises
        ------
        SchemaError
            Where either pair is not finite and rising.

        Examples
        --------
        >>> scale = PointsScale.between(-2.0, 3.0, low=0, high=100)
        >>> [round(float(scale.points(value)), 6) for value in (-2.0, 0.5, 3.0)]
        [0.0, 50.0, 100.0]
        """
        if not all(math.isfinite(value) for value in (lowest, highest, low, high)):
            message = "The ends of a points scale are finite numbers."
            raise SchemaError(message)
        if lowest >= highest or low >= high:
            message = (
                f"The ends of a points scale rise: got log-odds {lowest:g} to {highest:g} and points {low:g} to "
                f"{high:g}. Give the lower end first."
            )
            raise SchemaError(message)
        factor = (high - low) / (highest - lowest)
        return cls(base_score=low - factor * lowest, base_odds=1.0, points_to_double_odds=factor * math.log(2))
