"""Graded chemical synapse with a sigmoid of the presynaptic voltage (Wicks et al. 1996; Kunert et al. 2014).

``ds/dt = a_r phi(v) (1 - s) - a_d s`` in the presynaptic cell, ``I = g s_pre (E - v)`` in the postsynaptic one. Where
the sigmoid sits in a worm cell is unknown. Kunert et al. put its midpoint at each cell's own rest; `v_half_offset`
moves it from there. The rest is that of the intact wiring: an ablated neighbour does not move a cell's threshold.
"""

import numpy as np

from ..connectome import UNDIRECTED_KINDS
from ..dynamics import EdgeValue, SynapseModel
from ..errors import InputError
from ..parameter import Parameter, Prior

_KUNERT = "Kunert J et al 2014 Phys Rev E 89:052805"
# Of every pathway with signed conductances: layers that act without a synapse stand at the same s_0 at rest.
_REVERSAL = {"excitatory_strength": "E_exc", "inhibitory_strength": "E_inh"}
_NEEDED = ("g_leak", "v_leak", "a_r", "a_d", "beta", "v_half_offset", "E_exc", "E_inh")


def derive(network) -> dict[str, np.ndarray]:
    """Midpoint of each cell's sigmoid, rest voltage + ``v_half_offset``, with no stimulus.

    At rest every cell has ``v - v_half = -v_half_offset`` and so the same
    ``s = a_r / (a_r + a_d (1 + exp(beta v_half_offset)))``; with that, the rest voltages solve the linear system
    ``g_leak (V_i - v_leak) + sum g_gap (V_i - V_j) + sum g s (V_i - E) = 0``, and are a fixed point of the model.

    Parameters
    ----------
    network : wormsim.network.Network

    Returns
    -------
    dict
        "v_half": (N, S) or (N, 1) array, mV.
    """
    missing = [name for name in _NEEDED if name not in network.parameters]
    if missing:
        raise InputError(f"synapse model graded_chemical needs the parameters {', '.join(missing)}, which the neuron "
                         f"model {network.neuron.name!r} does not have; use the neuron model 'graded'")
    n = len(network.cells)
    p = {name: network.parameters[name] for name in _NEEDED}
    used = [*p.values(), *(x for path in network.pathways for x in path.values.values())]
    rest = np.empty((n, max(x.shape[1] for x in used)))
    for sample in range(rest.shape[1]):
        g_leak, v_leak, a_r, a_d, beta, offset = (_column(p[name], sample) for name in _NEEDED[:6])
        s = np.broadcast_to(a_r / (a_r + a_d * (1.0 + np.exp(beta * offset))), (n,))
        total = np.zeros(n) + g_leak
        driven = total * v_leak
        coupling = np.zeros((n, n))
        for path in network.pathways:
            for edge in path.synapse.edge:
                if path.synapse.kind in UNDIRECTED_KINDS and edge.rule == "strength":
                    g = _column(path.values[edge.symbol], sample)
                    np.add.at(total, path.post, g)
                    np.add.at(coupling, (path.post, path.pre), g)
                if reversal := _REVERSAL.get(edge.rule):
                    g = _column(path.values[edge.symbol], sample) * s[path.pre]
                    np.add.at(total, path.post, g)
                    np.add.at(driven, path.post, g * np.broadcast_to(_column(p[reversal], sample), (n,))[path.post])
        rest[:, sample] = np.linalg.solve(np.diag(total) - coupling, driven)
    return {"v_half": rest + p["v_half_offset"]}


def _column(x: np.ndarray, sample: int) -> np.ndarray:
    return x[:, sample if x.shape[1] > 1 else 0]


MODEL = SynapseModel(
    name="graded_chemical",
    kind="chemical",
    cell_equations="""
    phi = 1/(1 + exp(-beta*(v - v_half))) : 1
    ds/dt = a_r*phi*(1 - s) - a_d*s : 1
    """,
    summed={"G_exc": ("g_exc*s_pre", "siemens"), "G_inh": ("g_inh*s_pre", "siemens")},
    current="G_exc*(E_exc - v) + G_inh*(E_inh - v)",
    edge=(
        EdgeValue("g_exc", "excitatory_strength", scale="g_chem_contact_nS"),
        EdgeValue("g_inh", "inhibitory_strength", scale="g_chem_contact_nS"),
    ),
    parameters=(
        Parameter("g_chem_contact", 0.1, "nS", _KUNERT + "; unknown in vivo", "guess", Prior("loguniform", 0.001, 0.1)),
        Parameter("E_exc", 0.0, "mV", _KUNERT + ", from Wicks SR et al 1996 J Neurosci 16:4017", "medium"),
        Parameter("E_inh", -45.0, "mV", _KUNERT + " (released codes: -48 mV, as Wicks SR et al 1996)", "low"),
        Parameter("a_r", 1.0, "per_s", _KUNERT + " (released codes: 1/1.5 per s)", "low"),
        Parameter("a_d", 5.0, "per_s", _KUNERT + " (released codes: 5/1.5 per s)", "low"),
        Parameter("beta", 0.125, "per_mV", _KUNERT, "low"),
        Parameter("v_half_offset", 0.0, "mV", "0 is the assumption of " + _KUNERT + "; never measured", "guess",
                  Prior("uniform", -10.0, 10.0)),
    ),
    initial={"v": "v_half - v_half_offset", "s": "a_r/(a_r + a_d*(1 + exp(beta*v_half_offset)))"},
    derive=derive,
    derived={"v_half": "mV"},
)
