"""White et al. 1986: the lists of the adult N2U, of the L4 JSH, and of both together with the cord and tail series.

Gap-junction counts of the L4 list are even for 288 of its 289 pairs: each junction was counted from both cells, unlike
in the other two. They are left as the list has them; compare them with nothing before you halve them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ._shipped import read_shipped

if TYPE_CHECKING:
    from ..connectome import Connectome

NAMES = ("white1986_whole", "white1986_adult", "white1986_l4")


def read(name: str) -> Connectome:
    """Read one of ``NAMES``; contacts in synapses counted."""
    return read_shipped(name, NAMES)
