"""The sha256 of files, taken in a thread of its own while they are counted."""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Sequence
from concurrent.futures import CancelledError, Future
from pathlib import Path

from ..errors import DataContractError
from ..schema.provenance import InputFile

CHUNK = 1 << 20


class Fingerprints:
    """Names, sizes and sha256 of files.

    Parameters
    ----------
    paths
        The files. They are looked at now, and read when :meth:`start` is called.

    Raises
    ------
    DataContractError
        If one cannot be opened.
    """

    def __init__(self, paths: Sequence[Path]) -> None:
        self.paths = tuple(paths)
        self.stats = tuple(_looked_at(path) for path in self.paths)
        self._known: dict[int, InputFile] = {}
        self._made: list[Future[InputFile]] = [Future() for _ in self.paths]
        self._thread: threading.Thread | None = None
        self._stop = threading.Event()
        self._read = 0

    def start(self) -> None:
        """Begin to read, once."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """End early: what is not known by then never will be."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()

    def know(self, place: int, file: InputFile) -> None:
        """Take a file's fingerprint as known, so that it need not be read; before :meth:`start` only."""
        self._known[place] = file

    def of(self, place: int) -> InputFile:
        """Return a file's fingerprint, waiting for it.

        Raises
        ------
        DataContractError
            If the file cannot be read to its end, or was changed since it was looked at first.
        """
        self.start()
        try:
            file = self._made[place].result()
        except CancelledError:
            raise KeyboardInterrupt from None
        now = _looked_at(self.paths[place])
        then = self.stats[place]
        if (now.st_size, now.st_mtime_ns) != (then.st_size, then.st_mtime_ns):
            message = f"{file.name} was changed while it was being counted. Count it again when nobody writes to it."
            raise DataContractError(message)
        return file

    def all(self) -> tuple[InputFile, ...]:
        """Return the fingerprints of all files, in order; errors as :meth:`of`."""
        return tuple(self.of(place) for place in range(len(self.paths)))

    def progress(self) -> tuple[int, int]:
        """Return the bytes read and to be read."""
        return self._read, sum(one.st_size for place, one in enumerate(self.stats) if place not in self._known)

    def _work(self) -> None:
        for place, path in enumerate(self.paths):
            made = self._made[place]
            if place in self._known:
                made.set_result(self._known[place])
                continue
            try:
                digest = self._digest(path)
            except OSError as error:
                made.set_exception(_cannot(path, error))
                continue
            if digest is None:
                for left in self._made[place:]:
                    left.cancel()
                return
            made.set_result(InputFile(path.name, self.stats[place].st_size, digest))

    def _digest(self, path: Path) -> str | None:
        digest = hashlib.sha256()
        with path.open("rb", buffering=0) as stream:
            while chunk := stream.read(CHUNK):
                if self._stop.is_set():
                    return None
                digest.update(chunk)
                self._read += len(chunk)
        return digest.hexdigest()


def _looked_at(path: Path) -> os.stat_result:
    try:
        with path.open("rb"):
            return path.stat()
    except OSError as error:
        raise _cannot(path, error) from None


def _cannot(path: Path, error: OSError) -> DataContractError:
    return DataContractError(f"{path.name} cannot be opened: {error.strerror or error}.")
