"""Neurodata Without Borders: animals of the DANDI archive, with NeuroPAL names (``ndx-multichannel-volume``), read with h5py.

Read are a ``RoiResponseSeries`` in any processing module (``CalciumActivity`` in the worm sets 000541, 000565,
000692, 000714, 000715 and 000776), with names from ``NeuronIDs/labels`` or from the table that its ``rois`` point to; and
the ``ActivityTraces`` of 000981 (``activity``, ``neuron``). pynwb is not needed: the extension's package cannot be installed
beside a current one, and the files are HDF5. Harmonised by Sprague DY et al 2024 (WormID).
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ..errors import InputError, UnknownNameError, warn_data
from ..recorded import About, RecordedActivity
from ._hdf5 import is_hdf5, opened, text, texts

if TYPE_CHECKING:
    import h5py

# The containers of a worm set, the one that is nearest to what was analysed first.
_PREFERRED = ("SignalDFoF", "SignalFluorescence", "SignalRawFluor")
_NAME_COLUMNS = ("ID_labels", "neuron_name", "cell_name", "name", "label", "labels")


def matches(path: Path) -> bool:
    """Whether the file says that it is NWB."""
    if not is_hdf5(path):
        return False
    with opened(path) as file:
        return "nwb_version" in file.attrs or text(file.attrs.get("neurodata_type", "")) == "NWBFile" or "nwb_version" in file


def animals(path: Path) -> tuple[str, ...]:
    """One: its ``subject_id``, or the file's name."""
    with opened(path) as file:
        return (_said(file, "general/subject/subject_id") or path.stem,)


def read(path: Path, animal: str, *, series: str | None = None, rate_Hz: float | None = None) -> RecordedActivity:
    """Read the animal.

    Parameters
    ----------
    path : Path
    animal : str
    series : str, optional
        Path of the RoiResponseSeries in the file, where it holds several; dF/F before raw fluorescence if not given.
    rate_Hz : float, optional
        For a file that gives no times; held against them otherwise.

    Raises
    ------
    InputError
        No activity, or no times and no `rate_Hz`; the message says what the file has.
    """
    where = path.name
    with opened(path) as file:
        found = _series(file)
        if series is None and not found and "processing/CalciumActivity/ActivityTraces/activity" in file:
            group = file["processing/CalciumActivity/ActivityTraces"]
            x, labels = np.asarray(group["activity"][()], float).T, texts(group["neuron"][()])
            signal, time_s, stated = "fluorescence", None, None
            taken = group.name
        else:
            if not found:
                inside = [f"processing/{m}/{c}" for m, module in file.get("processing", {}).items() for c in module]
                raise InputError(f"{where} holds no activity of regions: no RoiResponseSeries and no CalciumActivity/ActivityTraces "
                                 f"under processing; it has {', '.join(inside[:12]) or 'nothing there'}")
            if series is not None and series.strip("/") not in found:
                raise UnknownNameError("series", series, found, f"{where} has {', '.join(found)}")
            taken = series.strip("/") if series is not None else found[0]
            group = file[taken]
            x = np.asarray(group["data"][()], float)
            x = x[:, None] if x.ndim == 1 else x
            signal = "dff" if "dfof" in taken.lower() or "dfoverf" in taken.lower() else "fluorescence"
            time_s, stated = _times(group, len(x))
            labels = _labels(file, group, x.shape[1], where)
        if time_s is None:
            if rate_Hz is None:
                raise InputError(f"{where}: {taken} has no times; pass rate_Hz=, frames a second")
            time_s = np.arange(len(x)) / rate_Hz
        behaviours = _behaviours(file, np.asarray(time_s), where)
        about = _about(file, where, taken, animal)
    return RecordedActivity.build({signal: x}, time_s, labels, about, behaviours=behaviours, rate_Hz=rate_Hz or stated)


def _typed(group: h5py.Group, neurodata_type: str) -> list[str]:
    """Paths of all groups of a type below a group."""
    found: list[str] = []

    def look(name: str, item: object) -> None:
        if text(getattr(item, "attrs", {}).get("neurodata_type", "")) == neurodata_type:
            found.append(f"{group.name}/{name}".strip("/"))

    group.visititems(look)
    return found


def _series(file: h5py.File) -> list[str]:
    found = _typed(file["processing"], "RoiResponseSeries") if "processing" in file else []
    found = [path for path in found if "data" in file[path]]

    def rank(path: str) -> tuple[int, str]:
        container = path.split("/")[-2]
        return (_PREFERRED.index(container) if container in _PREFERRED else len(_PREFERRED), path)

    return sorted(found, key=rank)


def _times(group: h5py.Group, n: int) -> tuple[np.ndarray | None, float | None]:
    """Times of the frames, and the rate that is stated beside them."""
    start = group.get("starting_time")
    rate = float(start.attrs["rate"]) if start is not None and "rate" in start.attrs else None
    if "timestamps" in group:
        return np.asarray(group["timestamps"][()], float), rate
    if rate:
        return float(start[()]) + np.arange(n) / rate, rate
    return None, None


def _labels(file: h5py.File, group: h5py.Group, n: int, where: str) -> list[str]:
    """A label for each column: row ``rois[j]`` of the names of the segmented neurons belongs to column j."""
    module = "/".join(group.name.split("/")[:3])
    names: list[str] | None = None
    if f"{module}/NeuronIDs/labels" in file:
        names = texts(file[f"{module}/NeuronIDs/labels"][()])
    elif "rois" in group:
        names = _column_of_names(group["rois"])
    if names is None:
        warn_data(n, f"regions of {where} without a name: it has neither NeuronIDs/labels nor a column of names "
                  f"({', '.join(_NAME_COLUMNS)}) in the table of its regions", stacklevel=4)
        return [""] * n
    rows = np.asarray(group["rois"][()]) if "rois" in group else np.arange(n)
    if len(rows) != n or (n and (rows.min() < 0 or rows.max() >= len(names))):
        raise InputError(f"{where}: {n} traces, {len(rows)} rows of the table of regions and {len(names)} names do not fit together")
    return [names[row] for row in rows]


def _column_of_names(rois: h5py.Dataset) -> list[str] | None:
    table = rois.file[rois.attrs["table"]] if "table" in rois.attrs else None
    column = next((c for c in _NAME_COLUMNS if table is not None and c in table), None)
    if column is None:
        return None
    values = texts(table[column][()])
    if f"{column}_index" not in table:
        return values
    ends = np.asarray(table[f"{column}_index"][()], int)  # a ragged column: of single characters, in the NeuroPAL tables
    return ["".join(values[a:b]) for a, b in zip(np.r_[0, ends[:-1]], ends, strict=True)]


def _behaviours(file: h5py.File, time_s: np.ndarray, where: str) -> dict[str, tuple[np.ndarray, str]]:
    """Channels that were taken with the frames; how many were not is counted."""
    channels, other = {}, []
    for module in ("Behavior", "behavior"):
        for path in _typed(file[f"processing/{module}"], "TimeSeries") if f"processing/{module}" in file else []:
            name, data = path.split("/")[-1], file[path].get("data")
            x = np.asarray(data[()]) if data is not None else np.zeros(0)
            if x.dtype.kind in "iufb" and x.ndim in (1, 2) and len(x) == len(time_s):
                channels[name] = (x.astype(float), text(data.attrs.get("unit", "")))
            else:
                other.append(name)
    warn_data(len(other), f"behaviour channels of {where} left out: not one number for each of {len(time_s)} frames", other, stacklevel=4)
    return channels


def _said(file: h5py.File, name: str) -> str:
    return text(file[name][()]).strip() if name in file else ""


def _about(file: h5py.File, where: str, taken: str, animal: str) -> About:
    publications = _said(file, "general/related_publications")
    doi = next((word.rstrip(".,;") for word in publications.replace("doi.org/", " ").replace("doi:", " ").split()
                if word.startswith("10.")), "")
    strain = _said(file, "general/subject/strain") or _said(file, "general/subject/genotype")
    notes = tuple(note for note in (_said(file, "session_description"), _said(file, "general/lab")) if note)
    return About(source=f"{where}, {taken.strip('/')}", format="nwb", subject=animal, strain=strain, citation=publications, doi=doi,
                 licence="see the dandiset", notes=notes)
