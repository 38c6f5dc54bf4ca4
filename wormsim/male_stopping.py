"""What is asked of an intact male that is to stop at the vulva: that he does beside most mates, and goes on where she has none on that flank.

A stop has little slope: who passes within half a second is far from it whatever he does in that time. So four things that lead there are
looked at as well, and guide a search: that he backs, alone, while some of his rays are held depolarised; that he stands still while all that
feels the vulva is as well; how near to the vulva his cloaca stays once it has come there; and how fast he is then. Nobody is refused for
these four.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from .behaviour_assay import mean_between, velocity
from .body.male_tail import ORGANS
from .body.mate import IN_TOUCH_MM, VULVA, beside
from .body.parameters import FREE, MALE_KEYS
from .calibration import HOPELESS, Step, Target
from .calibration_looks import AT_ANY_TIME, crawling
from .closed_loop import World, simulate_animals, start_pose
from .male_calibration import CRAWLING_BENT, STEPS, in_worlds, speed_along, twins_of, way_along
from .mating_contact import Meeting, meeting
from .mating_ethogram import PAUSED_PER_S, TAIL_MM, ethogram, pooled_share
from .perturbations.stimulate import Stimulate

if TYPE_CHECKING:
    import pandas as pd

    from .animal import Wiring

#: In the mean over many looks, each with its own noise and mates. Published speeds of scanning are 0.05 to 0.15 mm/s (low, uncertain): who goes
#: faster has passed before anything could stop him. The last four guide the search and refuse nobody but who failed.
STOPPING_OFTEN = (
    Target("answered", 0.80, 1.0, 0.30, 1.0, 0.25, "share of his contacts that he answers by backing: " + STEPS),
    Target("scan_mm_s", 0.03, 0.12, 0.01, 0.25, 0.03, "along her, until TAIL_MM before the vulva's place: body_mechanics (low); wider here"),
    Target("stops", 1.0, 1.0, 0.60, 1.0, 0.25, "share of the meetings with a vulva on the flank that he meets in which he stops there: " + STEPS),
    Target("vulva_beyond", 0.25, 1.5, 0.20, 1.5, 0.10,
           "how far he goes beyond the vulva's place where it lies on her other flank, in her lengths, further than who stops is carried beyond a "
           "vulva that he meets (0.04 to 0.20 in a trial): it is the vulva that stops him (chosen here)"),
    Target("vulva_near", 1.0, 1.0, -np.inf, np.inf, 0.30, "1 at the vulva, 0.5 at NEAR_MM from it: mean over STAY_S once he has come there"),
    Target("vulva_pace", -np.inf, 0.0, -np.inf, np.inf, 0.90, "his speed then, in doublings of that of a pause (Yemini et al. 2013)"),
    Target("backs_driven_mm_s", 0.04, 0.16, -np.inf, np.inf, 0.03, "his speed backward alone while some of his rays are held depolarised"),
    Target("driven_pace", -np.inf, 0.0, -np.inf, np.inf, 1.20, "his speed while what feels the vulva is held as well, as vulva_pace"),
)
#: What is drawn anew: what a male alone has, and what backs him. Not how long a contact outlasts itself: with little of it nobody answers.
_REDRAWN = (*MALE_KEYS, "in_back", "half_other_mV")
#: Which of the meetings of a look have the vulva on the flank that he meets (chosen here).
FACES = (True, True, True, False)
#: How far before the vulva his cloaca meets her, in her lengths, out of what counts as there; and how long a meeting lasts, s (chosen here).
BEFORE, _RUN_S = (0.10, 0.20), 12.0
#: How long he is looked at once he is there, s, and the distance at which he counts as half there, mm (chosen here).
STAY_S, NEAR_MM = 3.5, 0.04
#: Rays that touch her in males that scan (trials), and what is held open in them and in what feels the vulva, in g_organ (chosen here).
_TOUCHED, _SHARE = (2, 3, 4, 6, 8, 9), 0.45
#: Duration of the runs alone with cells held depolarised, and from when on they count, s; slowest and fastest pace that is told apart, doublings
#: (chosen here).
_DRIVEN_S, _FROM_S, _PACES = 9.0, 4.0, (-1.0, 4.5)
#: Seed of their mates: those of the assay have 0, those of the other calibrations 78.
_MATES = 79


def observe_stopping_often(wiring: Wiring, parameters: pd.DataFrame, seed: int) -> dict[str, np.ndarray]:
    """What STOPPING_OFTEN and, but for its least speed, CRAWLING_BENT ask for, (A,) each, in one look: one noise, alone and in four meetings.

    He meets her a little before her vulva, now towards her head and now towards her tail, in one of four on the other flank. Who never comes there,
    or has no contact that he could answer, has not done it.
    """
    n, (x, y), rng = len(parameters), start_pose(wiring), np.random.default_rng([_MATES, seed])
    far = BEFORE[0] + (BEFORE[1] - BEFORE[0]) * rng.random(len(FACES))
    parallel = (np.arange(len(FACES)) + rng.integers(2)) % 2 == 0
    worlds = [World(mate=beside(x, y, wiring.form, at=VULVA - way if along else VULVA + way, parallel=bool(along), vulva_faces=faces,
                                gap_mm=IN_TOUCH_MM))
              for way, along, faces in zip(far, parallel, FACES, strict=True)]
    out, alone = crawling(wiring, parameters, [seed], _RUN_S)
    there = in_worlds(wiring, parameters, worlds, [seed] * len(FACES), _RUN_S)
    seen = {name: np.full((len(FACES), n), np.nan) for name in ("scan_mm_s", "vulva_beyond", "vulva_near", "vulva_pace")}
    read = {v: meeting(there, v) for v in np.flatnonzero(there["failed"].to_numpy() == "")}
    for v, m in read.items():
        k = v // n
        along, _ = way_along(there, v, m)
        seen["scan_mm_s"][k, v % n] = speed_along(m, along, far[k] - TAIL_MM / m.mate_length_mm)
        if FACES[k]:
            seen["vulva_near"][k, v % n], seen["vulva_pace"][k, v % n] = stay(m)
        else:
            seen["vulva_beyond"][k, v % n] = along.max() - far[k]
    faces = np.array(FACES)
    means = {"scan_mm_s": seen["scan_mm_s"].mean(axis=0), "vulva_beyond": seen["vulva_beyond"][~faces].mean(axis=0),
             "vulva_near": seen["vulva_near"][faces].mean(axis=0), "vulva_pace": seen["vulva_pace"][faces].mean(axis=0)}
    seen_all = ethogram(there, twins_of(alone, np.arange(n)), read)
    fine = np.isfinite(means["scan_mm_s"])
    stops = seen_all.measures.query("measure == 'stops_at_vulva' and value > 0")["variant"].to_numpy(int)
    stops = stops[faces[stops // n]]  # one who comes round her to a vulva on her other flank is not asked to
    shares = {name: np.where(fine, x, np.nan) for name, x in (
        ("answered", np.nan_to_num(pooled_share(seen_all.events, "contact_response", n))),
        ("stops", np.bincount(stops % n, minlength=n) / faces.sum()))}
    return {**{name: out[name] for name in AT_ANY_TIME}, **means, **shares, **_driven(wiring, parameters, seed)}


def stay(m: Meeting) -> tuple[float, float]:
    """How near to the vulva he stays, 0..1, and his pace then, for STAY_S once his tail touches her there.

    Who never comes there is as far as he is at his nearest, below 0, and as fast as can be; what is left of a recording that ends before is not near.
    """
    there = np.flatnonzero(m.touching & (m.vulva_mm <= NEAR_MM))
    if not len(there):
        return -2.0 * min(float(m.vulva_mm.min()), 0.5), _PACES[1]
    frames = round(STAY_S / m.dt_s)
    then = slice(there[0], there[0] + frames)
    near = 1.0 / (1.0 + (m.vulva_mm[then] / NEAR_MM) ** 4)
    return float(near.sum()) / frames, float(_pace(np.sqrt(np.mean(m.velocity_mm_s[then] ** 2)), m.length_mm))


def _pace(speed_mm_s: np.ndarray, length_mm: float) -> np.ndarray:
    """Speed in doublings of that of a pause."""
    return np.clip(np.log2(np.maximum(speed_mm_s, 1e-6) / (PAUSED_PER_S * length_mm)), *_PACES)


def _driven(wiring: Wiring, parameters: pd.DataFrame, seed: int) -> dict[str, np.ndarray]:
    """Alone, with some rays held depolarised, and with all that feels the vulva as well."""
    import pandas as pd

    n, open_nS = len(parameters), _SHARE * parameters["g_organ_nS"].to_numpy(float)
    rays = [cell for k in _TOUCHED for cell in (f"R{k}A[LR]", f"R{k}B[LR]")]
    organs = [cell for organ in ORGANS if organ.feels == "vulva" for cell in wiring.circuit.select(*organ.cells)]
    run = simulate_animals(wiring, pd.concat([parameters] * 2, ignore_index=True), World.of("agar"),
                           [(Stimulate(*cells, g_nS=float(g)),) for cells in (rays, [*rays, *organs]) for g in open_nS],
                           duration_s=_DRIVEN_S, every_ms=100.0, seeds=[seed] * (2 * n))
    v, t = velocity(run)
    late = v[n:, t >= _FROM_S]
    return {"backs_driven_mm_s": -mean_between(v, t, _FROM_S, _DRIVEN_S)[:n],
            "driven_pace": _pace(np.sqrt(np.mean(late**2, axis=1)), wiring.form.length_mm)}


def stopping_steps() -> dict[str, Step]:
    """Steps of this module, by name."""
    # who stands still alone stops easily: off its bands crawling costs four times what it does in other steps, and an individual in whom no first
    # candidate crawls is given up (chosen here)
    crawling_alone = (replace(t, scale=t.scale / 2) for t in CRAWLING_BENT if t.name in AT_ANY_TIME)
    return {"stopping_often": Step((*crawling_alone, *STOPPING_OFTEN), observe_stopping_often, tuple(FREE), _REDRAWN, hopeless=2 * HOPELESS,
                                   often=True)}
