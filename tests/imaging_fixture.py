"""A made-up atlas, and made-up animals, in the layouts of the real ones."""

import h5py
import numpy as np

import wormsim as ws

CELLS = ["AVAL", "AVAR", "AVBL", "AVBR", "AVDL", "AVDR", "AVEL", "AVER", "PVCL", "PVCR", "RIML", "RIMR", "AIBL", "AIBR", "RIAL", "RIAR", "SMDVL",
         "SMDVR", "SMDDL", "SMDDR", "RMDVL", "RMDVR", "AIZL", "AIZR"]
CIRCUIT = """
description = "some head and command neurons"
source = "Cook SJ et al 2019 Nature 571:63"
connectome = "cook2019_hermaphrodite"
[cells]
include = [{cells}]
[groups]
command = ["AVA", "AVB"]
"""


def write_circuit(folder):
    """A circuit of those cells; its path."""
    path = folder / "some.toml"
    path.write_text(CIRCUIT.format(cells=", ".join(f'"{c}"' for c in CELLS)))
    return path


def write_atlas(folder, seed=0):
    """A package wormneuroatlas in which pairs with gap junctions answer, and nothing else but chance."""
    rng = np.random.default_rng(seed)
    gaps = ws.load_connectome("cook2019_hermaphrodite").to_sparse("electrical")
    index = ws.load_connectome("cook2019_hermaphrodite").cells.index
    at = index.get_indexer(CELLS)
    joined = gaps.toarray()[np.ix_(at, at)] > 0
    n = len(CELLS)
    package = folder / "wormneuroatlas"
    (package / "data").mkdir(parents=True)
    (package / "__init__.py").write_text("raise RuntimeError('never imported')")
    with h5py.File(package / "data" / "funatlas.h5", "w") as file:
        file["neuron_ids"] = [c.encode() for c in CELLS]
        for strain in ("wt", "unc31"):
            group = file.create_group(strain)
            detected = rng.random((n, n)) < np.where(joined, 0.8, 0.05)
            group["q"] = np.where(detected, 0.01, 0.5)
            group["q_eq"] = np.ones((n, n))
            group["dFF"] = detected * 0.3 + 0.05 * rng.normal(size=(n, n))
            group["occ1"] = rng.integers(4, 9, (n, n))
            trials = group.create_dataset("dFF_all", (n, n), dtype=h5py.vlen_dtype(float))
            for i in range(n):
                for j in range(n):
                    trials[i, j] = detected[i, j] + rng.normal(size=6)
    with open(package / "data" / "anatlas_neuron_positions.txt", "w") as file:
        file.write("#" + " ".join([*CELLS, CELLS[0]]) + "\n")
        rows = rng.normal(size=(n, 3))
        for row in [*rows, rows[0]]:  # one stands there twice, as in the real file
            file.write(" ".join(f"{x:.4f}" for x in row) + "\n")
    return package


def write_animals(path, n=4, frames=240, seed=1):
    """Animals in the layout of Dag 2023 whose even neurons carry the head angle and whose odd ones a reversal."""
    rng = np.random.default_rng(seed)
    with h5py.File(path, "w") as file:
        for k in range(n):
            group = file.create_group(f"animal{k}")
            head = np.sin(np.arange(frames) / (4 + k)) + 0.3 * rng.normal(size=frames)
            reversal = (np.convolve(rng.normal(size=frames), np.ones(9), "same") > 2).astype(int)
            reversal[0] = reversal[-1] = 0
            traces = 0.8 * rng.normal(size=(frames, len(CELLS)))
            traces[:, ::2] += head[:, None] * np.where(np.arange(len(CELLS) // 2) % 2, 1, -1)
            traces[:, 1::2] += 2 * reversal[:, None]
            keep = np.delete(np.arange(len(CELLS)), [k, 2 * k + 3])
            group["names"] = [CELLS[i].encode() for i in keep]
            group["confidence"] = np.full(len(keep), 4.0, np.float32)
            group["trace_z"] = traces[:, keep].astype(np.float32)
            group["t_s"] = np.arange(frames) * 0.6
            group["head_angle"], group["velocity"] = head.astype(np.float32), (1 - 2 * reversal + 0.2 * rng.normal(size=frames)).astype(np.float32)
            group["reversal_vec"] = reversal
    return path
