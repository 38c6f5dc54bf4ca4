"""Scoped parameters: the value of a parameter in some cells only, or along some connections only.

A scoped key is the parameter's own key and, in brackets, where it holds: ``g_Na_mS_cm2[LP]`` for what a cell has,
``g_glut_nS[ABPD->LP]`` for what a connection has, from presynaptic to postsynaptic cells. Either side takes whatever
``circuit.select`` takes: a name, a class, a glob, a group, an attribute. A model keeps a scoped value as one more
:class:`~wormsim.parameter.Parameter` behind the general ones, so it can be fixed, freed and sampled as they are.
Where scopes overlap, the one that was set last holds.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from .errors import InputError, UnknownNameError

if TYPE_CHECKING:
    from .circuit import Circuit
    from .dynamics import NeuronModel, SynapseModel
    from .parameter import Parameter


@dataclass(frozen=True)
class Scope:
    """A scoped key, taken apart.

    Attributes
    ----------
    key : str
        Key of the parameter.
    cells : str
        Selector; of the presynaptic cells where `post` is given.
    post : str
        Selector of the postsynaptic cells; empty for what a cell has.
    """

    key: str
    cells: str
    post: str = ""

    def __str__(self) -> str:
        return f"{self.key}[{self.cells}->{self.post}]" if self.post else f"{self.key}[{self.cells}]"

    def rows(self, circuit: Circuit) -> np.ndarray:
        """Which cells of the circuit it is of, (N,) bool; an unknown cell raises with the closest names."""
        return _selected(circuit, self.cells)

    def edges(self, circuit: Circuit, pre: np.ndarray, post: np.ndarray, both_ways: bool) -> np.ndarray:
        """Which of the edges between these cell numbers it is of, (E,) bool.

        Parameters
        ----------
        circuit : Circuit
        pre, post : ndarray of int, shape (E,)
        both_ways : bool
            Edges without a direction: either end may be the first.
        """
        first, second = _selected(circuit, self.cells), _selected(circuit, self.post)
        found = first[pre] & second[post]
        return found | first[post] & second[pre] if both_ways else found


def parse(text: str) -> Scope | None:
    """The scope that a key names, or None for a plain key.

    Raises
    ------
    InputError
        Brackets that do not close, or with nothing in them.
    """
    key, bracket, inside = text.partition("[")
    if not bracket:
        return None
    cells, arrow, post = inside.strip().removesuffix("]").partition("->")
    if not (inside.strip().endswith("]") and key.strip() and cells.strip() and (post.strip() or not arrow)):
        raise InputError(f"parameter {text!r}: write KEY[CELLS] for cells, KEY[PRE->POST] for connections")
    return Scope(key.strip(), cells.strip(), post.strip())


def general_key(text: str) -> str:
    """The key without its scope: ``g_Na_mS_cm2[LP]`` is of ``g_Na_mS_cm2``."""
    return text.partition("[")[0].strip()


def scopes(parameters: Iterable[str], key: str) -> list[Scope]:
    """The scopes of one parameter among the keys of a model, in the order in which they hold."""
    found = (parse(text) for text in parameters if "[" in text and general_key(text) == key)
    return [scope for scope in found if scope is not None]


def add_scope(table: dict[str, Parameter], scope: Scope, circuit: Circuit, neuron: NeuronModel,
              synapses: tuple[SynapseModel, ...]) -> str:
    """Put a scoped parameter at the end of the table, with the general one's unit, source and prior; returns its key.

    Raises
    ------
    UnknownNameError
        No such parameter, cell, class or group.
    InputError
        A scope of cells on what connections have or the reverse, or one that can have none.
    """
    if scope.key not in table:
        raise UnknownNameError("parameter", scope.key, (k for k in table if "[" not in k), f"It stands in {scope}")
    of_edges = {e.scale for s in synapses for e in s.edge}
    of_cells = {p.key for model in (neuron, *synapses) for p in model.parameters} - of_edges
    if scope.key not in of_edges | of_cells:
        raise InputError(f"parameter {scope}: {scope.key} is neither of cells nor of connections and has one value for all")
    if scope.post and scope.key not in of_edges:
        raise InputError(f"parameter {scope}: {scope.key} is of cells; write {scope.key}[{scope.cells}]")
    if not scope.post and scope.key in of_edges:
        raise InputError(f"parameter {scope}: {scope.key} is of connections; write {scope.key}[{scope.cells}->*] for those "
                         f"from {scope.cells}, {scope.key}[*->{scope.cells}] for those to it")
    for selector in filter(None, (scope.cells, scope.post)):
        _selected(circuit, selector)
    # taken out and put back, so that what is set last holds where scopes overlap
    table[str(scope)] = table.pop(str(scope), replace(table[scope.key]))
    return str(scope)


def _selected(circuit: Circuit, selector: str) -> np.ndarray:
    return circuit.connectome.cells.index.isin(circuit.select(selector))
