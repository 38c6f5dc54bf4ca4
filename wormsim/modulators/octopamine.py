"""Octopamine: the signal of hunger, opposed to serotonin (Horvitz et al. 1982, Science 216:1012).

Released by RIC, in the male also by R8B (Wang et al. 2024).
"""

from ..modulator import MONOAMINES, Modulator, Receptor
from ..parameter import Parameter, Prior

_CELLS = "Bentley B et al 2016 PLoS Comput Biol 12:e1005283 (cells); "

MODULATOR = Modulator(
    name="octopamine",
    kind="monoamine",
    ligands=("octopamine",),
    does="the starved state: more movement, less pumping and egg laying",
    source="Wang C et al 2024 eLife 13:RP95402 (transmitters of both sexes)",
    receptors=(
        Receptor("octr-1", "Gi/o", _CELLS + "Wragg RT et al 2007 J Neurosci 27:13402", "high", layer=MONOAMINES),
        Receptor("ser-3", "Gq",
                 _CELLS + "Suo S, Kimura Y, Van Tol HHM 2006 J Neurosci 26:10082",
                 "high", layer=MONOAMINES),
        Receptor("ser-6", "Gq", _CELLS + "Yoshida M et al 2014 PLoS One 9:e86751", "medium", layer=MONOAMINES),
    ),
    clearance=Parameter("tau_octopamine", 1000.0, "ms", "uptake and breakdown outside cells; never measured in a worm", "guess",
                        Prior("loguniform", 200.0, 5000.0)),
)
