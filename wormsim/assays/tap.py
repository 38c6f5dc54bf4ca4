"""Tap on the dish: front and back touch cells at once; an intact adult mostly backs.

ALM, AVM and PLM feel it (Wicks SR, Rankin CH 1995 J Neurosci 15:2434, from memory, medium). The answer here is the path of five seconds,
where that is further back than the same animal goes untouched.
One second of touch after eight of crawling, or somewhat later in other runs (chosen here: a hair's stroke takes less, but the
model's synapses take some 0.1 s). Which cells feel the touch stands in ``body/senses.py``; how strongly is unknown and calibrated.
"""

from ..behaviour_assay import mean_between, reversal_by_touch
from ._touch import touch_assay


def measure(behaviour):
    """Signed path in the five seconds from the tap on, in mm: below 0 for a reversal that the tap made."""
    return {"reversal_mm": 5.0 * reversal_by_touch(behaviour, lambda v, t, at: mean_between(v, t, at, at + 5.0))}


ASSAY = touch_assay("tap", "tap", "tap", "Wicks SR, Rankin CH 1995 J Neurosci 15:2434 (from memory, medium)", measure)
