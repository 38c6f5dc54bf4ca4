"""FLP-1: slows and steadies locomotion (Oranth et al. 2018, Neuron 100:1414)."""

from ..modulator import PEPTIDES, Modulator, Receptor
from ..parameter import Parameter, Prior

_CELLS = "Bentley B et al 2016 PLoS Comput Biol 12:e1005283 (cells); "

MODULATOR = Modulator(
    name="flp_1",
    kind="peptide",
    ligands=("flp-1",),
    does="slows and steadies locomotion",
    source="Bentley B et al 2016 PLoS Comput Biol 12:e1005283 (cells that express the peptide)",
    receptors=(
        Receptor("npr-4", "Gi/o", _CELLS + "Cohen M et al 2009 Cell Metab 9:375", "medium", layer=PEPTIDES),
        Receptor("npr-11", "Gi/o",
                 _CELLS + "Chalasani SH et al 2010 Nat Neurosci 13:615 (NLP-1 is its main ligand)",
                 "low", layer=PEPTIDES),
    ),
    clearance=Parameter("tau_flp_1", 5000.0, "ms", "uptake and breakdown outside cells; never measured in a worm", "guess",
                        Prior("loguniform", 1000.0, 15000.0)),
)
