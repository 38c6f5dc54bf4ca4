"""jGCaMP8m (Zhang et al. 2023): fast and sensitive."""

from ..parameter import Parameter
from . import Indicator

_PROTEIN = "Zhang Y et al 2023 Nature 615:884, purified protein; from memory"
_TABLE = "one spike in cultured neurons, table of the makers (Janelia jGCaMP8 page; Zhang Y et al 2023 Nature 615:884)"

INDICATOR = Indicator("jgcamp8m", (
    Parameter("Kd", 0.108, "uM", _PROTEIN, "low"),
    Parameter("hill", 1.92, "", _PROTEIN, "low"),
    Parameter("range", 45.7, "", _PROTEIN, "low"),
    Parameter("tau_on", 10.2, "ms", f"{_TABLE}: half-rise 7.1 ms, over ln 2", "medium"),
    Parameter("tau_off", 170.7, "ms", f"{_TABLE}: half-decay 118.3 ms, over ln 2", "medium"),
))
