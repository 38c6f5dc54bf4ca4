"""From sympy expressions to the text of a kernel: what is constant is named and moved out of the time loop.

A kernel evaluates sums as ``c0 + c1*(x + y) + c2*z`` (with fused multiply-adds) where the c are constants of a segment,
computed once in double precision, and x, y, z change with time. ``1/(1 + exp(-x))`` is ``sigmoid(x)``. Sums and products are
written in sympy's canonical order, so the same model gives the same text in every process.
"""

from __future__ import annotations

from collections.abc import Callable, Container

import sympy
from sympy.printing.str import StrPrinter

from ..errors import InputError

_CALLS = {"exp": "exp", "exprel": "exprel", "log": "log", "sin": "np.sin", "cos": "np.cos", "tan": "np.tan",
          "tanh": "np.tanh", "sinh": "np.sinh", "cosh": "np.cosh", "Abs": "abs", "floor": "np.floor",
          "ceiling": "np.ceil"}
_RELATIONS = {sympy.StrictGreaterThan: ">", sympy.StrictLessThan: "<", sympy.GreaterThan: ">=", sympy.LessThan: "<=",
              sympy.Equality: "==", sympy.Unequality: "!="}


class _NumpyPrinter(StrPrinter):
    def __init__(self, own, given):
        super().__init__()
        self.own, self.given = own, given

    def _print_Symbol(self, expr):
        return f"c[{expr.name!r}]" if expr.name in self.own else f"{self.given}[{expr.name!r}]"

    def _print_Float(self, expr):
        return repr(float(expr))

    _print_Exp1 = _print_Pi = _print_Infinity = _print_NegativeInfinity = (
        lambda self, expr: f"np.float64({str(float(expr))!r})")

    def _print_Rational(self, expr):
        return f"({expr.p}/{expr.q})"

    def _print_Abs(self, expr):
        return f"np.abs({self._print(expr.args[0])})"

    def _print_Function(self, expr):
        name = type(expr).__name__
        if name not in ("exp", "exprel", "log", "sin", "cos", "tan", "tanh", "sinh", "cosh", "sqrt"):
            raise InputError(f"the function {name} cannot be used in an expression of parameters")
        call = "relative" if name == "exprel" else f"np.{name}"
        return f"{call}({', '.join(self._print(a) for a in expr.args)})"

    _print_exp = _print_log = _print_sin = _print_cos = _print_tan = _print_Function
    _print_tanh = _print_sinh = _print_cosh = _print_Function

    def _print_Pow(self, expr, rational=False):
        if expr.exp == sympy.Rational(1, 2):
            return f"np.sqrt({self._print(expr.base)})"
        return super()._print_Pow(expr, rational)


def numpy_text(expression: sympy.Expr, own: Container[str] = (), given: str = "p") -> str:
    """The expression as NumPy text, numbers to the last bit; names are looked up in `given`, those in `own` in ``c``."""
    return _NumpyPrinter(own, given).doprint(expression)


def bare(text: str) -> str:
    """Text without the parentheses around the whole of it."""
    if not text.startswith("("):
        return text
    depth = 0
    for k, character in enumerate(text):
        depth += (character == "(") - (character == ")")
        if depth == 0:
            return text[1:-1] if k == len(text) - 1 else text
    return text


def sigmoid_argument(expression: sympy.Expr) -> sympy.Expr | None:
    """The x of ``1/(1 + exp(-x))``; None of anything else."""
    if not (expression.is_Pow and expression.exp == -1 and expression.base.is_Add and len(expression.base.args) == 2):
        return None
    one, power = expression.base.args
    return -power.exp if one == 1 and isinstance(power, sympy.exp) else None


class Constants:
    """Constants of a segment, each an expression of parameters and of earlier constants.

    Parameters
    ----------
    by_effect : iterable of str
        Names (external input, sums over living neighbours) that perturbations change.
    varying : iterable of str
        Names that change from step to step.
    taken : iterable of str
        Names of the model, which no constant made here may bear.
    """

    def __init__(self, by_effect, varying, taken=()):
        self.by_effect = set(by_effect)
        self.varying = set(varying)
        self.taken = set(taken)
        self.table: dict[str, sympy.Expr] = {}
        self._names: dict[sympy.Expr, str] = {}

    def is_constant(self, expression: sympy.Basic) -> bool:
        """Whether nothing in it changes from step to step."""
        return not any(s.name in self.varying for s in expression.free_symbols)

    def name(self, expression: sympy.Expr, wanted: str = "") -> str:
        """Name of the constant with this value; the same expression gets the same name."""
        if expression in self._names:
            return self._names[expression]
        if isinstance(expression, sympy.Symbol) and expression.name in self.table:
            return expression.name
        if isinstance(expression, sympy.Symbol):
            name = expression.name
        else:
            name = wanted or f"k{len(self.table)}"
            while name in self.taken or name in self.table:
                name += "_"
        self.table[name] = expression
        self._names[expression] = name
        if any(s.name in self.by_effect for s in expression.free_symbols):
            self.by_effect.add(name)
        return name


class Printer:
    """Kernel text of expressions.

    Parameters
    ----------
    constants : Constants
        Takes up the constants that are met.
    reference : callable
        ``reference(name) -> text`` that reads a varying quantity or a constant where the text will stand.
    """

    def __init__(self, constants: Constants, reference: Callable[[str], str]):
        self.constants, self.reference = constants, reference

    def text(self, expression: sympy.Basic) -> str:
        """The expression, in parentheses where it is not a single term."""
        e = expression
        if e.is_Number or e.is_NumberSymbol:
            return f"F({float(e)!r})"
        if self.constants.is_constant(e) and isinstance(e, sympy.Expr):
            return self.reference(self.constants.name(e))
        if e.is_Symbol:
            return self.reference(e.name)
        if e.is_Add:
            return self._sum(e)
        if e.is_Mul:
            return self._product(e)
        if e.is_Pow:
            return self._power(e.base, e.exp)
        if type(e) in _RELATIONS:
            return f"({self.text(e.lhs)} {_RELATIONS[type(e)]} {self.text(e.rhs)})"
        if isinstance(e, sympy.And | sympy.Or):
            word = " and " if isinstance(e, sympy.And) else " or "
            return "(" + word.join(self.text(a) for a in e.args) + ")"
        if isinstance(e, sympy.Not):
            return f"(not {self.text(e.args[0])})"
        return self._call(type(e).__name__, e.args)

    def _sum(self, e: sympy.Add) -> str:
        groups: dict[sympy.Expr, list[sympy.Expr]] = {}
        constant = []
        for term in e.as_ordered_terms():
            if self.constants.is_constant(term):
                constant.append(term)
            else:
                coefficient, rest = self._split(term)
                groups.setdefault(coefficient, []).append(rest)
        text = self.text(sympy.Add(*constant)) if constant else ""
        for coefficient, terms in groups.items():
            inner = " + ".join(self.text(t) for t in terms)
            inner = inner if len(terms) == 1 else f"({inner})"
            negative = coefficient == -1
            if coefficient == 1 or negative:
                text = f"{text} {'-' if negative else '+'} {inner}" if text else (f"-{inner}" if negative else inner)
            else:
                text = f"fma({self.text(coefficient)}, {bare(inner)}, {text})" if text else f"{self.text(coefficient)}*{inner}"
        return f"({text})"

    def _split(self, term: sympy.Expr) -> tuple[sympy.Expr, sympy.Expr]:
        factors = sympy.Mul.make_args(term)
        constant = [f for f in factors if self.constants.is_constant(f)]
        return sympy.Mul(*constant), sympy.Mul(*(f for f in factors if not self.constants.is_constant(f)))

    def _product(self, e: sympy.Mul) -> str:
        coefficient, rest = self._split(e)
        above, below = [], []
        for f in sympy.Mul.make_args(rest):
            if f.is_Pow and f.exp.is_number and f.exp < 0 and sigmoid_argument(f) is None:
                below.append(self._power(f.base, -f.exp))
            else:
                above.append(self.text(f))
        if coefficient == -1 and above:
            above[0] = f"-{above[0]}"
        elif coefficient != 1:
            above.insert(0, self.text(coefficient))
        top = "*".join(above) or "F(1.0)"
        return f"({top}/({'*'.join(below)}))" if below else f"({top})"

    def _power(self, base: sympy.Expr, exponent: sympy.Expr) -> str:
        if base == sympy.E:
            return self._call("exp", (exponent,))
        argument = sigmoid_argument(base**exponent)
        if argument is not None:
            return f"sigmoid({bare(self.text(argument))})"
        x = self.text(base)
        if exponent.is_Integer and 1 <= abs(exponent) <= 8:
            product = "*".join([x] * abs(int(exponent)))
            return f"({product})" if exponent > 0 else f"(F(1.0)/({product}))"
        if exponent in (sympy.Rational(1, 2), sympy.Rational(-1, 2)):
            return f"np.sqrt({x})" if exponent > 0 else f"(F(1.0)/np.sqrt({x}))"
        return f"({x}**{self.text(exponent)})"

    def _call(self, name: str, arguments: tuple) -> str:
        if name == "int_":
            return f"(F(1.0) if {self.text(arguments[0])} else F(0.0))"
        if name == "clip":
            x, low, high = (self.text(a) for a in arguments)
            return f"min(max({x}, {low}), {high})"
        if name in _CALLS:
            return f"{_CALLS[name]}({', '.join(self.text(a) for a in arguments)})"
        raise InputError(f"the function {name} is not known to this engine; known: "
                         f"{', '.join(sorted([*_CALLS, 'clip', 'int']))}")
