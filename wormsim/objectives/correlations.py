"""Correlations of spontaneous activity: recordings of several animals, and the correlation matrix that the wiring makes.

**Data.** The correlation of every two named neurons over a recording, in each animal by itself (as in Dag U et al 2023, Cell
186:2574, and other whole-brain recordings); files in any layout of ``wormsim/recordings``. Frames in which either is
missing are left out of a pair.

**Model.** What moves the animal's neurons is not known. Here every neuron gets a slow input of its own, of equal size and
independent of the others'. For small inputs the potentials are linear in them, so that with ``R`` the response of all
neurons to the stimulation of each in turn (:mod:`wormsim.pump_probe`, one batch) the covariance is ``R^T R``, and no run of
minutes is needed, nor its sampling error. Calcium that follows the potential linearly, with the same delay in all
cells, has the same correlations.

**Score.** Pearson's r between simulated and recorded correlations over an animal's pairs, mean over animals. Units are
animals; the ceiling is the score of the mean of the other animals.

**What it cannot know.** Common input (the state of the animal, the microscope's motion) correlates neurons that no synapse
connects; inputs of different size; anything that is not near rest.
"""

from __future__ import annotations

import functools
from pathlib import Path
from typing import ClassVar

import numpy as np
from pydantic import Field

from ..chunks import input_files
from ..circuit import load_circuit
from ..errors import InputError
from ..model import Model
from ..objective import Objective
from ..pump_probe import PumpProbe
from ..recordings import animals_of, load_recording
from ..samples import Samples

_LEAST_PAIRS = 10


class Fit(Objective):
    """Settings: the files, which cells are compared, and how the linear response is measured."""

    question: ClassVar[str] = "Do parameters fitted to the correlations of some animals predict those of the others?"
    source: ClassVar[str] = "Recordings named in the settings; the form of the data is that of Dag U et al 2023 Cell 186:2574."
    fitted_on: ClassVar[str] = (
        "Correlations of all pairs of named neurons in the animals of the training folds. Score: Pearson's r between simulated and "
        "recorded correlations, mean over animals."
    )
    scored_on: ClassVar[str] = "The same in the animals that were left out."
    split_by: ClassVar[str] = "animal"
    floor: ClassVar[float] = 0.0
    ceiling: ClassVar[float] = 1.0

    circuit: str = "gentle_touch"
    neuron: str = "graded"
    recordings: list[str] = Field(min_length=1, description="paths; every animal in a file is one unit")
    layout: str | None = Field(default=None, description="a reader in wormsim/recordings; found from the file if not given")
    min_confidence: float = Field(default=0.0, ge=0, le=1, description="least confidence of a neuron's name, where the source states it")
    g_stimulus_nS: float = Field(default=0.02, gt=0, description="small: the response is taken to be linear")
    duration_ms: float = Field(default=1000.0, gt=0, description="slow inputs: the stimulus lasts as long as the run")
    dt_ms: float = Field(default=2.0, gt=0)

    def _data(self) -> tuple[dict[str, np.ndarray], list[str], tuple[np.ndarray, np.ndarray]]:
        return _read(self.model_dump_json(), str(input_files(self.recordings)))

    def units(self) -> tuple[str, ...]:
        """File and animal."""
        return tuple(self._data()[0])

    def observed(self, units: tuple[str, ...]) -> np.ndarray:
        """Recorded correlation of each pair of cells (F) in each animal (U)."""
        found = self._data()[0]
        return np.array([found[unit] for unit in units])

    def simulate(self, model: Model, samples: Samples, units: tuple[str, ...], trial: int = 0) -> np.ndarray:
        """Simulated correlations (S, U, F), the same for all animals; the graded model has no noise, so that trials are alike."""
        protocol = PumpProbe("correlations", self.source, self.circuit, self.neuron, pulse_ms=self.duration_ms,
                             watch_ms=self.duration_ms, g_nS=self.g_stimulus_nS, e_mV=0.0, dt_ms=self.dt_ms, priors={}, limits="")
        _, cells, (a, b) = self._data()
        response = protocol.responses(model, samples, model.circuit.select('kind="neuron"'), cells)
        covariance = np.einsum("sui,suj->sij", response, response)
        sd = np.sqrt(np.einsum("sii->si", covariance))
        size = sd[:, :, None] * sd[:, None, :]  # 0 for a cell that nothing moves
        r = np.divide(covariance, size, out=np.where(np.isnan(size), np.nan, 0.0), where=size > 0)
        return np.broadcast_to(r[:, None, a, b], (len(samples), len(units), len(a)))

    def score(self, simulated: np.ndarray, observed: np.ndarray) -> np.ndarray:
        """Pearson's r over an animal's pairs, mean over animals."""
        out = np.zeros(len(simulated))
        for u, there in enumerate(np.isfinite(observed)):
            x, y = simulated[:, u, there], observed[u, there]
            x, y = x - x.mean(axis=1, keepdims=True), y - y.mean()
            size = np.sqrt((x**2).sum(axis=1) * (y**2).sum())
            out += np.divide(x @ y, size, out=np.where(np.isnan(size), np.nan, 0.0), where=size > 0)
        return out / len(observed)

    def best(self, units: tuple[str, ...]) -> float:
        """Score of the mean of all other animals, as far as they have the pair."""
        found = self._data()[0]
        scores = []
        for unit in units:
            others = np.array([r for name, r in found.items() if name != unit])
            known = np.isfinite(others).any(axis=0) & np.isfinite(found[unit])
            mean = np.nanmean(others[:, known], axis=0)
            scores.append(self.score(mean[None, None], found[unit][None, known])[0])
        return float(np.mean(scores))


@functools.lru_cache(maxsize=4)
def _read(settings: str, files: str) -> tuple[dict[str, np.ndarray], list[str], tuple[np.ndarray, np.ndarray]]:
    """Correlations by animal, the cells that any animal has, and the pairs as two lists of their numbers; `files`: hashes of the
    recordings, so that an edited one is read anew.
    """
    objective = Fit.model_validate_json(settings)
    connectome = load_circuit(objective.circuit).connectome
    traces = {}
    for path in objective.recordings:
        for animal in animals_of(path, objective.layout):
            activity = load_recording(path, objective.layout, animal).in_connectome(connectome)
            if objective.min_confidence:
                activity = activity.select(min_confidence=objective.min_confidence)
            unit = f"{Path(path).name}: {animal}"
            if unit in traces:
                raise InputError(f"the animal {animal} of {path} is there twice: name each recording once")
            traces[unit] = activity.to_frame()
    cells = [c for c in connectome.cells.index if any(c in t for t in traces.values())]
    pairs = np.triu_indices(len(cells), 1)
    found = {unit: t.reindex(columns=cells).corr().to_numpy()[pairs] for unit, t in traces.items()}
    for unit, r in found.items():
        if np.isfinite(r).sum() < _LEAST_PAIRS:
            raise InputError(f"{unit} has {int(np.isfinite(r).sum())} pairs of cells that {objective.circuit} has; {_LEAST_PAIRS} are needed")
    return found, cells, pairs
