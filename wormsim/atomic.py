"""Atomic writes: a file is there whole or not at all, also after a kill or a power cut."""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Callable
from pathlib import Path

_SUFFIX = ".part"


def write_bytes(path: str | Path, data: bytes) -> None:
    """Write `data` to `path` through a temporary file in the same folder, synced and then renamed."""
    def fill(part: Path) -> None:
        part.write_bytes(data)

    write_with(path, fill)


def write_text(path: str | Path, text: str) -> None:
    """Write `text` as UTF-8 to `path`; see :func:`write_bytes`."""
    write_bytes(path, text.encode("utf-8"))


def write_with(path: str | Path, fill: Callable[[Path], None]) -> None:
    """Let `fill` write a temporary file beside `path`, sync it and rename it to `path`.

    Parameters
    ----------
    path : path
        The file to make or to replace; its folder is made when it is not there.
    fill : callable
        Called with the temporary path (same folder, hidden, ends in ``.part``).
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{os.getpid()}-{secrets.token_hex(4)}{_SUFFIX}")
    try:
        fill(part)
        with open(part, "rb+") as handle:
            os.fsync(handle.fileno())
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)
    _sync_folder(path.parent)


def remove_leftovers(folder: str | Path, older_than_s: float = 3600.0) -> int:
    """Remove temporary files that a killed process left in `folder`; returns how many.

    Young ones stay: another process may be writing them.
    """
    removed = 0
    for part in Path(folder).glob(f".*{_SUFFIX}"):
        try:
            if time.time() - part.stat().st_mtime > older_than_s:
                part.unlink()
                removed += 1
        except FileNotFoundError:
            continue
    return removed


def _sync_folder(folder: Path) -> None:
    if os.name != "posix":  # Windows cannot open a folder, and renames there are journalled
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
