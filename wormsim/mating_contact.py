"""What a recording says of a male and his mate at every frame: contact of his tail, place along her, distance to the vulva, speed.

From the geometry alone, so that it does not depend on what the simulation itself noted.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from .body.male_tail import CLOACA, PROTRACTORS, RETRACTORS
from .body.mate import VULVA
from .errors import InputError

if TYPE_CHECKING:
    import xarray as xr

#: The tail, for contact: the last tenth of his body (chosen here).
TAIL_FROM = 0.90
#: His tail touches her within this gap, what his rays feel (TOUCH_MM of kernels/contact.py; chosen here, no measurement).
CONTACT_MM = 0.005
#: ... with his ventral side or his tip: cosine of the angle between his dorsal side and her direction below this (chosen here).
MOST_DORSAL = 0.5
#: Speeds are means over this long, as in Yemini E et al 2013 Nat Methods 10:877 (at least half a second; high).
WINDOW_S = 0.5

NEEDED = ("x_mm", "y_mm", "mate_x_mm", "mate_y_mm")


@dataclass(frozen=True, eq=False)
class Meeting:
    """One male and his mate over T frames.

    Attributes
    ----------
    time_s : (T,) array
    touching : (T,) bool array
        His tail touches her.
    place, flank : (T,) arrays
        Where she is nearest to his cloaca: 0 her nose, 1 her tail; +1 or -1, which side of her midline.
    vulva_mm : (T,) array
        From his cloaca to her vulva, surface to surface.
    velocity_mm_s : (T,) array
        His signed velocity along his own body, positive towards his head; relative to her while he touches her.
    protraction : (T,) array or None
        How far the spicules are out, 0..1 (protractors less retractors); None where their muscles were not recorded.
    length_mm, mate_length_mm : float
        His and her length.
    """

    time_s: np.ndarray
    touching: np.ndarray
    place: np.ndarray
    flank: np.ndarray
    vulva_mm: np.ndarray
    velocity_mm_s: np.ndarray
    protraction: np.ndarray | None
    length_mm: float
    mate_length_mm: float

    @property
    def dt_s(self) -> float:
        """Between frames."""
        return float(self.time_s[1] - self.time_s[0])


def checked(behaviour: xr.Dataset) -> np.ndarray:
    """Which variants failed, (V,) bool: `failed` has a text, or a place of him or her is not a number.

    Raises
    ------
    InputError
        No mate in the recording, fewer than three frames, frames at uneven times or more than a quarter of a second apart.
    """
    missing = [name for name in (*NEEDED, "radius_mm", "mate_radius_mm") if name not in behaviour.variables]
    if missing:
        raise InputError(f"no mating in this recording: it has no {', '.join(missing)}; run an assay with a mate")
    steps = np.diff(behaviour["time_s"].to_numpy().astype(float))
    if len(steps) < 2:
        raise InputError(f"{len(steps) + 1} frames are too few for an ethogram; record three or more")
    if not np.allclose(steps, steps[0], rtol=1e-3) or not 0 < steps[0] <= WINDOW_S / 2 + 1e-9:
        raise InputError(f"frames are {steps.min():.3g} to {steps.max():.3g} s apart; the rules need even steps of at most {WINDOW_S / 2} s")
    bad = np.zeros(behaviour.sizes["variant"], bool)
    for name in NEEDED:
        values = behaviour[name].transpose("variant", ...).to_numpy()
        bad |= ~np.isfinite(values).reshape(len(bad), -1).all(axis=1)
    if "failed" in behaviour.variables:
        bad |= np.array([bool(str(text)) for text in behaviour["failed"].to_numpy()])
    return bad


def meeting(behaviour: xr.Dataset, variant: int) -> Meeting:
    """Read variant number `variant`, one that has not failed.

    Parameters
    ----------
    behaviour : Dataset
        ``x_mm``, ``y_mm`` (variant, time, node), ``mate_x_mm``, ``mate_y_mm`` (variant, time, mate_node), ``radius_mm`` (node),
        ``mate_radius_mm`` (mate_node), ``time_s`` (time); where there, any variable (variant, time, muscle) as the activation of the muscles,
        ``vulva_side`` (variant; else -1) and the attribute ``vulva_place`` (else VULVA).
    variant : int

    Raises
    ------
    InputError
        Muscles were recorded without those of the spicules.
    """
    from .kernels.contact import touch_mate

    own = behaviour.isel(variant=variant)
    x, y = (np.ascontiguousarray(own[name].transpose("node", "time").to_numpy(), float) for name in NEEDED[:2])
    mate_x, mate_y = (np.ascontiguousarray(own[name].transpose("mate_node", "time").to_numpy(), float) for name in NEEDED[2:])
    radius, mate_radius = (own[name].to_numpy().astype(float) for name in ("radius_mm", "mate_radius_mm"))
    time_s = own["time_s"].to_numpy().astype(float)
    # every frame is a lane: all of them at once, each searched afresh
    gap, face, place, flank, *unused = (np.zeros(x.shape) for _ in range(9))
    touch_mate(0, 1.0, 0.0, np.zeros(x.shape[1]), 0.0, x, y, radius, mate_x, mate_y, mate_radius, *unused, np.zeros(x.shape, np.int64),
               np.zeros(x.shape, np.int64), gap, face, place, flank)
    last = len(x) - 1
    tail = slice(round(TAIL_FROM * last), None)
    cloaca = round(CLOACA * last)
    touching = ((gap[tail] <= CONTACT_MM) & (face[tail] < MOST_DORSAL)).any(axis=0)
    vulva_mm = np.hypot(*(_surface(x, y, radius, CLOACA, -1.0) - vulva_at(own, mate_x, mate_y, mate_radius)))
    ux, uy = (np.gradient(z, time_s, axis=1) for z in (x, y))
    hx, hy = (np.gradient(z, time_s, axis=1) for z in (mate_x, mate_y))
    at = place[cloaca] * (len(mate_x) - 1)
    hers = [np.where(touching, [np.interp(at[k], np.arange(len(h)), h[:, k]) for k in range(h.shape[1])], 0.0) for h in (hx, hy)]
    tx, ty = np.gradient(x, axis=0), np.gradient(y, axis=0)
    towards_tail = ((ux - hers[0]) * tx + (uy - hers[1]) * ty) / np.hypot(tx, ty)
    velocity = _smooth(-towards_tail.mean(axis=0), max(1, round(WINDOW_S / (time_s[1] - time_s[0]))))
    lengths = [float(np.hypot(np.diff(a, axis=0), np.diff(b, axis=0)).sum(axis=0).mean()) for a, b in ((x, y), (mate_x, mate_y))]
    return Meeting(time_s, touching, place[cloaca], flank[cloaca], vulva_mm, velocity, _protraction(own), *lengths)


def vulva_at(own: xr.Dataset, mate_x_mm: np.ndarray, mate_y_mm: np.ndarray, mate_radius_mm: np.ndarray) -> np.ndarray:
    """Her vulva in one variant of a recording, (2, time) mm: on her surface, of nodes (node, time) and radii (node,)."""
    side = float(own["vulva_side"]) if "vulva_side" in own.variables else -1.0
    return _surface(mate_x_mm, mate_y_mm, mate_radius_mm, float(own.attrs.get("vulva_place", VULVA)), side)


def _surface(x: np.ndarray, y: np.ndarray, radius: np.ndarray, place: float, side: float) -> np.ndarray:
    """Point on the surface of a body of (node, time), at `place` of its length, on the side of side * (-t_y, t_x): (2, time)."""
    i = min(int(place * (len(x) - 1)), len(x) - 2)
    a = place * (len(x) - 1) - i
    t = np.array([x[i + 1] - x[i], y[i + 1] - y[i]])
    out = side * ((1 - a) * radius[i] + a * radius[i + 1]) / np.hypot(*t)
    return np.array([x[i] + a * t[0] - out * t[1], y[i] + a * t[1] + out * t[0]])


def _smooth(values: np.ndarray, frames: int) -> np.ndarray:
    """Mean over up to `frames` frames about each; fewer at both ends."""
    ones = np.ones(frames)
    return np.convolve(values, ones, "same")[: len(values)] / np.convolve(np.ones_like(values), ones, "same")[: len(values)]


def _protraction(own: xr.Dataset) -> np.ndarray | None:
    # xarray cannot have a variable `muscle` beside the names of its dimension `muscle`: it goes by its dimensions
    activation = next((v for v in own.data_vars.values() if {"time", "muscle"} <= set(v.dims)), None)
    if activation is None or not activation.sizes["muscle"]:
        return None
    names = set(activation["muscle"].to_numpy().astype(str)) if "muscle" in activation.coords else set()
    if lacking := [m for m in (*PROTRACTORS, *RETRACTORS) if m not in names]:
        raise InputError(f"muscles were recorded without {', '.join(lacking)}: record the muscles of the spicules as well, or none")
    out, back = (activation.sel(muscle=list(m)).mean("muscle").to_numpy().astype(float) for m in (PROTRACTORS, RETRACTORS))
    return np.clip(out - back, 0.0, 1.0)
