"""A search that looks at its animals anew in every generation: at other moments, other places, and under another noise.

A search that always looks at the same few moments finds animals that do there what is asked, and not at others: of 30 hermaphrodites
that backed from a touch at each of four moments 15 did at three others. Here every candidate that is kept is looked at again in each
generation, beside that generation's new ones, and is ranked by the means over all of its looks: one good look does not last. Those means
favour who was lucky, as luck is what candidates are kept for. So at the end those that are left are looked at LOOKS times more, and by these looks
alone one of them is chosen, and accepted or not. Where none is, a search may go on while there are generations left, with looks of its own at the end
again: who is held to such looks more than once passes more easily by luck (`held` counts them). What stands in a table are means over these
looks, by which the best was chosen, and flatters it a little: an assay, elsewhere, says how it carries over. (Of who was given up it is the one look
that was had.)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .calibration import POPULATION, accepts, from_unit, missed, offspring, record_of, total_cost

if TYPE_CHECKING:
    import pandas as pd

    from .animal import Wiring
    from .calibration import Step

#: Looks before a search can end, and looks at its end (chosen here).
LOOKS = 8
#: Candidates that are kept and looked at again; the others of a generation are new (chosen here).
KEPT = 10
#: What a candidate costs more, divided by the number of its looks, while the best are chosen, where nothing else is said (chosen here).
DOUBT = 6.0
#: Number of the first look of an individual of number 0; that of the next one starts EACH later. No noise of an assay whose seed is below 1,000.
FIRST_LOOK, EACH = 1_000_000, 1_000


def last_looks(seed: int, generations: int) -> range:
    """Numbers of the looks at the end, after so many generations, by which one of those left was chosen, and accepted or not."""
    first = FIRST_LOOK + EACH * seed + generations + 1
    return range(first, first + LOOKS)


def race(rng: np.random.Generator, wiring: Wiring, step: Step, seed: int, first: np.ndarray, sigma: float, generations: int,
         unmet: float, doubt: float = DOUBT, goes_on: bool = False) -> tuple[dict, pd.DataFrame, int]:
    """One step: the best animal, parameters of those that were left, the best first, and how many were looked at, each as often as it was.

    New candidates come until one that was looked at LOOKS times or more meets every band, required or not, or for `generations`. Of those left the
    cheapest that is accepted by LOOKS further looks is the best. Where none is, the search `goes_on` if that is asked, those looks counted as any
    others, as generations as well, while there are generations left; then the cheapest is the best. Its measures are means over the last looks,
    not-a-number where it failed in one; ``held`` says how often such looks were had. Where the cheapest first candidate costs more than the step's
    `hopeless`, nothing is searched: it is what was found, by that one look, and not accepted.
    """
    points, looks = first, np.zeros(len(first))
    evaluations = gone = held = 0
    total: dict[str, np.ndarray] = {}
    while True:
        seen = step.observe(wiring, from_unit(points, step.keys), FIRST_LOOK + EACH * seed + gone)
        evaluations += len(points)
        looks = looks + 1
        total = {name: x + total.get(name, 0.0) for name, x in seen.items()}
        mean = {name: x / looks for name, x in total.items()}
        cost, short = total_cost(step.targets, mean), missed(step.targets, mean)
        order = np.argsort(cost + unmet * short + doubt / looks, kind="stable")[:KEPT]
        if not gone and cost.min() > step.hopeless:
            best = record_of(mean, cost, False, from_unit(points, step.keys), int(cost.argmin()))
            return {**best, "generations": 0, "held": 0}, from_unit(points[order], step.keys), evaluations
        ends = gone >= generations or ((looks >= LOOKS) & (short == 0)).any()
        points, looks, total = points[order], looks[order], {name: x[order] for name, x in total.items()}
        if ends:
            parameters = from_unit(points, step.keys)
            each = [step.observe(wiring, parameters, look) for look in last_looks(seed, gone)]
            evaluations += LOOKS * len(points)
            held += 1
            mean = {name: np.mean([seen[name] for seen in each], axis=0) for name in total}
            cost, good = total_cost(step.targets, mean), accepts(step.targets, mean)
            if good.any() or not goes_on or gone + LOOKS >= generations:
                order = np.lexsort((cost + unmet * missed(step.targets, mean), ~good))
                best = int(order[0])
                return ({**record_of(mean, cost, bool(good[best]), parameters, best), "generations": gone, "held": held},
                        from_unit(points[order], step.keys), evaluations)
            # those looks count from the next generation on, which is still bred in the order before them
            looks, total, gone = looks + LOOKS, {name: x + LOOKS * mean[name] for name, x in total.items()}, gone + LOOKS
        new = offspring(rng, points, sigma)[: POPULATION - KEPT]
        points, looks = np.concatenate([points, new]), np.concatenate([looks, np.zeros(len(new))])
        total = {name: np.concatenate([x, np.zeros(len(new))]) for name, x in total.items()}
        gone += 1
