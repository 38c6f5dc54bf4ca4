"""Twelve pyloric networks beside the Cython simulator of mackelab/pyloric: period and phases, run side by side.

``python benchmarks/pyloric_peer.py --peer PATH/pyloric/simulator.pyx`` takes it from a checkout of github.com/mackelab/pyloric (MIT), an
implementation of Prinz, Bucher & Marder 2004 that nobody of wormsim wrote. Both start at -60 mV, m 0, h 1, step by 0.025 ms without noise
at 283 K, and are measured from 10 to 20 s by the same function (``wormsim.metrics.bursts``). Known differences: it takes forward Euler
steps in its synapses and 0.6283 nF for the capacitance of a cell, where wormsim has 0.628. Some networks stand at the edge of one more
spike in a burst of PY, which moves the end of that burst by more than 0.02 of the cycle: hence the column of spikes.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path

import numpy as np
from w4_pyloric import CELLS, DT_MS, SYNAPSES, cython_run, cython_simulator

import wormsim as ws
from wormsim.data import tables
from wormsim.metrics.bursts import Rhythm, crossings, pyloric_like, rhythm, spike_times
from wormsim.neurons.prinz2004 import published

SETTLE_MS, DURATION_MS = 10_000.0, 20_000.0
# columns of the table in the order of SYNAPSES
COLUMNS = ("AB_LP_glut_nS", "PD_LP_chol_nS", "AB_PY_glut_nS", "PD_PY_chol_nS", "LP_PD_glut_nS", "LP_PY_glut_nS", "PY_LP_glut_nS")


def ours(strengths, biophysics) -> Rhythm:
    model = ws.Model.build(ws.load_circuit("pyloric"), "prinz2004", parameters=biophysics | dict(zip(SYNAPSES, strengths, strict=True)))
    runs = ws.simulate(model, duration_ms=DURATION_MS, every_ms=0.5, spikes=True, dtype="float64", check_step=False).dataset
    return rhythm([spike_times(runs["spikes"][0].sel(cell=cell), 0.5) for cell in CELLS], SETTLE_MS, DURATION_MS)


def phases(found: Rhythm) -> np.ndarray:
    """PD off, LP on, LP off, PY on, PY off."""
    return np.array([found.off[0], found.on[1], found.off[1], found.on[2], found.off[2]])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--peer", type=Path, required=True, help="pyloric/simulator.pyx of a checkout of github.com/mackelab/pyloric")
    options = parser.parse_args()
    line = {"workload": "pyloric_peer", "peer": "mackelab/pyloric (Cython)", "networks": 0, "agree": 0, "agree_but_for_the_end_of_PY": 0}
    print("network   period ms, ours / theirs     phases PD off, LP on, LP off, PY on, PY off; spikes in a burst, ours / theirs")
    with tempfile.TemporaryDirectory() as scratch:
        sim_time = cython_simulator(options.peer.resolve(), Path(scratch) / "cython")
        for _, network in tables.read_csv("prinz2004_reference").iterrows():
            biophysics = published(**{cell: int(network[cell]) for cell in CELLS})
            strengths = [float(network[column]) for column in COLUMNS]
            v = cython_run(sim_time, strengths, DURATION_MS, biophysics)
            there = rhythm([crossings(x, DT_MS) for x in v], SETTLE_MS, DURATION_MS)
            here = ours(strengths, biophysics)
            period, off = here.period_ms / there.period_ms - 1, np.abs(phases(here) - phases(there))
            close = abs(period) <= 0.02 and off[:4].max() <= 0.02 and pyloric_like(here) and pyloric_like(there)
            line["networks"] += 1
            line["agree"] += bool(close and off[4] <= 0.02)
            line["agree_but_for_the_end_of_PY"] += bool(close)
            print(f"{network['id']}  {here.period_ms:8.1f} / {there.period_ms:8.1f} ({period:+.2%})   "
                  f"{' '.join(f'{x:.3f}' for x in phases(here))} / {' '.join(f'{x:.3f}' for x in phases(there))}   "
                  f"{' '.join(f'{x:.1f}' for x in here.spikes)} / {' '.join(f'{x:.1f}' for x in there.spikes)}   "
                  f"{'agrees' if close and off[4] <= 0.02 else 'all but the end of PY' if close else 'DOES NOT AGREE'}", flush=True)
    print(json.dumps(line))


if __name__ == "__main__":
    main()
