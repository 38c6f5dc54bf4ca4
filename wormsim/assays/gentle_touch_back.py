"""Gentle touch at the back: an intact worm speeds up.

PLM feels it (Chalfie M et al 1985 J Neurosci 5:956, from memory, high). One second of touch after eight of crawling (chosen here: a hair's stroke takes less, but the model's synapses take
some 0.1 s); the answer is the signed velocity from half a second after the onset on, for one and a half seconds, a stretch shorter than
a real reversal (median 2.4 to 4.5 s in the recordings of Dag et al. 2023). Signed, since an unsigned speed hides a reversal that is
lost. Which cells feel the touch stands in ``body/senses.py``; how strongly is unknown and calibrated.
"""

from ..behaviour_assay import BehaviourAssay, mean_between, velocity
from ..body.senses import Touch
from ..closed_loop import World

TOUCH_S, STOP_S = 8.0, 9.0


def measure(behaviour):
    """Velocity after the touch minus that before."""
    v, t = velocity(behaviour)
    return {"acceleration_mm_s": mean_between(v, t, TOUCH_S + 0.5, TOUCH_S + 2.0) - mean_between(v, t, TOUCH_S - 3.0, TOUCH_S)}


ASSAY = BehaviourAssay(
    name="gentle_touch_back", behaviour="touch at the back", source="Chalfie M et al 1985 J Neurosci 5:956 (from memory, high)",
    circuit="whole_hermaphrodite", duration_s=11.0, world=lambda wiring, seed: World.of("agar", Touch("touch_back", TOUCH_S, STOP_S)), measure=measure,
    limits="One touch, at one moment of one gait; the side of the body is left out; no habituation.")
