"""Contact: forces, nearest points and signals against closed forms and against a search of everything."""

from __future__ import annotations

import numpy as np
import pytest

from wormsim.kernels import contact
from wormsim.kernels.contact import NEAR_MM, TOUCH, VULVA, feel_mate, touch_mate

K = 1000.0


class Scene:
    """A male of given nodes (N, 2) or (N, 2, L) beside a mate, and everything that the kernel keeps."""

    def __init__(self, male, radius, mate, mate_radius, adhesion=(0.0, 0.0)):
        male, mate = (np.asarray(z, float)[..., None] if np.ndim(z) == 2 else np.asarray(z, float) for z in (male, mate))
        self.radius, self.mate_radius, self.adhesion = np.asarray(radius, float), np.asarray(mate_radius, float), adhesion
        shape = male[:, 0].shape
        self.segment, self.wait = np.zeros(shape, np.int64), np.zeros(shape, np.int64)
        self.gap, self.face, self.place, self.flank = (np.full(shape, np.nan) for _ in range(4))
        self.step = 0
        self.touch(male, mate)

    def touch(self, male, mate):
        self.x, self.y, self.mate_x, self.mate_y = (np.ascontiguousarray(z) for z in (male[:, 0], male[:, 1], mate[:, 0], mate[:, 1]))
        self.force = np.zeros((2, *self.x.shape))
        self.matrix = np.zeros((3, *self.x.shape))
        film = np.full(self.x.shape[1], self.adhesion[0])
        touch_mate(self.step, 0.005, K, film, self.adhesion[1], self.x, self.y, self.radius, self.mate_x, self.mate_y, self.mate_radius, *self.force,
                   *self.matrix, self.segment, self.wait, self.gap, self.face, self.place, self.flank)
        self.step += 1
        return self

    def feel(self, places, sides, feels, vulva=0.5, vulva_side=-1.0):
        lanes = self.x.shape[1]
        signal = np.full((len(places) + 1, lanes), np.nan)
        feel_mate(self.x, self.y, self.radius, self.gap, self.face, self.mate_x, self.mate_y, self.mate_radius, np.full(lanes, vulva),
                  np.full(lanes, vulva_side), np.array(places, float), np.array(sides, float), np.array(feels, np.int64),
                  contact.TOUCH_MM, contact.VULVA_MM, 1, signal)
        assert np.isnan(signal[0]).all()
        return signal[1:]


def straight(n, length, at=(0.0, 0.0), angle=0.0):
    s = np.linspace(0, length, n)[:, None]
    return np.array(at) + s * np.array([np.cos(angle), np.sin(angle)])


def everything(p, mate, mate_radius, points=4001):
    """Signed distance of p to the tube and the place of its nearest disc: by looking at very many discs along it."""
    m = len(mate) - 1
    u = np.linspace(0, m, points * m + 1)
    j = np.minimum(u.astype(int), m - 1)
    a = u - j
    c = mate[j] * (1 - a)[:, None] + mate[j + 1] * a[:, None]
    d = np.hypot(*(p - c).T) - (mate_radius[j] * (1 - a) + mate_radius[j + 1] * a)
    k = d.argmin()
    return d[k], u[k] / m


def test_a_disc_against_a_straight_flank():
    """Overlap times stiffness, across her, away from her; the matrix is that of a spring across her."""
    mate, angle = straight(6, 1.0, angle=0.3), 0.3
    n = np.array([-np.sin(angle), np.cos(angle)])
    centre = straight(2, 0.5, angle=angle)[1]
    for side, height in ((1, 0.045), (-1, 0.048)):
        male = np.array([centre, centre + 0.01 * n]) + side * height * n
        scene = Scene(male, [0.01, 0.0], mate, np.full(6, 0.04))
        assert scene.gap[0, 0] == pytest.approx(height - 0.05)
        np.testing.assert_allclose(scene.force[:, 0, 0], side * K * (0.05 - height) * n, rtol=1e-9)
        kxx, kxy, kyy = scene.matrix[:, 0, 0]
        np.testing.assert_allclose([[kxx, kxy], [kxy, kyy]], K * np.outer(n, n), rtol=1e-9)
        assert scene.place[0, 0] == pytest.approx(0.5)
        assert scene.flank[0, 0] == side


@pytest.mark.parametrize(("end", "angle"), [("head", 2.5), ("tail", 0.7), ("tail", -1.2)])
def test_a_disc_against_a_round_end(end, angle):
    """Beyond the last node her surface is a circle about it: the push is along the line of centres."""
    mate, radius = straight(5, 1.0), np.full(5, 0.03)
    node = mate[0 if end == "head" else -1]
    n = np.array([np.cos(angle), np.sin(angle)])
    scene = Scene(np.array([node + 0.035 * n, node + 0.035 * n + [0, 0.1]]), [0.01, 0.01], mate, radius)
    assert scene.gap[0, 0] == pytest.approx(-0.005)
    np.testing.assert_allclose(scene.force[:, 0, 0], K * 0.005 * n, rtol=1e-9)
    assert scene.place[0, 0] == (0.0 if end == "head" else 1.0)


def test_a_disc_against_a_cone_is_pushed_along_the_cones_own_normal():
    """Her outline there is the common tangent of two circles; its normal is tilted by asin of the taper."""
    mate, radius = straight(2, 0.1), np.array([0.01, 0.04])
    tilt = np.arcsin(0.03 / 0.1)
    n = np.array([-np.sin(tilt), np.cos(tilt)])
    on_surface = np.array([0.05, 0.0]) + 0.025 * n
    scene = Scene(np.array([on_surface + 0.008 * n, [5, 5]]), [0.01, 0.01], mate, radius)
    assert scene.gap[0, 0] == pytest.approx(-0.002)
    assert scene.place[0, 0] == pytest.approx(0.5)
    np.testing.assert_allclose(scene.force[:, 0, 0], K * 0.002 * n, rtol=1e-8)


def test_the_force_is_the_slope_of_an_energy():
    """K gap**2 / 2 falls by as much as the force does work, anywhere on a bent tapered mate; apart there is no force."""
    rng = np.random.default_rng(3)
    mate, radius = wavy(0.0), taper(49)
    pushed = 0
    for _ in range(60):
        at = mate[rng.integers(49)] + rng.normal(0, 0.03, 2)
        h = 1e-6
        steps = np.array([[0, 0], [h, 0], [-h, 0], [0, h], [0, -h]])
        scenes = [Scene(np.array([at + step, at + step + [0.1, 0]]), [0.01, 0.01], mate, radius) for step in steps]
        energy = [0.5 * K * min(scene.gap[0, 0], 0.0) ** 2 for scene in scenes]
        slope = np.array([energy[1] - energy[2], energy[3] - energy[4]]) / (2 * h)
        np.testing.assert_allclose(scenes[0].force[:, 0, 0], -slope, atol=2e-2)
        pushed += energy[0] > 0
    assert 10 < pushed < 60


def test_adhesion_pulls_only_within_its_reach():
    mate = straight(5, 1.0)
    for gap, pull in ((-0.001, -K * 0.001), (0.0025, 0.2 * 4 * 0.25 * 0.75), (0.005, 0.2), (0.011, 0.0)):
        scene = Scene(np.array([[0.5, 0.04 + 0.01 + gap], [0.5, 9.0]]), [0.01, 0.01], mate, np.full(5, 0.04), adhesion=(0.2, 0.01))
        np.testing.assert_allclose(scene.force[:, 0, 0], [0, -pull], atol=1e-9)
        assert (scene.matrix[:, 0, 0] >= 0).all()


def wavy(phase, n=49, length=1.0, amplitude=0.6):
    s = np.linspace(0, 1, n)[:-1] + 0.5 / (n - 1)
    angle = amplitude * np.sin(2 * np.pi * (s / 0.65 + phase))
    step = length / (n - 1) * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    return np.concatenate([[[0.0, 0.0]], np.cumsum(step, axis=0)])


def taper(n, most=0.04):
    return most * np.sqrt(1 - ((np.arange(n) - (n - 1) / 2) / ((n - 1) / 2 + 0.2)) ** 2)


def test_first_search_finds_what_looking_everywhere_finds():
    rng = np.random.default_rng(0)
    mate, mate_radius = wavy(0.2), taper(49)
    male = rng.uniform([-0.1, -0.25], [1.1, 0.25], (40, 2))
    scene = Scene(male, np.full(40, 0.01), mate, mate_radius)
    for i in range(40):
        gap, place = everything(male[i], mate, mate_radius)
        assert scene.gap[i, 0] == pytest.approx(gap - 0.01, abs=1e-6)
        if gap < 0.06:  # far off, on the inner side of a bend, two places may be as near
            assert scene.place[i, 0] == pytest.approx(place, abs=2e-3)


def test_following_finds_what_searching_everything_finds():
    """Two lanes: a male who circles over a crawling mate, and one who comes from afar. Every gap that matters is the true one.

    Nodes carried more than 10 um into her, where no solver lets them be, are left out.
    """
    mate_radius = taper(49)
    shape = straight(12, 0.3, angle=np.pi / 2)
    scene, near = None, 0
    for step in range(1500):
        phase = step * 2e-4
        mate = wavy(phase)
        around = 2 * np.pi * step / 1500
        circling = np.array([0.5 + 0.6 * np.cos(around), -0.15 + 0.15 * np.sin(around)])
        coming = np.array([0.3 + 1e-4 * step, 1.5 - 1e-3 * step])
        male = np.stack([shape + circling, shape * [1, -1] + coming], axis=2)
        both = np.stack([mate, mate], axis=2)
        if scene is None:
            scene = Scene(male, np.full(12, 0.01), both, mate_radius)
        else:
            scene.touch(male, both)
        if step % 10:
            continue
        fresh = Scene(male, np.full(12, 0.01), both, mate_radius)
        assert (scene.gap[fresh.gap > NEAR_MM] > 0).all()
        close = (fresh.gap < NEAR_MM) & (fresh.gap > -0.01)
        np.testing.assert_allclose(scene.gap[close], fresh.gap[close], atol=1e-5)
        np.testing.assert_allclose(scene.force[:, close], fresh.force[:, close], atol=K * 1e-5)
        near += close.sum()
    assert near > 50


def test_a_lane_does_not_feel_its_neighbours_and_no_mate_is_no_force():
    male, mate = np.stack([straight(8, 0.4, (0.2, 0.045))] * 2, axis=2), np.stack([straight(6, 1.0)] * 2, axis=2)
    alone = Scene(male[..., 0], np.full(8, 0.01), mate[..., 0], np.full(6, 0.04))
    mate[..., 1] += 1e6
    pair = Scene(male, np.full(8, 0.01), mate, np.full(6, 0.04))
    np.testing.assert_array_equal(pair.force[..., :1], alone.force)
    assert (pair.force[..., 1] == 0).all()
    assert (pair.wait[:, 1] > 0).all()
    mate[..., 1] = np.nan
    assert (Scene(male, np.full(8, 0.01), mate, np.full(6, 0.04)).force[..., 1] == 0).all()


ORGANS = ((0.5, 0.9, 0.9, 0.9), (0, -1, 1, 0), (TOUCH, TOUCH, TOUCH, TOUCH))


@pytest.mark.parametrize(("heading", "ventral"), [(0.0, 1.0), (np.pi, 0.0)])
def test_touch_is_felt_on_the_side_that_faces_her(heading, ventral):
    """He lies above her: nodes from left to right put his ventral side towards her, from right to left his dorsal side."""
    at = (0.3, 0.05) if heading == 0.0 else (0.7, 0.05)
    scene = Scene(straight(21, 0.4, at, heading), np.full(21, 0.01), straight(6, 1.0), np.full(6, 0.04))
    signal = scene.feel(*ORGANS)[:, 0]
    np.testing.assert_allclose(scene.face[:, 0], -1 if ventral else 1)
    np.testing.assert_allclose(signal, [1, ventral, 1 - ventral, 1], atol=1e-9)


def test_touch_fades_with_the_gap():
    gaps = np.array([-0.001, 0.0, 0.00125, 0.0025, 0.005, 0.05])
    male = np.stack([straight(21, 0.4, (0.3, 0.05 + gap)) for gap in gaps], axis=2)
    mate = np.stack([straight(6, 1.0)] * len(gaps), axis=2)
    signal = Scene(male, np.full(21, 0.01), mate, np.full(6, 0.04)).feel(*ORGANS)
    np.testing.assert_allclose(signal[1], [1, 1, 0.84375, 0.5, 0, 0], atol=1e-9)


def test_only_the_part_that_touches_feels():
    """The last quarter of him lies on her, the rest beyond her end."""
    scene = Scene(straight(41, 0.8, (1.6, 0.05), np.pi), np.full(41, 0.01), straight(6, 1.0), np.full(6, 0.04))
    signal = scene.feel((0.1, 0.5, 0.7, 0.8, 0.9), (0,) * 5, (TOUCH,) * 5)[:, 0]
    np.testing.assert_allclose(signal, [0, 0, 0, 1, 1], atol=1e-6)


def test_the_vulva_is_felt_from_her_ventral_side_at_its_own_place():
    """Along her flank, the organ at 0.9 of his length above her place u; vulva at 0.5, on flank +1 or -1."""
    u = np.array([0.5, 0.51, 0.49, 0.505, 0.6])
    male = np.stack([straight(21, 0.4, (place - 0.36, 0.05)) for place in u], axis=2)
    mate = np.stack([straight(6, 1.0)] * len(u), axis=2)
    scene = Scene(male, np.full(21, 0.01), mate, np.full(6, 0.04))
    fade = [1.0, 0.5, 0.5, 0.84375, 0.0]
    np.testing.assert_allclose(scene.feel((0.9,), (-1,), (VULVA,), vulva_side=1.0)[0], fade, atol=1e-9)
    assert (scene.feel((0.9,), (-1,), (VULVA,), vulva_side=-1.0) == 0).all()
    dorsal = scene.feel((0.9,), (1,), (VULVA,), vulva_side=1.0)[0]
    np.testing.assert_allclose(dorsal, 0, atol=1e-9)  # 20 um further off


@pytest.mark.parametrize("medium", ["water", "agar"])
def test_a_body_that_is_pressed_onto_her_comes_to_rest_at_the_dent_that_the_push_makes(medium):
    """In the solver, with steps of 1 ms: no bounce, no creep along her, the push over the stiffness for a dent."""
    from wormsim.body.drag import drag_per_length
    from wormsim.body.form import MALE
    from wormsim.kernels.rod import BAND, rod_step

    drag_t, drag_n = drag_per_length(medium)
    scene = Scene(straight(49, MALE.length_mm, (0.06, 0.0505)), np.full(49, 0.01), straight(6, 1.0), np.full(6, 0.04))
    push = 0.05 * drag_n * MALE.segment_mm  # uN on each node: he comes down at 0.05 mm/s
    matrix, u, room = np.zeros((BAND * (98 + BAND), 1)), np.zeros((98 + BAND, 1)), np.zeros((6, 1))
    straight_out, kappa = np.zeros((47, 1)), np.zeros((47, 1))
    dents = []
    for _ in range(200):
        scene.touch(np.stack([scene.x, scene.y], axis=1), np.stack([scene.mate_x, scene.mate_y], axis=1))
        scene.force[1] -= push
        rod_step(scene.x, scene.y, straight_out, np.ones(47), np.array([[0.1]]), np.array([[1e-3]]), 2000.0, MALE.segment_mm,
                 np.array([[drag_t], [drag_n]]), *scene.force, *scene.matrix, 1e-3, matrix, u, room, kappa)
        dents.append(0.05 - scene.y[24, 0])
    np.testing.assert_allclose(0.05 - scene.y[:, 0], push / K, rtol=1e-3)
    np.testing.assert_allclose(scene.x[[0, -1], 0], [0.06, 0.94], atol=1e-6)
    assert (np.array(dents)[np.argmax(np.array(dents) > 0):] > 0).all()
