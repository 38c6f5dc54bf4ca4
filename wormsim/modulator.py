"""Modulator: a substance that acts beyond the synapse: who releases it, who has receptors, and how those couple.

A wiring diagram does not show it. Monoamines are released by the cells whose transmitter they are; receptor cells are those of the
multilayer connectome (Bentley et al. 2016), receptor by receptor, or are named here with their source. Which cells are
there is asked of a circuit, so that the same description serves both sexes and every part of the animal.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

import numpy as np

from . import catalog
from .data import tables
from .errors import EmptySelectionError, InputError, UnknownNameError
from .modulator_rules import coupling, receptor_parameters
from .names import select_cells, split_transmitters
from .parameter import CERTAINTIES, Parameter

if TYPE_CHECKING:
    import pandas as pd

    from .circuit import Circuit

MONOAMINES, PEPTIDES = "bentley2016_monoamine", "bentley2016_peptide"


@dataclass(frozen=True)
class Receptor:
    """One receptor of a modulator.

    Parameters
    ----------
    name : str
        Gene, as in ``"mod-1"``.
    coupling : str
        Key of :data:`wormsim.modulator_rules.COUPLINGS`.
    source : str
        For the coupling, and for `cells` where they are given.
    certainty : {"high", "medium", "low", "guess"}
    cells : tuple of str
        Selectors of cells that have it beside those of `layer`; those that a circuit lacks are passed over.
    layer : str
        Connectome whose rows of this receptor name the cells that have it; empty: `cells` alone. A layer without
        receptors (Ripoll-Sanchez 2023) names all that the releasing cells reach.
    """

    name: str
    coupling: str
    source: str
    certainty: str
    cells: tuple[str, ...] = ()
    layer: str = ""

    def __post_init__(self) -> None:
        coupling(self.coupling)
        if self.certainty not in CERTAINTIES:
            raise InputError(f"receptor {self.name}: certainty {self.certainty!r} is not one of {CERTAINTIES}")
        if not (self.cells or self.layer):
            raise InputError(f"receptor {self.name}: give cells or a layer, or no cell has it")


@dataclass(frozen=True)
class Modulator:
    """One modulator.

    Parameters
    ----------
    name : str
        Its file's name.
    kind : {"monoamine", "peptide"}
    ligands : tuple of str
        As the layer spells them (``"pdf-1", "pdf-2"``); the transmitter of a monoamine's cells.
    receptors : tuple of Receptor
    clearance : Parameter
        Time constant with which the concentration follows what is released.
    source : str
        For who releases it.
    releasing : tuple of str
        Selectors of releasing cells; empty: by transmitter (monoamine) or by the layer (peptide).
    does : str
        What it is known to do, in one sentence.
    """

    name: str
    kind: Literal["monoamine", "peptide"]
    ligands: tuple[str, ...]
    receptors: tuple[Receptor, ...]
    clearance: Parameter
    source: str
    does: str
    releasing: tuple[str, ...] = ()

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """Unknowns of all receptors."""
        return tuple(p for r in self.receptors for p in receptor_parameters(self.name, r.name, r.coupling))

    def releasing_cells(self, circuit: Circuit) -> tuple[str, ...]:
        """Cells of the circuit that release it, in the circuit's order; empty where there are none.

        A cell that only takes a monoamine up, or in which it was dim or variable, is not one.
        """
        cells = circuit.connectome.cells
        if self.releasing:
            return _found(cells, self.releasing)
        if self.kind == "monoamine":
            wanted = set(self.ligands)
            return tuple(name for name, text in cells["transmitter"].items() if wanted & set(split_transmitters(text)))
        rows = _layer(PEPTIDES)
        return tuple(cells.index[cells.index.isin(rows.loc[rows["transmitter"].isin(self.ligands), "pre"])])

    def receptor_cells(self, circuit: Circuit, shuffle: int | None = None) -> dict[str, tuple[str, ...]]:
        """Receptor to the cells of the circuit that have it, in the circuit's order; a tuple may be empty.

        With `shuffle`, the seed of a control, every neuron has the receptors of another neuron and every muscle those of
        another muscle: what sits together on a cell stays together, and on how many cells.
        """
        cells = circuit.connectome.cells
        places = _places(cells, shuffle)
        out = {}
        for receptor in self.receptors:
            having = set(_found(cells, receptor.cells)) if receptor.cells else set()
            if receptor.layer:
                rows = _layer(receptor.layer)
                if "receptor" in rows:
                    having |= set(rows.loc[rows["receptor"] == receptor.name, "post"])
                else:
                    having |= set(rows.loc[rows["pre"].isin(self.releasing_cells(circuit)), "post"])
            out[receptor.name] = tuple(cells.index[cells.index[places].isin(having)])
        return out


def load_modulator(name: str) -> Modulator:
    """The modulator of that name (``"serotonin"``, ``"flp-11"``); an unknown one raises with the closest."""
    known = catalog.names("modulators")
    key = str(name).strip().casefold().replace("-", "_")
    if key not in known:
        raise UnknownNameError("modulator", str(name), known, "`wormsim list modulators` lists them")
    return catalog.load("modulators", key).MODULATOR


def modulator_table(circuit: Circuit) -> pd.DataFrame:
    """Every modulator and receptor as this circuit has them.

    Returns
    -------
    DataFrame
        One row a receptor: ``modulator, released_by`` (number of cells), ``receptor, coupling, sign`` (1 excites, -1
        inhibits), ``received_by`` (number of cells), ``certainty, source``, and ``releasing``, ``receiving`` (names of cells, joined
        by a blank).
    """
    import pandas as pd

    rows = []
    for name in catalog.names("modulators"):
        modulator = load_modulator(name)
        released = modulator.releasing_cells(circuit)
        received = modulator.receptor_cells(circuit)
        rows += [(name, len(released), r.name, r.coupling, coupling(r.coupling).sign, len(received[r.name]), r.certainty,
                  r.source, " ".join(released), " ".join(received[r.name])) for r in modulator.receptors]
    columns = ["modulator", "released_by", "receptor", "coupling", "sign", "received_by", "certainty", "source", "releasing",
               "receiving"]
    return pd.DataFrame(rows, columns=columns)


@lru_cache(maxsize=8)
def _layer(name: str) -> pd.DataFrame:
    return tables.read_frame(name)


def _places(cells: pd.DataFrame, shuffle: int | None) -> np.ndarray:
    """Number of the cell whose receptors each cell has."""
    places = np.arange(len(cells))
    if shuffle is not None:
        rng = np.random.Generator(np.random.PCG64(shuffle))
        for kind in sorted(set(cells["kind"])):
            here = np.flatnonzero((cells["kind"] == kind).to_numpy())
            places[here] = rng.permutation(here)
    return places


def _found(cells: pd.DataFrame, selectors: tuple[str, ...]) -> tuple[str, ...]:
    """Cells that any selector finds; one that finds none here (another sex, a part of the animal) is passed over."""
    chosen: set[str] = set()
    for selector in selectors:
        try:
            chosen.update(select_cells(cells, (selector,)))
        except (UnknownNameError, EmptySelectionError):
            continue
    return tuple(cells.index[cells.index.isin(chosen)])
