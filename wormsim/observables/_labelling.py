"""Names as an experimenter would have written them: some left out, some wrong, some on the wrong side."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, fields

import numpy as np

from ..engines.cache import shipped
from ..errors import InputError
from ..kernels.normal import noise_source
from ..names import contralateral


@dataclass(frozen=True)
class Labelling:
    """Chances, each between 0 and 1, that something goes wrong with the name of a cell; 0 switches it off.

    Attributes
    ----------
    p_missing : float
        The cell is not in the recording at all.
    p_unlabelled : float
        It is there without a name.
    p_wrong : float
        It carries the name of another cell that is recorded.
    p_sides_swapped : float
        A left cell and its right partner carry each other's names (for each pair).
    """

    p_missing: float = 0.0
    p_unlabelled: float = 0.0
    p_wrong: float = 0.0
    p_sides_swapped: float = 0.0

    def __post_init__(self):
        for field in fields(self):
            p = getattr(self, field.name)
            if not 0 <= p <= 1:
                raise InputError(f"{field.name} = {p} is not a probability between 0 and 1")

    def names(self, cells: list[str], stream: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
        """Labels of the cells of one animal, and which of them are recorded.

        A cell's luck depends on the animal's random stream, the seed and its own name, not on which other cells there are;
        only whose wrong name it carries depends on who else is wrong.

        Parameters
        ----------
        cells : list of str
            Canonical names.
        stream, seed : int

        Returns
        -------
        labels : (cells,) object array
        recorded : (cells,) bool array
        """
        def chance(what: str) -> np.ndarray:
            return draws(cells, stream, noise_source(f"{what}/{seed}"))

        recorded = chance("missing") >= self.p_missing
        labels = np.array(cells, object)
        at = {cell: k for k, cell in enumerate(cells)}
        swapped = chance("sides") < self.p_sides_swapped
        for cell, k in at.items():
            other = at.get(contralateral(cell), k)
            if cell.rstrip("0123456789").endswith("L") and other != k and swapped[k]:
                labels[[k, other]] = labels[[other, k]]
        wrong = np.flatnonzero((chance("wrong") < self.p_wrong) & recorded)
        if len(wrong):
            order = np.argsort(chance("whose"), kind="stable")
            if len(wrong) == 1:  # there is nobody to change names with but one who is right
                wrong = np.append(wrong, [k for k in order if recorded[k] and k != wrong[0]][:1])
            ring = order[np.isin(order, wrong)]
            labels[ring] = labels[np.roll(ring, 1)]
        labels[chance("unlabelled") < self.p_unlabelled] = ""
        return labels, recorded


def cell_keys(cells: list[str]) -> np.ndarray:
    """A 32-bit number for each cell, by its name."""
    return np.array([int.from_bytes(hashlib.blake2b(c.encode(), digest_size=4).digest(), "little") for c in cells], np.uint64)


def halves(stream: int) -> tuple[np.uint64, np.uint64]:
    """The two words of a random stream."""
    return np.uint64(int(stream) & 0xFFFFFFFF), np.uint64(int(stream) >> 32)


def draws(cells: list[str], stream: int, source: int) -> np.ndarray:
    """A uniform number in [0, 1) for each cell."""
    out = np.empty(len(cells))
    shipped("fluorescence").chances(out, cell_keys(cells), *halves(stream), source)
    return out
