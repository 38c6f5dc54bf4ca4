"""FLP-11: released by RIS, it puts the animal to sleep (Turek et al. 2016, eLife 5:e12499).

Which cells have its receptors (DMSR-1, FRPR-3, NPR-4, NPR-22 and others) no shipped table says receptor by receptor. NPR-4 is known from Bentley
et al. 2016; for the others stands every neuron that RIS reaches by any of its peptides within a bundle (Ripoll-Sanchez et al. 2023, short
range): more cells than FLP-11 alone would. All are taken as inhibitory, as DMSR-1 is (Iannacone et al. 2017).
"""

from ..modulator import PEPTIDES, Modulator, Receptor
from ..parameter import Parameter, Prior

_CELLS = "Bentley B et al 2016 PLoS Comput Biol 12:e1005283 (cells); "

MODULATOR = Modulator(
    name="flp_11",
    kind="peptide",
    ligands=("flp-11",),
    does="sleep of lethargus: stops movement",
    source="Turek M et al 2016 eLife 5:e12499",
    releasing=("RIS",),
    receptors=(
        Receptor("npr-4", "Gi/o",
                 _CELLS + "Cohen M et al 2009 Cell Metab 9:375; Turek M et al 2016 eLife 5:e12499",
                 "medium", layer=PEPTIDES),
        Receptor("dmsr-1", "Gi/o",
                 "Iannacone MJ et al 2017 eLife 6:e19837 (coupling); Ripoll-Sanchez L et al 2023 Neuron 111:3570 (cells: any peptide of RIS)",
                 "low", layer="ripollsanchez2023_short"),
    ),
    clearance=Parameter("tau_flp_11", 5000.0, "ms", "uptake and breakdown outside cells; never measured in a worm", "guess",
                        Prior("loguniform", 1000.0, 15000.0)),
)
