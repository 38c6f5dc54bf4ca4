"""The whole in-silico pump-probe: all 302 neurons stimulated in turn, everything watched, as one batch on one core.

There is no peer that does this; beside it stands the same work done one stimulus after the other by the same engine.
"""

import json
import resource
import time

import numpy as np

import wormsim as ws
from wormsim import catalog

RUNS, SOME = 5, 20


def main() -> None:
    probe = catalog.load("assays", "signal_propagation").ASSAY
    circuit = ws.load_circuit(probe.circuit)
    model, cells = probe.build(circuit), list(circuit.connectome.cells.index)
    samples = model.sample(1, seed=1)
    probe.responses(model, samples, cells[:SOME], cells, threads=1)  # compiles
    walls = []
    for _ in range(RUNS):
        began = time.perf_counter()
        batch = probe.responses(model, samples, cells, cells, threads=1)
        walls.append(time.perf_counter() - began)
    began = time.perf_counter()
    singles = np.concatenate([probe.responses(model, samples, [cell], cells, threads=1) for cell in cells[:SOME]], axis=1)
    peer_s = (time.perf_counter() - began) * len(cells) / SOME
    assert np.array_equal(singles, batch[:, :SOME]), "a stimulus must not know its company"
    ours_s = float(np.median(walls))
    print(json.dumps({"workload": f"pump-probe: {len(cells)} stimulations x {probe.watch_ms:g} ms, float64, 1 thread", "ours_s": round(ours_s, 3),
                      "peer": f"one stimulus at a time (from {SOME})", "peer_s": round(peer_s, 2), "ratio": round(peer_s / ours_s, 1),
                      "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024, "n_runs": RUNS}))


if __name__ == "__main__":
    main()
