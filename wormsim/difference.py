"""What differs between two connectomes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

    from .connectome import Connectome


@dataclass(frozen=True, eq=False)
class ConnectomeDiff:
    """Cells and edges of two connectomes, set against each other.

    Attributes
    ----------
    here, there : str
        Names of the two.
    cells_here, cells_there : tuple of str
        Cells that only one has.
    cells_changed : pandas.DataFrame
        Shared cells with another class, kind or transmitter: columns ``cell``, ``column``, ``here``,
        ``there``.
    edges_here, edges_there : pandas.DataFrame
        Edges that only one has: ``pre``, ``post``, ``kind``, ``contacts``, ``cells_shared`` (False where the
        edge cannot be in the other because a cell is not).
    edges_changed : pandas.DataFrame
        Shared edges with other contacts: ``pre``, ``post``, ``kind``, ``contacts_here``, ``contacts_there``.
    notes : tuple of str
        What makes the numbers hard to compare (different units).
    """

    here: str
    there: str
    cells_here: tuple[str, ...]
    cells_there: tuple[str, ...]
    cells_changed: pd.DataFrame
    edges_here: pd.DataFrame
    edges_there: pd.DataFrame
    edges_changed: pd.DataFrame
    edges_equal: int
    notes: tuple[str, ...] = ()

    @property
    def empty(self) -> bool:
        """Whether the two are the same in all that is compared."""
        return not (self.cells_here or self.cells_there or len(self.cells_changed) or len(self.edges_here)
                    or len(self.edges_there) or len(self.edges_changed))

    def summary(self) -> pd.DataFrame:
        """Counts by kind of edge, and for cells: ``only_here``, ``only_there``, ``changed``."""
        import pandas as pd

        frames = (self.edges_here, self.edges_there, self.edges_changed)
        rows = {"cells": (len(self.cells_here), len(self.cells_there), self.cells_changed["cell"].nunique())}
        for kind in dict.fromkeys(pd.concat([f["kind"] for f in frames])):
            rows[kind] = tuple(int((f["kind"] == kind).sum()) for f in frames)
        rows["all edges"] = tuple(len(f) for f in frames)
        return pd.DataFrame.from_dict(rows, orient="index", columns=["only_here", "only_there", "changed"])

    def __repr__(self) -> str:
        apart = int((~self.edges_here["cells_shared"]).sum() + (~self.edges_there["cells_shared"]).sum())
        lines = [f"<ConnectomeDiff {self.here} against {self.there}",
                 f"  cells: {len(self.cells_here)} only here, {len(self.cells_there)} only there, "
                 f"{self.cells_changed['cell'].nunique()} changed",
                 f"  edges: {len(self.edges_here)} only here, {len(self.edges_there)} only there "
                 f"({apart} of them for want of a cell), {len(self.edges_changed)} with other contacts, "
                 f"{self.edges_equal} equal"]
        lines += [f"  note: {note}" for note in self.notes]
        return "\n".join(lines) + ">"


def difference(here: Connectome, there: Connectome) -> ConnectomeDiff:
    """Compare two connectomes cell by cell and edge by edge.

    Edges are the same when pre, post, kind and, where both have them, transmitter and receptor are;
    undirected edges are compared without regard to the order of the two cells.
    """
    import numpy as np
    import pandas as pd

    shared = here.cells.index.intersection(there.cells.index)
    changed = []
    for column in ("cell_class", "kind", "transmitter"):
        a, b = (c.cells.loc[shared, column].astype("string").fillna("") for c in (here, there))
        for cell in shared[(a != b).to_numpy()]:
            changed.append((cell, column, a[cell], b[cell]))
    keys = ["pre", "post", "kind"]
    keys += [c for c in ("transmitter", "receptor") if c in here.edges.columns and c in there.edges.columns]
    frames = []
    for connectome in (here, there):
        frame = connectome.edges[[*keys, "contacts"]].copy()
        first, second = frame["pre"].to_numpy(dtype=object), frame["post"].to_numpy(dtype=object)
        turn = frame["kind"].isin(["electrical", "contact"]).to_numpy() & (first > second)
        frame["pre"], frame["post"] = np.where(turn, second, first), np.where(turn, first, second)
        frames.append(frame.astype(dict.fromkeys(keys, "string")).fillna(dict.fromkeys(keys, "")))
    both = frames[0].merge(frames[1], on=keys, how="outer", suffixes=("_here", "_there"), indicator=True)
    both["cells_shared"] = both["pre"].isin(shared) & both["post"].isin(shared)

    def only(side: str, contacts: str) -> pd.DataFrame:
        part = both.loc[(both["_merge"] == side).to_numpy(), [*keys, contacts, "cells_shared"]]
        return part.rename(columns={contacts: "contacts"}).reset_index(drop=True)

    pairs = both[(both["_merge"] == "both").to_numpy()]
    moved = (pairs["contacts_here"] != pairs["contacts_there"]).to_numpy()
    units = [c.provenance.get("weight_unit") for c in (here, there)]
    notes = ()
    if units[0] != units[1]:
        notes = (f"contacts are in {units[0]} here and in {units[1]} there: compare presence, not size",)
    return ConnectomeDiff(
        here.name, there.name,
        tuple(here.cells.index.difference(there.cells.index, sort=False)),
        tuple(there.cells.index.difference(here.cells.index, sort=False)),
        pd.DataFrame(changed, columns=["cell", "column", "here", "there"]),
        only("left_only", "contacts_here"), only("right_only", "contacts_there"),
        pairs.loc[moved, [*keys, "contacts_here", "contacts_there"]].reset_index(drop=True),
        int((~moved).sum()), notes)
