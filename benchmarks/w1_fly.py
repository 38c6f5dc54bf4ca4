"""W1: a graph of the size of the fly's brain, one second, one core: the event engine against Brian2's C++ code.

``python benchmarks/w1_fly.py`` runs both workloads on both sides. The graph is synthetic and seeded (see fly_graph.py); the
model is the published one (Shiu et al. 2024, Nature 634:210), driven cells without refractory time and with events of
68.75 mV straight into v, drawn beforehand so that both sides meet the same ones at 150 Hz:

- W1a: the 20 cells at the head of the embedded pathway; most of the brain is at rest or below threshold.
- W1b: 2,000 cells, ten times the spikes;
- W1c, only when asked for: the general path, see w1c_general.py.

Each side runs in a process of its own. What is timed is the run: for us the whole call of ``simulate_sparse``, state made and
spikes sorted included; for Brian2 the run loop of the compiled program, as it reports it itself (compiling, writing arrays
and building the synapses are left out). Ours is run in single precision, as users run it, and once in double precision,
whose spikes must be Brian2's, every one. ``--peers brian2,nest`` runs NEST as well (peer_nest.py: its cell leaves out parts of
the model, so that its spikes differ and are only counted; 6 GB and a minute more for each simulated second).
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path

# Run as a script: the graph's generator stands beside this file.
import fly_graph
import numpy as np
from sides import installed

WORKLOADS = {"W1a": 20, "W1b": 2000}
DT_MS, N_STEPS, RATE_HZ, EVENT_MV = 0.1, 10_000, 150.0, 68.75


def drive(folder: Path, workload: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Driven cells, and step and cell of each event."""
    driven = np.load(folder / "driven.npy")
    if WORKLOADS[workload] != len(driven):
        rng = np.random.default_rng(2)
        driven = np.sort(rng.choice(fly_graph.N_CELLS, WORKLOADS[workload], replace=False)).astype(np.int32)
    rng = np.random.default_rng(3)
    p = RATE_HZ * DT_MS * 1e-3
    # step by step, which keeps the peak of memory that of the simulation
    hits = [np.flatnonzero(rng.random(len(driven)) < p) for _ in range(N_STEPS)]
    step = np.repeat(np.arange(N_STEPS, dtype=np.int64), [len(h) for h in hits])
    return driven, step, driven[np.concatenate(hits)]


def refractory_ms(driven: np.ndarray) -> np.ndarray:
    out = np.full(fly_graph.N_CELLS, 2.2)
    out[driven] = 0.0
    return out


def ours(folder: Path, workload: str, runs: int, dtype: str) -> dict:
    from wormsim.engines.sparse import EventDrive, SparseNetwork, simulate_sparse

    driven, step, cell = drive(folder, workload)
    network = SparseNetwork(*(np.load(folder / f"{name}.npy") for name in ("indptr", "post", "contacts")),
                            t_refractory_ms=refractory_ms(driven), unit_mV=fly_graph.MV_PER_CONTACT)
    events = EventDrive(step, cell, EVENT_MV, "v")
    began = time.perf_counter()
    simulate_sparse(network, DT_MS, dtype=dtype)
    first_s = time.perf_counter() - began
    wall = []
    for _ in range(runs):
        began = time.perf_counter()
        found = simulate_sparse(network, N_STEPS * DT_MS, dt_ms=DT_MS, events=events, dtype=dtype, threads=1)
        wall.append(time.perf_counter() - began)
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    np.save(folder / f"spikes_{workload}_{dtype}.npy", found.step.astype(np.int64) * network.n_cells + found.cell)
    return {"s": wall, "peak_mb": round(peak_mb), "first_s": round(first_s, 2), "spikes": len(found.step),
            "events": int(np.diff(network.indptr)[found.cell].sum()), "active": len(np.unique(found.cell))}


def brian2(folder: Path, workload: str, runs: int) -> dict:
    """C++ standalone, one thread: built once, then the compiled program is run as often as asked for."""
    import brian2 as b2
    from brian2 import ms, mV

    driven, step, cell = drive(folder, workload)
    b2.set_device("cpp_standalone", build_on_run=False, directory=str(folder / f"brian2_{workload}"))
    b2.defaultclock.dt = DT_MS * ms
    cells = b2.NeuronGroup(fly_graph.N_CELLS, """dv/dt = (v_0 - v + g) / t_mbr : volt (unless refractory)
                                                 dg/dt = -g / tau : volt (unless refractory)
                                                 rfc : second""",
                           method="linear", threshold="v > v_th", reset="v = v_rst; g = 0 * mV", refractory="rfc",
                           namespace={"v_0": -52 * mV, "v_rst": -52 * mV, "v_th": -45 * mV, "t_mbr": 20 * ms, "tau": 5 * ms})
    cells.v, cells.rfc = -52 * mV, refractory_ms(driven) * ms
    indptr, post, contacts = (np.load(folder / f"{name}.npy") for name in ("indptr", "post", "contacts"))
    synapses = b2.Synapses(cells, cells, "w : volt", on_pre="g += w", delay=1.8 * ms)
    synapses.connect(i=np.repeat(np.arange(fly_graph.N_CELLS, dtype=np.int32), np.diff(indptr)), j=post)
    synapses.w = contacts * fly_graph.MV_PER_CONTACT * mV
    source_of = np.full(fly_graph.N_CELLS, -1)
    source_of[driven] = np.arange(len(driven))
    source = b2.SpikeGeneratorGroup(len(driven), source_of[cell], step * DT_MS * ms)
    into = b2.Synapses(source, cells, "", on_pre=f"v += {EVENT_MV}*mV")
    into.connect(i=np.arange(len(driven)), j=driven)
    monitor = b2.SpikeMonitor(cells)
    net = b2.Network(cells, synapses, source, into, monitor)
    net.run(N_STEPS * DT_MS * ms)
    b2.device.build(directory=str(folder / f"brian2_{workload}"), compile=True, run=False)
    wall = []
    for _ in range(runs):
        b2.device.run(str(folder / f"brian2_{workload}"), with_output=False, run_args=[])
        wall.append(float(b2.device._last_run_time))
    peak_mb = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    found = np.rint(np.asarray(monitor.t) / float(DT_MS * ms)).astype(np.int64) * fly_graph.N_CELLS + np.asarray(monitor.i)
    np.save(folder / f"spikes_{workload}_brian2.npy", np.sort(found))
    return {"s": wall, "peak_mb": round(peak_mb), "spikes": len(found)}


def nest(folder: Path, workload: str, runs: int) -> dict:
    """NEST, one thread: the network is made once and runs as often as asked for, with silence in between."""
    import peer_nest

    found = peer_nest.run(folder, *drive(folder, workload), N_STEPS, runs)
    np.save(folder / f"spikes_{workload}_nest.npy", found["spikes"])
    return {**found, "spikes": len(found["spikes"])}


def graph_in(folder: Path) -> Path:
    """The folder, with the graph in it."""
    if not (folder / "weight_mV.npy").is_file():
        subprocess.run([sys.executable, fly_graph.__file__, str(folder)], check=True)
    return folder


def child(*arguments: str, script: str = __file__) -> dict:
    """Run a side in a process of its own, one thread; its last line is JSON."""
    env = {**os.environ, **dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS"), "1")}
    done = subprocess.run([sys.executable, script, *arguments], stdout=subprocess.PIPE, text=True, env=env)
    if done.returncode:
        raise SystemExit(f"{' '.join(arguments)} failed with {done.returncode}")
    return json.loads(done.stdout.strip().splitlines()[-1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--runs", type=int, default=7, help="of ours; the median counts")
    parser.add_argument("--peer-runs", type=int, default=3)
    parser.add_argument("--workload", choices=[*WORKLOADS, "W1c", "all"], default="all")
    parser.add_argument("--peers", default="brian2", help="brian2, or brian2,nest (make bench-peers installs NEST)")
    parser.add_argument("--folder", type=Path, help="where the graph is kept; a temporary folder by default")
    parser.add_argument("--side", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.side:
        if options.side in ("brian2", "nest"):
            run = {"brian2": brian2, "nest": nest}[options.side]
            print(json.dumps(run(options.folder, options.workload, options.peer_runs)))
        else:
            print(json.dumps(ours(options.folder, options.workload, options.runs, options.side)))
        return
    with tempfile.TemporaryDirectory() as scratch:
        folder = graph_in(options.folder or Path(scratch))
        if options.workload == "W1c":
            import w1c_general

            w1c_general.main(["--folder", str(folder), "--runs", str(options.runs), "--peer-runs", str(options.peer_runs)])
            return
        chosen = list(WORKLOADS) if options.workload == "all" else [options.workload]
        lines = [compare(folder, workload, options) for workload in chosen]
        print(json.dumps(lines[0] if len(lines) == 1 else {**lines[0], "also": lines[1:]}))


def compare(folder: Path, workload: str, options) -> dict:
    """One workload on both sides, printed as a row; returns the line of JSON."""
    given = ["--folder", str(folder), "--workload", workload, "--runs", str(options.runs), "--peer-runs", str(options.peer_runs)]
    load = os.getloadavg()[0]
    first = child("--side", "float32", *given, "--runs", "1")  # compiles where the kernel cache is empty
    single, double = child("--side", "float32", *given), child("--side", "float64", *given, "--runs", "1")
    peer = child("--side", "brian2", *given)
    spikes = {name: np.load(folder / f"spikes_{workload}_{name}.npy") for name in ("float32", "float64", "brian2")}
    same = len(np.intersect1d(spikes["float32"], spikes["brian2"])) / max(len(spikes["brian2"]), 1)
    equal = np.array_equal(spikes["float64"], spikes["brian2"])
    ours_s, peer_s = statistics.median(single["s"]), statistics.median(peer["s"])
    print(f"{workload}: {single['spikes']:,} spikes of {single['active']:,} cells, {single['events']:,} synaptic events, "
          f"load before {load:.1f}, numba {version('numba')}, Brian2 {version('brian2')}, numpy {np.__version__}")
    print(f"  ours, float32        {ours_s:8.4f} s  median of {len(single['s'])} ({min(single['s']):.4f} to {max(single['s']):.4f}), "
          f"peak {single['peak_mb']} MB,\n                       first call in a process {single['first_s']} s (before that {first['first_s']} s), "
          f"{same:.4%} of Brian2's spikes in the same step")
    print(f"  ours, float64        {double['s'][0]:8.4f} s  one run, peak {double['peak_mb']} MB, spikes "
          f"{'equal to' if equal else 'DIFFERENT from'} Brian2's")
    print(f"  Brian2 C++, 1 thread {peer_s:8.4f} s  median of {len(peer['s'])} ({min(peer['s']):.4f} to {max(peer['s']):.4f}), peak "
          f"{peer['peak_mb']} MB, {peer['spikes']:,} spikes")
    print(f"  ratio                {peer_s / ours_s:8.1f}", flush=True)
    if not equal:
        raise SystemExit("the spikes are not the same")
    line = {"workload": workload, "ours_s": round(ours_s, 5), "peer": "Brian2 C++ standalone, 1 thread, run loop",
            "peer_s": round(peer_s, 4), "ratio": round(peer_s / ours_s, 1), "peak_mb": single["peak_mb"], "n_runs": len(single["s"])}
    return {**line, "nest": beside_nest(folder, workload, given, ours_s)} if "nest" in options.peers.split(",") else line


def beside_nest(folder: Path, workload: str, given: list[str], ours_s: float) -> dict:
    """NEST's row and its part of the line."""
    if not installed("nest-simulator"):
        raise SystemExit("NEST is not installed: make bench-peers")
    peer = child("--side", "nest", *given)
    s = statistics.median(peer["s"])
    theirs, ref = (np.load(folder / f"spikes_{workload}_{name}.npy") for name in ("nest", "brian2"))
    free = ref[~np.isin(ref % fly_graph.N_CELLS, drive(folder, workload)[0])]
    print(f"  NEST, 1 thread       {s:8.4f} s  median of {len(peer['s'])} ({min(peer['s']):.4f} to {max(peer['s']):.4f}), peak "
          f"{peer['peak_mb']} MB, made in {peer['build_s']} s\n                       {peer['spikes']:,} spikes of cells that are not "
          f"driven (Brian2: {len(free):,}), {len(np.intersect1d(theirs, free)):,} of them in the same step", flush=True)
    return {"peer": "NEST iaf_psc_exp, 1 thread", "peer_s": round(s, 4), "ratio": round(s / ours_s, 1),
            "peer_peak_mb": peer["peak_mb"], "n_runs": len(peer["s"]), "spikes": peer["spikes"]}


if __name__ == "__main__":
    main()
