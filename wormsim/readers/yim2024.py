"""Yim et al. 2024: the brain of a dauer larva; chemical synapses only."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ._shipped import read_shipped

if TYPE_CHECKING:
    from ..connectome import Connectome

NAMES = ("yim2024_dauer",)


def read(name: str) -> Connectome:
    """Read one of ``NAMES``; contacts in normalised active-zone volume (no unit)."""
    return read_shipped(name, NAMES)
