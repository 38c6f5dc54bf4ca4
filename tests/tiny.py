"""A circuit small enough to check by hand: a sense cell drives an interneuron, which drives one of two muscles."""

import pandas as pd

from wormsim.circuit import Circuit
from wormsim.connectome import Connectome

CELLS = pd.DataFrame(
    {
        "cell_class": ["ASE", "AIY", "AIZ", "MVL", "MDL"],
        "kind": ["neuron"] * 3 + ["muscle"] * 2,
        "sex": "both",
        "transmitter": ["glutamate", "acetylcholine", "GABA", None, None],
        "role": ["sensory", "inter", "inter", "", ""],
    },
    index=["ASEL", "AIYL", "AIZL", "MVL20", "MDL20"],
)


def edges(rows) -> pd.DataFrame:
    """Rows of (pre, post, kind, contacts, sign, certainty) with the columns that signed circuits have."""
    frame = pd.DataFrame(rows, columns=["pre", "post", "kind", "contacts", "sign", "sign_certainty"])
    frame["sign"] = frame["sign"].astype("Int8")
    frame["sign_source"] = "by hand"
    classes = CELLS["cell_class"]
    frame["sign_group"] = [f"{classes[a]}->{classes[b]}" for a, b in zip(frame["pre"], frame["post"], strict=True)]
    return frame


def tiny_circuit(rows=None) -> Circuit:
    """The circuit, or one with other edges among the same cells."""
    rows = rows or [
        ("ASEL", "AIYL", "chemical", 9.0, 1, 1.0),
        ("ASEL", "AIZL", "chemical", 4.0, None, 0.5),
        ("AIYL", "MVL20", "chemical", 16.0, 1, 1.0),
        ("AIZL", "MVL20", "chemical", 4.0, -1, 1.0),
        ("AIYL", "AIZL", "electrical", 2.0, None, float("nan")),
    ]
    return Circuit(
        "tiny",
        Connectome("tiny", CELLS, edges(rows)),
        {"sense": ("ASEL",), "ventral": ("MVL20",), "dorsal": ("MDL20",)},
    )
