"""Detection of signal propagation: which neuron answers when another is stimulated (Randi F et al 2023, Nature 623:406).

**Data.** The measured pairs of the functional atlas (the optional package ``wormneuroatlas``, extra ``atlas``): detected (q < 0.05)
or measured and not detected. Amplitudes are not used.

**Model.** The assay ``signal_propagation``: each neuron in turn, all of them and all samples in one batch.

**Score.** AUROC of the size of the simulated response over all pairs of the stimulated neurons that are scored. Units are
stimulated neurons.

**What it is not.** Near neurons and often-tested pairs light up whatever the wiring, and a parameter that makes responses
fall off with distance scores well without it. A fitted AUROC is to be judged by what the model adds to such nuisance
(study ``signal_propagation``), and by the same fit on shuffled wiring.
"""

from __future__ import annotations

import functools
from typing import ClassVar, Literal

import numpy as np
from pydantic import Field
from scipy.stats import rankdata

from .. import catalog
from ..errors import InputError
from ..model import Model
from ..objective import REAL, Objective
from ..parameter import Prior
from ..readers.randi2023 import read_atlas
from ..samples import Samples
from ..screen import circuit_of


class Fit(Objective):
    """Settings: which part of the atlas."""

    question: ClassVar[str] = "Do parameters fitted to the answers to some stimulated neurons predict the answers to others?"
    source: ClassVar[str] = "Randi F et al 2023 Nature 623:406 (functional atlas, wild type or unc-31)"
    fitted_on: ClassVar[str] = (
        "Measured pairs of the stimulated neurons of the training folds: detected (q < 0.05) or not. Score: AUROC of the size of the "
        "simulated response."
    )
    scored_on: ClassVar[str] = "The same for the stimulated neurons of the fold that was left out."
    split_by: ClassVar[str] = "stimulated neuron"
    floor: ClassVar[float] = 0.5
    ceiling: ClassVar[float] = 1.0

    circuit: str = "hermaphrodite_neurons"
    neuron: str = "graded"
    assay: str = "signal_propagation"
    strain: Literal["wt", "unc31"] = "wt"
    q_max: float = Field(default=0.05, gt=0, lt=1)
    stimulated: list[str] = Field(default_factory=list, description="neurons, classes or groups; all that were stimulated if empty")

    def build(self, wiring: dict | None = None) -> Model:
        """With the assay's priors."""
        given = {key: Prior(*x) if isinstance(x, (tuple, list)) else x for key, x in self.parameters.items()}
        protocol = catalog.load("assays", self.assay).ASSAY
        return protocol.build(circuit_of(self.circuit, wiring or REAL), self.neuron, given)

    def units(self) -> tuple[str, ...]:
        """Stimulated neurons that the circuit has."""
        return _data(self.model_dump_json())[0]

    def observed(self, units: tuple[str, ...]) -> np.ndarray:
        """1 for a detected answer (F) to a stimulated neuron (U), 0 for none."""
        every, _, detected = _data(self.model_dump_json())
        return detected[[every.index(unit) for unit in units]]

    def simulate(self, model: Model, samples: Samples, units: tuple[str, ...], trial: int = 0) -> np.ndarray:
        """Size of the response, mV (S, U, F); the graded model has no noise, so that trials are alike."""
        protocol = catalog.load("assays", self.assay).ASSAY
        return np.abs(protocol.responses(model, samples, units, _data(self.model_dump_json())[1]))

    def score(self, simulated: np.ndarray, observed: np.ndarray) -> np.ndarray:
        """AUROC over all measured pairs (Mann & Whitney 1947, Ann Math Stat 18:50), ties counting half."""
        there = np.isfinite(observed)
        yes, x = observed[there] == 1, simulated[:, there]
        n = yes.sum()
        if n in (0, len(yes)):
            return np.full(len(x), np.nan)
        rank = rankdata(x, axis=1, nan_policy="propagate")
        return (rank[:, yes].sum(axis=1) - n * (n + 1) / 2) / (n * (len(yes) - n))


@functools.lru_cache(maxsize=4)
def _data(settings: str) -> tuple[tuple[str, ...], tuple[str, ...], np.ndarray]:
    """Stimulated neurons, answering neurons, and 1, 0 or not-a-number for each pair of them."""
    objective = Fit.model_validate_json(settings)
    circuit = circuit_of(objective.circuit, REAL)
    atlas = read_atlas(objective.strain)
    value = np.where(atlas.measured, atlas.detected(objective.q_max), np.nan).T  # (stimulated, responder)
    known = np.isin(np.array(atlas.cells), circuit.connectome.cells.index)
    wanted = set(circuit.select(*objective.stimulated)) if objective.stimulated else set(atlas.cells)
    rows = np.array([k and cell in wanted for cell, k in zip(atlas.cells, known, strict=True)])
    rows &= np.isfinite(value[:, known]).any(axis=1)
    names = np.array(atlas.cells, dtype=object)
    if not rows.any():
        raise InputError(f"none of the neurons {objective.stimulated} was stimulated in the atlas ({objective.strain})")
    return tuple(names[rows]), tuple(names[known]), value[np.ix_(rows, known)].astype(float)
