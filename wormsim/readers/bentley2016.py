"""Bentley et al. 2016: monoamine and neuropeptide signalling without synapses, with molecule and receptor.

One row for each (pre, post, transmitter, receptor): a pair of cells may have several.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ._shipped import read_shipped

if TYPE_CHECKING:
    from ..connectome import Connectome

NAMES = ("bentley2016_monoamine", "bentley2016_peptide")


def read(name: str) -> Connectome:
    """Read one of ``NAMES``; contacts in ones (present)."""
    return read_shipped(name, NAMES)
