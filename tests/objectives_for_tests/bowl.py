"""Data of which the best parameters are known and nothing has to be simulated; made for the tests, 2026."""

import os
import signal
from pathlib import Path
from typing import ClassVar

import numpy as np
from tiny import tiny_circuit

from wormsim.model import Model
from wormsim.objective import Objective

BEST = np.array([0.3, 0.55, 0.8, 0.45])


class Fit(Objective):
    """Every unit measures the place in the cube of the priors, with an error of its own."""

    question: ClassVar[str] = "Where is the bottom of the bowl?"
    source: ClassVar[str] = "Made up, 2026"
    fitted_on: ClassVar[str] = "some units"
    scored_on: ClassVar[str] = "the others"
    split_by: ClassVar[str] = "unit"
    floor: ClassVar[float] = -1.0
    ceiling: ClassVar[float] = 0.0

    circuit: str = "tiny"
    neuron: str = "graded"
    n: int = 8
    runs_away: bool = False
    kill_at: int = 0  # end this process when that many simulations are counted in the folder `marks`
    marks: str = ""

    def build(self, wiring=None):
        """The tiny circuit; without wiring if asked."""
        circuit = tiny_circuit()
        if wiring and wiring["kind"] != "real":
            circuit = circuit.with_connectome(circuit.connectome.without(pre="kind=neuron", post="kind=neuron"))
        return Model.build(circuit, self.neuron).with_parameters(dict(self.parameters))

    def units(self):
        return tuple(f"unit {k}" for k in range(self.n))

    def observed(self, units):
        error = np.random.default_rng(5).normal(0, 0.01, (self.n, len(BEST)))
        return BEST + error[[int(u.split()[1]) for u in units]]

    def simulate(self, model, samples, units, trial=0):
        if self.marks:
            folder = Path(self.marks)
            folder.mkdir(exist_ok=True)
            (folder / str(len(list(folder.iterdir())))).write_text(f"{trial} {','.join(units)}")
            if len(list(folder.iterdir())) == self.kill_at:
                os.kill(os.getpid(), signal.SIGKILL)
        cube = np.column_stack([prior.inverse(samples.values[key]) for key, prior in model.free.items()])
        if self.runs_away:
            cube[cube[:, 0] > 0.7] = np.nan
        wrong = 0.0 if len(model.circuit.connectome.edges) > 3 else 0.3
        return np.repeat(cube[:, None] + wrong, len(units), axis=1)

    def score(self, simulated, observed):
        return -((simulated - observed) ** 2).mean(axis=(1, 2))
