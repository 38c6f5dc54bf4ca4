"""FLP-13: released by ALA under stress, it puts the animal to sleep (Nelson et al. 2014, Curr Biol 24:2406)."""

from ..modulator import PEPTIDES, Modulator, Receptor
from ..parameter import Parameter, Prior

_CELLS = "Bentley B et al 2016 PLoS Comput Biol 12:e1005283 (cells); "

MODULATOR = Modulator(
    name="flp_13",
    kind="peptide",
    ligands=("flp-13",),
    does="sleep after stress",
    source="Bentley B et al 2016 PLoS Comput Biol 12:e1005283 (cells that express the peptide)",
    receptors=(
        Receptor("frpr-4", "Gi/o",
                 _CELLS + "Nelson MD et al 2015 PLoS One 10:e0142938 (FLP-13 activates it; coupling taken from its effect, quiescence)",
                 "low", layer=PEPTIDES),
    ),
    clearance=Parameter("tau_flp_13", 5000.0, "ms", "uptake and breakdown outside cells; never measured in a worm", "guess",
                        Prior("loguniform", 1000.0, 15000.0)),
)
