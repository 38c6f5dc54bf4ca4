"""The male's tail: which organ lies where, what it feels, and which neurons it drives; the muscles of his spicules.

Both sides of the body are one in a plane: an organ drives its left and right neurons alike. No place along the tail was read from
a measurement: the order is known, the distances are chosen here (guess). The fan is taken as the last 0.045 mm of 0.88 mm, as in
assays/mating_turn.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from ..circuit import Circuit

_RAYS = "Sulston JE, Albertson DG, Thomson JN 1980 Dev Biol 78:542 (nine pairs, each with an A and a B neuron; openings from memory, high)"
_SEARCH = "Liu KS, Sternberg PW 1995 Neuron 14:79"
DORSAL, EDGE, VENTRAL = 1, 0, -1

#: Place of the cloacal opening, from where the spicules come out, in body lengths from the nose (chosen here, guess).
CLOACA = 0.955
#: First and last ray, from the front to the back (chosen here, guess).
FIRST_RAY, LAST_RAY = 0.945, 0.99


@dataclass(frozen=True)
class Organ:
    """A sense organ of the male's tail.

    Attributes
    ----------
    name : str
    cells : tuple of str
        Selectors of the neurons that it drives.
    place : float
        In body lengths from the nose.
    side : int
        1 dorsal, -1 ventral, 0 both.
    feels : str
        "touch", "vulva" or "protraction" (how far the spicules are out).
    source, certainty : str
        For cells, side and what it feels; the place is a guess.
    """

    name: str
    cells: tuple[str, ...]
    place: float
    side: int
    feels: str
    source: str
    certainty: str


def _ray(n: int) -> Organ:
    side = {0: EDGE, 1: DORSAL, 2: VENTRAL}[{1: 1, 5: 1, 7: 1, 2: 2, 4: 2, 8: 2}.get(n, 0)]
    return Organ(f"ray{n}", (f"R{n}A[LR]", f"R{n}B[LR]"), round(FIRST_RAY + (LAST_RAY - FIRST_RAY) * (n - 1) / 8, 5), side, "touch", _RAYS, "high")


ORGANS: tuple[Organ, ...] = (
    *(_ray(n) for n in range(1, 10)),
    Organ("hook", ("HOA", "HOB"), 0.945, VENTRAL, "vulva", _SEARCH + " (without it he passes the vulva); just before the cloaca: from memory",
          "high"),
    Organ("postcloacal", ("PCA", "PCB", "PCC"), 0.965, VENTRAL, "vulva",
          _SEARCH + " (slow search for the vulva, with the spicules; from memory); Garcia LR et al 2001 Cell 107:777 (PCB, PCC: prodding)", "medium"),
    Organ("spicule_tip", ("SPD", "SPV"), CLOACA, VENTRAL, "vulva", _SEARCH + " (fine location of the vulva; abstract)", "medium"),
    Organ("spicule_base", ("SPC",), CLOACA, VENTRAL, "protraction",
          "Liu Y et al 2011 PLoS Genet 7:e1001326 (SPC adds to hook and post-cloacal input); that it feels the spicule's own movement: from memory",
          "low"),
)

#: Dorsal and ventral spicule protractors and retractors, and what moves the gubernaculum (erector, retractor): names of Cook SJ et al 2019
#: Nature 571:63; what each does, as its name says.
PROTRACTORS = ("dspL", "dspR", "vspL", "vspR")
RETRACTORS = ("dsrL", "dsrR", "vsrL", "vsrR")
GUBERNACULUM = ("gecL", "gecR", "grtL", "grtR")

#: Names of the signals, one an organ, in the order of ORGANS.
SIGNALS = tuple(o.name for o in ORGANS)
#: Organs whose signal :func:`wormsim.kernels.contact.feel_mate` makes; the last one's is :func:`wormsim.kernels.spicule.protract`.
OUTSIDE = tuple(o for o in ORGANS if o.feels != "protraction")


def organ_arrays() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """``organ_place``, ``organ_side``, ``organ_feels`` of the organs OUTSIDE, as :func:`wormsim.kernels.contact.feel_mate` takes them."""
    feels = {"touch": 0, "vulva": 1}  # TOUCH, VULVA of kernels/contact.py
    return (np.array([o.place for o in OUTSIDE]), np.array([float(o.side) for o in OUTSIDE]),
            np.array([feels[o.feels] for o in OUTSIDE], np.int64))


def sensors(circuit: Circuit) -> list[tuple[str, int]]:
    """Every neuron of the tail's organs with the number of its organ's signal; names that the circuit lacks raise."""
    return [(cell, k) for k, organ in enumerate(ORGANS) for cell in circuit.select(*organ.cells)]
