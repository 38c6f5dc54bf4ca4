"""Volume transmission: a modulator that cells release by their activity, slowly, to every cell with a receptor.

The concentration at a receptor cell is a state of that cell,

    spiking models:  dc/dt = -c/tau,  a spike of a releasing cell adds q
    graded models:   dc/dt = sum(q a) - c/tau,  a = how far a releasing cell's synaptic activation is above rest

and its receptors act by the current that their occupancy calls for. That is a synapse model over edges from every releasing
to every receiving cell, so that both engines run it and an ablated or blocked cell releases nothing. There is no space
unless a length is given: then an edge weighs ``exp(-distance/length)``, with the distance between cell bodies.

A metabotropic receptor acts here by the current that depolarises the cell by ``o * shift`` at rest; its gain on release, which
:class:`~wormsim.perturbations.Modulate` has, would have to change strengths from step to step and is left out.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from .data import tables
from .dynamics import EdgeValue, SynapseModel
from .errors import InputError, UnknownNameError, warn_data
from .modulator import Modulator, load_modulator
from .modulator_rules import coupling, receptor_parameters, symbols
from .parameter import Parameter, Prior
from .perturbations._released import Released

if TYPE_CHECKING:
    import pandas as pd

    from .circuit import Circuit
    from .model import Model
    from .network import Network

_AMOUNT = "how much a cell releases is unknown; relative to the concentration that half occupies a receptor"


def with_release(model: Model, modulator: str, *, length_um: float | None = None, positions: pd.DataFrame | None = None,
                 without: Iterable[str] = (), shuffle: int | None = None) -> Model:
    """The model with a modulator that its own cells release.

    What is released runs along edges that are added to the circuit: shuffle the wiring before, not after.

    Parameters
    ----------
    model : Model
    modulator : str
    length_um : float, optional
        Distance over which the concentration falls to 1/e; without it there is no space.
    positions : DataFrame, optional
        Index: cells; columns ``x_um, y_um, z_um``. By default the shipped ones, which only few cells have: cells without a
        position are counted in a warning and weigh as much as one at no distance.
    without : iterable of str
        Receptors that are missing, as in a mutant.
    shuffle : int, optional
        Control: seed that deals receptors to other cells (see :meth:`Modulator.receptor_cells`).

    Raises
    ------
    InputError
        No cell of the circuit releases it or none has a receptor; a length that is not above 0; a neuron model that neither spikes
        nor has graded synapses; a modulator that is released already.
    UnknownNameError
        A modulator or receptor that is not known.
    """
    the = load_modulator(modulator)
    circuit, missing = model.circuit, set(without)
    for name in missing - {r.name for r in the.receptors}:
        raise UnknownNameError(f"receptor of {the.name}", name, [r.name for r in the.receptors])
    if any(s.name == f"volume_{the.name}" for s in model.synapses):
        raise InputError(f"{the.name} is released in this model already")
    received = {name: cells for name, cells in the.receptor_cells(circuit, shuffle).items() if cells and name not in missing}
    releasing = the.releasing_cells(circuit)
    for what, found in (("releases", releasing), ("has a receptor for", received)):
        if not found:
            raise InputError(f"no cell of {circuit.name} {what} {the.name}: it cannot act by release")
    synapse = _synapse(the, model, received)
    edges = _edges(the, circuit, releasing, received, length_um, positions)
    taken = {q.symbol for q in model.parameters.values()} & {p.symbol for p in synapse.parameters}
    if taken:
        raise InputError(f"{the.name} is in this model already by its level ({', '.join(sorted(taken)[:3])}, ...): a modulator is either "
                         "set or released")
    wired = model.with_circuit(replace(circuit, connectome=circuit.connectome.with_edges(edges)))
    grown = replace(wired, synapses=(*model.synapses, synapse), parameters={**model.parameters, **{p.key: p for p in synapse.parameters}})
    return grown.perturbed(Released(the.name, received))


@dataclass(frozen=True)
class _Receivers:
    """Which cells have which receptor, as parameters of 0 and 1: derived from the names, not from the wiring."""

    symbols: tuple[tuple[str, tuple[str, ...]], ...]

    def __call__(self, network: Network) -> dict[str, np.ndarray]:
        return {symbol: np.isin(network.cells, cells).astype(float)[:, None] for symbol, cells in self.symbols}


def _synapse(the: Modulator, model: Model, received: dict[str, tuple[str, ...]]) -> SynapseModel:
    c, tau, q = f"c_{the.name}", the.clearance.symbol, f"q_{the.name}"
    lines, currents, parameters, has = [], [], [], []
    for receptor in (r for r in the.receptors if r.name in received):
        name = symbols(the.name, receptor.name)
        own = receptor_parameters(the.name, receptor.name, receptor.coupling)
        how, flag, occupied = coupling(receptor.coupling), name["has"], name["occ"]
        lines.append(f"{occupied} = {c}/({c} + {name['half']}) : 1")
        if how.channel:
            currents.append(f"{flag}*{name['open']}*g_leak*{occupied}*({name['E']} - v)")
        else:
            currents.append(f"{'-' if how.sign < 0 else ''}{flag}*g_leak*{name['shift']}*{occupied}")
        parameters += [p for p in own if p.symbol != name["gain"]]
        has.append((flag, received[receptor.name]))
    amount: dict = {"kind": the.kind, "transmitter": " + ".join(the.ligands)}
    if model.neuron.threshold:
        lines.insert(0, f"d{c}/dt = -{c}/{tau} : 1")
        released = Parameter(f"per_spike_{the.name}", 0.01, "", _AMOUNT + "; by one spike of one cell", "guess",
                             Prior("loguniform", 0.001, 0.1))
        amount |= {"on_pre": f"{c}_post += {q}"}
    elif any("s_pre" in text for s in model.synapses for text, _ in s.summed.values()):
        rest = "a_r/(a_r + a_d*(1 + exp(beta*v_half_offset)))"
        lines = [f"a_{the.name} = clip(s - {rest}, 0, 1) : 1", f"d{c}/dt = R_{the.name} - {c}/{tau} : 1", *lines]
        released = Parameter(f"per_time_{the.name}", 1.0, "per_s", _AMOUNT + "; in a second by one cell that is fully active", "guess",
                             Prior("loguniform", 0.1, 10.0))
        amount |= {"summed": {f"R_{the.name}": (f"{q}*a_{the.name}_pre", "hertz")}}
    else:
        raise InputError(f"the neuron model {model.neuron.name} neither spikes nor has graded synapses: nothing says when a cell "
                         f"releases {the.name}")
    return SynapseModel(
        name=f"volume_{the.name}", cell_equations="\n".join(lines), current=" + ".join(currents).replace("+ -", "- "),
        edge=(EdgeValue(q, "weighted", scale=released.key),), parameters=(*parameters, the.clearance, released), initial={c: "0"},
        derive=_Receivers(tuple(has)), derived={flag: "" for flag, _ in has}, **amount)


def _edges(the: Modulator, circuit: Circuit, releasing: tuple[str, ...], received: dict[str, tuple[str, ...]],
           length_um: float | None, positions: pd.DataFrame | None) -> pd.DataFrame:
    """The circuit's edges and one from every releasing to every receiving cell."""
    import pandas as pd

    having = {cell for cells in received.values() for cell in cells}
    receiving = [cell for cell in circuit.connectome.cells.index if cell in having]
    pre, post = np.repeat(releasing, len(receiving)), np.tile(receiving, len(releasing))
    table = pd.DataFrame({"pre": pre, "post": post, "kind": the.kind, "contacts": _weights(pre, post, length_um, positions),
                          "transmitter": " + ".join(the.ligands)})
    return pd.concat([circuit.connectome.edges, table], ignore_index=True)


def _weights(pre: np.ndarray, post: np.ndarray, length_um: float | None, positions: pd.DataFrame | None) -> np.ndarray:
    if length_um is None:
        return np.ones(len(pre))
    if not (np.isfinite(length_um) and length_um > 0):
        raise InputError(f"length_um is {length_um}; it must be a finite number above 0")
    table = tables.read_frame("positions").set_index("cell") if positions is None else positions
    axes = ["x_um", "y_um", "z_um"]
    lacking = [axis for axis in axes if axis not in table]
    if lacking:
        raise InputError(f"the table of positions has no column {', '.join(lacking)}; it needs {', '.join(axes)}")
    nowhere = sorted({*pre, *post} - set(table.index))
    warn_data(len(nowhere), "cell(s) of this modulator have no position: they weigh as at no distance", nowhere)
    distance = np.linalg.norm(table[axes].reindex(pre).to_numpy(float) - table[axes].reindex(post).to_numpy(float), axis=1)
    return np.exp(-np.nan_to_num(distance) / length_um)
