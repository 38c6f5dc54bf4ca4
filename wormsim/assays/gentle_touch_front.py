"""Gentle touch at the front: an intact worm backs away.

ALM and AVM feel it (Chalfie M et al 1985 J Neurosci 5:956, from memory, high).
One second of touch after eight of crawling, or somewhat later in other runs (chosen here: a hair's stroke takes less, but the
model's synapses take some 0.1 s). The answer is the least mean signed velocity over any one and a half
seconds from half a second to five seconds after the onset, where that is slower than the same animal is untouched. Signed, since
an unsigned speed hides a reversal that is lost. Which cells feel the touch stands in ``body/senses.py``; how strongly is unknown and calibrated.
"""

from ..behaviour_assay import reversal_by_touch
from ._touch import touch_assay


def measure(behaviour):
    """Least signed velocity after the touch, in mm/s: below 0 for a reversal that the touch made."""
    return {"reversal_mm_s": reversal_by_touch(behaviour)}


ASSAY = touch_assay("gentle_touch_front", "touch at the front", "touch_front", "Chalfie M et al 1985 J Neurosci 5:956 (from memory, high)", measure)
