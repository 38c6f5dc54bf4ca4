"""Cook et al. 2019: whole-animal wiring of both sexes, as corrected in July 2020.

ADAR, BAGR and CA1 have no synapse in the male's sheets: they are in ``cells`` all the same, with ``connected`` false,
so the male has 384 neurons of which 381 are connected. CP0, DX4 and EF4 are not in these data.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ._shipped import read_shipped

if TYPE_CHECKING:
    from ..connectome import Connectome

NAMES = ("cook2019_hermaphrodite", "cook2019_male")


def read(name: str) -> Connectome:
    """Read one of ``NAMES``; contacts in EM sections, transmitters those of the animal's sex."""
    return read_shipped(name, NAMES, sex="male" if name == "cook2019_male" else "hermaphrodite")
