"""A small real study for the tests: which node of a random graph does a path from first to last node need?"""

from typing import Literal

import networkx as nx
import numpy as np
import pandas as pd
from chunk_functions import path_chunk
from pydantic import BaseModel, ConfigDict, Field

from wormsim.errors import InputError, warn_data
from wormsim.studies import StudyFigure, StudyResult, score_table


class Screen(BaseModel):
    model_config = ConfigDict(extra="forbid")
    samples: int = Field(ge=1, le=10_000)
    probability: float = Field(default=0.3, gt=0, lt=1)
    layout: Literal["random", "ring"] = "random"
    sleep_s: float = 0.0


class Spec(BaseModel):
    model_config = ConfigDict(extra="forbid")
    seed: int
    nodes: int = Field(ge=3)
    screen: Screen
    wiring: str | None = None


def run(spec: Spec, runner) -> StudyResult:
    if spec.nodes == 13:
        raise InputError("13 nodes cannot be wired")
    if spec.nodes == 17:
        raise RuntimeError("a defect in the study")
    warn_data(2, "nodes kept without an edge", ["n3", "n4"])
    warn_data(2, "nodes kept without an edge", ["n3", "n4"])
    chunks = [{"seed": spec.seed, "sample": i, "nodes": spec.nodes, **spec.screen.model_dump(exclude={"samples"})}
              for i in range(spec.screen.samples)]
    samples = pd.concat(runner.map(path_chunk, chunks, "screen"), ignore_index=True)
    by_node = samples.groupby("node")["needed"].agg(["mean", "count"]).reset_index()
    ranking = by_node.rename(columns={"mean": "needed_probability", "count": "n"})
    ranking = ranking.sort_values(["needed_probability", "node"], ascending=[False, True], ignore_index=True)
    best = ranking.iloc[0]
    scores = score_table([
        {"metric": "needed_share", "group": "graphs", "value": float(samples["needed"].mean()), "low": 0.01,
         "high": 0.4, "floor": 0.0, "ceiling": 1.0, "n": len(samples), "verdict": "above its control"},
        {"metric": "needed_share", "group": "complete graph", "value": 0.0, "control": "complete", "n": 1},
        {"metric": "path_length", "value": float(nx.path_graph(spec.nodes).size()), "n": None},
    ])
    lengths = samples.groupby("sample")["length"].first()
    return StudyResult(
        summary=[f"Node **{best['node']}** is needed most often ({best['needed_probability']:.2f}).",
                 "A path that has a <script>alert(1)</script> neighbour, a [link](https://example.org) and `code`."],
        scores=scores, ranking=ranking, tables={"samples": samples, "graphs": lengths.reset_index()},
        traces={"lengths": lengths.to_xarray().to_dataset()},
        captions={"ranking": "Share of graphs in which no path is left *without* the node.",
                  "samples": "One row a graph and node."},
        controls={"complete": "Every pair of nodes is joined, so no node is needed."},
        citations=["Menger K 1927 Fundamenta Mathematicae 10:96"])


def figures(result: StudyResult) -> dict[str, StudyFigure]:
    def ranking():
        import matplotlib.pyplot as plt
        figure, axes = plt.subplots(figsize=(6, 3))
        axes.bar(result.ranking["node"], result.ranking["needed_probability"])
        axes.set_ylabel("needed (share of graphs)")
        return figure

    def lengths():
        import matplotlib.pyplot as plt
        figure, axes = plt.subplots(figsize=(6, 3))
        length = result.traces["lengths"]["length"].values
        axes.plot(np.sort(length))
        axes.set_xlabel("graph")
        axes.set_ylabel("length of shortest path")
        return figure

    return {"ranking": StudyFigure(ranking, "How often each node is **needed**.", "Bars, one a node"),
            "lengths": StudyFigure(lengths, "Shortest paths, sorted.")}
