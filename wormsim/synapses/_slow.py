"""What the two layers without synapses have in common: a graded release that acts slowly and far away."""

from ..dynamics import EdgeValue, SynapseModel
from ..errors import InputError
from ..parameter import Parameter, Prior


def slow_layer(kind: str, symbol: str, tau_ms: float, tau_prior: Prior, tau_source: str) -> SynapseModel:
    """Release that follows the graded synapse of the same cell with a delay of first order.

    Parameters
    ----------
    kind : {"peptide", "monoamine"}
        Which edges it takes.
    symbol : str
        Ending of its parameters.
    tau_ms : float
    tau_prior : Prior
    tau_source : str
    """
    return SynapseModel(
        name=f"slow_{kind}",
        kind=kind,
        cell_equations=f"dm_{symbol}/dt = (s - m_{symbol})/tau_{symbol} : 1",
        summed={f"G_exc_{symbol}": (f"g_exc_{symbol}*m_{symbol}_pre", "siemens"),
                f"G_inh_{symbol}": (f"g_inh_{symbol}*m_{symbol}_pre", "siemens")},
        current=f"G_exc_{symbol}*(E_exc - v) + G_inh_{symbol}*(E_inh - v)",
        edge=(EdgeValue(f"g_exc_{symbol}", "excitatory_strength", scale=f"g_{symbol}_contact_nS"),
              EdgeValue(f"g_inh_{symbol}", "inhibitory_strength", scale=f"g_{symbol}_contact_nS")),
        parameters=(
            Parameter(f"g_{symbol}_contact", 1e-4, "nS", "never measured: what a receptor that opens or closes channels is worth",
                      "guess", Prior("loguniform", 1e-6, 1e-2)),
            Parameter(f"tau_{symbol}", tau_ms, "ms", tau_source, "guess", tau_prior),
        ),
        initial={f"m_{symbol}": "a_r/(a_r + a_d*(1 + exp(beta*v_half_offset)))"},
        derive=_beside_graded_release,
    )


def _beside_graded_release(network) -> dict:
    """Nothing to derive; refuses a model without the graded release that the layer follows."""
    if not any(path.synapse.name == "graded_chemical" for path in network.pathways):
        raise InputError("a slow layer follows the graded release of its cells: add the synapse model 'graded_chemical' (a neuron "
                         "model that spikes has none)")
    return {}
