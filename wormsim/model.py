"""Model: a circuit, how its cells and synapses behave, and everything about them that nobody knows.

A connectome gives contacts, not strengths or signs. What is unknown is a parameter with a prior, a sign with a
probability, and a strength factor for each pair of cell classes; a `Samples` holds draws of all three, and `lower`
turns model and draws into the arrays that the engines run.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from . import catalog
from .circuit import Circuit
from .dynamics import NeuronModel, SynapseModel
from .errors import InputError, UnknownNameError
from .network import Network
from .parameter import Parameter, Prior
from .samples import Samples
from .scope import add_scope, parse
from .units import to_number

if TYPE_CHECKING:
    import pandas as pd

WIRING = (
    Parameter(
        "contact_exponent",
        1.0,
        "",
        "strength grows as contacts to this power; the mean over edges is kept",
        "guess",
        Prior("uniform", 0.5, 1.0),
    ),
    Parameter(
        "strength_spread",
        0.3,
        "",
        "standard deviation, in decades, of the strength factor of a pair of classes",
        "guess",
    ),
    Parameter("p_excitatory_unknown", 0.5, "", "chance of + for a sign that nothing is known about", "guess"),
)


def _wiring(synapses: tuple[SynapseModel, ...]) -> tuple[Parameter, ...]:
    """Those of ``WIRING`` that the edges of these synapse models ask for."""
    values = [value for s in synapses for value in s.edge]
    contacts, signs = any(v.by_contacts for v in values), any(v.signed for v in values)
    return tuple(p for p in WIRING if (signs if p.symbol == "p_excitatory_unknown" else contacts))


@dataclass(frozen=True, eq=False)
class Model:
    """A circuit with dynamics; make one with :meth:`build`.

    Attributes
    ----------
    circuit : Circuit
    neuron : NeuronModel
    synapses : tuple of SynapseModel
    parameters : dict of str to Parameter
        By key (``tau_m_ms``).
    perturbations : tuple of Perturbation
        Applied to every variant, in order.
    """

    circuit: Circuit
    neuron: NeuronModel
    synapses: tuple[SynapseModel, ...]
    parameters: dict[str, Parameter]
    perturbations: tuple = field(default=())

    @classmethod
    def build(
        cls,
        circuit: Circuit,
        neuron: str | NeuronModel = "lif",
        synapses: tuple[str | SynapseModel, ...] | None = None,
        parameters: Mapping[str, object] | None = None,
        extra: tuple[Parameter, ...] = (),
    ) -> Model:
        """Put dynamics on a circuit.

        Parameters
        ----------
        circuit : Circuit
        neuron : str or NeuronModel
            Key in ``wormsim/neurons`` ("lif", "adex", "graded") or a description of your own.
        synapses : tuple of str or SynapseModel, optional
            Keys in ``wormsim/synapses``; by default those that the neuron model names.
        parameters : mapping, optional
            Key -> number, Brian2 quantity (fixes it) or :class:`~wormsim.parameter.Prior` (frees it). A scoped key is of
            some cells or connections only: ``g_leak_nS[AVA]``, ``g_chem_contact_nS[AVA->VA*]`` (:mod:`wormsim.scope`).
        extra : tuple of Parameter
            Further parameters that perturbations may refer to, such as the strength of a stimulus.

        Raises
        ------
        UnknownNameError
            Unknown model or parameter, with the closest names.
        InputError
            Connections that none of the synapse models takes.
        """
        from .lowering import check_taken

        neuron = catalog.load("neurons", neuron).MODEL if isinstance(neuron, str) else neuron
        chosen = neuron.synapses if synapses is None else synapses
        found = tuple(catalog.load("synapses", s).MODEL if isinstance(s, str) else s for s in chosen)
        check_taken(circuit, found, all_kinds=synapses is None)
        table: dict[str, Parameter] = {}
        for group in (neuron.parameters, *(s.parameters for s in found), _wiring(found), extra):
            for p in group:
                if p.key in table or any(q.symbol == p.symbol for q in table.values()):
                    raise InputError(f"parameter {p.key} is defined twice in {neuron.name} + {[s.name for s in found]}")
                table[p.key] = p
        return cls(circuit, neuron, found, table).with_parameters(parameters or {})

    def with_parameters(self, values: Mapping[str, object]) -> Model:
        """The model with parameters fixed to a value or freed by a prior; keys may be scoped (``g_leak_nS[AVA]``)."""
        table = dict(self.parameters)
        for given, value in values.items():
            scope = parse(given)
            key = add_scope(table, scope, self.circuit, self.neuron, self.synapses) if scope else given
            if key not in table:
                raise UnknownNameError("parameter", key, table, f"model {self.neuron.name} has {len(table)} parameters")
            old = table[key]
            if isinstance(value, Prior):
                table[key] = replace(old, prior=value)
            else:
                table[key] = replace(old, value=to_number(value, old.unit, key), prior=None, source="set by the user")
        return replace(self, parameters=table)

    def with_circuit(self, circuit: Circuit) -> Model:
        """The same dynamics and perturbations on another wiring, such as a shuffled one."""
        return replace(self, circuit=circuit, perturbations=tuple(p.resolve(circuit) for p in self.perturbations))

    def perturbed(self, *perturbations) -> Model:
        """The model with perturbations added behind the ones that it has, and with the parameters that they bring."""
        resolved = tuple(p.resolve(self.circuit) for p in perturbations)
        return replace(self.prepared_for(*perturbations), perturbations=self.perturbations + resolved)

    def prepared_for(self, *perturbations) -> Model:
        """The model with the parameters and mechanisms that these perturbations bring, for variants of which only some have them.

        A parameter that is there already keeps its value and prior, as an earlier perturbation or the user has set it.

        Raises
        ------
        InputError
            A parameter that the neuron or synapse models have, or one that is there by the same key with another unit.
        """
        table, synapses = dict(self.parameters), list(self.synapses)
        own = {p.symbol for part in (self.neuron, *self.synapses) for p in part.parameters} | {p.symbol for p in WIRING}
        for perturbation in perturbations:
            for p in perturbation.parameters:
                other = next((q for q in table.values() if q.symbol == p.symbol), p)
                if p.symbol in own or other.unit != p.unit:
                    raise InputError(f"{perturbation!r} brings a parameter {p.symbol}, which the model has already: give it another name")
                table.setdefault(p.key, p)
            for mechanism in perturbation.mechanisms:
                if all(s.name != mechanism.name for s in synapses):
                    synapses.append(mechanism)
                    table |= {p.key: p for p in mechanism.parameters}
        return replace(self, parameters=table, synapses=tuple(synapses))

    def ablate(self, *cells: str) -> Model:
        """The model without the cells: short for ``Ablate(*cells)(model)``."""
        from .perturbations.ablate import Ablate

        return self.perturbed(Ablate(*cells))

    @property
    def free(self) -> dict[str, Prior]:
        """Parameters that are sampled, with their priors."""
        return {key: p.prior for key, p in self.parameters.items() if p.prior is not None}

    def parameter_table(self) -> pd.DataFrame:
        """All parameters: value, unit, prior, certainty, source."""
        import pandas as pd

        rows = [
            (
                key,
                p.value,
                p.unit,
                p.prior.kind if p.prior else "",
                p.prior.low if p.prior else np.nan,
                p.prior.high if p.prior else np.nan,
                p.certainty,
                p.source,
            )
            for key, p in self.parameters.items()
        ]
        names = ["parameter", "value", "unit", "prior", "low", "high", "certainty", "source"]
        return pd.DataFrame(rows, columns=names).set_index("parameter")

    def sample(self, n: int, seed: int = 0, first: int = 0) -> Samples:
        """Draws number `first` to ``first + n`` of everything unknown; draw k of a seed never depends on `n`."""
        return Samples.draw(self.free, n, seed, first)

    def nominal(self, seed: int = 0) -> Samples:
        """One sample with every parameter at its value and every strength as its contacts say.

        Unknown and uncertain signs are still drawn, by `seed`: there is no nominal sign.
        """
        return Samples.nominal(self.free, {key: p.value for key, p in self.parameters.items()}, seed)

    def lower(self, samples: Samples) -> Network:
        """Fill in the unknowns: one column of arrays for each sample."""
        from .lowering import lower

        return lower(self, samples)

    def __repr__(self) -> str:
        synapses = "+".join(s.name for s in self.synapses)
        return (
            f"Model({self.circuit.name!r}, {self.neuron.name} with {synapses}, {len(self.free)} free parameters, "
            f"{len(self.perturbations)} perturbations)"
        )
