"""jGCaMP7f (Dana et al. 2019): in the nuclei of the Flavell laboratory's animals."""

from ..parameter import Parameter
from . import Indicator

_PROTEIN = "Dana H et al 2019 Nat Methods 16:649, purified protein; from memory"
_TABLE = "one spike in cultured neurons, table of the makers (Janelia jGCaMP8 page; Zhang Y et al 2023 Nature 615:884)"

INDICATOR = Indicator("jgcamp7f", (
    Parameter("Kd", 0.174, "uM", _PROTEIN, "low"),
    Parameter("hill", 2.30, "", _PROTEIN, "low"),
    Parameter("range", 30.2, "", _PROTEIN, "low"),
    Parameter("tau_on", 35.8, "ms", f"{_TABLE}: half-rise 24.8 ms, over ln 2", "medium"),
    Parameter("tau_off", 262.4, "ms", f"{_TABLE}: half-decay 181.9 ms, over ln 2", "medium"),
))
