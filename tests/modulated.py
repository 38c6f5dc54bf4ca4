"""The tiny circuit with cells that release and receive: ASEL makes serotonin as well, and one muscle is of the male's diagonal ones."""

from dataclasses import replace

from tiny import CELLS, edges

from wormsim.circuit import Circuit
from wormsim.connectome import Connectome

ROWS = [
    ("ASEL", "AIYL", "chemical", 9.0, 1, 1.0),
    ("AIYL", "dglL1", "chemical", 16.0, 1, 1.0),
    ("AIZL", "dglL1", "chemical", 4.0, -1, 1.0),
    ("AIYL", "AIZL", "electrical", 2.0, None, float("nan")),
]


def modulated_circuit() -> Circuit:
    """AIYL and AIZL have MOD-1 (and AIYL PDFR-1, both SER-2), dglL1 has SER-1; ASEL releases serotonin and glutamate."""
    cells = CELLS.rename(index={"MVL20": "dglL1"})
    cells.loc["dglL1", "cell_class"] = "dgl"
    cells.loc["ASEL", "transmitter"] = "glutamate + serotonin"
    wired = edges([(a.replace("dglL1", "MVL20"), b.replace("dglL1", "MVL20"), *rest) for a, b, *rest in ROWS])
    wired = wired.replace({"pre": {"MVL20": "dglL1"}, "post": {"MVL20": "dglL1"}})
    return Circuit("modulated", Connectome("modulated", cells, wired), {"sense": ("ASEL",)})


def silent(circuit: Circuit) -> Circuit:
    """The same cells without any connection."""
    none = circuit.connectome.with_edges(circuit.connectome.edges.iloc[:0])
    return replace(circuit, connectome=none)
