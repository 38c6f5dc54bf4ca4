"""A user's own wiring diagram: a table, a spreadsheet, GraphML, a networkx graph or a DataFrame.

Columns ``pre``, ``post``, ``kind`` and ``contacts``; optional ``sign``, ``transmitter`` and ``receptor``; further
columns are kept as they are. Cells that are known cells of the worm get their class, kind, role, sex and transmitter
from the shipped table of cells, so that selectors and signs work on them as on a shipped connectome. Every error names
the file, the row and the value, and says what to do.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from ..connectome import CELL_KINDS, EDGE_KINDS, UNDIRECTED_KINDS, Connectome
from ..data import tables
from ..errors import InputError, UnknownNameError, closest, warn_data
from ..names import canonical_name
from ._formats import RawTable, read_raw
from ._shipped import cells_of

if TYPE_CHECKING:
    import networkx as nx
    import pandas as pd

NAMES: tuple[str, ...] = ()
REQUIRED = ("pre", "post", "kind", "contacts")
SPECIES = ("c_elegans",)
_SIGNS = {"+": 1, "+1": 1, "1": 1, "excitatory": 1, "-": -1, "-1": -1, "\u2212": -1, "inhibitory": -1,
          "": None, "?": None, "unknown": None, "nan": None, "na": None, "<na>": None, "none": None}
_MISSING = ("", "nan", "none", "<na>", "nat")


def read(name: str) -> Connectome:
    """Raise: this reader has no named connectomes (the others of the folder have)."""
    raise UnknownNameError("connectome", name, NAMES, "a table of your own is read by its path, with read_table")


def read_table(source: str | Path | pd.DataFrame | nx.Graph, *, name: str | None = None, species: str | None = None,
               cells: pd.DataFrame | None = None, columns: Mapping[str, str] | None = None, sheet: str | None = None,
               weight_unit: str = "as given", duplicates: Literal["error", "sum"] = "error") -> Connectome:
    """Read a wiring diagram of the user's own.

    Parameters
    ----------
    source : str, Path, pandas.DataFrame or networkx graph
        Path that ends in .csv, .tsv, .txt, .xlsx or .graphml, or the object itself.
    name : str, optional
        Name of the connectome; by default that of the file or graph.
    species : {"c_elegans"}, optional
        All cells are of this species: a name that is not known there is an error. By default names are taken as they
        are; where most are known cells of the worm, the others are counted in a warning. Either way known cells get
        class, kind, role, sex and transmitter from the shipped table of cells: those of the male where the table has
        cells that only males have and none that only hermaphrodites have, else of the hermaphrodite.
    cells : pandas.DataFrame, optional
        Index cell names; columns as in :class:`~wormsim.Connectome`. Cells without edges are kept. By default the cells
        are those with an edge, and cells of which nothing is known are neurons. What is given here, or as attributes
        of a graph's nodes, stays as given, missing values too; only columns that are not there are filled in.
    columns : mapping, optional
        The file's column names to those expected, e.g. ``{"source": "pre", "weight": "contacts"}``.
    sheet : str, optional
        Sheet of an xlsx file; by default the first.
    weight_unit : str
        Unit of ``contacts`` (it is never a conductance).
    duplicates : {"error", "sum"}
        What to do with a (pre, post, kind) that is there more than once.

    Returns
    -------
    Connectome

    Raises
    ------
    InputError
        Missing column, missing or unknown value, negative or not-a-number contacts, duplicated edge, empty table.
    UnknownNameError
        Unknown kind of edge; unknown cell where `species` is given; the message gives the closest.

    Warns
    -----
    DataWarning
        Counts of self-loops (kept, as autapses), gap junctions that a table gives both ways (kept once; in a directed
        graph they are expected to be), edges without contacts (kept), duplicates added up, cells renamed, cells that
        are no known worm cell among cells that mostly are.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"pre": ["AVAL"], "post": ["VA01"], "kind": ["chemical"], "contacts": [3]})
    >>> read_table(table, species="c_elegans").edges.loc[0, "post"]
    'VA1'
    """
    if species is not None and species not in SPECIES:
        raise UnknownNameError("species", species, SPECIES, f"known: {', '.join(SPECIES)}")
    raw = read_raw(source, sheet)
    raw.columns = _renamed(raw, columns or {})
    _require_columns(raw)
    if not raw.labels:
        raise InputError(f"{raw.where} has no rows; give at least one edge")
    edges = {column: list(values) for column, values in raw.columns.items()}
    for end in ("pre", "post"):
        edges[end] = _names(raw, end)
    edges["kind"] = _kinds(raw)
    edges["contacts"] = _contacts(raw)
    _warn_renamed(raw, edges)
    if "sign" in edges:
        edges["sign"] = _signs(raw)
    table = _cell_table(raw, edges, species, cells)
    keep = _merge(raw, edges, list(table.index), duplicates)
    frame = _frame({column: [values[i] for i in keep] for column, values in edges.items()})
    loops = frame.loc[frame["pre"] == frame["post"], "pre"].tolist()
    warn_data(len(loops), f"self-loops in {raw.where} kept as autapses", loops)
    empty = frame.index[frame["contacts"] == 0]
    warn_data(len(empty), f"edges without contacts in {raw.where} kept",
              (f"{frame['pre'][i]} -> {frame['post'][i]}" for i in empty))
    provenance = _provenance(source, raw, weight_unit)
    if "sex" not in provenance and _worms(list(table.index)):
        provenance["sex"] = _sex_of(list(table.index))
    return Connectome.trusted(name or _name_of(source, raw), table, frame, provenance)


def _name_of(source: object, raw: RawTable) -> str:
    return Path(source).stem if isinstance(source, str | Path) else raw.origin.get("name") or raw.where


def _provenance(source: object, raw: RawTable, weight_unit: str) -> dict[str, Any]:
    found = {"citation": "", "doi": "", "licence": "", "source": raw.where, "weight_unit": weight_unit,
             "notes": list(raw.notes)}
    found |= {k: v for k, v in raw.origin.items() if k in (*found, "sex")}
    if weight_unit != "as given":
        found["weight_unit"] = weight_unit
    if isinstance(source, str | Path):
        found["sha256"] = tables.sha256(Path(source))
    return found


def _missing(value: object) -> bool:
    return value is None or str(value).strip().casefold() in _MISSING


def _renamed(raw: RawTable, columns: Mapping[str, str]) -> dict[str, list[Any]]:
    given = {str(old).strip().lower(): new for old, new in columns.items()}
    for old in given:
        if old not in raw.columns:
            raise UnknownNameError(f"column of {raw.where}", old, raw.columns, "see the argument `columns`")
    renamed = {given.get(column, column): values for column, values in raw.columns.items()}
    if len(renamed) != len(raw.columns):
        raise InputError(f"{raw.where}: after renaming, two columns have the same name; see the argument `columns`")
    return renamed


def _require_columns(raw: RawTable) -> None:
    for column in REQUIRED:
        if column not in raw.columns:
            near = closest(column, raw.columns)
            hint = f"rename {near[0]!r} or " if near else ""
            there = ", ".join(map(repr, raw.columns)) or "none"
            raise InputError(f"{raw.where}: no column {column!r}; it has {there}. The first row must name the columns "
                             f"{', '.join(REQUIRED)}: {hint}say which is which with "
                             f"columns={{\"your name\": {column!r}}}")


def _names(raw: RawTable, end: str) -> list[str]:
    for i, value in enumerate(raw.columns[end]):
        # "NA" and "none" are possible names; only an empty field or a real not-a-number is no name
        if value is None or not str(value).strip() or (isinstance(value, float) and math.isnan(value)):
            raise InputError(f"{raw.at(i)}: {end} is empty; give the name of a cell")
    canonical = {value: _canonical(value) for value in set(raw.columns[end])}
    return [canonical[value] for value in raw.columns[end]]


def _canonical(name: object) -> str:
    text = str(name).strip()
    return tables.aliases().get(text) or canonical_name(text)


def _kinds(raw: RawTable) -> list[str]:
    kinds = []
    for i, value in enumerate(raw.columns["kind"]):
        kind = str(value).strip().casefold()
        if kind not in EDGE_KINDS:
            raise UnknownNameError(f"kind in {raw.at(i)}:", str(value), EDGE_KINDS,
                                   f"Give one of {', '.join(EDGE_KINDS)} (a gap junction is electrical)")
        kinds.append(kind)
    if not raw.directed:
        for i, kind in enumerate(kinds):
            if kind not in UNDIRECTED_KINDS:
                raise InputError(f"{raw.at(i)}: a {kind} edge in a graph without directions; use a directed graph")
    return kinds


def _contacts(raw: RawTable) -> list[float]:
    found = []
    for i, value in enumerate(raw.columns["contacts"]):
        try:
            number = math.nan if _missing(value) else float(value)
        except (TypeError, ValueError):
            raise InputError(f"{raw.at(i)}: contacts is {value!r}, which is no number; write it with digits and, if "
                             "need be, a point") from None
        if not math.isfinite(number):
            raise InputError(f"{raw.at(i)}: contacts is {value!r}, not a finite number; give how many there are, or "
                             "leave the row out")
        if number < 0:
            raise InputError(f"{raw.at(i)}: contacts is {value!r}, below 0; a sign belongs in the column 'sign'")
        found.append(number)
    return found


def _signs(raw: RawTable) -> list[int | None]:
    signs = []
    for i, value in enumerate(raw.columns["sign"]):
        text = str(value).strip().casefold()
        text = text[:-2] if text.endswith(".0") else text
        if text not in _SIGNS:
            raise InputError(f"{raw.at(i)}: sign is {value!r}; give +1 (excitatory), -1 (inhibitory), or nothing where "
                             "it is unknown")
        signs.append(_SIGNS[text])
    return signs


def _warn_renamed(raw: RawTable, edges: dict[str, list[Any]]) -> None:
    changed = [f"{old} -> {new}" for end in ("pre", "post")
               for old, new in zip(raw.columns[end], edges[end], strict=True) if str(old).strip() != new]
    unique = sorted(set(changed))
    warn_data(len(unique), f"cell names in {raw.where} brought to their canonical form", unique, stacklevel=4)


def _cell_table(raw: RawTable, edges: dict[str, list[Any]], species: str | None,
                cells: pd.DataFrame | None) -> pd.DataFrame:
    import pandas as pd

    used = list(dict.fromkeys(name for pair in zip(edges["pre"], edges["post"], strict=True) for name in pair))
    alone = [_canonical(n) for n in raw.nodes]
    if cells is not None:
        given = cells.rename(index=_canonical)
        _require_known(raw, edges, list(given.index), "cell", "Mend the name or add the cell to the table of cells")
        checked = Connectome("cells", given, pd.DataFrame({c: [] for c in REQUIRED})).cells
        if species is None and not _worms(list(checked.index)):
            return checked
        return _filled(raw, checked, {n: set(cells.columns) for n in checked.index})
    names = list(dict.fromkeys([*alone, *used]))
    if species is not None:
        known = tables.cells().index
        _require_known(raw, edges, list(known), f"cell of {species}",
                       "Mend the name, or leave `species` out to take names as they are")
        for name in (n for n in alone if n not in known):
            raise UnknownNameError(f"cell of {species} among the nodes of {raw.where}:", name, known, "Mend the name")
        used_or_alone = set(names)
        names = [n for n in known if n in used_or_alone]
    attributes = {_canonical(n): a for n, a in raw.nodes.items()}
    keys = list(dict.fromkeys(k for a in attributes.values() for k in a))
    table = pd.DataFrame({k: [attributes.get(n, {}).get(k) for n in names] for k in keys},
                         index=pd.Index(names, name="name"))
    if _worms(names):
        table = _filled(raw, table, {n: set(attributes.get(n, ())) for n in names})
        _warn_strange(raw, names)
    if "kind" not in table:
        table.insert(0, "kind", "neuron")
    table["kind"] = [k if "kind" in attributes.get(n, ()) or not _missing(k) else "neuron"
                     for n, k in table["kind"].items()]
    for cell, kind in table["kind"].items():
        if kind not in CELL_KINDS:
            raise UnknownNameError(f"kind of cell {cell} in {raw.where}:", str(kind), CELL_KINDS,
                                   f"Give one of {', '.join(CELL_KINDS)}")
    for column in ("cell_class", "sex", "transmitter", "role"):
        if column not in table:
            table[column] = pd.Series(pd.NA, index=table.index, dtype="string")
    return table


def _worms(names: list[str]) -> bool:
    """Whether more than half of the names are known cells of the worm."""
    known = tables.cells().index
    return 2 * sum(n in known for n in names) > len(names)


def _sex_of(names: list[str]) -> str:
    sexes = set(tables.cells()["sex"].reindex(names).dropna())
    return "male" if "male" in sexes and "hermaphrodite" not in sexes else "hermaphrodite"


def _filled(raw: RawTable, table: pd.DataFrame, given: dict[str, set[str]]) -> pd.DataFrame:
    """The table of cells with what is known of the worm's cells put where nothing was given (cell: columns)."""
    names = list(table.index)
    shipped = tables.cells().index
    known = cells_of([n for n in names if n in shipped], _sex_of(names))
    table = table.copy()
    taken: set[str] = set()
    for column in known.columns:
        # remarks on the shipped transmitter say nothing of a transmitter that the user gives
        follows = "transmitter" if column in ("transmitter_certainty", "possible_transmitters", "uptake") else column
        own = [column in given[n] or follows in given[n] for n in names]
        if all(own):
            continue
        before = table[column].tolist() if column in table else [None] * len(names)
        ours = known[column].reindex(names).tolist()
        merged = [a if keep else b for a, b, keep in zip(before, ours, own, strict=True)]
        table[column] = merged
        taken.update(n for n, keep in zip(names, own, strict=True) if not keep and n in shipped)
    if taken:
        raw.notes.append(f"What was not given of {len(taken)} known worm cells (class, kind, role, sex, transmitter) is "
                         f"from the shipped table of cells, {_sex_of(names)}.")
    return table


def _warn_strange(raw: RawTable, names: list[str]) -> None:
    known = tables.cells().index
    strange = [n for n in names if n not in known]
    if not strange:
        return
    shown = []
    for name in strange[:5]:
        near = closest(name, known)
        shown.append(f"{name} (closest {', '.join(near)})" if near else name)
    more = ", ..." if len(strange) > len(shown) else ""
    what = "cell is not a known worm cell" if len(strange) == 1 else "cells are not known worm cells"
    warn_data(len(strange), f"{what}: {', '.join(shown)}{more}; kept as given in {raw.where}", stacklevel=5)


def _require_known(raw: RawTable, edges: dict[str, list[Any]], known: list[str], what: str, hint: str) -> None:
    names = set(known)
    for i in range(len(raw.labels)):
        for end in ("pre", "post"):
            if edges[end][i] not in names:
                raise UnknownNameError(f"{what} in {raw.at(i)}, column {end}:", edges[end][i], known, hint)


def _merge(raw: RawTable, edges: dict[str, list[Any]], order: list[str], duplicates: str) -> list[int]:
    """Rows to keep: undirected pairs once, duplicates refused or added up (into `edges`, in place)."""
    if duplicates not in ("error", "sum"):
        raise UnknownNameError("way with duplicates", str(duplicates), ("error", "sum"))
    rank = {name: i for i, name in enumerate(order)}
    extra = [c for c in ("transmitter", "receptor") if c in edges]
    seen: dict[tuple, int] = {}
    turned: dict[tuple, bool] = {}
    keep, both_ways, summed = [], [], []
    for i, kind in enumerate(edges["kind"]):
        turn = kind in UNDIRECTED_KINDS and rank[edges["pre"][i]] > rank[edges["post"][i]]
        if turn:
            edges["pre"][i], edges["post"][i] = edges["post"][i], edges["pre"][i]
        key = (edges["pre"][i], edges["post"][i], kind, *(str(edges[c][i]) for c in extra))
        first = seen.get(key)
        if first is None:
            seen[key], turned[key] = i, turn
            keep.append(i)
            continue
        text = f"{key[0]} {'-' if kind in UNDIRECTED_KINDS else '->'} {key[1]} ({kind})"
        mirrored = turn != turned[key]
        if mirrored and edges["contacts"][i] == edges["contacts"][first]:
            if not raw.mirrored:
                both_ways.append(text)
        elif duplicates == "sum" and not mirrored:
            edges["contacts"][first] += edges["contacts"][i]
            summed.append(text)
        elif mirrored:
            here, there = edges["contacts"][i], edges["contacts"][first]
            raise InputError(f"{raw.at(i)}: {text} has {here:g} contacts, but {raw.labels[first]} gives {there:g} the "
                             "other way; a pair has one number: mend one row or leave it out")
        else:
            raise InputError(f"{raw.at(i)}: {text} is already in {raw.labels[first]}; leave one out, or say "
                             'duplicates="sum" to add them up')
    warn_data(len(both_ways), f"undirected edges in {raw.where} given both ways, kept once", both_ways, stacklevel=4)
    warn_data(len(summed), f"duplicated edges in {raw.where} added up", summed, stacklevel=4)
    return keep


def _frame(edges: dict[str, list[Any]]) -> pd.DataFrame:
    import pandas as pd

    first = [*REQUIRED, *(c for c in edges if c not in REQUIRED)]
    frame = pd.DataFrame({column: edges[column] for column in first})
    frame["contacts"] = frame["contacts"].astype(float)
    if "sign" in frame:
        frame["sign"] = pd.array(edges["sign"], dtype="Int8")
    return frame
