"""Graded inhibitory glutamate synapse of the pyloric circuit (Prinz, Bucher & Marder 2004, Nat Neurosci 7:1345).

``ds/dt = (s_inf - s)/tau`` with ``s_inf = 1/(1 + exp((v_half - v)/width))`` of the presynaptic cell and ``tau = (1 - s_inf)/k``,
after Abbott & Marder 1998. With ``e = exp((v - v_half)/width)`` that is ``ds/dt = k (e - (1 + e) s)``: nothing to be divided by
where s_inf comes to 1 and tau to 0, and the exponential Euler step takes s to s_inf there. Released by AB (of AB/PD), LP and PY.
"""

from ..dynamics import EdgeValue, SynapseModel
from ..parameter import Parameter

_P04 = "Prinz AA, Bucher D, Marder E 2004 Nat Neurosci 7:1345, as in mackelab/pyloric and xolotl"

MODEL = SynapseModel(
    name="prinz2004_glutamate",
    kind="chemical",
    transmitter="glutamate",
    cell_equations="""
    e_glut = exp((v - v_half_glut)/width_glut) : 1
    ds_glut/dt = k_glut*(e_glut - (1 + e_glut)*s_glut) : 1
    """,
    summed={"G_glut": ("gmax_glut*s_glut_pre", "siemens")},
    current="G_glut*(E_glut - v)",
    edge=(EdgeValue("gmax_glut", "given", scale="g_glut_nS"),),
    parameters=(
        Parameter("g_glut", 10.0, "nS", "0, 1, 3, 10, 30 or 100 nS in " + _P04 + "; by connection, as in g_glut_nS[ABPD->LP]", "medium"),
        Parameter("E_glut", -70.0, "mV", _P04, "high"),
        Parameter("k_glut", 0.025, "per_ms", _P04 + " (1/40 per ms)", "high"),
        Parameter("v_half_glut", -35.0, "mV", _P04, "high"),
        Parameter("width_glut", 5.0, "mV", _P04, "high"),
    ),
    initial={"s_glut": "0"},
)
