"""What is wrong with a model's text, said before an engine starts: names that nothing defines, units that do not agree.

Both engines ask here, so that a model means the same in either. The fast one asks when it writes a kernel: units and
names are part of a kernel's key, so a kernel that is in the cache has passed. Importing this imports Brian2.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from . import importing_brian2  # noqa: F401 -- before Brian2

# isort: split

from brian2 import Equations
from brian2.core.functions import DEFAULT_FUNCTIONS
from brian2.core.namespace import DEFAULT_CONSTANTS, DEFAULT_UNITS
from brian2.core.variables import Constant
from brian2.equations.equations import DIFFERENTIAL_EQUATION, EquationError, dimensions_and_type_from_string
from brian2.parsing.expressions import parse_expression_dimensions
from brian2.units.fundamentalunits import (
    DIMENSIONLESS,
    DimensionMismatchError,
    get_or_create_dimension,
    get_unit_for_display,
    have_same_dimensions,
)
from brian2.utils.stringtools import get_identifiers

from ..dynamics import NeuronModel, SynapseModel
from ..errors import InputError, UnknownNameError
from ..units import UNITS

_VOLT, _AMP, _SECOND, _SIEMENS = (get_or_create_dimension(UNITS[u].dims) for u in ("mV", "pA", "ms", "nS"))
# What Brian2 itself knows in the text of a group; the fast engine says on its own which of these it does not run.
_BRIAN2 = {"t": _SECOND, "dt": _SECOND, "lastspike": _SECOND, "xi": _SECOND**-0.5, "i": DIMENSIONLESS, "N": DIMENSIONLESS,
           "not_refractory": DIMENSIONLESS}
# What the numba and event engines have no counterpart of.
_ONLY_BRIAN2 = {"t", "i", "N", "lastspike", "not_refractory"}
_EXTERNAL = {"I": _AMP, "I_ext": _AMP, "G_ext": _SIEMENS, "GE_ext": _AMP}


@dataclass(frozen=True)
class _Line:
    """An expression of a model: whose it is, how it reads, which dimension it must have, and whether edges see it."""

    model: str
    text: str
    expression: str
    expected: object
    of_edges: bool = False


def parse_equations(neuron: NeuronModel, synapses: tuple[SynapseModel, ...]) -> Equations:
    """The equations of a cell with the cell side of its synapses.

    Raises
    ------
    InputError
        Brian2 does not read them.
    """
    text = "\n".join([neuron.equations, *(s.cell_equations for s in synapses)])
    try:
        return Equations(text)
    except (SyntaxError, EquationError, ValueError, KeyError) as error:
        raise InputError(f"{neuron.name}: Brian2 does not read these equations: {error}\n{text.strip()}") from error


class ModelText:
    """The text of a neuron model and its synapse models, ready to be checked.

    Parameters
    ----------
    neuron : NeuronModel
    synapses : tuple of SynapseModel
    """

    def __init__(self, neuron: NeuronModel, synapses: tuple[SynapseModel, ...]):
        self.neuron, self.synapses = neuron, synapses
        self.equations = parse_equations(neuron, synapses)
        self.states = sorted(self.equations.diff_eq_names)
        declared = [p for model in (neuron, *synapses) for p in model.parameters]
        self.parameters = {p.symbol: p for p in declared}
        cell = {p.symbol: Constant(p.symbol, p.value * UNITS[p.unit].si, dimensions=_dimension(p.unit)) for p in declared}
        cell |= {symbol: _Known(_dimension(unit)) for s in synapses for symbol, unit in s.derived.items()}
        cell |= {name: _Known(self._summed_dimension(s, name)) for s in synapses for name in s.summed}
        cell |= {name: _Known(equation.dim) for name, equation in self.equations.items()}
        self.cell = cell | {name: _Known(dimension) for name, dimension in _EXTERNAL.items()}
        by_key = {p.key: p for p in declared}
        self.edge = {}
        for s in synapses:
            for e in s.edge:
                if e.scale not in by_key:
                    raise UnknownNameError("parameter", e.scale, by_key, f"The edge value {e.symbol} of synapse model "
                                           f"{s.name} takes its size from it")
                self.edge[e.symbol] = _Known(_dimension(by_key[e.scale].unit))

    def check_names(self) -> None:
        """Raise where the text uses a name that nothing defines.

        Raises
        ------
        UnknownNameError
            With the closest states and parameters, and the line.
        InputError
            No state v, a state without initial value, a name that Brian2 gives a meaning of its own, a value of the edges in
            the equations of a cell, or a reset that assigns to no state.
        """
        own = {*self.equations, *self.parameters, *self.edge, *(n for s in self.synapses for n in (*s.summed, *s.derived))}
        if reserved := {name for name in own if name in {*DEFAULT_CONSTANTS, *_BRIAN2} or name.startswith("xi_")}:
            raise InputError(f"{self.neuron.name}: the name {', '.join(sorted(reserved))} means something else in Brian2; "
                             "take another")
        if "v" not in self.equations.diff_eq_names:
            raise InputError(f"{_title(self.neuron)}: the equations have no state v")
        for role, symbol in self._times():
            if symbol not in self.parameters:
                raise UnknownNameError("parameter", symbol, self.parameters, f"It stands in {role}")
        for model in (self.neuron, *self.synapses):
            for state in model.initial:
                self._is_state(state, f"{_title(model)}: initial value of {state}")
        for s in self.synapses:
            if s.poisson_target:
                self._is_state(s.poisson_target, f"{_title(s)}: poisson_target")
        given = {state for model in (self.neuron, *self.synapses) for state in model.initial}
        for state in self.states:
            if state not in given:
                raise InputError(f"{self._owner(state)}: no initial value for {state}; add it to `initial`")
        for line in self._lines():
            self._names_in(line)

    def check_kernel_names(self) -> None:
        """Raise where the text uses a name of Brian2 that only Brian2 itself can follow.

        Raises
        ------
        InputError
            With the model, the line, the name and the engine to take.
        """
        for line in self._lines():
            if used := get_identifiers(line.expression) & _ONLY_BRIAN2:
                raise InputError(f"{line.model}: '{line.text}' uses {', '.join(sorted(used))}, which only Brian2 has: "
                                 "run this model with engine='brian2'")

    def check_units(self) -> None:
        """Raise where units do not agree; the names have been checked.

        Raises
        ------
        InputError
            With the model, the line and both units.
        """
        if not have_same_dimensions(self.equations["v"].dim, _VOLT):
            raise InputError(f"{_title(self.neuron)}: v is declared in {_shown(self.equations['v'].dim)}, it must be in volt")
        for role, symbol in self._times():
            if not have_same_dimensions(found := _dimension(self.parameters[symbol].unit), _SECOND):
                raise InputError(f"{role} = {symbol}: {symbol} is in {_shown(found)}, it must be in second")
        for line in self._lines():
            found = self._dimension_of(line)
            if not have_same_dimensions(found, line.expected):
                raise InputError(f"{line.model}: units do not agree in '{line.text}': '{line.expression}' is in "
                                 f"{_shown(found)}, it must be in {_shown(line.expected)}")

    def _times(self) -> Iterator[tuple[str, str]]:
        """The symbols that must be parameters in ms."""
        if self.neuron.refractory and not self.neuron.counts_crossings:
            yield f"{_title(self.neuron)}: refractory", self.neuron.refractory
        for s in self.synapses:
            if s.delay:
                yield f"{_title(s)}: delay", s.delay

    def _lines(self) -> Iterator[_Line]:
        for name, equation in self.equations.items():
            if equation.expr is None:
                continue
            whose, rate = self._owner(name), equation.type == DIFFERENTIAL_EQUATION
            left = f"d{name}/dt" if rate else name
            yield _Line(whose, f"{left} = {equation.expr.code}", equation.expr.code,
                        equation.dim / _SECOND if rate else equation.dim)
        if self.neuron.threshold:
            yield _Line(_title(self.neuron), f"threshold: {self.neuron.threshold}", self.neuron.threshold, DIMENSIONLESS)
        for model in (self.neuron, *self.synapses):
            for state, expression in model.initial.items():
                yield _Line(_title(model), f"initial: {state} = {expression}", expression, self.equations[state].dim)
            yield from self._resets(model)
        for s in self.synapses:
            yield _Line(_title(s), f"current: {s.current}", s.current, _AMP)
            for name, (expression, _) in s.summed.items():
                yield _Line(_title(s), f"summed: {name} = {expression}", expression, self._summed_dimension(s, name), True)
            for statement in _statements(s.on_pre):
                # what has another form is refused by the engines, with the form that they take
                if match := re.fullmatch(r"(\w+?)(?:_post)?\s*[-+]=\s*(.+)", statement):
                    self._is_state(match[1], f"{_title(s)}: on_pre '{statement}' must add to a state")
                    yield _Line(_title(s), f"on_pre: {statement}", match[2], self.equations[match[1]].dim, True)

    def _owner(self, name: str) -> str:
        """The model whose equations define a name."""
        return _title(next((s for s in self.synapses if s.cell_equations.strip() and name in Equations(s.cell_equations)),
                           self.neuron))

    def _resets(self, model: NeuronModel | SynapseModel) -> Iterator[_Line]:
        for statement in _statements(model.reset):
            match = re.fullmatch(r"(\w+)\s*([-+*/]?)=\s*(.+)", statement)
            said = f"{_title(model)}: reset '{statement}' must assign to a state ({', '.join(self.states)})"
            if match is None:
                raise InputError(said)
            self._is_state(match[1], said)
            expected = DIMENSIONLESS if match[2] in {"*", "/"} else self.equations[match[1]].dim
            yield _Line(_title(model), f"reset: {statement}", match[3], expected)

    def _is_state(self, name: str, where: str) -> None:
        if name not in self.equations.diff_eq_names:
            raise UnknownNameError("state", name, self.states, where)

    def _names_in(self, line: _Line) -> None:
        known = {*self.cell, *self.edge, *_BRIAN2}
        if line.of_edges:
            known |= {f"{name}{side}" for name in self.cell for side in ("_pre", "_post")}
        for name in sorted(get_identifiers(line.expression)):
            if name in self.edge and name not in self.cell and not line.of_edges:
                raise InputError(f"{line.model}: '{line.text}' uses {name}, which belongs to the edges and cannot stand in "
                                 "the equations of a cell")
            if name in known or name in DEFAULT_UNITS or name in DEFAULT_CONSTANTS or name in DEFAULT_FUNCTIONS:
                continue
            if name.startswith("xi_"):
                continue
            called = re.search(rf"\b{name}\s*\(", line.expression)
            near: Iterable[str] = DEFAULT_FUNCTIONS if called else sorted(known - {*_BRIAN2, *(_EXTERNAL.keys() - {"I"})})
            raise UnknownNameError("function" if called else "name", name, near, f"It stands in {line.model}: '{line.text}'")

    def _dimension_of(self, line: _Line):
        names = {**DEFAULT_UNITS, **DEFAULT_CONSTANTS, **DEFAULT_FUNCTIONS}
        names |= {name: _Known(dimension) for name, dimension in _BRIAN2.items()}
        names |= {name: _Known(_BRIAN2["xi"]) for name in get_identifiers(line.expression) if name.startswith("xi_")}
        names |= self.cell
        if line.of_edges:
            names |= {f"{name}{side}": x for name, x in self.cell.items() for side in ("_pre", "_post")} | self.edge
        try:
            return parse_expression_dimensions(line.expression.strip(), names)
        except DimensionMismatchError as error:
            raise InputError(f"{line.model}: units do not agree in '{line.text}': {_readable(str(error))}") from error
        except (SyntaxError, ValueError, KeyError, TypeError, NotImplementedError) as error:
            raise InputError(f"{line.model}: Brian2 does not read '{line.text}': {error}") from error

    @staticmethod
    def _summed_dimension(synapse: SynapseModel, name: str):
        unit = synapse.summed[name][1]
        try:
            return dimensions_and_type_from_string(unit)[0]
        except (SyntaxError, ValueError, KeyError, TypeError) as error:
            raise InputError(f"{_title(synapse)}: {unit!r}, the unit of {name}, is not one of Brian2: {error}") from error


@dataclass(frozen=True)
class _Known:
    """A name whose value changes; Brian2 asks only for its dimension."""

    dim: object


def check(neuron: NeuronModel, synapses: tuple[SynapseModel, ...]) -> None:
    """Names and units of a model, as :meth:`ModelText.check_names` and :meth:`ModelText.check_units` check them."""
    text = ModelText(neuron, synapses)
    text.check_names()
    text.check_units()


def powers(dim) -> dict[str, float]:
    """A dimension as powers of volt, amp, second, metre and mole.

    Raises
    ------
    InputError
        It has kelvin or candela in it.
    """
    metre, kilogram, second, ampere, kelvin, mole, candela = dim._dims
    if kelvin or candela:
        raise InputError(f"a quantity of dimension {dim} is not made of volt, ampere, second, metre and mole")
    return {"volt": kilogram, "amp": ampere + kilogram, "second": second + 3 * kilogram, "metre": metre - 2 * kilogram,
            "mole": mole}


def internal_size(dim) -> float:
    """Size in SI of the internal unit of a dimension: products of mV, pA, ms, um and uM um3."""
    size = {"volt": 1e-3, "amp": 1e-12, "second": 1e-3, "metre": 1e-6, "mole": 1e-21}
    return math.prod(size[base] ** power for base, power in powers(dim).items())


def _title(model: NeuronModel | SynapseModel) -> str:
    return f"{'neuron' if isinstance(model, NeuronModel) else 'synapse'} model {model.name}"


def _statements(text: str) -> list[str]:
    return [s.strip() for s in re.split(r"[\n;]", text) if s.strip()]


def _dimension(unit: str):
    if unit not in UNITS:
        raise UnknownNameError("unit", unit, filter(None, UNITS))
    return get_or_create_dimension(UNITS[unit].dims)


def _shown(dimension) -> str:
    """The unit as a reader knows it: ``A/s`` for what Brian2 writes as ``s^-1 A``."""
    if have_same_dimensions(dimension, DIMENSIONLESS):
        return "pure numbers"
    plain, rate = (str(get_unit_for_display(d)) for d in (dimension, dimension * _SECOND))
    return f"{rate}/s" if "^" in plain and "^" not in rate else plain


def _readable(message: str) -> str:
    """A message of Brian2 with V, S and so on where it writes metres and kilograms."""
    for dimension in (d for unit in UNITS for d in (_dimension(unit), _dimension(unit) / _SECOND)):
        if dimension is not DIMENSIONLESS:
            message = message.replace(f"({dimension})", f"({_shown(dimension)})")
    return message
