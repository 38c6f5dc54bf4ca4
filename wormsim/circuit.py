"""Circuit: a part of a connectome with signs and named groups of cells; made from one TOML file.

The file has these keys, and no others::

    description = "what it is"
    source = "what the choice of cells rests on"
    connectome = "cook2019_male"           # a name, or the path of a table beside the file

    [cells]
    kinds = ["neuron", "muscle"]           # default; other cells (skin, glia, gut) have no dynamics here
    include = ["*"]                        # default; selectors: names, classes, globs, groups, attributes
    exclude = []

    [cells.paths]                          # optional: only cells on short paths
    from = ["rays_all"]
    to = ["diagonal"]
    max_steps = 3                          # edges from the first cell of a path to its last
    min_contacts = 1                       # edges with fewer do not count
    edges = ["chemical", "electrical"]     # default
    both_sides = true                      # default: a left cell brings its right partner, and the reverse

    [groups]
    rays_all = ["RnA", "RnB"]              # selectors; a group may use the ones above it

A group keeps those of its cells that the circuit has; one that keeps none is an error.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import catalog
from .connectome import CELL_KINDS, EDGE_KINDS, Connectome
from .errors import EmptySelectionError, InputError, UnknownNameError
from .names import canonical_name, contralateral, select_cells

if TYPE_CHECKING:
    import pandas as pd

_TOP_KEYS = ("description", "source", "connectome", "cells", "groups")
_CELLS_KEYS = ("kinds", "include", "exclude", "paths")
_PATHS_KEYS = ("from", "to", "max_steps", "min_contacts", "edges", "both_sides")


@dataclass(frozen=True, eq=False)
class Circuit:
    """Cells that take part, the wiring among them with its signs, and named groups.

    Parameters
    ----------
    name : str
    connectome : Connectome
        Only the circuit's cells and the edges among them; chemical edges have signs.
    groups : dict of str to tuple of str
        Canonical names, in the order of the connectome.
    description, source : str
        What it is, and what the choice of cells rests on.
    left_out : dict of str to int
        How many cells of each kind the connectome has that the circuit has not, and under ``"edges"`` how many
        edges were lost with them.

    Raises
    ------
    InputError
        A group with a cell that is not in the connectome, or with the name of a cell or class.
    """

    name: str
    connectome: Connectome
    groups: dict[str, tuple[str, ...]] = field(default_factory=dict)
    description: str = ""
    source: str = ""
    left_out: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        known = set(self.connectome.cells.index)
        for group, cells in self.groups.items():
            missing = [cell for cell in cells if cell not in known]
            if missing:
                raise UnknownNameError(f"cell in group {group!r} of circuit {self.name}", missing[0], known)
            _check_group_name(group, self.connectome.cells, self.name)

    def select(self, *selectors: str, **attributes: Any) -> tuple[str, ...]:
        """Names of the cells that any selector picks and that have all attributes, in the connectome's order.

        Parameters
        ----------
        *selectors : str
            Cells in any spelling, classes, globs (``"CP0[1-6]"``), groups, attributes (``'transmitter="GABA"'``).
        **attributes
            Columns of the cells to the value they must have (``transmitter="GABA"``), or a list of which one must be
            met; no selector then stands for all cells of the circuit.

        Raises
        ------
        UnknownNameError
            With the closest names.
        EmptySelectionError
            Nothing matches.
        """
        return select_cells(self.connectome.cells, selectors, self.groups, attributes)

    def with_connectome(self, connectome: Connectome) -> Circuit:
        """Rewire the same circuit: same cells and groups, edges of another connectome (a shuffle, another animal).

        Signs that the connectome has are kept; where it has none they are assigned.

        Raises
        ------
        UnknownNameError
            A cell of the circuit is not in the connectome.
        """
        from .signs import assign_signs

        here = self.connectome.cells.index
        for cell in here.difference(connectome.cells.index):
            raise UnknownNameError(f"cell of circuit {self.name} in {connectome.name}", cell, connectome.cells.index,
                                   "the connectome must have all cells of the circuit")
        keep = connectome.cells.index.isin(here)
        edge_keep = keep[connectome.pre_index] & keep[connectome.post_index]
        part = connectome.with_edges(connectome.edges[edge_keep], cells=connectome.cells[keep])
        if "sign_source" not in part.edges.columns:
            part = assign_signs(part)
        return Circuit(self.name, part, self.groups, self.description, self.source, self.left_out)

    def shuffle(self, how: str, seed: int) -> Circuit:
        """The same cells and groups on shuffled wiring; see :mod:`wormsim.shuffle`."""
        return self.with_connectome(self.connectome.shuffle(how, seed))

    def without(self, **which: Any) -> Circuit:
        """The same cells and groups without some edges; arguments as of :meth:`Connectome.without`."""
        return self.with_connectome(self.connectome.without(**which))

    def summary(self) -> pd.DataFrame:
        """Groups and their sizes: columns ``cells``, ``neurons``, ``muscles``; first row the whole circuit."""
        import pandas as pd

        kind = self.connectome.cells["kind"]
        rows = {"(all)": tuple(kind.index), **self.groups}
        table = [(name, len(cells), int((kind[list(cells)] == "neuron").sum()),
                  int((kind[list(cells)] == "muscle").sum())) for name, cells in rows.items()]
        return pd.DataFrame(table, columns=["group", "cells", "neurons", "muscles"]).set_index("group")

    def __repr__(self) -> str:
        out = ", ".join(f"{n} {what}" for what, n in self.left_out.items() if n)
        return (f"<Circuit {self.name}: {self.connectome!r}; {len(self.groups)} groups"
                f"{f'; left out: {out}' if out else ''}>")

    def _repr_html_(self) -> str:
        import html

        out = ", ".join(f"{n} {what}" for what, n in self.left_out.items() if n) or "nothing"
        return (f"<b>{html.escape(self.name)}</b>: {html.escape(self.description)}"
                f"{self.connectome._repr_html_()}{self.summary().to_html()}<small>left out: {out}</small>")


def load_circuit(name_or_path: str | Path) -> Circuit:
    """Load a circuit by the name of its file in ``circuits/``, or by the path of a ``.toml``.

    Returns
    -------
    Circuit
        Its connectome is restricted to the circuit's cells and has signs.

    Raises
    ------
    InputError
        The file is no TOML, has an unknown key, lacks one, or has a value of another type.
    UnknownNameError
        A circuit, connectome, cell, class or group that is not known, with the closest names.
    EmptySelectionError
        A selector or a group that matches no cell.
    """
    path = catalog.toml_path("circuits", name_or_path)
    try:
        with open(path, "rb") as file:
            text = tomllib.load(file)
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is not UTF-8 text (byte {error.start})") from None
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"{path} is not valid TOML: {error}") from None
    return circuit_from_dict(path.stem, text, str(path), folder=path.parent)


def circuit_from_dict(name: str, text: Mapping[str, Any], where: str = "", *, connectome: Connectome | None = None,
                      folder: Path | None = None) -> Circuit:
    """Make a circuit of what a TOML file says.

    Parameters
    ----------
    name : str
    text : mapping
        The parsed file.
    where : str
        Named in error messages.
    connectome : Connectome, optional
        Use this one in place of the one that the file names.
    folder : Path, optional
        Where a connectome given by path is looked for.
    """
    import numpy as np

    from .readers import load_connectome
    from .signs import assign_signs

    where = where or f"circuit {name}"
    _check_keys(text, _TOP_KEYS, where)
    if connectome is None:
        source = _get(text, "connectome", str, where)
        beside = folder / source if folder is not None else Path(source)
        connectome = load_connectome(beside if beside.suffix and beside.is_file() else source)
    options = _get(text, "cells", dict, where, {})
    _check_keys(options, _CELLS_KEYS, f"[cells] of {where}")
    kinds = _get(options, "kinds", list, where, ["neuron", "muscle"])
    for kind in kinds:
        if kind not in CELL_KINDS:
            raise UnknownNameError(f"kind of cell in {where}", str(kind), CELL_KINDS)
    groups = _groups(_get(text, "groups", dict, where, {}), connectome, where)
    cells = connectome.cells
    chosen = set(_select(cells, _get(options, "include", list, where, ["*"]), groups, f"include of {where}"))
    exclude = _get(options, "exclude", list, where, [])
    if exclude:
        chosen -= set(_select(cells, exclude, groups, f"exclude of {where}"))
    keep = cells.index.isin(list(chosen)) & cells["kind"].isin(kinds).to_numpy()
    if "paths" in options:
        keep &= _on_paths(connectome, keep, _get(options, "paths", dict, where), groups, where)
    if not keep.any():
        raise EmptySelectionError(f"{where} has no cells left")
    part = cells.index[keep]
    restricted = {}
    for group, members in groups.items():
        restricted[group] = tuple(part[part.isin(members)])
        if not restricted[group]:
            raise EmptySelectionError(f"group {group!r} of {where} has no cell in the circuit")
    edge_keep = keep[connectome.pre_index] & keep[connectome.post_index]
    left_out = {f"{kind} cells": int((~keep & (cells["kind"] == kind).to_numpy()).sum()) for kind in CELL_KINDS}
    left_out["edges"] = int(np.count_nonzero(~edge_keep))
    wired = assign_signs(connectome.with_edges(connectome.edges[edge_keep], cells=cells[keep]))
    return Circuit(name, wired, restricted, _get(text, "description", str, where, ""),
                   _get(text, "source", str, where, ""), left_out)


def _check_group_name(group: str, cells: pd.DataFrame, where: str) -> None:
    if canonical_name(group) in cells.index or (cells["cell_class"] == group).any():
        raise InputError(f"group {group!r} of {where} has the name of a cell or class; give it another")


def _groups(text: Mapping[str, Any], connectome: Connectome, where: str) -> dict[str, tuple[str, ...]]:
    groups: dict[str, tuple[str, ...]] = {}
    for group in text:
        _check_group_name(group, connectome.cells, where)
        selectors = _get(text, group, list, f"[groups] of {where}")
        groups[group] = _select(connectome.cells, selectors, groups, f"group {group!r} of {where}")
    return groups


def _select(cells: pd.DataFrame, selectors: Sequence[str], groups: Mapping[str, Sequence[str]],
            where: str) -> tuple[str, ...]:
    try:
        return select_cells(cells, selectors, groups)
    except UnknownNameError as error:
        raise UnknownNameError(error.what, error.name, [*cells.index, *set(cells["cell_class"].dropna()), *groups],
                               f"It stands in {where}") from None
    except EmptySelectionError as error:
        raise EmptySelectionError(f"{where}: {error}") from None


def _on_paths(connectome: Connectome, keep, text: Mapping[str, Any], groups: Mapping[str, Sequence[str]], where: str):
    """Cells on a path of at most ``max_steps`` edges from a cell of ``from`` to one of ``to``, both ends included.

    Muscles end a path: they pass nothing on here, though their gap junctions stay in the circuit.
    """
    import numpy as np
    from scipy.sparse import csr_array

    here = f"[cells.paths] of {where}"
    _check_keys(text, _PATHS_KEYS, here)
    max_steps = _get(text, "max_steps", int, here)
    min_contacts = float(_get(text, "min_contacts", (int, float), here, 1))
    edge_kinds = _get(text, "edges", list, here, ["chemical", "electrical"])
    for kind in edge_kinds:
        if kind not in EDGE_KINDS:
            raise UnknownNameError(f"edge kind in {here}", str(kind), EDGE_KINDS)
    if max_steps < 1:
        raise InputError(f"{here}: max_steps is {max_steps}; it must be at least 1")
    n = len(connectome.cells)
    step = csr_array((n, n), dtype=bool)
    for kind in edge_kinds:
        step = step + (connectome.to_sparse(kind) >= min_contacts)
    relay = (connectome.cells["kind"] == "neuron").to_numpy() & keep
    ends = {}
    for end in ("from", "to"):
        names = _select(connectome.cells, _get(text, end, list, here), groups, f"{end} of {here}")
        ends[end] = connectome.cells.index.isin(names) & keep
    forward = _steps_from(step, ends["from"], relay, max_steps)
    backward = _steps_from(step.T.tocsr(), ends["to"], relay, max_steps, relay_start=True)
    on_path = np.where(relay | ends["to"] | ends["from"], forward + backward, max_steps + 1) <= max_steps
    on_path |= ends["to"] | ends["from"]
    if _get(text, "both_sides", bool, here, True):
        chosen = set(connectome.cells.index[on_path])
        on_path |= np.array([contralateral(cell) in chosen for cell in connectome.cells.index]) & keep
    return on_path


def _steps_from(step, start, relay, max_steps: int, relay_start: bool = False):
    """Fewest steps from the cells of `start` to each cell, only relays passing on; max_steps + 1 where more."""
    import numpy as np

    steps = np.where(start, 0, max_steps + 1)
    front = start if relay_start else start & relay
    for k in range(1, max_steps + 1):
        reached = (step.T @ front.astype(np.int64) > 0) & (steps > k)
        steps[reached] = k
        front = reached & relay
    return steps


def _check_keys(text: Mapping[str, Any], known: Sequence[str], where: str) -> None:
    for key in text:
        if key not in known:
            raise UnknownNameError(f"key in {where}", key, known, f"known keys: {', '.join(known)}")


def _get(text: Mapping[str, Any], key: str, kind: type | tuple[type, ...], where: str, default: Any = None) -> Any:
    if key not in text:
        if default is None:
            raise InputError(f"{where} lacks the key {key!r}")
        return default
    value = text[key]
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        wanted = "number" if kind == (int, float) else getattr(kind, "__name__", str(kind))
        raise InputError(f"{where}: {key} is {value!r}; it must be a {wanted}")
    if kind is list and not all(isinstance(v, str) for v in value):
        raise InputError(f"{where}: {key} must be a list of texts, not {value!r}")
    return value
