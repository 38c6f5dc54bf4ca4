"""Connectome: which cells there are, which touch which, and where that is known from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from .errors import EmptySelectionError, InputError, UnknownNameError, warn_data
from .names import canonical_name, select_cells

if TYPE_CHECKING:
    import networkx as nx
    import numpy as np
    import pandas as pd
    from scipy.sparse import csr_array

    from .difference import ConnectomeDiff

__all__ = ["CELL_KINDS", "EDGE_KINDS", "Connectome", "canonical_name"]

CELL_KINDS = ("neuron", "muscle", "other")
EDGE_KINDS = ("chemical", "electrical", "monoamine", "peptide", "functional", "contact")

#: Kinds whose edges have no direction: one row a pair, written in the order of the cells.
UNDIRECTED_KINDS = ("electrical", "contact")

#: Edge attribute with which :meth:`Connectome.to_networkx` keeps the order of the rows.
EDGE_ROW = "edge_row"

#: What tells two edges between the same cells apart.
_IDENTITY = ("pre", "post", "kind", "transmitter", "receptor")


@dataclass(frozen=True, eq=False)
class Connectome:
    """One wiring diagram: cells, edges and provenance.

    Parameters
    ----------
    name : str
        Key of the diagram (``"cook2019_male"``).
    cells : pandas.DataFrame
        Index: canonical names (:func:`wormsim.names.canonical_name`), unique. Columns: ``kind`` (one of
        ``CELL_KINDS``) and, filled with missing values where absent, ``cell_class``, ``sex``,
        ``transmitter``, ``role``.
    edges : pandas.DataFrame
        Columns ``pre``, ``post`` (names in `cells`), ``kind`` (one of ``EDGE_KINDS``), ``contacts`` (float,
        at least 0; number, EM sections or size: the unit stands in ``provenance["weight_unit"]``, and it is
        never a conductance); optional ``transmitter``, ``receptor``, ``sign``, ``sign_source``,
        ``sign_certainty``, ``sign_group``. A gap junction is one row.
    provenance : dict
        ``citation``, ``doi``, ``licence``, ``source``, ``sha256``, ``weight_unit``, ``notes`` (list).

    Raises
    ------
    InputError
        A missing column, an unknown kind, a duplicated cell or edge, contacts that are negative or not a
        number; the message names the row.
    UnknownNameError
        An edge to a cell that is not in `cells`; the message names the row and the closest cells.

    Warns
    -----
    DataWarning
        Self-loops, which are kept (autapses are real), with their count.

    Notes
    -----
    The frames are the connectome's own: take a copy before you change one, and make a new connectome of it.
    """

    name: str
    cells: pd.DataFrame
    edges: pd.DataFrame
    provenance: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        cells = _checked_cells(self.cells, self.name)
        edges = _checked_edges(self.edges, cells, self.name)
        object.__setattr__(self, "cells", cells)
        object.__setattr__(self, "edges", edges)
        loops = edges[(edges["pre"] == edges["post"]).to_numpy()]
        warn_data(len(loops), f"self-loops kept in {self.name}", loops["pre"], stacklevel=4)

    @classmethod
    def trusted(cls, name: str, cells: pd.DataFrame, edges: pd.DataFrame,
                provenance: dict[str, Any]) -> Connectome:
        """A connectome from frames that are known to be valid (a checked snapshot, or a part of another
        connectome).

        Nothing is checked and nothing is warned about.
        """
        made = object.__new__(cls)
        for key, value in (("name", name), ("cells", cells), ("edges", edges), ("provenance", provenance)):
            object.__setattr__(made, key, value)
        return made

    # ---------------------------------------------------------------- parts

    def resolve(self, *selectors: str, groups: Mapping[str, Sequence[str]] | None = None,
                **attributes: Any) -> tuple[str, ...]:
        """Names of the cells that any of the selectors picks and that have all of the attributes
        (``transmitter="GABA"``; see :func:`wormsim.names.select_cells`).
        """
        return select_cells(self.cells, selectors, groups, attributes)

    def select(self, *selectors: str, groups: Mapping[str, Sequence[str]] | None = None,
               kinds: Sequence[str] | None = None, **attributes: Any) -> Connectome:
        """The part with these cells and the edges among them.

        Parameters
        ----------
        *selectors : str
            Names, classes, globs, groups or attributes.
        groups : mapping, optional
            Named groups that selectors may use.
        kinds : sequence of str, optional
            Keep only edges of these kinds.
        **attributes
            Columns of `cells` to the value they must have, or a list of which one must be met; no selector then
            stands for all cells.

        Examples
        --------
        ::

            connectome.select(transmitter="GABA", kind="neuron")
            connectome.select("VD", "DD", sex="both")
        """
        import numpy as np

        keep = self.cells.index.isin(self.resolve(*selectors, groups=groups, **attributes))
        edge_keep = keep[self.pre_index] & keep[self.post_index]
        if kinds is not None:
            for kind in kinds:
                if kind not in EDGE_KINDS:
                    raise UnknownNameError("edge kind", kind, EDGE_KINDS)
            edge_keep &= np.isin(self.edges["kind"].to_numpy(dtype=object), list(kinds))
        return self.with_edges(self.edges[edge_keep], cells=self.cells[keep])

    def without(self, *, pre: str | Sequence[str] = "*", post: str | Sequence[str] = "*",
                kinds: Sequence[str] = ("chemical", "electrical")) -> Connectome:
        """The connectome without the edges from `pre` to `post`; all cells stay.

        Parameters
        ----------
        pre, post : str or sequence of str
            Selectors of the two ends; an undirected edge goes when its ends match either way round.
        kinds : sequence of str
            Kinds of edge that go.

        Examples
        --------
        No wiring among neurons, motor output kept (the control "none")::

            connectome.without(pre="kind=neuron", post="kind=neuron")
        """
        import numpy as np

        for kind in kinds:
            if kind not in EDGE_KINDS:
                raise UnknownNameError("edge kind", kind, EDGE_KINDS)
        first = self.cells.index.isin(self.resolve(*([pre] if isinstance(pre, str) else pre)))
        second = self.cells.index.isin(self.resolve(*([post] if isinstance(post, str) else post)))
        kind = self.edges["kind"].to_numpy(dtype=object)
        gone = first[self.pre_index] & second[self.post_index]
        gone |= first[self.post_index] & second[self.pre_index] & np.isin(kind, UNDIRECTED_KINDS)
        gone &= np.isin(kind, list(kinds))
        return self.with_edges(self.edges[~gone], name=f"{self.name} without")

    def with_edges(self, edges: pd.DataFrame, *, name: str | None = None,
                   cells: pd.DataFrame | None = None) -> Connectome:
        """Put other, already valid, edges (and cells) in place of these; the provenance stays."""
        return Connectome.trusted(name or self.name, self.cells if cells is None else cells,
                                  edges.reset_index(drop=True), self.provenance)

    # ---------------------------------------------------------------- comparison and controls

    def diff(self, other: Connectome) -> ConnectomeDiff:
        """What is only here, only in `other`, and different: cells and edges."""
        from .difference import difference

        return difference(self, other)

    def shuffle(self, how: str, seed: int) -> Connectome:
        """A null model: ``"degree"``, ``"weights"`` or ``"signs"``; see :mod:`wormsim.shuffle` for what each
        keeps.
        """
        from .shuffle import shuffle

        return shuffle(self, how, seed)

    # ---------------------------------------------------------------- other shapes

    @cached_property
    def pre_index(self) -> np.ndarray:
        """Row of each edge's presynaptic cell in `cells`; int64, shape (n_edges,)."""
        return self.cells.index.get_indexer(self.edges["pre"])

    @cached_property
    def post_index(self) -> np.ndarray:
        """Row of each edge's postsynaptic cell in `cells`; int64, shape (n_edges,)."""
        return self.cells.index.get_indexer(self.edges["post"])

    def degree(self) -> pd.DataFrame:
        """Edges and contacts of every cell.

        Returns
        -------
        pandas.DataFrame
            Index: cells. For each directed kind present ``<kind>_in``, ``<kind>_out`` and, for contacts,
            ``<kind>_contacts_in``, ``<kind>_contacts_out``; for undirected kinds ``<kind>`` and
            ``<kind>_contacts``, where a self-loop counts once.
        """
        import numpy as np
        import pandas as pd

        n = len(self.cells)
        columns: dict[str, Any] = {}
        for kind in self._kinds():
            rows = (self.edges["kind"] == kind).to_numpy()
            contacts = self.edges["contacts"].to_numpy(dtype=float)[rows]
            pre, post = self.pre_index[rows], self.post_index[rows]
            if kind in UNDIRECTED_KINDS:
                apart = pre != post
                ends = np.concatenate([pre, post[apart]])
                columns[kind] = np.bincount(ends, minlength=n)
                both = np.concatenate([contacts, contacts[apart]])
                columns[f"{kind}_contacts"] = np.bincount(ends, both, n)
            else:
                columns[f"{kind}_in"] = np.bincount(post, minlength=n)
                columns[f"{kind}_out"] = np.bincount(pre, minlength=n)
                columns[f"{kind}_contacts_in"] = np.bincount(post, contacts, n)
                columns[f"{kind}_contacts_out"] = np.bincount(pre, contacts, n)
        return pd.DataFrame(columns, index=self.cells.index)

    def to_sparse(self, kind: str = "chemical", weight: str = "contacts") -> csr_array:
        """Adjacency of one kind, rows pre and columns post, in the order of `cells`.

        Parameters
        ----------
        kind : str
            One of ``EDGE_KINDS``; undirected kinds come out symmetric, with each self-loop once.
        weight : str
            Numeric column of `edges`; missing values count as 0.
        """
        import numpy as np
        from scipy.sparse import coo_array

        if kind not in EDGE_KINDS:
            raise UnknownNameError("edge kind", kind, EDGE_KINDS)
        if weight not in self.edges.columns:
            raise UnknownNameError("edge column", weight, self.edges.columns)
        rows = (self.edges["kind"] == kind).to_numpy()
        values = self.edges[weight].to_numpy(dtype=float, na_value=0.0)[rows]
        pre, post = self.pre_index[rows], self.post_index[rows]
        if kind in UNDIRECTED_KINDS:
            apart = pre != post
            pre, post = np.concatenate([pre, post[apart]]), np.concatenate([post, pre[apart]])
            values = np.concatenate([values, values[apart]])
        n = len(self.cells)
        return coo_array((values, (pre, post)), shape=(n, n)).tocsr()

    def to_networkx(self, kinds: Sequence[str] | None = None) -> nx.MultiDiGraph:
        """A directed multigraph whose nodes and edges carry all columns; undirected kinds appear both
        ways, and :func:`wormsim.read_table` reads them back as one. The edge attribute ``edge_row`` is the
        row in `edges`.
        """
        import networkx as nx

        origin = {k: v for k, v in self.provenance.items() if isinstance(v, str) and k != "name"}
        graph = nx.MultiDiGraph(name=self.name, **origin)
        graph.add_nodes_from((name, dict(row)) for name, row in self.cells.to_dict("index").items())
        for number, row in enumerate(self.edges.to_dict("records")):
            pre, post, kind = row.pop("pre"), row.pop("post"), row["kind"]
            row[EDGE_ROW] = number
            if kinds is not None and kind not in kinds:
                continue
            graph.add_edge(pre, post, **row)
            if kind in UNDIRECTED_KINDS and pre != post:
                graph.add_edge(post, pre, **row)
        return graph

    # ---------------------------------------------------------------- words

    def _kinds(self) -> list[str]:
        present = set(self.edges["kind"].unique())
        return [kind for kind in EDGE_KINDS if kind in present]

    def summary(self) -> pd.DataFrame:
        """Counts: cells by kind, and edges, contacts and self-loops by kind of edge.

        Returns
        -------
        pandas.DataFrame
            Index (``part``, ``kind``); columns ``count``, ``contacts`` (missing for cells), ``self_loops``.
        """
        import numpy as np
        import pandas as pd

        rows: list[tuple[str, str, int, float, int]] = []
        counts = self.cells["kind"].value_counts()
        for kind in CELL_KINDS:
            rows.append(("cells", kind, int(counts.get(kind, 0)), np.nan, 0))
        for kind in self._kinds():
            part = self.edges[(self.edges["kind"] == kind).to_numpy()]
            loops = int((part["pre"] == part["post"]).sum())
            rows.append(("edges", kind, len(part), float(part["contacts"].sum()), loops))
        table = pd.DataFrame(rows, columns=["part", "kind", "count", "contacts", "self_loops"])
        return table.set_index(["part", "kind"])

    def cite(self) -> str:
        """How to cite the source, with DOI and licence where known."""
        p = self.provenance
        parts = [str(p.get("citation") or f"{self.name}: no citation recorded")]
        if p.get("doi"):
            parts.append(f"https://doi.org/{p['doi']}")
        if p.get("licence"):
            parts.append(f"licence: {p['licence']}")
        return ". ".join(part.rstrip(".") for part in parts)

    def __repr__(self) -> str:
        cells = ", ".join(f"{n} {kind}{'' if n == 1 or kind == 'other' else 's'}"
                          for kind in CELL_KINDS if (n := int((self.cells["kind"] == kind).sum())))
        edges = ", ".join(f"{int((self.edges['kind'] == kind).sum())} {kind}" for kind in self._kinds())
        return f"<Connectome {self.name}: {cells or 'no cells'}; {edges or 'no edges'}>"

    def _repr_html_(self) -> str:
        import html

        table = self.summary().to_html(na_rep="", float_format=lambda x: f"{x:g}")
        return (f"<b>{html.escape(self.name)}</b>{table}<small>{html.escape(self.cite())}; contacts in "
                f"{html.escape(str(self.provenance.get('weight_unit', 'unknown unit')))}</small>")


def _checked_cells(cells: pd.DataFrame, name: str) -> pd.DataFrame:
    import pandas as pd

    if "kind" not in cells.columns:
        raise InputError(f"{name}: the table of cells has no column 'kind' (neuron, muscle or other)")
    if not cells.index.is_unique:
        raise InputError(f"{name}: cell {cells.index[cells.index.duplicated()][0]!r} is listed twice")
    for cell, kind in cells["kind"].items():
        if kind not in CELL_KINDS:
            raise UnknownNameError(f"kind of cell {cell}", str(kind), CELL_KINDS,
                                   f"give one of {', '.join(CELL_KINDS)}")
    spelled = [(c, canonical_name(c)) for c in cells.index]
    for given, canonical in spelled:
        if given != canonical:
            raise InputError(f"{name}: cell {given!r} is not in its canonical spelling {canonical!r}")
    cells = cells.rename_axis("name")
    for column in ("cell_class", "sex", "transmitter", "role"):
        if column not in cells.columns:
            cells = cells.assign(**{column: pd.Series(pd.NA, index=cells.index, dtype="string")})
    return cells


def _checked_edges(edges: pd.DataFrame, cells: pd.DataFrame, name: str) -> pd.DataFrame:
    import numpy as np

    for column in ("pre", "post", "kind", "contacts"):
        if column not in edges.columns:
            raise InputError(f"{name}: the table of edges has no column {column!r}; it has "
                             f"{', '.join(map(str, edges.columns))}")
    rows = edges.index
    edges = edges.reset_index(drop=True)

    def where(i: int) -> str:
        return f"{name}: edge row {rows[i]} ({edges['pre'].iloc[i]} -> {edges['post'].iloc[i]})"

    kinds = edges["kind"].to_numpy(dtype=object)
    for i in np.flatnonzero(~np.isin(kinds.astype(str), EDGE_KINDS)):
        raise UnknownNameError(f"kind of {where(i)}", str(kinds[i]), EDGE_KINDS,
                               f"give one of {', '.join(EDGE_KINDS)}")
    ends = {}
    for column in ("pre", "post"):
        ends[column] = cells.index.get_indexer(edges[column])
        for i in np.flatnonzero(ends[column] < 0):
            raise UnknownNameError(f"{column} cell in {where(i)}", str(edges[column].iloc[i]), cells.index,
                                   "add it to the table of cells or mend the name")
    try:
        contacts = edges["contacts"].to_numpy(dtype=float, na_value=np.nan)
    except (TypeError, ValueError) as error:
        raise InputError(f"{name}: column 'contacts' holds something that is no number: {error}") from None
    for i in np.flatnonzero(~(contacts >= 0) | np.isinf(contacts)):
        raise InputError(f"{where(i)}: contacts is {contacts[i]}; it must be a number of at least 0")
    pre, post = ends["pre"], ends["post"]
    turn = (pre > post) & np.isin(kinds, UNDIRECTED_KINDS)
    edges = edges.assign(contacts=contacts)
    if turn.any():
        names = cells.index.to_numpy(dtype=object)
        pre, post = np.where(turn, post, pre), np.where(turn, pre, post)
        edges = edges.assign(pre=names[pre], post=names[post])
    identity = edges[[c for c in _IDENTITY if c in edges.columns]]
    twice = identity.duplicated().to_numpy()
    for i in np.flatnonzero(twice):
        alike = identity.groupby(list(identity), dropna=False, sort=False).ngroup().to_numpy()
        first = np.flatnonzero(alike == alike[i])[0]
        raise InputError(f"{where(i)}: duplicates edge row {rows[first]}; add up the contacts or drop one")
    if len(edges) == 0 and len(cells) == 0:
        raise EmptySelectionError(f"{name}: no cells and no edges")
    return edges
