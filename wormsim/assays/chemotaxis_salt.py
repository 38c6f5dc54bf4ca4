"""Salt chemotaxis: a worm on agar with more salt on one side; an intact one finds its way up.

ASE are the main cells for it (Bargmann CI, Horvitz HR 1991 Neuron 7:729, from memory, high), here the only ones that feel salt. A
published index counts animals that reached the salt within an hour or so; here it is what one animal does in a minute: the way that
its centroid made up the gradient, over the length of its path (:func:`wormsim.metrics.chemotaxis.heading_index`), 1 for straight up.

Each animal meets four worlds that differ in nothing but where up is: ahead of it, behind it, on its dorsal side, on its ventral side, with
the same noise. So an animal that does not know of the salt takes the same path in all of them, straight or curved, and its mean
is 0, not by chance but for each animal. One that goes less than 0.02 mm/s (a tenth of a crawl) finds nothing, however it sways: 0.

Chosen here, no measurement: the gradient is linear, 1 mM/mm about 50 mM, for which the nose of ``body/senses.py`` responds by half
when it crawls straight up at 0.2 mm/s; 60 s, in which a worm of that speed can go 12 mm of the 30 mm to the wall; five seconds
to start, then steps of 2.5 s, about one undulation (0.3 to 0.5 Hz, Berri S et al 2009 HFSP J 3:186, from memory, high), so that
the body's sway is no way. No ablation was run on it before it was fixed.
"""

import numpy as np

from ..behaviour_assay import BehaviourAssay, window
from ..body.dish import Dish, Field
from ..closed_loop import World
from ..errors import InputError
from ..metrics.chemotaxis import heading_index

START_S, STEP_S = 5.0, 2.5
#: Salt in the middle of the plate, mM, and how it rises, mM/mm.
BASE, SLOPE = 50.0, 1.0
#: Below this an animal does not move.
LEAST_MM_S = 0.02
#: Where up is, by the pose of the start (nose to the left): ahead, dorsal, behind, ventral. They cancel.
UP = ((-1.0, 0.0), (0.0, 1.0), (1.0, 0.0), (0.0, -1.0))


def world(wiring, seed):
    """A plate of 60 mm; worlds that follow each other go once round :data:`UP`."""
    x, y = UP[seed % 1000 % len(UP)]
    slope = {"slope_x_mM_per_mm": SLOPE * x, "slope_y_mM_per_mm": SLOPE * y}
    return World(Dish(medium="agar", size_mm=60.0, salt=Field("linear", {"base_mM": BASE, **slope})))


def measure(behaviour):
    """Way up the gradient over length of the path, of every animal in every world; worlds follow each other as in :data:`UP`.

    Raises
    ------
    InputError
        Variants that are not every animal in each world.
    """
    x, y, dt_s = window(behaviour, START_S, np.inf)
    if len(x) % len(UP):
        raise InputError(f"chemotaxis_salt: {len(x)} variants are not animals in {len(UP)} worlds each; run them by the assay")
    paths = [z.mean(axis=2)[:, ::round(STEP_S / dt_s)].reshape(len(UP), len(x) // len(UP), -1) for z in (x, y)]
    index = np.array([heading_index(*path, up=up) for *path, up in zip(*paths, UP, strict=True)])
    way_mm = sum(np.diff(z) ** 2 for z in paths) ** 0.5
    still = way_mm.mean(axis=2) < LEAST_MM_S * STEP_S
    return {"chemotaxis_index": np.where(np.isnan(way_mm).any(axis=2), np.nan, np.where(still, 0.0, index)).ravel()}


ASSAY = BehaviourAssay(
    name="chemotaxis_salt", behaviour="salt chemotaxis", source="Bargmann CI, Horvitz HR 1991 Neuron 7:729 (from memory, high); the measure "
    "is chosen here", circuit="whole_hermaphrodite", duration_s=60.0, world=world, measure=measure, repeats=len(UP), one_noise=True,
    every_ms=100.0, limits="Only ASE feels salt here, so that its loss is true by construction; a minute in a linear gradient, and no memory of the "
    "salt that the animal was raised in.")
