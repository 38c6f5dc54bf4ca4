"""FLP-21: with NPR-1 it keeps animals from aggregating (Rogers et al. 2003, Nat Neurosci 6:1178)."""

from ..modulator import PEPTIDES, Modulator, Receptor
from ..parameter import Parameter, Prior

_CELLS = "Bentley B et al 2016 PLoS Comput Biol 12:e1005283 (cells); "

MODULATOR = Modulator(
    name="flp_21",
    kind="peptide",
    ligands=("flp-21",),
    does="suppresses aggregation and arousal",
    source="Bentley B et al 2016 PLoS Comput Biol 12:e1005283 (cells that express the peptide)",
    receptors=(
        Receptor("npr-1", "Gi/o", _CELLS + "Rogers C et al 2003 Nat Neurosci 6:1178", "high", layer=PEPTIDES),
        Receptor("npr-5", "Gi/o",
                 _CELLS + "Cohen M et al 2009 Cell Metab 9:375 (FLP-18 is its main ligand)",
                 "low", layer=PEPTIDES),
    ),
    clearance=Parameter("tau_flp_21", 5000.0, "ms", "uptake and breakdown outside cells; never measured in a worm", "guess",
                        Prior("loguniform", 1000.0, 15000.0)),
)
