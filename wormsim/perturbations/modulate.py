"""Modulation: a concentration of a modulator that is there for a window, set by the user; its receptors act as their coupling says."""

from __future__ import annotations

import copy
from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from ..errors import InputError, UnknownNameError, warn_data
from ..modulator import load_modulator
from ..modulator_rules import THRESHOLDS, concentration, coupling, occupancy, symbols
from ..perturbation import Perturbation, Sheet
from ..units import to_internal

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
                 without: Iterable[str] = (), shuffle: int | None = None):
        super().__init__("*", start_ms=start_ms, stop_ms=stop_ms)
        self._modulator = load_modulator(modulator)
        self.modulator, self.level = self._modulator.name, level
        self.concentration = concentration(level)
        self.without = tuple(without)
        self.shuffle = shuffle
        known = [r.name for r in self._modulator.receptors]
        for name in self.without:
            if name not in known:
                raise UnknownNameError(f"receptor of {self.modulator}", name, known)
        self.parameters = self._modulator.parameters
        self._rows: dict[str, tuple[np.ndarray, np.ndarray]] = {}

    def resolve(self, circuit: Circuit) -> Modulate:
        """The same with the receptors' cells looked up."""
        other = copy.copy(self)
        found = self._modulator.receptor_cells(circuit, self.shuffle)
        empty = [name for name, cells in found.items() if not cells]
        if len(empty) == len(found):
            raise InputError(f"no cell of {circuit.name} has a receptor for {self.modulator} ({', '.join(found)}): it would do nothing")
        warn_data(len(empty), f"receptor(s) of {self.modulator} that no cell of {circuit.name} has", empty)
        index = circuit.connectome.cells.index
        is_muscle = (circuit.connectome.cells["kind"] == "muscle").to_numpy()
        other._rows = {}
        for name, cells in found.items():
            rows = index.get_indexer(list(cells))
            other._rows[name] = (rows[~is_muscle[rows]], rows[is_muscle[rows]])
        having = {cell for cells in found.values() for cell in cells}
        other.resolved = tuple(index[index.isin(having)])
        return other

    def write(self, sheet: Sheet, cells: np.ndarray) -> None:
        if self.concentration == 0:
            return
        effects, leak = sheet.effects, sheet.value("g_leak_nS", "nS")
        for receptor, name, occupied in self._acting(sheet.value):
            neurons, muscles = self._rows[receptor.name]
            how = coupling(receptor.coupling)
            if how.channel:
                where = np.ix_(np.concatenate([neurons, muscles]), sheet.lanes)
                opened = occupied * sheet.value(name["open"], "") * leak
                effects.conductance_nS[where] += opened
                effects.conductance_reversal_pA[where] += opened * sheet.value(name["E"] + "_mV", "mV")
            else:
                shift = how.sign * occupied * sheet.value(name["shift"] + "_mV", "mV")
                effects.current_pA[np.ix_(muscles, sheet.lanes)] += shift * leak

    def alter(self, changes: Changes, cells: np.ndarray) -> None:
        if self.concentration == 0:
            return
        threshold = next((s for s in THRESHOLDS if s in changes.network.parameters), None)
        if threshold is None:
            raise InputError(f"{self!r}: the neuron model {changes.network.neuron.name} has none of the thresholds that receptors act "
                             f"on ({', '.join(THRESHOLDS)})")
        for receptor, name, occupied in self._acting(changes.value):
            how = coupling(receptor.coupling)
            if how.channel:
                continue
            neurons, muscles = self._rows[receptor.name]
            changes.parameter(threshold)[neurons] -= how.sign * occupied * changes.value(name["shift"] + "_mV", "mV")
            factor = changes.value(name["gain"], "") ** (how.sign * occupied)
            for edges in changes.pathways:
                if edges.synapse.kind == "chemical":
                    edges.scale(np.isin(edges.pre, neurons), factor)
                    edges.scale(np.isin(edges.post, muscles), factor)

    def _acting(self, value):
        """Receptors that are there, with their symbols and occupancy."""
        for receptor in self._modulator.receptors:
            if receptor.name not in self.without and any(map(len, self._rows[receptor.name])):
                name = symbols(self.modulator, receptor.name)
                yield receptor, name, occupancy(to_internal(self.concentration, ""), value(name["half"], ""))

    def __repr__(self) -> str:
        return f"Modulate({self.modulator!r}, {self.level!r})"


def example(cells: tuple[str, ...], dose: float, **window: float) -> Modulate:
    """One of it for the tests: serotonin at a relative concentration of 9 times the dose, whatever the cells."""
    return Modulate("serotonin", 9.0 * dose, **window)
