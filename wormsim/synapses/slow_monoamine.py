"""Monoamines as a slow conductance without a synapse, beside `graded_chemical` (layer: Bentley et al. 2016).

Who can hear whom is known from expression (Bentley B et al 2016 PLoS Comput Biol 12:e1005283), receptor by receptor; the sign
is drawn for each receptor. A monoamine follows the release of the cell with a time constant and opens a conductance.
"""

from ..parameter import Prior
from ._slow import slow_layer

MODEL = slow_layer("monoamine", "amine", 500.0, Prior("loguniform", 100.0, 5000.0),
                   "hundreds of ms to seconds: monoamines diffuse and act through G proteins; no rate is known for these cells")
