"""Ripoll-Sanchez et al. 2023: who can reach whom by neuropeptides, over three distances."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ._shipped import read_shipped

if TYPE_CHECKING:
    from ..connectome import Connectome

NAMES = tuple(f"ripollsanchez2023_{reach}" for reach in ("short", "mid", "long"))


def read(name: str) -> Connectome:
    """Read one of ``NAMES``; contacts in neuropeptide-receptor pairs."""
    return read_shipped(name, NAMES)
