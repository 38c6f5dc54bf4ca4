"""NLP-12: from the stretch-sensing DVA to motor neurons, it raises release at their synapses (Hu et al. 2011, Neuron 71:92)."""

from ..modulator import PEPTIDES, Modulator, Receptor
from ..parameter import Parameter, Prior

_CELLS = "Bentley B et al 2016 PLoS Comput Biol 12:e1005283 (cells); "

MODULATOR = Modulator(
    name="nlp_12",
    kind="peptide",
    ligands=("nlp-12",),
    does="mechanical feedback on release by motor neurons; deep bends in local search",
    source="Bentley B et al 2016 PLoS Comput Biol 12:e1005283 (cells that express the peptide)",
    receptors=(
        Receptor("ckr-2", "Gq",
                 _CELLS + "Hu Z, Pym ECG, Babu K, Vashlishan Murray AB, Kaplan JM 2011 Neuron 71:92; Janssen T et al 2008 Endocrinology 149:2826",
                 "high", layer=PEPTIDES),
    ),
    clearance=Parameter("tau_nlp_12", 5000.0, "ms", "uptake and breakdown outside cells; never measured in a worm", "guess",
                        Prior("loguniform", 1000.0, 15000.0)),
)
