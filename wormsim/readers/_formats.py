"""Bring CSV, TSV, xlsx, GraphML, networkx graphs and DataFrames into one raw shape, row labels kept for errors."""

from __future__ import annotations

import csv
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..connectome import EDGE_ROW
from ..errors import InputError, UnknownNameError, closest

if TYPE_CHECKING:
    import networkx as nx
    import pandas as pd

ENDINGS = (".csv", ".tsv", ".txt", ".xlsx", ".graphml")


@dataclass
class RawTable:
    """Unchecked rows.

    Parameters
    ----------
    where : str
        File, or what else the rows are from, for messages.
    columns : dict
        Column name to its values, all of one length.
    labels : list of str
        What to call each row in a message ("row 7": as a text editor or a spreadsheet counts).
    nodes : dict
        Attributes of cells, where the source has them.
    directed : bool
        False where the source has no direction to give.
    mirrored : bool
        Whether an undirected edge is expected both ways, as in a directed graph.
    origin : dict
        Name and provenance, where the source has them.
    notes : list of str
        What the reader did, for the provenance.
    """

    where: str
    columns: dict[str, list[Any]]
    labels: list[str]
    nodes: dict[str, dict[str, Any]] = field(default_factory=dict)
    directed: bool = True
    mirrored: bool = False
    origin: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def at(self, i: int) -> str:
        """File and row of row `i`, for a message."""
        return f"{self.where}, {self.labels[i]}"


def read_raw(source: str | Path | pd.DataFrame | nx.Graph, sheet: str | None = None) -> RawTable:
    """Read any accepted source without checking its values."""
    if isinstance(source, str | Path):
        return _from_file(Path(source), sheet)
    if hasattr(source, "nodes") and hasattr(source, "edges"):
        return _from_graph(source, "graph")
    if hasattr(source, "columns") and hasattr(source, "iloc"):
        columns = {_column_name(c): source[c].tolist() for c in source.columns}
        return RawTable("table", columns, [f"row {label}" for label in source.index])
    raise InputError(f"cannot read a connectome from {type(source).__name__}: give the path of a table "
                     f"({', '.join(ENDINGS)}), a pandas.DataFrame or a networkx graph")


def _column_name(name: Hashable) -> str:
    return str(name).strip().lstrip("\ufeff").lower()


def _from_file(path: Path, sheet: str | None) -> RawTable:
    ending = path.suffix.lower()
    if ending not in ENDINGS:
        raise InputError(f"{path}: the ending {path.suffix or '(none)'!r} is not known; "
                         f"write the table as one of {', '.join(ENDINGS)}")
    if not path.is_file():
        near = closest(path.name, (p.name for p in path.parent.iterdir())) if path.parent.is_dir() else []
        hint = f"; closest in {path.parent}: {', '.join(near)}" if near else ""
        raise InputError(f"no such file: {path}{hint}")
    if ending == ".graphml":
        import networkx as nx

        try:
            return _from_graph(nx.read_graphml(path), path.name)
        except (nx.NetworkXError, SyntaxError, KeyError, ValueError) as error:
            raise InputError(f"{path.name} is not readable as GraphML: {error}") from error
    return _from_xlsx(path, sheet) if ending == ".xlsx" else _from_text(path)


def _from_rows(where: str, header: list[Any], rows: list[list[Any]], labels: list[str]) -> RawTable:
    names = [_column_name("" if h is None else h) for h in header]
    twice = sorted({n for n in names if n and names.count(n) > 1})
    if twice:
        raise InputError(f"{where}, row 1: column {twice[0]!r} is there twice; name each column once")
    for row, label in zip(rows, labels, strict=True):
        if len(row) != len(names):
            raise InputError(f"{where}, {label}: {len(row)} fields where the header has {len(names)}: {row}; "
                             "give every row as many fields as there are columns")
    columns = {name: [row[j] for row in rows] for j, name in enumerate(names) if name}
    return RawTable(where, columns, labels)


def _from_text(path: Path) -> RawTable:
    try:
        with open(path, newline="", encoding="utf-8-sig") as file:
            first = file.readline()
            file.seek(0)
            # the ending says little: spreadsheets write .csv with semicolons or tabs where the comma is the point
            reader = csv.reader(file, delimiter=max(",;\t", key=first.count), skipinitialspace=True)
            rows, labels = [], []
            for row in reader:
                if any(cell.strip() for cell in row) or not rows:
                    rows.append([cell.strip() for cell in row])
                    labels.append(f"row {reader.line_num}")
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{path.name} is not readable as text in UTF-8: {error}; save it again as UTF-8") from error
    if not rows or not any(rows[0]):
        raise InputError(f"{path.name} is empty; its first row must hold the names of the columns")
    return _from_rows(path.name, rows[0], rows[1:], labels[1:])


def _from_xlsx(path: Path, sheet: str | None) -> RawTable:
    from zipfile import BadZipFile

    from openpyxl import load_workbook
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        book = load_workbook(path, read_only=True, data_only=True)
    except (BadZipFile, InvalidFileException, KeyError, OSError) as error:
        raise InputError(f"{path.name} is not readable as xlsx: {error}; save it again from the spreadsheet") from error
    try:
        if sheet is not None and sheet not in book.sheetnames:
            raise UnknownNameError(f"sheet of {path.name}", sheet, book.sheetnames)
        page = book[sheet] if sheet is not None else book.worksheets[0]
        where = f"{path.name}, sheet {page.title}"
        rows = [(list(row), f"row {i}") for i, row in enumerate(page.iter_rows(values_only=True), 1)
                if any(cell is not None for cell in row)]
    finally:
        book.close()
    if not rows:
        raise InputError(f"{where} is empty; its first row must hold the names of the columns")
    return _from_rows(where, rows[0][0], [row for row, _ in rows[1:]], [label for _, label in rows[1:]])


def _from_graph(graph: nx.Graph, where: str) -> RawTable:
    def label_of(node: Hashable, attributes: Mapping[str, Any]) -> str:
        # GraphML writes its own ids (n0, n1, ...) and keeps the name as an attribute
        return str(attributes.get("name", node))

    names = {node: label_of(node, attributes) for node, attributes in graph.nodes(data=True)}
    nodes = {names[node]: {str(k): v for k, v in attributes.items() if k != "name"}
             for node, attributes in graph.nodes(data=True)}
    listed = [(names[u], names[v], {_column_name(k): x for k, x in attributes.items()})
              for u, v, attributes in graph.edges(data=True)]
    if listed and all(EDGE_ROW in attributes for _, _, attributes in listed):
        listed.sort(key=lambda edge: edge[2][EDGE_ROW])  # a graph lists its edges node by node
    keys = list(dict.fromkeys(key for _, _, attributes in listed for key in attributes if key != EDGE_ROW))
    columns: dict[str, list[Any]] = {"pre": [u for u, _, _ in listed], "post": [v for _, v, _ in listed]}
    columns |= {key: [attributes.get(key) for _, _, attributes in listed] for key in keys}
    labels = [f"edge {u} -> {v}" for u, v, _ in listed]
    origin = {str(k): v for k, v in graph.graph.items() if isinstance(v, str)}
    return RawTable(where, columns, labels, nodes, graph.is_directed(), graph.is_directed(), origin)
