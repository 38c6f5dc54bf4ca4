"""Build the normalised tables of edges from what ``cect`` carries (needs ``cect``).

A chemical edge is one row for each (pre, post); a gap junction is one row for each pair, the cell that comes first in
the canonical order as ``pre``; a molecular edge is one row for each (pre, post, transmitter, receptor). Cells take
their canonical names here; what the source wrote is kept in the table of members.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np


@dataclass(frozen=True)
class Recipe:
    """Where one connectome comes from.

    Parameters
    ----------
    name : str
        Name of the connectome and of its table.
    source : str
        File inside the ``cect`` package that is read.
    origins : tuple of str
        The authors' files inside ``cect/data`` from which cect made `source`.
    read : callable
        ``read(recipe, folder)`` gives (cells in the source's spelling, edges).
    unconnected : tuple of str
        Cells of the animal without an edge, left out by cect and kept here, in the source's spelling.
    """

    name: str
    source: str
    origins: tuple[str, ...]
    read: Callable[[Recipe, Path], tuple[list[str], list[dict]]]
    unconnected: tuple[str, ...] = ()


KINDS = {"Generic_CS": "chemical", "Generic_GJ": "electrical", "Contact": "contact", "Functional": "functional",
         "Peptidergic": "peptide"}
SYMMETRIC = ("electrical", "contact")


def from_matrices(nodes: list[str], matrices: dict[str, np.ndarray]) -> tuple[list[str], list[dict]]:
    """Edges of adjacency matrices ``[pre, post]``, one a synapse class; symmetric kinds once a pair."""
    edges = []
    for label, matrix in matrices.items():
        kind, weights = KINDS[label], np.asarray(matrix, dtype=float)
        if weights.shape != (len(nodes), len(nodes)) or not np.isfinite(weights).all():
            raise ValueError(f"{label}: not a finite {len(nodes)} x {len(nodes)} matrix")
        if kind in SYMMETRIC:
            if not np.array_equal(weights, weights.T):
                raise ValueError(f"{label}: not symmetric, so a pair has no single weight")
            weights = np.triu(weights)
        for i, j in zip(*np.nonzero(weights), strict=True):
            edges.append({"pre": nodes[i], "post": nodes[j], "kind": kind, "contacts": float(weights[i, j])})
    return list(nodes), edges


def read_cache(recipe: Recipe, folder: Path) -> tuple[list[str], list[dict]]:
    """Read one of cect's cached JSON files."""
    with open(folder / recipe.source, encoding="utf-8") as file:
        stored = json.load(file)
    return from_matrices(stored["nodes"], stored["connections"])


def read_white(recipe: Recipe, folder: Path) -> tuple[list[str], list[dict]]:
    """Read a White 1986 list with cect's own reader; the two single animals have no cache in cect 0.3.5."""
    from cect.readers.WhiteDataReader import WhiteDataReader

    dataset = WhiteDataReader(str(folder / recipe.source))
    return from_matrices(dataset.nodes, dataset.connections)


def _read_molecules(recipe: Recipe, folder: Path, kind: str) -> tuple[list[str], list[dict]]:
    with open(folder / recipe.source, newline="", encoding="utf-8") as file:
        rows = [[field.strip() for field in row] for row in csv.reader(file) if row]
    edges = [{"pre": pre, "post": post, "kind": kind, "contacts": 1.0, "transmitter": molecule, "receptor": receptor}
             for pre, post, molecule, receptor in rows]
    return list(dict.fromkeys(cell for row in rows for cell in row[:2])), edges


def read_monoamines(recipe: Recipe, folder: Path) -> tuple[list[str], list[dict]]:
    """Read Bentley's list of monoamine edges; cect's reader drops the receptor, so the list itself is read."""
    return _read_molecules(recipe, folder, "monoamine")


def read_peptides(recipe: Recipe, folder: Path) -> tuple[list[str], list[dict]]:
    """Read Bentley's list of neuropeptide edges, with peptide and receptor."""
    return _read_molecules(recipe, folder, "peptide")


def read_functional(recipe: Recipe, folder: Path) -> tuple[list[str], list[dict]]:
    """Read the pairs with q < 0.05; the amplitude keeps its sign in a column of its own."""
    nodes, edges = read_cache(recipe, folder)
    for edge in edges:
        edge["amplitude"] = edge["contacts"]
        edge["contacts"] = abs(edge["contacts"])
    return nodes, edges


_COOK = "data/SI 5 Connectome adjacency matrices, corrected July 2020.xlsx"
_WITVLIET = ("1 L1", "2 L1", "3 L1", "4 L1", "5 L2", "6 L3", "7 adult", "8 adult")

RECIPES: tuple[Recipe, ...] = (
    Recipe("white1986_whole", "cache/White_whole.json", ("data/aconnectome_white_1986_whole.csv",), read_cache),
    Recipe("white1986_adult", "data/aconnectome_white_1986_A.csv", (), read_white),
    Recipe("white1986_l4", "data/aconnectome_white_1986_L4.csv", (), read_white),
    Recipe("varshney2011", "cache/VarshneyDataReader.json", ("data/NeuronConnect.xls",), read_cache),
    Recipe("cook2019_hermaphrodite", "cache/Cook2019HermReader.json", (_COOK,), read_cache),
    Recipe("cook2019_male", "cache/Cook2019MaleReader.json", (_COOK,), read_cache, ("ADAR", "BAGR", "CA01")),
    Recipe("cook2020_pharynx", "cache/Cook2020DataReader.json",
           ("data/cne24932-sup-0004-supinfo4.csv", "data/cne24932-sup-0005-supinfo5.csv"), read_cache),
    *(Recipe(f"witvliet2021_{i}", f"cache/WitvlietDataReader{i}.json", (f"data/witvliet_2020_{stage}.xlsx",),
             read_cache)
      for i, stage in enumerate(_WITVLIET, 1)),
    Recipe("brittin2021", "cache/BrittinDataReader.json", ("data/41586_2021_3284_MOESM5_ESM.xlsx",), read_cache),
    Recipe("yim2024_dauer", "cache/Yim2024DataReader.json", ("data/41467_2024_45943_MOESM6_ESM.xlsx",), read_cache),
    Recipe("bentley2016_monoamine", "data/edgelist_MA.csv", (), read_monoamines),
    Recipe("bentley2016_peptide", "data/edgelist_NP.csv", (), read_peptides),
    *(Recipe(f"ripollsanchez2023_{reach}", f"cache/RipollSanchez{reach.capitalize()}RangeReader.json",
             (f"data/01022024_neuropeptide_connectome_{reach}_range_model.csv",), read_cache)
      for reach in ("short", "mid", "long")),
    Recipe("randi2023", "cache/WormNeuroAtlasFuncReader.json", (), read_functional),
)


def build(recipe: Recipe, folder: Path, canonical: dict[str, str]) -> tuple[list[dict], list[dict]]:
    """Edges and members of one connectome under canonical names, in canonical order.

    Parameters
    ----------
    recipe : Recipe
    folder : Path
        Folder of the ``cect`` package.
    canonical : dict
        Every accepted spelling to the canonical name; the order of its values is the canonical order.
    """
    order = {name: i for i, name in enumerate(dict.fromkeys(canonical.values()))}
    nodes, edges = recipe.read(recipe, folder)
    unknown = sorted({n for n in (*nodes, *recipe.unconnected) if n not in canonical})
    if unknown:
        raise ValueError(f"{recipe.name}: cells without a canonical name: {', '.join(unknown)}")
    clash = set(nodes) & set(recipe.unconnected)
    if clash:
        raise ValueError(f"{recipe.name}: {sorted(clash)} have edges after all; take them off the recipe")
    listed = set(nodes)
    connected = {cell for edge in edges for cell in (edge["pre"], edge["post"])}
    for edge in edges:
        edge["pre"], edge["post"] = canonical[edge["pre"]], canonical[edge["post"]]
        if edge["kind"] in SYMMETRIC and order[edge["pre"]] > order[edge["post"]]:
            edge["pre"], edge["post"] = edge["post"], edge["pre"]
    edges.sort(key=lambda e: (e["kind"], order[e["pre"]], order[e["post"]], e.get("transmitter", ""),
                              e.get("receptor", "")))
    keys = [(e["pre"], e["post"], e["kind"], e.get("transmitter"), e.get("receptor")) for e in edges]
    if len(set(keys)) != len(keys):
        raise ValueError(f"{recipe.name}: {len(keys) - len(set(keys))} duplicated edges")
    members = [{"connectome": recipe.name, "cell": canonical[n], "source_name": n, "listed": n in listed,
                "connected": n in connected}
               for n in sorted((*nodes, *recipe.unconnected), key=lambda n: order[canonical[n]])]
    if len({m["cell"] for m in members}) != len(members):
        raise ValueError(f"{recipe.name}: two spellings of one cell")
    return edges, members
