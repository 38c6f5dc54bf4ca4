"""Receptor current: a conductance that a substance in the bath opens and that no voltage closes, ``I = g (v - E)``.

For inhibitory modulators and transmitters of the stomatogastric ganglion: potassium near -80 mV and chloride near -70 mV, the reversals of
its cholinergic and glutamatergic inhibition (Marder & Eisen 1984, J Neurophysiol 51:1345; values of Prinz, Bucher & Marder 2004, Nat
Neurosci 7:1345). It takes no connection, like the modulatory current, and is 0 nS until ``g_receptor_nS[LP]`` says otherwise.
"""

from ..dynamics import SynapseModel
from ..parameter import Parameter

# Reversal potentials (mV) by what the receptor lets through.
REVERSAL_MV = {"K": -80.0, "Cl": -70.0}
_P04 = "Prinz AA, Bucher D, Marder E 2004 Nat Neurosci 7:1345: that of cholinergic inhibition (-70 mV for glutamate)"

MODEL = SynapseModel(
    name="receptor_current",
    kind="chemical",
    transmitter="bath",
    current="g_receptor*(E_receptor - v)",
    edge=(),
    parameters=(
        Parameter("g_receptor", 0.0, "nS", "0: nothing applied; by cell, as in g_receptor_nS[LP]. Doses are the experimenter's choice",
                  "guess"),
        Parameter("E_receptor", -80.0, "mV", _P04, "high"),
    ),
)
