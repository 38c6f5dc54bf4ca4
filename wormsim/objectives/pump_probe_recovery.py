"""Recovery: an animal whose parameters are known is stimulated cell by cell, and a fit has to find them again.

The field's measurement in the form of Randi F et al 2023 (Nature 623:406): stimulate one neuron, watch all others. Here the
animal is a simulated one, so that both things can be asked that no real recording answers: whether the parameters come
back, and whether cells that were never stimulated in the fit are predicted. The data are the mean rise of each neuron's
potential over the unstimulated animal's, with normal measurement noise; a real microscope sees calcium, with a delay and
at another scale. The stimulus is a conductance that opens towards 0 mV (:mod:`wormsim.pump_probe`): its size is a choice.

With ``tells_draw`` the fit knows the signs and strength factors of the animal, and only its free parameters are sought;
without, every chain of the fit draws signs and factors of its own, as one has to for a real animal. The wiring is the true
one in both.
"""

from __future__ import annotations

import functools
from typing import ClassVar

import numpy as np
from pydantic import Field

from ..model import Model
from ..objective import Objective
from ..pump_probe import PumpProbe
from ..samples import Samples


class Fit(Objective):
    """Settings: which animal, which cells are stimulated and how, how noisy the measurement is."""

    question: ClassVar[str] = "Does a fit find the parameters of a simulated animal again, and predict cells that it never stimulated?"
    source: ClassVar[str] = (
        "Simulated by wormsim; the form of the experiment is that of Randi F et al 2023 Nature 623:406 (stimulate one neuron, "
        "watch the others)."
    )
    fitted_on: ClassVar[str] = (
        "The rise of all neurons' potentials while each of the stimulated cells of the training folds is driven, with "
        "measurement noise. Score: share of the variance explained."
    )
    scored_on: ClassVar[str] = (
        "The same for the stimulated cells of the fold that was left out, whose data no score that the search was told had in it; "
        "and the distance of the fitted parameters from the true ones."
    )
    split_by: ClassVar[str] = "stimulated cell"
    floor: ClassVar[float] = 0.0
    ceiling: ClassVar[float] = 1.0

    circuit: str = "gentle_touch"
    neuron: str = "graded"
    stimulated: list[str] = Field(default=["touch_all", "tap_only", "command_all", "LUA"], min_length=1)
    g_stimulus_nS: float = Field(default=0.5, gt=0)
    duration_ms: float = Field(default=600.0, gt=0, description="of the stimulus and of the run, over which the rise is averaged")
    dt_ms: float = Field(default=1.0, gt=0)
    noise_mV: float = Field(default=0.5, ge=0, description="standard deviation of the measurement")
    truth_seed: int = Field(default=2, ge=0, lt=2**32)
    tells_draw: bool = True

    @property
    def known_draw(self) -> tuple[int, int] | None:
        """The truth's, if the fit is told."""
        return (self.truth_seed, 0) if self.tells_draw else None

    @property
    def truth(self) -> dict[str, float]:
        """Drawn from the priors by ``truth_seed``."""
        return self.build().sample(1, self.truth_seed).values.iloc[0].to_dict()

    @property
    def measurement_sd(self) -> float:
        """``noise_mV``."""
        return self.noise_mV

    def units(self) -> tuple[str, ...]:
        """The cells that are stimulated."""
        return self.build().circuit.select(*self.stimulated)

    def observed(self, units: tuple[str, ...]) -> np.ndarray:
        """Rise of each neuron (F, mV) while a cell is stimulated (U), noise included; the cell itself is not measured."""
        _, noisy = _data(self.model_dump_json())
        return noisy[[self.units().index(unit) for unit in units]]

    def simulate(self, model: Model, samples: Samples, units: tuple[str, ...], trial: int = 0) -> np.ndarray:
        """Rise of each neuron of every sample (S, U, F); the graded model has no noise, so that trials are alike."""
        protocol = PumpProbe("recovery", self.source, self.circuit, self.neuron, pulse_ms=self.duration_ms, watch_ms=self.duration_ms,
                             g_nS=self.g_stimulus_nS, e_mV=0.0, dt_ms=self.dt_ms, priors={}, limits="")
        return protocol.responses(model, samples, units, model.circuit.select('kind="neuron"'))

    def score(self, simulated: np.ndarray, observed: np.ndarray) -> np.ndarray:
        """Share of the variance of all measured responses that is explained."""
        seen = np.isfinite(observed)
        y = observed[seen]
        left = ((simulated[:, seen] - y) ** 2).sum(axis=1)
        return 1.0 - left / ((y - y.mean()) ** 2).sum()

    def best(self, units: tuple[str, ...]) -> float:
        """The score of the truth itself, which the noise of the data keeps below 1."""
        clean, _ = _data(self.model_dump_json())
        rows = [self.units().index(unit) for unit in units]
        return float(self.score(clean[None, rows], self.observed(units))[0])


@functools.lru_cache(maxsize=4)
def _data(settings: str) -> tuple[np.ndarray, np.ndarray]:
    """Responses of the true animal (U, F), without and with the noise of the measurement."""
    objective = Fit.model_validate_json(settings)
    model, units = objective.build(), objective.units()
    clean = objective.simulate(model, model.sample(1, objective.truth_seed), units)[0]
    noise = np.random.default_rng(objective.truth_seed).standard_normal(clean.shape)
    noisy = clean + objective.noise_mV * noise
    neurons = list(model.circuit.select('kind="neuron"'))
    noisy[np.arange(len(units)), [neurons.index(unit) for unit in units]] = np.nan
    return clean, noisy
