"""Behaviours made by formula: a worm that crawls and reverses, and a male that backs along a mate."""

import numpy as np
import xarray as xr

from wormsim.body.form import HERMAPHRODITE, MALE

MUSCLES = [f"M{row}{k:02d}" for row in ("DL", "DR", "VL", "VR") for k in range(1, 24 if row == "VL" else 25)]
PLACES = {"AVAL": (0.09, 0), "AVBL": (0.1, 1), "RMDL": (0.07, -1), "DB3": (0.3, -1), "VB5": (0.4, -1), "DA6": (0.6, -1), "VA9": (0.75, -1),
          "PVCL": (0.95, 0)}
NODES = 49


def wave(time_s, direction, length_mm, rate_Hz=0.4, waves=1.6, bend_per_mm=6.0):
    """Path of a worm whose bends run along its own track at the speed of the wave: x, y (T, N) and curvature (T, N) in 1/mm."""
    dt = np.diff(time_s, prepend=time_s[0])
    u = np.cumsum(direction * dt) * rate_Hz / waves * length_mm  # along the track, mm
    fine = np.linspace(u.min() - 1.2 * length_mm, u.max() + 0.2 * length_mm, 8001)
    k = 2 * np.pi * waves / length_mm
    angle = -bend_per_mm / k * np.cos(k * fine)
    step = fine[1] - fine[0]
    track_x, track_y = np.cumsum(np.cos(angle)) * step, np.cumsum(np.sin(angle)) * step
    at = u[:, None] - np.linspace(0, length_mm, NODES)  # the nose leads
    # The direction from head to tail is against the track; its dorsal side is at (-t_y, t_x), so the bend turns its sign.
    return np.interp(at, fine, track_x), np.interp(at, fine, track_y), -bend_per_mm * np.sin(k * at)


def _activation(kappa):
    """(T, muscles): the inner side of each bend contracts."""
    place = np.array([(int(m[3:]) - 0.5) / 24 for m in MUSCLES])
    sign = np.array([1 if m[1] == "D" else -1 for m in MUSCLES])
    at = np.rint(place * (NODES - 1)).astype(int)
    return np.clip(sign * kappa[:, at] / 6, 0, 1)


def worm(duration_s=20.0, rate_Hz=10.0, variants=("intact", "without AVA"), extra_cells=()):
    """The first animal reverses for a fifth of the time, the others never do and are the slower the later they come."""
    time_s = np.arange(round(duration_s * rate_Hz)) / rate_Hz
    cells = [*PLACES, *extra_cells]
    xs, ys, vs, ms, states = [], [], [], [], []
    rng = np.random.default_rng(1)
    for n, _ in enumerate(variants):
        back = (time_s > 0.4 * duration_s) & (time_s < 0.6 * duration_s) & (n == 0)
        x, y, kappa = wave(time_s, np.where(back, -1.0, 1.0) / (1 + 0.4 * n), HERMAPHRODITE.length_mm)
        v = -45 + 10 * np.sin(2 * np.pi * (0.4 * time_s[:, None] - np.linspace(0, 1.6, len(cells)))) + rng.normal(0, 1, (len(time_s), len(cells)))
        v[:, 0] = np.where(back, -20.0, -50.0)
        v[:, 1] = np.where(back, -50.0, -22.0)
        if n:
            v[:, 0] = np.nan
        xs, ys, vs, ms = [*xs, x], [*ys, y - n], [*vs, v], [*ms, _activation(kappa)]
        states.append(np.where(back, "reversal", "forward"))
    return xr.Dataset(
        {"x_mm": (("variant", "time", "node"), np.float32(xs)), "y_mm": (("variant", "time", "node"), np.float32(ys)),
         "v_mV": (("variant", "time", "cell"), np.float32(vs)), "activation": (("variant", "time", "muscle"), np.float32(ms)),
         "state": (("variant", "time"), np.array(states))},
        {"variant": list(variants), "time_s": ("time", time_s), "cell": cells, "muscle": MUSCLES, "node": np.arange(NODES),
         "radius_mm": ("node", HERMAPHRODITE.radius_mm)}, {"assay": "spontaneous", "medium": "agar", "length_mm": HERMAPHRODITE.length_mm})


def mating(duration_s=20.0, rate_Hz=10.0):
    """A male backs along a straight mate towards her vulva, stops there and prods."""
    time_s = np.arange(round(duration_s * rate_Hz)) / rate_Hz
    go = time_s < 0.7 * duration_s
    x, y, kappa = wave(time_s, np.where(go, -0.8, 0.0), MALE.length_mm, bend_per_mm=4.0)
    mate_x = np.linspace(0.0, 1.0, 41)
    mate_radius = 0.04 * np.sqrt(np.maximum(1 - (2 * np.linspace(0, 1, 41) - 1) ** 4, 0.05))
    x = x - x[-1, -1] + 0.5  # in the end the tail lies at her vulva
    y = y - y[-1, -1] - 0.065
    state = np.select([time_s < 0.1 * duration_s, go, time_s < 0.8 * duration_s], ["contact", "scanning", "at vulva"], "prodding")
    touch = np.stack([np.clip(np.sin(time_s), 0, 1), np.where(go, 0.0, 1.0)], axis=1)
    muscles = np.concatenate([_activation(kappa), np.where(state == "prodding", 0.5 + 0.5 * np.sin(20 * time_s), 0.0)[:, None]], axis=1)
    return xr.Dataset(
        {"x_mm": (("variant", "time", "node"), np.float32(x)[None]), "y_mm": (("variant", "time", "node"), np.float32(y)[None]),
         "mate_x_mm": (("variant", "time", "mate_node"), np.float32(np.tile(mate_x, (1, len(time_s), 1)))),
         "mate_y_mm": (("variant", "time", "mate_node"), np.zeros((1, len(time_s), 41), np.float32)),
         "touch": (("variant", "time", "organ"), np.float32(touch)[None]), "activation": (("variant", "time", "muscle"), np.float32(muscles)[None]),
         "state": (("variant", "time"), state[None])},
        {"variant": [0], "time_s": ("time", time_s), "organ": ["rays", "hook"], "muscle": [*MUSCLES, "dspL"], "node": np.arange(NODES),
         "radius_mm": ("node", MALE.radius_mm), "mate_radius_mm": ("mate_node", mate_radius)},
        {"assay": "mating", "medium": "agar", "length_mm": MALE.length_mm})
