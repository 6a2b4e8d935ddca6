"""Every error that fairaudit raises on purpose, as one small tree.

A message says the rule that was broken, the value that broke it, where it stands and how to mend it.
The command line turns each class into an exit code: 2 for a question asked wrongly, 4 for data that
break their contract.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class FairauditError(ValueError):
    """Base of every error raised on purpose. ``exit_code`` is what the command line ends with."""

    exit_code = 2


class SchemaError(FairauditError):
    """The roles that were declared do not make sense, or do not fit together."""


class ColumnNotFoundError(FairauditError):
    """A named column is not in the data."""


class LevelNotFoundError(FairauditError):
    """A named group, reference or label is not in the data."""


class DataContractError(FairauditError):
    """The data cannot be read, or break what was declared about them."""

    exit_code = 4


class CubeError(FairauditError):
    """Two cubes cannot be merged, or a question is asked that the cube's counts cannot answer."""


class UndefinedMetricError(FairauditError):
    """A metric was asked for by a name that does not exist, or of counts it is not defined for."""


class PolicyError(FairauditError):
    """A policy file is wrong, or refuses to run as it stands."""


class SystemFileError(FairauditError):
    """The file of a point system is wrong, or there is none."""


class ProhibitedBasisError(PolicyError):
    """A model would be trained on a declared group, or on a basis that the policy lists."""


class ExplanationError(FairauditError):
    """A model cannot be explained as asked, or an explanation does not add up to the model's own output."""


class DownloadError(FairauditError):
    """A data set is not on this machine and could not be fetched."""


def suggestion(wanted: str, available: Iterable[str]) -> str:
    """Return ``" Did you mean 'x'?"`` for the nearest of the available names, or an empty string.

    Examples
    --------
    >>> suggestion("scor", ["id", "score", "sex"])
    " Did you mean 'score'?"
    >>> suggestion("zzz", ["id", "score"])
    ''
    """
    names = [str(name) for name in available]
    folded = {name.casefold(): name for name in names}
    near = difflib.get_close_matches(wanted.casefold(), folded, n=1, cutoff=0.5)
    return f" Did you mean '{folded[near[0]]}'?" if near else ""


def listed(names: Iterable[str], most: int = 20) -> str:
    """Return the names joined by commas, at most ``most`` of them, with the number left out.

    Examples
    --------
    >>> listed(["a", "b", "c"], most=2)
    'a, b and 1 more'
    """
    names = [str(name) for name in names]
    if len(names) <= most:
        return ", ".join(names)
    return f"{', '.join(names[:most])} and {len(names) - most} more"
