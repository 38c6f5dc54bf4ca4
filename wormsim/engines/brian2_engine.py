"""The reference engine: the same descriptions, run by Brian2, one run for each variant.

It exists to be right, not to be fast: :func:`run` has the contract of ``numba_engine.run`` and is what the conformance
tests compare it with. :mod:`.brian2_network` makes the networks; recorded traces of an ablated cell are NaN.
"""

from __future__ import annotations

from . import importing_brian2  # noqa: F401 -- before Brian2

# isort: split

import brian2 as b2
import numpy as np

from ..errors import InputError, SimulationError, UnknownNameError
from ..network import Effects, Lanes, Network, Record
from .brian2_network import ONE_AT_A_TIME, build, equations_of, si_of
from .checks import check
from .numba_engine import check_counts

_LOOK_EVERY = 1_000  # steps


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
    method: str | None = None,
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
    method : str, optional
        See :func:`wormsim.engines.brian2_network.build`.

    Returns
    -------
    dict of str to ndarray, shape (V, T, R)
        "v" (mV) and further states in internal units at the start of step ``k * every``; "spikes" (uint16), counts
        from frame k until frame k + 1; "failed" (V,): the first cell that has run away, or -1; "failed_steps" (V, 2): it did
        so after the first of these steps and by the second. A run that failed stops there, and the rest of it is NaN.
    """
    if not isinstance(b2.get_device(), b2.devices.RuntimeDevice):
        raise InputError("Brian2 is set to a standalone device; this engine runs in the process: "
                         "call brian2.set_device('runtime') first, or use wormsim.engines.brian2_standalone")
    raw = blank(network, len(lanes.sample), n_steps, record, dt_ms, dtype)
    with ONE_AT_A_TIME, np.errstate(all="ignore"):
        for lane in range(len(lanes.sample)):
            net = build(network, effects, lanes, lane, dt_ms, target, method)
            monitors = watch(net, record, dt_ms)
            alive, here = effects[0].alive[:, lane], {name: x[lane:lane + 1] for name, x in raw.items()}
            here["failed_steps"][0] = _run_watched(net, alive, n_steps, dt_ms)
            read(here, net, monitors, alive, record, dt_ms)
    return raw


def blank(network: Network, n_variants: int, n_steps: int, record: Record, dt_ms: float, dtype) -> dict[str, np.ndarray]:
    """Arrays for :func:`read` to fill, after a look at the model and at the names of the states."""
    check(network.neuron, tuple(p.synapse for p in network.pathways))
    check_counts(network, record, dt_ms)
    names = _recorded(record)
    _check_states(network, names)
    shape = (n_variants, -(-n_steps // record.every), len(record.cells))
    raw = {name: np.empty(shape, dtype) for name in names}
    if record.spikes:
        raw["spikes"] = np.zeros(shape, np.uint16)
    return {**raw, "failed": np.full(n_variants, -1, np.int32), "failed_steps": np.full((n_variants, 2), -1, np.int64)}


def watch(net: b2.Network, record: Record, dt_ms: float) -> tuple:
    """Add the monitors of frames and spikes, each None where it is not wanted."""
    group, frames, spikes = net["neurons"], None, None
    if names := _recorded(record):
        every = {"clock": group.clock} if record.every == 1 else {"dt": record.every * dt_ms * b2.ms}
        frames = b2.StateMonitor(group, list(names), record=record.cells, name="frames",
                                 codeobj_class=group.codeobj_class, **every)
        net.add(frames)
    if record.spikes and "spike" in group.events:
        spikes = b2.SpikeMonitor(group, name="spikes", codeobj_class=group.codeobj_class)
        net.add(spikes)
    return frames, spikes


def read(raw: dict[str, np.ndarray], net: b2.Network, monitors: tuple, alive: np.ndarray, record: Record, dt_ms: float) -> None:
    """Fill the arrays of one variant after the run."""
    (frames, spikes), group = monitors, net["neurons"]
    raw["failed"][0] = _first_bad_cell(group, alive)
    for name in _recorded(record):
        values = np.asarray(getattr(frames, f"{name}_")).T / si_of(group.variables[name].dim)
        if values.shape != raw[name].shape[1:] and raw["failed"][0] < 0:
            raise SimulationError(f"Brian2 recorded {values.shape[0]} frames where {raw[name].shape[1]} were due")
        raw[name][0] = np.nan  # a run that failed stopped early
        raw[name][0][:len(values)] = values
        raw[name][0][:, ~alive[record.cells]] = np.nan
    if spikes is not None:
        frame = np.rint(np.asarray(spikes.t_) * 1e3 / dt_ms).astype(int) // record.every
        counts = np.zeros((raw["spikes"].shape[1], len(alive)), np.uint16)
        np.add.at(counts, (frame, np.asarray(spikes.i)), 1)
        raw["spikes"][0] = counts[:, record.cells]


def _recorded(record: Record) -> tuple[str, ...]:
    return (*(("v",) if record.v else ()), *record.states)


def _check_states(network: Network, names) -> None:
    equations = b2.Equations(equations_of(network)[0])
    known = equations.diff_eq_names | equations.subexpr_names | {k for p in network.pathways for k in p.synapse.summed}
    for name in names:
        if name not in known:
            raise UnknownNameError("state to record", name, sorted(known))


def _run_watched(net: b2.Network, alive: np.ndarray, n_steps: int, dt_ms: float) -> tuple[int, int]:
    """Run, look for a runaway every 1,000 steps, and stop there; between which steps it was, or (-1, -1)."""
    group, last, found = net["neurons"], 0, (-1, -1)

    def look() -> None:
        nonlocal last, found
        now = int(group.clock.timestep[:])
        if _first_bad_cell(group, alive) >= 0:
            found = last, now
            net.stop()
        last = now

    net.add(b2.NetworkOperation(look, dt=_LOOK_EVERY * dt_ms * b2.ms, when="start", order=-200, name="look"))
    net.run(n_steps * dt_ms * b2.ms, namespace={})
    if found[0] < 0:
        look()
    return found


def _first_bad_cell(group, alive: np.ndarray) -> int:
    """As the fast engine judges: the first cell with a state not finite or a voltage beyond 1e6 mV."""
    states = np.array([group.variables[name].get_value() for name in group.equations.diff_eq_names])
    bad = alive & ~(np.isfinite(states).all(axis=0) & (np.abs(group.variables["v"].get_value()) <= 1e3))
    return int(np.argmax(bad)) if bad.any() else -1
