"""Recorded animals as arrays over one list of cells, for studies that compare animals."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..connectome import Connectome
from ..errors import InputError
from ..recorded import RecordedActivity
from ..recordings import animals_of, load_recording

LEAST_ANIMALS = 3


@dataclass(frozen=True, eq=False)
class Animals:
    """Several animals of one file.

    Attributes
    ----------
    names : tuple of str
    cells : tuple of str
        Every cell that any animal has, sorted.
    traces : list of ndarray, (frames, cells)
        Not-a-number where an animal lacks the cell.
    recordings : list of RecordedActivity
    """

    names: tuple[str, ...]
    cells: tuple[str, ...]
    traces: list[np.ndarray]
    recordings: list[RecordedActivity]

    @property
    def shared(self) -> np.ndarray:
        """Which cells every animal has; bool, shape (cells,)."""
        return np.array([np.isfinite(x).any(axis=0) for x in self.traces]).all(axis=0)

    def behaviour(self, name: str) -> list[np.ndarray]:
        """One behaviour channel of every animal, (frames,)."""
        return [np.asarray(r.behaviour(name).to_numpy(), float) for r in self.recordings]


def check_data(data: str) -> None:
    """Raise where there is no file, or one with too few animals."""
    if not data:
        raise InputError("this experiment needs recordings, which wormsim may not ship: --set data=PATH names a file with at least "
                         f"{LEAST_ANIMALS} animals with named neurons, such as those of Dag et al. 2023 (doi 10.1016/j.cell.2023.04.023); "
                         "`wormsim list recordings` shows the layouts that can be read")
    if not Path(data).expanduser().is_file():
        raise InputError(f"data = {data}: no such file; --set data=PATH names the recordings")
    there = animals_of(data)
    if len(there) < LEAST_ANIMALS:
        raise InputError(f"{data} holds {len(there)} animals; leaving one out takes at least {LEAST_ANIMALS}")


def load_animals(data: str, connectome: Connectome, min_confidence: float) -> Animals:
    """All animals of a file, their named cells that the connectome has.

    Raises
    ------
    InputError
        No cell in two animals.
    """
    names = animals_of(data)
    recordings = [load_recording(data, animal=name).select(min_confidence=min_confidence).in_connectome(connectome) for name in names]
    cells = tuple(sorted({cell for r in recordings for cell in r.cells}))
    at = {cell: k for k, cell in enumerate(cells)}
    traces = []
    for r in recordings:
        x = np.full((len(r.time_s), len(cells)), np.nan)
        x[:, [at[cell] for cell in r.cells]] = r.traces().to_numpy()
        traces.append(x)
    seen = sum(np.isfinite(x).any(axis=0).astype(int) for x in traces)
    if (seen > 1).sum() == 0:
        raise InputError(f"no cell is named in two animals of {data}: there is nothing to compare (min_confidence = {min_confidence})")
    return Animals(names, cells, traces, recordings)
