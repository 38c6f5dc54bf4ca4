"""GCaMP6f (Chen et al. 2013): the fast one of its family."""

from ..parameter import Parameter
from . import Indicator

_CHEN = "Chen T-W et al 2013 Nature 499:295, purified protein"

INDICATOR = Indicator("gcamp6f", (
    Parameter("Kd", 0.375, "uM", f"{_CHEN}; from memory, found the same in public code", "medium"),
    Parameter("hill", 2.27, "", f"{_CHEN}; from memory", "low"),
    Parameter("range", 52.8, "", f"{_CHEN}: saturated dF/F0 51.8; from memory", "low"),
    Parameter("tau_on", 65.0, "ms", "Chen T-W et al 2013: 45 ms to the peak after one spike in mouse cortex, over ln 2; from memory",
              "low"),
    Parameter("tau_off", 254.0, "ms", f"{_CHEN}: k_off 3.93/s, from memory; Helassa N et al 2016 Sci Rep 6:38276 give 1-5/s at "
              "20 C for such indicators", "medium"),
))
