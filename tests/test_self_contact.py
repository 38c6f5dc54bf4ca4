"""A body against itself: it lies on itself, and does not cross."""

import numpy as np
import pytest

import wormsim as ws
from wormsim.animal import individual
from wormsim.body.drag import drag_per_length
from wormsim.body.form import MALE
from wormsim.closed_loop import World, simulate_animals
from wormsim.kernels import contact
from wormsim.kernels.rod import rod_step, room
from wormsim.kernels.self_contact import APART, COILED_RAD, EVERY, find_coiled, touch_itself
from wormsim.studies.calibrate_animals import pilots_of

STRETCH_UN, AGAR = 2000.0, drag_per_length("agar")


def straight(lanes):
    x = np.tile((np.arange(MALE.segments + 1) * MALE.segment_mm)[:, None], lanes)
    return np.ascontiguousarray(x), np.zeros_like(x)


def coil(curvature_per_mm, stiffness, seconds=4.0, dt=0.002):
    """A body whose muscles ask for one curvature everywhere, a lane for each stiffness of contact; (x, y) at its end."""
    lanes = len(stiffness)
    x, y = straight(lanes)
    kappa, coiled = np.zeros((MALE.segments - 1, lanes)), np.zeros(lanes, np.int64)
    contacts = [np.zeros(x.shape) for _ in range(5)]
    # thin end to thick end, so that it winds into a spiral and does not stop end to end
    kappa0 = np.tile(np.linspace(2 * curvature_per_mm, curvature_per_mm, MALE.segments - 1)[:, None], lanes)
    work, along = room(MALE.segments + 1, lanes), np.tile(np.array(AGAR)[:, None], lanes)
    for t in range(round(seconds / dt)):
        if t % EVERY == 0:
            find_coiled(kappa, MALE.segment_mm, coiled)
        touch_itself(coiled, np.array(stiffness), MALE.radius_mm, x, y, *contacts)
        rod_step(x, y, kappa0, MALE.stiffness_profile, np.full((1, lanes), 0.1), np.full((1, lanes), 5e-4), STRETCH_UN, MALE.segment_mm,
                 along, *contacts, dt, *work, kappa)
    return x, y


def deepest(x, y):
    """Largest overlap of two parts of each body as a share of the sum of their radii, (L,)."""
    i, j = np.triu_indices(len(x), APART)
    reach = MALE.radius_mm[i] + MALE.radius_mm[j]
    return (1 - np.hypot(x[i] - x[j], y[i] - y[j]) / reach[:, None]).max(axis=0)


@pytest.mark.parametrize("side", [1, -1], ids=["dorsal", "ventral"])
def test_a_body_that_coils_lies_on_itself(side):
    x, y = coil(9.0 * side, [1000.0, 0.0])
    assert np.isfinite(x).all()
    assert np.isfinite(y).all()
    held, through = deepest(x, y)
    assert held < 0.1
    assert through > 0.4  # without contact the same body goes through itself


@pytest.mark.parametrize(("medium", "touches"), [("agar", True), ("water", False)])
def test_animals_touch_themselves_on_agar(medium, touches, monkeypatch):
    """A whole animal whose ventral muscles are driven, with contact and with none."""
    worm = individual(ws.load_circuit("whole_hermaphrodite"), 100)
    one = pilots_of("pilot").iloc[:1].astype(float).assign(kappa_max_per_mm=12.0, bend_uN_mm2=0.3)
    acts = [(ws.Stimulate("MVL*", "MVR*", current_pA=200.0), ws.Silence("MDL*", "MDR*"))]
    runs = []
    for k in (contact.STIFFNESS_UN_MM, 0.0):
        monkeypatch.setattr(contact, "STIFFNESS_UN_MM", k)
        runs.append(simulate_animals(worm, one, World.of(medium), acts, duration_s=3.0, seeds=[0]))
    same = np.array_equal(runs[0]["x_mm"], runs[1]["x_mm"], equal_nan=True)
    assert same != touches


def test_parts_push_each_other_equally():
    x, y = coil(9.0, [0.0], seconds=3.0)
    forces = [np.zeros(x.shape) for _ in range(5)]
    touch_itself(np.ones(1, np.int64), np.array([1000.0]), MALE.radius_mm, x, y, *forces)
    fx, fy, kxx, kxy, kyy = forces
    assert np.abs(fx).max() > 1.0
    assert abs(fx.sum()) + abs(fy.sum()) < 1e-9 * np.abs(fx).max() * len(fx)
    assert abs((x * fy - y * fx).sum()) < 1e-9 * np.abs(fx).max() * len(fx)
    assert (kxx >= 0).all()
    assert (kyy >= 0).all()
    assert (kxx * kyy - kxy**2 >= -1e-6 * (kxx + kyy) ** 2).all()


def test_only_coiled_bodies_are_looked_at():
    joints = MALE.segments - 1
    per_joint = COILED_RAD / joints
    kappa = np.full((joints, 5), 2 * np.tan(per_joint / 2) / MALE.segment_mm) * np.array([0.98, 1.02, 1.5, -1.02, -0.98])
    kappa[joints // 2:, 2] *= -1  # bent as much one way as the other, three quarters of the limit each
    coiled = np.full(5, -1, np.int64)
    find_coiled(kappa, MALE.segment_mm, coiled)
    assert coiled.tolist() == [0, 1, 0, 1, 0]
    x, y = coil(9.0, [0.0], seconds=3.0)
    forces = [np.zeros(x.shape) for _ in range(5)]
    for coiled, k in ((0, 1000.0), (1, 0.0)):
        touch_itself(np.array([coiled]), np.array([k]), MALE.radius_mm, x, y, *forces)
    assert not any(f.any() for f in forces)
