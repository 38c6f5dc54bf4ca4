"""Dopamine: signals food under the body; slows locomotion there (Sawin et al. 2000, Neuron 26:619).

Released by CEP, ADE and PDE, and in the male by ray neurons (Wang et al. 2024). On the same motor neurons DOP-1 (Gq) and DOP-3
(Go) oppose each other (Chase et al. 2004): the net effect depends on sizes that nobody has measured.
"""

from ..modulator import MONOAMINES, Modulator, Receptor
from ..parameter import Parameter, Prior

_CELLS = "Bentley B et al 2016 PLoS Comput Biol 12:e1005283 (cells); "

MODULATOR = Modulator(
    name="dopamine",
    kind="monoamine",
    ligands=("dopamine",),
    does="basal slowing on food; area-restricted search after its loss; in the male, steps of mating",
    source="Wang C et al 2024 eLife 13:RP95402 (transmitters of both sexes)",
    receptors=(
        Receptor("dop-1", "Gq",
                 _CELLS + "Chase DL, Pepper JS, Koelle MR 2004 Nat Neurosci 7:1096 (EGL-30)",
                 "high", layer=MONOAMINES),
        Receptor("dop-2", "Gi/o",
                 _CELLS + "Suo S, Sasagawa N, Ishiura S 2003 J Neurochem 86:869",
                 "high", layer=MONOAMINES),
        Receptor("dop-3", "Gi/o",
                 _CELLS + "Chase DL, Pepper JS, Koelle MR 2004 Nat Neurosci 7:1096 (GOA-1)",
                 "high", layer=MONOAMINES),
        Receptor("dop-4", "Gs", _CELLS + "Sugiura M et al 2005 J Neurochem 94:1146", "medium", layer=MONOAMINES),
        Receptor("lgc-53", "chloride channel",
                 _CELLS + "Ringstad N, Abe N, Horvitz HR 2009 Science 325:96",
                 "high", layer=MONOAMINES),
    ),
    clearance=Parameter("tau_dopamine", 1000.0, "ms", "uptake and breakdown outside cells; never measured in a worm", "guess",
                        Prior("loguniform", 200.0, 5000.0)),
)
