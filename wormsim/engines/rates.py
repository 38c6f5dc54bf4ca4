"""How fast each state follows: A of ``dx/dt = A x + B``, for the step of the kernels and for the check of its length."""

from __future__ import annotations

import sympy

from ..errors import InputError
from .expressions import numpy_text


def split(expression: sympy.Expr, x: sympy.Symbol) -> tuple[sympy.Expr, sympy.Expr]:
    """A and B of ``A x + B``: B is all that is not linear in `x`."""
    terms = sympy.Add.make_args(sympy.expand(expression, power_exp=False))
    linear = [t for t in terms if t.has(x) and not (t / x).has(x)]
    return sympy.Add(*(t / x for t in linear)), sympy.Add(*(t for t in terms if t not in linear))


def rates_text(system) -> str:
    """Text of ``DRIVEN`` and of ``rates(p, edges, gather)``, which gives A (1/ms) of every state that has one.

    `p` holds parameters, external input, sums that are constant and states, by name; ``gather(pathway, weight, x,
    chemical)`` sums over incoming edges. ``DRIVEN`` names the states whose B is not zero: the others only decay, which is
    exact whatever the step.
    """
    names = dict.fromkeys(name for s in system.sources for name, _ in s.terms)
    lines = [f"p[{name!r}] = 0.0" for name in names]
    driven, found = [], []
    for s in system.sources:
        for name, coefficient in s.terms:
            weight = numpy_text(coefficient, (), f"edges[{s.pathway}]")
            x = _text(system, s.expression)
            if x is not None:
                lines.append(f"p[{name!r}] = p[{name!r}] + gather({s.pathway}, {weight}, {x}, {s.chemical})")
    for name, derivative in system.derivatives.items():
        x = sympy.Symbol(name, real=True)
        a, b = split(system.inline(derivative), x)
        noisy = any(symbol.name in system.noises for symbol in a.free_symbols)
        text = _text(system, a) if a != 0 and not noisy else None
        if text is not None:
            found.append(f"c[{name!r}] = {text}")
            driven += [name] if b != 0 else []
    body = "\n    ".join(['"""A of every state, in 1/ms, from what they all are now."""', "p = dict(p)", *lines, "c = {}", *found])
    return f"DRIVEN = {tuple(driven)!r}\n\n\ndef rates(p, edges, gather):\n    {body}\n    return c"


def _text(system, expression: sympy.Expr) -> str | None:
    """As NumPy text; None for what NumPy text cannot say (a case distinction), which is then not looked at."""
    try:
        return numpy_text(system.inline(expression))
    except InputError:
        return None
