"""How the time grows: with cells, edges and variants for the batch kernel, with cells, edges and spikes for the event kernel.

``python benchmarks/scaling.py`` times the run of the engine itself (what a recording's manifest calls ``wall_s``: no reading,
no lowering), single precision, dt 0.1 ms, fastest of three. The batch kernel (graded, lif) runs

- the hermaphrodite's 302 neurons intact and with single ablations, 1 to 2,048 variants, one thread and two;
- random networks of 64 variants: more and more cells of 16 chemical and 4 electrical connections each, and 300 cells with
  more and more edges.

The event kernel runs random graphs of leaky integrate-and-fire cells, some of which get Poisson events: more cells with 10^6
edges, more edges on 10^5 cells, and more spikes. It prints a table and writes ``scaling.png`` and ``scaling.csv``.
"""

from __future__ import annotations

import argparse
import csv
import json
import time
from pathlib import Path

# Run as a script: these stand beside this file.
import numpy as np
from sides import machine, peak_mb

OUT = Path(__file__).resolve().parents[1] / "docs" / "figures"
DT_MS, REPEATS = 0.1, 3
COLUMNS = ("engine", "model", "swept", "value", "cells", "edges", "variants", "threads", "spikes_per_s", "steps",
           "s_per_simulated_s")


def random_circuit(n_cells: int, n_chemical: int, n_electrical: int):
    """A circuit of neurons with random signed connections of 1 to 5 contacts."""
    import pandas as pd

    from wormsim.circuit import Circuit
    from wormsim.connectome import Connectome

    rng = np.random.default_rng(1)
    names = np.array([f"N{k}" for k in range(n_cells)], object)
    cells = pd.DataFrame({"cell_class": names, "kind": "neuron", "sex": "both", "transmitter": None, "role": ""}, index=names)
    edges = []
    for kind, n in (("chemical", n_chemical), ("electrical", n_electrical)):
        pairs = rng.choice(n_cells * n_cells, min(2 * n, n_cells * n_cells), replace=False)
        pre, post = np.divmod(pairs, n_cells)
        keep = pre < post if kind == "electrical" else pre != post
        pre, post = pre[keep][:n], post[keep][:n]
        edges.append(pd.DataFrame({"pre": names[pre], "post": names[post], "kind": kind,
                                   "contacts": rng.integers(1, 6, len(pre)).astype(float),
                                   "sign": pd.array(rng.choice([1, -1], len(pre)), "Int8"), "sign_certainty": 1.0,
                                   "sign_source": "drawn", "sign_group": names[pre]}))
    return Circuit("random", Connectome("random", cells, pd.concat(edges, ignore_index=True)))


def hermaphrodite():
    from wormsim.circuit import circuit_from_dict

    return circuit_from_dict("hermaphrodite_neurons", {"connectome": "cook2019_hermaphrodite", "cells": {"kinds": ["neuron"]}})


def batch(circuit, neuron: str, n_variants: int, threads: int, least_s: float, swept: str, value: int) -> dict:
    """One point of the batch kernel: as many steps as take `least_s`, and four times what a run takes before its first."""
    import wormsim as ws

    names = list(circuit.connectome.cells.index)
    drive = {"rate_Hz": 100.0, "size_pA": 20.0} if neuron == "lif" else {"current_pA": 20.0}
    model = ws.Model.build(circuit, neuron).perturbed(ws.Stimulate(*names[:5], **drive))
    cases = {f"{k}": (ws.Ablate(names[5 + (k - 1) % (len(names) - 5)]),) if k else () for k in range(n_variants)}
    variants = ws.Variants.cross(model.nominal(), cases)

    def run(steps: int) -> float:
        found = ws.simulate(model, variants, duration_ms=steps * DT_MS, dt_ms=DT_MS, every_ms=DT_MS * steps, record=names[:1],
                            threads=threads, on_failure="mark")
        return found.manifest["wall_s"]

    # What does not grow with the steps (threads, tables, a first touch of memory) is the time of two steps. It is taken off,
    # and the run made so long that it is the smaller part.
    few, steps = 2, 20
    run(few)
    base = min(run(few) for _ in range(REPEATS))
    while (spent := run(steps)) < least_s + 4 * base:
        steps = max(2 * steps, int(1.1 * steps * min((least_s + 4 * base) / spent, 10)))
    wall = min([spent, *(run(steps) for _ in range(REPEATS - 1))]) - base
    return {"engine": "batch", "model": neuron, "swept": swept, "value": value, "cells": len(names),
            "edges": len(circuit.connectome.edges), "variants": n_variants, "threads": threads, "spikes_per_s": "", "steps": steps,
            "s_per_simulated_s": wall / ((steps - few) * DT_MS) * 1e3}


def event(n_cells: int, n_edges: int, n_driven: int, duration_ms: float, swept: str, value: int | None) -> dict:
    """One point of the event kernel, one thread: `n_driven` cells get 100 Poisson events a second, each a spike."""
    from wormsim.engines.sparse import PoissonDrive, SparseNetwork, simulate_sparse

    rng = np.random.default_rng(1)
    per_cell = n_edges // n_cells
    network = SparseNetwork(np.arange(n_cells + 1, dtype=np.int64) * per_cell,
                            rng.integers(0, n_cells, n_cells * per_cell, dtype=np.int32),
                            rng.normal(0.0, 0.3, n_cells * per_cell).astype(np.float32))
    drive = PoissonDrive(rng.choice(n_cells, min(n_driven, n_cells), replace=False), rate_Hz=100.0, size_mV=68.75, into="v")
    wall, spikes = [], 0
    for k in range(REPEATS + 1):
        began = time.perf_counter()
        spikes = len(simulate_sparse(network, duration_ms if k else 10.0, dt_ms=DT_MS, poisson=drive, threads=1).step)
        wall.append(time.perf_counter() - began)
    rate = spikes * 1e3 / duration_ms
    return {"engine": "event", "model": "lif", "swept": swept, "value": round(rate) if value is None else value, "cells": n_cells,
            "edges": n_cells * per_cell, "variants": 1, "threads": 1, "spikes_per_s": round(rate), "steps": round(duration_ms / DT_MS),
            "s_per_simulated_s": min(wall[1:]) * 1e3 / duration_ms}


def measure(quick: bool):
    """Rows, one after the other."""
    least_s = 0.002 if quick else 0.15
    worm = hermaphrodite()
    for neuron in ("graded", "lif"):
        for threads in (1, 2):
            for n in (1, 16) if quick else (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048):
                yield batch(worm, neuron, n, threads, least_s, "variants", n)
        for n in (30,) if quick else (50, 100, 200, 400, 800, 1600, 3200):
            yield batch(random_circuit(n, 16 * n, 4 * n), neuron, 16 if quick else 64, 1, least_s, "cells", n)
        for n in (500,) if quick else (500, 1000, 2000, 4000, 8000, 16000, 32000):
            yield batch(random_circuit(300, 4 * n // 5, n // 5), neuron, 16 if quick else 64, 1, least_s, "edges", n)
    if quick:
        yield event(1000, 10_000, 10, 20.0, "cells", 1000)
        return
    for n in (1_000, 3_000, 10_000, 30_000, 100_000, 300_000, 1_000_000):
        yield event(n, 1_000_000, 20, 200.0, "cells", n)
    for n in (100_000, 300_000, 1_000_000, 3_000_000, 10_000_000):
        yield event(100_000, n, 100, 200.0, "edges", n)
    for n in (3, 10, 30, 100, 300, 1000, 3000, 10_000):
        yield event(100_000, 10_000_000, n, 200.0, "spikes", None)


def draw(rows: list[dict], path: Path) -> None:
    from wormsim.plotting.style import BLACK, BLUE, GREEN, GREY, RED, new_figure

    figure, axes = new_figure(13, 7.5, 2, 3)
    panels = [("batch", "variants", "variants of the hermaphrodite (302 cells)"),
              ("batch", "cells", "cells, 20 connections each (64 variants)"),
              ("batch", "edges", "connections among 300 cells (64 variants)"),
              ("event", "cells", "cells, 10^6 edges, 20 driven cells"),
              ("event", "edges", "edges, 10^5 cells, 100 driven cells"),
              ("event", "spikes", "spikes a second, 10^5 cells, 10^7 edges")]
    for ax, (engine, swept, label) in zip(axes, panels, strict=True):
        here = [r for r in rows if r["engine"] == engine and r["swept"] == swept]
        for model, colour in (("graded", BLUE), ("lif", RED if engine == "batch" else GREEN)):
            for threads, style in ((1, "o-"), (2, "s--")):
                line = sorted((r["value"], r["s_per_simulated_s"] / r["variants"]) for r in here
                              if r["model"] == model and r["threads"] == threads)
                if line:
                    name = f"{model}, {threads} thread{'s' * (threads > 1)}" if swept == "variants" else model
                    ax.plot(*zip(*line, strict=True), style, color=colour, ms=3.5, lw=1.3, label=name)
        ax.axhline(1.0, color=GREY, lw=0.8, ls=":")
        ax.set(xscale="log", yscale="log", xlabel=label)
        if engine == "batch":
            ax.legend(fontsize=8, frameon=False)
    axes[0].set(ylabel="s for each variant and simulated second", title="Batch kernel: variants")
    axes[1].set(title="Batch kernel: cells")
    axes[2].set(title="Batch kernel: connections")
    axes[3].set(ylabel="s for a simulated second", title="Event kernel: cells")
    axes[4].set(title="Event kernel: edges")
    axes[5].set(title="Event kernel: spikes")
    axes[0].text(0.02, 1.05, "real time", color=BLACK, fontsize=7, va="bottom", transform=axes[0].get_yaxis_transform())
    for row in (axes[:3], axes[3:]):
        low, high = (f(ax.get_ylim()[k] for ax in row) for k, f in ((0, min), (1, max)))
        for ax in row:
            ax.set_ylim(low, high)
    figure.savefig(path)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--quick", action="store_true", help="few small points: to see that it runs")
    parser.add_argument("--out", type=Path, default=OUT)
    parser.add_argument("--draw-only", action="store_true", help="draw scaling.csv anew")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    table = options.out / "scaling.csv"
    rows = []
    if options.draw_only:
        with open(table, newline="") as file:
            rows = [{k: float(x) if k in ("value", "s_per_simulated_s", "variants", "threads") else x for k, x in row.items()}
                    for row in csv.DictReader(file)]
    else:
        print(machine())
        print("  ".join(f"{c:>12s}" for c in COLUMNS))
        for row in measure(options.quick):
            row["s_per_simulated_s"] = float(f"{row['s_per_simulated_s']:.4g}")
            print("  ".join(f"{row[c]!s:>12s}" for c in COLUMNS), flush=True)
            rows.append(row)
        with open(table, "w", newline="") as file:
            writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
    draw(rows, options.out / "scaling.png")
    print(json.dumps({"workload": "scaling", "ours_s": None, "peer": None, "peer_s": None, "ratio": None, "peak_mb": peak_mb(),
                      "n_runs": REPEATS, "points": len(rows)}))


if __name__ == "__main__":
    main()
