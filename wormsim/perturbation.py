"""What can be done to a model: the base of every perturbation, and the sheet that it writes its effect on.

A perturbation is pure: ``Ablate("AVA")(model)`` gives a new model. Perturbations act in the order in which they were
added, those of the model before those of a variant; each says its effect for one stretch of time and a set of variants.
What adds to a cell's input or masks it is written on a :class:`Sheet`; what changes numbers of the model itself alters
them (:mod:`wormsim.alteration`).
"""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from .errors import InputError
from .network import Effects, Poisson

if TYPE_CHECKING:
    from .alteration import Changes
    from .circuit import Circuit
    from .dynamics import SynapseModel
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
    clamp_mV: np.ndarray | None = None

    def clamp(self, cells: np.ndarray, v_mV) -> None:
        """Hold the voltage of `cells` (numbers); `v_mV` is a number or one for each of `lanes`."""
        if self.clamp_mV is None:
            self.clamp_mV = np.full(self.effects.alive.shape, np.nan)
        self.clamp_mV[np.ix_(cells, self.lanes)] = v_mV


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
    removes : bool
        Whether nothing can be done to its cells afterwards.
    rescues : Perturbation or None
        The earlier perturbation that it undoes in its cells (:class:`~wormsim.perturbations.Rescue`).
    mechanisms : tuple of SynapseModel
        What it puts into every cell (an opsin): a synapse model without connections.
    modulators : tuple of str
        Names of the neuromodulators that it sets. It asks those beside it (:meth:`beside`) for what a genotype takes away.
    parameters : tuple of Parameter
        What it brings to the model: sampled and set as the others are, resolved by key in ``sheet.value``.
    """

    alters = False
    of_cells = True
    removes = False
    rescues: Perturbation | None = None
    mechanisms: tuple[SynapseModel, ...] = ()
    modulators: tuple[str, ...] = ()
    _circuit: Circuit | None = None
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
        other = copy.copy(self)
        other.resolved, other._circuit = tuple(circuit.select(*self.cells)), circuit
        return other

    def on(self, circuit: Circuit) -> Perturbation:
        """Itself where it is resolved on this very circuit, else resolved on it."""
        return self if self.resolved is not None and self._circuit is circuit else self.resolve(circuit)

    @property
    def only_stepped(self) -> bool:
        """Whether the event engine, which touches cells only when something happens to them, cannot run it."""
        return self.alters and (self.start_ms > 0 or np.isfinite(self.stop_ms))

    def parts(self) -> tuple[Perturbation, ...]:
        """What it consists of, each with its own window; resolved as it is itself."""
        return (self,)

    def sparing(self, cells: frozenset[str]) -> Perturbation | None:
        """The same without its effect on these cells, resolved; None where nothing is left of it."""
        other = copy.copy(self)
        other.resolved = tuple(cell for cell in self.resolved if cell not in cells)
        return other if other.resolved else None

    def beside(self, others: tuple[Perturbation, ...]) -> Perturbation:
        """The same as it acts on an animal to which these are done as well, in order (all resolved, rescues applied)."""
        return self

    def clash(self, earlier: Perturbation) -> str:
        """Why it cannot be done to an animal to which `earlier` is done (both resolved); empty where it can."""
        return ""

    def overlaps(self, other: Perturbation) -> bool:
        """Whether there is a time at which both act."""
        return self.start_ms < other.stop_ms and other.start_ms < self.stop_ms

    def write(self, sheet: Sheet, cells: np.ndarray) -> None:
        """Write the effect on `cells` (numbers) for ``sheet.lanes``; by default nothing."""

    def alter(self, changes: Changes, cells: np.ndarray) -> None:
        """Edit numbers of the model in place; by default nothing.

        Each column stands for itself: what comes out of one must not depend on the others, nor on how many there are.
        """

    def describe(self) -> dict:
        """For the manifest: name, arguments that are given and cells. What begins with an underscore is no argument."""
        apart = ("cells", "resolved", "parameters", "mechanisms")
        arguments = {k: v for k, v in vars(self).items() if k not in apart and k[0] != "_" and v is not None}
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
