"""The data sets that come with fairaudit, and the ones it can fetch: found, checked by sha256, read.

What there is stands in ``datasets/registry.yaml``; this module finds the files and reads them. A file
whose digest is not the published one is never read, and nothing is ever unpickled.
"""

from __future__ import annotations

import functools
import hashlib
import logging
import os
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from ..errors import DataContractError, DownloadError, LevelNotFoundError, listed, suggestion

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    import pandas as pd

FOLDER_VARIABLE = "FAIRAUDIT_DATA"


@dataclass(frozen=True, slots=True)
class DataFile:
    """One file of a data set: where it lies below the data folder, and where it can be had."""

    path: str
    sha256: str
    address: str | None = None
    """Public address; None for a file that comes with fairaudit."""
    address_sha256: str | None = None
    """Digest of what is at the address, which may be packed or laid out in another way."""


@dataclass(frozen=True, slots=True)
class Dataset:
    """What is known about one data set before it is read."""

    name: str
    title: str
    rows: int
    licence: str
    bundled: bool
    """True if it comes with fairaudit, False if it is downloaded on first use."""
    source: str
    files: tuple[DataFile, ...]
    """The first one is the main file."""
    roles: Mapping[str, str]
    """Role -> column and meaning, in words."""
    call: Mapping[str, Any] = field(default_factory=dict)
    """Keyword arguments of a sensible first audit of the loaded table."""
    notes: tuple[str, ...] = ()
    """What a reader must know before using it."""
    columns: tuple[str, ...] = ()
    """Columns of the table, where they cannot be read off the first line of the file."""


def datasets_folder() -> Path:
    """Return the folder of the bundled files: inside an installed wheel, else in the checkout.

    Raises
    ------
    DownloadError
        If neither is there.

    Examples
    --------
    >>> (datasets_folder() / "loanapp" / "loanapp.csv").is_file()
    True
    """
    package = Path(__file__).resolve().parent.parent
    for folder in (package / "_datasets", package.parent / "datasets"):
        if (folder / "registry.yaml").is_file():
            return folder
    message = (
        f"The bundled data sets are not beside the package in {package}. "
        "Install fairaudit from its wheel or from a full checkout."
    )
    raise DownloadError(message)


@functools.cache
def _registry() -> Mapping[str, Dataset]:
    import yaml

    text = (datasets_folder() / "registry.yaml").read_text(encoding="utf-8")
    entries = yaml.safe_load(text)
    return MappingProxyType({name: _dataset(name, entry) for name, entry in entries.items()})


def _dataset(name: str, entry: Mapping[str, Any]) -> Dataset:
    given = dict(entry)
    return Dataset(
        name=name,
        files=tuple(DataFile(**file) for file in given.pop("files")),
        roles=MappingProxyType(given.pop("roles")),
        call=MappingProxyType(given.pop("call")),
        notes=tuple(given.pop("notes")),
        columns=tuple(given.pop("columns", ())),
        **given,
    )


def dataset_names() -> tuple[str, ...]:
    """Return the names of all data sets, the bundled ones first.

    Examples
    --------
    >>> dataset_names()[:3]
    ('loanapp', 'fico_2003', 'german_credit')
    """
    return tuple(_registry())


def describe(name: str) -> Dataset:
    """Return what is known about a data set: licence, source, digests, roles, a first call, warnings.

    Parameters
    ----------
    name
        One of :func:`dataset_names`.

    Raises
    ------
    LevelNotFoundError
        If there is no such data set.

    Examples
    --------
    >>> describe("fico_2003").call["counts"]
    'n'
    """
    known = _registry()
    if name not in known:
        message = f"No data set is called {name!r}.{suggestion(str(name), known)} Data sets: {listed(known)}."
        raise LevelNotFoundError(message)
    return known[name]


def sha256_of(path: Path) -> str:
    """Return the sha256 digest of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _checked(path: Path, sha256: str) -> Path:
    found = sha256_of(path)
    if found != sha256:
        message = (
            f"{path} is not the published file: its sha256 is {found}, expected {sha256}. "
            "It was changed or cut short; remove it, or replace it by the published one."
        )
        raise DataContractError(message)
    return path


def _own_folder() -> Path | None:
    """Return the folder that the user keeps data in, if the environment names one."""
    named = os.environ.get(FOLDER_VARIABLE)
    if not named:
        return None
    folder = Path(named)
    if not folder.is_dir():
        message = f"{FOLDER_VARIABLE} names {named}, which is not a folder. Make it, or unset {FOLDER_VARIABLE}."
        raise DataContractError(message)
    return folder


def _address_name(file: DataFile) -> str:
    return (file.address or file.path).rsplit("/", 1)[-1]


def _in_own_folder(file: DataFile) -> Path | None:
    """Return the user's own copy, checked: the file as published, or as it is at its address."""
    folder = _own_folder()
    if folder is None:
        return None
    copy = folder / file.path
    if copy.is_file():
        return _checked(copy, file.sha256)
    copy = copy.with_name(_address_name(file))
    if copy.is_file() and file.address_sha256:
        return _checked(copy, file.address_sha256)
    return None


@contextmanager
def _quiet(logger: logging.Logger) -> Iterator[None]:
    """Keep a library from telling stderr what it downloads; nothing below the command line prints."""
    level = logger.level
    logger.setLevel(logging.WARNING)
    try:
        yield
    finally:
        logger.setLevel(level)


def _download(file: DataFile) -> Path:
    """Fetch a file once into the user's cache; what is there already is checked, not fetched again."""
    import pooch

    place = Path(pooch.os_cache("fairaudit")) / Path(file.path).parent
    name = _address_name(file)
    by_hand = (
        f"Or put the file by hand in a folder, as {Path(file.path).parent.as_posix()}/{name}, "
        f"and set {FOLDER_VARIABLE} to that folder."
    )
    try:
        with _quiet(pooch.get_logger()):
            fetched = pooch.retrieve(file.address, f"sha256:{file.address_sha256}", fname=name, path=place)
    except OSError as error:
        response = getattr(error, "response", None)
        if response is not None:  # requests leaves the connection of a refused page open
            response.close()
        message = (
            f"{name} is not on this machine and could not be fetched from {file.address} "
            f"({type(error).__name__}). Check the network, and that {place} can be written. {by_hand}"
        )
        raise DownloadError(message) from error
    except ValueError as error:
        message = f"What is at {file.address} is not the published file and was not kept: {error} {by_hand}"
        raise DownloadError(message) from error
    return Path(fetched)


def locate(file: DataFile) -> Path:
    """Return a file of a data set on this machine, its sha256 checked; downloads it if need be.

    A bundled file lies in :func:`datasets_folder`. Any other is looked for in the folder that the
    environment variable ``FAIRAUDIT_DATA`` names, then in the cache, then at its public address.

    Raises
    ------
    DataContractError
        If a file is there but is not the published one; both digests are named.
    DownloadError
        If it is not on this machine and cannot be fetched; the message says what to do.
    """
    if file.address is None:
        return _checked(datasets_folder() / file.path, file.sha256)
    return _in_own_folder(file) or _download(file)


def path(name: str) -> Path:
    """Return the main file of a data set on this machine, its sha256 checked; downloads it if need be.

    Parameters
    ----------
    name
        One of :func:`dataset_names`.

    Raises
    ------
    LevelNotFoundError, DataContractError, DownloadError
        See :func:`describe` and :func:`locate`.

    Examples
    --------
    >>> path("loanapp").name
    'loanapp.csv'
    """
    return locate(describe(name).files[0])


def load(name: str) -> pd.DataFrame:
    """Return a data set as a pandas table, ready for ``fa.audit(table, **describe(name).call)``.

    Parameters
    ----------
    name
        One of :func:`dataset_names`.

    Returns
    -------
    pandas.DataFrame
        The published columns under their own names. ``loanapp`` gains two readable columns, ``race``
        and ``sex``; ``adult`` gains ``split`` (train or test); ``compas`` has no personal columns.

    Raises
    ------
    LevelNotFoundError, DataContractError, DownloadError
        See :func:`describe` and :func:`locate`.

    Examples
    --------
    >>> load("fico_2003")["n"].sum()
    np.int64(174047)
    """
    dataset = describe(name)
    read = _READERS.get(name, _read_plain)
    files = dataset.files if name == "adult" else dataset.files[:1]
    return read([locate(file) for file in files])


def _read_plain(paths: list[Path]) -> pd.DataFrame:
    import pandas as pd

    # utf-8-sig: the public Taiwan file begins with a byte order mark.
    return pd.read_csv(paths[0], encoding="utf-8-sig")


def _read_loanapp(paths: list[Path]) -> pd.DataFrame:
    table = _read_plain(paths)
    race = table["white"].map({1: "White"})
    race = race.mask(table["black"] == 1, "Black").mask(table["hispan"] == 1, "Hispanic")
    return table.assign(race=race, sex=table["male"].map({1: "Male", 0: "Female"}))


def _read_compas(paths: list[Path]) -> pd.DataFrame:
    """Read the file of either kind: the public one names people, and counts no days in jail."""
    import pandas as pd

    table = _read_plain(paths)
    if "length_of_stay_days" not in table:
        dates = [pd.to_datetime(table[name]).dt.normalize() for name in ("c_jail_in", "c_jail_out")]
        table = table.assign(length_of_stay_days=(dates[1] - dates[0]).dt.days)
    return table[list(describe("compas").columns)]


def _read_adult(paths: list[Path]) -> pd.DataFrame:
    import pandas as pd

    parts = []
    # The test file begins with a line of comment, and a dot ends its labels.
    for path_, split, skipped in zip(paths, ("train", "test"), (0, 1), strict=True):
        part = pd.read_csv(
            path_,
            header=None,
            names=list(describe("adult").columns),
            skiprows=skipped,
            skipinitialspace=True,
            na_values="?",
        )
        parts.append(part.assign(income=part["income"].str.rstrip("."), split=split))
    return pd.concat(parts, ignore_index=True)


def _read_boston_hmda(paths: list[Path]) -> pd.DataFrame:
    return _read_plain(paths).drop(columns="rownames", errors="ignore")


_READERS: dict[str, Callable[[list[Path]], pd.DataFrame]] = {
    "loanapp": _read_loanapp,
    "compas": _read_compas,
    "adult": _read_adult,
    "boston_hmda": _read_boston_hmda,
}


@functools.cache
def _loanapp_columns() -> Mapping[str, Mapping[str, str]]:
    import yaml

    text = (datasets_folder() / "loanapp" / "columns.yaml").read_text(encoding="utf-8")
    lists = yaml.safe_load(text)
    return {name: MappingProxyType(columns) for name, columns in lists.items()}


def loanapp_features() -> Mapping[str, str]:
    """Return the columns of loanapp that a model of the lender's decision may use, with their meaning.

    Examples
    --------
    >>> "loanprc" in loanapp_features(), "typur" in loanapp_features()
    (True, False)
    """
    return _loanapp_columns()["features"]


def loanapp_left_out() -> Mapping[str, str]:
    """Return every other column of loanapp, with the reason why such a model may not use it.

    Examples
    --------
    >>> loanapp_left_out()["married"]
    'Prohibited basis: marital status (Equal Credit Opportunity Act)'
    """
    return _loanapp_columns()["left_out"]
