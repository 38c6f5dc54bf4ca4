"""Which posture turns a body round a mate: no nervous system, the muscles' wish is prescribed.

A wave runs towards the head, so that the body backs along her flank; a ventral bend is added behind a place, from the moment at which the tip of
the tail has lost her. What a calibration of males asks for (wormsim/male_calibration.py, `turn_bend_per_mm`) comes from here.
"""

import numpy as np
import pytest
import xarray as xr

from wormsim.body.drag import drag_per_length
from wormsim.body.form import MALE
from wormsim.body.mate import FILM_MM, FILM_UN_PER_MM, IN_TOUCH_MM, arrays, beside
from wormsim.body.parameters import STRETCH_UN
from wormsim.kernels.contact import CLOSING_MM_S, STIFFNESS_UN_MM, touch_mate
from wormsim.kernels.rod import rod_step, room
from wormsim.mating_ethogram import ethogram

DT_S, SECONDS, EVERY = 0.002, 12.0, 50
AMPLITUDE_PER_MM, FREQUENCY_HZ, WAVELENGTH = 4.0, 0.5, 0.8
#: How fast the bend spreads from the tail towards the head, body lengths a second: as fast as the wave.
SPREAD = FREQUENCY_HZ * WAVELENGTH


def back_along_her(bends):
    """Bodies with (bend in 1/mm, the place from which on it is bent), a lane each, beside one straight mate: a recording of them."""
    lanes, nodes, joints = len(bends), MALE.segments + 1, MALE.joints
    bend, start = np.array(bends, float).T
    angle = np.concatenate([[0.0], np.cumsum(np.sin(2 * np.pi * joints) * MALE.segment_mm)])
    one = [np.concatenate([[0.0], np.cumsum(f(angle))]) * MALE.segment_mm for f in (np.cos, np.sin)]
    her = beside(*one, MALE, at=0.8, vulva_faces=False, gap_mm=IN_TOUCH_MM)
    a = arrays([her] * lanes, SECONDS)
    x, y = (np.ascontiguousarray(np.tile(z[:, None], lanes)) for z in one)
    forces, found = [np.zeros((nodes, lanes)) for _ in range(5)], [np.zeros((nodes, lanes)) for _ in range(4)]
    at, kappa, work = [np.zeros((nodes, lanes), np.int64) for _ in range(2)], np.zeros((nodes - 2, lanes)), room(nodes, lanes)
    drag = np.tile(np.array(drag_per_length("agar"))[:, None], lanes)
    lost_s, frames = np.full(lanes, np.inf), []
    for t in range(round(SECONDS / DT_S)):
        touch_mate(t, CLOSING_MM_S * DT_S, STIFFNESS_UN_MM, np.full(lanes, FILM_UN_PER_MM * MALE.segment_mm), FILM_MM, x, y, MALE.radius_mm,
                   a["mate_x"], a["mate_y"], a["mate_radius"], *forces, *at, *found)
        gap, place = found[0][-1], found[2][-1]
        if t % EVERY == 0:
            frames.append((x.T.copy(), y.T.copy()))
        lost_s = np.where(np.isinf(lost_s) & (t * DT_S > 0.5) & ((place > 0.98) | (gap > 0.008)), t * DT_S, lost_s)
        front = np.maximum(start, 0.9 - SPREAD * np.maximum(t * DT_S - lost_s, -10.0))
        wave = AMPLITUDE_PER_MM * np.sin(2 * np.pi * (FREQUENCY_HZ * t * DT_S + joints / WAVELENGTH))
        kappa0 = wave[:, None] - bend * np.clip((joints[:, None] - front) / 0.1, 0.0, 1.0)
        rod_step(x, y, kappa0, MALE.stiffness_profile, np.full((1, lanes), 0.095), np.full((1, lanes), 5e-4), STRETCH_UN, MALE.segment_mm, drag,
                 *forces, DT_S, *work, kappa)
    count = len(frames)
    hers = {f"mate_{k}_mm": (("variant", "time", "mate_node"), np.repeat(a[f"mate_{k}"].T[:, None], count, axis=1)) for k in "xy"}
    return xr.Dataset(
        {**{f"{k}_mm": (("variant", "time", "node"), np.stack([f[i] for f in frames], axis=1)) for i, k in enumerate("xy")}, **hers},
        {"time_s": ("time", np.arange(count) * EVERY * DT_S), "radius_mm": ("node", MALE.radius_mm),
         "mate_radius_mm": ("mate_node", a["mate_radius"]), "failed": ("variant", [""] * lanes)}, {"vulva_place": 0.5})


@pytest.fixture(scope="module")
def turns():
    """Outcomes of the turns of each: bent in most of the body, and in less of it."""
    cases = {"most of the body": (8.0, 0.3), "the tail": (16.0, 0.8), "the tail, more": (25.0, 0.86), "half of the body, as much in all": (12.0, 0.5)}
    events = ethogram(back_along_her(list(cases.values()))).events.query("event == 'turn'")
    return {name: events[events["variant"] == k]["outcome"].tolist() for k, name in enumerate(cases)}


def test_a_body_bent_over_most_of_its_length_turns(turns):
    assert turns["most of the body"][:1] == ["good"]


def test_a_tail_curled_alone_does_not_turn_what_pushes_it(turns):
    """Each comes to her end and goes on; the last is bent by as many degrees in all as the body that turns."""
    for where in ("the tail", "the tail, more", "half of the body, as much in all"):
        assert set(turns[where]) == {"missed"}, where
