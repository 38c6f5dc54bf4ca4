"""The peer's side of W1 in NEST: ``iaf_psc_exp`` cells with equal parameters on the same graph, one thread.

A potential in mV stands for a current in pA (20 pF, 20 ms). Three things of the published model NEST's cell does not have: an
event that arrives at a refractory cell is not dropped, its current is not held meanwhile, and a spike does not clear it.
There are no events straight into v either: each driven cell's out-edges belong to a ``parrot_neuron`` that repeats its drive.
The spikes are therefore compared, and need not be equal. NEST counts the step of the spike among the refractory ones, so it
gets one step less.
"""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np

DT_MS, TAU_MS, DELAY_MS, REFRACTORY_STEPS = 0.1, 20.0, 1.8, 22
# Silence between two runs, ten time constants.
_GAP_MS = 200.0
_EDGES_AT_ONCE = 1_000_000


def run(folder: Path, driven: np.ndarray, step: np.ndarray, cell: np.ndarray, n_steps: int, runs: int) -> dict:
    """Time of ``nest.Run`` over `n_steps` (making the network is left out), and the spikes of the first run."""
    import nest
    from sides import peak_mb

    nest.verbosity = nest.VerbosityLevel.ERROR
    nest.ResetKernel()
    nest.resolution, nest.local_num_threads = DT_MS, 1
    indptr, post, weight = (np.load(folder / f"{name}.npy") for name in ("indptr", "post", "weight_mV"))
    n = len(indptr) - 1
    began = time.perf_counter()
    cells = nest.Create("iaf_psc_exp", n, {
        "C_m": TAU_MS, "tau_m": TAU_MS, "tau_syn_ex": 5.0, "tau_syn_in": 5.0, "E_L": -52.0, "V_m": -52.0, "V_reset": -52.0,
        "V_th": -45.0, "I_e": 0.0, "t_ref": (REFRACTORY_STEPS - 1) * DT_MS})
    parrots = nest.Create("parrot_neuron", len(driven))
    sender = np.arange(cells[0].global_id, cells[0].global_id + n)
    sender[driven] = np.arange(parrots[0].global_id, parrots[0].global_id + len(driven))
    pre, target = np.repeat(sender, np.diff(indptr)), post.astype(np.int64) + cells[0].global_id
    for k in range(0, len(post), _EDGES_AT_ONCE):
        part = slice(k, k + _EDGES_AT_ONCE)
        nest.Connect(pre[part], target[part], "one_to_one", {
            "synapse_model": "static_synapse", "weight": weight[part].astype(float),
            "delay": np.full(len(post[part]), DELAY_MS)})
    del pre, target
    generators, recorder = nest.Create("spike_generator", len(driven)), nest.Create("spike_recorder")
    nest.Connect(generators, parrots, "one_to_one", {"delay": DT_MS})
    nest.Connect(cells, recorder)
    nest.Connect(parrots, recorder)
    build_s = time.perf_counter() - began
    nest.Prepare()
    nest.Run(DT_MS)
    wall, spikes = [], None
    for _ in range(runs):
        origin = round(nest.biological_time / DT_MS)
        for k, g in enumerate(generators):
            # an event of step s makes its cell spike in step s + 1, which NEST stamps with the end of that step
            g.spike_times = np.round((step[cell == driven[k]] + 1 + origin) * DT_MS, 1)
        began = time.perf_counter()
        nest.Run(n_steps * DT_MS)
        wall.append(time.perf_counter() - began)
        if spikes is None:
            found = recorder.events
            back = {int(s): int(c) for s, c in zip(sender[driven], driven, strict=True)}
            who = np.array([back.get(s, s - cells[0].global_id) for s in found["senders"].tolist()], np.int64)
            at = np.rint(found["times"] / DT_MS).astype(np.int64) - 1 - origin
            own = np.isin(found["senders"] - cells[0].global_id, driven)  # the cells that a parrot stands for
            spikes = np.sort((at * n + who)[~own])
        nest.Run(_GAP_MS)
    nest.Cleanup()
    return {"s": wall, "peak_mb": peak_mb(), "spikes": spikes, "build_s": round(build_s, 1)}
