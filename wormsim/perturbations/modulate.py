"""Modulation: a concentration of a modulator that is there for a window, set by the user; its receptors act as their coupling says."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from ..errors import InputError, UnknownNameError, warn_data
from ..modulator import load_modulator
from ..modulator_rules import (
    ACTS_ON,
    TARGETS,
    THRESHOLDS,
    TIME_CONSTANTS,
    concentration,
    coupling,
    occupancy,
    symbols,
)
from ..perturbation import Perturbation, Sheet
from .genotype import Genotype

if TYPE_CHECKING:
    from ..alteration import Changes
    from ..circuit import Circuit


class Modulate(Perturbation):
    """Bathe the animal in a modulator: every cell with a receptor feels the same concentration.

    What each receptor then does stands in :mod:`wormsim.modulator_rules`; the sizes are parameters of the model with priors,
    three for each receptor (``shift_serotonin_ser_1_mV``). A concentration of 0 is the identity.

    Parameters
    ----------
    modulator : str
        Key in ``wormsim/modulators``: ``"serotonin"``, ``"flp-11"``.
    level : float or str
        Relative concentration of at least 0, or a key of :data:`wormsim.modulator_rules.LEVELS`.
    start_ms, stop_ms : float
    without : iterable of str
        Receptors that are missing, as in a mutant.
    acts_on : iterable of str
        What metabotropic receptors act on: some of :data:`wormsim.modulator_rules.TARGETS`, by default threshold and release.
    shuffle : int, optional
        Control: seed of a permutation that gives each neuron the receptors of another, and each muscle those of another.

    Raises
    ------
    InputError
        A concentration that is negative or not a number; a circuit in which no cell has any of the receptors; a model without a
        threshold. Receptors that no cell of the circuit has are counted in a warning.
    UnknownNameError
        A modulator, level or receptor that is not known.
    """

    alters = True
    of_cells = False

    def __init__(self, modulator: str, level: float | str, *, start_ms: float = 0.0, stop_ms: float = np.inf,
                 without: Iterable[str] = (), acts_on: Iterable[str] = ACTS_ON, shuffle: int | None = None):
        super().__init__("*", start_ms=start_ms, stop_ms=stop_ms)
        self._modulator = load_modulator(modulator)
        self.modulator, self.level = self._modulator.name, level
        self.concentration = concentration(level)
        self.without, self.acts_on, self.shuffle = list(without), list(acts_on), shuffle
        known = [r.name for r in self._modulator.receptors]
        for name in self.without:
            if name not in known:
                raise UnknownNameError(f"receptor of {self.modulator}", name, known)
        for target in self.acts_on:
            if target not in TARGETS:
                raise UnknownNameError("target of a receptor", target, TARGETS, f"receptors act on {', '.join(TARGETS)}")
        self.parameters = self._modulator.parameters
        self._receivers: dict[str, tuple[str, ...]] = {}
        self._muscles: frozenset[str] = frozenset()
        self._genotypes: tuple[Genotype, ...] = ()

    @property
    def modulators(self) -> tuple[str, ...]:
        """What it sets, for a genotype beside it."""
        return (self.modulator,)

    def at(self, level: float | str) -> Modulate:
        """The same at another level, its cells looked up if they are here."""
        other = copy.copy(self)
        other.level, other.concentration = level, concentration(level)
        return other

    def resolve(self, circuit: Circuit) -> Modulate:
        """The same with the receptors' cells looked up."""
        other = copy.copy(self)
        found = self._modulator.receptor_cells(circuit, self.shuffle)
        empty = [name for name, cells in found.items() if not cells]
        if len(empty) == len(found):
            raise InputError(f"no cell of {circuit.name} has a receptor for {self.modulator} ({', '.join(found)}): it would do nothing")
        warn_data(len(empty), f"receptor(s) of {self.modulator} that no cell of {circuit.name} has", empty)
        cells = circuit.connectome.cells
        other._receivers = {name: having for name, having in found.items() if name not in self.without}
        other._muscles = frozenset(cells.index[cells["kind"] == "muscle"])
        having = {cell for those in found.values() for cell in those}
        other.resolved, other._circuit = tuple(cells.index[cells.index.isin(having)]), circuit
        return other

    def beside(self, others: tuple[Perturbation, ...]) -> Perturbation:
        """The same in an animal of these genotypes, which may lack receptors; what they do not make matters only to release."""
        genotypes = tuple(p for p in others if isinstance(p, Genotype))
        if not genotypes:
            return self
        other = copy.copy(self)
        other._genotypes = genotypes
        return other

    def write(self, sheet: Sheet, cells: np.ndarray) -> None:
        if self.concentration == 0:
            return
        effects, leak = sheet.effects, sheet.value("g_leak_nS", "nS")
        for receptor, name, occupied, neurons, muscles in self._acting(sheet.value, cells):
            how = coupling(receptor.coupling)
            if how.channel:
                where = np.ix_(np.concatenate([neurons, muscles]), sheet.lanes)
                opened = occupied * sheet.value(name["open"], "") * leak
                effects.conductance_nS[where] += opened
                effects.conductance_reversal_pA[where] += opened * sheet.value(name["E"] + "_mV", "mV")
            else:
                shift = how.sign * occupied * sheet.value(name["shift"] + "_mV", "mV")
                driven = np.concatenate([neurons, muscles]) if "current" in self.acts_on else muscles
                effects.current_pA[np.ix_(driven, sheet.lanes)] += shift * leak

    def alter(self, changes: Changes, cells: np.ndarray) -> None:
        if self.concentration == 0:
            return
        for receptor, name, occupied, neurons, muscles in self._acting(changes.value, cells):
            how = coupling(receptor.coupling)
            if how.channel:
                continue
            if "threshold" in self.acts_on:
                shift = how.sign * occupied * changes.value(name["shift"] + "_mV", "mV")
                changes.parameter(self._symbol(changes, THRESHOLDS, "threshold"))[neurons] -= shift
            factor = changes.value(name["gain"], "") ** (how.sign * occupied)
            if "time_constant" in self.acts_on:
                changes.parameter(self._symbol(changes, TIME_CONSTANTS, "time constant"))[np.concatenate([neurons, muscles])] *= factor
            for edges in changes.pathways:
                out, into = np.isin(edges.pre, neurons), np.isin(edges.post, muscles)
                if edges.synapse.kind == "chemical" and "release" in self.acts_on:
                    edges.scale(out, factor)
                    edges.scale(into, factor)
                elif edges.synapse.kind == "electrical" and "gap" in self.acts_on:
                    edges.scale(out | np.isin(edges.post, neurons), factor)

    def _acting(self, value: Callable, cells: np.ndarray) -> Iterator[tuple]:
        """Receptor, its symbols, occupancy, and the numbers of the neurons and muscles that have it; apart where a genotype spares some."""
        number = dict(zip(self.resolved, cells, strict=True))
        for receptor in self._modulator.receptors:
            having = [cell for cell in self._receivers.get(receptor.name, ()) if cell in number]
            name = symbols(self.modulator, receptor.name)
            for here, left in left_of(receptor.name, having, self._genotypes, value):
                rows = [np.array([number[c] for c in here if (c in self._muscles) == m], np.intp) for m in (False, True)]
                yield receptor, name, left * occupancy(self.concentration, value(name["half"], "")), *rows

    def _symbol(self, changes: Changes, known: tuple[str, ...], what: str) -> str:
        """The parameter of the neuron model that is meant."""
        for symbol in known:
            if symbol in changes.network.parameters:
                return symbol
        raise InputError(f"{self!r}: the neuron model {changes.network.neuron.name} has no {what} that receptors could act on "
                         f"({', '.join(known)})")

    def __repr__(self) -> str:
        return f"Modulate({self.modulator!r}, {self.level!r})"


def left_of(receptor: str, cells: Sequence[str], genotypes: tuple[Genotype, ...], value: Callable) -> Iterator[tuple[list[str], object]]:
    """Cells with what genotypes leave of a receptor in them: a share, by column where it is sampled."""
    groups: dict[tuple[int, ...], list[str]] = {}
    for cell in cells:
        groups.setdefault(tuple(k for k, g in enumerate(genotypes) if not g.spares(cell)), []).append(cell)
    for hit, here in groups.items():
        left = 1.0
        for k in hit:
            for share in genotypes[k].lost_receptor(receptor):
                left = left * (1.0 - value(share, ""))
        yield here, left


def example(cells: tuple[str, ...], dose: float, **window: float) -> Modulate:
    """One of it for the tests: serotonin at a relative concentration of 9 times the dose, whatever the cells."""
    return Modulate("serotonin", 9.0 * dose, **window)
