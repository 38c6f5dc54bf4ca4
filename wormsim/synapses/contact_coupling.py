"""Electrical coupling at contacts that no gap junction was annotated for: ohmic and symmetric, like `gap_junction`.

Whether there is any is a hypothesis. Small gap junctions are missed in electron micrographs (Cook SJ et al 2019 Nature
571:63 warn of it), and cells that make many synapses on each other touch each other most. The kind of edge is "contact",
and what counts as contact is up to whoever makes the edges.
"""

from ..dynamics import EdgeValue, SynapseModel
from ..parameter import Parameter, Prior

MODEL = SynapseModel(
    name="contact_coupling",
    kind="contact",
    summed={"G_contact": ("g_contact", "siemens"), "GV_contact": ("g_contact*v_pre", "amp")},
    current="GV_contact - G_contact*v",
    edge=(EdgeValue("g_contact", "strength", scale="g_coupling_contact_nS"),),
    parameters=(
        Parameter("g_coupling_contact", 1e-3, "nS", "a hypothesis: from nothing that matters to what a gap junction has",
                  "guess", Prior("loguniform", 1e-6, 0.1)),
    ),
)
