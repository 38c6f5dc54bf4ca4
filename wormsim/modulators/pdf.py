"""Pigment-dispersing factor, PDF-1 and PDF-2: roaming, wakefulness, and the male's search for mates.

One receptor for both, PDFR-1, coupled to Gs (Janssen et al. 2008). Opposed to serotonin in foraging (Flavell et al. 2013).
"""

from ..modulator import PEPTIDES, Modulator, Receptor
from ..parameter import Parameter, Prior

_CELLS = "Bentley B et al 2016 PLoS Comput Biol 12:e1005283 (cells); "

MODULATOR = Modulator(
    name="pdf",
    kind="peptide",
    ligands=("pdf-1", "pdf-2"),
    does="roaming (opposes serotonin); arousal from lethargus; the male's search for mates",
    source="Bentley B et al 2016 PLoS Comput Biol 12:e1005283 (cells that express the peptide)",
    receptors=(
        Receptor("pdfr-1", "Gs",
                 _CELLS + "Janssen T et al 2008 J Biol Chem 283:15241; Flavell SW et al 2013 Cell 154:1023 (also AIY, RIM, RIA)",
                 "high", cells=("AIY", "RIM", "RIA"), layer=PEPTIDES),
    ),
    clearance=Parameter("tau_pdf", 5000.0, "ms", "uptake and breakdown outside cells; never measured in a worm", "guess",
                        Prior("loguniform", 1000.0, 15000.0)),
)
