"""What the assays of touch share: when the animal is touched, and for how long."""

from __future__ import annotations

from collections.abc import Callable

from ..behaviour_assay import BehaviourAssay
from ..body.senses import Touch
from ..closed_loop import World

#: First touch and how long it lasts, s. A hair's stroke takes less, but the model's synapses take some 0.1 s (chosen here).
TOUCH_S, LASTS_S = 8.0, 1.0
#: What a touch is put off by, so that an answer is a mean over phases of the gait (a crawl takes 2 to 3 s; chosen here).
LATER_S = (0.0, 0.8, 1.6)


def touch_assay(name: str, behaviour: str, signal: str, source: str, measure: Callable) -> BehaviourAssay:
    """An assay that touches crawling animals once, at one of three moments, beside the same animals untouched."""
    def world(wiring, seed):
        at = TOUCH_S + LATER_S[seed % 1000 % len(LATER_S)]
        return World.of("agar", Touch(signal, at, at + LASTS_S))

    return BehaviourAssay(
        name=name, behaviour=behaviour, source=source, circuit="whole_hermaphrodite", duration_s=15.0, world=world, measure=measure,
        repeats=len(LATER_S), twins=True, animals="touched_often|touched", limits="The side of the body is left out; no habituation.")
