"""What can be done to a model: the base of every perturbation, and the sheet that it writes its effect on.

A perturbation is pure: ``Ablate("AVA")(model)`` gives a new model. Perturbations act in the order in which they were
added, those of the model before those of a variant; each says its effect for one stretch of time and a set of variants.
What adds to a cell's input or masks it is written on a :class:`Sheet`; what changes numbers of the model itself alters
them (:mod:`wormsim.alteration`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from .errors import InputError
from .network import Effects, Poisson

if TYPE_CHECKING:
    from .alteration import Changes
    from .circuit import Circuit
    from .model import Model
    from .parameter import Parameter


@dataclass
class Sheet:
    """Effects of one segment while they are being written; `lanes` are the variants that the present perturbation acts on.

    Attributes
    ----------
    effects : Effects
        Arrays over all cells and variants, filled in place.
    dt_ms : float
    value : callable
        ``value(x, unit)``: a number, or a parameter key whose value differs by variant, as an array over `lanes`.
    """

    effects: Effects
    dt_ms: float
    lanes: np.ndarray
    source: int
    value: object
    poisson_rows: list = field(default_factory=list)


class Perturbation:
    """Base class: which cells, and from when to when.

    Parameters
    ----------
    *cells : str
        Names, classes, globs, groups or attributes, as in ``circuit.select``.
    start_ms, stop_ms : float
        The window [start, stop) in which it acts.

    Attributes
    ----------
    alters : bool
        Whether it has an :meth:`alter`.
    of_cells : bool
        Whether it acts on its cells as such, so that to have none of them left is worth a warning.
    parameters : tuple of Parameter
        What it brings to the model: sampled and set as the others are, resolved by key in ``sheet.value``.
    """

    alters = False
    of_cells = True
    parameters: tuple[Parameter, ...] = ()

    def __init__(self, *cells: str, start_ms: float = 0.0, stop_ms: float = np.inf):
        if not cells:
            raise InputError(f"{type(self).__name__} needs at least one cell, class, glob or group")
        if not (np.isfinite(start_ms) and 0 <= start_ms < stop_ms):
            raise InputError(f"{type(self).__name__}: window {start_ms} to {stop_ms} ms is empty or starts before 0")
        self.cells = tuple(cells)
        self.start_ms, self.stop_ms = float(start_ms), float(stop_ms)
        self.resolved: tuple[str, ...] | None = None

    def __call__(self, model: Model) -> Model:
        """The model with this done to it as well."""
        return model.perturbed(self)

    def resolve(self, circuit: Circuit) -> Perturbation:
        """The same perturbation with its cells looked up; an unknown or empty selection raises."""
        import copy

        other = copy.copy(self)
        other.resolved = tuple(circuit.select(*self.cells))
        return other

    def write(self, sheet: Sheet, cells: np.ndarray) -> None:
        """Write the effect on `cells` (numbers) for ``sheet.lanes``; by default nothing."""

    def alter(self, changes: Changes, cells: np.ndarray) -> None:
        """Edit numbers of the model in place; by default nothing.

        Each column stands for itself: what comes out of one must not depend on the others, nor on how many there are.
        """

    def describe(self) -> dict:
        """For the manifest: name, arguments and cells. Attributes that begin with an underscore are not arguments."""
        arguments = {k: v for k, v in vars(self).items() if k not in ("cells", "resolved", "parameters") and k[0] != "_"}
        if np.isinf(self.stop_ms):
            del arguments["stop_ms"]
        return {"name": type(self).__name__, "cells": list(self.resolved or self.cells), **arguments}

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(map(repr, self.cells))})"


def blank_effects(start: int, stop: int, n_cells: int, n_variants: int) -> Effects:
    """Effects that do nothing."""
    shape = (n_cells, n_variants)
    none = Poisson(np.zeros(0, np.int32), np.zeros(0, np.int32), np.zeros((0, n_variants)), np.zeros((0, n_variants)))
    return Effects(
        start, stop, np.ones(shape, bool), np.ones(shape, bool), np.zeros(shape), np.zeros(shape), np.zeros(shape), none
    )
