"""W1c: the fly-size graph through the general path, where no cell can be skipped: every cell is computed in every step.

``python benchmarks/w1c_general.py`` (or ``w1_fly.py --workload W1c``) runs the graph and the 20 driven cells of W1a on one
core, one second: with white noise of 1 mV in every cell, and without. Ours is ``numba_engine.run``, one variant, single
precision; the whole call is timed, edges put in rows and states made included. Brian2 is the run loop of its C++ standalone
code, as it reports it itself, with ``xi`` and its method "euler" for the noise (it has no exponential Euler for that), and
"exponential_euler" without. Both sides meet the same Poisson events. Without noise in double precision the spikes of every
cell must be Brian2's; with noise, which each side draws itself, the number of spikes must agree within 3 %.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import tempfile
import time
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

# Run as a script: these stand beside this file.
import fly_graph
import numpy as np
from w1_fly import DT_MS, EVENT_MV, N_STEPS, RATE_HZ, child, graph_in, refractory_ms

SIGMA_MV, STREAM, EVERY = 1.0, 7, 1000
CASES = {"noise": "noisy_lif", "plain": "lif"}
BOUND = 0.03


def network(folder: Path, neuron: str):
    """The graph as the engine takes it: nothing of it is copied."""
    from wormsim import catalog
    from wormsim.network import Network, Pathway

    model = catalog.load("neurons", neuron).MODEL
    synapse = replace(catalog.load("synapses", "exponential").MODEL, poisson_target="v")
    indptr, post, weight, driven = (np.load(folder / f"{name}.npy") for name in ("indptr", "post", "weight_mV", "driven"))
    pre = np.repeat(np.arange(fly_graph.N_CELLS, dtype=np.int32), np.diff(indptr))
    parameters = {p.symbol: np.full((1, 1), p.value) for p in (*model.parameters, *synapse.parameters)}
    parameters["t_refractory"] = refractory_ms(driven)[:, None]
    path = Pathway(synapse, pre, post, {"w": weight[:, None]})  # 1 nS of leak: as many pA as mV
    return Network(tuple(map(str, range(fly_graph.N_CELLS))), np.zeros(fly_graph.N_CELLS, bool), model, (path,), parameters, 1), driven


def events(driven: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Step and number of the driven cell of each Poisson event."""
    from wormsim.kernels.random import event_draws, threshold

    return np.nonzero(event_draws(STREAM, np.arange(N_STEPS)[:, None], driven, 0) < threshold(RATE_HZ * DT_MS * 1e-3))


def ours(folder: Path, case: str, runs: int, dtype: str) -> dict:
    from wormsim.engines import numba_engine
    from wormsim.network import Effects, Lanes, Poisson, Record

    net, driven = network(folder, CASES[case])
    n, k = fly_graph.N_CELLS, len(driven)
    poisson = Poisson(driven, np.zeros(k, np.int32), np.full((k, 1), RATE_HZ * DT_MS * 1e-3), np.full((k, 1), EVENT_MV))
    lanes = Lanes(np.zeros(1, np.int32), np.array([STREAM], np.uint64))
    record = Record(np.arange(n, dtype=np.int32), EVERY, False, True)

    def run(n_steps: int):
        nothing = np.zeros((n, 1))
        effects = Effects(0, n_steps, np.ones((n, 1), bool), np.ones((n, 1), bool), nothing, nothing, nothing, poisson)
        began, cpu = time.perf_counter(), time.process_time()
        found = numba_engine.run(net, [effects], lanes, n_steps, DT_MS, record, dtype, 1)
        return time.perf_counter() - began, time.process_time() - cpu, found["spikes"][0]

    first_s = run(1)[0]
    empty_s = min(run(1)[1] for _ in range(3))
    done = [run(N_STEPS) for _ in range(runs)]
    np.save(folder / f"counts_{case}_{dtype}.npy", done[0][2])
    return {"s": [d[0] for d in done], "cpu_s": [d[1] for d in done], "setup_s": empty_s, "first_s": round(first_s, 2),
            "peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024), "spikes": int(done[0][2].sum())}


def brian2(folder: Path, case: str, runs: int) -> dict:
    import brian2 as b2
    from brian2 import ms, mV

    noise = " + sigma*sqrt(2/t_mbr)*xi" if case == "noise" else ""
    where = str(folder / f"brian2_W1c_{case}")
    b2.set_device("cpp_standalone", build_on_run=False, directory=where)
    b2.defaultclock.dt = DT_MS * ms
    indptr, post, weight, driven = (np.load(folder / f"{name}.npy") for name in ("indptr", "post", "weight_mV", "driven"))
    cells = b2.NeuronGroup(fly_graph.N_CELLS, f"""dv/dt = (v_0 - v + g) / t_mbr{noise} : volt (unless refractory)
                                                  dg/dt = -g / tau : volt (unless refractory)
                                                  rfc : second""",
                           method="euler" if noise else "exponential_euler", threshold="v > v_th",
                           reset="v = v_rst; g = 0 * mV", refractory="rfc",
                           namespace={"v_0": -52 * mV, "v_rst": -52 * mV, "v_th": -45 * mV, "t_mbr": 20 * ms, "tau": 5 * ms,
                                      "sigma": SIGMA_MV * mV})
    cells.v, cells.rfc = -52 * mV, refractory_ms(driven) * ms
    synapses = b2.Synapses(cells, cells, "w : volt", on_pre="g += w", delay=1.8 * ms)
    synapses.connect(i=np.repeat(np.arange(fly_graph.N_CELLS, dtype=np.int32), np.diff(indptr)), j=post)
    synapses.w = weight.astype(float) * mV
    step, number = events(driven)
    source = b2.SpikeGeneratorGroup(len(driven), number, step * DT_MS * ms)
    into = b2.Synapses(source, cells, "", on_pre=f"v += {EVENT_MV}*mV")
    into.connect(i=np.arange(len(driven)), j=driven)
    monitor = b2.SpikeMonitor(cells)
    net = b2.Network(cells, synapses, source, into, monitor)
    net.run(N_STEPS * DT_MS * ms)
    b2.device.build(directory=where, compile=True, run=False)
    wall = []
    for _ in range(runs):
        b2.device.run(where, with_output=False, run_args=[])
        wall.append(float(b2.device._last_run_time))
    frame = np.rint(np.asarray(monitor.t) / float(DT_MS * ms)).astype(np.int64) // EVERY
    counts = np.zeros((N_STEPS // EVERY, fly_graph.N_CELLS), np.uint16)
    np.add.at(counts, (frame, np.asarray(monitor.i)), 1)
    np.save(folder / f"counts_{case}_brian2.npy", counts)
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    return {"s": wall, "peak_mb": round(peak), "spikes": len(frame)}


def compare(folder: Path, case: str, runs: int, peer_runs: int) -> dict:
    """One case on both sides, printed; returns the line of JSON."""
    def side(name: str, n: int) -> dict:
        return child("--side", name, "--folder", str(folder), "--case", case, "--runs", str(n), script=__file__)

    load = os.getloadavg()[0]
    side("float32", 1)  # compiles where the kernel cache is empty
    single, double = side("float32", runs), side("float64", 1)
    peer = side("brian2", peer_runs)
    counts = {name: np.load(folder / f"counts_{case}_{name}.npy") for name in ("float32", "float64", "brian2")}
    equal = np.array_equal(counts["float64"], counts["brian2"])
    apart = {name: found["spikes"] / max(peer["spikes"], 1) - 1 for name, found in (("float32", single), ("float64", double))}
    spread = {name: f"({min(side['s']):.4f} to {max(side['s']):.4f})" for name, side in (("ours", single), ("peer", peer))}
    ours_s, cpu_s, peer_s = (statistics.median(x) for x in (single["s"], single["cpu_s"], peer["s"]))
    print(f"W1c {case}: {single['spikes']:,} spikes, load before {load:.1f}, numba {version('numba')}, Brian2 {version('brian2')}")
    print(f"  ours, float32        {ours_s:8.4f} s  median of {len(single['s'])} {spread['ours']}, CPU {cpu_s:.4f} s, "
          f"of which {single['setup_s']:.3f} s before the first step; peak {single['peak_mb']} MB")
    print(f"  ours, float64        {double['s'][0]:8.4f} s  one run, peak {double['peak_mb']} MB; spikes "
          + ("equal to Brian2's in every cell" if equal else f"{apart['float64']:+.2%} beside Brian2's"))
    print(f"  Brian2 C++, 1 thread {peer_s:8.4f} s  median of {len(peer['s'])} {spread['peer']}, peak {peer['peak_mb']} MB, "
          f"{peer['spikes']:,} spikes (ours {apart['float32']:+.2%})")
    print(f"  ratio                {peer_s / ours_s:8.1f}", flush=True)
    if not equal if case == "plain" else max(map(abs, apart.values())) > BOUND:
        raise SystemExit("the spikes do not agree")
    return {"workload": f"W1c {case}", "ours_s": round(ours_s, 4), "ours_cpu_s": round(cpu_s, 4),
            "peer": "Brian2 C++ standalone, 1 thread, run loop", "peer_s": round(peer_s, 4), "ratio": round(peer_s / ours_s, 1),
            "peak_mb": single["peak_mb"], "n_runs": len(single["s"])}


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--runs", type=int, default=5, help="of ours; the median counts")
    parser.add_argument("--peer-runs", type=int, default=3)
    parser.add_argument("--case", choices=[*CASES, "all"], default="all")
    parser.add_argument("--folder", type=Path, help="where the graph is kept; a temporary folder by default")
    parser.add_argument("--side", help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.side:
        found = brian2(options.folder, options.case, options.runs) if options.side == "brian2" else ours(
            options.folder, options.case, options.runs, options.side)
        print(json.dumps(found))
        return
    with tempfile.TemporaryDirectory() as scratch:
        folder = graph_in(options.folder or Path(scratch))
        chosen = list(CASES) if options.case == "all" else [options.case]
        lines = [compare(folder, case, options.runs, options.peer_runs) for case in chosen]
        print(json.dumps(lines[0] if len(lines) == 1 else {**lines[0], "also": lines[1:]}))


if __name__ == "__main__":
    main()
