"""A search that looks at its animals anew in every generation: at other moments, other places, and under another noise.

A search that always looks at the same few moments finds animals that do there what is asked, and not at others: of 30 hermaphrodites
that backed from a touch at each of four moments 15 did at three others. Here every candidate that is kept is looked at again in each
generation, beside that generation's new ones, and is ranked by the means over all of its looks: one good look does not last. Those means
favour who was lucky, as luck is what candidates are kept for. So at the end those that are left are looked at LOOKS times more, and by these looks
alone one of them is chosen, and accepted or not. Where none is, a search may go on while there are generations left, with looks of its own at the end
again: who is held to such looks more than once passes more easily by luck (`held` counts them). What stands in a table are means over these
looks, by which the best was chosen, and flatters it a little: an assay, elsewhere, says how it carries over. (Of who was given up they are the
looks that were had.)
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from .calibration import POPULATION, accepts, from_unit, missed, offspring, record_of, total_cost

if TYPE_CHECKING:
    import pandas as pd

    from .animal import Wiring
    from .calibration import Step, Target

#: Looks before a search can end, and looks at its end (chosen here).
LOOKS = 8
#: Candidates that are kept and looked at again; the others of a generation are new (chosen here).
KEPT = 10
#: What a candidate costs more, divided by the number of its looks, while the best are chosen, where nothing else is said (chosen here).
DOUBT = 6.0
#: Rounds of :func:`level`: alternating fits are within a hundredth of what looks do of the least-squares solution then (chosen here).
ROUNDS = 30
#: Number of the first look of an individual of number 0; that of the next one starts EACH later. No noise of an assay whose seed is below 1,000.
FIRST_LOOK, EACH = 1_000_000, 1_000


def last_looks(seed: int, generations: int) -> range:
    """Numbers of the looks at the end, after so many generations, by which one of those left was chosen, and accepted or not."""
    first = FIRST_LOOK + EACH * seed + generations + 1
    return range(first, first + LOOKS)


def race(rng: np.random.Generator, wiring: Wiring, step: Step, seed: int, first: np.ndarray, sigma: float, generations: int,
         unmet: float, doubt: float = DOUBT, goes_on: bool = False, levelled: bool = False,
         gives_up_after: int = 0) -> tuple[dict, pd.DataFrame, int]:
    """One step: the best animal, parameters of those that were left, the best first, and how many were looked at, each as often as it was.

    New candidates come until one that was looked at LOOKS times or more meets every band, required or not, or for `generations`. Of those left the
    cheapest that is accepted by LOOKS further looks is the best. Where none is, the search `goes_on` if that is asked, those looks counted as any
    others, as generations as well, while there are generations left; then the cheapest is the best. Its measures are means over the last looks,
    not-a-number where it failed in one. ``held`` says how often such looks were had.

    A search is given up, and what was found by the looks that were had is not accepted (``held`` is 0), where the cheapest first candidate costs more
    than the step's `hopeless`, or where after `gives_up_after` generations or more (0: never) nobody who is left is :func:`nearly` there.
    `levelled`: means are those of :func:`level`.
    """
    points, looked, values = first, np.empty((len(first), 0), bool), {}
    generation = evaluations = held = 0

    def look(numbers: Iterable[int]) -> list[dict[str, np.ndarray]]:
        nonlocal evaluations, looked, values
        parameters = from_unit(points, step.keys)
        each = [step.observe(wiring, parameters, number) for number in numbers]
        evaluations += len(points) * len(each)
        looked = np.column_stack([looked, np.ones((len(points), len(each)), bool)])
        values = {name: np.column_stack([values.get(name, np.empty((len(points), 0))), *(seen[name] for seen in each)]) for name in each[0]}
        return each

    def keep() -> tuple[dict[str, np.ndarray], np.ndarray, np.ndarray]:
        """The best of all looks alone, from now on: their means, costs, and how many bands they miss."""
        nonlocal points, looked, values
        mean = {name: (level if levelled else _mean)(x, looked) for name, x in values.items()}
        cost, short = total_cost(step.targets, mean), missed(step.targets, mean)
        order = np.argsort(cost + unmet * short + doubt / looked.sum(axis=1), kind="stable")[:KEPT]
        points, looked, values = points[order], looked[order], {name: x[order] for name, x in values.items()}
        return {name: x[order] for name, x in mean.items()}, cost[order], short[order]

    while True:
        look([FIRST_LOOK + EACH * seed + generation])
        cheapest = None if generation else total_cost(step.targets, {name: x[:, 0] for name, x in values.items()})
        if cheapest is not None and cheapest.min() > step.hopeless:
            best = record_of({name: x[:, 0] for name, x in values.items()}, cheapest, False, from_unit(points, step.keys), int(cheapest.argmin()))
            keep()
            return {**best, "generations": 0, "held": 0}, from_unit(points, step.keys), evaluations
        mean, cost, short = keep()
        if 0 < gives_up_after <= generation and not nearly(step.targets, mean).any():
            parameters = from_unit(points, step.keys)
            return {**record_of(mean, cost, False, parameters, 0), "generations": generation, "held": held}, parameters, evaluations
        if generation >= generations or ((looked.sum(axis=1) >= LOOKS) & (short == 0)).any():
            each, held = look(last_looks(seed, generation)), held + 1
            mean = {name: np.mean([seen[name] for seen in each], axis=0) for name in each[0]}
            cost, good = total_cost(step.targets, mean), accepts(step.targets, mean)
            if good.any() or not goes_on or generation + LOOKS >= generations:
                order = np.lexsort((cost + unmet * missed(step.targets, mean), ~good))
                parameters, best = from_unit(points, step.keys), int(order[0])
                return ({**record_of(mean, cost, bool(good[best]), parameters, best), "generations": generation, "held": held},
                        parameters.iloc[order].reset_index(drop=True), evaluations)
            generation += LOOKS
            keep()
        new = offspring(rng, points, sigma)[: POPULATION - KEPT]
        points = np.concatenate([points, new])
        looked = np.concatenate([looked, np.zeros((len(new), looked.shape[1]), bool)])
        values = {name: np.concatenate([x, np.full((len(new), x.shape[1]), np.nan)]) for name, x in values.items()}
        generation += 1


def nearly(targets: tuple[Target, ...], seen: dict[str, np.ndarray]) -> np.ndarray:
    """Which animals are within a target's scale of every band of acceptance that is required, (A,) bool."""
    return np.all([(seen[t.name] >= t.accept_low - t.scale) & (seen[t.name] <= t.accept_high + t.scale) for t in targets if t.required], axis=0)


def _mean(x: np.ndarray, looked: np.ndarray) -> np.ndarray:
    """Means over the looks in which each candidate was looked at, (A,); not-a-number where it failed in one."""
    return np.cumsum(np.where(looked, x, 0.0), axis=1)[:, -1] / looked.sum(axis=1)


def level(x: np.ndarray, looked: np.ndarray) -> np.ndarray:
    """Means as if all candidates had been looked at in all looks, (A,).

    Candidates are near one another, so that what a look holds (a mate that is hard to turn at, a noise) shifts all of them alike, by more than they
    differ. Those that were not there in a bad look would be the best. So a value is taken for the sum of what is the candidate's and what is the
    look's, which are fitted in turn (least squares).

    Parameters
    ----------
    x : (A, L) array
        Where it is not finite a candidate failed, and its mean is not-a-number.
    looked : (A, L) bool array
        Who was looked at when.
    """
    known = looked & np.isfinite(x)
    value, rows, columns = np.where(known, x, 0.0), np.maximum(known.sum(axis=1), 1), np.maximum(known.sum(axis=0), 1)
    shift = np.zeros(x.shape[1])
    for _ in range(ROUNDS):
        own = (value - np.where(known, shift, 0.0)).sum(axis=1) / rows
        shift = (value - np.where(known, own[:, None], 0.0)).sum(axis=0) / columns
        shift -= shift.mean()
    own = (value - np.where(known, shift, 0.0)).sum(axis=1) / rows
    return np.where((looked & ~known).any(axis=1), np.nan, own)
