"""GCaMP6s (Chen et al. 2013): the slow and sensitive one of its family."""

from ..parameter import Parameter
from . import Indicator

_CHEN = "Chen T-W et al 2013 Nature 499:295, purified protein"

INDICATOR = Indicator("gcamp6s", (
    Parameter("Kd", 0.144, "uM", f"{_CHEN}; from memory, found the same in public code that cites it", "medium"),
    Parameter("hill", 2.90, "", f"{_CHEN}; from memory, found the same in public code that cites it", "medium"),
    Parameter("range", 64.2, "", f"{_CHEN}: saturated dF/F0 63.2; from memory", "medium"),
    Parameter("tau_on", 144.0, "ms", "half-rise of the order of 100 ms (Zhang Y et al 2023 Nature 615:884) over ln 2", "low"),
    Parameter("tau_off", 893.0, "ms", f"{_CHEN}: k_off 1.12/s, from memory; Helassa N et al 2016 Sci Rep 6:38276 give 1-5/s at "
              "20 C for such indicators", "medium"),
))
