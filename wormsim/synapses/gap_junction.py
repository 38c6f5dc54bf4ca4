"""Ohmic, symmetric gap junction: the current is the conductance times the voltage difference.

Rectification is known for some worm junctions and is not modelled. Conductance per contact: Kunert et al. 2014
(Phys Rev E 89:052805) use 0.1 nS beside a leak of 0.01 nS; it is unknown in vivo and so has a prior.
"""

from ..dynamics import EdgeValue, SynapseModel
from ..parameter import Parameter, Prior

MODEL = SynapseModel(
    name="gap_junction",
    kind="electrical",
    summed={"G_gap": ("g_gap", "siemens"), "GV_gap": ("g_gap*v_pre", "amp")},
    current="GV_gap - G_gap*v",
    edge=(EdgeValue("g_gap", "strength", scale="g_gap_contact_nS"),),
    parameters=(
        Parameter("g_gap_contact", 0.1, "nS", "Kunert J et al 2014 Phys Rev E 89:052805", "guess",
                  Prior("loguniform", 0.001, 0.1)),
    ),
)
