"""Gentle touch at the back: an intact worm speeds up.

PLM feels it (Chalfie M et al 1985 J Neurosci 5:956, from memory, high). One second of touch after eight of crawling, or
somewhat later in other runs (chosen here: a hair's stroke takes less, but the model's synapses take some 0.1 s). The answer
is the signed velocity from half a second after the onset on, for one and a half seconds, a stretch shorter than a real
reversal (median 2.4 to 4.5 s in the recordings of Dag et al. 2023). It is held to the same animal with the same noise and no
touch, since a gait speeds up and slows down by itself. Signed, since an unsigned speed hides a reversal that is lost. Which
cells feel the touch stands in ``body/senses.py``; how strongly is unknown and calibrated.
"""

from ..behaviour_assay import BehaviourAssay, beside_twin
from ..body.senses import Touch
from ..closed_loop import World

TOUCH_S, LASTS_S = 8.0, 1.0
#: What the touch is put off by, so that an answer is a mean over phases of the gait (a crawl takes 2 to 3 s; chosen here).
LATER_S = (0.0, 0.8, 1.6)


def world(wiring, seed):
    """Agar, and the touch at the moment of number `seed`."""
    at = TOUCH_S + LATER_S[seed % 1000 % len(LATER_S)]
    return World.of("agar", Touch("touch_back", at, at + LASTS_S))


def measure(behaviour):
    """Velocity after the touch minus that of the same animal untouched, at the same time."""
    return {"acceleration_mm_s": beside_twin(behaviour, 0.5, 2.0)}


ASSAY = BehaviourAssay(
    name="gentle_touch_back", behaviour="touch at the back",
    source="Chalfie M et al 1985 J Neurosci 5:956 (from memory, high)",
    circuit="whole_hermaphrodite", duration_s=13.0, world=world, measure=measure,
    repeats=len(LATER_S), twins=True, limits="The side of the body is left out; no habituation.")
