"""Twelve pyloric networks beside the Cython simulator of mackelab/pyloric: period and phases, run side by side.

``python benchmarks/pyloric_peer.py --peer PATH/pyloric/simulator.pyx [--dt-ms 0.005]`` takes it from a checkout of
github.com/mackelab/pyloric (MIT), an implementation of Prinz, Bucher & Marder 2004 that nobody of wormsim wrote. Both start at -60 mV, m 0,
h 1, step alike without noise at 283 K, and are measured over 5 s after 3 s by the same function (``wormsim.metrics.bursts``). Known
differences: it takes forward Euler steps in its synapses and 0.6283 nF for the capacitance of a cell, where wormsim has 0.628; wormsim is
run with either. Some networks stand at the edge of one more spike in a burst of PY, where the step decides: hence the option for a shorter
one.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path

import numpy as np
import w4_pyloric
from w4_pyloric import CELLS, SYNAPSES, cython_run, cython_simulator

import wormsim as ws
from wormsim.data import tables
from wormsim.metrics.bursts import Rhythm, crossings, pyloric_like, rhythm, spike_times
from wormsim.neurons.prinz2004 import published

SETTLE_MS, DURATION_MS = 3_000.0, 8_000.0
THEIR_CAPACITANCE = {"C_m_uF_cm2": 0.6283 / 0.628}
# columns of the table in the order of SYNAPSES
COLUMNS = ("AB_LP_glut_nS", "PD_LP_chol_nS", "AB_PY_glut_nS", "PD_PY_chol_nS", "LP_PD_glut_nS", "LP_PY_glut_nS", "PY_LP_glut_nS")


def ours(strengths, biophysics, dt_ms: float) -> Rhythm:
    model = ws.Model.build(ws.load_circuit("pyloric"), "prinz2004", parameters=biophysics | dict(zip(SYNAPSES, strengths, strict=True)))
    runs = ws.simulate(model, duration_ms=DURATION_MS, dt_ms=dt_ms, every_ms=0.5, spikes=True, dtype="float64", check_step=False).dataset
    return rhythm([spike_times(runs["spikes"][0].sel(cell=cell), 0.5) for cell in CELLS], SETTLE_MS, DURATION_MS)


def phases(found: Rhythm) -> np.ndarray:
    """PD off, LP on, LP off, PY on, PY off."""
    return np.array([found.off[0], found.on[1], found.off[1], found.on[2], found.off[2]])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--peer", type=Path, required=True, help="pyloric/simulator.pyx of a checkout of github.com/mackelab/pyloric")
    parser.add_argument("--dt-ms", type=float, default=w4_pyloric.DT_MS, help="step of both")
    options = parser.parse_args()
    w4_pyloric.DT_MS = options.dt_ms
    line = {"workload": "pyloric_peer", "peer": "mackelab/pyloric (Cython)", "dt_ms": options.dt_ms, "networks": 0, "agree": 0,
            "agree_with_their_capacitance": 0}
    print("network   period ms, ours / theirs     phases PD off, LP on, LP off, PY on, PY off, ours / theirs")
    with tempfile.TemporaryDirectory() as scratch:
        sim_time = cython_simulator(options.peer.resolve(), Path(scratch) / "cython")
        for _, network in tables.read_csv("prinz2004_reference").iterrows():
            biophysics = published(**{cell: int(network[cell]) for cell in CELLS})
            strengths = [float(network[column]) for column in COLUMNS]
            v = cython_run(sim_time, strengths, DURATION_MS, biophysics)
            there = rhythm([crossings(x, options.dt_ms) for x in v], SETTLE_MS, DURATION_MS)
            line["networks"] += 1
            for which, extra in (("agree", {}), ("agree_with_their_capacitance", THEIR_CAPACITANCE)):
                here = ours(strengths, biophysics | extra, options.dt_ms)
                period = here.period_ms / there.period_ms - 1
                agrees = (abs(period) <= 0.02 and np.abs(phases(here) - phases(there)).max() <= 0.02 and pyloric_like(here)
                          and pyloric_like(there))
                line[which] += bool(agrees)
                print(f"{'      ' if extra else network['id'] + '  '}{here.period_ms:8.1f} / {there.period_ms:8.1f} ({period:+.2%})   "
                      f"{' '.join(f'{x:.3f}' for x in phases(here))} / {' '.join(f'{x:.3f}' for x in phases(there))}   "
                      f"{'agrees' if agrees else 'DOES NOT AGREE'}{' (their capacitance)' if extra else ''}", flush=True)
    print(json.dumps(line))


if __name__ == "__main__":
    main()
