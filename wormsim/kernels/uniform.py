"""Constants that are one number for all cells, or an array with one for each: the same kernel text reads both.

Which of the two it is decides the type of the argument, so the compiler knows it. In a network of a hundred thousand cells
an array that holds one number over and over is half a megabyte that has to come from memory in every step.
"""

from numba import types
from numba.extending import overload


def at(constant, index):
    """The constant of one cell."""
    return constant[index] if getattr(constant, "ndim", 0) else constant


def part(constant, low, high):
    """The constants of the cells `low` ... `high` - 1."""
    return constant[low:high] if getattr(constant, "ndim", 0) else constant


@overload(at)
def _at(constant, index):
    if isinstance(constant, types.Array):
        return lambda constant, index: constant[index]
    return lambda constant, index: constant


@overload(part)
def _part(constant, low, high):
    if isinstance(constant, types.Array):
        return lambda constant, low, high: constant[low:high]
    return lambda constant, low, high: constant
