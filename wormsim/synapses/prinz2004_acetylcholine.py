"""Graded inhibitory cholinergic synapse of the pyloric circuit (Prinz, Bucher & Marder 2004, Nat Neurosci 7:1345).

``ds/dt = (s_inf - s)/tau`` with ``s_inf = 1/(1 + exp((v_half - v)/width))`` of the presynaptic cell and ``tau = (1 - s_inf)/k``,
after Abbott & Marder 1998. With ``e = exp((v - v_half)/width)`` that is ``ds/dt = k (e - (1 + e) s)``: nothing to be divided by
where s_inf comes to 1 and tau to 0, and the exponential Euler step takes s to s_inf there. Released by PD (of AB/PD).
"""

from ..dynamics import EdgeValue, SynapseModel
from ..parameter import Parameter

_P04 = "Prinz AA, Bucher D, Marder E 2004 Nat Neurosci 7:1345, as in mackelab/pyloric and xolotl"

MODEL = SynapseModel(
    name="prinz2004_acetylcholine",
    kind="chemical",
    transmitter="acetylcholine",
    cell_equations="""
    e_chol = exp((v - v_half_chol)/width_chol) : 1
    ds_chol/dt = k_chol*(e_chol - (1 + e_chol)*s_chol) : 1
    """,
    summed={"G_chol": ("gmax_chol*s_chol_pre", "siemens")},
    current="G_chol*(E_chol - v)",
    edge=(EdgeValue("gmax_chol", "given", scale="g_chol_nS"),),
    parameters=(
        Parameter("g_chol", 10.0, "nS", "0, 1, 3, 10, 30 or 100 nS in " + _P04 + "; by connection, as in g_chol_nS[ABPD->LP]", "medium"),
        Parameter("E_chol", -80.0, "mV", _P04, "high"),
        Parameter("k_chol", 0.01, "per_ms", _P04 + " (1/100 per ms)", "high"),
        Parameter("v_half_chol", -35.0, "mV", _P04, "high"),
        Parameter("width_chol", 5.0, "mV", _P04, "high"),
    ),
    initial={"s_chol": "0"},
)
