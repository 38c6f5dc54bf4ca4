"""``wormsim animate``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import InputError, UnknownNameError
from .terminal import examples, paragraph

if TYPE_CHECKING:
    import xarray as xr


def register(app: typer.Typer) -> None:
    """Add the command to the app."""
    app.command("animate", epilog=examples(
        "wormsim animate results/locomotion --out worm.html", "wormsim animate results/mating --variant 2 --out male.mp4",
        "wormsim animate run.nc --variant 0 --speed 2 --whole --out worm.gif"))(animate)


def animate(
    of: Annotated[Path, typer.Argument(metavar="FOLDER|FILE.nc", help="A results folder with a closed-loop run, or the netCDF of one.")],
    out: Annotated[Path, typer.Option(help="File to write: .html (a page that plays in a browser), .mp4 (needs ffmpeg) or .gif.")],
    what: Annotated[str | None, typer.Option(help="Which run of the folder (a file in its traces/), where there are several.")] = None,
    variant: Annotated[list[int] | None, typer.Option(help="Number of the animal, from 0; more than once for a page. A page has all animals "
                                                           "without it, a film the first.")] = None,
    cell: Annotated[list[str] | None, typer.Option(help="A neuron, a muscle that does not bend the body or an organ (\"touch: hook\") to show as "
                                                        "a row of activity; more than once for several. Without it those that change most.")] = None,
    places: Annotated[Path | None, typer.Option(help="CSV with columns cell, place (body lengths from the nose) and side (1 dorsal, 0, -1 "
                                                     "ventral): where neurons light up.")] = None,
    speed: Annotated[float | None, typer.Option(help="Simulated seconds a second of a film.")] = None,
    fps: Annotated[float | None, typer.Option(help="Frames a second of a film.")] = None,
    start_s: Annotated[float | None, typer.Option(help="Where a film starts, s.")] = None,
    stop_s: Annotated[float | None, typer.Option(help="Where a film stops, s.")] = None,
    whole: Annotated[bool, typer.Option("--whole", help="A film shows the whole path and does not follow the animal.")] = False,
) -> None:
    """Show the animals of a closed-loop run: a page that plays in a browser, or a film of one of them."""
    from ..plotting.animation import SUFFIXES

    form = out.suffix.lower()
    if form not in (".html", *SUFFIXES):
        raise InputError(f"{out}: an animation is written as .html, {' or '.join(SUFFIXES)}")
    of_film = {"--speed": speed, "--fps": fps, "--start-s": start_s, "--stop-s": stop_s, "--whole": whole or None}
    given = [name for name, value in of_film.items() if value is not None]
    if form == ".html" and given:
        raise InputError(f"{', '.join(given)}: only a film ({' or '.join(SUFFIXES)}) takes this; a page is set while it plays")
    if form != ".html" and len(variant or ()) > 1:
        raise InputError(f"{out}: a film shows one animal, and --variant was given {len(variant)} times; write .html for several")
    behaviour = load(of, what)
    shown = {"places": None if places is None else read_places(places), "cells": cell or ()}
    try:
        if form == ".html":
            from ..plotting.animal_page import write_page

            write_page(behaviour, out, variants=variant, **shown)
        else:
            from ..plotting.animation import animate as film

            film(behaviour, variant[0] if variant else 0, out, follow=not whole, frames_per_s=10.0 if fps is None else fps,
                 speed=1.0 if speed is None else speed, start_s=start_s, stop_s=stop_s, **shown)
    except OSError as error:
        raise InputError(f"{out} cannot be written: {error.strerror or error}") from error
    paragraph(f"written: {out}")


def load(path: Path, what: str | None) -> xr.Dataset:
    """The behaviour in a file, or in the traces of a results folder.

    Raises
    ------
    InputError
        There is no such file, it is no netCDF, or the folder holds none or several and `what` does not choose.
    """
    import xarray as xr

    if path.is_dir():
        runs = {p.stem: p for p in sorted((path / "traces").glob("*.nc"))}
        if not runs:
            raise InputError(f"{path} holds no traces/*.nc; run an experiment of a closed loop, or give the netCDF of a run")
        if what is None and len(runs) > 1:
            raise InputError(f"{path} holds several runs; choose one with --what: {', '.join(runs)}")
        if what is not None and what not in runs:
            raise UnknownNameError("run", what, runs, f"runs in {path}: {', '.join(runs)}")
        path = runs[what] if what is not None else next(iter(runs.values()))
    elif what is not None:
        raise InputError(f"--what {what} chooses a run of a results folder, and {path} is no folder")
    elif not path.exists():
        raise InputError(f"{path}: no such file or folder; give a results folder or the netCDF of a closed-loop run")
    try:
        return xr.load_dataset(path, engine="h5netcdf")
    except (OSError, ValueError, KeyError) as error:
        raise InputError(f"{path} cannot be read as netCDF: {error}") from error


def read_places(path: Path) -> dict[str, tuple[float, float]]:
    """Places of neurons from a CSV with columns `cell`, `place` and, if wanted, `side`.

    Raises
    ------
    InputError
        The file is not there or lacks a column, or a row holds no number; names the row.
    """
    import pandas as pd

    try:
        table = pd.read_csv(path)
    except (OSError, ValueError) as error:
        raise InputError(f"{path} cannot be read as a table: {error}") from error
    if lacking := [c for c in ("cell", "place") if c not in table.columns]:
        raise InputError(f"{path} lacks the column {', '.join(lacking)}; it needs cell, place and, if wanted, side")
    if "side" not in table.columns:
        table["side"] = 0.0
    for column in ("place", "side"):
        numbers = pd.to_numeric(table[column], errors="coerce")
        if numbers.isna().any():
            row = int(numbers.isna().to_numpy().argmax())
            raise InputError(f"{path}, line {row + 2}: {column} = {table[column].iloc[row]!r} is not a number")
        table[column] = numbers
    return {str(c): (float(p), float(s)) for c, p, s in zip(table["cell"], table["place"], table["side"], strict=True)}
