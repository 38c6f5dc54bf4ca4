"""A real connectome in the event engine: each cell of the fly larva's brain ablated in turn, against Brian2's C++ code.

``python benchmarks/larva.py EDGES`` reads a text file with one edge a line, ``pre post contacts`` with any whole numbers as
names, as published with Winding et al. 2023 (Science 379:eadd9330; 119,010 edges of brain and afferents). No data come with
wormsim. Cells are those of the published adult fly model (Shiu et al. 2024). The file tells no transmitter, so which cells
inhibit is drawn at random (38 %, seeded), and so are the 100 cells that the same events at 150 Hz drive: what comes out tells
about speed, not about larvae.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np

DT_MS, N_DRIVEN, RATE_HZ, EVENT_MV, MV_PER_CONTACT = 0.1, 100, 150.0, 68.75, 0.275


def read(path: Path, seed: int = 1) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Names of the cells; sender, target and signed contacts of each edge; the driven cells."""
    edges = np.loadtxt(path, ndmin=2)
    if edges.shape[1] != 3 or (edges != np.rint(edges)).any():
        raise SystemExit(f"{path}: each line must be three whole numbers, pre post contacts")
    names, at = np.unique(edges[:, :2].astype(np.int64), return_inverse=True)
    pre, post = at.reshape(-1, 2).T
    rng = np.random.default_rng(seed)
    sign = np.where(rng.random(len(names)) < 0.62, 1, -1)
    driven = np.sort(rng.choice(len(names), min(N_DRIVEN, len(names)), replace=False))
    return names, pre, post, (edges[:, 2] * sign[pre]).astype(np.int16), driven


def events(driven: np.ndarray, n_steps: int) -> tuple[np.ndarray, np.ndarray]:
    """Step and cell of what drives the cells."""
    step, at = np.nonzero(np.random.default_rng(3).random((n_steps, len(driven))) < RATE_HZ * DT_MS * 1e-3)
    return step, driven[at]


def brian2(n_cells: int, pre, post, contacts, step, cell, n_steps: int, runs: int) -> tuple[np.ndarray, float]:
    """Spikes (step * N + cell) of the intact brain, and the median time of the compiled program's run loop."""
    import brian2 as b2
    from brian2 import ms, mV

    with tempfile.TemporaryDirectory() as folder:
        b2.set_device("cpp_standalone", build_on_run=False, directory=folder)
        b2.defaultclock.dt = DT_MS * ms
        group = b2.NeuronGroup(n_cells, """dv/dt = (-52*mV - v + g)/(20*ms) : volt (unless refractory)
                                           dg/dt = -g/(5*ms) : volt (unless refractory)""",
                               method="linear", threshold="v > -45*mV", reset="v = -52*mV; g = 0*mV", refractory=2.2 * ms)
        group.v = -52 * mV
        synapses = b2.Synapses(group, group, "w : volt", on_pre="g += w", delay=1.8 * ms)
        synapses.connect(i=pre, j=post)
        synapses.w = contacts * MV_PER_CONTACT * mV
        source = b2.SpikeGeneratorGroup(n_cells, cell, step * DT_MS * ms)
        into = b2.Synapses(source, group, on_pre=f"v += {EVENT_MV}*mV*int(not_refractory)")
        into.connect(i=np.unique(cell), j=np.unique(cell))
        monitor = b2.SpikeMonitor(group)
        net = b2.Network(group, synapses, source, into, monitor)
        net.run(n_steps * DT_MS * ms)
        b2.device.build(directory=folder, compile=True, run=False)
        wall = []
        for _ in range(runs):
            b2.device.run(folder, with_output=False, run_args=[])
            wall.append(float(b2.device._last_run_time))
        found = np.rint(np.asarray(monitor.t / ms) / DT_MS).astype(np.int64) * n_cells + np.asarray(monitor.i)
    return np.sort(found), statistics.median(wall)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("edges", type=Path)
    parser.add_argument("--ablations", type=int, default=200, help="of the cells with most contacts; 0 for all cells")
    parser.add_argument("--seconds", type=float, default=1.0, help="of model time")
    parser.add_argument("--threads", type=int, default=None)
    parser.add_argument("--no-peer", action="store_true", help="without Brian2, which takes a C++ compiler and a minute")
    options = parser.parse_args()
    from wormsim.engines.sparse import EventDrive, SparseNetwork, simulate_sparse

    names, pre, post, contacts, driven = read(options.edges)
    n, n_steps = len(names), round(options.seconds * 1e3 / DT_MS)
    network = SparseNetwork.from_edges(pre, post, contacts, n, unit_mV=MV_PER_CONTACT)
    step, cell = events(driven, n_steps)
    given = {"dt_ms": DT_MS, "events": EventDrive(step, cell, EVENT_MV, "v")}
    print(f"{options.edges.name}: {n:,} cells, {len(pre):,} edges; {options.seconds:g} s in steps of {DT_MS} ms")

    size = np.bincount(pre, np.abs(contacts), n) + np.bincount(post, np.abs(contacts), n)
    gone = np.argsort(-size, kind="stable")[: options.ablations or n]
    alive = np.ones((n, 1 + len(gone)), bool)
    alive[gone, 1 + np.arange(len(gone))] = False
    simulate_sparse(network, 1.0, threads=1)  # compiles
    began = time.perf_counter()
    found = simulate_sparse(network, n_steps * DT_MS, alive=alive, streams=(0,) * alive.shape[1], threads=options.threads, **given)
    wall = time.perf_counter() - began
    spikes = np.bincount(found.trial, minlength=found.n_trials)
    print(f"  {found.n_trials} trials in {wall:.2f} s, {wall / found.n_trials * 1e3:.1f} ms each; intact: {spikes[0]:,} spikes, "
          f"{spikes[0] / n / options.seconds:.2f} Hz")
    change = spikes[1:] - spikes[0]
    for k in [*np.argsort(change)[:3], *np.argsort(-change)[:3]]:
        print(f"    without {names[gone[k]]}: {change[k]:+,} spikes ({change[k] / max(spikes[0], 1):+.1%})")
    if options.no_peer:
        return
    theirs, peer_s = brian2(n, pre, post, contacts, step, cell, n_steps, 3)
    ours = simulate_sparse(network, n_steps * DT_MS, dtype="float64", threads=1, **given)
    equal = np.array_equal(theirs, ours.step.astype(np.int64) * n + ours.cell)
    alone = []
    for _ in range(7):
        began = time.perf_counter()
        simulate_sparse(network, n_steps * DT_MS, threads=1, **given)
        alone.append(time.perf_counter() - began)
    print(f"  intact, one thread: ours {statistics.median(alone):.4f} s, Brian2 C++ {peer_s:.4f} s: {peer_s / statistics.median(alone):.0f} "
          f"times; in double precision the spikes are {'equal' if equal else 'DIFFERENT'}")
    if not equal:
        raise SystemExit("the spikes are not the same")


if __name__ == "__main__":
    main()
