"""What is known of the sign of a chemical synapse: one table, each row with its source and its certainty.

A certainty is the probability that the sign is right: 0.5 is a coin. The numbers are judgements, graded by
the sort of evidence: 0.95 and more for synapses whose effect was recorded or whose receptor mutants show it,
0.8-0.9 for one receptor with a known effect, 0.6-0.7 for a transmitter whose usual effect is known while its
receptors on this cell are not. They are weights for sampling, not measurements; a model draws each group's
sign with them.
"""

from __future__ import annotations

from dataclasses import dataclass

#: Transmitters that open ion channels; the others act through G proteins, and whether they excite is not
#: asked here.
FAST_TRANSMITTERS = ("acetylcholine", "GABA", "glutamate")

BODY_WALL = frozenset({"MDL", "MDR", "MVL", "MVR", "BWM"})
PHARYNGEAL = frozenset({f"pm{i}" for i in range(1, 9)})
VULVAL = frozenset({"vm1", "vm2", "um1", "um2"})
SPICULE_PROTRACTOR = frozenset({"dsp", "vsp"})
MALE_SEX = frozenset({"dgl", "cdl", "ail", "pil", "pol", "aob", "pob", "gec", "grt", "dsr", "vsr"}) | SPICULE_PROTRACTOR


@dataclass(frozen=True)
class Rule:
    """One line of evidence.

    Parameters
    ----------
    key : str
        What stands in ``sign_source``.
    sign : int or None
        +1, -1, or None where the evidence says that it could be either.
    certainty : float
        Probability that `sign` is right; 0.5 with None.
    source : str
        Where it is from.
    """

    key: str
    sign: int | None
    certainty: float
    source: str


#: (transmitter, classes of muscle) in order; the first that holds the class is used.
MUSCLE_RULES: tuple[tuple[str, frozenset[str], Rule], ...] = (
    ("acetylcholine", BODY_WALL, Rule("ACh to body-wall muscle", +1, 0.97,
     "Richmond & Jorgensen 1999, doi:10.1038/12160: two nicotinic receptors")),
    ("acetylcholine", MALE_SEX, Rule("ACh to male sex muscle", +1, 0.90,
     "Garcia, Mehta & Sternberg 2001, Cell 107:777; Liu et al. 2011, "
     "doi:10.1371/journal.pgen.1001326")),
    ("acetylcholine", PHARYNGEAL, Rule("ACh to pharyngeal muscle", +1, 0.85,
     "McKay et al. 2004, Genetics 166:161: EAT-2 in pm4 and pm5")),
    ("acetylcholine", VULVAL, Rule("ACh to vulval and uterine muscle", +1, 0.75,
     "Kim et al. 2001, Genetics 157:1599: UNC-29 receptors in vulval muscle")),
    ("acetylcholine", frozenset({"mu_anal", "mu_int", "mu_sph"}), Rule("ACh to enteric muscle", +1, 0.65,
     "by analogy to the other muscles")),
    ("GABA", BODY_WALL, Rule("GABA to body-wall muscle", -1, 0.97,
     "McIntire et al. 1993, doi:10.1038/364337a0; Bamber et al. 1999, doi:10.1523/JNEUROSCI.19-13-05348.1999: "
     "UNC-49")),
    ("GABA", frozenset({"mu_anal", "mu_int"}), Rule("GABA to enteric muscle (EXP-1)", +1, 0.95,
     "Beg & Jorgensen 2003, doi:10.1038/nn1136")),
    ("GABA", frozenset({"mu_sph"}), Rule("GABA to anal sphincter (LGC-35)", +1, 0.85,
     "Jobson et al. 2015, J Neurosci 35:2803")),
    ("GABA", SPICULE_PROTRACTOR, Rule("GABA to spicule protractor (LGC-35)", +1, 0.70,
     "Jobson et al. 2015, J Neurosci 35:2803: spicule eversion")),
    ("GABA", MALE_SEX, Rule("GABA to male sex muscle", -1, 0.70,
     "by analogy to body-wall muscle; Whittaker & Sternberg 2009, doi:10.1186/1741-7007-7-33")),
    ("GABA", VULVAL, Rule("GABA to vulval and uterine muscle", -1, 0.65, "by analogy to body-wall muscle")),
    ("glutamate", PHARYNGEAL, Rule("glutamate to pharyngeal muscle (AVR-15)", -1, 0.90,
     "Dent, Davis & Avery 1997, doi:10.1093/emboj/16.19.5867")),
)

#: (transmitter, signs of the receptor genes that the postsynaptic neuron is known to express).
RECEPTOR_RULES: dict[tuple[str, frozenset[int]], Rule] = {
    ("acetylcholine", frozenset({+1})): Rule("receptors: ACh, excitatory only", +1, 0.85, "Fenyves et al. 2020"),
    ("acetylcholine", frozenset({-1})): Rule("receptors: ACh, inhibitory only", -1, 0.70, "Fenyves et al. 2020"),
    ("GABA", frozenset({+1})): Rule("receptors: GABA, excitatory only", +1, 0.70, "Fenyves et al. 2020"),
    ("GABA", frozenset({-1})): Rule("receptors: GABA, inhibitory only", -1, 0.90, "Fenyves et al. 2020"),
    ("glutamate", frozenset({+1})): Rule("receptors: glutamate, excitatory only", +1, 0.80, "Fenyves et al. 2020"),
    ("glutamate", frozenset({-1})): Rule("receptors: glutamate, inhibitory only", -1, 0.75, "Fenyves et al. 2020"),
    **{(t, frozenset({+1, -1})): Rule(f"receptors: {short}, both signs", None, 0.5, "Fenyves et al. 2020")
       for t, short in (("acetylcholine", "ACh"), ("GABA", "GABA"), ("glutamate", "glutamate"))},
}

RECEPTOR_SOURCE = "Fenyves et al. 2020, doi:10.1371/journal.pcbi.1007974 (S3 data; expression in the hermaphrodite)"

#: The transmitter alone, where nothing is known of the postsynaptic neuron's receptors.
TRANSMITTER_RULES: dict[str, Rule] = {
    "acetylcholine": Rule("transmitter: ACh", +1, 0.70,
                          "nicotinic channels prevail (Pereira et al. 2015, doi:10.7554/eLife.12432), but chloride "
                          "channels opened by ACh exist (Putrenko et al. 2005, doi:10.1074/jbc.M412644200); of the "
                          "ACh synapses that Fenyves et al. 2020 could sign, 75 % are excitatory"),
    "GABA": Rule("transmitter: GABA", -1, 0.85,
                 "Gendrel et al. 2016, doi:10.7554/eLife.17686; the exceptions known are EXP-1 and LGC-35, which the "
                 "receptor table has"),
    "glutamate": Rule("transmitter: glutamate, receptors not known", None, 0.5,
                      "cation channels (GLR, NMR) and chloride channels (GLC, AVR) are both common"),
}

#: Classes of neurons whose synapse has been studied; (pre class, post class).
STUDIED: dict[tuple[str, str], Rule] = {
    ("AWC", "AIY"): Rule("studied: AWC to AIY (GLC-3)", -1, 0.95, "Chalasani et al. 2007, doi:10.1038/nature06292"),
    ("AWC", "AIB"): Rule("studied: AWC to AIB (GLR-1)", +1, 0.95, "Chalasani et al. 2007, doi:10.1038/nature06292"),
    ("ASH", "AVA"): Rule("studied: ASH to AVA (GLR-1)", +1, 0.95,
                         "Mellem et al. 2002, doi:10.1016/S0896-6273(02)01088-7"),
    ("AIY", "AIZ"): Rule("studied: AIY to AIZ (ACC-2)", -1, 0.95, "Li et al. 2014, doi:10.1016/j.cell.2014.09.056"),
    ("PVY", "AVA"): Rule("studied: PVY to AVA (ACR-18, ACR-16, UNC-29)", +1, 0.95,
                         "Sherlekar et al. 2013, doi:10.1371/journal.pone.0060597"),
}

NO_FAST_TRANSMITTER = Rule("no fast transmitter known", None, 0.5,
                           "Wang et al. 2024, doi:10.7554/eLife.95402: monoamine or peptide only, or none found")
NO_MUSCLE_RULE = Rule("transmitter without a known effect on this muscle", None, 0.5, "nothing found")
NOT_A_NERVE_TARGET = Rule("target is neither neuron nor muscle", None, 0.5, "nothing found")
DISAGREE_CELLS = Rule("receptors differ within the class", None, 0.5, "Fenyves et al. 2020")
DISAGREE_TRANSMITTERS = Rule("co-transmitters disagree", None, 0.5, "Wang et al. 2024, doi:10.7554/eLife.95402")

#: A co-released fast transmitter of unknown effect takes this much of what is above 0.5.
COTRANSMISSION_DISCOUNT = 0.5
#: So does a transmitter whose gene is expressed dimly or not in every animal (Wang et al. 2024).
VARIABLE_DISCOUNT = 0.5
#: Receptors were mapped in the hermaphrodite; in the male's sex-shared neurons they may differ.
OTHER_SEX_DISCOUNT = 0.75


def discounted(certainty: float, share: float) -> float:
    """Certainty with `share` of what is above a coin's 0.5 left: ``discounted(0.9, 0.5)`` is 0.7."""
    return 0.5 + (certainty - 0.5) * share
