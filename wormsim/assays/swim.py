"""Swimming: the same animal in water. Nothing changes but the drag.

Frequencies rise to 1.7 to 2 Hz and waves get longer than the body (Berri S et al 2009 HFSP J 3:186; Fang-Yen C et al 2010 PNAS 107:20323;
from memory, high). Two seconds to start, then six, which hold three undulations or more from 0.5 Hz on. Measures are those of
``assays/crawl.py``. Inertia is left out: at a Reynolds number below 1 it plays no part in how a worm of 1 mm swims, and the
fluid is a drag on each part of the body by itself (resistive force theory).
"""

import numpy as np

from ..behaviour_assay import BehaviourAssay, window
from ..closed_loop import World
from ..metrics.gait import gait

START_S = 2.0


def measure(behaviour):
    """Gait after the start."""
    x, y, dt_s = window(behaviour, START_S, np.inf)
    found = gait(x, y, dt_s)
    still = np.isfinite(found.speed_mm_s) & ~np.isfinite(found.frequency_Hz)
    return {"speed_mm_s": found.speed_mm_s, "frequency_Hz": np.where(still, 0.0, found.frequency_Hz), "wavelength": found.wavelength,
            "amplitude_per_mm": found.amplitude_per_mm}


ASSAY = BehaviourAssay(
    name="swim", behaviour="swimming", source="Gait targets: wormsim/data/gait_targets.csv (Berri S et al 2009 HFSP J 3:186; "
    "Fang-Yen C et al 2010 PNAS 107:20323)", circuit="whole_hermaphrodite", duration_s=8.0,
    world=lambda wiring, seed: World.of("water"), measure=measure,
    limits="Two dimensions, no inertia, no walls and no interaction between the parts of the body through the water.")
