"""Cells of the crab's pyloric circuit: eight currents and calcium (Prinz, Bucher & Marder 2004, Nat Neurosci 7:1345).

One compartment with sodium, two calcium, A, calcium-dependent and delayed-rectifier potassium, hyperpolarisation-activated
and leak currents; their equations are those of Prinz AA, Billimoria CP, Marder E 2003 (J Neurophysiol 90:3998), after
currents of cultured lobster cells (Turrigiano et al. 1995; from memory). The cells of the circuit (AB/PD as one, LP, PY) differ by their eight
maximal conductances only, which the parameters give for the published cell AB/PD 1; :func:`published` has all sixteen.

Neither paper's text was at hand. Each formula was written down from one public implementation and compared with two
others, number by number: mackelab/pyloric (Cython), xolotl (C++, the folders ``prinz``) and OpenSourceBrain/PyloricNetwork
(NeuroML; conductances only). They agree but for these: the first rounds the constants of the H current's time constant and
the area (0.6283e-3 cm2 for the capacitance); the second takes a fixed reversal potential of 30 mV for calcium unless asked
for Nernst's, which is used here.

A spike is an upward crossing of `v_spike`; nothing is reset. The initial gates matter: networks that fire from m = 0, h = 1
may lock up from h = 0.
"""

from __future__ import annotations

from ..data import tables
from ..dynamics import NeuronModel
from ..errors import InputError, UnknownNameError
from ..parameter import Parameter

_P04 = "Prinz AA, Bucher D, Marder E 2004 Nat Neurosci 7:1345"
_P03 = "Prinz AA et al 2003 J Neurophysiol 90:3998"
_CELL = _P04 + ", Table 2: AB/PD 1; the others by published()"
_BOTH = ", as in mackelab/pyloric and xolotl"


def _sigmoid(half: float, width: float) -> str:
    return f"1/(1 + exp((v + {half}*mV)/({width}*mV)))"


# current: half and width of m_inf, and tau_m; the same of h
_GATES = {
    "m_Na": (_sigmoid(25.5, -5.29), f"2.64*ms - 2.52*ms*{_sigmoid(120.0, -25.0)}"),
    "h_Na": (_sigmoid(48.9, 5.18), f"1.34*ms*({_sigmoid(62.9, -10.0)})*(1.5 + {_sigmoid(34.9, 3.6)})"),
    "m_CaT": (_sigmoid(27.1, -7.2), f"43.4*ms - 42.6*ms*{_sigmoid(68.1, -20.5)}"),
    "h_CaT": (_sigmoid(32.1, 5.5), f"210*ms - 179.6*ms*{_sigmoid(55.0, -16.9)}"),
    "m_CaS": (_sigmoid(33.0, -8.1), "2.8*ms + 14*ms/(exp((v + 27*mV)/(10*mV)) + exp((v + 70*mV)/(-13*mV)))"),
    "h_CaS": (_sigmoid(60.0, 6.2), "120*ms + 300*ms/(exp((v + 55*mV)/(9*mV)) + exp((v + 65*mV)/(-16*mV)))"),
    "m_A": (_sigmoid(27.2, -8.7), f"23.2*ms - 20.8*ms*{_sigmoid(32.9, -15.2)}"),
    "h_A": (_sigmoid(56.9, 4.9), f"77.2*ms - 58.4*ms*{_sigmoid(38.9, -26.5)}"),
    "m_KCa": (f"Ca/(Ca + K_Ca)*{_sigmoid(28.3, -12.6)}", f"180.6*ms - 150.2*ms*{_sigmoid(46.0, -22.7)}"),
    "m_Kd": (_sigmoid(12.3, -11.8), f"14.4*ms - 12.8*ms*{_sigmoid(28.3, -19.2)}"),
    "m_H": (_sigmoid(75.0, 5.5), "2*ms/(exp((v + 169.7*mV)/(-11.6*mV)) + exp((v - 26.7*mV)/(14.3*mV)))"),
}
_GATE = """
    {gate}_inf = {inf} : 1
    tau_{gate} = {tau} : second
    d{gate}/dt = ({gate}_inf - {gate})/tau_{gate} : 1"""
CURRENTS = ("Na", "CaT", "CaS", "A", "KCa", "Kd", "H", "leak")


def _conductance(symbol: str, value: float) -> Parameter:
    return Parameter(symbol, value, "mS_cm2", _CELL, "high")


MODEL = NeuronModel(
    name="prinz2004",
    equations="""
    dv/dt = (I/area - I_Na - I_CaT - I_CaS - I_A - I_KCa - I_Kd - I_H - I_leak)/C_m : volt
    I_Na = g_Na*m_Na**3*h_Na*(v - E_Na) : amp/meter**2
    I_CaT = g_CaT*m_CaT**3*h_CaT*(v - E_Ca) : amp/meter**2
    I_CaS = g_CaS*m_CaS**3*h_CaS*(v - E_Ca) : amp/meter**2
    I_A = g_A*m_A**3*h_A*(v - E_K) : amp/meter**2
    I_KCa = g_KCa*m_KCa**4*(v - E_K) : amp/meter**2
    I_Kd = g_Kd*m_Kd**4*(v - E_K) : amp/meter**2
    I_H = g_H*m_H*(v - E_H) : amp/meter**2
    I_leak = g_leak*(v - E_leak) : amp/meter**2
    E_Ca = V_T*log(Ca_out/Ca) : volt
    dCa/dt = (Ca_rest - Ca - f_Ca*area*(I_CaT + I_CaS))/tau_Ca : mmolar"""
    + "".join(_GATE.format(gate=gate, inf=inf, tau=tau) for gate, (inf, tau) in _GATES.items()),
    threshold="v > v_spike",
    refractory="v > v_spike",
    parameters=(
        _conductance("g_Na", 400.0),
        _conductance("g_CaT", 2.5),
        _conductance("g_CaS", 6.0),
        _conductance("g_A", 50.0),
        _conductance("g_KCa", 10.0),
        _conductance("g_Kd", 100.0),
        _conductance("g_H", 0.01),
        _conductance("g_leak", 0.0),
        Parameter("E_Na", 50.0, "mV", _P03 + _BOTH, "high"),
        Parameter("E_K", -80.0, "mV", _P03 + _BOTH, "high"),
        Parameter("E_H", -20.0, "mV", _P03 + _BOTH, "high"),
        Parameter("E_leak", -50.0, "mV", _P03 + _BOTH, "high"),
        Parameter("V_T", 12.193, "mV", "R T/2F at 283 K, the 10 C of " + _P03, "medium"),
        Parameter("Ca_out", 3000.0, "uM", _P03 + _BOTH, "high"),
        Parameter("Ca_rest", 0.05, "uM", _P03 + _BOTH, "high"),
        Parameter("K_Ca", 3.0, "uM", _P03 + _BOTH, "high"),
        Parameter("f_Ca", 14.96, "uM_nA", _P03 + "; mackelab/pyloric has 14.961", "high"),
        Parameter("tau_Ca", 200.0, "ms", _P03 + _BOTH, "high"),
        Parameter("C_m", 1.0, "uF_cm2", _P03 + " (0.628 nF)", "high"),
        Parameter("area", 0.628e-3, "cm2", _P03 + _BOTH, "high"),
        Parameter("v_spike", -20.0, "mV", "where spikes are counted; above the slow wave of a burst, below every peak", "guess"),
    ),
    initial={"v": "-60*mV", "Ca": "Ca_rest", **{gate: str(int(gate[0] == "h")) for gate in _GATES}},
    synapses=("prinz2004_glutamate", "prinz2004_acetylcholine"),
    dt_ms=0.025,
)


def published(**cells: int) -> dict[str, float]:
    """Scoped parameters of published cells: ``published(ABPD=5, LP=2, PY=5)`` for the cells of that name in a circuit.

    Parameters
    ----------
    **cells : int
        Name of a cell (ABPD, LP or PY) to its number in Table 2 of Prinz et al. 2004.

    Returns
    -------
    dict
        ``g_Na_mS_cm2[LP]`` to value and so on, for ``Model.build(..., parameters=...)``.
    """
    table = tables.read_csv("prinz2004_cells")
    found: dict[str, float] = {}
    for cell, number in cells.items():
        if cell not in set(table["cell"]):
            raise UnknownNameError("published cell", cell, sorted(set(table["cell"])))
        row = table[(table["cell"] == cell) & (table["number"] == number)]
        if row.empty:
            raise InputError(f"{cell} = {number}: Prinz et al. 2004 published {cell} 1 to {int((table['cell'] == cell).sum())}")
        found |= {f"g_{name}_mS_cm2[{cell}]": float(row[name].iloc[0]) for name in CURRENTS}
    return found
