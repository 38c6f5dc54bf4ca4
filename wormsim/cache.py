"""Cache: one folder for all that can be made again (generated kernels, chunks of single questions)."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from .errors import InputError

VARIABLE = "WORMSIM_CACHE_DIR"
_MARK = "CACHEDIR.TAG"  # the convention that backup programs know, and our proof that the folder is ours to clear
_PARTS = ("kernels", "ablate")  # made by parts of wormsim that do not ask for the folder through this module
_MARK_TEXT = "Signature: 8a477f597d28d172789f06886806bc55\n# Made by wormsim; safe to remove. `wormsim cache clear`.\n"


def folder() -> Path:
    """The cache folder, made when it is not there.

    It is the one that the environment variable ``WORMSIM_CACHE_DIR`` names, or the user's cache folder of the system.

    Raises
    ------
    InputError
        If it cannot be made or written.
    """
    path = place()
    try:
        path.mkdir(parents=True, exist_ok=True)
        mark = path / _MARK
        if not mark.exists():
            if not _ours(path):
                raise InputError(f"the cache folder {path} holds other things; set {VARIABLE} to a new folder")
            mark.write_text(_MARK_TEXT)
    except OSError as error:
        raise InputError(f"the cache folder {path} cannot be written ({error.strerror}); set {VARIABLE} to one that "
                         "can") from error
    return path


def place() -> Path:
    """Where the cache is, or would be; makes nothing."""
    if named := os.environ.get(VARIABLE):
        return Path(named).expanduser()
    import platformdirs

    return Path(platformdirs.user_cache_dir("wormsim", appauthor=False))


def _ours(place: Path) -> bool:
    return (place / _MARK).is_file() or all(p.name in _PARTS for p in place.iterdir())


def contents() -> dict[str, tuple[int, int]]:
    """What lies in the cache: name of each part: (files, bytes). Makes nothing."""
    where = place()
    if not where.is_dir():
        return {}
    found = {}
    for part in sorted(p for p in where.iterdir() if p.name != _MARK):
        files = [p for p in (part.rglob("*") if part.is_dir() else [part]) if p.is_file()]
        found[part.name] = (len(files), sum(p.stat().st_size for p in files))
    return found


def clear() -> tuple[int, int]:
    """Remove all that lies in the cache; returns how many files and bytes.

    Raises
    ------
    InputError
        If the folder does not carry wormsim's mark: then it is not ours to clear.
    """
    where = place()
    if not where.is_dir():
        return 0, 0
    if not _ours(where):
        raise InputError(f"{where} was not made by wormsim (no {_MARK} in it); nothing is removed")
    parts = contents()
    for name in parts:
        part = where / name
        if part.is_dir() and not part.is_symlink():
            shutil.rmtree(part)
        else:
            part.unlink()
    return sum(n for n, _ in parts.values()), sum(size for _, size in parts.values())
