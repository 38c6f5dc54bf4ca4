"""Freely moving animals of the Flavell laboratory (Atanas, Kim et al. 2023 Cell 186:4134, doi 10.1016/j.cell.2023.07.035).

Two layouts of the same data: one JSON an animal, as wormwideweb.org gives it, with names in ``labeled``; and one HDF5 an
animal (``2022-06-14-01-data.h5``), with the names of all animals in a file of their own, ``neuropal_label.json`` (or
``.json.bz2``), passed as ``labels``. Both number the regions of ``labeled`` from 1.
"""

from __future__ import annotations

import bz2
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import InputError
from ..recorded import About, RecordedActivity
from ._hdf5 import has, need, opened

TOP_CONFIDENCE = 5.0
_UID = re.compile(r"\d{4}-\d\d-\d\d-\d\d")
_CHANNELS = ("velocity", "angular_velocity", "head_curvature", "head_angle", "body_curvature", "worm_curvature", "body_angle",
             "pumping", "reversal_vec")
_UNIT = "as in the source"
_TIMES, _TRACES = "timing/timestamp_confocal", "gcamp/trace_array"


def matches(path: Path) -> bool:
    """Whether it is one of the two layouts."""
    if path.suffix.lower() == ".json":
        with open(path, "rb") as file:
            return b'"trace_array"' in file.read() if path.stat().st_size < 2**30 else False
    return has(path, _TRACES, _TIMES)


def animals(path: Path) -> tuple[str, ...]:
    """One, named by its number (``2022-06-14-01``) where the file's name has it."""
    found = _UID.search(path.stem)
    return (found[0] if found else path.stem,)


def read(path: Path, animal: str, *, labels: str | Path | None = None) -> RecordedActivity:
    """Read one animal.

    Parameters
    ----------
    path : Path
    animal : str
    labels : path, optional
        For the HDF5 layout: the file of names. Without it the regions have no names.

    Returns
    -------
    RecordedActivity
        Signals ``z`` (main) and ``ratio``; behaviours as far as they are there.
    """
    if path.suffix.lower() == ".json":
        if labels is not None:
            raise InputError(f"{path.name} has its own names: leave out labels")
        return _read_json(path, animal)
    where = f"{path.name}, animal {animal}"
    with opened(path) as file:
        time_s, z = need(file, _TIMES, where), need(file, _TRACES, where)
        signals = {"z": _frames_first(z, len(time_s), where)}
        if f"{_TRACES}_original" in file:
            signals["ratio"] = _frames_first(file[f"{_TRACES}_original"][()], len(time_s), where)
        group = file.get("behavior", {})
        channels = {name: group[name][()] for name in _CHANNELS if name in group}
    names, sure = _names({} if labels is None else _labels_of(Path(labels), animal), signals["z"].shape[1], where)
    return _build(signals, time_s, names, sure, channels, animal, where)


def _read_json(path: Path, animal: str) -> RecordedActivity:
    where = path.name
    try:
        data = json.loads(path.read_text("utf-8"))
    except json.JSONDecodeError as error:
        raise InputError(f"{where} is not whole JSON ({error}); if it was downloaded, fetch it again") from error
    if not isinstance(data, Mapping):
        raise InputError(f"{where} holds a {type(data).__name__}, but a recording is an object with max_t, trace_array and labeled")
    n = data.get("max_t")
    if not isinstance(n, int):
        raise InputError(f"{where} lacks max_t, the number of frames; it has {', '.join(list(data)[:12])}")
    try:
        return _of_json(data, n, animal, where)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise InputError(f"{where} is not of this layout ({type(error).__name__}: {error}); if it was downloaded, fetch it again") from error


def _of_json(data: Mapping[str, Any], n: int, animal: str, where: str) -> RecordedActivity:
    signals = {"z": _frames_first(np.array(data["trace_array"], float), n, where)}
    if data.get("trace_original") is not None:
        signals["ratio"] = _frames_first(np.array(data["trace_original"], float), n, where)
    channels = {name: np.array(data[name], float) for name in _CHANNELS if data.get(name) is not None}
    if data.get("reversal_events") is not None and "reversal_vec" not in channels:
        channels["reversal_vec"] = np.zeros(n)
        # so numbered, the events of Dag et al. 2023 give the reversal_vec that their files hold beside them
        for first, last in data["reversal_events"]:
            channels["reversal_vec"][int(first) : int(last)] = 1.0
    names, sure = _names(data.get("labeled") or {}, signals["z"].shape[1], where)
    return _build(signals, _json_times(data, n, where), names, sure, channels, str(data.get("uid", animal)), where)


def _json_times(data: Mapping[str, Any], n: int, where: str) -> np.ndarray:
    if data.get("timestamp_confocal") is not None:
        return np.array(data["timestamp_confocal"], float)
    step = data.get("avg_timestep")
    if not isinstance(step, (int, float)) or not step > 0:
        raise InputError(f"{where} gives no times: it has neither timestamp_confocal nor avg_timestep")
    # The site's two readme files call it the minutes of a frame and the frames of a minute; frames take less than a minute.
    return np.arange(n) * (step * 60.0 if step < 1 else 60.0 / step)


def _frames_first(x: np.ndarray, n_frames: int, where: str) -> np.ndarray:
    if x.ndim == 2 and x.shape[0] == n_frames:
        return x
    if x.ndim == 2 and x.shape[1] == n_frames:
        return x.T
    raise InputError(f"{where}: traces have shape {x.shape}, but there are {n_frames} frames")


def _names(labeled: Mapping[str, Any], n: int, where: str) -> tuple[list[str], np.ndarray]:
    """Labels and confidences of `n` regions from entries numbered from 1."""
    names, sure = [""] * n, np.full(n, np.nan)
    for number, entry in labeled.items():
        if not str(number).isdigit() or not 1 <= int(number) <= n:
            raise InputError(f"{where}: a name for region {number!r}, but the regions are 1 to {n}; do the names belong to this animal?")
        entry = entry if isinstance(entry, Mapping) else {"label": entry}
        names[int(number) - 1] = str(entry.get("label") or "")
        if isinstance(entry.get("confidence"), (int, float)):
            sure[int(number) - 1] = entry["confidence"] / TOP_CONFIDENCE
    return names, sure


def _labels_of(path: Path, animal: str) -> Mapping[str, Any]:
    if not path.is_file():
        raise InputError(f"no such file of names: {path}")
    opener = bz2.open if path.suffix.lower() == ".bz2" else open
    try:
        with opener(path, "rt", encoding="utf-8") as file:
            root = json.load(file)
    except (json.JSONDecodeError, OSError, EOFError, UnicodeDecodeError) as error:
        raise InputError(f"{path} is not a whole file of names ({error}); if it was downloaded, fetch it again") from error
    root = root.get("data", root)
    if animal not in root:
        raise InputError(f"{path.name} has no names for animal {animal}; it has {', '.join(list(root)[:8])}")
    entry = root[animal]
    return entry.get("idx_neuron-label", entry.get("label", entry))


def _build(signals, time_s, names, sure, channels, animal, where) -> RecordedActivity:
    behaviours = {}
    for name, x in channels.items():
        x = np.asarray(x, float)
        behaviours[name] = (x.T if x.ndim == 2 and len(x) != len(time_s) else x, _UNIT)
    about = About(
        source=where, format="wormwideweb", subject=animal, indicator="GCaMP7f in the nucleus, over mNeptune2.5 (from memory)",
        citation="not stated in the file: the layout is that of Atanas AA, Kim J et al 2023 Cell 186:4134, and WormWideWeb has "
                 "recordings of other papers too",
        licence="not stated in the file",
    )
    return RecordedActivity.build(signals, time_s, names, about, confidence=sure, behaviours=behaviours)
