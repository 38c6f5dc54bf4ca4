"""Objective: something that a model can be fitted to, with data that are split so that some are never looked at.

The data are numbers on units that a fit may or may not see: the cells that were stimulated, or the animals. A simulation of many
samples gives the same numbers, a score holds the two against each other, and the same three things (prior, simulator,
summary) are what simulation-based inference asks for (:mod:`wormsim.inference`).
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from .errors import InputError
from .model import Model
from .parameter import Prior
from .samples import Samples
from .screen import circuit_of
from .variants import stream_of

REAL = {"kind": "real", "seed": 0}

#: ``key = value`` fixes a parameter, ``key = [kind, low, high]`` gives it another prior.
Parameters = Annotated[dict[str, float | tuple[Literal["uniform", "loguniform"], float, float]], Field(default_factory=dict)]


class Objective(BaseModel):
    """One kind of data that parameters can be fitted to; its fields are its settings.

    A file in ``wormsim/objectives/`` defines a subclass ``Fit`` of this one, with the class attributes below and the methods
    `units`, `observed`, `simulate` and `score`. Equal settings must give equal numbers.

    Attributes
    ----------
    question, fitted_on, scored_on : str
        What a fit to it asks, what it sees, and what it is scored on: stand in the experiment's header, before it runs.
    source : str
        Where the data are from, with the year.
    split_by : str
        What a unit is, in the singular: "stimulated cell", "animal".
    floor, ceiling : float
        The scores of a model that knows nothing, and of a perfect one; see :meth:`best`.
    known_draw : tuple of (int, int) or None
        Seed and number of the draw of signs and strength factors, for data that were made with a known one.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    question: ClassVar[str]
    source: ClassVar[str]
    fitted_on: ClassVar[str]
    scored_on: ClassVar[str]
    split_by: ClassVar[str]
    floor: ClassVar[float]
    ceiling: ClassVar[float]

    circuit: str
    neuron: str
    parameters: Parameters

    @property
    def known_draw(self) -> tuple[int, int] | None:
        """None: every chain of a fit draws signs and strength factors anew."""
        return None

    @property
    def truth(self) -> dict[str, float] | None:
        """Parameters that the data were made with, where they were made."""
        return None

    @property
    def measurement_sd(self) -> float:
        """Standard deviation of the measurement's noise, in the unit of the data, where it is known; else 0."""
        return 0.0

    def build(self, wiring: dict | None = None) -> Model:
        """The model that is fitted, on the real wiring or on that of a control (:func:`wormsim.screen.circuit_of`)."""
        model = Model.build(circuit_of(self.circuit, wiring or REAL), self.neuron)
        given = {key: Prior(*x) if isinstance(x, (tuple, list)) else x for key, x in self.parameters.items()}
        return model.with_parameters(given)

    def units(self) -> tuple[str, ...]:
        """Names of the units that the data are of."""
        raise NotImplementedError

    def observed(self, units: tuple[str, ...]) -> np.ndarray:
        """The data of some units, shape (U, F); not-a-number where nothing was measured."""
        raise NotImplementedError

    def simulate(self, model: Model, samples: Samples, units: tuple[str, ...], trial: int = 0) -> np.ndarray:
        """The same numbers of every sample, in one call of the kernel with the samples as variants.

        Parameters
        ----------
        model : Model
            From :meth:`build`.
        samples : Samples
        units : tuple of str
        trial : int
            Noise of trial 0 is what a fit sees, that of trial 1 what it is scored with.

        Returns
        -------
        ndarray, shape (S, U, F)
            Not-a-number throughout for a sample that ran away.
        """
        raise NotImplementedError

    def score(self, simulated: np.ndarray, observed: np.ndarray) -> np.ndarray:
        """How well each sample does, more is better, shape (S,); not-a-number where it ran away.

        Parameters
        ----------
        simulated : ndarray, shape (S, U, F)
        observed : ndarray, shape (U, F)
            A unit may stand in both more than once, as in a bootstrap.
        """
        raise NotImplementedError

    def best(self, units: tuple[str, ...]) -> float:
        """What the noise of these units' data allows at best; the ceiling of the score if that is not known."""
        return self.ceiling

    def streams(self, samples: Samples, trial: int) -> np.ndarray:
        """Random stream of every sample, shape (S,): samples of one draw share it, so that noise does not tell them apart."""
        return np.array([stream_of(samples.seed, int(draw), trial) for draw in samples.draws], np.uint64)


def check(objective: Objective) -> Model:
    """The model of an objective that can be fitted.

    Raises
    ------
    InputError
        Unknown names, a prior that is none, nothing that is free, or fewer than two units to split.
    """
    model = objective.build()
    if not model.free:
        raise InputError(f"no parameter of {objective.neuron} on {objective.circuit} is free: give one a prior, as in "
                         'parameters."g_leak_nS" = ["loguniform", 0.01, 1.0]')
    units = objective.units()
    if len(units) < 2:
        raise InputError(f"{len(units)} {objective.split_by} cannot be split into some that are fitted and some that are scored")
    return model
