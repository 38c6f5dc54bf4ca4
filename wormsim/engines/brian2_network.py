"""A network as Brian2 objects: what :func:`to_brian2` hands out and the reference engine runs.

How the parts come out in Brian2: one ``NeuronGroup`` ("neurons") with the text of the neuron model and of the cell side
of every synapse model; one ``Synapses`` for each pathway, named after its synapse model; Poisson stimuli as a
``SpikeGeneratorGroup`` ("poisson_events") whose trains come from the counter-based generator of the fast engine, read by
``Synapses`` without delay ("poisson"); the onsets and offsets of perturbations as another generator ("onsets"), read
before everything else in a step by ``Synapses`` that write the new inputs of the cells that change ("segments"). Nothing
calls back into Python, so the same network runs in the process and in C++ standalone mode. Cell k of the model is
neuron k. The synapses, gap junctions and stimuli of an ablated cell are not made; the neuron stays, alone and unable
to spike.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from itertools import pairwise

from . import importing_brian2  # noqa: F401 -- before Brian2

# isort: split

import brian2 as b2
import numpy as np
import sympy
from brian2.codegen.targets import codegen_targets
from brian2.groups.group import CodeRunner
from brian2.parsing.sympytools import str_to_sympy, sympy_to_str
from brian2.stateupdaters.base import StateUpdateMethod, UnsupportedEquationsException
from brian2.stateupdaters.exponential_euler import get_conditionally_linear_system
from brian2.units.fundamentalunits import get_or_create_dimension

from ..dynamics import SynapseModel, noises
from ..errors import InputError, UnknownNameError
from ..kernels.random import event_draws, threshold
from ..network import Effects, Lanes, Network
from ..units import UNITS
from .brian2_noise import counted_noise, with_noise
from .checks import check, internal_size, powers

# Brian2 keeps its clocks, devices and caches in module state, so runs of two threads must not mix.
ONE_AT_A_TIME = threading.Lock()
_DRAWS_AT_ONCE = 1 << 20
# From this many edges on, compiling (seconds, once, then cached on disk) costs less than NumPy's slower steps.
_CYTHON_FROM_EDGES = 200_000
# What perturbations set in a cell, and its unit.
_INPUTS = {"I_ext": "amp", "G_ext": "siemens", "GE_ext": "amp", "release": "1"}
# The same of a voltage clamp, and what holds the potential: at the onset, before anything is recorded, and after each step.
_CLAMP = {"clamped": "1", "v_clamp": "volt"}
_HOLD = "v = v*(1 - clamped) + v_clamp*clamped"


class SemilinearExponentialEuler(StateUpdateMethod):
    """Exponential Euler where Brian2's own does not go: a variable with a power in its own equation, or an A that is 0.

    ``dx/dt = A x + B``: A collects the terms linear in x; the rest, B, is held at its value at the start of the step. It
    is what Brian2's own ``exponential_euler`` does with ``exp(x)``; with ``x**2`` that one refuses. And that one divides by A,
    which is 0 for a cell without leak all of whose channels are shut.
    """

    def __call__(self, equations, variables=None, method_options=None):
        """Abstract code of one step, as every Brian2 state updater gives it."""
        if equations.is_stochastic:
            raise UnsupportedEquationsException("exponential Euler does not take noise (xi)")
        code, dt = [], sympy.Symbol("dt")
        for name, expression in equations.get_substituted_expressions(variables):
            x, old = sympy.Symbol(name, real=True), sympy.Symbol(name)
            terms = sympy.Add.make_args(str_to_sympy(expression.code, variables).expand(power_exp=False))
            linear = [t for t in terms if not (t / x).has(x)]
            a, b = sympy.Add(*(t / x for t in linear)), sympy.Add(*(t for t in terms if t not in linear))
            if a == 0:
                code.append(f"_{name} = {sympy_to_str(old + dt * b)}")
                continue
            code.append(f"_A_{name} = {sympy_to_str(a)}")
            code.append(f"_{name} = {name} + dt*(_A_{name}*{name} + {sympy_to_str(b)})*exprel(_A_{name}*dt)")
        return "\n".join(code + [f"{name} = _{name}" for name in equations.diff_eq_names])


def to_brian2(model, variants=None, variant: int = 0, duration_ms: float = 1000.0, dt_ms: float | None = None,
              target: str | None = None) -> b2.Network:
    """The Brian2 network of one variant, to be looked at, edited and run: ``net["neurons"].v_threshold = -40*mV``.

    With ``brian2.set_device("cpp_standalone", build_on_run=False)`` before, the same network goes to C++:
    ``net.run(duration, namespace={})``, then ``brian2.device.build(directory=...)``.

    Parameters
    ----------
    model : Model
    variants : Variants, optional
        By default the nominal sample with the model's own perturbations.
    variant : int
        Which of the variants.
    duration_ms : float
        Poisson stimuli are drawn for this long, in either mode; later there are none. Perturbations without an end never
        end.
    dt_ms : float, optional
        Step, by default the neuron model's.
    target : {"numpy", "cython"}, optional
        See :func:`wormsim.engines.brian2_engine.run`; not in standalone mode.

    Returns
    -------
    brian2.Network
        Objects "neurons", one for each synapse model by its name, and where they are needed "poisson_events" with
        "poisson", and "onsets" with "segments" and, for altered connections, "segments_" and their name. It holds no
        monitors; ``net.run(duration, namespace={})`` runs it.
    """
    from ..variants import Variants
    from ..variants import effects as effects_of

    variants = Variants.cross(model.nominal()) if variants is None else variants
    if not 0 <= variant < len(variants):
        raise InputError(f"variant {variant} does not exist: there are {len(variants)}")
    dt_ms = model.neuron.dt_ms if dt_ms is None else dt_ms
    network = model.lower(variants.samples)
    effects = effects_of(model, variants, dt_ms, round(duration_ms / dt_ms), network)
    with ONE_AT_A_TIME:
        return build(network, effects, variants.lanes(), variant, dt_ms, target, counted=False)


def build(network: Network, effects: list[Effects], lanes: Lanes, lane: int, dt_ms: float,
          target: str | None = None, method: str | None = None, counted: bool = True) -> b2.Network:
    """The Brian2 network of variant number `lane`, from arrays; see :func:`to_brian2`.

    `method` is another of Brian2's integration methods instead of exponential Euler: "exact" or "rk4" show what that
    costs in accuracy. White noise is that of the fast engine where it is `counted`, which needs the runtime device; else
    Brian2 draws it.
    """
    # Brian2 complains about objects that never ran, so whatever can be refused is refused before any is made.
    if any((e.poisson.probability[:, lane] > 0).any() for e in effects) and not _poisson_target(network):
        raise InputError(f"a Poisson stimulus needs a synapse model that takes events; {network.neuron.name} runs with "
                         f"{', '.join(p.synapse.name for p in network.pathways)}: use a current pulse")
    for pathway in network.pathways:
        _gated(pathway.synapse, "")
    check(network.neuron, tuple(p.synapse for p in network.pathways))
    code = _code_class(network, target)
    filled: list[_Filled] = []
    for e in effects:
        found = _Filled(*e.filled(network, lanes), lane)
        filled.append(next((f for f in filled if f.network is found.network and f.sample == found.sample), found))
    clock = b2.Clock(dt=dt_ms * b2.ms, name="wormsim_clock*")
    alive = np.ascontiguousarray(effects[0].alive[:, lane])
    clamped = any(e.clamp_mV is not None and not np.isnan(e.clamp_mV[alive, lane]).all() for e in effects)
    inputs = [_inputs(e, lane, alive) | (_clamp(e, lane, alive) if clamped else {}) for e in effects]
    group = _neurons(network, filled, inputs, clock, code, method, counted)
    group.variables["alive"].set_value(alive)
    blocked = any(not x["release"][alive].all() for x in inputs)
    net = b2.Network(group)
    if counted and (white := noises(network.neuron, [p.synapse for p in network.pathways])):
        net.add(counted_noise(group, white, int(lanes.stream[lane]), clock))
    for order, pathway in enumerate(network.pathways):
        if (alive[pathway.pre] & alive[pathway.post]).any():
            gate = "*release_pre" if blocked and pathway.synapse.kind == "chemical" else ""
            net.add(_synapses(network, filled, order, group, alive, gate, clock, code))
    _add_poisson(net, network, effects, group, alive, lanes, lane, clock, code)
    _add_segments(net, network, effects, inputs, filled, group, alive, clock, code)
    return net


class _Filled:
    """What a variant finds in one segment: its column of the network that holds then."""

    def __init__(self, network: Network, sample: np.ndarray, lane: int):
        self.network, self.sample = network, int(sample[lane])

    def parameter(self, symbol: str) -> np.ndarray:
        """(N,) or (1,), in internal units."""
        return _column(self.network.parameters[symbol], self.sample)

    def edges(self, order: int, symbol: str) -> np.ndarray:
        """(E,), in internal units, of a pathway by number."""
        return _column(self.network.pathways[order].values[symbol], self.sample)


def _moving(filled: list[_Filled], read: Callable[[_Filled], np.ndarray]) -> bool:
    """Whether what is read changes from segment to segment."""
    if all(f is filled[0] for f in filled):
        return False
    first, *others = {id(f): read(f) for f in filled}.values()
    return any(not np.array_equal(*np.broadcast_arrays(first, x)) for x in others)


def equations_of(network: Network, counted: bool = True, silenced: bool = True,
                 each: frozenset[str] = frozenset(), moving: frozenset[str] = frozenset()) -> tuple[str, dict[str, np.ndarray], dict[str, str], str]:
    """Brian2 text of the cells, the parameters that occur in it, initial values and reset.

    Without `silenced` the conductance of perturbations is left out of the sum: it would cost an exponential in each step
    of every cell. `each` are parameters that every cell has its own of although the network has one for all, `moving` those
    that change during the run.
    """
    neuron, synapses = network.neuron, [p.synapse for p in network.pathways]
    lines = [neuron.equations, *(s.cell_equations for s in synapses)]
    lines += [f"{name} : {unit}" for s in synapses for name, (_, unit) in s.summed.items()]
    total = " + ".join([*(f"({s.current})" for s in synapses), "I_ext - G_ext*v + GE_ext" if silenced else "I_ext"])
    lines += [f"I = {total} : amp", *(f"{name} : {unit}" for name, unit in _INPUTS.items()), "alive : boolean"]
    initial = {**neuron.initial, **{k: e for s in synapses for k, e in s.initial.items()}}
    reset = "\n".join(filter(None, [neuron.reset, *(s.reset for s in synapses)]))
    elsewhere = [e for s in synapses for e, _ in s.summed.values()] + [x for s in synapses for x in (s.on_pre, s.delay)]
    used = set(re.findall(r"[A-Za-z_]\w*", "\n".join([
        *lines, neuron.threshold, reset, neuron.refractory, *initial.values(), *elsewhere])))
    values = {k: x for k, x in network.parameters.items() if k in used}
    units = _units(network)
    for k, x in values.items():
        flags = [*(["shared"] if len(x) == 1 and k not in each else []), *(["constant"] if k not in moving else [])]
        lines.append(f"{k} : {units[k]}" + f" ({', '.join(flags)})" * bool(flags))
    text = with_noise("\n".join(filter(None, lines)), noises(neuron, synapses), counted)
    return (text if neuron.refractory else text.replace("(unless refractory)", "")), values, initial, reset


def _inputs(effect: Effects, lane: int, alive: np.ndarray) -> dict[str, np.ndarray]:
    """What perturbations set in every cell during a segment, in SI units."""
    return {"I_ext": effect.current_pA[:, lane] * alive * 1e-12, "G_ext": effect.conductance_nS[:, lane] * alive * 1e-9,
            "GE_ext": effect.conductance_reversal_pA[:, lane] * alive * 1e-12,
            "release": effect.release[:, lane] * 1.0}


def _clamp(effect: Effects, lane: int, alive: np.ndarray) -> dict[str, np.ndarray]:
    """Which cells are held in a segment, and at what voltage (V)."""
    clamp = np.full(len(alive), np.nan) if effect.clamp_mV is None else effect.clamp_mV[:, lane]
    held = alive & ~np.isnan(clamp)
    return {"clamped": held * 1.0, "v_clamp": np.where(held, clamp, 0.0) * 1e-3}


def _neurons(network: Network, filled: list[_Filled], inputs: list[dict], clock, code, method, counted: bool) -> b2.NeuronGroup:
    neuron = network.neuron
    silenced = any(x["G_ext"].any() or x["GE_ext"].any() for x in inputs)
    moving = frozenset(k for k in network.parameters if _moving(filled, lambda f, k=k: f.parameter(k)))
    each = moving | {k for k in network.parameters if len(filled[0].parameter(k)) > 1}
    text, values, initial, reset = equations_of(network, counted, silenced, each, moving)
    altered = [{k: f.network.parameters[k] for k in values} for f in filled if f.network is not network]
    spiking, clamped = {}, "clamped" in inputs[0]
    if clamped:
        text = "\n".join([text, *(f"{name} : {unit}" for name, unit in _CLAMP.items())])
    if neuron.threshold:
        spiking = {"threshold": f"({neuron.threshold}) and alive" + " and clamped < 0.5" * clamped, "reset": reset or None}
        if neuron.refractory:
            spiking["refractory"] = neuron.refractory
    group = b2.NeuronGroup(len(network.cells), text, clock=clock, namespace={}, dtype=np.float64, codeobj_class=code,
                           method=method or _method(text, [values, *altered]), name="neurons", **spiking)
    for symbol in values:
        si = filled[0].parameter(symbol) * internal_size(group.variables[symbol].dim)
        shared = len(si) == 1 and symbol not in each
        group.variables[symbol].set_value(si[0] if shared else np.broadcast_to(si, len(network.cells)))
    for name, x in inputs[0].items():
        group.variables[name].set_value(x)
    for state, expression in initial.items():
        setattr(group, state, expression)
    if clamped:
        for name, when in (("clamp_onset", {"when": "start", "order": -99}), ("clamp", {"when": "end"})):
            # as run_regularly, but of a refractory cell as well
            group.contained_objects.append(CodeRunner(
                group, "stateupdate", code=_HOLD, clock=clock, name=name, codeobj_class=code,
                override_conditional_write=["not_refractory"] if neuron.refractory else None, **when))
    return group


def _synapses(network: Network, filled: list[_Filled], order: int, group, alive, gate: str, clock, code) -> b2.Synapses:
    pathway = network.pathways[order]
    synapse = pathway.synapse
    keep = alive[pathway.pre] & alive[pathway.post]
    all_units = _units(network)
    units = {e.symbol: all_units[e.scale] for e in synapse.edge}
    moving = {symbol for symbol in units if _moving(filled, lambda f, symbol=symbol: f.edges(order, symbol))}
    lines = [f"{symbol} : {unit}" + " (constant)" * (symbol not in moving) for symbol, unit in units.items()]
    lines += [f"{name}_post = ({expr}){gate} : {unit} (summed)" for name, (expr, unit) in synapse.summed.items()]
    arguments = {}
    if synapse.delay:
        delay = filled[0].parameter(synapse.delay) * b2.ms
        if len(delay) == 1:
            arguments["delay"] = delay[0]
    made = b2.Synapses(group, group, "\n".join(lines), on_pre=_gated(synapse, gate) or None, clock=clock, namespace={},
                       dtype=dict.fromkeys(units, np.float64), codeobj_class=code, order=order,
                       name=synapse.name, **arguments)
    made.connect(i=pathway.pre[keep], j=pathway.post[keep])
    if synapse.delay and "delay" not in arguments:
        made.delay = delay[pathway.pre[keep]]
    for symbol in pathway.values:
        setattr(made, f"{symbol}_", filled[0].edges(order, symbol)[keep] * internal_size(made.variables[symbol].dim))
    return made


def _add_poisson(net, network: Network, effects: list[Effects], group, alive, lanes: Lanes, lane: int, clock, code) -> None:
    """Add the Poisson stimuli of a variant: the very events that the fast engine draws, one train for each size of event."""
    trains: dict[tuple, int] = {}
    steps, events = [np.zeros(0, int)], [np.zeros(0, int)]
    for e in effects:
        # the rows of a segment list the sources of all variants, and those of two variants can bear the same number
        at = np.flatnonzero((e.poisson.probability[:, lane] > 0) & alive[e.poisson.cell])
        cells, sources, sizes = e.poisson.cell[at], e.poisson.source[at], e.poisson.size_pA[at, lane]
        train = np.array([trains.setdefault(key, len(trains)) for key in zip(cells, sources, sizes, strict=True)], int)
        limit = threshold(e.poisson.probability[at, lane])
        chunk = max(1, _DRAWS_AT_ONCE // max(len(at), 1))
        for first in range(e.start, e.stop, chunk) if len(at) else ():
            step = np.arange(first, min(first + chunk, e.stop))
            s, k = np.nonzero(event_draws(lanes.stream[lane], step[:, None], cells, sources) < limit)
            steps.append(step[s])
            events.append(train[k])
    if not trains:
        return
    cells, _, sizes = (np.array(column) for column in zip(*trains, strict=True))
    target = _poisson_target(network)
    dim = group.variables[target].dim
    generator = b2.SpikeGeneratorGroup(len(trains), np.concatenate(events), np.concatenate(steps) * clock.dt, clock=clock,
                                       sorted=True, codeobj_class=code, name="poisson_events")
    made = b2.Synapses(generator, group, f"size : {_unit(dim)} (constant)", on_pre=f"{target}_post += size", clock=clock,
                       namespace={}, dtype={"size": np.float64}, codeobj_class=code, order=len(network.pathways),
                       name="poisson")
    made.connect(i=np.arange(len(trains)), j=cells)
    made.size_ = sizes * internal_size(dim)
    net.add(generator, made)


def _add_segments(net, network: Network, effects: list[Effects], inputs: list[dict], filled: list[_Filled], group, alive, clock,
                  code) -> None:
    """Add the onsets and offsets: a source that fires once at each, with a synapse to every cell and to every connection whose
    numbers change then.
    """
    units, n = _units(network), len(network.cells)
    values = [dict(x) for x in inputs]
    for symbol in network.parameters:
        if symbol in group.variables and _moving(filled, lambda f, symbol=symbol: f.parameter(symbol)):
            size = internal_size(group.variables[symbol].dim)
            for x, f in zip(values, filled, strict=True):
                x[symbol] = np.broadcast_to(f.parameter(symbol) * size, n)
    # (name, target, its variables' values in each segment in SI units, their Brian2 units)
    written = [("segments", group, values, _INPUTS | _CLAMP | units)]
    for order, pathway in enumerate(network.pathways):
        moving = [e for e in pathway.synapse.edge if _moving(filled, lambda f, e=e, order=order: f.edges(order, e.symbol))]
        if moving and pathway.synapse.name in net:
            synapses, keep = net[pathway.synapse.name], alive[pathway.pre] & alive[pathway.post]
            values = [{e.symbol: f.edges(order, e.symbol)[keep] * internal_size(synapses.variables[e.symbol].dim) for e in moving}
                      for f in filled]
            written.append((f"segments_{synapses.name}", synapses, values, {e.symbol: units[e.scale] for e in moving}))
    written = [(*w, names) for w in written if (names := [k for k in w[2][0] if any((x[k] != w[2][0][k]).any() for x in w[2])])]
    if not written:
        return
    at = np.array([e.start for e in effects[1:]])
    onsets = b2.SpikeGeneratorGroup(len(at), np.arange(len(at)), at * clock.dt, clock=clock, when="start", order=-101,
                                    sorted=True, codeobj_class=code, name="onsets")
    net.add(onsets, *(_writes(onsets, *w, clock, code) for w in written))


def _writes(onsets, name: str, target, values: list[dict], units: dict[str, str], names: list[str], clock, code) -> b2.Synapses:
    """Synapses that set what changes in cells or connections from one segment to the next."""
    changed = [np.flatnonzero(np.any([new[n] != old[n] for n in names], axis=0)) for old, new in pairwise(values)]
    # Two additions and no assignment, which Brian2 warns of: x - x + y is y to the bit.
    made = b2.Synapses(
        onsets, target, "\n".join(f"old_{n} : {units[n]} (constant)\nnew_{n} : {units[n]} (constant)" for n in names),
        on_pre="\n".join(f"{n}_post -= old_{n}\n{n}_post += new_{n}" for n in names), clock=clock, namespace={},
        codeobj_class=code, dtype={f"{when}_{n}": np.float64 for n in names for when in ("old", "new")}, name=name)
    made.pre.when, made.pre.order = "start", -100
    made.connect(i=np.repeat(np.arange(len(changed)), [len(rows) for rows in changed]), j=np.concatenate(changed))
    for n in names:
        for when, first in (("old", 0), ("new", 1)):
            setattr(made, f"{when}_{n}_", np.concatenate([x[n][rows] for x, rows in zip(values[first:], changed, strict=False)]))
    return made


def _poisson_target(network: Network) -> str:
    return next((p.synapse.poisson_target for p in network.pathways if p.synapse.poisson_target), "")


def _gated(synapse: SynapseModel, gate: str) -> str:
    """The text of ``on_pre`` with `gate` behind what it adds."""
    out = []
    for statement in filter(str.strip, re.split(r"[\n;]", synapse.on_pre)):
        parts = re.fullmatch(r"\s*(\w+)\s*([+-]=)\s*(.+?)\s*", statement)
        if parts is None:
            raise InputError(f"synapse model {synapse.name}: on_pre statement {statement.strip()!r} must read "
                             "'state_post += value': an event can add and subtract, nothing else")
        out.append("{} {} ({}){}".format(*parts.groups(), gate))
    return "\n".join(out)


def _method(text: str, values: list[dict[str, np.ndarray]]):
    """Brian2's own exponential Euler wherever it takes the equations and has nothing to divide by that may be 0."""
    try:
        system = get_conditionally_linear_system(b2.Equations(text))
    except ValueError:
        return SemilinearExponentialEuler()
    own = any(sympy.sympify(a).has(sympy.Symbol(name, real=True)) for name, (a, _) in system.items())
    return SemilinearExponentialEuler() if own or any(_may_vanish(system, x) for x in values) else "exponential_euler"


def _may_vanish(system: dict, values: dict[str, np.ndarray]) -> bool:
    """Whether what parameters alone give to a sum A is 0 in some cell; a product has nothing added to it."""
    for a, _ in system.values():
        terms = sympy.Add.make_args(sympy.sympify(a).expand())
        names = sorted({s.name for t in terms for s in t.free_symbols} & set(values))
        fixed = sympy.Add(*(t for t in terms if {s.name for s in t.free_symbols} <= set(names)))
        if len(terms) > 1 and (np.asarray(sympy.lambdify(names, fixed)(*(values[n] for n in names))) == 0).any():
            return True
    return False


def _code_class(network: Network, target: str | None):
    if not isinstance(b2.get_device(), b2.devices.RuntimeDevice):
        if target is not None:
            raise InputError(f"target {target!r} belongs to Brian2's runtime; a standalone device writes its own code")
        return None
    if target is None:
        target = "cython" if sum(len(p.pre) for p in network.pathways) >= _CYTHON_FROM_EDGES else "numpy"
    known = {c.class_name: c for c in codegen_targets if c.class_name in ("numpy", "cython")}
    if target not in known:
        raise UnknownNameError("Brian2 target", target, known)
    return known[target]


def _units(network: Network) -> dict[str, str]:
    """Brian2 unit of every parameter of the models, by symbol and by key."""
    synapses = [pathway.synapse for pathway in network.pathways]
    declared = [p for model in (network.neuron, *synapses) for p in model.parameters]
    units = {name: p.unit for p in declared for name in (p.symbol, p.key)}
    units |= {symbol: unit for synapse in synapses for symbol, unit in synapse.derived.items()}
    return {name: _unit(get_or_create_dimension(UNITS[unit].dims)) for name, unit in units.items()}


def _unit(dim) -> str:
    """Unit of a dimension as Brian2 wants it in equations: without prefixes."""
    return "*".join(f"{base}**{power:g}" for base, power in powers(dim).items() if power) or "1"


def _column(x: np.ndarray, sample: int) -> np.ndarray:
    """One sample's column of an array whose last axis is as long as the samples or 1."""
    return np.ascontiguousarray(x[:, sample if x.shape[1] > 1 else 0], dtype=np.float64)
