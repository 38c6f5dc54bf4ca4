"""How a neuron and a synapse are described: Brian2 equations as text, with their parameters beside them.

Both engines read these descriptions; nothing else defines a model.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Literal

from .parameter import Parameter


@dataclass(frozen=True)
class NeuronModel:
    """Dynamics of one cell.

    Parameters
    ----------
    name : str
    equations : str
        Brian2 equations with ``v : volt`` among the states. ``I`` (amp) stands for everything that flows in: synapses,
        gap junctions, stimuli. Parameters are used by symbol and not declared here.
    threshold, reset, refractory : str
        As in Brian2; empty for a cell that does not spike. `refractory` is the symbol of a parameter in ms, or the text of
        `threshold` once more: then a spike is an upward crossing and nothing else, and there is no reset.
    parameters : tuple of Parameter
    initial : dict
        State -> expression of parameters, value at time 0.
    muscle : dict
        Parameter key -> value that holds for muscle cells instead.
    synapses : tuple of str
        Keys of the synapse models that go with it by default (chemical, electrical).
    dt_ms : float
        Recommended step.
    """

    name: str
    equations: str
    parameters: tuple[Parameter, ...]
    initial: dict[str, str]
    threshold: str = ""
    reset: str = ""
    refractory: str = ""
    muscle: dict[str, float] = field(default_factory=dict)
    synapses: tuple[str, ...] = ()
    dt_ms: float = 0.1

    @property
    def counts_crossings(self) -> bool:
        """Whether a spike is an upward crossing of the threshold, without reset or refractory time."""
        return bool(self.threshold) and self.refractory == self.threshold


@dataclass(frozen=True)
class EdgeValue:
    """A number that every edge carries.

    Parameters
    ----------
    symbol : str
        Its name in ``summed`` and ``on_pre``.
    rule : {"strength", "signed_strength", "excitatory_strength", "inhibitory_strength", "given"}
        strength: `scale` x effective contacts; signed_strength: the same with the sign of the edge; excitatory_strength
        and inhibitory_strength: the strength of edges with the sign +1 or -1, 0 of others (with one sum for each sign, a
        synapse with two reversal potentials takes one multiply-add an edge); given: `scale` itself, for a wiring whose
        strengths are known (``g_glut_nS[ABPD->LP]``), whatever the contacts.
    scale : str
        Key of a parameter.
    """

    symbol: str
    rule: Literal["strength", "signed_strength", "excitatory_strength", "inhibitory_strength", "given"]
    scale: str

    @property
    def by_contacts(self) -> bool:
        """Whether it grows with the contacts of the edge."""
        return self.rule != "given"

    @property
    def signed(self) -> bool:
        """Whether it depends on the sign of the edge."""
        return self.rule not in ("strength", "given")

    def of(self, strength, sign):
        """What edges of these strengths and signs carry (arrays that go together, or numbers; `sign` is 1 or -1)."""
        if self.rule == "signed_strength":
            return strength * sign
        if self.rule == "excitatory_strength":
            return strength * (sign > 0)
        if self.rule == "inhibitory_strength":
            return strength * (sign < 0)
        return strength


@dataclass(frozen=True)
class SynapseModel:
    """Dynamics of one sort of connection.

    Parameters
    ----------
    name : str
    kind : {"chemical", "electrical", "contact", "monoamine", "peptide", "none"}
        Which edges of the connectome it takes; an electrical edge or a contact acts in both directions. "none": a mechanism of
        the cell itself, such as an opsin.
    transmitter : str
        Takes only edges of this transmitter: the edge's own where the connectome says it, else the presynaptic cell's. No
        edge has the transmitter "bath", for a current that a substance in the bath opens in the cells themselves.
    cell_equations : str
        Brian2 equations of the states that it adds to every cell (pre- or postsynaptic).
    summed : dict
        Variable of the postsynaptic cell -> (expression over edge values, ``*_pre`` states; unit of Brian2). Summed
        over the incoming edges at the start of every step.
    on_pre : str
        What a presynaptic spike adds, e.g. ``"I_syn_post += w"``.
    delay : str
        Symbol of a parameter in ms; empty for none.
    current : str
        What flows into the cell (amp), over cell states, summed variables and ``v``.
    reset : str
        Added to the neuron's reset.
    edge : tuple of EdgeValue
    parameters : tuple of Parameter
    initial : dict
        State -> expression of parameters.
    derive : callable, optional
        ``derive(network) -> {symbol: array (N, S)}``: parameters that follow from the wiring (a threshold at rest).
    derived : dict
        Symbol -> unit (a key of :data:`wormsim.units.UNITS`) of what `derive` returns, in internal units.
    poisson_target : str
        State that a Poisson stimulus adds to; empty if there is none.
    """

    name: str
    kind: Literal["chemical", "electrical", "contact", "monoamine", "peptide", "none"]
    current: str
    parameters: tuple[Parameter, ...]
    edge: tuple[EdgeValue, ...]
    cell_equations: str = ""
    summed: dict[str, tuple[str, str]] = field(default_factory=dict)
    on_pre: str = ""
    delay: str = ""
    reset: str = ""
    initial: dict[str, str] = field(default_factory=dict)
    derive: Callable | None = None
    derived: dict[str, str] = field(default_factory=dict)
    poisson_target: str = ""
    transmitter: str = ""


def noises(neuron: NeuronModel, synapses: Iterable[SynapseModel]) -> tuple[str, ...]:
    """Names of the white noises in the equations of a cell: Brian2's ``xi`` and ``xi_NAME``, each independent of the others."""
    text = "\n".join([neuron.equations, *(t for s in synapses for t in (s.cell_equations, s.current))])
    return tuple(sorted(set(re.findall(r"\bxi(?:_\w+)?\b", re.sub("#.*", "", text)))))
