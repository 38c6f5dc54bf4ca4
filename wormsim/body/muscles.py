"""Muscles: where each one lies along the body, and which way it bends it.

The 95 body-wall muscles stand in four rows, MDL, MDR, MVL and MVR, numbered from the head (24 each; MVL has 23): the source is
WormAtlas, the names are those of the connectomes. In a plane a worm lies on its side: the two dorsal rows bend it dorsally, the
two ventral ones ventrally, and left and right act alike. Each row is taken to cover the body evenly (chosen here; the muscles of
the head are shorter in the worm). Innervation is that of each connectome, cell by cell.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from ..errors import InputError

_WALL = re.compile(r"M([DV])([LR])(\d+)$")
ROWS = {"DL": 24, "DR": 24, "VL": 23, "VR": 24}
#: First-order low pass from excitation to contraction: Boyle JH, Berri S, Cohen N 2012 Front Comput Neurosci 6:10 (their code).
TAU_MS = 100.0
#: The male's diagonal muscles lie in the posterior third and curl the tail ventrally (Loer CM, Kenyon CJ 1993 J Neurosci 13:5407: CP cells
#: act on them in the turn). Nothing here says where each ends: even over this stretch is chosen here (guess).
DIAGONAL = re.compile(r"dgl[LR](\d)$")
DIAGONAL_FROM, DIAGONAL_TO = 0.70, 0.97


def place(name: str) -> tuple[float, int] | None:
    """Centre of a muscle in body lengths from the nose, and +1 for dorsal, -1 for ventral; None where it does not bend the body."""
    if found := _WALL.match(name):
        side, lateral, number = found.groups()
        return (int(number) - 0.5) / ROWS[side + lateral], 1 if side == "D" else -1
    if found := DIAGONAL.match(name):
        return DIAGONAL_FROM + (DIAGONAL_TO - DIAGONAL_FROM) * (int(found.group(1)) - 0.5) / 8, -1
    return None


def bending_muscles(cells: Sequence[str], where: str) -> list[str]:
    """The muscles among `cells` that bend the body.

    Raises
    ------
    InputError
        There are none dorsally or none ventrally: such a wiring moves nothing.
    """
    found = [name for name in cells if place(name) is not None]
    for sign, side in ((1, "dorsal (MDL, MDR)"), (-1, "ventral (MVL, MVR)")):
        if not any(place(name)[1] == sign and _WALL.match(name) for name in found):
            raise InputError(f"{where} has no {side} body-wall muscle, and moves no body; choose a connectome with muscles, such as "
                             "cook2019_hermaphrodite or cook2019_male")
    return found


def pull(names: Sequence[str], joints: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """How the muscles bend the body, as rows of a sparse matrix, one for each joint.

    Each row of muscles gives a joint the interpolation of its two nearest muscles; the rows of one side share a weight of 1, so that a
    side whose muscles are all fully active asks for the greatest curvature. Diagonal muscles add to the ventral side over their stretch.

    Returns
    -------
    start : (J + 1,), muscle : (E,), weight : (E,)
    """
    weight = np.zeros((len(joints), len(names)))
    for lateral in ROWS:
        row = [(place(n)[0], k) for k, n in enumerate(names) if (m := _WALL.match(n)) and m.group(1) + m.group(2) == lateral]
        if not row:
            continue
        row.sort()
        centres = np.array([c for c, _ in row])
        for i, (_, k) in enumerate(row):
            unit = np.zeros(len(row))
            unit[i] = 1.0
            weight[:, k] += 0.5 * (1 if lateral[0] == "D" else -1) * np.interp(joints, centres, unit)
    diagonal = [(place(n)[0], k) for k, n in enumerate(names) if DIAGONAL.match(n)]
    half = (DIAGONAL_TO - DIAGONAL_FROM) / 8
    for centre, k in diagonal:
        weight[:, k] -= 0.5 * np.clip(1 - np.abs(joints - centre) / half, 0, None)
    joint, muscle = np.nonzero(weight)
    start = np.searchsorted(joint, np.arange(len(joints) + 1))
    return start.astype(np.int64), muscle.astype(np.int64), weight[joint, muscle]


def innervation(circuit, names: Sequence[str]) -> dict[str, float]:
    """Where along the body each neuron acts: the mean place of the muscles that it contacts chemically, weighted by contacts."""
    edges = circuit.connectome.edges
    chosen = edges[(edges["kind"] == "chemical") & edges["post"].isin(set(names))]
    places = chosen["post"].map(lambda n: place(n)[0]).astype(float)
    weight = chosen["contacts"].astype(float)
    total = weight.groupby(chosen["pre"]).sum()
    return ((weight * places).groupby(chosen["pre"]).sum() / total).to_dict()
