"""Immobilised animals of Kato et al. 2015 (Cell 163:656, doi 10.1016/j.cell.2015.09.034): MATLAB files of version 7.3.

One struct a file (``WT_NoStim``, ``WT_Stim``, ...), one animal an entry of its fields: ``IDs``, ``traces`` (dF/F corrected
for bleaching), ``timeVectorSeconds``, ``fps``, ``dataset``, ``States``; or, in files of the same laboratory,
``NeuronNames``, ``deltaFOverF_bc`` and ``tv``. A region may carry several candidate names; they are kept as such. The files
are at https://osf.io/2395t/.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ..errors import InputError
from ..recorded import About, RecordedActivity
from ._hdf5 import is_hdf5, opened

if TYPE_CHECKING:
    import h5py

_IDS, _TRACES, _TIMES = ("IDs", "NeuronNames"), ("traces", "deltaFOverF_bc"), ("timeVectorSeconds", "tv")


def matches(path: Path) -> bool:
    """Whether the file holds such a struct."""
    if not is_hdf5(path):
        return False
    with opened(path) as file:
        return _struct(file) is not None


def animals(path: Path) -> tuple[str, ...]:
    """Names in ``dataset``, or ``worm 1``, ``worm 2``, ... where there are none or some are the same."""
    with opened(path) as file:
        fields = _struct(file)
        n = len(_entries(fields, _one_of(fields, _TRACES, path)))
        names = [_label(entry) for entry in _entries(fields, "dataset")] if "dataset" in fields else []
        return tuple(names) if len(names) == n == len(set(names) - {""}) else tuple(f"worm {k + 1}" for k in range(n))


def read(path: Path, animal: str, *, first_candidate: bool = False) -> RecordedActivity:
    """Read one animal.

    Parameters
    ----------
    path : Path
    animal : str
    first_candidate : bool
        Of a region with several names, take the first, as a doubtful one, instead of keeping it as ambiguous.

    Returns
    -------
    RecordedActivity
        Signal ``dff``; behaviours ``state_fwd``, ``state_rev1``, ... (1 while the animal is in that state).
    """
    k = animals(path).index(animal)
    where = f"{path.name}, animal {animal}"
    with opened(path) as file:
        fields = _struct(file)
        traces, ids, times = (_entries(fields, _one_of(fields, names, path)) for names in (_TRACES, _IDS, _TIMES))
        if not len(traces) == len(ids) == len(times):
            raise InputError(f"{path.name}: {len(traces)} animals have traces, {len(ids)} names and {len(times)} times")
        time_s = np.asarray(times[k][()], float).ravel()
        x = np.asarray(traces[k][()], float)
        if x.ndim != 2:
            raise InputError(f"{where}: traces have {x.ndim} dimensions")
        if x.shape[0] != len(time_s):  # MATLAB's order of axes is the other way round
            x = x.T
        labels = [_label(entry) for entry in _members(ids[k], file)]
        if first_candidate:
            labels = [f"{label.partition('/')[0]}?" if "/" in label else label for label in labels]
        rate = float(np.ravel(_entries(fields, "fps")[k][()])[0]) if "fps" in fields else None
        states = _states(fields, k, len(time_s))
    about = About(
        source=where, format="kato2015", subject=animal, indicator="GCaMP5K in the nucleus (from memory)",
        citation="Kato S et al 2015 Cell 163:656", doi="10.1016/j.cell.2015.09.034", licence="none stated in the file",
        notes=(f"of several names in IDs {'the first is taken, as doubtful' if first_candidate else 'all are kept as candidates'}",),
    )
    return RecordedActivity.build({"dff": x}, time_s, labels, about, rate_Hz=rate, behaviours=states)


def _struct(file: h5py.File) -> h5py.Group | None:
    import h5py

    for name, group in file.items():
        if name.startswith("#") or not isinstance(group, h5py.Group):
            continue
        if all(any(field in group for field in names) for names in (_IDS, _TRACES, _TIMES)):
            return group
    return None


def _one_of(fields: h5py.Group, names: tuple[str, ...], path: Path) -> str:
    found = next((name for name in names if name in fields), None)
    if found is None:
        raise InputError(f"{path.name} has none of the fields {', '.join(names)}; it has {', '.join(fields)}")
    return found


def _entries(fields: h5py.Group, name: str) -> list:
    """What the entries of a field refer to, one an animal; a field that is no cell array is that of the one animal."""
    import h5py

    field = fields[name]
    if isinstance(field, h5py.Dataset) and field.dtype == h5py.ref_dtype:
        return [field.file[ref] for ref in np.ravel(field[()])]
    return [field]


def _members(cell: h5py.Dataset, file: h5py.File) -> list:
    return [file[ref] for ref in np.ravel(cell[()])]


def _label(entry: h5py.Dataset) -> str:
    """Text of a char array; candidates of a cell array joined by ``/``; "" of what is empty or a number."""
    import h5py

    if not isinstance(entry, h5py.Dataset) or entry.attrs.get("MATLAB_empty", 0):
        return ""
    if entry.dtype == h5py.ref_dtype:
        names = [_label(entry.file[ref]) for ref in np.ravel(entry[()])]
        return "/".join(dict.fromkeys(name for name in names if name))
    if entry.attrs.get("MATLAB_class", b"char") not in (b"char", "char"):
        return ""
    return "".join(chr(c) for c in np.ravel(entry[()])).strip()


def _states(fields: h5py.Group, k: int, n_frames: int) -> dict[str, tuple[np.ndarray, str]]:
    import h5py

    if "States" not in fields:
        return {}
    entries = _entries(fields, "States")
    if k >= len(entries) or not isinstance(entries[k], h5py.Group):
        return {}
    found = {name.lower(): np.ravel(x[()]).astype(float) for name, x in entries[k].items() if isinstance(x, h5py.Dataset)}
    return {f"state_{name}": (x, "1 while in this state") for name, x in found.items() if len(x) == n_frames}
