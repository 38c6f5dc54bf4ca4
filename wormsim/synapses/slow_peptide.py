"""Neuropeptides as a slow conductance without a synapse, beside `graded_chemical` (layers: Ripoll-Sanchez et al. 2023).

Who can hear whom is known from expression (Ripoll-Sanchez L et al 2023 Neuron 111:3570; Bentley B et al 2016 PLoS Comput
Biol 12:e1005283); how strongly, how fast and with which sign is not. A peptide here follows the release of the cell with
a time constant and opens a conductance of drawn sign. Dense-core release is blocked (unc-31) by leaving the edges out.
"""

from ..parameter import Prior
from ._slow import slow_layer

MODEL = slow_layer("peptide", "pep", 1000.0, Prior("loguniform", 200.0, 5000.0),
                   "seconds: peptides diffuse and act through G proteins; no rate is known for these cells")
