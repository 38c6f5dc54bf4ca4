"""White noise in Brian2, held within a step as the fast engine holds it: ``xi = N/sqrt(dt)``.

Brian2's own exponential Euler takes no ``xi``, so the name is replaced by a variable of the cells. In a network that is
compared with the fast engine a ``NetworkOperation`` ("noise") sets it in each step from the counter-based generator. In one
that is handed out it is drawn by Brian2, ``randn()/sqrt(dt)``, and needs nothing of ours.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from . import importing_brian2  # noqa: F401 -- before Brian2

# isort: split

import brian2 as b2

from ..kernels.normal import noise_source
from . import cache


def with_noise(equations: str, noises: Iterable[str], counted: bool) -> str:
    """Equations in which ``xi`` is the variable ``noise_xi``, and the line that declares it.

    Parameters
    ----------
    equations : str
    noises : iterable of str
        ``xi`` and ``xi_NAME``.
    counted : bool
        Whether :func:`counted_noise` will set the variable; drawn by Brian2 otherwise.
    """
    text = re.sub(r"\bxi(_\w+)?\b", lambda name: f"noise_{name[0]}", equations)
    for name in noises:
        drawn = "" if counted else " = randn()/sqrt(dt)"
        text += f"\nnoise_{name}{drawn} : second**-0.5{'' if counted else ' (constant over dt)'}"
    return text


def counted_noise(group: b2.NeuronGroup, noises: Iterable[str], stream: int, clock: b2.Clock) -> b2.NetworkOperation:
    """The operation that gives every cell its number of the step, before anything else is computed."""
    module, scale = cache.shipped("normal"), float(clock.dt / b2.second) ** -0.5

    def draw() -> None:
        step = int(clock.timestep[:])
        for name in noises:
            numbers = module.normals(stream, step, len(group), noise_source(name))[0]
            group.variables[f"noise_{name}"].set_value(numbers.astype(float) * scale)

    return b2.NetworkOperation(draw, clock=clock, when="start", order=-90, name="noise")
