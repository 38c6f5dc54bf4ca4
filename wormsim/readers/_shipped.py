"""Make a Connectome of a shipped table: what all readers of published diagrams share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..connectome import Connectome
from ..data import tables
from ..errors import UnknownNameError

if TYPE_CHECKING:
    import pandas as pd


def cells_of(names: list[str], sex: str) -> pd.DataFrame:
    """What is known of these cells in an animal of this sex.

    Parameters
    ----------
    names : list of str
        Canonical names.
    sex : {"hermaphrodite", "male"}
        Whose transmitters are given.

    Returns
    -------
    pandas.DataFrame
        Index `names`; columns ``cell_class``, ``kind``, ``sex`` (in which sexes the cell exists), ``transmitter``
        (all that are clear, joined by " + "; missing where none is known), ``role``, ``transmitter_certainty``,
        ``possible_transmitters``, ``uptake``.
    """
    table = tables.cells().loc[names]
    suffix = "_male" if sex == "male" else ""
    main, others = table[f"transmitter{suffix}"], table[f"cotransmitters{suffix}"]
    joined = main.where(others == "", main + " + " + others)
    chosen = table[["cell_class", "kind", "sex"]].copy()
    chosen["transmitter"] = joined.where(~main.isin(["", "unknown"]))
    for column in ("role", "transmitter_certainty", "possible_transmitters", "uptake"):
        chosen[column] = table[column]
    return chosen.rename_axis("name")


def read_shipped(name: str, names: tuple[str, ...], sex: str = "hermaphrodite") -> Connectome:
    """Read the shipped connectome `name`, one of `names`.

    Cells without an edge are kept: ``cells["connected"]`` tells them apart, and ``cells["listed"]`` is false for those
    that cect leaves out.
    """
    if name not in names:
        raise UnknownNameError("connectome", name, names)
    members = tables.members(name)
    cells = cells_of(members["cell"].tolist(), sex)
    for column in ("listed", "connected", "source_name"):
        cells[column] = members[column].to_numpy()
    provenance = tables.source_of(name)
    provenance["sex"] = sex
    return Connectome.trusted(name, cells, tables.read_frame(name), provenance)
