"""FLP-18: limits reversals and arousal through NPR-1, NPR-4 and NPR-5 (Rogers et al. 2003; Cohen et al. 2009)."""

from ..modulator import PEPTIDES, Modulator, Receptor
from ..parameter import Parameter, Prior

_CELLS = "Bentley B et al 2016 PLoS Comput Biol 12:e1005283 (cells); "

MODULATOR = Modulator(
    name="flp_18",
    kind="peptide",
    ligands=("flp-18",),
    does="limits the length of reversals; feeding state",
    source="Bentley B et al 2016 PLoS Comput Biol 12:e1005283 (cells that express the peptide)",
    receptors=(
        Receptor("npr-1", "Gi/o", _CELLS + "Rogers C et al 2003 Nat Neurosci 6:1178", "medium", layer=PEPTIDES),
        Receptor("npr-4", "Gi/o",
                 _CELLS + "Cohen M et al 2009 Cell Metab 9:375; Bhardwaj A et al 2018 J Neurosci 38:4641",
                 "medium", layer=PEPTIDES),
        Receptor("npr-5", "Gi/o", _CELLS + "Cohen M et al 2009 Cell Metab 9:375", "medium", layer=PEPTIDES),
    ),
    clearance=Parameter("tau_flp_18", 5000.0, "ms", "uptake and breakdown outside cells; never measured in a worm", "guess",
                        Prior("loguniform", 1000.0, 15000.0)),
)
