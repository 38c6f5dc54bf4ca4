"""NLP-1: from AWC to AIA through NPR-11, it limits local search (Chalasani et al. 2010, Nat Neurosci 13:615)."""

from ..modulator import PEPTIDES, Modulator, Receptor
from ..parameter import Parameter, Prior

_CELLS = "Bentley B et al 2016 PLoS Comput Biol 12:e1005283 (cells); "

MODULATOR = Modulator(
    name="nlp_1",
    kind="peptide",
    ligands=("nlp-1",),
    does="limits turns after the loss of an odour",
    source="Bentley B et al 2016 PLoS Comput Biol 12:e1005283 (cells that express the peptide)",
    receptors=(
        Receptor("npr-11", "Gi/o", _CELLS + "Chalasani SH et al 2010 Nat Neurosci 13:615", "high", layer=PEPTIDES),
    ),
    clearance=Parameter("tau_nlp_1", 5000.0, "ms", "uptake and breakdown outside cells; never measured in a worm", "guess",
                        Prior("loguniform", 1000.0, 15000.0)),
)
