"""Animal page: one HTML file that plays the animals of a run in any browser, without a server and without a network."""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import __version__, atomic
from ..errors import InputError
from .behaviour_scenes import LEAST_SWING_MV, TAIL_SHARE, scenes
from .scene import Gradient, Scene, colours_of

if TYPE_CHECKING:
    import xarray as xr

#: Finest step of a position, mm; longer paths take a coarser one, so that 16 bits hold them (chosen here).
STEP_MM = 0.0005
#: What stands for "the cell is gone" among the values 0 to 254.
GONE = 255
_TEMPLATES = Path(__file__).parents[1] / "templates"


def write_page(behaviour: xr.Dataset, path: str | Path, *, variants: Sequence[int] | None = None, states: Any = None,
               places: Mapping[str, tuple[float, int]] | None = None, cells: Sequence[str] = (), gradient: Gradient | None = None,
               title: str | None = None, description: str = "") -> Path:
    """Write the page.

    Parameters
    ----------
    behaviour : Dataset
        Of a closed-loop run.
    path : path
        Ends in ``.html``.
    variants : sequence of int, optional
        Animals on the page, by number on the axis of variants; all without it. The first two are shown side by side.
    states, places
        See :func:`wormsim.plotting.behaviour_scenes.scenes`.
    cells : sequence of str
        Rows of the panel of activity: neurons, organs ("touch: hook") or muscles that do not bend the body; without any those that
        change most in the first animal.
    gradient : Gradient, optional
        Background.
    title, description : str
        Heading, and a sentence below it.

    Returns
    -------
    Path

    Raises
    ------
    InputError
        Another suffix, or an unfit behaviour.
    """
    import jinja2
    from markupsafe import Markup

    path = Path(path)
    if path.suffix.lower() != ".html":
        raise InputError(f"{path}: the page is written as .html")
    found = scenes(behaviour, variants, states=states, places=places)
    if not found:
        raise InputError("no animal was chosen for the page; give at least one")
    about = [str(behaviour.attrs[key]) for key in ("assay", "medium") if key in behaviour.attrs]
    environment = jinja2.Environment(loader=jinja2.FileSystemLoader(_TEMPLATES), autoescape=True, undefined=jinja2.StrictUndefined)
    # In a script element only "<" could end the text early.
    data = json.dumps(_data(found, cells, gradient), separators=(",", ":"), allow_nan=False).replace("<", "\\u003c")
    page = environment.get_template("animal.html.j2").render(
        version=__version__, title=title or " on ".join(about).replace("_", " ").capitalize() or "An animal", data=Markup(data),
        description=description or _described(found), colours=_colours())
    atomic.write_text(path, page)
    return path


def _described(found: Sequence[Scene]) -> str:
    time_s = found[0].time_s
    animals = f"{len(found)} simulated run{'s' if len(found) > 1 else ''}"
    side = "; active muscles are orange on the dorsal side, blue on the ventral side" if found[0].dorsal is not None else ""
    return f"{animals}, {time_s[-1] - time_s[0]:.0f} s, lying on one side as on a plate{side}."


def _colours() -> str:
    return (f"Neurons and rows of activity run from dark (low) to yellow (high). For a neuron that is its potential between the {TAIL_SHARE:.0%} "
            f"lowest and {TAIL_SHARE:.0%} highest values over all animals of the run, at least {LEAST_SWING_MV:g} mV apart; a neuron that is gone "
            "is grey or an empty ring. For touch and muscles it is from none to full. The grid moves with the dish; its squares are as wide as "
            "the scale bar is long. The grey line is where the middle of the body was in the last 20 s. Point at a neuron for its name.")


def _data(found: Sequence[Scene], cells: Sequence[str], gradient: Gradient | None) -> dict:
    first = found[0]
    shown = [name for name, _ in first.activity(cells)]
    kept = [k for k in range(len(first.cells)) if np.isfinite(first.place[k])]
    colours = colours_of(found)
    number = {state: i for i, state in enumerate(colours)}
    return {
        "time": [round(float(t), 4) for t in first.time_s],
        "states": [{"name": state.replace("_", " "), "colour": colour} for state, colour in colours.items()],
        "cells": [{"name": first.cells[k], "place": round(float(first.place[k]), 4), "side": float(first.side[k])} for k in kept],
        "scale": "activity, low to high",
        "gradient": None if gradient is None else {"values": pack(_bytes(gradient.shade)), "extent": [float(v) for v in gradient.extent_mm],
                                                   "label": gradient.label},
        "animals": [_animal(scene, shown, kept, number) for scene in found],
    }


def _animal(scene: Scene, shown: Sequence[str], kept: Sequence[int], number: Mapping[str, int]) -> dict:
    rows = scene.activity(shown) if shown else ()
    names = [f"{name} (gone)" if np.isnan(values).all() else name for name, values in rows]
    alive = len(scene.time_s) if scene.alive.all() else int(np.argmin(scene.alive))
    length_mm = float(np.hypot(np.diff(scene.x_mm[0]), np.diff(scene.y_mm[0])).sum()) if alive else 1.0
    mate = scene.mate
    return {
        "label": scene.label, "failure": scene.failure, "alive": alive, "length": round(length_mm, 4),
        "x": place(scene.x_mm), "y": place(scene.y_mm), "radius": [round(float(r), 5) for r in scene.radius_mm],
        "dorsal": None if scene.dorsal is None else pack(_bytes(scene.dorsal)),
        "ventral": None if scene.ventral is None else pack(_bytes(scene.ventral)),
        "glow": pack(_bytes(scene.glow[:, kept])) if len(kept) else None,
        "rows": pack(_bytes(np.column_stack([values for _, values in rows]))) if rows else None, "names": names,
        "bouts": [[round(b.start_s, 4), round(b.stop_s, 4), number[b.state]] for b in scene.bouts],
        "mate": None if mate is None else {"x": place(mate.x_mm), "y": place(mate.y_mm), "vulva": place(mate.vulva_mm),
                                           "radius": [round(float(r), 5) for r in mate.radius_mm]},
    }


def place(values_mm: np.ndarray) -> dict:
    """Positions, (T, N) mm, packed as 16-bit steps from their middle; what is not a number becomes the middle."""
    fine = values_mm[np.isfinite(values_mm)]
    low, high = (float(fine.min()), float(fine.max())) if fine.size else (0.0, 0.0)
    step, middle = max(STEP_MM, (high - low) / 65000), (low + high) / 2
    steps = np.nan_to_num(np.rint((values_mm - middle) / step)).astype(np.int16)
    return pack(steps) | {"step": step, "middle": middle}


def pack(values: np.ndarray) -> dict:
    """An array (T, N) of int16 or uint8: difference of each frame from the one before, deflated, base64.

    What never changes is stored as one frame.
    """
    if (values == values[:1]).all():
        values = values[:1]
    with np.errstate(over="ignore"):
        change = np.concatenate([values[:1], values[1:] - values[:-1]])  # wraps around, and so does the sum: exact
    change = np.ascontiguousarray(change, change.dtype.newbyteorder("<"))
    return {"type": str(values.dtype), "shape": list(values.shape), "data": base64.b64encode(zlib.compress(change.tobytes(), 9)).decode("ascii")}


def _bytes(shares: np.ndarray) -> np.ndarray:
    return np.where(np.isfinite(shares), np.rint(np.clip(np.nan_to_num(shares), 0, 1) * 254), GONE).astype(np.uint8)
