"""Counts of every reader beside the counts expected of it.

The expected counts are those of the packages the tables come from (cect 0.3.5, wormneuroatlas 0.0.7.3), taken from them
by hand and apart from the code that builds the tables. Cells are counted with at least one edge in the source; cells
that are kept without an edge stand in a column of their own.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

from . import connectome_names, load_connectome

if TYPE_CHECKING:
    from ..connectome import Connectome


@dataclass(frozen=True)
class Counts:
    """Counts of one connectome; None where nothing is expected or there is nothing.

    Parameters
    ----------
    neurons, muscles, other : int
        Cells listed by the source, as cect gives them.
    unlisted : int
        Cells of the animal that the source's lists leave out and that are kept without edges.
    chemical, chemical_weight, gap, gap_weight : number
        Edges and pairs, and the sum of their contacts.
    further : str
        Molecular, functional or contact edges.
    """

    neurons: int | None = None
    muscles: int | None = None
    other: int | None = None
    unlisted: int | None = None
    chemical: int | None = None
    chemical_weight: float | None = None
    gap: int | None = None
    gap_weight: float | None = None
    further: str | None = None


def _animal(number: int, neurons: int, chemical: int, gap: int) -> tuple[str, Counts]:
    return f"witvliet2021_{number}", Counts(neurons=neurons, chemical=chemical, gap=gap)


EXPECTED: dict[str, Counts] = {
    "cook2019_hermaphrodite": Counts(302, 135, 36, 0, 4879, 28113, 1450, 11680),
    "cook2019_male": Counts(381, 158, 46, 3, 5306, 45959, 1758, 15910),
    "varshney2011": Counts(280, 1, 0, 0, 2309, 7804, 517),
    "white1986_whole": Counts(300, 3, 6, 0, 2386, 7943, 575),
    **dict(_animal(i, *row) for i, row in enumerate(zip(
        (161, 162, 162, 168, 174, 175, 181, 180), (775, 986, 1012, 1136, 1515, 1525, 2202, 2186),
        (83, 124, 94, 209, 292, 214, 291, 310), strict=True), 1)),
    "cook2020_pharynx": Counts(22, 20, 21, 0, 259, 1713, 124),
    "bentley2016_monoamine": Counts(further="dopamine 1176, octopamine 56, serotonin 492, tyramine 228"),
    "ripollsanchez2023_short": Counts(further="peptide 31417"),
    "ripollsanchez2023_mid": Counts(further="peptide 40425"),
    "ripollsanchez2023_long": Counts(further="peptide 53558"),
    "randi2023": Counts(neurons=181, further="functional 1150"),
}


def count(connectome: Connectome) -> Counts:
    """Counts of one connectome; monoamine edges are pairs of cells for each monoamine, whatever the receptor."""
    listed = connectome.cells
    if "listed" in listed:
        listed = listed[listed["listed"]]
    kinds = listed["kind"].value_counts()
    edges = connectome.edges
    parts: dict[str, tuple[int, float]] = {}
    for kind in ("chemical", "electrical"):
        chosen = edges.loc[edges["kind"] == kind, "contacts"]
        parts[kind] = (len(chosen), float(chosen.sum()))
    further = []
    rest = edges[~edges["kind"].isin(["chemical", "electrical"])]
    for kind, group in rest.groupby("kind"):
        if kind == "monoamine":
            pairs = group.drop_duplicates(["pre", "post", "transmitter"])["transmitter"].value_counts()
            further += [f"{name} {pairs[name]}" for name in sorted(pairs.index)]
        else:
            further.append(f"{kind} {len(group.drop_duplicates(['pre', 'post']))}")
    return Counts(*(int(kinds.get(kind, 0)) for kind in ("neuron", "muscle", "other")),
                  len(connectome.cells) - len(listed), *parts["chemical"], *parts["electrical"],
                  ", ".join(further) or None)


def mismatches(name: str, found: Counts) -> list[str]:
    """Counts of `name` that are not as expected, one line each."""
    wanted = EXPECTED.get(name, Counts())
    return [f"{name}: {part.name} is {getattr(found, part.name)}, expected {getattr(wanted, part.name)}"
            for part in fields(Counts)
            if getattr(wanted, part.name) is not None and getattr(wanted, part.name) != getattr(found, part.name)]


def _text(value: float | str | None) -> str:
    return "-" if value is None else value if isinstance(value, str) else f"{value:.10g}"


def table() -> tuple[list[list[str]], list[str]]:
    """Rows of the table (the header first), and what does not meet its expected count.

    Each row: name, then for cells, chemical edges, gap pairs and further edges what was found and what was expected.
    """
    header = ["connectome", "neurons/muscles/other", "expected", "unlisted", "chemical (weight)", "expected",
              "gap pairs (weight)", "expected", "further", "expected"]
    rows, wrong = [header], []
    for name in connectome_names():
        found, wanted = count(load_connectome(name)), EXPECTED.get(name, Counts())
        wrong += mismatches(name, found)
        row = [name]
        for part in ("cells", "unlisted", "chemical", "gap", "further"):
            for counts in (found, wanted):
                if part == "cells":
                    values = [counts.neurons, counts.muscles, counts.other]
                    row.append("-" if values == [None] * 3 else "/".join(map(_text, values)))
                elif part in ("chemical", "gap"):
                    number, weight = getattr(counts, part), getattr(counts, f"{part}_weight")
                    row.append(_text(number or None) + (f" ({_text(weight)})" if number and weight else ""))
                elif part == "further" or counts is found:
                    row.append(_text(getattr(counts, part)))
        rows.append(row)
    return rows, wrong
