"""Leaky integrate-and-fire cell.

With ``synapses/exponential.py`` this is the whole-brain fly model of Shiu et al. 2024 (Nature 634:210), whose currents
are written in mV; here they are in pA, ``w_mV = w_pA / g_leak_nS``, the same trajectories. Worm neurons are mostly
graded; the spiking model is a stand-in whose thresholds are unknown, which is why `v_threshold` has a prior.
"""

from ..dynamics import NeuronModel
from ..parameter import Parameter, Prior

_SHIU = "Shiu PK et al 2024 Nature 634:210 (published code of the fly model)"

MODEL = NeuronModel(
    name="lif",
    equations="dv/dt = (v_rest - v + I/g_leak)/tau_m : volt (unless refractory)",
    threshold="v > v_threshold",
    reset="v = v_reset",
    refractory="t_refractory",
    parameters=(
        Parameter("v_rest", -52.0, "mV", _SHIU, "medium"),
        Parameter("v_reset", -52.0, "mV", _SHIU, "medium"),
        Parameter("v_threshold", -45.0, "mV", _SHIU, "low", Prior("uniform", -48.0, -42.0)),
        Parameter("tau_m", 20.0, "ms", _SHIU, "medium"),
        Parameter("g_leak", 1.0, "nS", "scale only: sets the pA that one mV of synaptic drive stands for", "guess"),
        Parameter("t_refractory", 2.2, "ms", _SHIU, "medium"),
    ),
    initial={"v": "v_rest"},
    muscle={"v_threshold_mV": float("inf")},
    synapses=("exponential", "gap_junction"),
    dt_ms=0.1,
)
