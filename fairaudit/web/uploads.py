"""A file streams to disk as it arrives: memory does not grow with it, and its name is never a path.

The form's token comes before the file and is checked before the first byte of it is kept.
"""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.concurrency import run_in_threadpool

from ..data.files import CSV_ENDINGS, JSON_ENDINGS, PARQUET_ENDINGS
from ..errors import FairauditError, listed
from ..report.words import visible

SPARE_BYTES = 500 * 1024 * 1024
"""Of the disk, which no upload may take."""
_LONGEST_FIELD = 4096
_LONGEST_NAME = 120
_NOT_READ = {
    ".xlsx": "a workbook. Open it, choose the sheet, and save that as CSV (UTF-8)",
    ".xls": "a workbook. Open it, choose the sheet, and save that as CSV (UTF-8)",
    ".ods": "a workbook. Open it, choose the sheet, and save that as CSV (UTF-8)",
    ".pkl": "a pickle, which can run any program when it is opened, so that it never is. Save the table as CSV or "
            "Parquet",
    ".pickle": "a pickle, which can run any program when it is opened, so that it never is. Save the table as CSV or "
               "Parquet",
    ".zip": "an archive. Unpack it, and choose the file in it",
    ".sav": "a file of SPSS. Save it there as CSV",
    ".dta": "a file of Stata. Save it there as CSV (export delimited)",
    ".sas7bdat": "a file of SAS. Save it there as CSV (proc export)",
    ".rds": "a file of R. Write it there as CSV (write.csv)",
    ".pdf": "a document. Type the counts of its table into a CSV file, a line a group",
}  # fmt: skip


class UploadError(FairauditError):
    """A file that cannot be taken; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that has arrived."""

    name: str
    """As the person knows it; shown, and never a path."""
    path: Path


def shown_name(given: str) -> str:
    r"""Return a file's name as it can be shown: no folders, nothing invisible, not too long.

    Examples
    --------
    >>> shown_name("C:\\\\Users\\\\me\\\\loans.csv"), shown_name("../../etc/passwd"), shown_name("")
    ('loans.csv', 'passwd', 'a file without a name')
    """
    name = visible(PurePosixPath(given.replace("\\", "/")).name).strip()
    if not name:
        return "a file without a name"
    return name if len(name) <= _LONGEST_NAME else f"{name[:_LONGEST_NAME]}..."


def ending_of(name: str) -> str:
    """Return the ending by which a file is read, from a list of our own.

    Raises
    ------
    UploadError
        If it is of a kind that is not read; the message says how to make one that is.

    Examples
    --------
    >>> ending_of("loans.CSV.gz")
    '.csv.gz'
    """
    plain = name.lower()
    compressed = ".gz" if plain.endswith(".gz") else ""
    plain = plain.removesuffix(".gz")
    for ending in (*CSV_ENDINGS, *JSON_ENDINGS, *PARQUET_ENDINGS):
        if plain.endswith(ending) and not (compressed and ending in PARQUET_ENDINGS):
            return ending + compressed
    for ending, what in _NOT_READ.items():
        if plain.endswith(ending):
            message = f"{name} is {what}."
            raise UploadError(message)
    known = listed([*CSV_ENDINGS, *JSON_ENDINGS, *PARQUET_ENDINGS])
    message = f"{name} is of no kind that can be read. Save it as CSV or Parquet (endings: {known}; text also .gz)."
    raise UploadError(message)


def check_space(folder: Path, wanted: int) -> None:
    """Refuse a file for which the disk has too little room.

    Raises
    ------
    UploadError
        With the room that there is, and that there must be.
    """
    free = shutil.disk_usage(folder).free
    if free < wanted + SPARE_BYTES:
        message = (
            f"The disk has {in_words(free)} free, and {in_words(wanted + SPARE_BYTES)} are needed. Make room, or start "
            "fairaudit web with --folder: files below that folder are read where they are."
        )
        raise UploadError(message)


def in_words(size: int) -> str:
    """Return a size as people say it.

    Examples
    --------
    >>> in_words(512), in_words(2 * 1024**3)
    ('512 bytes', '2.0 GiB')
    """
    for unit, least in (("GiB", 1024**3), ("MiB", 1024**2), ("KiB", 1024)):
        if size >= least:
            return f"{size / least:.1f} {unit}"
    return f"{size} bytes"


async def receive(
    content_type: str,
    stream: AsyncIterator[bytes],
    folder: Path,
    *,
    most_bytes: int,
    signed: Callable[[str], bool],
) -> Upload:
    """Return the file of a form, written to a folder while it arrives.

    What is refused is still read to its end, up to twice what is allowed, and thrown away: a browser shows no answer
    before it has sent everything.

    Raises
    ------
    UploadError
        If there is no file, it is too large or of no known kind, the form is broken, or its token is wrong.
    """
    _, options = parse_options_header(content_type)
    boundary = options.get(b"boundary")
    if boundary is None:
        message = "The form arrived without its parts. Load the page again, and choose the file once more."
        raise UploadError(message)
    form = _Form(folder, most_bytes, signed)
    parser = MultipartParser(boundary, form.callbacks())  # type: ignore[arg-type]
    refused: UploadError | None = None
    arrived = 0
    try:
        async for part in stream:
            arrived += len(part)
            if refused is not None:
                if arrived > 2 * most_bytes:
                    break
                continue
            try:
                await run_in_threadpool(parser.write, part)
            except UploadError as error:
                refused = error
            except FormParserError:
                refused = UploadError("The form arrived broken. Load the page again, and choose the file once more.")
        if refused is None:
            return form.finished()
        raise refused
    finally:
        form.close()


class _Form:
    """What the parts of one form are: the token, then the file."""

    def __init__(self, folder: Path, most_bytes: int, signed: Callable[[str], bool]) -> None:
        self.folder, self.most_bytes, self.signed = folder, most_bytes, signed
        self._header = self._value = self._disposition = b""
        self._field: str | None = None
        self._token = b""
        self._trusted = False
        self._file: BinaryIO | None = None
        self._upload: Upload | None = None
        self._size = 0

    def callbacks(self) -> dict[str, Callable[..., None]]:
        return {
            "on_part_begin": self._part, "on_header_field": self._name, "on_header_value": self._text,
            "on_header_end": self._headed, "on_headers_finished": self._begin, "on_part_data": self._data,
            "on_part_end": self._end,
        }  # fmt: skip

    def finished(self) -> Upload:
        self.close()
        if not self._trusted:
            message = "This form did not come from this page, so that nothing was kept. Load the page again."
            raise UploadError(message)
        if self._upload is None or not self._size:
            message = "No file was chosen, or the file is empty. Choose a file that holds rows."
            raise UploadError(message)
        return self._upload

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    def _part(self) -> None:
        self._disposition, self._field = b"", None

    def _name(self, data: bytes, start: int, end: int) -> None:
        self._header += data[start:end]

    def _text(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _headed(self) -> None:
        if self._header.lower() == b"content-disposition":
            self._disposition = self._value
        self._header = self._value = b""

    def _begin(self) -> None:
        _, options = parse_options_header(self._disposition)
        self._field = options.get(b"name", b"").decode("utf-8", "replace")
        given = options.get(b"filename")
        if self._field != "file" or given is None:
            return
        if not self._trusted:
            self.finished()
        name = shown_name(given.decode("utf-8", "replace"))
        if name == shown_name(""):
            return
        path = self.folder / f"upload{ending_of(name)}"
        self._upload, self._file = Upload(name, path), path.open("xb")

    def _data(self, data: bytes, start: int, end: int) -> None:
        if self._field == "token":
            self._token += data[start:end]
            if len(self._token) > _LONGEST_FIELD:
                self.finished()
        elif self._file is not None:
            self._size += end - start
            if self._size > self.most_bytes:
                message = (
                    f"The file is larger than {in_words(self.most_bytes)}, the most that is taken. Start fairaudit web "
                    "with --folder to read it where it is, or with a larger --most-upload."
                )
                raise UploadError(message)
            self._file.write(data[start:end])

    def _end(self) -> None:
        if self._field == "token":
            self._trusted = self.signed(self._token.decode("utf-8", "replace"))
        self.close()
