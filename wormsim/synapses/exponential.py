"""Current-based exponential synapse of the fly model (Shiu et al. 2024, Nature 634:210).

A spike adds `w` to the target's synaptic current after a delay; the current decays, is held while the target is
refractory, drops what arrives then, and is cleared by the target's own spike, all as in the published code.
"""

from ..dynamics import EdgeValue, SynapseModel
from ..parameter import Parameter, Prior

_SHIU = "Shiu PK et al 2024 Nature 634:210 (published code of the fly model)"

MODEL = SynapseModel(
    name="exponential",
    kind="chemical",
    cell_equations="dI_syn/dt = -I_syn/tau_syn : amp (unless refractory)",
    on_pre="I_syn_post += w",
    delay="t_delay",
    reset="I_syn = 0*amp",
    current="I_syn",
    edge=(EdgeValue("w", "signed_strength", scale="w_contact_pA"),),
    parameters=(
        Parameter("tau_syn", 5.0, "ms", _SHIU, "medium"),
        Parameter("t_delay", 1.8, "ms", _SHIU, "medium"),
        Parameter("w_contact", 0.275, "pA", _SHIU + ": 0.275 mV a contact at g_leak 1 nS; strength in the worm unknown",
                  "guess", Prior("loguniform", 0.03, 3.0)),
    ),
    initial={"I_syn": "0*amp"},
    poisson_target="I_syn",
)
