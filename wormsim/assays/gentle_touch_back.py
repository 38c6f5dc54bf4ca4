"""Gentle touch at the back: an intact worm speeds up.

PLM feels it (Chalfie M et al 1985 J Neurosci 5:956, from memory, high). One second of touch after eight of crawling, or
somewhat later in other runs (chosen here: a hair's stroke takes less, but the model's synapses take some 0.1 s). The answer
is the signed velocity from half a second after the onset to the fifth second. It is held to the same animal with the same noise and no
touch, since a gait speeds up and slows down by itself. Signed, since an unsigned speed hides a reversal that is lost. Which
cells feel the touch stands in ``body/senses.py``; how strongly is unknown and calibrated.
"""

from ..behaviour_assay import ANSWER_S, beside_twin
from ._touch import touch_assay


def measure(behaviour):
    """Velocity after the touch minus that of the same animal untouched, at the same time."""
    return {"acceleration_mm_s": beside_twin(behaviour, *ANSWER_S)}


ASSAY = touch_assay("gentle_touch_back", "touch at the back", "touch_back",
                    "Chalfie M et al 1985 J Neurosci 5:956 (from memory, high)", measure)
