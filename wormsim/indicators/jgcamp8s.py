"""jGCaMP8s (Zhang et al. 2023): the most sensitive of its family."""

from ..parameter import Parameter
from . import Indicator

_PROTEIN = "Zhang Y et al 2023 Nature 615:884, purified protein; from memory"
_TABLE = "one spike in cultured neurons, table of the makers (Janelia jGCaMP8 page; Zhang Y et al 2023 Nature 615:884)"

INDICATOR = Indicator("jgcamp8s", (
    Parameter("Kd", 0.046, "uM", _PROTEIN, "low"),
    Parameter("hill", 2.20, "", _PROTEIN, "low"),
    Parameter("range", 49.5, "", _PROTEIN, "low"),
    Parameter("tau_on", 14.6, "ms", f"{_TABLE}: half-rise 10.1 ms, over ln 2", "medium"),
    Parameter("tau_off", 442.5, "ms", f"{_TABLE}: half-decay 306.7 ms, over ln 2", "medium"),
))
