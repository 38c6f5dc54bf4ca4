"""A search that looks at its animals anew in every generation: at other moments, other places, and under another noise.

A search that always looks at the same few moments finds animals that do there what is asked, and not at others: of 30 hermaphrodites
that backed from a touch at each of four moments 15 did at three others. Here every candidate that is kept is looked at again in each
generation, beside that generation's new ones, and is held to the means over all of its looks. One good look does not last; an animal
is accepted after LOOKS of them or more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .body.parameters import BY_KEY
from .calibration import POPULATION, accepts, from_unit, missed, offspring, total_cost

if TYPE_CHECKING:
    import pandas as pd

    from .animal import Wiring
    from .calibration import Step

#: Looks after which an animal can be accepted (chosen here).
LOOKS = 8
#: Candidates that are kept and looked at again; the others of a generation are new (chosen here).
KEPT = 10
#: What a candidate costs more, divided by the number of its looks, while the best are chosen (chosen here).
DOUBT = 6.0
#: Number of the first look of an individual of number 0; that of the next one starts EACH later. None of these is a noise of an assay.
FIRST_LOOK, EACH = 1_000_000, 1_000


def looks_of(seed: int, generations: int, looks: int) -> range:
    """Numbers of the looks that an animal was accepted on: it was kept from its first one on."""
    last = FIRST_LOOK + EACH * seed + generations
    return range(last - looks + 1, last + 1)


def race(rng: np.random.Generator, wiring: Wiring, step: Step, seed: int, first: np.ndarray, sigma: float, generations: int,
         unmet: float) -> tuple[dict, pd.DataFrame, int]:
    """One step: the best animal, parameters of the best few, and how many were looked at, each as often as it was.

    It ends when an animal meets every band, required or not. The best is the first among those that can be accepted, else among all. Its measures
    are means over its `looks`; one that failed in a look is not-a-number in all of them.
    """
    points, total, looks = first, np.zeros((len(first), 0)), np.zeros(len(first))
    evaluations = 0
    for gone in range(generations + 1):
        seen = step.observe(wiring, from_unit(points, step.keys), FIRST_LOOK + EACH * seed + gone)
        evaluations += len(points)
        now = np.stack(list(seen.values()), axis=1).astype(float)
        total = now if not gone else total + now
        looks = looks + 1
        mean = dict(zip(seen, (total / looks[:, None]).T, strict=True))
        cost, short, seasoned = total_cost(step.targets, mean), missed(step.targets, mean), looks >= LOOKS
        rank = cost + unmet * short + DOUBT / looks
        order = np.argsort(rank, kind="stable")
        if (seasoned & (short == 0)).any() or gone == generations:
            break
        order = order[:KEPT]
        new = offspring(rng, points[order], sigma)[: POPULATION - KEPT]
        points = np.concatenate([points[order], new])
        total = np.concatenate([total[order], np.zeros((len(new), total.shape[1]))])
        looks = np.concatenate([looks[order], np.zeros(len(new))])
    good = accepts(step.targets, mean) & seasoned
    best = int(np.lexsort((rank, ~good))[0])
    parameters = from_unit(points, step.keys)
    return ({"accepted": bool(good[best]), "cost": float(cost[best]), "looks": int(looks[best]), "generations": gone,
             **{name: float(x[best]) for name, x in mean.items()}, **{key: float(parameters[key].iloc[best]) for key in BY_KEY}},
            from_unit(points[order[:KEPT]], step.keys), evaluations)
