"""What nobody knows of an animal: strengths within the wiring, thresholds, drives, muscles, body. All of it is calibrated.

A connectome fixes who contacts whom, and how often; transmitters and receptors fix most signs. An animal draws the rest of the signs and
a strength factor for every pair of classes (:class:`wormsim.samples.Samples`), and has the numbers below: few enough to be
found from how an intact animal moves, each with a range that is as wide as what is known.
"""

from __future__ import annotations

from ..parameter import Parameter, Prior

_FREE = "unknown in vivo; calibrated on the intact animal"
_KUNERT = "Kunert J et al 2014 Phys Rev E 89:052805"

#: Groups of cells that share a gain and a threshold: the classes of Chalfie M et al 1985 J Neurosci 5:956 and the head's motor neurons.
GROUPS = {
    "touch_front": ("ALM", "AVM"),
    "touch_back": ("PLM",),
    "back": ("AVA", "AVD", "AVE"),
    "forward": ("AVB", "PVC"),
    "A": ("DA", "VA"),
    "B": ("DB", "VB"),
    "AS": ("AS",),
    "D": ("DD", "VD"),
    "head": ("SMD", "SMB", "RMD", "RME", "RIV", "SIA", "SIB", "SAB"),
    # of males: sensory rays, the organs that find the vulva, the interneurons of the tail, the motor neurons of its cord
    "rays_A": tuple(f"R{n}A" for n in range(1, 10)),
    "rays_B": tuple(f"R{n}B" for n in range(1, 10)),
    "organs": ("HOA", "HOB", "PCA", "PCB", "PCC", "SPC", "SPD", "SPV"),
    "tail": ("PVX", "PVY", "PVZ", "PVV", "PVN", "EF", "DX", "PHC", "PDC"),
    "cord": ("CA", "CP", "PDA", "PDB"),
}
#: Groups that only a male has cells of.
MALE = ("rays_A", "rays_B", "organs", "tail", "cord")

#: Groups whose sensitivity to chemical input is free, beside that of the muscles.
SENSITIVE = ("back", "forward", "A", "B", "D", "head", "tail", "cord")
#: Groups whose gap junctions are stronger or weaker than others: a junction has the product of its two cells' gains.
COUPLED = ("touch_front", "touch_back", "back", "forward", "A", "B")

#: Groups that may be nearly silent at rest: with a slope of 0.125 per mV a cell 30 mV below its midpoint releases a fortieth of what it can,
#: so that what depolarises it (AVA for A, AVB for B) can switch on what it feels of the body.
GATED = ("back", "A", "B")

PARAMETERS: tuple[Parameter, ...] = (
    Parameter("C_m", 1.0, "pF", _KUNERT + ", varied", "low", Prior("loguniform", 0.5, 5.0)),
    Parameter("g_leak", 0.03, "nS", _KUNERT + " has 0.01, varied", "low", Prior("loguniform", 0.01, 0.2)),
    Parameter("g_chem_contact", 0.003, "nS", _FREE, "guess", Prior("loguniform", 0.0003, 0.05)),
    Parameter("g_gap_contact", 0.002, "nS", _FREE, "guess", Prior("loguniform", 0.0002, 0.01)),
    Parameter("a_d", 10.0, "per_s", _KUNERT + " has 5, varied; a_r stays a fifth of it", "low", Prior("loguniform", 5.0, 50.0)),
    *(Parameter(f"gain_{g}", 1.0, "", f"chemical output of {', '.join(c)}; " + _FREE, "guess", Prior("loguniform", 0.1, 10.0))
      for g, c in GROUPS.items()),
    *(Parameter(f"in_{g}", 1.0, "", f"sensitivity of {', '.join(GROUPS[g])} to chemical input; " + _FREE, "guess", Prior("loguniform", 0.2, 5.0))
      for g in SENSITIVE),
    Parameter("in_muscle", 1.0, "", "sensitivity of muscles to chemical input; " + _FREE, "guess", Prior("loguniform", 0.2, 5.0)),
    *(Parameter(f"gap_{g}", 1.0, "", f"gap junctions of {', '.join(GROUPS[g])}; " + _FREE, "guess", Prior("loguniform", 0.2, 5.0))
      for g in COUPLED),
    *(Parameter(f"half_{g}", 0.0, "mV", f"midpoint of the synapses of {', '.join(c)} above rest; " + _FREE, "guess",
                Prior("uniform", -15.0, 35.0 if g in GATED else 15.0)) for g, c in GROUPS.items()),
    Parameter("half_other", 0.0, "mV", "midpoint of all other synapses above rest; " + _FREE, "guess", Prior("uniform", -15.0, 15.0)),
    Parameter("I_AVB", 2.0, "pA", "tonic drive of AVB, the model's only one, as in Boyle JH et al 2012 Front Comput Neurosci 6:10; " + _FREE,
              "guess", Prior("uniform", 0.0, 20.0)),
    *(Parameter(f"stretch_{g}", 0.5, "pA_mm", f"current per curvature of the receptors of group {g}; sign contested; " + _FREE, "guess",
                Prior("uniform", -4.0, 4.0)) for g in ("B", "A", "head")),
    *(Parameter(f"field_{g}", 0.0, "", f"body lengths towards the tail at which group {g} feels; " + _FREE, "guess", Prior("uniform", -0.25, 0.25))
      for g in ("B", "A", "head")),
    Parameter("muscle_half", 0.0, "mV", "potential above rest at which a muscle is half active; " + _FREE, "guess", Prior("uniform", -10.0, 10.0)),
    Parameter("muscle_slope", 3.0, "mV", _FREE, "guess", Prior("loguniform", 0.5, 10.0)),
    Parameter("kappa_max", 10.0, "per_mm", "curvature that one side asks for, fully active; " + _FREE, "guess", Prior("loguniform", 4.0, 30.0)),
    Parameter("bend", 0.095, "uN_mm2", "Fang-Yen C et al 2010 PNAS 107:20323 (from memory, medium)", "low", Prior("loguniform", 0.03, 0.3)),
    Parameter("eta", 5e-4, "uN_mm2_s", "Fang-Yen C et al 2010 PNAS 107:20323 (from memory, medium)", "low", Prior("loguniform", 1e-4, 1e-2)),
    Parameter("g_organ", 0.3, "nS", "conductance that an organ of the male's tail opens at full contact; " + _FREE, "guess",
              Prior("loguniform", 0.03, 3.0)),
    Parameter("diagonal", 0.5, "", "pull of the diagonal muscles beside that of a side of body wall; " + _FREE, "guess", Prior("uniform", 0.0, 1.5)),
    Parameter("g_touch", 0.3, "nS", "conductance that a touch opens; " + _FREE, "guess", Prior("loguniform", 0.03, 3.0)),
    Parameter("hold", 0.05, "s", "time constant with which what a contact opened closes when it ends: calcium of touch cells outlasts a touch by "
              "seconds (Suzuki H et al 2003 Neuron 39:1005, from memory, low; other organs assumed alike); " + _FREE, "guess",
              Prior("loguniform", 0.05, 3.0)),
)
BY_KEY = {p.key: p for p in PARAMETERS}
FREE = {p.key: p.prior for p in PARAMETERS}
#: Those that a hermaphrodite does not have: they stay at their value.
MALE_KEYS = tuple(k for k in FREE if k in ("g_organ_nS", "diagonal") or any(k in (f"gain_{g}", f"in_{g}", f"half_{g}_mV") for g in MALE))

#: Held: slope of the synaptic sigmoid and potentials of the graded model (see synapses/graded_chemical.py and neurons/graded.py).
FIXED = {"beta_per_mV": 0.125, "v_leak_mV": -35.0, "E_exc_mV": 0.0, "E_inh_mV": -45.0, "rise_over_decay": 0.2}
#: Stiffness against stretching in uN: large, so that a body keeps its length within a percent (numerical, not measured).
STRETCH_UN = 2000.0
#: Current in every cell, redrawn every 20 ms: animals of one individual differ in it by their seed (both numbers chosen here, guess).
NOISE_PA, HOLD_MS = 0.05, 20.0
