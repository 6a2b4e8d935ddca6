"""Files that are written whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path


def write_whole(path: str | Path, text: str) -> Path:
    """Write a file whole or not at all: to a neighbour first, then put in its place."""
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    if target.exists() and not target.is_file():
        # A device or a pipe (/dev/null) is written to: renamed over, it would be a plain file from then on.
        target.write_text(text, encoding="utf-8", newline="\n")
        return target
    neighbour = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        neighbour.write_text(text, encoding="utf-8", newline="\n")
        neighbour.replace(target)
    finally:
        neighbour.unlink(missing_ok=True)
    return target
