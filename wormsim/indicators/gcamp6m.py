"""GCaMP6m (Chen et al. 2013): between GCaMP6s and GCaMP6f."""

from ..parameter import Parameter
from . import Indicator

_CHEN = "Chen T-W et al 2013 Nature 499:295, purified protein"

INDICATOR = Indicator("gcamp6m", (
    Parameter("Kd", 0.167, "uM", f"{_CHEN}; from memory, found the same in public code", "medium"),
    Parameter("hill", 2.96, "", f"{_CHEN}; from memory", "low"),
    Parameter("range", 39.1, "", f"{_CHEN}: saturated dF/F0 38.1; from memory", "low"),
    Parameter("tau_on", 144.0, "ms", "half-rise of the order of 100 ms (Zhang Y et al 2023 Nature 615:884) over ln 2", "low"),
    Parameter("tau_off", 485.0, "ms", f"{_CHEN}: k_off 2.06/s, from memory; Helassa N et al 2016 Sci Rep 6:38276 give 1-5/s at "
              "20 C for such indicators", "low"),
))
