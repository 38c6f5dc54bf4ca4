"""Witvliet et al. 2021: brains of eight animals, from newborn (1) to adult (7 and 8).

A synapse with several postsynaptic partners counts once for each partner. Gap junctions are incomplete, as the authors
say, and not comparable between animals.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ._shipped import read_shipped

if TYPE_CHECKING:
    from ..connectome import Connectome

NAMES = tuple(f"witvliet2021_{animal}" for animal in range(1, 9))


def read(name: str) -> Connectome:
    """Read one of ``NAMES``; contacts in synaptic contacts (one for each partner of a synapse)."""
    return read_shipped(name, NAMES)
