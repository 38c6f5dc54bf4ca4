"""FLP-17: from BAG to HSN through EGL-6, it stops egg laying (Ringstad & Horvitz 2008, Nat Neurosci 11:1168)."""

from ..modulator import PEPTIDES, Modulator, Receptor
from ..parameter import Parameter, Prior

_CELLS = "Bentley B et al 2016 PLoS Comput Biol 12:e1005283 (cells); "

MODULATOR = Modulator(
    name="flp_17",
    kind="peptide",
    ligands=("flp-17",),
    does="stops egg laying",
    source="Bentley B et al 2016 PLoS Comput Biol 12:e1005283 (cells that express the peptide)",
    receptors=(
        Receptor("egl-6", "Gi/o",
                 _CELLS + "Ringstad N, Horvitz HR 2008 Nat Neurosci 11:1168",
                 "high", layer=PEPTIDES),
    ),
    clearance=Parameter("tau_flp_17", 5000.0, "ms", "uptake and breakdown outside cells; never measured in a worm", "guess",
                        Prior("loguniform", 1000.0, 15000.0)),
)
