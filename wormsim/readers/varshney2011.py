"""Varshney et al. 2011: the hermaphrodite without its pharynx, muscle pooled as one cell (BWM)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ._shipped import read_shipped

if TYPE_CHECKING:
    from ..connectome import Connectome

NAMES = ("varshney2011",)


def read(name: str) -> Connectome:
    """Read one of ``NAMES``; contacts in synaptic contacts."""
    return read_shipped(name, NAMES)
