"""Checks of a recording: what is wrong raises, what is left out is counted."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .errors import InputError, warn_data
from .labels import Label, resolve

GAP = 1.5
"""Frames further apart than this many median distances have a gap between them."""
RATE_TOLERANCE = 0.05
_LEVEL = 6  # frames of the stack between a user's call and warn_data


@dataclass(frozen=True)
class Checked:
    """A recording whose parts fit together; arrays as :class:`wormsim.recorded.RecordedActivity` has them."""

    signals: dict[str, np.ndarray]
    time_s: np.ndarray
    regions: dict[str, np.ndarray]
    behaviours: dict[str, tuple[np.ndarray, str]]
    excluded: dict[str, list[str]]


def check(signals: Mapping[str, Any], time_s, labels: Sequence[str], confidence, behaviours: Mapping[str, tuple[Any, str]],
          rate_Hz: float | None, source: str, known: Collection[str] = ()) -> Checked:
    """Hold the parts of a recording against each other; arguments as in ``RecordedActivity.build``."""
    time_s = check_times(time_s, rate_Hz, source)
    labels = [str(label) for label in labels]
    shape = (len(time_s), len(labels))
    arrays = {name: _array(x, shape, f"{source}: {name}", "frames x labels") for name, x in signals.items()}
    if not arrays:
        raise InputError(f"{source}: no activity was given")
    sure = np.full(len(labels), np.nan) if confidence is None else np.asarray(confidence, np.float64)
    if sure.shape != (len(labels),):
        raise InputError(f"{source}: {len(labels)} labels, but confidences of shape {sure.shape}")
    bad = np.flatnonzero((sure < 0) | (sure > 1))
    if len(bad):
        raise InputError(f"{source}: the confidence {sure[bad[0]]:g} of region {bad[0]} ({labels[bad[0]]!r}) is not between 0 and 1")
    channels = {}
    for name, (x, unit) in behaviours.items():
        if name in arrays:
            raise InputError(f"{source}: {name} is both a signal and a behaviour")
        x = np.asarray(x, np.float64)
        if x.ndim not in (1, 2) or len(x) != len(time_s):
            raise InputError(f"{source}: behaviour {name} has shape {x.shape}, but there are {len(time_s)} frames")
        channels[name] = (x, unit)

    main = next(iter(arrays.values()))
    seen = np.isfinite(main)
    empty = ~seen.any(axis=0)
    low, high = np.where(seen, main, np.inf).min(axis=0), np.where(seen, main, -np.inf).max(axis=0)
    constant = ~empty & (low == high)
    excluded = {"no finite frame": _text(labels, empty), "constant": _text(labels, constant)}
    for reason, gone in excluded.items():
        warn_data(len(gone), f"regions of {source} left out: {reason}", gone, stacklevel=_LEVEL)
    keep = ~(empty | constant)
    if not keep.any():
        raise InputError(f"{source}: none of {len(labels)} regions is left ({int(empty.sum())} without a finite frame, "
                         f"{int(constant.sum())} constant)")
    kept = [label for label, k in zip(labels, keep, strict=True) if k]
    regions, unnamed = _regions(kept, sure[keep], source, known)
    return Checked({name: x[:, keep] for name, x in arrays.items()}, time_s, regions, channels, excluded | unnamed)


def check_times(time_s, rate_Hz: float | None, source: str) -> np.ndarray:
    """Times from the first frame on, ascending; gaps are counted, a stated rate is held against them."""
    time_s = np.asarray(time_s, np.float64)
    if time_s.ndim != 1 or len(time_s) < 2:
        raise InputError(f"{source}: {time_s.size} frame times; at least two are needed, in one dimension")
    bad = np.flatnonzero(~np.isfinite(time_s))
    if len(bad):
        raise InputError(f"{source}: {len(bad)} frames have no time, the first is frame {bad[0]}")
    between = np.diff(time_s)
    bad = np.flatnonzero(between <= 0)
    if len(bad):
        k = int(bad[0])
        raise InputError(f"{source}: times do not ascend at frame {k + 1}: {time_s[k]:g} s is followed by {time_s[k + 1]:g} s "
                         f"({len(bad)} such frames); sort the frames and remove doubled ones")
    middle = float(np.median(between))
    if rate_Hz is not None and not abs(rate_Hz * middle - 1) <= RATE_TOLERANCE:
        raise InputError(f"{source}: the stated rate of {rate_Hz:g} Hz does not match its times, which are {middle:g} s apart "
                         f"({1 / middle:.4g} Hz); correct the one that is wrong")
    gaps = np.flatnonzero(between > GAP * middle)
    warn_data(len(gaps), f"gaps between frames in {source}, {between[gaps].sum():.3g} s in all: resample() leaves them "
              "not-a-number", [f"{between[k]:.3g} s after frame {k}" for k in gaps], stacklevel=_LEVEL)
    return time_s - time_s[0]


def _array(x, shape: tuple[int, int], what: str, axes: str) -> np.ndarray:
    x = np.array(x, np.float64)
    if x.shape != shape:
        turned = "; it looks transposed" if x.shape == shape[::-1] else ""
        raise InputError(f"{what} has shape {x.shape}, but {axes} is {shape}{turned}")
    x[~np.isfinite(x)] = np.nan
    return x


def _text(labels: list[str], which: np.ndarray) -> list[str]:
    return [label or f"region {k}" for k, (label, w) in enumerate(zip(labels, which, strict=True)) if w]


def _regions(labels: list[str], sure: np.ndarray, source: str, known: Collection[str]) -> tuple[dict[str, np.ndarray], dict[str, list[str]]]:
    """Coordinates along region, and the labels that gave no name or lost it."""
    known = frozenset(known)
    resolved = [Label(label, "cell", (label,), False) if label in known else resolve(label) for label in labels]
    cells, levels = [r.cell for r in resolved], [r.level for r in resolved]
    best: dict[str, int] = {}
    twice = []
    rank = [(not r.doubtful, s if np.isfinite(s) else -1.0) for r, s in zip(resolved, sure, strict=True)]
    for k, cell in enumerate(cells):
        if not cell:
            continue
        first = best.setdefault(cell, k)
        if first != k:
            loser = first if rank[k] > rank[first] else k
            best[cell] = k if loser == first else first
            twice.append(loser)
    for k in twice:
        cells[k], levels[k] = "", "duplicate"
    lost = {
        "no known neuron": [label for label, r in zip(labels, resolved, strict=True) if r.level == "unresolved"],
        "named twice": [labels[k] for k in twice],
    }
    warn_data(len(lost["no known neuron"]), f"labels in {source} that no known neuron has; their regions stay without a name",
              lost["no known neuron"], stacklevel=_LEVEL + 1)
    warn_data(len(twice), f"regions of {source} lost their name to a surer or earlier region of the same name", lost["named twice"],
              stacklevel=_LEVEL + 1)
    return {
        "label": np.array([r.text for r in resolved], object),
        "cell": np.array(cells, object),
        "candidates": np.array([" ".join(r.candidates) for r in resolved], object),
        "level": np.array(levels, object),
        "doubtful": np.array([r.doubtful for r in resolved], bool),
        "confidence": sure,
    }, lost
