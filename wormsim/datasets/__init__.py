"""Public recordings: where each is, under which licence, and how to fetch it; one TOML a data set, found by file name.

A file has ``[dataset]`` with ``description``, ``citation``, ``doi``, ``licence``, ``archive`` ("dandi", "osf" or "zenodo"), ``record``
(its number there), ``reader`` (in ``wormsim/recordings/``), ``size``, and ``files``, glob patterns of what is fetched if nothing
is asked for (none where a file takes gigabytes).

Names, sizes and checksums of the files are asked from the archive's own interface when they are fetched, so that nothing
here can go out of date unseen. What an archive gives no checksum for is trusted when it first comes: its SHA-256 is kept
beside it, and a later copy is held against that.
"""

from __future__ import annotations

import os
import shutil
import tarfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import IO

from .. import atomic, catalog
from ..errors import EmptySelectionError, InputError, UnknownNameError
from ._archives import RemoteFile, remote_files
from ._download import download

VARIABLE = "WORMSIM_DATA_DIR"
_KEYS = ("description", "citation", "doi", "licence", "archive", "record", "reader", "size", "files")


@dataclass(frozen=True)
class Dataset:
    """A public data set; the attributes are the keys of its TOML."""

    name: str
    description: str
    citation: str
    doi: str
    licence: str
    archive: str
    record: str
    reader: str
    size: str
    files: tuple[str, ...]


def dataset_names() -> list[str]:
    """Names that :func:`fetch` knows."""
    return catalog.names("datasets")


def dataset(name: str) -> Dataset:
    """What is known of a data set; unknown names raise with the closest ones."""
    import tomllib

    if name not in dataset_names():
        raise UnknownNameError("data set", name, dataset_names(), "`wormsim data list` shows all")
    table = tomllib.loads(catalog.toml_path("datasets", name).read_text("utf-8"))["dataset"]
    return Dataset(name=name, **{key: tuple(table[key]) if key == "files" else table[key] for key in _KEYS})


def folder() -> Path:
    """Where fetched files lie: ``WORMSIM_DATA_DIR``, or the user's data folder of the system."""
    if named := os.environ.get(VARIABLE):
        return Path(named).expanduser()
    import platformdirs

    return Path(platformdirs.user_data_dir("wormsim", appauthor=False)) / "recordings"


def listing(name: str) -> list[RemoteFile]:
    """What the archive holds of a data set, asked now: name, size, address and checksum of each file."""
    about = dataset(name)
    return remote_files(about.archive, about.record)


def fetch(
    name: str, files: Sequence[str] | None = None, to: str | Path | None = None,
    progress: Callable[[str, int, int], None] | None = None,
) -> list[Path]:
    """Download files of a data set; what is there and has its checksum stays, what was begun goes on.

    Parameters
    ----------
    name : str
    files : sequence of str, optional
        Glob patterns of names in the archive; those of the data set if not given.
    to : path, optional
        Folder; a folder NAME in :func:`folder` if not given.
    progress : callable, optional
        Called with the file's name, the bytes that are there and the bytes that there will be.

    Returns
    -------
    list of Path
        The files; for a tar archive, those in it (unpacked beside it).

    Raises
    ------
    UnknownNameError, EmptySelectionError
        No such data set; no file of that pattern.
    InputError
        No connection, an interrupted download (the same call goes on with it), a wrong checksum.
    """
    about = dataset(name)
    patterns = tuple(files) if files else about.files
    if not patterns:
        raise InputError(f"{name} is large ({about.size}): say which of its files, as patterns; `wormsim data list {name}` shows them")
    there = listing(name)
    wanted = [f for f in there if any(fnmatchcase(f.name, p) for p in patterns)]
    if not wanted:
        shown = ", ".join(f.name for f in there[:8])
        raise EmptySelectionError(f"{name} has no file {' or '.join(patterns)}; it has {shown}{', ...' if len(there) > 8 else ''}")
    place = Path(to).expanduser() if to is not None else folder() / name
    out: list[Path] = []
    for file in wanted:
        path = download(file, _inside(place, file.name), progress)
        out.extend(_unpacked(path) if tarfile.is_tarfile(path) else [path])
    return out


def _inside(place: Path, name: str) -> Path:
    """Path of a file of the archive, which may not lead out of the folder."""
    path = (place / name).resolve()
    if not path.is_relative_to(place.resolve()):
        raise InputError(f"the archive names a file {name!r}, which would lie outside of {place}")
    return path


def _unpacked(path: Path) -> list[Path]:
    """Files of a tar archive, unpacked beside it unless they are there; links and other things are left in it."""
    out = []
    with tarfile.open(path) as tar:
        for member in tar:
            if not member.isfile():
                continue
            file = _inside(path.parent, member.name)
            if not (file.is_file() and file.stat().st_size == member.size):
                atomic.write_with(file, lambda part, m=member: _copy(tar.extractfile(m), part))
            out.append(file)
    return out


def _copy(source: IO[bytes], to: Path) -> None:
    with source, open(to, "wb") as out:
        shutil.copyfileobj(source, out)
