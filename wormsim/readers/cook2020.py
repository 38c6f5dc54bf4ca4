"""Cook et al. 2020: the pharynx, with its muscles, glands, marginal and epithelial cells."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ._shipped import read_shipped

if TYPE_CHECKING:
    from ..connectome import Connectome

NAMES = ("cook2020_pharynx",)


def read(name: str) -> Connectome:
    """Read one of ``NAMES``; contacts in EM sections (halves occur)."""
    return read_shipped(name, NAMES)
