"""Gentle touch at the front: an intact worm backs away.

ALM and AVM feel it (Chalfie M et al 1985 J Neurosci 5:956, from memory, high).
One second of touch after eight of crawling, or somewhat later in other runs (chosen here: a hair's stroke takes less, but the
model's synapses take some 0.1 s). The answer is the signed velocity from half a second after the onset on, for one and a half
seconds, a stretch shorter than a real reversal (median 2.4 to 4.5 s in the recordings of Dag et al. 2023). Signed, since an unsigned
speed hides a reversal that is lost. Which cells feel the touch stands in ``body/senses.py``; how strongly is unknown and calibrated.
"""

from ..behaviour_assay import since_touch
from ._touch import touch_assay


def measure(behaviour):
    """Mean signed velocity after the touch: below 0 for a reversal."""
    return {"reversal_mm_s": since_touch(behaviour, 0.5, 2.0)}


ASSAY = touch_assay("gentle_touch_front", "touch at the front", "touch_front", "Chalfie M et al 1985 J Neurosci 5:956 (from memory, high)", measure)
