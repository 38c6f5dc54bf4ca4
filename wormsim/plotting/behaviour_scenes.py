"""Scenes of a *behaviour*, the Dataset of a closed-loop run: read and checked once, for the film and for the page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..body.muscles import place as muscle_place
from ..errors import InputError
from ..mating_contact import vulva_at
from .scene import FAILED, FLANK, NO_STATE, Bout, Mate, Scene

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

#: Least swing, mV, that spans the whole scale of a neuron's glow: a silent cell does not flicker (chosen here, no measurement).
LEAST_SWING_MV = 2.0
#: Share of a cell's values beyond either end of its scale (chosen here, no measurement).
TAIL_SHARE = 0.02


def scenes(behaviour: xr.Dataset, variants: Sequence[int] | None = None, *, states: Any = None,
           places: Mapping[str, tuple[float, int]] | None = None) -> list[Scene]:
    """The scenes of some animals of a run.

    Parameters
    ----------
    behaviour : Dataset
    variants : sequence of int, optional
        Numbers on the axis of variants, from 0; all without it.
    states : DataFrame, (variant, time) array of text, optional
        Events (`variant`, `state`, `start_s`, `stop_s`), `variant` as in the Dataset, or the state at every time; without it
        the variable `state` of the Dataset, where there is one.
    places : mapping, optional
        Cell -> (body lengths from the nose, +1 dorsal, 0 midline or -1 ventral); without it the coordinates `place` and `side` of the
        axis `cell`, where they are.

    Returns
    -------
    list of Scene

    Raises
    ------
    InputError
        The Dataset is no behaviour, or one of its parts does not fit; says which.
    """
    behaviour = _checked(behaviour)
    n = behaviour.sizes["variant"]
    chosen = range(n) if variants is None else variants
    for v in chosen:
        if not 0 <= v < n:
            raise InputError(f"there is no variant {v}; this run has {n}, numbered 0 to {n - 1}")
    scale = _scale(behaviour)
    return [_scene(behaviour, int(v), states, places, scale) for v in chosen]


def _checked(behaviour: xr.Dataset) -> xr.Dataset:
    for name, dims in (("x_mm", ("variant", "time", "node")), ("y_mm", ("variant", "time", "node"))):
        if name not in behaviour or set(behaviour[name].dims) != set(dims):
            found = ", ".join(behaviour.data_vars) or "nothing"
            raise InputError(f"no behaviour of animals: it lacks {name} ({', '.join(dims)}) and holds {found}; give the netCDF of a "
                             "closed-loop run (traces/*.nc of its results)")
    if "time_s" not in behaviour.variables:
        raise InputError("the behaviour has no time_s; give the time of every frame in seconds")
    time_s = behaviour["time_s"].to_numpy()
    if len(time_s) < 2 or not (np.diff(time_s) > 0).all():
        raise InputError(f"the behaviour's time_s has {len(time_s)} values or does not rise throughout; at least two frames are needed")
    if behaviour.sizes["node"] < 3:
        raise InputError(f"the behaviour has {behaviour.sizes['node']} nodes; a body needs at least 3")
    return behaviour


def _values(behaviour: xr.Dataset, name: str, variant: int, *dims: str) -> np.ndarray | None:
    if name not in behaviour:
        return None
    array = behaviour[name]
    if "variant" in array.dims:
        array = array.isel(variant=variant)
    if "time" in dims and "time" not in array.dims:  # what stays as it is may be stored once
        array = array.expand_dims(time=behaviour.sizes["time"])
    if set(array.dims) != set(dims):
        raise InputError(f"the behaviour's {name} has dimensions {array.dims}; expected variant, {', '.join(dims)}")
    return array.transpose(*dims).to_numpy()


def _names(behaviour: xr.Dataset, dim: str) -> list[str]:
    return [str(v) for v in behaviour[dim].to_numpy()]


def _scale(behaviour: xr.Dataset) -> tuple[np.ndarray, np.ndarray] | None:
    """Low end and span, mV, of every recorded cell over all animals, (C,) each."""
    if "v_mV" not in behaviour:
        return None
    v = behaviour["v_mV"].transpose("variant", "time", "cell").to_numpy().reshape(-1, behaviour.sizes["cell"]).astype(float)
    low, high = np.zeros(v.shape[1]), np.ones(v.shape[1])
    for k in range(v.shape[1]):
        fine = v[np.isfinite(v[:, k]), k]
        if len(fine):
            low[k], high[k] = np.quantile(fine, [TAIL_SHARE, 1 - TAIL_SHARE])
    return low, np.maximum(high - low, LEAST_SWING_MV)


def _scene(behaviour: xr.Dataset, variant: int, states: Any, places: Mapping | None, scale: tuple | None) -> Scene:
    time_s = behaviour["time_s"].to_numpy().astype(float)
    x, y = (_values(behaviour, name, variant, "time", "node").astype(float) for name in ("x_mm", "y_mm"))
    dorsal, ventral, muscles = _muscles(behaviour, variant)
    touch = _values(behaviour, "touch", variant, "time", "organ")
    organs = [] if touch is None else [(f"touch: {name}", np.clip(touch[:, k], 0, 1)) for k, name in enumerate(_names(behaviour, "organ"))]
    cells, glow = (), np.zeros((len(time_s), 0))
    if scale is not None:
        cells = tuple(_names(behaviour, "cell"))
        glow = np.clip((_values(behaviour, "v_mV", variant, "time", "cell") - scale[0]) / scale[1], 0, 1)
    failure = str(behaviour["failed"].isel(variant=variant).item()) if "failed" in behaviour.variables else ""
    alive = np.isfinite(x).all(axis=1) & np.isfinite(y).all(axis=1)
    if not failure and not alive.all():
        failure = f"no position from {time_s[np.argmin(alive)]:.1f} s on"
    return Scene(_label(behaviour, variant), time_s, x, y, _radius(behaviour, variant), dorsal, ventral, cells,
                 *_places(behaviour, cells, places), glow, tuple(organs), tuple(muscles), _bouts(behaviour, variant, states, time_s, alive),
                 _mate(behaviour, variant), failure)


def _label(behaviour: xr.Dataset, variant: int) -> str:
    if "label" in behaviour.variables and behaviour["label"].dims == ("variant",):
        return str(behaviour["label"].isel(variant=variant).item())
    if "variant" not in behaviour.coords:
        return f"animal {variant}"
    name = behaviour["variant"].isel(variant=variant).item()
    return str(name) if isinstance(name, str) else f"animal {name}"


def _radius(behaviour: xr.Dataset, variant: int) -> np.ndarray:
    radius = _values(behaviour, "radius_mm", variant, "node")
    if radius is None:
        raise InputError("the behaviour has no radius_mm (node); the body cannot be drawn with its width")
    if not (np.isfinite(radius).all() and (radius > 0).all()):
        raise InputError("the behaviour's radius_mm is not positive at every node")
    return radius.astype(float)


def _muscles(behaviour: xr.Dataset, variant: int) -> tuple:
    """Activation along both flanks, and (name, activation) of the muscles that do not bend the body."""
    # A variable cannot have the name of its own axis of names, so that it is known by the axis.
    named = next((name for name, v in behaviour.data_vars.items() if {"time", "muscle"} <= set(v.dims)), None)
    if named is None or "muscle" not in behaviour.coords:
        return None, None, []
    activation = _values(behaviour, named, variant, "time", "muscle")
    names = _names(behaviour, "muscle")
    at = (np.arange(FLANK) + 0.5) / FLANK
    sides = []
    for sign in (1, -1):
        weight = np.zeros((len(names), FLANK))
        for k, name in enumerate(names):
            where = muscle_place(name)
            if where is not None and where[1] == sign:  # a triangle as wide as a muscle to either side
                weight[k] = np.clip(1 - np.abs(at - where[0]) * FLANK, 0, None)
        total = weight.sum(axis=0)
        sides.append(np.clip(activation @ weight / np.where(total > 0, total, 1), 0, 1) if total.any() else None)
    others = [(name, np.clip(activation[:, k], 0, 1)) for k, name in enumerate(names) if muscle_place(name) is None]
    return *sides, others


def _places(behaviour: xr.Dataset, cells: Sequence[str], places: Mapping | None) -> tuple[np.ndarray, np.ndarray]:
    if places is None:
        if "place" in behaviour.coords and cells:
            side = behaviour["side"].to_numpy() if "side" in behaviour.coords else np.zeros(len(cells))
            return behaviour["place"].to_numpy().astype(float), side.astype(float)
        return np.full(len(cells), np.nan), np.zeros(len(cells))
    for name, (place, side) in places.items():
        if not (0 <= place <= 1 and -1 <= side <= 1):
            raise InputError(f"place of {name}: ({place}, {side}); give body lengths from the nose, 0 to 1, and a side from -1 (ventral) "
                             "to 1 (dorsal)")
    pairs = np.array([places.get(cell, (np.nan, 0.0)) for cell in cells], float).reshape(-1, 2)
    return pairs[:, 0], pairs[:, 1]


def _mate(behaviour: xr.Dataset, variant: int) -> Mate | None:
    x = _values(behaviour, "mate_x_mm", variant, "time", "mate_node")
    if x is None:
        return None
    y = _values(behaviour, "mate_y_mm", variant, "time", "mate_node")
    radius = _values(behaviour, "mate_radius_mm", variant, "mate_node")
    if y is None or radius is None:
        raise InputError("the behaviour has mate_x_mm but not mate_y_mm and mate_radius_mm; all three make a mate")
    vulva = vulva_at(behaviour.isel(variant=variant), x.T, y.T, radius).T
    return Mate(x.astype(float), y.astype(float), radius.astype(float), vulva)


def _bouts(behaviour: xr.Dataset, variant: int, states: Any, time_s: np.ndarray, alive: np.ndarray) -> tuple[Bout, ...]:
    end_s = time_s[-1] + (time_s[-1] - time_s[-2])
    fails_s = end_s if alive.all() else float(time_s[np.argmin(alive)])
    if states is None:
        states = behaviour.get("state")
    if states is None:
        found = []
    elif hasattr(states, "columns"):
        found = _from_events(states, behaviour["variant"].isel(variant=variant).item() if "variant" in behaviour.coords else variant)
    else:
        found = _from_states(np.asarray(states), (behaviour.sizes["variant"], len(time_s)), variant, time_s, end_s)
    found = [Bout(b.start_s, min(b.stop_s, fails_s), b.state) for b in found if b.start_s < fails_s]
    if fails_s < end_s:
        found.append(Bout(fails_s, end_s, FAILED))
    return tuple(found)


def _from_events(events: pd.DataFrame, name: Any) -> list[Bout]:
    lacking = [c for c in ("variant", "state", "start_s", "stop_s") if c not in events.columns]
    if lacking:
        raise InputError(f"the table of events lacks {', '.join(lacking)}")
    own = events[events["variant"] == name].sort_values("start_s", kind="stable")
    return [Bout(float(a), float(b), str(s)) for a, b, s in zip(own["start_s"], own["stop_s"], own["state"], strict=True)]


def _from_states(states: np.ndarray, shape: tuple[int, int], variant: int, time_s: np.ndarray, end_s: float) -> list[Bout]:
    if states.shape != shape:
        raise InputError(f"states have shape {states.shape}; expected (variant, time) = {shape}")
    own = [str(s) or NO_STATE for s in states[variant]]
    starts = [0, *(k for k in range(1, len(own)) if own[k] != own[k - 1])]
    stops = [*(float(time_s[k]) for k in starts[1:]), end_s]
    return [Bout(float(time_s[k]), stop, own[k]) for k, stop in zip(starts, stops, strict=True)]
