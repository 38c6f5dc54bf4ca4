"""Networks of the pyloric circuit: published cells with synapses of the paper's grid, run side by side and measured.

A network is a row with the numbers of its three cells (Prinz, Bucher & Marder 2004, Nat Neurosci 7:1345, Table 2) and the strengths of
its seven synapses in nS. The functions that take one `spec` are chunks of :class:`~wormsim.runner.Runner`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ..circuit import load_circuit
from ..data import tables
from ..kernels.random import uniforms
from ..metrics.bursts import pyloric_like, rhythm, spike_times
from ..model import Model
from ..neurons.prinz2004 import published
from ..perturbations import Ablate
from ..samples import Samples, name_keys
from ..simulation import simulate
from ..synapses.modulatory_current import form
from ..variants import Variant, Variants
from ._state_actions import applied

if TYPE_CHECKING:
    import xarray as xr

CELLS = ("ABPD", "LP", "PY")
SYNAPSES = {
    "AB_LP_glut_nS": "g_glut_nS[ABPD->LP]", "PD_LP_chol_nS": "g_chol_nS[ABPD->LP]", "AB_PY_glut_nS": "g_glut_nS[ABPD->PY]",
    "PD_PY_chol_nS": "g_chol_nS[ABPD->PY]", "LP_PD_glut_nS": "g_glut_nS[LP->ABPD]", "LP_PY_glut_nS": "g_glut_nS[LP->PY]",
    "PY_LP_glut_nS": "g_glut_nS[PY->LP]",
}
GRID_NS = (0.0, 1.0, 3.0, 10.0, 30.0, 100.0)  # the paper's; four of its seven synapses had only five of them, from memory, and which is not known
BATH = ("modulatory_current", "receptor_current")
LEAST_CYCLES = 2  # whole cycles that are seen before they are taken for a rhythm
_FRAME_MS = 1.0


def reference() -> pd.DataFrame:
    """The twelve networks of ``prinz2004_reference.csv`` by name: cells, synapses, and an independent simulator's rhythm."""
    return tables.read_csv("prinz2004_reference").set_index("id")


def drawn(seed: int, first: int, n: int) -> pd.DataFrame:
    """Networks number `first` to ``first + n`` of a seed: cells and strengths drawn alike from what the paper has."""
    table = tables.read_csv("prinz2004_cells")
    choices = {cell: sorted(table.loc[table["cell"] == cell, "number"]) for cell in CELLS} | dict.fromkeys(SYNAPSES, GRID_NS)
    numbers = np.arange(first, first + n)
    u = uniforms(seed, numbers, name_keys(f"network:{column}" for column in choices))
    columns = {c: np.array(options)[(u[:, k] * len(options)).astype(int)] for k, (c, options) in enumerate(choices.items())}
    return pd.DataFrame(columns, index=pd.Index([f"N{number:05d}" for number in numbers], name="id"))


def permuted(networks: pd.DataFrame, seed: int) -> pd.DataFrame:
    """The networks with the strengths of their seven synapses permuted, each in its own way."""
    out = networks.copy()
    for k, name in enumerate(networks.index):
        order = np.argsort(uniforms(seed, [k], name_keys(f"permute:{name}:{i}" for i in range(len(SYNAPSES))))[0])
        out.loc[name, list(SYNAPSES)] = networks.loc[name, list(SYNAPSES)].to_numpy()[order]
    return out


def parameters(network: Mapping[str, Any]) -> dict[str, float]:
    """Scoped parameters of a network, with nothing in the bath."""
    found = published(**{cell: int(network[cell]) for cell in CELLS})
    found |= {key: float(network[column]) for column, key in SYNAPSES.items()}
    for cell in CELLS:
        found |= {f"g_MI_nS[{cell}]": 0.0, f"g_receptor_nS[{cell}]": 0.0, f"E_receptor_mV[{cell}]": -80.0}
    return found | form("swensen2001")


def run(networks: Sequence[Mapping], conditions: Sequence[Mapping], duration_ms: float, dtype: str = "float32",
        every_ms: float = _FRAME_MS) -> xr.Dataset:
    """Every network under every condition (:mod:`._state_actions`), conditions running fastest, in one call of simulate.

    Voltages and spike counts of the three cells; start: -60 mV, m 0, h 1. The step is not checked against the time constants: those of
    s fall below it within spikes, where the exponential step takes s to s_inf (see ``synapses/prinz2004_glutamate.py``).
    """
    rows, variants = [], []
    for network in networks:
        base = parameters(network)
        for condition in conditions:
            values, gone = applied(condition, base)
            variants.append(Variant(str(len(rows)), len(rows), len(rows), (Ablate(*gone),) if gone else ()))
            rows.append(values)
    table = pd.DataFrame(rows, index=pd.RangeIndex(len(rows), name="sample"))
    circuit = load_circuit("pyloric")
    model = Model.build(circuit, "prinz2004", ("prinz2004_glutamate", "prinz2004_acetylcholine", *BATH), dict(table.iloc[0]))
    return simulate(model, Variants(Samples(table, 0), tuple(variants)), duration_ms=duration_ms, every_ms=every_ms, spikes=True,
                    dtype=dtype, check_step=False).dataset


def measures(dataset: xr.Dataset, settle_ms: float, duration_ms: float) -> pd.DataFrame:
    """The rhythm of every variant after `settle_ms`.

    Columns: cycles, period_ms, period_cv, once, ordered, pyloric (see :mod:`wormsim.metrics.bursts`; a rhythm of fewer than two
    cycles is not pyloric), and for each cell rate_Hz, on, off (phases), duty and spikes (in a burst); overlap: share of the cycle in
    which LP and PY burst together.
    """
    every_ms = float(dataset["time"][1] - dataset["time"][0])
    counts = dataset["spikes"].sel(cell=list(CELLS)).to_numpy()
    rows = []
    for run_counts in counts:
        trains = [spike_times(run_counts[:, k], every_ms) for k in range(len(CELLS))]
        found = rhythm(trains, settle_ms, duration_ms)
        row = {"cycles": found.cycles, "period_ms": found.period_ms, "period_cv": found.period_cv, "once": found.once,
               "ordered": found.ordered, "pyloric": bool(pyloric_like(found) and found.cycles >= LEAST_CYCLES)}
        for k, cell in enumerate(CELLS):
            row |= {f"rate_Hz_{cell}": 1e3 * float((trains[k] >= settle_ms).sum()) / (duration_ms - settle_ms),
                    f"on_{cell}": found.on[k], f"off_{cell}": found.off[k], f"duty_{cell}": found.duty[k],
                    f"spikes_{cell}": found.spikes[k]}
        row["overlap"] = max(0.0, min(found.off[1:]) - max(found.on[1:])) if np.isfinite(found.on[1:]).all() else np.nan
        rows.append(row)
    return pd.DataFrame(rows)


def try_networks(spec: dict) -> pd.DataFrame:
    """Chunk: draws of ``seed`` from number ``first``, their unmodulated rhythm, and whether it is pyloric-like (``pyloric``)."""
    networks = drawn(spec["seed"], spec["first"], spec["n"])
    dataset = run(networks.to_dict("records"), [{}], spec["duration_ms"])
    found = measures(dataset, spec["settle_ms"], spec["duration_ms"])
    return pd.concat([networks.reset_index(), found], axis=1)


def run_conditions(spec: dict) -> pd.DataFrame:
    """Chunk: every network of ``networks`` under every condition of ``conditions``; columns id, condition (number) and measures."""
    dataset = run(spec["networks"], spec["conditions"], spec["duration_ms"])
    found = measures(dataset, spec["settle_ms"], spec["duration_ms"])
    names = [network["id"] for network in spec["networks"]]
    found.insert(0, "condition", np.tile(np.arange(len(spec["conditions"])), len(names)))
    found.insert(0, "id", np.repeat(names, len(spec["conditions"])))
    return found
