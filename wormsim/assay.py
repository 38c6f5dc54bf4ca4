"""Assay: what the world does to the animal, which muscles are read, and what counts as doing the behaviour.

The rule for a new assay: fix it on the intact animal, before anything is ablated, and say in its docstring what was seen
when. It knows nothing of which cells matter.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from .errors import InputError
from .parameter import Parameter, Prior
from .perturbations import Stimulate
from .simulation import simulate

if TYPE_CHECKING:
    from .circuit import Circuit
    from .dynamics import NeuronModel
    from .model import Model
    from .recording import Recording
    from .variants import Variants

_DRIVE = "how strongly the sense organ drives its neurons is unknown"
SPIKING_DRIVE = (
    Parameter(
        "rate_drive",
        100.0,
        "Hz",
        _DRIVE
        + "; the fly model drives its sensory cells at 10 to 200 Hz (Shiu PK et al 2024 Nature 634:210)",
        "guess",
        Prior("loguniform", 20.0, 200.0),
    ),
    Parameter(
        "size_drive",
        80.0,
        "pA",
        "one event lifts a resting cell above any threshold of the prior, as in the fly model",
        "guess",
    ),
    Parameter(
        "rate_background",
        10.0,
        "Hz",
        "events that every neuron gets without a stimulus; spontaneous release is unknown",
        "guess",
        Prior("loguniform", 1.0, 50.0),
    ),
    Parameter("size_background", 20.0, "pA", "about 3 mV at the cell, below threshold", "guess"),
)
GRADED_DRIVE = (
    Parameter(
        "g_drive",
        1.0,
        "nS",
        _DRIVE + "; a conductance that opens towards 0 mV, as a transduction channel does",
        "guess",
        Prior("loguniform", 0.05, 5.0),
    ),
)


@dataclass(frozen=True)
class Contact:
    """A group of sensory cells driven during [start_ms, stop_ms)."""

    group: str
    start_ms: float
    stop_ms: float


@dataclass(frozen=True)
class Assay:
    """Stimulus, read-out and criterion of one behaviour.

    The response is the weighted sum, over muscle groups, of the group's mean depolarisation: its mean potential in the
    window minus that in the baseline.

    Parameters
    ----------
    name, behaviour : str
    source : str
        Where stimulus, read-out and criterion are from, and how sure that is.
    circuit : str
        Circuit that it is run on unless another is asked for.
    contacts : tuple of Contact
        The stimulus.
    readout : dict of str to float
        Group -> weight; positive weights sum to 1, and so do negative ones.
    duration_ms : float
    baseline_ms, window_ms : tuple of float
        [start, stop) of the two stretches compared.
    min_response_mV : float
        An intact animal must respond with at least this, twice under different noise where the model has noise, ...
    max_spontaneous : float
        ... and the same measure without the stimulus must stay below this share of it, in both.
    margin : float
        An animal with cells removed still does the behaviour if its response is at least this share of the response
        that its intact self gave. Muscle gain is unknown, so that the intact animal sets the scale.
    stretch : dict of str to float
        Neuron model -> factor on all times, for a model whose published synapses are slower than the rest.
    priors : dict of str to Prior
        Parameter key -> prior that takes the place of the model's general one; keys that a model lacks do not concern it.
    dt_ms : dict of str to float
        Step by neuron model, where the model's own is finer than the assay needs; tests/test_assay.py halves it.
    limits : str
        What the assay cannot know, in full sentences; stands in every report.
    every_ms : float
        Time between frames.
    """

    name: str
    behaviour: str
    source: str
    circuit: str
    contacts: tuple[Contact, ...]
    readout: dict[str, float]
    duration_ms: float
    baseline_ms: tuple[float, float]
    window_ms: tuple[float, float]
    min_response_mV: float
    max_spontaneous: float
    margin: float
    stretch: dict[str, float]
    priors: dict[str, Prior]
    dt_ms: dict[str, float]
    limits: str
    every_ms: float = 5.0

    def drive_parameters(self, neuron: NeuronModel) -> tuple[Parameter, ...]:
        """Parameters of the stimulus for a spiking or a graded model."""
        return SPIKING_DRIVE if neuron.threshold else GRADED_DRIVE

    def background(self, neuron: NeuronModel) -> tuple[Stimulate, ...]:
        """What goes on with or without the stimulus."""
        if not neuron.threshold:
            return ()
        return (Stimulate('kind="neuron"', rate_Hz="rate_background_Hz", size_pA="size_background_pA"),)

    def stimulus(self, neuron: NeuronModel) -> tuple[Stimulate, ...]:
        """The contacts, as Poisson events for a spiking model and as a conductance for a graded one."""
        if neuron.threshold:
            how = {"rate_Hz": "rate_drive_Hz", "size_pA": "size_drive_pA"}
        else:
            how = {"g_nS": "g_drive_nS"}
        k = self.factor(neuron)
        return tuple(
            Stimulate(c.group, start_ms=k * c.start_ms, stop_ms=k * c.stop_ms, **how) for c in self.contacts
        )

    def build(self, circuit: Circuit, neuron: str, state: Iterable[str] = (), **how) -> Model:
        """The model of this assay, with its priors and its background and without its stimulus.

        Parameters
        ----------
        circuit : Circuit
        neuron : str
        state : iterable of str
            Modulators and their levels, as in ``"serotonin:high"`` (:mod:`wormsim.modulation`).
        **how
            Of :func:`wormsim.modulation.in_state`: receptors that are missing or dealt to other cells.
        """
        from . import catalog
        from .model import Model
        from .modulation import in_state

        description = catalog.load("neurons", neuron).MODEL
        missing = [g for g in (*self.readout, *(c.group for c in self.contacts)) if g not in circuit.groups]
        if missing:
            raise InputError(
                f"the assay {self.name} needs the groups {', '.join(missing)}, which the circuit {circuit.name} does not "
                f"define; it has {', '.join(circuit.groups)}"
            )
        model = Model.build(circuit, description, extra=self.drive_parameters(description))
        own = {key: prior for key, prior in self.priors.items() if key in model.parameters}
        model = model.with_parameters(own)
        return in_state(model.perturbed(*self.background(description)), state, **how)

    def driven(self, circuit: Circuit) -> set[str]:
        """The cells that the stimulus drives."""
        return {cell for c in self.contacts for cell in circuit.groups[c.group]}

    def step_ms(self, neuron: NeuronModel) -> float:
        """Step to use."""
        return self.dt_ms.get(neuron.name, neuron.dt_ms)

    def factor(self, neuron: NeuronModel) -> float:
        """What all times of the assay are multiplied by for this model."""
        return self.stretch.get(neuron.name, 1.0)

    def run(self, model: Model, variants: Variants, engine: str = "auto") -> Recording:
        """Record the read-out muscles of every variant over the whole assay; a variant that runs away is not-a-number."""
        k = self.factor(model.neuron)
        return simulate(
            model,
            variants,
            duration_ms=k * self.duration_ms,
            dt_ms=self.step_ms(model.neuron),
            every_ms=k * self.every_ms,
            record=[*self.readout, *(c.group for c in self.contacts)],
            engine=engine,
            on_failure="mark",
            check_step=False,  # a response is read at a standstill, which no step moves; the tests halve dt_ms
        )

    def response(self, recording: Recording, model: Model) -> np.ndarray:
        """Response of every variant in mV, shape (V,)."""
        contrast = self.contrast(recording, model.circuit)
        k = self.factor(model.neuron)
        return self._mean(recording, contrast, self.window_ms, k) - self._mean(
            recording, contrast, self.baseline_ms, k
        )

    def contrast(self, recording: Recording, circuit: Circuit) -> np.ndarray:
        """Weighted sum of the groups' mean potentials over time, shape (V, T).

        An ablated muscle pulls at nothing: it counts as one that stays at its baseline, so it adds nothing to its group's
        depolarisation. A variant of which nothing was recorded is not-a-number.
        """
        v = recording.v_mV
        total = np.zeros(v.shape[:2])
        for group, weight in self.readout.items():
            potential = v.sel(cell=list(circuit.groups[group])).to_numpy()
            total += weight * np.nansum(potential, axis=2, dtype=float) / potential.shape[2]
        total[np.isnan(v.to_numpy()).all(axis=(1, 2))] = np.nan
        return total

    @staticmethod
    def _mean(
        recording: Recording, contrast: np.ndarray, part_ms: tuple[float, float], factor: float
    ) -> np.ndarray:
        time = recording.time_ms.to_numpy() / factor
        return contrast[:, (time >= part_ms[0]) & (time < part_ms[1])].mean(axis=1)
