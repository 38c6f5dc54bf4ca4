"""Adaptive exponential integrate-and-fire cell (Brette & Gerstner 2005, J Neurophysiol 94:3637).

The published cell has a leak of 30 nS. Here every conductance, capacitance and current is divided by 30, which leaves
the voltages as they were, so that synapses scaled for ``neurons/lif.py`` (1 nS) mean the same here. A cell of 9.4 pF is
also nearer to the 1 to 3 pF of a worm neuron. Muscles are passive: without the exponential current and without spikes.
"""

from ..dynamics import NeuronModel
from ..parameter import Parameter, Prior

_BG = "Brette R, Gerstner W 2005 J Neurophysiol 94:3637"

MODEL = NeuronModel(
    name="adex",
    equations="""
    dv/dt = (g_leak*(v_rest - v) + g_leak*delta_T*exp((v - v_T)/delta_T) - w_adapt + I)/C_m : volt
    dw_adapt/dt = (a_adapt*(v - v_rest) - w_adapt)/tau_w : amp
    """,
    threshold="v > v_cut",
    reset="v = v_reset; w_adapt += b_adapt",
    parameters=(
        Parameter("C_m", 281.0 / 30.0, "pF", _BG + ": 281 pF, over 30", "medium"),
        Parameter("g_leak", 1.0, "nS", _BG + ": 30 nS, over 30", "medium"),
        Parameter("v_rest", -70.6, "mV", _BG, "medium"),
        Parameter("v_T", -50.4, "mV", _BG, "low", Prior("uniform", -56.0, -45.0)),
        Parameter("delta_T", 2.0, "mV", _BG, "medium"),
        Parameter("v_cut", -40.4, "mV", "v_T + 5 delta_T, as in Brian2's example of the model; the upswing from there "
                  "on takes less than 0.1 ms", "high"),
        Parameter("v_reset", -70.6, "mV", _BG, "medium"),
        Parameter("tau_w", 144.0, "ms", _BG, "medium"),
        Parameter("a_adapt", 4.0 / 30.0, "nS", _BG + ": 4 nS, over 30", "medium"),
        Parameter("b_adapt", 80.5 / 30.0, "pA", _BG + ": 80.5 pA, over 30", "medium"),
    ),
    initial={"v": "v_rest", "w_adapt": "0*amp"},
    muscle={"v_T_mV": float("inf"), "v_cut_mV": float("inf")},
    synapses=("exponential", "gap_junction"),
    dt_ms=0.1,
)
