"""A turn of a male round his mate, and a stop at her vulva, frame by frame."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..mating_contact import vulva_at
from ..studies import StudyFigure
from . import style
from .scene import outline

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: Frames of a strip, a row of so many, and the time that it shows before and after what it is of, s.
FRAMES, COLUMNS, AROUND_S = 12, 6, 2.0
#: Half of the sides of a frame, mm: a male and some room.
HALF_MM = (0.55, 0.42)
#: States of the ethogram in which he is near the vulva and slow.
AT_VULVA = ("at vulva", "prodding", "insertion")
#: Which of several turns is shown.
BEST_FIRST = ("good", "sloppy", "missed", "stalled", "returned", "unfinished")


def mating_figures(behaviour: xr.Dataset) -> dict[str, StudyFigure]:
    """A turn of the first animal of a recording with a mate (coordinate `animal`; else of any), and a stop of any; nothing without a mate."""
    if "mate_x_mm" not in behaviour:
        return {}
    first = behaviour
    if "animal" in behaviour.coords:
        animal = behaviour["animal"].to_numpy()
        first = behaviour.isel(variant=animal == animal[0])
    return turn_figures(first) | stop_figures(behaviour)


def _events(behaviour: xr.Dataset) -> pd.DataFrame:
    """What happens in a recording with a mate by the rules of the ethogram, each in ``variant`` (a place)."""
    from ..mating_ethogram import ethogram

    return ethogram(behaviour.assign_coords(variant=np.arange(behaviour.sizes["variant"]))).events


def turns(behaviour: xr.Dataset) -> pd.DataFrame:
    """The turns of a recording with a mate, the best first: ``variant`` (a place), ``start_s, stop_s, outcome``."""
    found = _events(behaviour).query("event == 'turn'")
    order = found["outcome"].map({name: k for k, name in enumerate(BEST_FIRST)})
    return found.iloc[np.argsort(order, kind="stable")].reset_index(drop=True)


def turn_figures(behaviour: xr.Dataset) -> dict[str, StudyFigure]:
    """The best turn of a recording, and what became of the others; nothing where there was none."""
    found = turns(behaviour)
    if found.empty:
        return {}
    best = found.iloc[0]
    place = int(best["variant"])
    number = ", ".join(f"{count} {name}" for name, count in found["outcome"].value_counts().reindex(BEST_FIRST).dropna().astype(int).items())
    return {"turn": StudyFigure(
        lambda: strip_figure(behaviour, place, best["start_s"] - AROUND_S, best["stop_s"] + AROUND_S),
        f"{_name(behaviour, place)}, intact: the best of the turns in {behaviour.sizes['variant']} meetings ({number}), round her {best['where']}, "
        "frame by frame, with what the ethogram calls each moment. Blue: he; red: the tip of his tail; grey: she.",
        "Twelve drawings of a male and his mate")}


def stops(behaviour: xr.Dataset) -> pd.DataFrame:
    """Passages of the vulva with a stop, the longest first: ``variant`` (a place), ``start_s, stop_s, outcome``."""
    found = _events(behaviour).query("event == 'passage of the vulva' and outcome == 'stopped'")
    return found.iloc[np.argsort(found["start_s"] - found["stop_s"], kind="stable")].reset_index(drop=True)


def stop_figures(behaviour: xr.Dataset) -> dict[str, StudyFigure]:
    """The longest passage of the vulva with a stop in a recording; nothing where there was none."""
    found = stops(behaviour)
    if found.empty:
        return {}
    longest = found.iloc[0]
    place = int(longest["variant"])
    slow_s = _slow_s(behaviour, longest)
    return {"stop": StudyFigure(
        lambda: strip_figure(behaviour, place, longest["start_s"] - AROUND_S, longest["stop_s"] + AROUND_S, at_vulva=True),
        f"{_name(behaviour, place)}, intact: the longest passage of the vulva with a stop in this recording, of {len(found)}, "
        f"{longest['stop_s'] - longest['start_s']:.1f} s, {slow_s:.1f} s of it slow enough for a stop, "
        "frame by frame, with what the ethogram calls each moment. "
        "Blue: he; red: the tip of his tail; grey: she; purple: her vulva.",
        "Twelve drawings of a male at the vulva of his mate")}


def _name(behaviour: xr.Dataset, place: int) -> str:
    return f"Male {int(behaviour['animal'][place])}" if "animal" in behaviour.coords else "A male"


def _slow_s(behaviour: xr.Dataset, passage: pd.Series) -> float:
    """Seconds of a passage in which he is near the vulva and slow: states "at vulva", "prodding", "insertion" of the ethogram."""
    own = behaviour["state"].isel(variant=int(passage["variant"])).to_numpy()
    time = behaviour["time_s"].to_numpy()
    there = own[(time >= passage["start_s"]) & (time < passage["stop_s"])]
    return float(np.isin(there, AT_VULVA).sum() * (time[1] - time[0]))


def strip_figure(behaviour: xr.Dataset, variant: int, start_s: float, stop_s: float, at_vulva: bool = False) -> Figure:
    """Male and mate at FRAMES times between two, each about the end of hers that is nearer to his tail in the middle of them, or about her vulva.

    Parameters
    ----------
    behaviour : Dataset
        A recording with a mate and a variable `state` (variant, time).
    variant : int
    start_s, stop_s : float
        Cut at both ends of the recording.
    at_vulva : bool
        About the vulva, which is drawn as well.
    """
    figure, axes = style.new_figure(7.5, 2.7, -(-FRAMES // COLUMNS), COLUMNS)
    own = behaviour.isel(variant=variant)
    time = own["time_s"].to_numpy()
    x, y, hx, hy = (own[name].to_numpy().astype(float) for name in ("x_mm", "y_mm", "mate_x_mm", "mate_y_mm"))
    start_s, stop_s = np.clip([start_s, stop_s], time[0], time[-1])
    middle = int(np.argmin(np.abs(time - (start_s + stop_s) / 2)))
    vulva = vulva_at(own, hx.T, hy.T, own["mate_radius_mm"].to_numpy()).T if at_vulva else None
    places = [vulva[middle]] if at_vulva else [(hx[middle, k], hy[middle, k]) for k in (0, -1)]
    cx, cy = min(places, key=lambda end: np.hypot(end[0] - x[middle, -1], end[1] - y[middle, -1]))
    for ax, at in zip(axes, np.linspace(start_s, stop_s, FRAMES), strict=True):
        k = int(np.argmin(np.abs(time - at)))
        _body(ax, hx[k], hy[k], own["mate_radius_mm"].to_numpy(), style.LIGHT)
        _body(ax, x[k], y[k], own["radius_mm"].to_numpy(), style.BLUE)
        ax.plot(x[k, -1], y[k, -1], ".", color=style.RED, ms=3)
        if at_vulva:
            ax.plot(*vulva[k], "D", color=style.PURPLE, ms=2.5)
        ax.set(xlim=(cx - HALF_MM[0], cx + HALF_MM[0]), ylim=(cy - HALF_MM[1], cy + HALF_MM[1]), aspect="equal")
        ax.set_title(f"{time[k]:.1f} s  {own['state'].values[k]}", fontsize=7)
        ax.axis("off")
    axes[-1].plot([cx + HALF_MM[0] - 0.22, cx + HALF_MM[0] - 0.02], [cy - HALF_MM[1] + 0.03] * 2, color=style.BLACK, lw=1.5)
    axes[-1].text(cx + HALF_MM[0] - 0.12, cy - HALF_MM[1] + 0.05, "0.2 mm", ha="center", va="bottom", fontsize=6)
    return figure


def _body(ax: Axes, x: np.ndarray, y: np.ndarray, radius: np.ndarray, colour: str) -> None:
    """A body as a filled outline; nothing where he failed."""
    if np.isfinite(x).all():
        dorsal, ventral = outline(x, y, radius)
        ax.fill(*np.concatenate([dorsal, ventral[::-1]]).T, color=colour, lw=0)
