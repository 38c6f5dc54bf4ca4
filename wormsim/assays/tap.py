"""Tap on the dish: front and back touch cells at once; an intact adult mostly backs.

ALM, AVM and PLM feel it (Wicks SR, Rankin CH 1995 J Neurosci 15:2434, from memory, medium). One second of touch after eight of crawling (chosen here: a hair's stroke takes less, but the model's synapses take
some 0.1 s); the answer is the signed velocity from half a second after the onset on, for one and a half seconds, a stretch shorter than
a real reversal (median 2.4 to 4.5 s in the recordings of Dag et al. 2023). Signed, since an unsigned speed hides a reversal that is
lost. Which cells feel the touch stands in ``body/senses.py``; how strongly is unknown and calibrated.
"""

from ..behaviour_assay import BehaviourAssay, mean_between, velocity
from ..body.senses import Touch
from ..closed_loop import World

TOUCH_S, STOP_S = 8.0, 9.0


def measure(behaviour):
    """Signed path in the three seconds from the tap on: below 0 for a reversal."""
    v, t = velocity(behaviour)
    return {"reversal_mm": 3.0 * mean_between(v, t, TOUCH_S, TOUCH_S + 3.0)}


ASSAY = BehaviourAssay(
    name="tap", behaviour="tap", source="Wicks SR, Rankin CH 1995 J Neurosci 15:2434 (from memory, medium)",
    circuit="whole_hermaphrodite", duration_s=11.0, world=lambda wiring, seed: World.of("agar", Touch("tap", TOUCH_S, STOP_S)), measure=measure,
    limits="One touch, at one moment of one gait; the side of the body is left out; no habituation.")
