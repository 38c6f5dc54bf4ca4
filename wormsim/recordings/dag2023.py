"""Named freely moving animals of Dag et al. 2023 (Cell 186:2574, doi 10.1016/j.cell.2023.04.023), one HDF5 group each.

The layout is that of a file in which the traces, behaviour and NeuroPAL labels of that study were put together: a group
for each animal with ``names`` and ``confidence`` (0 to 5) of the regions, ``trace_z`` and ``trace_ratio`` (frames x regions),
``t_s``, and behaviour. The data carry no licence that lets others pass them on.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ..errors import InputError
from ..recorded import About, RecordedActivity
from ._hdf5 import is_hdf5, need, opened, texts

TOP_CONFIDENCE = 5.0
_NEEDED = ("names", "confidence", "t_s", "trace_z")
_CHANNELS = {
    "velocity": "mm/s", "angular_velocity": "as in the source", "head_angle": "rad", "body_angle": "rad",
    "worm_curvature": "as in the source", "reversal_vec": "1 in a reversal",
}


def matches(path: Path) -> bool:
    """Whether every group of the file is an animal of this layout."""
    import h5py

    if not is_hdf5(path):
        return False
    with opened(path) as file:
        groups = [g for g in file.values() if isinstance(g, h5py.Group)]
        return bool(groups) and all("trace_z" in g and "names" in g for g in groups)


def animals(path: Path) -> tuple[str, ...]:
    """Names of the groups."""
    with opened(path) as file:
        return tuple(file)


def read(path: Path, animal: str) -> RecordedActivity:
    """Read one animal.

    Signals ``z`` (main) and, where there, ``ratio``; behaviours ``velocity``, ``angular_velocity``, ``head_angle``,
    ``body_angle``, ``worm_curvature`` and ``reversal_vec``, as far as they are there.
    """
    with opened(path) as file:
        group, where = file[animal], f"{path.name}, animal {animal}"
        names, sure, time_s, z = (need(group, name, where) for name in _NEEDED)
        signals = {"z": z}
        if "trace_ratio" in group:
            signals["ratio"] = group["trace_ratio"][()]
        behaviours = {name: (group[name][()], unit) for name, unit in _CHANNELS.items() if name in group}
    if np.nanmax(sure, initial=0.0) > TOP_CONFIDENCE:
        raise InputError(f"{where}: confidence reaches {np.nanmax(sure):g}, but the scale of this layout ends at {TOP_CONFIDENCE:g}")
    about = About(
        source=where, format="dag2023", subject=animal, strain="SWF702", indicator="GCaMP7f in the nucleus, over mNeptune2.5 (from memory)",
        citation="Dag U et al 2023 Cell 186:2574", doi="10.1016/j.cell.2023.04.023",
        licence="none stated: not for redistribution",
    )
    return RecordedActivity.build(signals, time_s, texts(names), about, confidence=np.asarray(sure, float) / TOP_CONFIDENCE,
                                  behaviours=behaviours)
