"""Scene: what is to be seen of one animal in a closed-loop run, checked once for the animation and for the page.

Conventions of a *behaviour* Dataset: node 0 is the tip of the head, the dorsal side lies at (-t_y, t_x) of the direction t from head
to tail, millimetres and seconds. Everything but the body's path is optional and is left out of the picture where it is absent.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ..body.muscles import place as muscle_place
from ..errors import InputError, UnknownNameError
from . import style

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

#: Places along each flank at which muscle activation is shown: a muscle each, as the rows of 24 have them.
FLANK = 24
#: Where the vulva lies, in lengths of the mate from her head: 0.50 (from memory, high), on the ventral midline.
VULVA_PLACE = 0.5
#: Least swing, mV, that spans the whole scale of a neuron's glow: a silent cell does not flicker (chosen here, no measurement).
LEAST_SWING_MV = 2.0
#: Share of a cell's values beyond either end of its scale (chosen here, no measurement).
TAIL_SHARE = 0.02
#: Rows of the panel of activity, at most, and of them organs and other muscles at most.
MOST_ROWS, MOST_TOUCH, MOST_MUSCLES = 12, 4, 3
FAILED, NO_STATE = "failed", "none"

_COLOURS = {
    "forward": style.GREEN, "reversal": style.RED, "backward": style.RED, "pause": style.LIGHT, "omega turn": style.PURPLE, "turn": style.ORANGE,
    "no contact": style.LIGHT, "contact": style.SKY, "response": style.GREEN, "scanning": style.BLUE, "turning": style.ORANGE,
    "at vulva": style.PURPLE, "prodding": style.RED, "insertion": style.BLACK, "lost": style.GREY, NO_STATE: "#f4f4f4", FAILED: "#6b6b6b",
}
_SPARE = (style.SKY, style.ORANGE, style.BLUE, style.GREEN, style.PURPLE, style.RED)


#: A name and its activity, (T,).
Row = tuple[str, np.ndarray]


@dataclass(frozen=True)
class Bout:
    """A state from `start_s` to `stop_s`."""

    start_s: float
    stop_s: float
    state: str


@dataclass(frozen=True, eq=False)
class Mate:
    """The mate's midline, `x_mm` and `y_mm` (T, M), her `radius_mm` (M,) and the point of her vulva, (T, 2) mm."""

    x_mm: np.ndarray
    y_mm: np.ndarray
    radius_mm: np.ndarray
    vulva_mm: np.ndarray


@dataclass(frozen=True, eq=False)
class Gradient:
    """A field of the dish, drawn as a light background.

    Parameters
    ----------
    values : (rows, columns) array
        Row 0 lies at the smallest y. Any unit; the picture goes from the least value to the greatest.
    extent_mm : tuple
        Left, right, bottom, top of the field.
    label : str
        What it is, with its unit.
    """

    values: np.ndarray
    extent_mm: tuple[float, float, float, float]
    label: str = "gradient"

    def __post_init__(self):
        values = np.asarray(self.values, float)
        if values.ndim != 2 or not values.size or not np.isfinite(values).all():
            raise InputError(f"gradient {self.label!r}: its values have shape {values.shape} or a gap; give a full table (rows, columns)")
        left, right, bottom, top = self.extent_mm
        if not (left < right and bottom < top):
            raise InputError(f"gradient {self.label!r}: extent_mm = {self.extent_mm} is empty; give left < right and bottom < top")

    @property
    def shade(self) -> np.ndarray:
        """Values from 0 (least) to 1 (greatest); 0 everywhere for a field without a slope."""
        values = np.asarray(self.values, float)
        low, high = values.min(), values.max()
        return (values - low) / (high - low) if high > low else np.zeros_like(values)


@dataclass(frozen=True, eq=False)
class Scene:
    """One animal.

    Attributes
    ----------
    label : str
    time_s : (T,)
    x_mm, y_mm : (T, N)
        Not-a-number from the moment on at which the animal failed.
    radius_mm : (N,)
    dorsal, ventral : (T, FLANK) or None
        Muscle activation 0..1 along the flanks.
    cells : tuple of str
    place, side : (C,)
        Body lengths from the nose (not-a-number: unknown, the cell is not drawn on the body); +1 dorsal, -1 ventral, 0 midline.
    glow : (T, C)
        Potential, 0 at the low and 1 at the high end of the cell's range over all animals of the run; not-a-number: the cell is gone.
    touch, muscles : tuple of (str, (T,) array)
        Further activities 0..1: organs that touch the mate; muscles that do not bend the body.
    bouts : tuple of Bout
    mate : Mate or None
    failure : str
        Why the animal failed, or "".
    """

    label: str
    time_s: np.ndarray
    x_mm: np.ndarray
    y_mm: np.ndarray
    radius_mm: np.ndarray
    dorsal: np.ndarray | None
    ventral: np.ndarray | None
    cells: tuple[str, ...]
    place: np.ndarray
    side: np.ndarray
    glow: np.ndarray
    touch: tuple[Row, ...]
    muscles: tuple[Row, ...]
    bouts: tuple[Bout, ...]
    mate: Mate | None
    failure: str

    @property
    def alive(self) -> np.ndarray:
        """Frames in which there is a body to draw, (T,)."""
        return np.isfinite(self.x_mm).all(axis=1) & np.isfinite(self.y_mm).all(axis=1)

    def activity(self, names: Sequence[str] = (), most: int = MOST_ROWS) -> tuple[Row, ...]:
        """Rows for the panel of activity: those named or, without any, the organs, muscles and cells that change most.

        Raises
        ------
        UnknownNameError
            A name that is neither a recorded cell nor an organ or a muscle that does not bend the body.
        """
        cells = tuple((name, self.glow[:, k]) for k, name in enumerate(self.cells))
        if names:
            known = dict((*self.touch, *self.muscles, *cells))
            for name in names:
                if name not in known:
                    raise UnknownNameError("row of activity", name, known, "only what the run recorded can be shown")
            return tuple((name, known[name]) for name in names)
        others = (*_liveliest(self.touch, MOST_TOUCH), *_liveliest(self.muscles, MOST_MUSCLES))
        return (*others, *_liveliest(cells, max(0, most - len(others))))


def _liveliest(rows: Sequence[Row], most: int) -> list[Row]:
    """The rows that change most, in their own order; none that never changes."""
    spread = np.array([np.std(fine) if (fine := values[np.isfinite(values)]).size else 0.0 for _, values in rows])
    chosen = np.argsort(-spread, kind="stable")[:most]
    return [rows[k] for k in sorted(chosen) if spread[k] > 0]


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


def colours_of(found: Sequence[Scene]) -> dict[str, str]:
    """States in order of appearance and a colour each; states without a colour of their own take spare ones."""
    names = dict.fromkeys(bout.state for scene in found for bout in scene.bouts)
    spare = iter(_SPARE * (1 + len(names) // len(_SPARE)))
    return {name: _COLOURS.get(name.replace("_", " ").lower()) or next(spare) for name in names}


def outline(x_mm: np.ndarray, y_mm: np.ndarray, radius_mm: np.ndarray, part: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    """Points at `part` of the radius on the dorsal and on the ventral side, (N, 2) mm each."""
    tx, ty = np.gradient(x_mm), np.gradient(y_mm)
    long = np.maximum(np.hypot(tx, ty), 1e-12)
    offset = np.column_stack([-ty / long, tx / long]) * (part * radius_mm)[:, None]
    middle = np.column_stack([x_mm, y_mm])
    return middle + offset, middle - offset


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
    at = float(behaviour.attrs.get("vulva_place", VULVA_PLACE)) * (x.shape[1] - 1)
    k = min(int(at), x.shape[1] - 2)
    def between(z: np.ndarray) -> np.ndarray:
        return z[..., k] + (at - k) * (z[..., k + 1] - z[..., k])

    tx, ty = x[:, k + 1] - x[:, k], y[:, k + 1] - y[:, k]
    out = between(radius) / np.maximum(np.hypot(tx, ty), 1e-12)
    vulva = np.column_stack([between(x) + ty * out, between(y) - tx * out])  # her ventral side: (t_y, -t_x)
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


