"""What readers of HDF5 files share: opening, asking for what must be there, text."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ..errors import InputError

if TYPE_CHECKING:
    import h5py


def is_hdf5(path: Path) -> bool:
    """Whether a file is HDF5, whatever its ending."""
    import h5py

    return bool(h5py.is_hdf5(path))


@contextmanager
def opened(path: Path) -> Iterator[h5py.File]:
    """The file, open for reading."""
    import h5py

    try:
        file = h5py.File(path, "r")
    except OSError as error:
        raise InputError(f"{path} cannot be read as HDF5 ({error}); if it was downloaded, fetch it again") from error
    with file:
        yield file


def has(path: Path, *inside: str) -> bool:
    """Whether a file is HDF5 and holds all of these."""
    if not is_hdf5(path):
        return False
    try:
        with opened(path) as file:
            return all(name in file for name in inside)
    except InputError:
        return False


def need(group: h5py.Group, name: str, where: str) -> np.ndarray:
    """The dataset `name` as an array, or an error that says what the group has instead."""
    import h5py

    found = group.get(name)
    if not isinstance(found, h5py.Dataset):
        raise InputError(f"{where} lacks the data set {name!r}; it has {', '.join(list(group)[:12]) or 'nothing'}")
    return found[()]


def text(value: object) -> str:
    """One string from whatever HDF5 holds for it."""
    if isinstance(value, bytes):
        return value.decode("utf-8", errors="replace")
    if isinstance(value, np.ndarray):
        return text(value.item()) if value.size == 1 else " ".join(text(v) for v in value.ravel())
    return "" if value is None else str(value)


def texts(values: np.ndarray) -> list[str]:
    """Many strings."""
    return [text(value) for value in np.asarray(values).ravel()]
