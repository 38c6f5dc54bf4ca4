"""Graded, non-spiking cell: a leaky membrane (Wicks et al. 1996, J Neurosci 16:4017; Kunert et al. 2014).

Most worm neurons do not fire sodium spikes. This is the passive membrane of the whole-worm model of Kunert J et al 2014
(Phys Rev E 89:052805), ``C dV/dt = -Gc (V - Ec) + I``, one size for all cells; what is non-linear sits in
``synapses/graded_chemical.py``. The released codes of that model use 1.5 pF where the paper has 1 pF.
"""

from ..dynamics import NeuronModel
from ..parameter import Parameter

_KUNERT = "Kunert J et al 2014 Phys Rev E 89:052805"

MODEL = NeuronModel(
    name="graded",
    equations="dv/dt = (g_leak*(v_leak - v) + I)/C_m : volt",
    parameters=(
        Parameter("C_m", 1.0, "pF", _KUNERT + " (after Varshney LR et al 2011 PLoS Comput Biol 7:e1001066)", "low"),
        Parameter("g_leak", 0.01, "nS", _KUNERT, "low"),
        Parameter("v_leak", -35.0, "mV", _KUNERT + ", from Wicks SR et al 1996 J Neurosci 16:4017", "low"),
    ),
    initial={"v": "v_leak"},
    synapses=("graded_chemical", "gap_junction"),
    dt_ms=0.5,
)
