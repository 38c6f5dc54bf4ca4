"""W4: the pyloric circuit, 10 s at 0.025 ms, for 1 and for 1,000 parameter sets: ours, a Cython simulator, Brian2's C++ code.

``python benchmarks/w4_pyloric.py --peer PATH/pyloric/simulator.pyx`` takes the Cython simulator from a checkout of
github.com/mackelab/pyloric (MIT); the package of that name in the registry is another's and empty. Without it only Brian2 is the
peer. The circuit is that of Prinz, Bucher & Marder 2004 (Nat Neurosci 7:1345): AB/PD 5, LP 2, PY 5; with 1,000 sets the seven
synapses are drawn between 1 and 100 nS. No noise; the same initial state everywhere.

What is timed: for us the whole call of ``simulate``, which returns the voltage of three cells every ms and the spike counts,
kernel already compiled; for the Cython simulator its function ``sim_time``, for as many of the sets as ``--peer-sets`` says, one
after the other on one thread, the rest extrapolated from the mean; for Brian2 the run loop of its C++ program, for one set.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import json
import statistics
import sys
import tempfile
import time
from pathlib import Path

# Run as a script: these stand beside this file.
import numpy as np
from sides import machine, peak_mb

import wormsim as ws
from wormsim.metrics.bursts import crossings, rhythm, spike_times
from wormsim.model import Model
from wormsim.neurons.prinz2004 import CURRENTS, MODEL, published
from wormsim.parameter import Prior

CELLS, DT_MS, DURATION_MS, AREA_CM2 = ("ABPD", "LP", "PY"), 0.025, 10_000.0, 0.628e-3
# sender, receiver, conductance (nS) of the single set, as in network PN01 of the comparison
SYNAPSES = {"g_glut_nS[ABPD->LP]": (0, 1, 10.0), "g_chol_nS[ABPD->LP]": (0, 1, 10.0), "g_glut_nS[ABPD->PY]": (0, 2, 3.0),
            "g_chol_nS[ABPD->PY]": (0, 2, 10.0), "g_glut_nS[LP->ABPD]": (1, 0, 3.0), "g_glut_nS[LP->PY]": (1, 2, 0.0),
            "g_glut_nS[PY->LP]": (2, 1, 30.0)}
BIOPHYSICS = published(ABPD=5, LP=2, PY=5)


def model_and_variants(n_sets: int) -> tuple[Model, ws.Variants]:
    strengths = {k: g for k, (_, _, g) in SYNAPSES.items()} if n_sets == 1 else dict.fromkeys(
        SYNAPSES, Prior("loguniform", 1.0, 100.0))
    model = Model.build(ws.load_circuit("pyloric"), "prinz2004", parameters=BIOPHYSICS | strengths)
    return model, ws.Variants.cross(model.nominal() if n_sets == 1 else model.sample(n_sets, seed=1))


def median_of(runs: int, call) -> tuple[float, float, float, object]:
    """Median, least and greatest wall time, and what the last call returned."""
    wall = []
    for _ in range(runs):
        began = time.perf_counter()
        found = call()
        wall.append(time.perf_counter() - began)
    return statistics.median(wall), min(wall), max(wall), found


def ours(n_sets: int, dtype: str, threads: int, runs: int, every_ms: float = 1.0, duration_ms: float = DURATION_MS):
    model, variants = model_and_variants(n_sets)
    how = {"dt_ms": DT_MS, "dtype": dtype, "threads": threads, "every_ms": every_ms, "spikes": True, "on_failure": "mark"}
    ws.simulate(model, variants, duration_ms=every_ms, **how)
    return median_of(runs, lambda: ws.simulate(model, variants, duration_ms=duration_ms, **how).dataset)


def cython_simulator(path: Path, folder: Path):
    """The function of a ``simulator.pyx``, compiled."""
    import pyximport

    if not (path.is_file() and path.name == "simulator.pyx"):
        raise SystemExit(f"--peer {path} is no simulator.pyx")
    if importlib.util.find_spec("tqdm") is None:
        raise SystemExit("the Cython simulator imports tqdm: pip install tqdm")
    pyximport.install(setup_args={"include_dirs": np.get_include()}, language_level=3, build_dir=str(folder))
    sys.path.insert(0, str(path.parent))
    return importlib.import_module("simulator").sim_time


def cython_run(sim_time, strengths, duration_ms: float = DURATION_MS, biophysics=BIOPHYSICS) -> np.ndarray:
    """Voltages (3, steps) of one set; its synapses are in mS and negative, and go receiver first."""
    t = np.arange(0, duration_ms, DT_MS)
    g = AREA_CM2 * np.array([[biophysics[f"g_{c}_mS_cm2[{cell}]"] for c in CURRENTS] for cell in CELLS])
    glutamate = ["glut" in key for key in SYNAPSES]
    conns = np.array([[post, pre, -x * 1e-6, *((-70, 40) if glut else (-80, 100))] for (pre, post, _), x, glut
                      in zip(SYNAPSES.values(), strengths, glutamate, strict=True)], float)
    cell = np.array([-60.0, 0.05, *[0.0] * 7, 0.0, *[1.0] * 4])
    one = [1.0] * 8
    return sim_time(DT_MS, t, np.zeros((3, len(t))), g, conns, one[:7], one[:7], one, one[:7], one[:4], one[:1], 283.0, 0, 0,
                    init=[cell, cell, cell, np.zeros(7)], verbose=False)["Vs"]


def brian2(runs: int, folder: Path) -> tuple[list[float], np.ndarray]:
    """Run loop of the C++ program of the same equations, written as a user of Brian2 would, and the voltages every ms."""
    import brian2 as b2

    from wormsim import catalog

    synapses = [catalog.load("synapses", name).MODEL for name in MODEL.synapses]
    b2.set_device("cpp_standalone", build_on_run=False, directory=str(folder))
    b2.defaultclock.dt = DT_MS * b2.ms
    units = {"mV": b2.mV, "ms": b2.ms, "per_ms": 1 / b2.ms, "nS": b2.nS, "cm2": b2.cm**2, "mS_cm2": b2.msiemens / b2.cm**2,
             "uF_cm2": b2.ufarad / b2.cm**2, "uM": b2.umolar, "uM_nA": b2.umolar / b2.nA}
    namespace = {p.symbol: p.value * units[p.unit] for m in (MODEL, *synapses) for p in m.parameters}
    maximal = [f"g_{c}" for c in CURRENTS]
    text = "\n".join([MODEL.equations, *(s.cell_equations for s in synapses), "I = G_glut*(E_glut - v) + G_chol*(E_chol - v) : amp",
                      "G_glut : siemens", "G_chol : siemens", *(f"{g} : siemens/meter**2 (constant)" for g in maximal)])
    cells = b2.NeuronGroup(3, text, method="exponential_euler", threshold=MODEL.threshold, refractory=MODEL.refractory,
                           namespace={k: x for k, x in namespace.items() if k not in maximal})
    for c in CURRENTS:
        setattr(cells, f"g_{c}", [BIOPHYSICS[f"g_{c}_mS_cm2[{cell}]"] for cell in CELLS] * units["mS_cm2"])
    cells.v, cells.Ca = -60 * b2.mV, 0.05 * b2.umolar
    for gate in MODEL.initial.keys() - {"v", "Ca"}:
        setattr(cells, gate, float(gate[0] == "h"))
    cells.m_H = 1e-9  # Brian2 divides by a cell's total conductance, which would be 0
    net = b2.Network(cells)
    for s, name in zip(synapses, ("glut", "chol"), strict=True):
        edges = [(pre, post, g) for key, (pre, post, g) in SYNAPSES.items() if name in key]
        made = b2.Synapses(cells, cells, f"w : siemens (constant)\nG_{name}_post = w*s_{name}_pre : siemens (summed)", name=s.name)
        made.connect(i=[e[0] for e in edges], j=[e[1] for e in edges])
        made.w = [e[2] for e in edges] * b2.nS
        net.add(made)
    frames = b2.StateMonitor(cells, "v", record=True, dt=1 * b2.ms)
    net.add(frames, b2.SpikeMonitor(cells))
    net.run(DURATION_MS * b2.ms)
    b2.device.build(directory=str(folder), compile=True, run=False)
    wall = []
    for _ in range(runs):
        b2.device.run(str(folder), with_output=False, run_args=[])
        wall.append(float(b2.device._last_run_time))
    return wall, np.asarray(frames.v) * 1e3


def period(trains) -> str:
    return f"{rhythm(trains, 3000.0, DURATION_MS).period_ms:.1f} ms"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--peer", type=Path, help="pyloric/simulator.pyx of a checkout of github.com/mackelab/pyloric")
    parser.add_argument("--runs", type=int, default=5, help="of one set; the median counts")
    parser.add_argument("--sets", type=int, default=1000)
    parser.add_argument("--sets-runs", type=int, default=5, help="of all sets, in single precision; once in double")
    parser.add_argument("--peer-sets", type=int, default=20, help="sets that the Cython simulator runs; the rest is extrapolated")
    parser.add_argument("--no-brian2", action="store_true")
    options = parser.parse_args()
    print(machine())
    table: dict[tuple[int, str, int], float] = {}
    for n, runs in ((1, options.runs), (options.sets, options.sets_runs)):
        for dtype in ("float32", "float64"):
            for threads in (1, 2) if n > 1 else (1,):
                runs = runs if n == 1 or dtype == "float32" else 1
                middle, low, high, found = ours(n, dtype, threads, runs)
                table[n, dtype, threads] = middle
                told = period([spike_times(found["spikes"][0].sel(cell=c), 1.0) for c in CELLS]) if n == 1 else ""
                print(f"ours, {n:5d} set(s), {dtype}, {threads} thread(s): {middle:8.3f} s  median of {runs} ({low:.3f} to "
                      f"{high:.3f})  {told}", flush=True)
    exact = ours(1, "float64", 1, 1)[3]["v_mV"][0].to_numpy().T
    line = {"workload": "W4", "ours_s": round(table[1, "float32", 1], 4), "sets": options.sets,
            "ours_sets_s": round(table[options.sets, "float32", 1], 3),
            "ours_sets_2_threads_s": round(table[options.sets, "float32", 2], 3), "n_runs": options.runs,
            "peak_mb": peak_mb(), "peer": None, "peer_s": None, "ratio": None}
    with tempfile.TemporaryDirectory() as scratch:
        if options.peer:
            sim_time = cython_simulator(options.peer.resolve(), Path(scratch) / "cython")
            strengths = [g for _, _, g in SYNAPSES.values()]
            one, low, high, v = median_of(options.runs, lambda: cython_run(sim_time, strengths))
            print(f"Cython,    1 set: {one:.3f} s  median of {options.runs} ({low:.3f} to {high:.3f})  "
                  f"{period([crossings(x, DT_MS) for x in v])}")
            samples = model_and_variants(options.sets)[1].samples.values[list(SYNAPSES)].to_numpy()[: options.peer_sets]
            began = time.perf_counter()
            for row in samples:
                cython_run(sim_time, row)
            whole = (time.perf_counter() - began) / len(samples) * options.sets
            print(f"Cython, {options.sets:5d} sets: {whole:.1f} s, extrapolated from {len(samples)} sets")
            frames = v[:, :: round(1 / DT_MS)]
            for stop in (50, 100, 250):
                print(f"  greatest difference in V to ours (float64) over the first {stop} ms: "
                      f"{np.abs(exact[:, :stop] - frames[:, :stop]).max():.3g} mV")
            line |= {"peer": "mackelab/pyloric (Cython), 1 thread, per simulation", "peer_s": round(one, 4),
                     "ratio": round(one / table[1, "float32", 1], 2), "peer_sets_s": round(whole, 1),
                     "peer_sets_measured": len(samples), "ratio_sets": round(whole / table[options.sets, "float32", 1], 1),
                     "ratio_sets_float64": round(whole / table[options.sets, "float64", 1], 1),
                     "ratio_sets_2_threads": round(whole / table[options.sets, "float32", 2], 1)}
            print(f"  ratio: {line['ratio']} for 1 set, {line['ratio_sets']} for {options.sets} on one thread (float64: "
                  f"{line['ratio_sets_float64']}), {line['ratio_sets_2_threads']} on two")
        if not options.no_brian2:
            wall, v = brian2(options.runs, Path(scratch) / "brian2")
            middle = statistics.median(wall)
            print(f"Brian2 C++, 1 set: {middle:.3f} s  median of {len(wall)} ({min(wall):.3f} to {max(wall):.3f})")
            for stop in (50, 250, int(DURATION_MS)):
                print(f"  greatest difference in V to ours (float64) over the first {stop} ms: "
                      f"{np.abs(exact[:, :stop] - v[:, :stop]).max():.3g} mV")
            if not options.peer:
                line |= {"peer": "Brian2 C++ standalone, 1 thread, run loop", "peer_s": round(middle, 4),
                         "ratio": round(middle / table[1, "float32", 1], 2)}
            line |= {"brian2_s": round(middle, 3), "ratio_brian2": round(middle / table[1, "float32", 1], 1),
                     "ratio_brian2_sets": round(middle * options.sets / table[options.sets, "float32", 1], 1)}
    print(json.dumps(line))


if __name__ == "__main__":
    main()
