"""Is this network made of leaky integrate-and-fire cells with exponential synapses? By its equations, not by its names.

What the event engine needs is read off the equations that Brian2 parses: linear in v and in one synaptic state, a fixed
threshold and reset, events that add to that state. Everything else is refused with the reason. What was read is kept beside
the kernels as a module of a few functions, so that the next process imports neither Brian2 nor sympy.
"""

from __future__ import annotations

from types import ModuleType

import numpy as np

from ..dynamics import NeuronModel, SynapseModel
from ..errors import InputError
from ..network import Network, Pathway
from . import cache
from .trial import LinearCells, Rows


def pathway_of(network: Network) -> Pathway:
    """The pathway whose synapses pass on spikes; refuses networks that have anything else with edges."""
    events = [p for p in network.pathways if p.synapse.on_pre]
    others = [p.synapse.name for p in network.pathways if not p.synapse.on_pre and len(p.pre)]
    if others:
        raise refused(f"{', '.join(others)} is not an event synapse and has edges")
    if len(events) != 1:
        raise refused(f"it takes one synapse model with on_pre, here are {len(events)}")
    return events[0]


def refused(reason: str) -> InputError:
    """The error of everything that this engine does not run."""
    return InputError(f"the event engine runs leaky integrate-and-fire cells with exponential synapses: {reason}; "
                      "use engine='numba' for this model")


def structure_of(neuron: NeuronModel, pathways: tuple[Pathway, ...], synapse: SynapseModel) -> ModuleType:
    """Read the equations, or find them read.

    Returns
    -------
    module
        ``dv/dt = a v + s x + e I_ext + c``, ``dx/dt = k x`` as functions `a`, `s`, `e`, `c` and `k` of the parameters that they
        are named after in their arguments; so are `threshold`, `reset`, and the starts of v and x, `start` and `start_x`.
        `jump` is what an event adds to x, over the values of the edge. `state` is the name of x, `refractory` and `delay`
        are those of parameters, or empty.
    """
    synapses = tuple(p.synapse for p in pathways)
    return cache.module(neuron, synapses, "linear", synapse.name, lambda: _read(neuron, synapses, synapse))


def _read(neuron: NeuronModel, synapses: tuple[SynapseModel, ...], synapse: SynapseModel) -> str:
    import sympy

    from .equations import read

    if not neuron.threshold:
        raise refused(f"{neuron.name} does not spike")
    system = read(neuron, synapses)
    if system.noises:
        raise refused(f"the noise {', '.join(system.noises)} moves every cell in every step")
    if len(system.derivatives) != 2:
        raise refused(f"the states are {', '.join(system.derivatives)} instead of v and one synaptic state")
    (state,) = set(system.derivatives) - {"v"}
    v, x, i_ext = (sympy.Symbol(name, real=True) for name in ("v", state, "I_ext"))
    # without silencing and without edges that are summed, these are zero
    zero = {"G_ext", "GE_ext", *(c.name for c in system.constant_sums), *(n for s in system.sources for n, _ in s.terms)}
    nothing = {sympy.Symbol(name, real=True): 0 for name in zero}
    moving = {v, x, i_ext}

    def linear(name: str) -> tuple:
        whole = sympy.expand(system.inline(system.derivatives[name]).subs(nothing))
        parts = [sympy.diff(whole, y) for y in (v, x, i_ext)]
        if any(p.free_symbols & moving for p in parts):
            raise refused(f"d{name}/dt = {system.derivatives[name]} is not linear")
        return *parts, whole.subs(dict.fromkeys(moving, 0))

    a, s, e, c = linear("v")
    k_v, k, k_e, k_c = linear(state)
    if any(part != 0 for part in (k_v, k_e, k_c)):
        raise refused(f"d{state}/dt does more than decay")
    if s == 0:
        raise refused(f"{state} does not flow into the cell")
    crossing = system.threshold
    if isinstance(crossing, sympy.StrictLessThan):
        crossing = sympy.StrictGreaterThan(crossing.rhs, crossing.lhs)
    limit = system.inline(crossing.rhs) if isinstance(crossing, sympy.StrictGreaterThan) else v
    if limit.free_symbols & moving or crossing.lhs != v:
        raise refused(f"threshold {neuron.threshold!r} is not 'v > constant'")
    if system.refractory and system.gated != {"v", state}:
        raise refused(f"v and {state} must both stand still while refractory")
    resets = dict(system.resets)
    if len(resets) < len(system.resets) or "v" not in resets or system.inline(resets["v"]).free_symbols & moving:
        raise refused(f"the reset {neuron.reset!r} does not set v to a constant")
    if resets.get(state) != 0:
        raise refused(f"the reset must set {state} to 0")
    writes = system.events[0].writes
    if len(writes) != 1 or writes[0][0] != state:
        raise refused(f"on_pre {synapse.on_pre!r} must add to {state} and nothing else")
    if synapse.poisson_target not in ("", state):
        raise refused(f"Poisson events go to {synapse.poisson_target}")
    start = [system.inline(system.initial[name]) for name in ("v", state)]
    if any(value.free_symbols & moving for value in start):
        raise refused("an initial value depends on a state")
    return _text({"state": state, "refractory": system.refractory, "delay": system.events[0].delay}, {
        "a": a, "s": s, "e": e, "c": c, "k": k, "threshold": limit, "reset": system.inline(resets["v"]),
        "start": start[0], "start_x": start[1], "jump": writes[0][1] * writes[0][2]})


def _text(names: dict[str, str], expressions: dict) -> str:
    """A module with these names and with these sympy expressions as functions over arrays."""
    from sympy.printing.numpy import NumPyPrinter

    lines = ['"""Coefficients of linear cells, read off equations: written by wormsim.engines.linear."""', "import numpy", ""]
    lines += [f"{name} = {value!r}" for name, value in names.items()]
    for name, x in expressions.items():
        arguments = ", ".join(sorted(str(symbol) for symbol in x.free_symbols))
        lines += ["", "", f"def {name}({arguments}):", f"    return {NumPyPrinter().doprint(x)}"]
    return "\n".join([*lines, ""])


def cells_of(network: Network, structure: ModuleType, sample: int, dt_ms: float) -> tuple[LinearCells, np.ndarray, np.ndarray]:
    """Constants of one sample; and, for each cell, the mV of g that a unit of the synaptic state makes, and the mV of level
    that a pA of current makes.
    """
    n = len(network.cells)

    def value(function) -> np.ndarray:
        return _value(function, {name: _column(x, sample) for name, x in network.parameters.items()}, n)

    a, k = value(structure.a), value(structure.k)
    for name, rates in (("membrane", a), ("synaptic", k)):
        if np.ptp(rates) > 1e-12 * np.abs(rates).max():
            raise refused(f"the {name} time constant differs between cells")
        if not (np.isfinite(rates).all() and rates[0] < 0):
            raise refused(f"the {name} time constant is not a positive number")
    delay = _steps(network, structure.delay, sample, n, dt_ms)
    if np.ptp(delay):
        raise refused(f"the delay {structure.delay} differs between cells")
    if delay[0] < 0:
        raise InputError(f"the delay {structure.delay} is negative")
    refractory = np.zeros(n) if not structure.refractory else _column(network.parameters[structure.refractory], sample)
    # as Brian2 cuts a time to whole steps, from just below: timestep()
    busy = np.broadcast_to(np.maximum(np.floor(refractory / dt_ms + 1e-3), 1), n).astype(np.int32)
    cells = LinearCells(-1 / a[0], -1 / k[0], -value(structure.c) / a, value(structure.threshold), value(structure.reset),
                        busy, int(delay[0]), value(structure.start), value(structure.start_x) * value(structure.s) / -a)
    return cells, value(structure.s) / -a, value(structure.e) / -a


def rows_of(network: Network, pathway: Pathway, structure: ModuleType, sample: int, gain: np.ndarray, dtype) -> Rows:
    """Out-edges in rows, weights in mV."""
    order = np.lexsort((pathway.post, pathway.pre))
    jump = _value(structure.jump, {name: _column(x, sample) for name, x in pathway.values.items()}, len(pathway.pre))
    counts = np.bincount(pathway.pre, minlength=len(network.cells))
    starts = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    return Rows(starts, pathway.post[order].astype(np.int32), (jump * gain[pathway.post])[order].astype(dtype))


def _steps(network: Network, symbol: str, sample: int, n: int, dt_ms: float) -> np.ndarray:
    if not symbol:
        return np.zeros(n, np.int64)
    delay = _column(network.parameters[symbol], sample)
    # halves go up, as in the compiled spike queue of Brian2
    return np.broadcast_to(np.floor(delay / dt_ms + 0.5), n).astype(np.int64)


def _value(function, values: dict[str, np.ndarray], n: int) -> np.ndarray:
    """The function over arrays of length 1 or `n`, as float64 of length `n`."""
    found = function(*(values[name] for name in function.__code__.co_varnames))
    return np.broadcast_to(np.asarray(found, float), n).copy()


def _column(x: np.ndarray, sample: int) -> np.ndarray:
    return x[:, sample if x.shape[1] > 1 else 0]
