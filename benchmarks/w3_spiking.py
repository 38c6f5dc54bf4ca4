"""W3: 1,000 spiking variants of the male's network for a second: 8 parameter samples x (intact and 124 ablations).

``python benchmarks/w3_spiking.py`` runs the mating-turn assay's own model: the whole male (neurons and muscles, chemical
synapses with a delay, gap junctions), leaky integrate-and-fire cells, dt 0.1 ms, Poisson background in every neuron, rays
driven one after the other by Poisson events. The 124 single cells that are removed are the first neurons by name that the
assay does not drive. Ours is the whole call of ``wormsim.simulate`` in single precision, kernel compiled before, spikes of
all cells counted every 10 ms. The assay's 600 ms are stretched to the duration.

The peer is Brian2's C++ program, one thread: the run loop alone, writing, compiling and building left out, with the same
events drawn beforehand, which spares it the drawing. Samples differ in how much they spike, so the intact variants of the
first samples are run, and the screen is taken as 1,000 times their mean. In double precision our spike counts must be
Brian2's, cell by cell and frame by frame.

NEST is not run: its gap junctions exist for two Hodgkin-Huxley cells only (hh_psc_alpha_gap, hh_cond_beta_gap_traub), and its
iaf_psc_exp neither drops events of refractory cells nor clears the synaptic current at a spike.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import tempfile
from dataclasses import replace
from pathlib import Path

# Run as a script: these stand beside this file.
import numpy as np
from sides import child, machine, peak_mb, spread, timed

DT_MS, EVERY_MS, SEED = 0.1, 10.0, 1


def experiment(n_variants: int, n_samples: int, duration_ms: float):
    """Model and variants; the samples' intact variants come first within each sample."""
    import wormsim as ws
    from wormsim.assays.mating_turn import ASSAY

    circuit = ws.load_circuit(ASSAY.circuit)
    assay = replace(ASSAY, stretch={"lif": duration_ms / ASSAY.duration_ms})
    model = assay.build(circuit, "lif")
    model = model.perturbed(*assay.stimulus(model.neuron))
    cells = circuit.connectome.cells
    neurons = sorted(set(cells.index[cells["kind"] == "neuron"]) - assay.driven(circuit))
    per_sample = -(-n_variants // n_samples)
    cases = {"intact": (), **{f"without {c}": (ws.Ablate(c),) for c in neurons[: per_sample - 1]}}
    return model, ws.Variants.cross(model.sample(n_samples, SEED), cases)


def simulate(model, variants, duration_ms: float, dtype: str, threads: int):
    import wormsim as ws

    return ws.simulate(model, variants, duration_ms=duration_ms, dt_ms=DT_MS, every_ms=EVERY_MS, spikes=True, dtype=dtype,
                       threads=threads, on_failure="mark")


def ours(options, runs: int) -> dict:
    if runs == 0:
        simulate(*experiment(options.variants, options.samples, EVERY_MS), EVERY_MS, "float32", 2)
        return {"s": []}
    model, variants = experiment(options.variants, options.samples, options.duration_s * 1e3)
    found = {}

    def run() -> None:
        found.clear()
        found["all"] = simulate(model, variants, options.duration_s * 1e3, "float32", 2)

    wall = timed(run, runs)
    spikes = found["all"].spikes.to_numpy()
    np.save(options.folder / "spikes_float32.npy", spikes[:: len(variants) // options.samples])
    return {"s": wall, "peak_mb": peak_mb(), "n": len(variants), "spikes": int(spikes.sum(dtype=np.int64)),
            "cells": len(model.circuit.connectome.cells), "edges": len(model.circuit.connectome.edges)}


def double(options) -> dict:
    """Spike counts of the intact variants in double precision."""
    model, variants = experiment(options.samples, options.samples, options.duration_s * 1e3)
    found = simulate(model, variants, options.duration_s * 1e3, "float64", 2)
    np.save(options.folder / "spikes_float64.npy", found.spikes.to_numpy())
    return {"s": []}


def brian2(options, sample: int, runs: int) -> dict:
    import brian2 as b2
    import peer_brian2

    from wormsim.variants import effects

    ms = options.duration_s * 1e3
    where = options.folder / f"brian2_{sample}"
    peer_brian2.prepare(DT_MS, where)
    model, variants = experiment(options.samples, options.samples, ms)
    done = effects(model, variants, DT_MS, round(ms / DT_MS))
    net = peer_brian2.lif(model.lower(variants.samples), done, variants.lanes(), sample, DT_MS)
    monitor = b2.SpikeMonitor(net["cells"])
    net.add(monitor)
    wall = peer_brian2.run_standalone(net, where, ms, runs)
    frame = np.rint(np.asarray(monitor.t) / (DT_MS * 1e-3)).astype(int) // round(EVERY_MS / DT_MS)
    counts = np.zeros((-(-round(ms) // round(EVERY_MS)), len(net["cells"])), np.uint16)
    np.add.at(counts, (frame, np.asarray(monitor.i)), 1)
    np.save(options.folder / f"spikes_brian2_{sample}.npy", counts)
    return {"s": wall, "peak_mb": peak_mb(resource.RUSAGE_CHILDREN), "spikes": int(counts.sum(dtype=np.int64))}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--variants", type=int, default=1000)
    parser.add_argument("--samples", type=int, default=8)
    parser.add_argument("--duration-s", type=float, default=1.0, help="simulated")
    parser.add_argument("--runs", type=int, default=5, help="of each side; the median counts")
    parser.add_argument("--peers", default="brian2", help="brian2, or empty for none")
    parser.add_argument("--peer-samples", type=int, default=4, help="how many samples' intact variants the peer runs")
    parser.add_argument("--side", help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.side:
        name, *more = options.side.split(":")
        sides = {"ours": lambda: ours(options, options.runs), "double": lambda: double(options),
                 "brian2": lambda: brian2(options, int(more[0]), options.runs)}
        print(json.dumps(sides[name]()))
        return
    if options.peers not in ("", "brian2"):
        parser.error(f"--peers {options.peers!r} is neither brian2 nor empty")
    print(machine())
    with tempfile.TemporaryDirectory() as folder:
        print(json.dumps(compare(options, Path(folder))))


def compare(options, folder: Path) -> dict:
    """Both sides, printed as rows; returns the line of JSON."""
    def side(name: str, runs: int = options.runs, threads: int = 2) -> dict:
        return child(__file__, "--side", name, "--folder", folder, "--variants", options.variants, "--samples", options.samples,
                     "--duration-s", options.duration_s, "--runs", runs, threads=threads)

    side("ours", 0)  # compiles where the kernel cache is empty
    many = side("ours")
    a, n = statistics.median(many["s"]), many["n"]
    print(f"W3: {n:,} variants ({options.samples} samples) x {many['cells']} cells x {options.duration_s:g} s, {many['edges']:,} "
          f"connections, {many['spikes']:,} spikes")
    print(f"  ours, float32, 2 threads                {spread(many)}, peak {many['peak_mb']} MB", flush=True)
    line = {"workload": "W3", "ours_s": round(a, 5), "peer": None, "peer_s": None, "ratio": None, "peak_mb": many["peak_mb"],
            "n_runs": len(many["s"]), "variants": n, "threads": 2, "spikes": many["spikes"]}
    if not options.peers:
        return line
    side("double")
    each = [side(f"brian2:{k}", threads=1) for k in range(min(options.peer_samples, options.samples))]
    single, exact = (np.load(folder / f"spikes_{dtype}.npy") for dtype in ("float32", "float64"))
    different = []
    for k, peer in enumerate(each):
        theirs = np.load(folder / f"spikes_brian2_{k}.npy")
        equal = np.array_equal(exact[k], theirs)
        different += [] if equal else [k]
        rms = np.abs(single[k].sum(0, dtype=np.int64) - theirs.sum(0, dtype=np.int64)).max()
        print(f"  Brian2 C++, 1 thread, intact, sample {k:<2d} {spread(peer)}, peak {peer['peak_mb']} MB, {peer['spikes']:,} spikes, "
              f"float64 {'equal' if equal else 'DIFFERENT'}, float32 {single[k].sum(dtype=np.int64):,} (a cell by up to {rms})", flush=True)
    b = n * statistics.mean(statistics.median(peer["s"]) for peer in each)
    print(f"  ratio                                   {b / a:10.1f} ({n:,} x the mean of Brian2's {len(each)})", flush=True)
    if different:
        raise SystemExit(f"the spikes of sample(s) {different} are not the same")
    return {**line, "peer": f"Brian2 C++ standalone, 1 thread, run loop, mean of {len(each)} samples x {n}", "peer_s": round(b, 4),
            "ratio": round(b / a, 1), "peer_peak_mb": max(peer["peak_mb"] for peer in each)}


if __name__ == "__main__":
    main()
