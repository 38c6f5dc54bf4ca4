"""The peers' side in Brian2: the equations of wormsim's graded and lif models, as a user of Brian2 would write them.

They are the equations that ``wormsim.to_brian2`` exports, in a leaner form that is in Brian2's favour: numbers as constants
that it compiles in, the sum of a cell's junctional conductances made once, no terms for perturbations that are not there,
Poisson events drawn beforehand. The scripts compare what comes out with wormsim in double precision.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import brian2 as b2
import numpy as np
from brian2 import ms
from sides import strengths

from wormsim.network import Effects, Lanes, Network

_SI = {"C_m": 1e-12 * b2.farad, "g_leak": 1e-9 * b2.siemens, "v_leak": b2.mV, "a_r": 1 / ms, "a_d": 1 / ms, "beta": 1 / b2.mV,
       "v_half_offset": b2.mV, "v_rest": b2.mV, "v_reset": b2.mV, "tau_m": ms, "tau_syn": ms, "t_refractory": ms}
nS, pA, mV = 1e-9 * b2.siemens, 1e-12 * b2.amp, b2.mV


def graded(network: Network, current_pA: np.ndarray, pulse_ms: float | None, duration_ms: float, gone: int = -1,
           sample: int = 0) -> b2.Network:
    """One variant of the graded network under a current, steady or on for every other `pulse_ms`."""
    gate = "" if pulse_ms is None else "*pulse(t)"
    names = _constants(network, sample, "C_m", "g_leak", "v_leak", "a_r", "a_d", "beta", "v_half_offset")
    if gate:
        names["pulse"] = b2.TimedArray(np.arange(-(-duration_ms // pulse_ms) + 1) % 2 == 0, dt=pulse_ms * ms)
    cells = b2.NeuronGroup(len(network.cells), f"""
        dv/dt = (g_leak*(v_leak - v) + GE_chem - G_chem*v + GV_gap - G_gap*v + I_in{gate})/C_m : volt
        ds/dt = a_r/(1 + exp(-beta*(v - v_half)))*(1 - s) - a_d*s : 1
        G_chem : siemens
        GE_chem : amp
        GV_gap : amp
        G_gap : siemens (constant)
        I_in : amp (constant)
        v_half : volt (constant)""", method="exponential_euler", namespace=names, name="cells")
    cells.v_half = _column(network.parameters["v_half"], sample) * mV
    cells.v = "v_half - v_half_offset"
    cells.s = "a_r/(a_r + a_d*(1 + exp(beta*v_half_offset)))"
    cells.I_in = np.where(np.arange(len(current_pA)) == gone, 0.0, current_pA) * pA
    chemical, pre, post, keep = _wired(network, "chemical", cells, gone, """g : siemens (constant)
        E : volt (constant)
        G_chem_post = g*s_pre : siemens (summed)
        GE_chem_post = g*E*s_pre : amp (summed)""")
    path = _pathway(network, "chemical")
    chemical.connect(i=pre, j=post)
    g, reversal = strengths(path, network.parameters, sample)
    chemical.g, chemical.E = g[keep] * nS, reversal[keep] * mV
    return b2.Network(cells, chemical, _junctions(network, cells, gone, sample))


def lif(network: Network, effects: list[Effects], lanes: Lanes, lane: int, dt_ms: float) -> b2.Network:
    """One variant of the spiking network, with the events that its random stream draws."""
    sample, alive = int(lanes.sample[lane]), effects[0].alive[:, lane]
    names = _constants(network, sample, "g_leak", "v_rest", "v_reset", "tau_m", "tau_syn", "t_refractory")
    cells = b2.NeuronGroup(len(network.cells), """
        dv/dt = (v_rest - v + (I_syn + GV_gap - G_gap*v)/g_leak)/tau_m : volt (unless refractory)
        dI_syn/dt = -I_syn/tau_syn : amp (unless refractory)
        GV_gap : amp
        G_gap : siemens (constant)
        v_threshold : volt (constant)""", method="exponential_euler", threshold="v > v_threshold",
        reset="v = v_reset; I_syn = 0*amp", refractory="t_refractory", namespace=names, name="cells")
    limit = np.broadcast_to(_column(network.parameters["v_threshold"], sample), len(network.cells))
    cells.v_threshold = np.where(np.isfinite(limit) & alive, limit, 1e12) * mV  # a muscle never spikes
    cells.v = names["v_rest"]
    gone = np.flatnonzero(~alive)
    chemical, pre, post, keep = _wired(network, "chemical", cells, gone, "w : amp", on_pre="I_syn_post += w",
                                       delay=_column(network.parameters["t_delay"], sample)[0] * ms, order=0)
    chemical.connect(i=pre, j=post)
    chemical.w = _column(_pathway(network, "chemical").values["w"], sample)[keep] * pA
    source, into = _events(effects, lanes, lane, dt_ms, cells)
    return b2.Network(cells, chemical, _junctions(network, cells, gone, sample), source, into)


def _junctions(network: Network, cells: b2.NeuronGroup, gone, sample: int) -> b2.Synapses:
    made, pre, post, keep = _wired(network, "electrical", cells, gone,
                                   "g : siemens (constant)\nGV_gap_post = g*v_pre : amp (summed)")
    g = _column(_pathway(network, "electrical").values["g_gap"], sample)[keep]
    made.connect(i=pre, j=post)
    made.g = g * nS
    cells.G_gap = np.bincount(post, g, len(network.cells)) * nS
    return made


def _events(effects: list[Effects], lanes: Lanes, lane: int, dt_ms: float, cells: b2.NeuronGroup):
    from wormsim.kernels.random import event_draws, threshold

    found = []
    for e in effects:
        p = e.poisson.probability[:, lane]
        rows = np.flatnonzero((p > 0) & e.alive[e.poisson.cell, lane])
        if len(rows):
            step = np.arange(e.start, e.stop)
            drawn = event_draws(lanes.stream[lane], step[:, None], e.poisson.cell[rows], e.poisson.source[rows])
            s, k = np.nonzero(drawn < threshold(p[rows]))
            found.append((step[s], e.poisson.cell[rows][k], e.poisson.source[rows][k], e.poisson.size_pA[rows, lane][k]))
    step, cell, source, size = (np.concatenate(x) for x in zip(*found, strict=True))
    kinds, row = np.unique(np.stack([cell, source]), axis=1, return_inverse=True)
    row = row.ravel()
    sizes = np.zeros(kinds.shape[1])
    sizes[row] = size
    if not np.array_equal(sizes[row], size):
        raise SystemExit("an event's size changes between segments: this script takes one size a stimulus")
    made = b2.SpikeGeneratorGroup(len(sizes), row, step * dt_ms * ms, sorted=True)
    into = b2.Synapses(made, cells, "size : amp (constant)", on_pre="I_syn_post += size", order=1)
    into.connect(i=np.arange(len(sizes)), j=kinds[0])
    into.size = sizes * pA
    return made, into


def _wired(network: Network, kind: str, cells: b2.NeuronGroup, gone, text: str, **more):
    """Synapses of a pathway, not yet connected, and pre, post and mask of its edges without those of ablated cells."""
    path = _pathway(network, kind)
    keep = ~(np.isin(path.pre, gone) | np.isin(path.post, gone))
    return b2.Synapses(cells, cells, text, name=kind, **more), path.pre[keep], path.post[keep], keep


def _pathway(network: Network, kind: str):
    return next(p for p in network.pathways if p.synapse.kind == kind)


def _constants(network: Network, sample: int, *symbols: str) -> dict:
    return {symbol: _column(network.parameters[symbol], sample)[0] * _SI[symbol] for symbol in symbols}


def _column(x: np.ndarray, sample: int) -> np.ndarray:
    return x[:, sample if x.shape[1] > 1 else 0].astype(float)


def prepare(dt_ms: float, standalone: Path | None = None, threads: int = 1, cython: bool = False) -> None:
    """Choose Brian2's device; to be called before a network is made."""
    if standalone:
        b2.set_device("cpp_standalone", build_on_run=False, directory=str(standalone))
        b2.prefs.devices.cpp_standalone.openmp_threads = threads if threads > 1 else 0
    elif cython:
        b2.prefs.codegen.target = "cython"
    b2.defaultclock.dt = dt_ms * ms


def run_standalone(net: b2.Network, folder: Path, duration_ms: float, runs: int, processes: int = 1) -> list[float]:
    """Compile once; run as often as asked for. Each time is the run loop's own, the slower one of those at a time."""
    net.run(duration_ms * ms)
    b2.device.build(directory=str(folder), compile=True, run=False)
    folders = [folder] + [folder.with_name(f"{folder.name}_{k}") for k in range(1, processes)]
    for copy in folders[1:]:
        shutil.copytree(folder, copy)
    wall = []
    for _ in range(runs):
        if processes == 1:
            b2.device.run(str(folder), with_output=False)
            wall.append(float(b2.device._last_run_time))
            continue
        running = []
        for where in folders:
            (where / "results").mkdir(exist_ok=True)
            running.append(subprocess.Popen(["./main", "--results_dir", f"{where / 'results'}/"], cwd=where,
                                            stdout=subprocess.DEVNULL))
        if any(p.wait() for p in running):
            raise SystemExit(f"a compiled program in {folder} failed")
        wall.append(max(float((where / "results" / "last_run_info.txt").read_text().split()[0]) for where in folders))
    return wall


def run_runtime(net: b2.Network, duration_ms: float, runs: int) -> list[float]:
    """Seconds for `duration_ms`, as the difference to a run of a tenth: what every call does first is left out."""
    from sides import timed

    net.run(b2.defaultclock.dt)
    short = min(timed(lambda: net.run(0.1 * duration_ms * ms), 3))
    return [t - short for t in timed(lambda: net.run(1.1 * duration_ms * ms), runs)]
