"""Regimen: all that is done to one animal, in order, with what the parts of it mean for each other.

A rescue takes cells out of an earlier perturbation, a kinetic stimulus acts in two parts, two clamps of one cell cannot
hold two voltages at once, and nothing can be done to a cell that is gone.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from .errors import InputError, warn_data

if TYPE_CHECKING:
    from .circuit import Circuit
    from .perturbation import Perturbation

Acts = tuple[tuple[int, int], "Perturbation"]


class Regimens:
    """What is done to each of many animals; what they share is looked up once.

    Parameters
    ----------
    circuit : Circuit
    common : tuple of Perturbation
        Done to all of them first: the model's own.
    """

    def __init__(self, circuit: Circuit, common: tuple[Perturbation, ...]):
        self.circuit, self.common = circuit, tuple(p.on(circuit) for p in common)
        self.given: dict[int, Perturbation] = {}
        self.made: dict[tuple, tuple[Acts, ...]] = {}
        self.spared: dict[tuple, Perturbation | None] = {}
        self.split: dict[object, tuple[Perturbation, tuple[Perturbation, ...]]] = {}
        self.on_ablated: dict[str, None] = {}

    def of(self, own: Iterable[Perturbation]) -> tuple[Acts, ...]:
        """What acts on an animal: ((number of the perturbation, number of its part), what to do), in order.

        Raises
        ------
        InputError
            Two perturbations that exclude each other, or a rescue from nothing.
        """
        whole = (*self.common, *(self._resolved(p) for p in own))
        key = tuple(map(id, whole))
        if key not in self.made:
            self._look_for_ablated(whole)
            there = [(k, p) for k, p in enumerate(self._rescued(whole)) if p is not None]
            all_of_it = [p for _, p in there]
            _refuse_clashes(all_of_it)
            self.made[key] = tuple(
                ((k, j), part) for k, p in there for j, part in enumerate(self._parts(p, tuple(q for q in all_of_it if q is not p))))
        return self.made[key]

    def all(self) -> list[Perturbation]:
        """Every perturbation that some animal has, as given."""
        return list({id(p): p for p in (*self.common, *self.given.values())}.values())

    def warn(self) -> None:
        """Say what was done to cells that were gone."""
        warn_data(len(self.on_ablated), "perturbation(s) of cells that are ablated already, which does nothing to them",
                  self.on_ablated, stacklevel=4)

    def _resolved(self, p: Perturbation) -> Perturbation:
        if id(p) not in self.given:
            self.given[id(p)] = p.on(self.circuit)
        return self.given[id(p)]

    def _parts(self, p: Perturbation, others: tuple[Perturbation, ...]) -> tuple[Perturbation, ...]:
        """What acts of one, the same objects for all animals in whose company it acts alike."""
        here = p.beside(others)
        key = id(here) if here is p else (id(p), *map(id, others))
        return self.split.setdefault(key, (here, here.parts()))[1]

    def _look_for_ablated(self, whole: tuple[Perturbation, ...]) -> None:
        gone: set[str] = set()
        for p in whole:
            hit = [cell for cell in p.resolved if cell in gone] if p.of_cells else []
            if hit:
                self.on_ablated.setdefault(f"{p!r}: {', '.join(hit)}")
            if p.removes:
                gone |= set(p.resolved)
            if p.rescues is not None and p.rescues.removes:
                gone -= set(p.resolved)

    def _rescued(self, whole: tuple[Perturbation, ...]) -> list[Perturbation | None]:
        out: list[Perturbation | None] = list(whole)
        for k, p in enumerate(whole):
            if p.rescues is None:
                continue
            wanted = p.rescues.describe()
            found = [j for j in range(k) if whole[j].describe() == wanted]
            if not found:
                raise InputError(f"{p!r} undoes {p.rescues!r}, which is not done to this animal before it: add it, and give the "
                                 "rescue the very perturbation that it is to undo")
            for j in found:
                key = id(whole[j]), id(out[j]), p.resolved
                if key not in self.spared:
                    self.spared[key] = None if out[j] is None else out[j].sparing(frozenset(p.resolved))
                out[j] = self.spared[key]
        return out


def _refuse_clashes(done: list[Perturbation]) -> None:
    for k, p in enumerate(done):
        for earlier in done[:k]:
            if reason := p.clash(earlier):
                raise InputError(f"{earlier!r} and {p!r} cannot be done to one animal: {reason}")
