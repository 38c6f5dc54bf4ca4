"""Closed loop: animals in their worlds, run together, many to a kernel call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from .animal import Lowered, Wiring, lower
from .body import muscles, stretch
from .body.drag import drag_per_length
from .body.parameters import FIXED, STRETCH_UN
from .errors import InputError

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

#: Lanes of a block: a row of float32 is one cache line. Where a block ends changes no result.
LANES = 16
#: Step of everything, ms; tests/test_closed_loop.py halves it.
DT_MS = 1.0
SIGNALS = ("touch_front", "touch_back", "touch_nose")


@dataclass(frozen=True)
class Event:
    """A signal of the world during [start_s, stop_s)."""

    signal: str
    start_s: float
    stop_s: float
    level: float = 1.0


@dataclass(frozen=True)
class World:
    """What one animal meets.

    Parameters
    ----------
    medium : str or float
        See :func:`wormsim.body.drag.drag_per_length`.
    events : tuple of Event
    """

    medium: str | float = "agar"
    events: tuple[Event, ...] = ()


@dataclass(eq=False)
class Run:
    """One block's arrays between calls of the kernel."""

    x: np.ndarray
    y: np.ndarray
    arguments: dict = field(default_factory=dict)


SENSORS = {"touch_front": ("ALM", "AVM"), "touch_back": ("PLM",), "touch_nose": ("ASH", "FLP", "OLQ")}


def start_pose(wiring: Wiring, lanes: int, bend_per_mm: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    """A gently bent body at the origin, nose to the left, (nodes, lanes) each."""
    form = wiring.form
    s = np.arange(form.segments) / form.segments
    angle = np.concatenate([[0.0], np.cumsum(bend_per_mm * np.sin(2 * np.pi * s[1:]) * form.segment_mm)])
    x = np.concatenate([[0.0], np.cumsum(np.cos(angle))]) * form.segment_mm
    y = np.concatenate([[0.0], np.cumsum(np.sin(angle))]) * form.segment_mm
    return np.tile((x - x.mean())[:, None], lanes), np.tile((y - y.mean())[:, None], lanes)


def simulate_block(wiring: Wiring, parameters: pd.DataFrame, worlds: Sequence[World], gone: Sequence[np.ndarray], duration_s: float,
                   every_ms: float = 100.0, dt_ms: float = DT_MS, record: Sequence[int] = (), record_muscles: bool = False,
                   lowered: Lowered | None = None, no_stretch: bool = False) -> dict[str, np.ndarray]:
    """Run L animals of one wiring (one row of `parameters`, one world and one array of missing cells each)."""
    from .kernels.animal_loop import run
    from .kernels.graded_network import gap_sums

    lanes, n = len(parameters), len(wiring.cells)
    low = lowered or lower(wiring, parameters)
    p = low.lanes
    alive = np.ones((n, lanes))
    for b, cells in enumerate(gone):
        alive[cells, b] = 0.0
    exc, inh, gap = wiring.excitatory, wiring.inhibitory, wiring.gap
    g_gap = np.empty((n, lanes))
    gap_sums(low.gain_gap, alive, gap.start, gap.pre, gap.weight, g_gap)
    current = np.zeros((n, lanes))
    current[wiring.rows("AVB")] += p["I_AVB_pA"]
    sensors = [(c, k) for k, s in enumerate(SIGNALS) for c in wiring.rows(*SENSORS[s])]
    events = sorted({(e.signal, e.start_s, e.stop_s) for w in worlds for e in w.events})
    level = np.array([[sum(e.level for e in w.events if (e.signal, e.start_s, e.stop_s) == key) for w in worlds] for key in events],
                     float).reshape(len(events), lanes)
    steps = round(duration_s * 1000 / dt_ms)
    every = round(every_ms / dt_ms)
    frames = -(-steps // every)
    form = wiring.form
    x, y = start_pose(wiring, lanes)
    drag = np.array([drag_per_length(w.medium) for w in worlds])
    stretch_gain = np.stack([p[f"stretch_{g}_pA_mm"] for g in stretch.GROUPS]) * (0.0 if no_stretch else 1.0)
    r = wiring.receptors
    muscle_count = len(wiring.muscle_cell) if record_muscles else 0
    activation = np.zeros((len(wiring.muscle_cell), lanes))
    out_x, out_y = (np.full((lanes, frames, form.segments + 1), np.nan, np.float32) for _ in range(2))
    out_v = np.full((lanes, frames, len(record)), np.nan, np.float32)
    out_m = np.full((lanes, frames, muscle_count), np.nan, np.float32)
    lane = np.stack([dt_ms / p["C_m_pF"], p["g_leak_nS"], p["a_r"] * dt_ms * 1e-3, p["a_d_per_s"] * dt_ms * 1e-3, p["beta"]])
    run(0, steps, dt_ms, every,
        *(_single(z).copy() for z in (low.rest, low.s_rest)),
        *(_single(z) for z in (low.rest, low.v_half, low.gain_in, low.gain_out, low.gain_gap, g_gap, alive)),
        exc.start, exc.pre, exc.weight, inh.start, inh.pre, inh.weight, gap.start, gap.pre, gap.weight,
        _single(lane), *(np.float32(FIXED[k]) for k in ("v_leak_mV", "E_exc_mV", "E_inh_mV")), _single(current),
        r.cell, r.centre, r.sign, r.group, np.stack([p[f"field_{g}"] for g in stretch.GROUPS]), stretch_gain, stretch.HALF_WIDTH,
        np.array([SIGNALS.index(k[0]) for k in events], np.int64), np.array([round(k[1] * 1000 / dt_ms) for k in events], np.int64),
        np.array([round(k[2] * 1000 / dt_ms) for k in events], np.int64), _single(level), _single(np.zeros((len(SIGNALS), lanes))),
        np.array([c for c, _ in sensors], np.int64), np.array([k for _, k in sensors], np.int64),
        _single(np.tile(p["g_touch_nS"], (len(sensors), 1))),
        wiring.muscle_cell, _single(p["muscle_half_mV"]), _single(p["muscle_slope_mV"]), muscles.TAU_MS, _single(activation), *wiring.pull,
        p["kappa_max_per_mm"],
        x, y, np.zeros((form.segments - 1, lanes)), form.stiffness_profile, p["bend_uN_mm2"][None], p["eta_uN_mm2_s"][None], STRETCH_UN,
        form.segment_mm, np.ascontiguousarray(drag.T),
        out_x, out_y, np.array(record, np.int64), out_v, out_m)
    return {"x_mm": out_x, "y_mm": out_y, "v_mV": out_v, "muscle": out_m}


def _single(x: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(x, np.float32)
