"""W2: the worm's nervous system, intact and without each of its neurons: 303 graded variants for 10 s, and one alone.

``python benchmarks/w2_screen.py`` runs Cook's hermaphrodite (302 neurons, chemical and electrical), the graded model at its
published values, dt 0.1 ms, under two inputs: a steady current of 30 pA into each of the five touch neurons ALML, ALMR, AVM,
PLML and PLMR; and the same current as pulses of 10 Hz, 50 ms on and 50 ms off. Every 10 ms all voltages are kept.

Ours is the whole call of ``wormsim.simulate`` in single precision, kernel compiled before, preparing and recording included.
The peers run the intact variant, and a screen is taken as that many times one variant (an ablation changes a peer's time by
less than its spread):

- Brian2's C++ program (run loop alone; writing, compiling and building left out), one thread, two OpenMP threads, and two
  processes side by side, each with a variant; and Brian2 in Python with Cython. Each step costs the same, so that OpenMP and
  Python are timed over a tenth of the duration and scaled.
- SciPy's BDF, LSODA and RK45 with an analytic Jacobian, at the loosest tolerance of a ladder whose largest error is not
  above ours. The error is that of every voltage at every millisecond of the first second against a solution at 1e-9. RK45's
  step is limited by stability, so that it is timed and judged over the first tenth of a second and scaled. A solver has to
  start anew at each edge of a pulse; "BDF-smooth" is BDF under a sinus of 10 Hz between 0 and 30 pA in place of the pulses,
  which spares it that (our input is constant between two times, and our steps cost the same under any).

The largest difference between our voltages and each peer's stands beside its time. A screen with SciPy or Brian2 would take
one core for each process; what it takes on two cores is half of the figure printed.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import warnings
from pathlib import Path

# Run as a script: these stand beside this file.
import numpy as np
from sides import child, machine, peak_mb, spread, timed

DRIVEN, CURRENT_PA, PULSE_MS, DT_MS, EVERY_MS = ("ALM", "AVM", "PLM"), 30.0, 50.0, 0.1, 10.0
INPUTS = ("steady", "pulses")
BRIAN2 = {"brian2": "Brian2 C++ standalone, 1 thread, run loop", "openmp": "Brian2 C++ standalone, 2 OpenMP threads",
          "processes": "Brian2 C++ standalone, 2 processes", "runtime": "Brian2 runtime, Cython"}
SCIPY = ("BDF", "LSODA", "RK45", "BDF-smooth")
LADDER = (1e-1, 3e-2, 1e-2, 3e-3, 1e-3, 3e-4, 1e-4, 3e-5, 1e-5, 3e-6, 1e-6)
TIGHT = 1e-9
ERROR_WINDOW_MS, STABILITY_WINDOW_MS = 1000.0, 100.0


def model_of(which: str, duration_ms: float):
    """The graded hermaphrodite under an input."""
    import wormsim as ws
    from wormsim.circuit import circuit_from_dict

    text = {"connectome": "cook2019_hermaphrodite", "cells": {"kinds": ["neuron"]}}
    model = ws.Model.build(circuit_from_dict("hermaphrodite_neurons", text), "graded")
    if which == "steady":
        return model.perturbed(ws.Stimulate(*DRIVEN, current_pA=CURRENT_PA))
    onsets = np.arange(0.0, duration_ms, 2 * PULSE_MS)
    return model.perturbed(*(ws.Stimulate(*DRIVEN, start_ms=t, stop_ms=t + PULSE_MS, current_pA=CURRENT_PA) for t in onsets))


def arrays(which: str) -> tuple:
    """The same for the peers: network, current into each cell, and length of a pulse."""
    model = model_of("steady", 1.0)
    chosen = model.circuit.select(*DRIVEN)
    current = np.where(np.isin(model.circuit.connectome.cells.index, chosen), CURRENT_PA, 0.0)
    return model.lower(model.nominal()), current, None if which == "steady" else PULSE_MS


def ours(which: str, n_variants: int, duration_ms: float, dtype: str, threads: int, runs: int, keep: Path) -> dict:
    import wormsim as ws

    model = model_of(which, duration_ms)
    cells = model.circuit.connectome.cells.index
    cases = {"intact": (), **{f"without {c}": (ws.Ablate(c),) for c in cells}}
    variants = ws.Variants.cross(model.nominal(), dict(list(cases.items())[:n_variants]))
    found = {}

    def run() -> None:
        found.clear()  # else two recordings are there at a time
        found["all"] = ws.simulate(model, variants, duration_ms=duration_ms, dt_ms=DT_MS, every_ms=EVERY_MS, dtype=dtype,
                                   threads=threads)

    ws.simulate(model_of(which, EVERY_MS), variants, duration_ms=EVERY_MS, dt_ms=DT_MS, dtype=dtype, threads=threads)
    wall = timed(run, runs)
    if runs:
        np.save(keep, found["all"].v_mV.to_numpy()[0])
    return {"s": wall, "peak_mb": peak_mb(), "edges": len(model.circuit.connectome.edges)}


def brian2(which: str, peer: str, duration_ms: float, runs: int, folder: Path, keep: Path) -> dict:
    import resource

    import brian2 as b2
    import peer_brian2

    threads, processes = (2 if peer == "openmp" else 1), (2 if peer == "processes" else 1)
    where = folder / f"{peer}_{which}"
    peer_brian2.prepare(DT_MS, None if peer == "runtime" else where, threads, cython=True)
    network, current, pulse_ms = arrays(which)
    net = peer_brian2.graded(network, current, pulse_ms, duration_ms)
    if peer == "runtime":
        return {"s": [10 * s for s in peer_brian2.run_runtime(net, duration_ms / 10, runs)], "peak_mb": peak_mb()}
    monitor = b2.StateMonitor(net["cells"], "v", record=True, dt=EVERY_MS * b2.ms)
    net.add(monitor)
    scale = 10 if peer == "openmp" else 1
    wall = peer_brian2.run_standalone(net, where, duration_ms / scale, runs, processes)
    if processes == 1:
        np.save(keep, np.asarray(monitor.v).T * 1e3)
    return {"s": [scale * s / processes for s in wall], "peak_mb": processes * peak_mb(resource.RUSAGE_CHILDREN)}


def scipy(which: str, method: str, duration_ms: float, runs: int, folder: Path, keep: Path) -> dict:
    """The loosest tolerance that is as good as ours, and its time."""
    from peer_scipy import GradedODE

    network, current, pulse_ms = arrays(which)
    method, _, smooth = method.partition("-")
    ode = GradedODE(network, current, pulse_ms, bool(smooth))
    bound = json.loads((folder / f"error_{which}.json").read_text())
    if smooth:
        reference = ode.solve(min(duration_ms, ERROR_WINDOW_MS), 1.0, method, TIGHT)
    else:
        reference = np.load(folder / f"reference_{which}.npy")
    window = min(duration_ms, STABILITY_WINDOW_MS if method == "RK45" else ERROR_WINDOW_MS)
    for rtol in LADDER:
        error = _error(ode.solve(window, 1.0, method, rtol), reference)
        if error["max_mV"] <= bound["float32"]["max_mV"]:
            break
    spent = window if method == "RK45" else duration_ms
    found = {}
    wall = timed(lambda: found.update(v=ode.solve(spent, EVERY_MS, method, rtol)), runs)
    if spent == duration_ms and not smooth:
        np.save(keep, found["v"])
    return {"s": [s * duration_ms / spent for s in wall], "peak_mb": peak_mb(), "rtol": rtol, "error": error}


def _error(v: np.ndarray, reference: np.ndarray) -> dict:
    d = v - reference[: len(v)]
    return {"max_mV": float(f"{np.abs(d).max():.3g}"), "rms_mV": float(f"{np.sqrt((d**2).mean()):.3g}")}


def errors(which: str, duration_ms: float, folder: Path) -> dict:
    """Our largest error in both precisions over the first second; leaves the reference for the others."""
    from peer_scipy import GradedODE

    import wormsim as ws

    window = min(duration_ms, ERROR_WINDOW_MS)
    reference = GradedODE(*arrays(which)).solve(window, 1.0, "BDF", TIGHT)
    np.save(folder / f"reference_{which}.npy", reference)
    model, out = model_of(which, window), {"swing_mV": float(np.ptp(reference, axis=0).max())}
    for dtype in ("float32", "float64"):
        v = ws.simulate(model, duration_ms=window, dt_ms=DT_MS, every_ms=1.0, dtype=dtype, threads=1).v_mV.to_numpy()[0]
        out[dtype] = _error(v, reference)
    (folder / f"error_{which}.json").write_text(json.dumps(out))
    return out


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--variants", type=int, default=303)
    parser.add_argument("--duration-s", type=float, default=10.0, help="simulated")
    parser.add_argument("--runs", type=int, default=5, help="of each side; the median counts")
    parser.add_argument("--inputs", default=",".join(INPUTS))
    parser.add_argument("--peers", default=",".join([*BRIAN2, *SCIPY]), help="comma-separated; empty for none")
    parser.add_argument("--side", help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    options.peers = [p for p in options.peers.split(",") if p]
    options.inputs = options.inputs.split(",")
    for name in (*options.peers, *options.inputs):
        if name not in (*BRIAN2, *SCIPY, *INPUTS):
            parser.error(f"{name!r} is none of {', '.join((*BRIAN2, *SCIPY, *INPUTS))}")
    if options.side:
        print(json.dumps(one_side(options)))
        return
    print(machine())
    with tempfile.TemporaryDirectory() as folder:
        rows = [row for which in options.inputs for row in compare(which, options, Path(folder))]
    print(json.dumps({**rows[0], "also": rows[1:]}))


def one_side(options) -> dict:
    """What a child process does: ``--side NAME`` with a single input."""
    from wormsim.errors import DataWarning

    warnings.simplefilter("ignore", DataWarning)  # of hubs that are faster than the step: the errors are printed
    ms, folder, which, runs = options.duration_s * 1e3, options.folder, options.inputs[0], options.runs
    name, *more = options.side.split(":")
    keep = folder / f"v_{which}_{'_'.join([name, *more])}.npy"
    if name == "errors":
        return errors(which, ms, folder)
    if name == "ours":
        return ours(which, options.variants, ms, more[0], int(more[1]), runs, keep)
    return brian2(which, name, ms, runs, folder, keep) if name in BRIAN2 else scipy(which, name, ms, runs, folder, keep)


def compare(which: str, options, folder: Path) -> list[dict]:
    """All sides under one input, printed as rows; returns the lines of JSON."""
    def side(name: str, variants: int = 1, threads: int = 1, runs: int = options.runs) -> dict:
        return child(__file__, "--side", name, "--folder", folder, "--inputs", which, "--variants", variants,
                     "--duration-s", options.duration_s, "--runs", runs, threads=threads)

    n, many = options.variants, {}
    for runs in (0, options.runs):  # none: compiles where the kernel cache is empty, apart from the memory that is measured
        many = side("ours:float32:2", n, 2, runs)
        one, double = side("ours:float32:1", runs=runs), side("ours:float64:1", runs=runs)
    error = side("errors")
    print(f"W2 {which}: {n} variants x 302 neurons x {options.duration_s:g} s, {many['edges']:,} connections; voltages move by up "
          f"to {error['swing_mV']:.0f} mV in the first second")
    for what, found, accuracy in ((f"ours, {n} variants, float32, 2 threads", many, error["float32"]),
                                  ("ours, 1 variant, float32, 1 thread", one, error["float32"]),
                                  ("ours, 1 variant, float64, 1 thread", double, error["float64"])):
        print(f"  {what:<42s} {spread(found)}, peak {found['peak_mb']} MB, error {accuracy['max_mV']} mV (rms {accuracy['rms_mV']})",
              flush=True)
    screen, alone = [line(f"W2 screen, {which}", many, n, 2)], [line(f"W2 one variant, {which}", one, 1, 1)]
    for name in options.peers:
        if name == "BDF-smooth" and which == "steady":
            continue
        peer = side(name)
        peer["name"] = BRIAN2.get(name) or f"SciPy {name}, rtol {peer['rtol']:g}"
        differs = {}
        for dtype in ("float32", "float64"):
            files = [folder / f"v_{which}_{x}.npy" for x in (f"ours_{dtype}_1", name)]
            if all(f.is_file() for f in files):
                a, b = map(np.load, files)
                differs[dtype] = float(f"{np.abs(a[: len(b)] - b).max():.3g}")
        alone.append(line(f"W2 one variant, {which}", one, 1, 1, peer, differs))
        screen.append(line(f"W2 screen, {which}", many, n, 2, peer, differs))
        print(f"  {peer['name']:<42s} {spread(peer)}, peak {peer['peak_mb']} MB"
              f"{', error {max_mV} mV (rms {rms_mV})'.format(**peer['error']) if 'error' in peer else ''}"
              f"{', differs from ours by ' + ', '.join(f'{x} mV ({k})' for k, x in differs.items()) if differs else ''}\n"
              f"  {'':<42s} x {n} = {screen[-1]['peer_s']:.1f} s; ratio: one variant {alone[-1]['ratio']}, screen {screen[-1]['ratio']}",
              flush=True)
    return [*screen[bool(options.peers):], *alone[bool(options.peers):]]


def line(workload: str, ours_: dict, variants: int, threads: int, peer: dict | None = None, differs: dict | None = None) -> dict:
    """A line of JSON; the peer's time is that of `variants` variants one after the other."""
    a = statistics.median(ours_["s"])
    b = variants * statistics.median(peer["s"]) if peer else None
    more = {k: peer[k] for k in ("rtol", "error") if k in peer} if peer else {}
    return {"workload": workload, "ours_s": round(a, 5), "peer": peer and peer["name"], "peer_s": peer and round(b, 4),
            "ratio": peer and round(b / a, 2), "peak_mb": ours_["peak_mb"], "peer_peak_mb": peer and peer["peak_mb"],
            "n_runs": len(ours_["s"]), "variants": variants, "threads": threads, "differs_mV": differs, **more}


if __name__ == "__main__":
    main()
