"""What is asked of an intact male: that he crawls, and that he goes through the steps of mating beside a straight mate.

Two meetings. In the first her vulva lies on the flank that he meets, further on in the direction in which he backs: he is to back along her,
to stop at the vulva and to prod there and not before. In the second it lies on the other flank, and he meets her near her
tail: he is to back, to turn round the tail's end without losing her, and to go on. The bands are chosen here: published are the order
of the steps and what counts as each (Liu KS, Sternberg PW 1995 Neuron 14:79), and a speed of backing of 0.05 to 0.15 mm/s (low, uncertain).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .body.mate import IN_TOUCH_MM, beside
from .calibration import Target
from .closed_loop import World, simulate_animals, start_pose
from .mating_contact import meeting

if TYPE_CHECKING:
    import pandas as pd

    from .animal import Wiring

_INF = np.inf
_STEPS = "Liu KS, Sternberg PW 1995 Neuron 14:79; the number is chosen here"
MALE = (
    Target("crawl_speed_mm_s", 0.08, 0.30, 0.04, 0.35, 0.025, "wormsim/data/gait_targets.csv"),
    Target("crawl_amplitude_per_mm", 2.5, 9.0, 1.5, 13.0, 1.0, "it undulates (chosen here)"),
    Target("meet_contact", 0.85, 1.0, 0.6, 1.0, 0.3, "he keeps touching her: " + _STEPS),
    Target("meet_backing_mm_s", -0.15, -0.04, -0.25, -0.02, 0.08, "body_mechanics: scanning backward at 0.05-0.15 mm/s (low, uncertain)"),
    Target("vulva_stay", 0.7, 1.0, 0.35, 1.0, 0.4, "he stays within TAIL_MM of the vulva: " + _STEPS),
    Target("prodding_at", 0.2, 1.0, 0.1, 1.0, 0.1,
           "protractors are active at the vulva: Garcia LR et al 2001 Cell 107:777; the number is chosen here"),
    Target("prodding_off", 0.0, 0.08, 0.0, 0.2, 0.1, "and are not away from it (chosen here)"),
    Target("turn_contact", 0.8, 1.0, 0.5, 1.0, 0.3, "he keeps touching her: " + _STEPS),
    Target("turn_progress", 0.35, 1.5, 0.27, 1.5, 0.08, "share of her length that he goes along her, of which 0.2 are before the end: " + _STEPS),
)
_ALONE_S, _MEETING_S = 8.0, 12.0
MEET_AT, TURN_AT, NEAR_MM = 0.30, 0.80, 0.05


def meetings(wiring: Wiring) -> tuple[World, World]:
    """The two worlds."""
    x, y = start_pose(wiring)
    return (World(mate=beside(x, y, wiring.form, at=MEET_AT, parallel=True, vulva_faces=True, gap_mm=IN_TOUCH_MM)),
            World(mate=beside(x, y, wiring.form, at=TURN_AT, parallel=True, vulva_faces=False, gap_mm=IN_TOUCH_MM)))


def observe_male(wiring: Wiring, parameters: pd.DataFrame, seed: int = 0) -> dict[str, np.ndarray]:
    """Everything that MALE asks for, (A,) each."""
    import pandas as pd

    from .metrics.gait import gait

    n = len(parameters)
    alone = simulate_animals(wiring, parameters, World.of("agar"), duration_s=_ALONE_S, seeds=[seed] * n)
    crawl = gait(alone["x_mm"].to_numpy()[:, 60:], alone["y_mm"].to_numpy()[:, 60:], 0.05)
    first, second = meetings(wiring)
    both = simulate_animals(wiring, pd.concat([parameters] * 2, ignore_index=True), [first] * n + [second] * n, duration_s=_MEETING_S,
                            every_ms=100.0, seeds=[seed] * (2 * n))
    out = {name: np.full(n, np.nan) for name in (t.name for t in MALE)}
    out["crawl_speed_mm_s"], out["crawl_amplitude_per_mm"] = crawl.speed_mm_s, crawl.amplitude_per_mm
    out["crawl_frequency_Hz"], out["crawl_wavelength"] = crawl.frequency_Hz, crawl.wavelength
    fine = both["failed"].to_numpy() == ""
    for k in range(n):
        if fine[k]:
            for name, value in met(meeting(both, k)).items():
                out[name][k] = value
        if fine[n + k]:
            for name, value in turned(meeting(both, n + k)).items():
                out[name][k] = value
    return out


def met(m) -> dict[str, float]:
    """The first meeting."""
    near = m.vulva_mm <= NEAR_MM
    t = m.time_s
    before = (t > 0.5) & (t < 4.0) & ~near
    last = t >= t[-1] - 5.0
    closest = float(m.vulva_mm.min())
    stay = float(near[last].mean())
    # what leads there counts a little, so that a search has a slope: how near he comes at all
    return {"meet_contact": float(m.touching[t > 1.0].mean()), "meet_backing_mm_s": float(m.velocity_mm_s[before].mean()) if before.any() else np.nan,
            "vulva_stay": stay if near.any() else -min(closest, 1.0), "prodding_at": float(m.protraction[near].mean()) if near.any() else 0.0,
            "prodding_off": float(m.protraction[~near & (t > 1.0)].mean()) if (~near & (t > 1.0)).any() else 0.0}


def turned(m) -> dict[str, float]:
    """The second meeting: along her flank to her tail, round it, and on along the other one, as a share of her length; signed."""
    across = m.flank != m.flank[0]
    along = np.where(across, 2.0 - m.place, m.place) - m.place[0]
    here = m.touching & (np.abs(along) < 0.9)
    return {"turn_contact": float(m.touching[m.time_s > 1.0].mean()), "turn_progress": float(along[here].max()) if here.any() else -0.2}
