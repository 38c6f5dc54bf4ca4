"""Brittin et al. 2021: membrane contacts in the nerve ring that all four sides of two animals share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ._shipped import read_shipped

if TYPE_CHECKING:
    from ..connectome import Connectome

NAMES = ("brittin2021",)


def read(name: str) -> Connectome:
    """Read one of ``NAMES``; contacts in contact area."""
    return read_shipped(name, NAMES)
