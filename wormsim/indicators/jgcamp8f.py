"""jGCaMP8f (Zhang et al. 2023): the fastest of its family."""

from ..parameter import Parameter
from . import Indicator

_PROTEIN = "Zhang Y et al 2023 Nature 615:884, purified protein; from memory"
_TABLE = "one spike in cultured neurons, table of the makers (Janelia jGCaMP8 page; Zhang Y et al 2023 Nature 615:884)"

INDICATOR = Indicator("jgcamp8f", (
    Parameter("Kd", 0.334, "uM", _PROTEIN, "low"),
    Parameter("hill", 2.08, "", _PROTEIN, "low"),
    Parameter("range", 78.8, "", _PROTEIN, "low"),
    Parameter("tau_on", 10.2, "ms", f"{_TABLE}: half-rise 7.1 ms, over ln 2", "medium"),
    Parameter("tau_off", 97.2, "ms", f"{_TABLE}: half-decay 67.4 ms, over ln 2", "medium"),
))
