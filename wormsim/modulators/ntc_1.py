"""Nematocin, NTC-1: needed for steps of mating and for gustatory learning (Garrison et al. 2012; Beets et al. 2012)."""

from ..modulator import PEPTIDES, Modulator, Receptor
from ..parameter import Parameter, Prior

_CELLS = "Bentley B et al 2016 PLoS Comput Biol 12:e1005283 (cells); "

MODULATOR = Modulator(
    name="ntc_1",
    kind="peptide",
    ligands=("ntc-1",),
    does="steps of male mating; gustatory learning",
    source="Bentley B et al 2016 PLoS Comput Biol 12:e1005283 (cells that express the peptide)",
    receptors=(
        Receptor("ntr-1", "Gq",
                 _CELLS + "Beets I et al 2012 Science 338:543; Garrison JL et al 2012 Science 338:540; coupling probable",
                 "medium", layer=PEPTIDES),
    ),
    clearance=Parameter("tau_ntc_1", 5000.0, "ms", "uptake and breakdown outside cells; never measured in a worm", "guess",
                        Prior("loguniform", 1000.0, 15000.0)),
)
