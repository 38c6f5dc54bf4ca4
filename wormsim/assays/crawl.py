"""Crawling: a worm on agar, left alone.

Nothing is done to it: speed, frequency, wavelength and amplitude are those of its own gait (:mod:`wormsim.metrics.gait`), after it has
had four seconds to start from a bent body. Ten seconds hold three undulations or more at 0.3 to 0.5 Hz (Berri S et al 2009 HFSP J
3:186, from memory, high). Backing counts from 0.02 mm/s on, as in :mod:`wormsim.effects`; reversals are those of
:mod:`wormsim.ethogram`. One reversal in ten seconds is six a minute: a rate is as coarse as that, and a finer one needs a longer
`duration_s`; intact animals of the model rarely turn back by themselves.
"""

import numpy as np

from ..behaviour_assay import BehaviourAssay, velocity, window
from ..closed_loop import World
from ..ethogram import events, summary
from ..metrics.gait import gait

START_S, BACK_MM_S = 4.0, 0.02


def measure(behaviour):
    """Gait after the start, the shares of time that go forward and backward, and how often it turns back."""
    x, y, dt_s = window(behaviour, START_S, np.inf)
    found = gait(x, y, dt_s)
    v, t = velocity(behaviour)
    v = v[:, t >= START_S]
    known = np.isfinite(v).all(axis=1)
    share = {"forward_share": v > BACK_MM_S, "backward_share": v < -BACK_MM_S}
    # a body that does not undulate has neither frequency nor wavelength: its frequency counts as 0, its wavelength as unknown
    still = known & ~np.isfinite(found.frequency_Hz)
    return {"speed_mm_s": found.speed_mm_s, "frequency_Hz": np.where(still, 0.0, found.frequency_Hz), "wavelength": found.wavelength,
            "amplitude_per_mm": found.amplitude_per_mm,
            **{name: np.where(known, here.mean(axis=1), np.nan) for name, here in share.items()},
            "reversals_per_min": np.where(known, summary(events(x, y, dt_s))["reversals_per_min"].to_numpy(), np.nan)}


ASSAY = BehaviourAssay(
    name="crawl", behaviour="forward locomotion", source="Gait targets: wormsim/data/gait_targets.csv (Berri S et al 2009 HFSP J 3:186; "
    "Fang-Yen C et al 2010 PNAS 107:20323)", circuit="whole_hermaphrodite", duration_s=14.0,
    world=lambda wiring, seed: World.of("agar"), measure=measure,
    limits="The animal lies on its side in a plane; "
    "agar is a drag that does not depend on speed; what drives it forward is a tonic current into AVB.")
