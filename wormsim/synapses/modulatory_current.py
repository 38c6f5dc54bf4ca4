"""Modulatory current I_MI of stomatogastric cells: one current that several peptides and muscarinic agonists open alike.

``I = g m (v - E)`` with ``dm/dt = (m_inf - m)/tau`` and ``m_inf = 1/(1 + exp((v_half - v)/width))``: an inward current of cations that
opens as the cell depolarises. Proctolin, CabTRP Ia, CCAP, RPCH, TNRNFLRFamide and pilocarpine converge onto it (Swensen & Marder 2000, J
Neurosci 20:6752) and differ by the cells that have their receptors (Swensen & Marder 2001, J Neurosci 21:4050). A modulator in the bath
is no connection, so this model takes none: it is a current that every cell carries, of 0 nS until ``g_MI_nS[LP]`` says otherwise. A circuit
that is built without it pays nothing for it.

Its five published forms differ much, above all in where it opens. They were read in xolotl (C++, the folders of these authors), not in
the papers; :func:`form` gives the parameters of each.
"""

from __future__ import annotations

from ..dynamics import SynapseModel
from ..errors import UnknownNameError
from ..parameter import Parameter

_SWENSEN = "Swensen AM, Marder E 2001 J Neurosci 21:4050, as in xolotl"

# v_half (mV), width (mV), tau (ms), E (mV). A tau of 0.001 ms is "at once": the exponential step then goes all the way to m_inf.
FORMS = {
    "swensen2001": (-21.0, 8.0, 6.0, 0.0),
    "sharp1993": (-55.0, 5.0, 6.0, -20.0),  # dynamic clamp
    "goldman2001": (-57.0, 5.0, 6.0, 0.0),  # proctolin
    "caplan2014": (-12.0, 5.0, 0.5, 30.0),
    "sototrevino2005": (-12.0, 3.05, 0.001, 0.0),  # proctolin in AB
}

MODEL = SynapseModel(
    name="modulatory_current",
    kind="chemical",
    transmitter="bath",
    cell_equations="""
    dm_MI/dt = (1/(1 + exp((v_half_MI - v)/width_MI)) - m_MI)/tau_MI : 1
    """,
    current="g_MI*m_MI*(E_MI - v)",
    edge=(),
    parameters=(
        Parameter("g_MI", 0.0, "nS", "0: no modulator; by cell, as in g_MI_nS[LP]. Doses are the experimenter's choice", "guess"),
        Parameter("v_half_MI", -21.0, "mV", _SWENSEN, "medium"),
        Parameter("width_MI", 8.0, "mV", _SWENSEN, "medium"),
        Parameter("tau_MI", 6.0, "ms", _SWENSEN, "medium"),
        Parameter("E_MI", 0.0, "mV", _SWENSEN, "medium"),
    ),
    initial={"m_MI": "0"},
)


def form(name: str) -> dict[str, float]:
    """Parameters of a published form of I_MI, for ``Model.build(..., parameters=...)``.

    Parameters
    ----------
    name : str
        One of ``FORMS``: "swensen2001" (the default of the model), "sharp1993", "goldman2001", "caplan2014", "sototrevino2005".

    Returns
    -------
    dict
        ``v_half_MI_mV``, ``width_MI_mV``, ``tau_MI_ms`` and ``E_MI_mV``.

    Raises
    ------
    UnknownNameError
        No such form.
    """
    if name not in FORMS:
        raise UnknownNameError("form of I_MI", name, FORMS)
    return dict(zip(("v_half_MI_mV", "width_MI_mV", "tau_MI_ms", "E_MI_mV"), FORMS[name], strict=True))
