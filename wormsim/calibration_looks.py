"""How a calibration looks at intact animals of either sex: crawling left alone, and a sieve for those that switch to backing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from .behaviour_assay import least_mean, mean_between, velocity, window
from .closed_loop import World, simulate_animals
from .perturbations.stimulate import Stimulate

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

    from .animal import Wiring


#: Whether an animal goes on: means over so long, of windows so far apart, s (chosen here).
LASTS_S, EVERY_S = 2.0, 0.5
#: What is asked of crawling where an animal may stop and reverse by itself: all but the least of it.
AT_ANY_TIME = ("crawl_speed_mm_s", "crawl_frequency_Hz", "crawl_wavelength", "crawl_amplitude_per_mm")


def crawling(wiring: Wiring, parameters: pd.DataFrame, seeds: Sequence[int],
             duration_s: float) -> tuple[dict[str, np.ndarray], xr.Dataset]:
    """How animals left alone on agar move, each under every one of several noises.

    An animal that goes forward under one noise may back under the next: it is no crawler.

    Parameters
    ----------
    wiring : Wiring
    parameters : DataFrame, (A, parameters)
    seeds : sequence of int
        Of the noises.
    duration_s : float

    Returns
    -------
    measures : dict
        (A,) each: means over the noises; ``crawl_least_mm_s`` is the least of them. Not-a-number for an animal that failed under any.
    alone : Dataset
        The recordings: of variant v, animal ``v % A`` under noise ``v // A``.
    """
    import pandas as pd

    from .metrics.gait import gait

    n = len(parameters)
    alone = simulate_animals(wiring, pd.concat([parameters] * len(seeds), ignore_index=True), World.of("agar"), duration_s=duration_s,
                             seeds=[seed for seed in seeds for _ in range(n)])
    crawl = gait(*window(alone, 4.0, np.inf))
    free, t = velocity(alone)
    means = {"crawl_speed_mm_s": crawl.speed_mm_s, "crawl_frequency_Hz": crawl.frequency_Hz, "crawl_wavelength": crawl.wavelength,
             "crawl_amplitude_per_mm": crawl.amplitude_per_mm}
    least = least_mean(free, t, 3, duration_s, LASTS_S, EVERY_S)
    return {**{name: x.reshape(-1, n).mean(axis=0) for name, x in means.items()}, "crawl_least_mm_s": least.reshape(-1, n).min(axis=0)}, alone


def switches(*cells: str, g_nS: float, also: Callable | None = None) -> Callable:
    """A sieve: how far an animal goes forward alone, and backward while `cells` are held depolarised; 2 where it does both, without `also`.

    `also` is what else counts of animals that are held so, added as it is: ``also(x_mm, y_mm) -> (A,) array`` of their nodes from 4 s on,
    (A, T, nodes); give it the range of the others, 1 at most. Not-a-number adds nothing.
    """
    def sieve(wiring: Wiring, parameters: pd.DataFrame, seed: int) -> np.ndarray:
        import pandas as pd

        n = len(parameters)
        run = simulate_animals(wiring, pd.concat([parameters] * 2, ignore_index=True), World.of("agar"),
                               [()] * n + [(Stimulate(*cells, g_nS=g_nS),)] * n, duration_s=9.0, every_ms=100.0, seeds=[seed] * (2 * n))
        v, t = velocity(run)
        ahead, back = mean_between(v, t, 4, 9)[:n], -mean_between(v, t, 4, 9)[n:]
        score = np.nan_to_num(np.minimum(ahead, 0.08) / 0.08, nan=-9.0) + np.nan_to_num(np.minimum(back, 0.05) / 0.05, nan=-9.0)
        return score if also is None else score + np.nan_to_num(also(*window(run.isel(variant=slice(n, None)), 4.0, 9.0)[:2]))

    return sieve
