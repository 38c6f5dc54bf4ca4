"""Tyramine: the signal of escape; stops head oscillations and forward drive (Alkema et al. 2005, Neuron 46:247).

Released by RIM, in the male also by HOA and ray neurons (Wang et al. 2024). LGC-55 is in neck muscle too (Pirri et al. 2009): taken as
body-wall muscles 5 to 8 of each quadrant.
"""

from ..modulator import MONOAMINES, Modulator, Receptor
from ..parameter import Parameter, Prior

_CELLS = "Bentley B et al 2016 PLoS Comput Biol 12:e1005283 (cells); "

MODULATOR = Modulator(
    name="tyramine",
    kind="monoamine",
    ligands=("tyramine",),
    does="escape: long reversal, head still, ventral turn",
    source="Wang C et al 2024 eLife 13:RP95402 (transmitters of both sexes)",
    receptors=(
        Receptor("lgc-55", "chloride channel",
                 _CELLS + "Pirri JK, McPherson AD, Donnelly JL, Francis MM, Alkema MJ 2009 Neuron 62:526 (also neck muscle)",
                 "high", cells=("MDL0[5-8]", "MDR0[5-8]", "MVL0[5-8]", "MVR0[5-8]"), layer=MONOAMINES),
        Receptor("ser-2", "Gi/o",
                 _CELLS + "Rex E et al 2004 J Neurochem 91:1104; Donnelly JL et al 2013 PLoS Biol 11:e1001529",
                 "high", layer=MONOAMINES),
        Receptor("tyra-2", "Gi/o", _CELLS + "Rex E et al 2005 J Neurochem 94:181", "high", layer=MONOAMINES),
        Receptor("tyra-3", "Gq",
                 _CELLS + "Bendesky A et al 2011 Nature 472:313; coupling probable",
                 "medium", layer=MONOAMINES),
    ),
    clearance=Parameter("tau_tyramine", 1000.0, "ms", "uptake and breakdown outside cells; never measured in a worm", "guess",
                        Prior("loguniform", 200.0, 5000.0)),
)
