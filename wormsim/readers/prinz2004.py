"""The pyloric circuit of the crab as Prinz, Bucher & Marder 2004 (Nat Neurosci 7:1345) model it: three cells, seven synapses.

AB and the two PD are electrically coupled and stand as one cell, ABPD, which therefore releases both transmitters: the edges
say which. There are several PY in the animal and one here. Contacts were never counted: every edge has 1, and the strengths
are parameters of the synapse models.
"""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from ..connectome import Connectome
from ..data import tables
from ..errors import UnknownNameError
from .table import read_table

NAMES = ("prinz2004_pyloric",)

_TABLE = "prinz2004_synapses"
_ABOUT = {
    "citation": "Prinz AA, Bucher D, Marder E (2004) Similar network activity from disparate circuit parameters. Nat Neurosci "
                "7:1345-1352",
    "doi": "10.1038/nn1352",
    "licence": "facts",
    "source": f"{_TABLE}.csv, written for wormsim",
    "sex": "not said",
    "species": "decapod crustaceans: a model of crab and lobster",
    "notes": ["a model circuit: AB and PD as one cell, one PY for all, contacts set to 1"],
}


def read(name: str) -> Connectome:
    """Read the circuit; `name` is the one in ``NAMES``."""
    if name not in NAMES:
        raise UnknownNameError("connectome", name, NAMES)
    edges = tables.read_csv(_TABLE)
    order = list(dict.fromkeys(edges["pre"]))
    released = edges.groupby("pre", sort=False)["transmitter"].agg(lambda x: " + ".join(dict.fromkeys(x)))
    cells = pd.DataFrame({"kind": "neuron", "cell_class": order, "transmitter": released[order].to_numpy(),
                          "role": ["pacemaker", "follower", "follower"], "source_name": order, "listed": True,
                          "connected": True}, index=order)
    table = read_table(edges, name=name, cells=cells, weight_unit="none: a connection that is there counts 1")
    return replace(table, provenance={**table.provenance, **_ABOUT, "sha256": tables.sha256(tables.csv_path(_TABLE))})
