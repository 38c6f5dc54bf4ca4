"""Signal propagation: each neuron is stimulated in turn and every other one is watched (Randi et al. 2023).

**Stimulus.** Randi F, Sharma AK, Dvali S, Leifer AM 2023 (Nature 623:406) open a purple light-gated channel (GUR-3 with
PRDX-2) in one neuron for 0.3 to 0.5 s with two photons, and count a trial only where that neuron itself answered. A
conductance towards 0 mV for 0.5 s stands for it. It is 1 nS, a hundred leaks of the graded model, so that the neuron is
driven whatever it is connected to, as the rule of the answering neuron has it; the number is a choice.

**Read-out.** They image nuclear GCaMP6s for 30 s and average. An indicator that follows calcium linearly and slowly
keeps, over such a window, the integral of what moved it; so the mean change of potential over the whole run stands for the
response, against the same animal without the stimulus; a test holds the ranks of pairs against 30 s of nuclear GCaMP6s from
:mod:`wormsim.observables.calcium`. The graded model is back at rest in a few hundred ms: 3 s are enough,
and longer would only scale all responses.

**Noise.** The model has none here. :mod:`wormsim.studies.signal_propagation` adds that of the microscope when it detects.

**Priors.** Conductances per contact reach from far below the leak to the published 0.1 nS: Cook's contacts are EM sections,
and what one of them is worth is not known. The range was set before the atlas was scored on held-out neurons, but after
150 samples of a similar range had been looked at on all of them.

**What it cannot know.** Wireless transmission by peptides, unless a layer of them is added; which neurons express the channel
well; recurrent activity that spontaneous behaviour brings; cells of the pharynx and the head whose names the imaging confuses.
"""

from ..parameter import Prior
from ..pump_probe import PumpProbe

ASSAY = PumpProbe(
    name="signal_propagation",
    source="Randi F et al 2023 Nature 623:406",
    circuit="hermaphrodite_neurons",
    neuron="graded",
    pulse_ms=500.0,
    watch_ms=3000.0,
    g_nS=1.0,
    e_mV=0.0,
    dt_ms=2.0,
    priors={
        "g_chem_contact_nS": Prior("loguniform", 1e-5, 0.1),
        "g_gap_contact_nS": Prior("loguniform", 1e-5, 0.1),
    },
    limits="The model has no peptides unless a layer is added, no spontaneous activity and no sensory input; one size fits all cells.",
)
