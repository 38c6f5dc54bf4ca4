"""A seeded synthetic graph of the size of the fly's brain, for the benchmarks: arrays on disk, made once.

Cells, edges and degrees follow the published adult brain (Dorkenwald et al. 2024, Nature 634:124; Shiu et al. 2024, Nature
634:210): 138,639 cells, 15,091,983 edges, log-normal in- and out-degrees, 62 % of the cells excitatory, a median of about two
contacts an edge. Inside it lies a pathway: 20 cells that the experiment drives, each with strong edges to 130 of 430 others.
The graph is random in every other way; it is no connectome.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

N_CELLS, N_EDGES = 138_639, 15_091_983
N_DRIVEN, N_EXCITED, FAN_OUT = 20, 430, 130
MV_PER_CONTACT = 0.275


def generate(seed: int = 1) -> dict[str, np.ndarray]:
    """Rows of the graph: indptr (int64), post (int32), contacts with sign (int16), and which cells are driven.

    Drawn are each sender's degree, then each edge's target by its in-weight; equal pairs are drawn once. Some more edges
    than wanted are drawn and thinned at random.
    """
    rng = np.random.default_rng(seed)
    spread = 1.1
    out_weight, in_weight = (rng.lognormal(0.0, spread, N_CELLS) for _ in range(2))
    degree = np.minimum(rng.poisson(out_weight / out_weight.sum() * N_EDGES * 1.03), 10_000)
    cumulated = np.cumsum(in_weight) / in_weight.sum()
    pre = np.repeat(np.arange(N_CELLS, dtype=np.int64), degree)
    key = pre * N_CELLS + np.minimum(np.searchsorted(cumulated, rng.random(len(pre))), N_CELLS - 1)
    key = np.unique(key)
    key = key[key // N_CELLS != key % N_CELLS]
    cells = rng.permutation(N_CELLS)
    driven, excited = np.sort(cells[:N_DRIVEN]), cells[N_DRIVEN : N_DRIVEN + N_EXCITED]
    strong = np.unique(np.concatenate([i * N_CELLS + rng.choice(excited, FAN_OUT, replace=False) for i in driven]))
    key = np.setdiff1d(key, strong, assume_unique=True)
    if len(key) + len(strong) < N_EDGES:
        raise RuntimeError(f"only {len(key) + len(strong)} of {N_EDGES} edges were drawn: draw more")
    key = key[np.sort(rng.choice(len(key), N_EDGES - len(strong), replace=False))]
    contacts = np.clip(np.rint(rng.lognormal(0.55, 1.0, len(key))), 1, 2000)
    contacts *= np.where(rng.random(N_CELLS) < 0.62, 1.0, -1.0)[key // N_CELLS]
    contacts = np.where(np.isin(key // N_CELLS, driven), np.abs(contacts), contacts)
    key = np.concatenate([key, strong])
    contacts = np.concatenate([contacts, np.rint(rng.lognormal(np.log(16.0), 0.6, len(strong)))])
    order = np.argsort(key)
    pre, post = np.divmod(key[order], N_CELLS)
    indptr = np.concatenate([[0], np.cumsum(np.bincount(pre, minlength=N_CELLS))])
    return {"indptr": indptr.astype(np.int64), "post": post.astype(np.int32), "contacts": contacts[order].astype(np.int16),
            "driven": driven.astype(np.int32)}


def write(folder: Path, seed: int = 1) -> None:
    """The arrays of :func:`generate` and the weights in mV, one file each."""
    folder.mkdir(parents=True, exist_ok=True)
    graph = generate(seed)
    graph["weight_mV"] = (graph["contacts"] * MV_PER_CONTACT).astype(np.float32)
    for name, x in graph.items():
        np.save(folder / f"{name}.npy", x)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    write(options.folder, options.seed)
