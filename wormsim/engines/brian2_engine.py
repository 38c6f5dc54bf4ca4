"""The reference engine: the same descriptions, run by Brian2, one run for each variant.

It exists to be right and to be edited, not to be fast. :func:`to_brian2` hands out the Brian2 ``Network`` of one
variant; :func:`run` has the contract of ``numba_engine.run`` and is what the conformance tests compare it with.

How the parts of a network come out in Brian2: one ``NeuronGroup`` ("neurons") with the text of the neuron model and of
the cell side of every synapse model; one ``Synapses`` for each pathway, named after its synapse model; Poisson stimuli
as a ``SpikeGeneratorGroup`` ("poisson_events") whose trains come from the counter-based generator of the fast engine,
read by ``Synapses`` without delay ("poisson"); what changes at an onset or offset as a ``NetworkOperation``
("segments") before everything else in the step. Cell k of the model is neuron k. The synapses, gap junctions and
stimuli of an ablated cell are not made; the neuron stays, alone and unable to spike, and its recorded traces are NaN.
"""

from __future__ import annotations

import re
import threading

from . import importing_brian2  # noqa: F401 -- before Brian2

# isort: split

import brian2 as b2
import numpy as np
import sympy
from brian2.codegen.targets import codegen_targets
from brian2.parsing.sympytools import str_to_sympy, sympy_to_str
from brian2.stateupdaters.base import StateUpdateMethod, UnsupportedEquationsException
from brian2.stateupdaters.exponential_euler import get_conditionally_linear_system
from brian2.units.fundamentalunits import get_or_create_dimension

from ..dynamics import SynapseModel, noises
from ..errors import InputError, SimulationError, UnknownNameError
from ..kernels.random import event_draws, threshold
from ..network import Effects, Lanes, Network, Pathway, Record
from ..units import UNITS
from .brian2_noise import counted_noise, with_noise
from .checks import check

# Brian2 keeps its clocks, devices and caches in module state, so runs of two threads must not mix.
_ONE_AT_A_TIME = threading.Lock()
_DRAWS_AT_ONCE = 1 << 20
# From this many edges on, compiling (seconds, once, then cached on disk) costs less than NumPy's slower steps.
_CYTHON_FROM_EDGES = 200_000


class SemilinearExponentialEuler(StateUpdateMethod):
    """Exponential Euler for a variable that enters its own equation with a power or a product, as in a quadratic cell.

    ``dx/dt = A x + B``: A collects the terms linear in x; the rest, B, is held at its value at the start of the step. It
    is what Brian2's own ``exponential_euler`` does with ``exp(x)``; with ``x**2`` that one refuses, and this steps in.
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
            step = old + dt * b
            if a != 0:
                code.append(f"_BA_{name} = {sympy_to_str(b / a)}")
                shift = sympy.Symbol(f"_BA_{name}")
                step = (old + shift) * sympy.exp(a * dt) - shift
            code.append(f"_{name} = {sympy_to_str(step)}")
        return "\n".join(code + [f"{name} = _{name}" for name in equations.diff_eq_names])


def run(
    network: Network,
    effects: list[Effects],
    lanes: Lanes,
    n_steps: int,
    dt_ms: float,
    record: Record,
    dtype=np.float64,
    threads: int = 1,
    target: str | None = None,
) -> dict[str, np.ndarray]:
    """Run every variant in Brian2, in double precision, one after the other.

    Parameters
    ----------
    network, effects, lanes, n_steps, dt_ms, record
        As for ``numba_engine.run``.
    dtype : dtype
        Of the arrays that come back; Brian2 always computes in double precision.
    threads : int
        Not used: Brian2 has global state, so runs take turns.
    target : {"numpy", "cython"}, optional
        Brian2's code generation target. By default numpy, which compiles nothing, and cython from 200,000 edges on.

    Returns
    -------
    dict of str to ndarray, shape (V, T, R)
        "v" (mV) and further states in internal units at the start of step ``k * every``; "spikes" (uint16), counts
        from frame k until frame k + 1; and "failed" (V,): the first cell that has run away by the end of the run, or -1.
    """
    n_variants, n_frames = len(lanes.sample), -(-n_steps // record.every)
    shape = (n_variants, n_frames, len(record.cells))
    names = (*(("v",) if record.v else ()), *record.states)
    raw = {name: np.empty(shape, dtype) for name in names}
    if record.spikes:
        raw["spikes"] = np.zeros(shape, np.uint16)
    raw["failed"] = np.full(n_variants, -1, np.int32)
    check(network.neuron, tuple(p.synapse for p in network.pathways))
    _check_states(network, names)
    with _ONE_AT_A_TIME, np.errstate(all="ignore"):
        for lane in range(n_variants):
            net = build(network, effects, lanes, lane, dt_ms, target)
            group = net["neurons"]
            frames, spikes = _monitors(net, group, names, record, dt_ms)
            net.run(n_steps * dt_ms * b2.ms, namespace={})
            alive = effects[0].alive[:, lane]
            raw["failed"][lane] = _first_bad_cell(group, alive)
            for name in names:
                values = np.asarray(getattr(frames, f"{name}_")).T / _si(group.variables[name].dim)
                if values.shape != shape[1:]:
                    raise SimulationError(f"Brian2 recorded {values.shape[0]} frames where {n_frames} were due")
                raw[name][lane] = values
                raw[name][lane][:, ~alive[record.cells]] = np.nan
            if spikes is not None:
                raw["spikes"][lane] = _count(spikes, record, len(network.cells), n_frames, dt_ms)
    return raw


def to_brian2(model, variants=None, variant: int = 0, duration_ms: float = 1000.0, dt_ms: float | None = None,
              target: str | None = None) -> b2.Network:
    """The Brian2 network of one variant, to be looked at, edited and run: ``net["neurons"].v_threshold = -40*mV``.

    Parameters
    ----------
    model : Model
    variants : Variants, optional
        By default the nominal sample with the model's own perturbations.
    variant : int
        Which of the variants.
    duration_ms : float
        Poisson stimuli are drawn for this long (later, there are none); perturbations without an end never end.
    dt_ms : float, optional
        Step, by default the neuron model's.
    target : {"numpy", "cython"}, optional
        See :func:`run`.

    Returns
    -------
    brian2.Network
        Objects "neurons", one for each synapse model by its name, and where they are needed "poisson_events",
        "poisson" and "segments". It holds no monitors; ``net.run(duration, namespace={})`` runs it.
    """
    from ..variants import Variants
    from ..variants import effects as effects_of

    variants = Variants.cross(model.nominal()) if variants is None else variants
    if not 0 <= variant < len(variants):
        raise InputError(f"variant {variant} does not exist: there are {len(variants)}")
    dt_ms = model.neuron.dt_ms if dt_ms is None else dt_ms
    effects = effects_of(model, variants, dt_ms, round(duration_ms / dt_ms))
    with _ONE_AT_A_TIME:
        return build(model.lower(variants.samples), effects, variants.lanes(), variant, dt_ms, target, counted=False)


def build(network: Network, effects: list[Effects], lanes: Lanes, lane: int, dt_ms: float,
          target: str | None = None, method: str | None = None, counted: bool = True) -> b2.Network:
    """The Brian2 network of variant number `lane`, from arrays; see :func:`to_brian2`.

    `method` is another of Brian2's integration methods instead of exponential Euler: "exact" or "rk4" show what that
    costs in accuracy. White noise is that of the fast engine where it is `counted`, else Brian2 draws it.
    """
    if not isinstance(b2.get_device(), b2.devices.RuntimeDevice):
        raise InputError("Brian2 is set to a standalone device; this engine runs in the process: "
                         "call brian2.set_device('runtime') first")
    # Brian2 complains about objects that never ran, so whatever can be refused is refused before any is made.
    if any((e.poisson.probability[:, lane] > 0).any() for e in effects) and not _poisson_target(network):
        raise InputError(f"a Poisson stimulus needs a synapse model that takes events; {network.neuron.name} runs with "
                         f"{', '.join(p.synapse.name for p in network.pathways)}: use a current pulse")
    for pathway in network.pathways:
        _gated(pathway.synapse, "")
    check(network.neuron, tuple(p.synapse for p in network.pathways))
    sample = int(lanes.sample[lane])
    clock = b2.Clock(dt=dt_ms * b2.ms, name="wormsim_clock*")
    code = _code_class(network, target)
    alive = np.ascontiguousarray(effects[0].alive[:, lane])
    group = _neurons(network, sample, clock, code, method, counted)
    group.variables["alive"].set_value(alive)
    net = b2.Network(group)
    if counted and (white := noises(network.neuron, [p.synapse for p in network.pathways])):
        net.add(counted_noise(group, white, int(lanes.stream[lane]), clock))
    for order, pathway in enumerate(network.pathways):
        if (alive[pathway.pre] & alive[pathway.post]).any():
            net.add(_synapses(network, pathway, group, alive, sample, clock, code, order))
    sizes = _add_poisson(net, network, effects, group, alive, lanes, lane, clock, code)
    by_step = {e.start: {"release": e.release[:, lane].copy(), "I_ext": e.current_pA[:, lane] * alive * 1e-12,
                         "G_ext": e.conductance_nS[:, lane] * alive * 1e-9,
                         "GE_ext": e.conductance_reversal_pA[:, lane] * alive * 1e-12} for e in effects}

    def enter(step: int) -> None:
        for name, values in by_step[step].items():
            group.variables[name].set_value(values)
        if sizes is not None:
            net["poisson"].variables["size"].set_value(sizes[step])

    enter(effects[0].start)
    if len(effects) > 1:
        def change_segment() -> None:
            step = int(clock.timestep[:])
            if step in by_step:
                enter(step)

        net.add(b2.NetworkOperation(change_segment, clock=clock, when="start", order=-100, name="segments"))
    return net


def _equations(network: Network, counted: bool = True) -> tuple[str, dict[str, np.ndarray], dict[str, str], str]:
    """Brian2 text of the cells, the parameters that occur in it, initial values and reset."""
    neuron, synapses = network.neuron, [p.synapse for p in network.pathways]
    lines = [neuron.equations, *(s.cell_equations for s in synapses)]
    lines += [f"{name} : {unit}" for s in synapses for name, (_, unit) in s.summed.items()]
    total = " + ".join([*(f"({s.current})" for s in synapses), "I_ext - G_ext*v + GE_ext"])
    lines += [f"I = {total} : amp", "I_ext : amp", "G_ext : siemens", "GE_ext : amp", "alive : boolean",
              "release : boolean"]
    initial = {**neuron.initial, **{k: e for s in synapses for k, e in s.initial.items()}}
    reset = "\n".join(filter(None, [neuron.reset, *(s.reset for s in synapses)]))
    elsewhere = [e for s in synapses for e, _ in s.summed.values()] + [x for s in synapses for x in (s.on_pre, s.delay)]
    used = set(re.findall(r"[A-Za-z_]\w*", "\n".join([
        *lines, neuron.threshold, reset, neuron.refractory, *initial.values(), *elsewhere])))
    values = {k: x for k, x in network.parameters.items() if k in used}
    units = _units(network)
    lines += [f"{k} : {units[k]} ({'shared, ' if len(x) == 1 else ''}constant)" for k, x in values.items()]
    text = with_noise("\n".join(filter(None, lines)), noises(neuron, synapses), counted)
    return (text if neuron.refractory else text.replace("(unless refractory)", "")), values, initial, reset


def _neurons(network: Network, sample: int, clock, code, method, counted: bool) -> b2.NeuronGroup:
    neuron = network.neuron
    text, values, initial, reset = _equations(network, counted)
    spiking = {}
    if neuron.threshold:
        spiking = {"threshold": f"({neuron.threshold}) and alive", "reset": reset}
        if neuron.refractory:
            spiking["refractory"] = neuron.refractory
    group = b2.NeuronGroup(len(network.cells), text, clock=clock, namespace={}, dtype=np.float64, codeobj_class=code,
                           method=method or _method(text), name="neurons", **spiking)
    for symbol, x in values.items():
        si = _column(x, sample) * _si(group.variables[symbol].dim)
        group.variables[symbol].set_value(si[0] if len(si) == 1 else si)
    for state, expression in initial.items():
        setattr(group, state, expression)
    return group


def _synapses(network: Network, pathway: Pathway, group, alive, sample: int, clock, code, order: int) -> b2.Synapses:
    synapse = pathway.synapse
    keep = alive[pathway.pre] & alive[pathway.post]
    gate = "*int(release_pre)" if synapse.kind == "chemical" else ""
    all_units = _units(network)
    units = {e.symbol: all_units[e.scale or e.excitatory] for e in synapse.edge}
    lines = [f"{symbol} : {unit} (constant)" for symbol, unit in units.items()]
    lines += [f"{name}_post = ({expr}){gate} : {unit} (summed)" for name, (expr, unit) in synapse.summed.items()]
    arguments = {}
    if synapse.delay:
        delay = _column(network.parameters[synapse.delay], sample) * b2.ms
        if len(delay) == 1:
            arguments["delay"] = delay[0]
    made = b2.Synapses(group, group, "\n".join(lines), on_pre=_gated(synapse, gate) or None, clock=clock, namespace={},
                       dtype=dict.fromkeys(units, np.float64), codeobj_class=code, order=order,
                       name=synapse.name, **arguments)
    made.connect(i=pathway.pre[keep], j=pathway.post[keep])
    if synapse.delay and "delay" not in arguments:
        made.delay = delay[pathway.pre[keep]]
    for symbol, x in pathway.values.items():
        made.variables[symbol].set_value(_column(x, sample)[keep] * _si(made.variables[symbol].dim))
    return made


def _add_poisson(net, network: Network, effects: list[Effects], group, alive, lanes: Lanes, lane: int, clock, code):
    """Add the Poisson stimuli of a variant; returns the event sizes of each segment by its first step, or None."""
    # The rows of a segment list the sources of all variants, and those of two variants can bear the same number.
    firing = [np.flatnonzero((e.poisson.probability[:, lane] > 0) & alive[e.poisson.cell]) for e in effects]
    pairs = [list(zip(e.poisson.cell[at].tolist(), e.poisson.source[at].tolist(), strict=True))
             for e, at in zip(effects, firing, strict=True)]
    rows = {pair: k for k, pair in enumerate(dict.fromkeys(pair for segment in pairs for pair in segment))}
    if not rows:
        return None
    target = _poisson_target(network)
    cells, sources = np.array(list(rows)).T
    dim = group.variables[target].dim
    steps, events, sizes = [], [], {}
    for e, at, segment in zip(effects, firing, pairs, strict=True):
        here = [rows[pair] for pair in segment]
        p, size = np.zeros(len(rows)), np.zeros(len(rows))
        p[here], size[here] = e.poisson.probability[at, lane], e.poisson.size_pA[at, lane]
        sizes[e.start] = size * _si(dim)
        for first in range(e.start, e.stop, chunk := max(1, _DRAWS_AT_ONCE // len(rows))):
            step = np.arange(first, min(first + chunk, e.stop))
            hit = event_draws(lanes.stream[lane], step[:, None], cells, sources) < threshold(p)
            s, k = np.nonzero(hit)
            steps.append(step[s])
            events.append(k)
    generator = b2.SpikeGeneratorGroup(len(rows), np.concatenate(events), np.concatenate(steps) * clock.dt, clock=clock,
                                       sorted=True, codeobj_class=code, name="poisson_events")
    made = b2.Synapses(generator, group, f"size : {_unit(dim)}", on_pre=f"{target}_post += size", clock=clock,
                       namespace={}, dtype={"size": np.float64}, codeobj_class=code, order=len(network.pathways),
                       name="poisson")
    made.connect(i=np.arange(len(rows)), j=cells)
    net.add(generator, made)
    return sizes


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


def _monitors(net, group, names, record: Record, dt_ms: float):
    frames = spikes = None
    if names:
        every = {"clock": group.clock} if record.every == 1 else {"dt": record.every * dt_ms * b2.ms}
        frames = b2.StateMonitor(group, list(names), record=record.cells, name="frames",
                                 codeobj_class=group.codeobj_class, **every)
        net.add(frames)
    if record.spikes and "spike" in group.events:
        spikes = b2.SpikeMonitor(group, name="spikes", codeobj_class=group.codeobj_class)
        net.add(spikes)
    return frames, spikes


def _count(monitor, record: Record, n_cells: int, n_frames: int, dt_ms: float) -> np.ndarray:
    frame = np.rint(np.asarray(monitor.t_) * 1e3 / dt_ms).astype(int) // record.every
    counts = np.zeros((n_frames, n_cells), np.uint16)
    np.add.at(counts, (frame, np.asarray(monitor.i)), 1)
    return counts[:, record.cells]


def _check_states(network: Network, names) -> None:
    equations = b2.Equations(_equations(network)[0])
    known = equations.diff_eq_names | equations.subexpr_names | {k for p in network.pathways for k in p.synapse.summed}
    for name in names:
        if name not in known:
            raise UnknownNameError("state to record", name, sorted(known))


def _method(text: str):
    """Brian2's own exponential Euler wherever it takes the equations."""
    try:
        system = get_conditionally_linear_system(b2.Equations(text))
    except ValueError:
        return SemilinearExponentialEuler()
    own = any(sympy.sympify(a).has(sympy.Symbol(name, real=True)) for name, (a, _) in system.items())
    return SemilinearExponentialEuler() if own else "exponential_euler"


def _first_bad_cell(group, alive: np.ndarray) -> int:
    """As the fast engine judges a run at its end: the first cell with a state not finite or a voltage beyond 1e6 mV."""
    states = np.array([group.variables[name].get_value() for name in group.equations.diff_eq_names])
    bad = alive & ~(np.isfinite(states).all(axis=0) & (np.abs(group.variables["v"].get_value()) <= 1e3))
    return int(np.argmax(bad)) if bad.any() else -1


def _code_class(network: Network, target: str | None):
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


def _powers(dim) -> tuple[float, float, float]:
    """A dimension as powers of volt, ampere and second."""
    metre, kilogram, second, ampere, *others = dim._dims
    if metre != 2 * kilogram or any(others):
        raise InputError(f"a quantity of dimension {dim} is not made of volt, ampere and second")
    return kilogram, ampere + kilogram, second + 3 * kilogram


def _unit(dim) -> str:
    """Unit of a dimension as Brian2 wants it in equations: without prefixes."""
    powers = zip(("volt", "amp", "second"), _powers(dim), strict=True)
    return "*".join(f"{base}**{power:g}" for base, power in powers if power) or "1"


def _si(dim) -> float:
    """Size in SI of the internal unit (mV, pA, ms and products) of a dimension."""
    volt, amp, second = _powers(dim)
    return 1e-3**volt * 1e-12**amp * 1e-3**second


def _column(x: np.ndarray, sample: int) -> np.ndarray:
    """One sample's column of an array whose last axis is as long as the samples or 1."""
    return np.ascontiguousarray(x[:, sample if x.shape[1] > 1 else 0], dtype=np.float64)
