"""Functions that tests map over chunks: importable by name in worker processes."""

import os
import signal
import time
import warnings
from pathlib import Path

import numpy as np
import pandas as pd

from wormsim.errors import InputError, warn_data


def squares(spec: dict) -> pd.DataFrame:
    """A small table with text, numbers and missing values, from a seeded generator."""
    rng = np.random.default_rng([spec["seed"], spec["start"]])
    k = np.arange(spec["start"], spec["start"] + 5)
    value = rng.normal(size=5)
    value[1] = np.nan
    return pd.DataFrame({"k": k, "square": k * k, "value": value, "name": [f"cell{i}" for i in k]})


def slow_squares(spec: dict) -> pd.DataFrame:
    time.sleep(spec["sleep_s"])
    return squares(spec)


def counted(spec: dict) -> pd.DataFrame:
    """Leaves a mark in spec["folder"] each time it runs."""
    folder = Path(spec["folder"])
    folder.mkdir(exist_ok=True)
    (folder / f"{spec['start']}-{time.time_ns()}").touch()
    return squares(spec)


def refuses_three(spec: dict) -> pd.DataFrame:
    if spec["start"] == 3:
        raise InputError("three cannot be done")
    return squares(spec)


def breaks_at_three(spec: dict) -> pd.DataFrame:
    return squares(spec) if spec["start"] != 3 else pd.DataFrame({"x": [1 // 0]})


def warns(spec: dict) -> pd.DataFrame:
    warn_data(2, "self-loops kept", ["AVAL", "AVAR"])
    warnings.warn("not about data", RuntimeWarning, stacklevel=1)
    return squares(spec)


def threads(spec: dict) -> pd.DataFrame:
    import numba
    return pd.DataFrame({"threads": [numba.get_num_threads()], "pid": [os.getpid()]})


def no_table(spec: dict) -> list:
    return [1]


def dies(spec: dict) -> pd.DataFrame:
    os.kill(os.getpid(), signal.SIGKILL)
    return squares(spec)


def path_chunk(spec: dict) -> pd.DataFrame:
    """One random graph: for each inner node, whether every path from the first node to the last needs it."""
    import networkx as nx

    time.sleep(spec["sleep_s"])
    rng = np.random.default_rng([spec["seed"], spec["sample"]])
    n = spec["nodes"]
    graph = nx.path_graph(n)
    for a, b in zip(*np.triu_indices(n, 2), strict=True):
        if rng.random() < spec["probability"]:
            graph.add_edge(int(a), int(b))
    length = nx.shortest_path_length(graph, 0, n - 1)
    needed = [not nx.has_path(graph.subgraph(set(graph) - {node}), 0, n - 1) for node in range(1, n - 1)]
    return pd.DataFrame({"sample": spec["sample"], "node": [f"n{i}" for i in range(1, n - 1)], "needed": needed,
                         "length": length})
