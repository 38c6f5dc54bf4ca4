"""What is asked of an intact male: that he crawls, and that he goes through the steps of mating beside a straight mate.

Three meetings, none of them one of the assay's (`answering_often` and `turning_often` draw mates in every look). In the first her vulva lies on
the flank that he meets, further on in the direction in which he backs: he is to answer the contact by backing along her (that he stops at the vulva
is asked in male_stopping.py). In the others it lies on the other flank: he is to back to her tail's end, or to her head's, to turn round it, and to
go on. How far he goes along her is measured on her, since a male that leans against her can have a backward velocity of his own and go nowhere. The
bands are chosen here: published are the order of the steps and what counts as each (Liu KS, Sternberg PW 1995 Neuron 14:79), and a speed of backing
of 0.05 to 0.15 mm/s (low, uncertain). Males are held to wider bands of gait than hermaphrodites: that they crawl, not how finely.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from .body.male_tail import CLOACA
from .body.mate import IN_TOUCH_MM, beside, draw
from .body.parameters import FREE, MALE_KEYS
from .calibration import HOPELESS, Step, Target
from .calibration_looks import AT_ANY_TIME, crawling, switches
from .closed_loop import World, simulate_animals, start_pose
from .mating_contact import Meeting, meeting
from .mating_ethogram import GRACE_S, ethogram, pooled_share, runs

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

    from .animal import Wiring

STEPS = "Liu KS, Sternberg PW 1995 Neuron 14:79; the number is chosen here"
_BACKING = "body_mechanics: scanning backward at 0.05-0.15 mm/s (low, uncertain); wider here"
_GAIT = "wormsim/data/gait_targets.csv, accepted from afar"
CRAWLING = (
    Target("crawl_speed_mm_s", 0.10, 0.30, 0.05, 0.40, 0.05, _GAIT),
    Target("crawl_least_mm_s", 0.05, np.inf, 0.02, np.inf, 0.05, "he goes on: least mean over any two seconds (chosen here)"),
    Target("crawl_frequency_Hz", 0.30, 0.60, 0.20, 1.00, 0.15, _GAIT),
    Target("crawl_wavelength", 0.55, 1.00, 0.45, 1.40, 0.20, _GAIT),
    Target("crawl_amplitude_per_mm", 3.0, 9.0, 1.8, 13.0, 2.0, "he undulates (chosen here)"),
)
#: Of males that turn a longer wave is accepted.
CRAWLING_BENT = tuple(replace(t, accept_high=1.80) if t.name == "crawl_wavelength" else t for t in CRAWLING)
FAR = (
    Target("scan_far_mm_s", 0.05, 0.20, 0.03, 0.25, 0.0125, "along her, on the way to her ends, the slowest of those he is asked for: " + _BACKING),
    Target("turn_contact", 0.70, 1.0, 0.35, 1.0, 0.8, "he keeps touching her: " + STEPS),
)
SCANNING = (
    Target("answered", 0.80, 1.0, 0.50, 1.0, 0.15, "share of his contacts in his meetings that he answers by backing: " + STEPS),
    Target("meet_contact", 0.70, 1.0, 0.35, 1.0, 0.8, "he keeps touching her: " + STEPS),
    Target("scan_mm_s", 0.05, 0.20, 0.03, 0.25, 0.0125, "along her, on the way to the vulva: " + _BACKING),
    *FAR,
)
TURNING = (
    Target("turn_bend_per_mm", 4.0, 10.0, 0.5, 14.0, 1.0,
           "ventral bend of BENT of his body while he backs along her: rays of type A bring it about (Koo PK et al 2011 J Neurosci 31:7497); how "
           "strong and how far is chosen here, from bodies without a nervous system that were bent by hand (docs/animals.md)"),
    Target("turn_progress", 0.60, 1.5, 0.50, 1.5, 0.05,
           "how far his cloaca goes along her outline, in her lengths, of which 0.4 before the end and TIP round it; not yet that he is in touch "
           "there (the ethogram says what is a turn): " + STEPS),
    Target("turn_lost_s", 0.0, 0.2, 0.0, 1.5, 0.7,
           "in a good turn his tail stays on her: longest loss of contact beyond 2 GRACE_S until his cloaca is past her tip; " + STEPS),
)
#: Of a first, shorter look: far more than a turn, so that something of it is left when more is asked.
BENDING = (*CRAWLING_BENT, *FAR, TURNING[0], replace(TURNING[2], accept_high=3.0, scale=1.5),
           Target("turn_progress", 1.00, 1.5, 0.80, 1.5, 0.20, "as in TURNING, and on along her other flank: " + STEPS))
#: In the mean over many looks, each with its own noise and its own places along her; that he goes on forward at any time is not asked.
ANSWERING_OFTEN = (
    Target("answered", 0.90, 1.0, 0.65, 1.0, 0.15, "share of his contacts that he answers by backing: " + STEPS),
    Target("meet_contact", 0.70, 1.0, 0.35, 1.0, 0.8, "he keeps touching her: " + STEPS),
    Target("scan_mm_s", 0.05, 0.20, 0.03, 0.25, 0.0125, "along her, until he has gone a tenth of her: " + _BACKING),
)
#: In the mean over many looks, each with its own noise and mates whom he meets before their ends: turns by the rules of the ethogram. The last three
#: guide the search, as a share of turns has no slope; they refuse nobody but who failed.
TURNING_OFTEN = (
    Target("answered", 0.80, 1.0, 0.60, 1.0, 0.15, "share of his contacts that he answers by backing: " + STEPS),
    Target("scan_far_mm_s", 0.05, 0.20, 0.03, 0.25, 0.0125, "along her, on the way to her end: " + _BACKING),
    Target("turns_round", 1.0, 1.0, 0.60, 1.0, 0.25,
           "share of the turns tried that come round her end, good or sloppy (good ones alone, turn_success, are not asked for): " + STEPS),
    Target("turn_beyond", 0.25, 1.5, -np.inf, np.inf, 0.05, "how far his cloaca goes along her outline beyond her end, of which TIP is round it"),
    Target("turn_lost_s", 0.0, 0.1, -np.inf, np.inf, 0.4, "longest loss of contact beyond 2 GRACE_S until his cloaca is past her tip"),
    replace(TURNING[0], low=2.5, accept_low=-np.inf, accept_high=np.inf),
)
_RUN_S, _EVERY_MS, _SCAN_S = 15.0, 100.0, 8.0
#: Noises under which he has to crawl alone, those of the meetings among them: of 21 males that had crawled under one, 11 backed by themselves
#: under one or more of six others, and met nobody whom they could have answered.
NOISES = 4
MEET_AT, TURN_AT = 0.30, 0.60
#: Part of the body that has to be bent, in body lengths from the nose: a bend of the tail alone does not turn what pushes it.
BENT = (0.3, 0.95)
#: What may bend his body: what a male alone has, other motor neurons, and the muscles.
BENDERS = (*MALE_KEYS, "gain_AS", "half_AS_mV", "gain_D", "half_D_mV", "in_D", "gain_head", "half_head_mV", "in_head", "half_other_mV", "hold_s",
           "in_muscle", "muscle_half_mV", "muscle_slope_mV", "kappa_max_per_mm")
#: The cells of his rays, and the conductance that holds them depolarised in a sieve, nS: that of g_organ before it is searched (chosen here).
_RAYS, _TOUCHED_NS = ("R[1-9]A*", "R[1-9]B*"), 0.3
#: What makes him switch from crawling to backing when his rays are touched.
_SWITCHING = ("in_back", "gap_back", "half_back_mV", "gain_back", "half_A_mV", "gain_A", "half_B_mV", "gain_B", "I_AVB_pA", "half_other_mV",
              "half_rays_A_mV", "gain_rays_A", "half_rays_B_mV", "gain_rays_B", "g_organ_nS")
#: Ventral bend that is enough while all of his rays are driven (chosen here: the males that come round have some 2 per mm while a few are touched).
DRIVEN_BEND_PER_MM = 4.0
#: Round her tip counts as so much of her length: from one flank to the other.
TIP = 0.1
#: Meetings of one look of many, and how long they last, s (chosen here).
OFTEN, _OFTEN_RUN_S = 4, 12.0
#: ... of those in which he is to turn; and how far before her end his cloaca meets her, in her lengths (chosen here).
_TURN_RUN_S, BEFORE_END = 15.0, (0.14, 0.36)
#: Seed of their mates: those of the assay have 0.
_MATES = 78


def meetings(wiring: Wiring) -> tuple[World, ...]:
    """The worlds: towards the vulva, round her tail, round her head."""
    x, y = start_pose(wiring)
    return tuple(World(mate=beside(x, y, wiring.form, at=at, parallel=parallel, vulva_faces=faces, gap_mm=IN_TOUCH_MM))
                 for at, parallel, faces in ((MEET_AT, True, True), (TURN_AT, True, False), (1 - TURN_AT, False, False)))


def observe_scanning(wiring: Wiring, parameters: pd.DataFrame, seed: int = 0) -> dict[str, np.ndarray]:
    """What CRAWLING and SCANNING ask for, (A,) each, in the first two meetings."""
    return _observe(wiring, parameters, seed, meetings(wiring)[:2])


def observe_mating(wiring: Wiring, parameters: pd.DataFrame, seed: int = 0) -> dict[str, np.ndarray]:
    """What CRAWLING, SCANNING and TURNING ask for, (A,) each, in all meetings."""
    return _observe(wiring, parameters, seed, meetings(wiring))


def _observe(wiring: Wiring, parameters: pd.DataFrame, seed: int, worlds: tuple[World, ...]) -> dict[str, np.ndarray]:
    """Alone under NOISES noises, and in each of `worlds`; not-a-number where a male failed."""
    n = len(parameters)
    out, alone = crawling(wiring, parameters, [seed + 1000 * k for k in range(NOISES)], _RUN_S)
    all_of_them = in_worlds(wiring, parameters, worlds, [seed + 1000 * k for k in range(len(worlds))])
    fine = (all_of_them["failed"].to_numpy() == "").reshape(-1, n)
    rounds = [_rounds(all_of_them, k, n, fine) for k in range(1, len(worlds))]
    for name in rounds[0]:  # the worse of her two ends: an upper limit is checked at one of them
        out[name] = (np.max if name == "turn_lost_s" else np.min)([seen[name] for seen in rounds], axis=0)
    out |= {t.name: np.full(n, np.nan) for t in SCANNING if t.name not in out}
    for k in np.flatnonzero(fine[0]):
        for name, value in met(all_of_them, k).items():
            out[name][k] = value
    # the noises of the meetings are the first of those: there he is his own twin
    twins = twins_of(alone, np.arange(len(worlds) * n))
    out["answered"] = np.where(fine.all(axis=0), answered(all_of_them, twins, n), np.nan)
    return out


def observe_bending(wiring: Wiring, parameters: pd.DataFrame, seed: int = 0) -> dict[str, np.ndarray]:
    """What BENDING asks for, (A,) each: a shorter look, alone under two noises and beside one mate."""
    out, _ = crawling(wiring, parameters, [seed, seed + 1000], _RUN_S)
    there = in_worlds(wiring, parameters, meetings(wiring)[1:2], [seed + 1000])
    return out | _rounds(there, 0, len(parameters), (there["failed"].to_numpy() == "")[None])


def observe_answering_often(wiring: Wiring, parameters: pd.DataFrame, seed: int) -> dict[str, np.ndarray]:
    """What ANSWERING_OFTEN and, but for its least speed, CRAWLING ask for, (A,) each, in one look: one noise, alone and beside OFTEN drawn mates."""
    n, (x, y) = len(parameters), start_pose(wiring)
    mates = draw(OFTEN, x, y, wiring.form, _MATES, first=OFTEN * seed, gap_mm=IN_TOUCH_MM)
    out, alone = crawling(wiring, parameters, [seed], _OFTEN_RUN_S)
    there = in_worlds(wiring, parameters, [World(mate=her) for her in mates], [seed] * OFTEN, _OFTEN_RUN_S)
    contact, speed = np.full((2, OFTEN * n), np.nan)
    for v in np.flatnonzero(there["failed"].to_numpy() == ""):
        m = meeting(there, v)
        along, held = way_along(there, v, m)
        contact[v], speed[v] = held[m.time_s > 0.5].mean(), speed_along(m, along, 0.10)
    contact, speed = (z.reshape(OFTEN, n).mean(axis=0) for z in (contact, speed))
    twins = twins_of(alone, np.tile(np.arange(n), OFTEN))
    part = np.nan_to_num(answered(there, twins, n))  # none that he could have answered: none answered
    return {**{name: out[name] for name in AT_ANY_TIME}, "meet_contact": contact, "scan_mm_s": speed,
            "answered": np.where(np.isnan(contact), np.nan, part)}


def observe_turning_often(wiring: Wiring, parameters: pd.DataFrame, seed: int) -> dict[str, np.ndarray]:
    """What TURNING_OFTEN and, but for its least speed, CRAWLING_BENT ask for, (A,) each, and the share of good turns, in one look: one noise, alone
    and in OFTEN meetings.

    He meets mates in turn before their tails and their heads, each at a distance of her own, with the vulva on either flank. Shares are of
    the events of a look, and 0 without any: who had no occasion has not done it.
    """
    n, (x, y), rng = len(parameters), start_pose(wiring), np.random.default_rng([_MATES, seed])
    before = BEFORE_END[0] + (BEFORE_END[1] - BEFORE_END[0]) * (rng.permutation(OFTEN) + rng.random(OFTEN)) / OFTEN
    worlds = [World(mate=beside(x, y, wiring.form, at=1 - far if k % 2 else far, parallel=bool(k % 2), vulva_faces=bool(rng.random() < 0.5),
                                gap_mm=IN_TOUCH_MM)) for k, far in enumerate(before)]
    out, alone = crawling(wiring, parameters, [seed], _TURN_RUN_S)
    there = in_worlds(wiring, parameters, worlds, [seed] * OFTEN, _TURN_RUN_S)
    seen = {name: np.full((OFTEN, n), np.nan) for name in ("scan_far_mm_s", "turn_beyond", "turn_lost_s", "turn_bend_per_mm")}
    read = {v: meeting(there, v) for v in np.flatnonzero(there["failed"].to_numpy() == "")}
    for v, m in read.items():
        here = turned(there, v, before[v // n], m)
        here["turn_beyond"] = here["turn_progress"] - before[v // n]
        for name, x in seen.items():
            x[v // n, v % n] = here[name]
    seen = {name: x.mean(axis=0) for name, x in seen.items()}
    events = ethogram(there, twins_of(alone, np.arange(n)), read).events
    shares = {name: pooled_share(events, measure, n) for name, measure in (
        ("answered", "contact_response"), ("turns_round", "turns_round"), ("turn_success", "turn_success"))}
    fine = np.isfinite(seen["turn_beyond"])
    return {**{name: out[name] for name in AT_ANY_TIME}, **seen, **{name: np.where(fine, np.nan_to_num(x), np.nan) for name, x in shares.items()}}


def in_worlds(wiring: Wiring, parameters: pd.DataFrame, worlds: Sequence[World], noises: Sequence[int], duration_s: float = _RUN_S) -> xr.Dataset:
    """Every male in every world, each under its noise: of variant v, male ``v % A`` in world ``v // A``."""
    import pandas as pd

    n = len(parameters)
    return simulate_animals(wiring, pd.concat([parameters] * len(worlds), ignore_index=True), [w for w in worlds for _ in range(n)],
                            duration_s=duration_s, every_ms=_EVERY_MS, seeds=[noise for noise in noises for _ in range(n)])


def twins_of(alone: xr.Dataset, variants: np.ndarray) -> xr.Dataset:
    """Males left alone at the times of the meetings."""
    return alone.isel(variant=variants, time=slice(None, None, round(_EVERY_MS / 1000 / float(alone["time_s"][1] - alone["time_s"][0]))))


def _rounds(behaviour: xr.Dataset, world: int, animals: int, fine: np.ndarray) -> dict[str, np.ndarray]:
    """What :func:`turned` says of every male in world number `world`."""
    out = {t.name: np.full(animals, np.nan) for t in (*FAR, *TURNING)}
    for k in np.flatnonzero(fine[world]):
        for name, value in turned(behaviour, world * animals + k).items():
            out[name][k] = value
    return out


def answered(meetings: xr.Dataset, alone: xr.Dataset, animals: int) -> np.ndarray:
    """Share of the contacts of all meetings that each male answers, (A,); of variant v he is number ``v % A``.

    Not-a-number for one whose contacts were all made while backing, alone as well, or too late to be answered.

    Parameters
    ----------
    meetings : Dataset
        The first meeting of all males, then the second, ...
    alone : Dataset
        The same males at the same times under the same noises, without a mate.
    animals : int
    """
    return pooled_share(ethogram(meetings, alone).events, "contact_response", animals)


def met(behaviour: xr.Dataset, variant: int) -> dict[str, float]:
    """The first meeting."""
    m = meeting(behaviour, variant)
    along, held = way_along(behaviour, variant, m)
    return {"meet_contact": float(held[m.time_s > 0.5].mean()), "scan_mm_s": speed_along(m, along, 0.15)}


def turned(behaviour: xr.Dataset, variant: int, before: float = 1.0 - TURN_AT, m: Meeting | None = None) -> dict[str, float]:
    """One of the other meetings: along her flank to her end, `before` of her length away at the start, round it, and on along the other flank.

    `m` is what was read of it already.
    """
    m = m or meeting(behaviour, variant)
    along, held = way_along(behaviour, variant, m)
    round_her = np.flatnonzero(along >= before + TIP)
    apart = [b - a for a, b in runs(~held[: round_her[0] if len(round_her) else None])]
    return {"turn_contact": float(held[m.time_s > 0.5].mean()), "scan_far_mm_s": speed_along(m, along, before - 0.05),
            "turn_progress": float(along.max()), "turn_bend_per_mm": _bend(behaviour, variant, m), "turn_lost_s": max(apart, default=0) * m.dt_s}


def speed_along(m: Meeting, along: np.ndarray, goal: float) -> float:
    """Speed along her in mm/s, from the start until he has gone `goal` of her length, at most for _SCAN_S."""
    there = np.flatnonzero(along >= goal)
    until = min(float(m.time_s[there[0]]) if len(there) else _SCAN_S, _SCAN_S)
    until = max(until, 1.0)
    return float(np.interp(until, m.time_s, along)) / until * m.mate_length_mm


def _bend(behaviour: xr.Dataset, variant: int, m: Meeting) -> float:
    """Mean ventral curvature of BENT while he backs in touch with her, 1/mm; 0 where he never does."""
    here = m.touching & (m.velocity_mm_s < 0)
    if not here.any():
        return 0.0
    return float(ventral_bend(*(behaviour[name].isel(variant=variant).to_numpy().astype(float)[here] for name in ("x_mm", "y_mm"))).mean())


def ventral_bend(x_mm: np.ndarray, y_mm: np.ndarray) -> np.ndarray:
    """Mean ventral curvature of BENT of bodies of (..., nodes), (...), 1/mm."""
    dx, dy = np.diff(x_mm), np.diff(y_mm)
    angle = np.unwrap(np.arctan2(dy, dx))
    a, b = (round(at * (dx.shape[-1] - 1)) for at in BENT)
    return (angle[..., a] - angle[..., b]) / np.hypot(dx, dy)[..., a:b].sum(axis=-1)


def _bends(x_mm: np.ndarray, y_mm: np.ndarray) -> np.ndarray:
    """For a sieve: how far bodies of (A, T, nodes) are bent ventrally, (A,), 1 at DRIVEN_BEND_PER_MM or more."""
    return np.clip(ventral_bend(x_mm, y_mm).mean(axis=1) / DRIVEN_BEND_PER_MM, -1.0, 1.0)


def way_along(behaviour: xr.Dataset, variant: int, m: Meeting) -> tuple[np.ndarray, np.ndarray]:
    """How far he has been along her outline while in touch, as a share of her length, (T,), towards the end that his own tail points to at the
    start, and round it; and whether he is in touch, give or take GRACE_S, (T,) bool.
    """
    own = behaviour.isel(variant=variant)
    x, y, hx, hy = (own[name].to_numpy().astype(float) for name in ("x_mm", "y_mm", "mate_x_mm", "mate_y_mm"))
    place = m.place
    if (x[0, -1] - x[0, 0]) * (hx[0, -1] - hx[0, 0]) + (y[0, -1] - y[0, 0]) * (hy[0, -1] - hy[0, 0]) < 0:
        hx, hy, place = hx[:, ::-1], hy[:, ::-1], 1 - place
    i = round(CLOACA * (x.shape[1] - 1))
    cx, cy = x[:, i] - hx[:, -1], y[:, i] - hy[:, -1]
    ax, ay = hx[:, -1] - hx[:, -3], hy[:, -1] - hy[:, -3]
    angle = np.arctan2(ax * cy - ay * cx, ax * cx + ay * cy)  # 0 straight beyond her tip
    side = np.sign(angle[0]) or 1.0
    beyond = np.abs(angle) < np.pi / 2
    # round this end: past the other, where a male who crawls forward gets to, her flank changes as well
    other = ~beyond & (m.flank != m.flank[0]) & np.logical_or.accumulate(beyond)
    at = np.where(other, 2.0 - place + TIP, place)
    at = np.where(beyond, 1.0 + TIP * (0.5 - angle * side / np.pi), at) - at[0]
    frames = max(1, round(GRACE_S / m.dt_s))
    held = np.convolve(m.touching, np.ones(2 * frames + 1), "same") > 0
    return np.maximum.accumulate(np.where(held, at, 0.0)), held


def male_steps() -> dict[str, Step]:
    """Steps of this module, by name."""
    keys, male = tuple(FREE), (*MALE_KEYS, "hold_s", "in_back", "gap_back", "half_back_mV", "gain_back")
    rays = switches(*_RAYS, g_nS=_TOUCHED_NS)
    turning = (*CRAWLING_BENT, *SCANNING, *TURNING)
    return {"scanning": Step((*CRAWLING, *SCANNING), observe_scanning, keys, male, rays),
            # nearly everything of it is missing at first, and still there is a slope: twice the others' limit (chosen here)
            "bending": Step(BENDING, observe_bending, keys, BENDERS, hopeless=2 * HOPELESS),
            # who came so far has a slope
            "turning": Step(turning, observe_mating, keys, hopeless=np.inf),
            "answering_often": Step((*(t for t in CRAWLING if t.name in AT_ANY_TIME), *ANSWERING_OFTEN), observe_answering_often, keys, male,
                                    hopeless=np.inf, often=True),
            # most individuals are given up, as a search is long (chosen here)
            "turning_often": Step((*(t for t in CRAWLING_BENT if t.name in AT_ANY_TIME), *TURNING_OFTEN), observe_turning_often, keys,
                                  _SWITCHING, switches(*_RAYS, g_nS=_TOUCHED_NS, also=_bends), hopeless=1.5 * HOPELESS, often=True)}
