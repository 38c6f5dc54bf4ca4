"""How a calibration looks at intact animals of either sex: crawling left alone, and a sieve for those that switch to backing."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from .behaviour_assay import mean_between, velocity
from .closed_loop import World, simulate_animals
from .perturbations.stimulate import Stimulate

if TYPE_CHECKING:
    import pandas as pd

    from .animal import Wiring


def least_mean(velocity_mm_s: np.ndarray, time_s: np.ndarray, start_s: float, stop_s: float, sign: int = 1) -> np.ndarray:
    """Least (sign 1) or greatest (-1) mean velocity over two seconds, of windows half a second apart, (A,)."""
    means = [mean_between(velocity_mm_s, time_s, at, at + 2) for at in np.arange(start_s, stop_s - 1.99, 0.5)]
    return sign * np.min(sign * np.array(means), axis=0)


def crawling(wiring: Wiring, parameters: pd.DataFrame, seed: int, duration_s: float) -> tuple[dict[str, np.ndarray], np.ndarray, np.ndarray]:
    """How an animal left alone on agar moves; its velocity (A, T) in mm/s and its times."""
    from .metrics.gait import gait

    alone = simulate_animals(wiring, parameters, World.of("agar"), duration_s=duration_s, seeds=[seed] * len(parameters))
    crawl = gait(alone["x_mm"].to_numpy()[:, 80:], alone["y_mm"].to_numpy()[:, 80:], 0.05)
    free, t = velocity(alone)
    return {"crawl_speed_mm_s": crawl.speed_mm_s, "crawl_frequency_Hz": crawl.frequency_Hz, "crawl_wavelength": crawl.wavelength,
            "crawl_amplitude_per_mm": crawl.amplitude_per_mm, "crawl_least_mm_s": least_mean(free, t, 3, duration_s)}, free, t


def switches(*cells: str, g_nS: float) -> Callable:
    """A sieve: how far an animal goes forward alone, and backward while `cells` are held depolarised; 2 where it does both."""
    def sieve(wiring: Wiring, parameters: pd.DataFrame, seed: int) -> np.ndarray:
        import pandas as pd

        n = len(parameters)
        v, t = velocity(simulate_animals(wiring, pd.concat([parameters] * 2, ignore_index=True), World.of("agar"),
                                         [()] * n + [(Stimulate(*cells, g_nS=g_nS),)] * n, duration_s=9.0, every_ms=100.0, seeds=[seed] * (2 * n)))
        ahead, back = mean_between(v, t, 4, 9)[:n], -mean_between(v, t, 4, 9)[n:]
        return np.nan_to_num(np.minimum(ahead, 0.08) / 0.08, nan=-9.0) + np.nan_to_num(np.minimum(back, 0.05) / 0.05, nan=-9.0)

    return sieve
