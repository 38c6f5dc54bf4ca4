"""Behaviour evidence: published removals of cells, and what each lets expect of a measure of a closed-loop assay.

Columns: :data:`COLUMNS`. `cells` and `manipulation` as in :mod:`wormsim.evidence`, or manipulation genotype and the genes as `cells`;
`expected` is lost, impaired, normal or enhanced; lines whose `id` agrees up to the slash ("MM003/turning") are one
published row and count once together; `role` says what a line is for:

- scored: the source reports this behaviour, and the assay can show it;
- assumed: the source is silent on this behaviour, and that it is normal is our reading: never in the headline, but in the pairs that test
  whether a loss is specific;
- by construction: the assay drives or reads these very cells and next to nothing else, so that the outcome says nothing of the wiring;
- not expressible: no assay, measure or manipulation here can show it; `basis` says which is missing;
- uncertain: not confirmed, or no direction that a measure could be held to.

The first three are run. The packaged tables are ``hermaphrodite_behaviour`` and ``male_behaviour``; a table of your own is a CSV by path.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from .effects import CATEGORIES
from .errors import InputError
from .evidence import MANIPULATIONS as OF_CELLS
from .evidence import check_manipulation, read_rows, selectors
from .perturbations import Genotype
from .perturbations.genotype import genotypes

if TYPE_CHECKING:
    import pandas as pd

    from .circuit import Circuit
    from .perturbation import Perturbation

COLUMNS = ("id", "behaviour", "assay", "measure", "cells", "manipulation", "expected", "role", "basis", "reported", "confidence",
           "provenance", "source", "note")
SCORED, ASSUMED, BY_CONSTRUCTION, NOT_EXPRESSIBLE, UNCERTAIN = ROLES = (
    "scored", "assumed", "by construction", "not expressible", "uncertain")
MANIPULATIONS = {**OF_CELLS, "genotype": Genotype}
RUN = (SCORED, ASSUMED, BY_CONSTRUCTION)
_GAIT = ("speed_mm_s", "frequency_Hz", "wavelength", "amplitude_per_mm")
#: The closed-loop assays and what each measures; how a measure is compared stands in :data:`wormsim.effects.MEASURES`.
ASSAYS = {
    "crawl": (*_GAIT, "reversals_per_min", "forward_share", "backward_share"),
    "swim": _GAIT,
    "gentle_touch_front": ("reversal_mm_s",),
    "gentle_touch_back": ("acceleration_mm_s",),
    "tap": ("reversal_mm",),
    "nose_touch": ("reversal_mm_s",),
    "backward_drive": ("backward_mm_s",),
    "chemotaxis_salt": ("chemotaxis_index",),
    "mating": ("contact_response", "scanning_speed_mm_s", "turns_tried", "turns_round", "turn_success", "vulva_stop", "time_to_vulva_s", "prodding",
               "insertion", "prodding_away"),
}


def read_behaviour(name_or_path: str | Path) -> pd.DataFrame:
    """A packaged table by name ("male_behaviour"), or your own CSV by path; all text, indexed by `id`.

    Raises
    ------
    InputError
        A missing column, an unknown role, assay, measure, category or manipulation, a line that is to be run without cells, a line that is
        not scored without a basis, a doubled id: names file and line.
    UnknownNameError
        No such packaged table.
    """
    return read_rows(name_or_path, "behaviour", COLUMNS, _check)


def _check(where: str, row: dict[str, str]) -> None:
    def among(column: str, known: Iterable[str]) -> None:
        if row[column] not in known:
            raise InputError(f"{where}: {column} {row[column]!r} is not one of {', '.join(known)}")

    among("role", ROLES)
    if not row["basis"].strip():
        raise InputError(f"{where}: no basis; say why the role is {row['role']!r}")
    if row["role"] not in RUN:
        return
    among("assay", ASSAYS)
    among("measure", ASSAYS[row["assay"]])
    among("expected", CATEGORIES)
    check_manipulation(where, row, MANIPULATIONS)
    if not row["behaviour"].strip():
        raise InputError(f"{where}: no behaviour; scores are given by behaviour")
    if row["role"] == SCORED and row["confidence"] in ("low", "uncertain"):
        raise InputError(f"{where}: confidence {row['confidence']!r} cannot be scored; role 'uncertain' keeps the line")
    if row["manipulation"] == "genotype":
        try:
            perturbation(row)
        except InputError as error:
            raise InputError(f"{where}: {error}") from error


def perturbation(row) -> Perturbation:
    """What the experimenters did, as far as the model can do it."""
    return MANIPULATIONS[row["manipulation"]](*selectors(row["cells"]))


def case_of(row) -> str:
    """What is done to the animal, the same text for all lines of one manipulation: "ablate HOA HOB"."""
    return f"{row['manipulation']} {' '.join(row['cells'].split())}"


def cases(table: pd.DataFrame, circuit: Circuit) -> dict[str, Perturbation]:
    """Every manipulation that has to be run, once: case -> perturbation, resolved on the circuit.

    Raises
    ------
    InputError
        Cells that the circuit has not; names the line.
    """
    found: dict[str, Perturbation] = {}
    for i, row in table[table["role"].isin(RUN)].iterrows():
        if (case := case_of(row)) in found:
            continue
        try:
            found[case] = perturbation(row).resolve(circuit)
        except InputError as error:
            raise InputError(f"line {i} of the published rows, cells {row['cells']!r}: {error}") from error
    return found


def contacts_of(table: pd.DataFrame, circuit: Circuit) -> dict[str, float]:
    """Contacts, chemical in and out and gap junctions, of the cells that each case takes away or quiets.

    Of a mutant these are the cells whose transmitter it lacks; NaN where it lacks something else.
    """
    degree = circuit.connectome.degree()
    columns = [c for c in degree.columns if "_contacts" in c and c.startswith(("chemical", "electrical"))]
    total = degree[columns].sum(axis=1)
    out = {}
    for case, done in cases(table, circuit).items():
        cells = _without_transmitter(done, circuit) if isinstance(done, Genotype) else done.resolved
        out[case] = float(total.loc[list(cells)].sum()) if cells else np.nan
    return out


def _without_transmitter(mutant: Genotype, circuit: Circuit) -> list[str]:
    table = genotypes()
    lost = table[table["gene"].isin(mutant.genes) & table["change"].isin(["transmitter", "received"])]["target"].str.casefold()
    transmitter = circuit.connectome.cells["transmitter"].astype(str).str.casefold()
    return list(transmitter.index[transmitter.isin(set(lost))])


def published_row(ids: Iterable[str]) -> np.ndarray:
    """The published row of each line: its id up to the slash."""
    return np.array([str(i).partition("/")[0] for i in ids], object)


def weights(ids: Iterable[str]) -> np.ndarray:
    """What each line counts, so that every published row counts once however many lines it has, shape (R,)."""
    rows = published_row(ids)
    names, where, count = np.unique(rows.astype(str), return_inverse=True, return_counts=True)
    return 1.0 / count[where] if len(names) else np.empty(0)


def clusters(table: pd.DataFrame) -> np.ndarray:
    """Number of the group of each line, shape (R,): lines of one published row or one manipulation are no independent tests."""
    group = list(range(len(table)))

    def root(k: int) -> int:
        while group[k] != k:
            k = group[k]
        return k

    first: dict[tuple[str, str], int] = {}
    keys = zip(published_row(table.index), (case_of(row) for _, row in table.iterrows()), strict=True)
    for k, (row, case) in enumerate(keys):
        for key in (("row", row), ("case", case)):
            group[root(k)] = root(first.setdefault(key, k))
    return np.unique([root(k) for k in range(len(table))], return_inverse=True)[1]
