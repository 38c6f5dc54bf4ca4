"""The body against closed forms: forces, energy, relaxation, swimming, refinement."""

from __future__ import annotations

import numpy as np
import pytest

from wormsim.body.drag import MEDIA, drag_per_length
from wormsim.errors import InputError
from wormsim.kernels.rod import rod_energy, rod_step, room

LENGTH_MM, STRETCH_UN, B, ETA = 1.0, 2000.0, 0.095, 5e-4


class Rod:
    """A body of uniform stiffness, stepped from Python."""

    def __init__(self, segments=48, drag=(3.2, 128.0), lanes=1, bend=B, eta=ETA):
        self.n, self.seg = segments, LENGTH_MM / segments
        s = np.arange(segments + 1) / segments
        self.x, self.y = np.tile(s[:, None] * LENGTH_MM, lanes), np.zeros((segments + 1, lanes))
        self.profile = np.ones(segments - 1)
        self.bend, self.eta = np.full((1, lanes), bend), np.full((1, lanes), eta)
        self.drag = np.ascontiguousarray(np.tile(np.array(drag, float)[:, None], lanes))
        self.contacts = [np.zeros((segments + 1, lanes)) for _ in range(5)]
        self.room, self.kappa = room(segments + 1, lanes), np.zeros((segments - 1, lanes))

    def step(self, kappa0, dt):
        rod_step(self.x, self.y, kappa0, self.profile, self.bend, self.eta, STRETCH_UN, self.seg, self.drag, *self.contacts, dt, *self.room,
                 self.kappa)

    @property
    def velocity(self):
        u = self.room[1][:2 * (self.n + 1)]
        return u[::2], u[1::2]

    def shape(self, angle):
        x = np.concatenate([[0.0], np.cumsum(np.cos(angle))]) * self.seg
        y = np.concatenate([[0.0], np.cumsum(np.sin(angle))]) * self.seg
        self.x[:], self.y[:] = x[:, None], y[:, None]

    def drag_force(self):
        """Total force and torque of the drag, and its power, from the places before the step: as the step's matrix has it."""
        ux, uy = self.velocity
        x, y = self.before
        total, torque, power = np.zeros(2), 0.0, 0.0
        for i in range(self.n):
            t = np.array([x[i + 1, 0] - x[i, 0], y[i + 1, 0] - y[i, 0]])
            t /= np.hypot(*t)
            for j in (i, i + 1):
                u = np.array([ux[j, 0], uy[j, 0]])
                along = (u @ t) * t
                f = 0.5 * self.seg * (self.drag[0, 0] * along + self.drag[1, 0] * (u - along))
                total += f
                torque += x[j, 0] * f[1] - y[j, 0] * f[0]
                power += f @ u
        return total, torque, power

    def remembered(self, kappa0, dt):
        self.before = self.x.copy(), self.y.copy()
        self.step(kappa0, dt)


def wave(rod, t, amplitude, frequency, length, lanes=1):
    s = np.arange(1, rod.n) / rod.n
    return np.tile(amplitude * np.sin(2 * np.pi * (frequency * t - s / length))[:, None], lanes)


def swim(frequency=1.0, length=0.5, amplitude=2.0, drag=(1.0, 2.0), cycles=3, dt=5e-4, segments=48, bend=50.0):
    """Swim with a body so stiff that it has the curvature it is asked for; mean signed velocity towards the head over the last cycle."""
    rod = Rod(segments, drag, bend=bend, eta=0.0)
    at = []
    for k in range(round(cycles / frequency / dt)):
        rod.step(wave(rod, k * dt, amplitude, frequency, length), dt)
        at.append((rod.x.mean(), rod.y.mean()))
    back = round(1 / frequency / dt)
    path = np.array(at[-1]) - at[-1 - back]
    return -path[0] * frequency, rod  # the nose points to -x


def gray_hancock(frequency, length, amplitude, k):
    """Speed of a long thin body whose midline is a small sine of curvature `amplitude`: Gray & Hancock 1955 J Exp Biol 32:802.

    A wave y = b sin(q(x - ct)) moves at ``V/c = (K - 1) e/(1 + K e)`` with e = (b q)**2/2: forces along the path of
    ``C_T (1 + K e)`` a length against a thrust of ``(C_N - C_T) e c``.
    """
    q = 2 * np.pi / length
    e = (amplitude / q) ** 2 / 2
    return frequency * length * (k - 1) * e / (1 + k * e)


@pytest.mark.parametrize("k", [1.58, 2.0, 10.0, 40.0])
def test_swimming_speed_is_that_of_resistive_force_theory(k):
    """Ends are free, so that the last waves push less than an endless body's: within a tenth for two waves on the body."""
    speed, _ = swim(amplitude=2.0, drag=(1.0, k))
    assert speed == pytest.approx(gray_hancock(1.0, 0.5, 2.0, k), rel=0.12)
    assert speed > 0


def test_speed_grows_with_the_square_of_a_small_amplitude():
    small, large = swim(amplitude=0.5)[0], swim(amplitude=1.0)[0]
    assert large / small == pytest.approx(4.0, rel=0.03)


def test_a_swapped_drag_ratio_turns_the_swimmer_round():
    """The planted defect: along and across exchanged. The check above would be off by its sign."""
    assert swim(drag=(2.0, 1.0))[0] < -0.3 * swim(drag=(1.0, 2.0))[0] < 0


def test_a_reversed_wave_swims_backward():
    forward = swim(length=0.5)[0]
    assert swim(length=-0.5)[0] == pytest.approx(-forward, rel=1e-3)


def test_equal_drag_both_ways_goes_nowhere():
    assert abs(swim(drag=(1.0, 1.0))[0]) < 0.02 * swim(drag=(1.0, 2.0))[0]


def test_a_free_body_pushes_itself_by_no_force():
    rod = Rod()
    for k in range(400):
        rod.remembered(wave(rod, k * 1e-3, 6.0, 0.5, 0.65), 1e-3)
        force, torque, _ = rod.drag_force()
        assert np.abs(force).max() < 1e-9
        # bending and stretching turn nothing but to first order in the step, where the matrix acts on what has turned
        assert abs(torque) < 2e-3


def test_energy_that_is_lost_went_into_drag_and_internal_friction():
    """dE/dt = -(drag power) - (internal friction), to first order in the step: halving it halves what is left over."""
    left = []
    for dt in (2e-3, 1e-3, 5e-4):
        rod = Rod()
        s = np.arange(rod.n) / rod.n
        rod.shape(0.6 * np.sin(2 * np.pi * s))
        rest = np.zeros((rod.n - 1, 1))
        total = lost = 0.0
        first = rod_energy(rod.x[:, 0], rod.y[:, 0], rest[:, 0], B * rod.profile, STRETCH_UN, rod.seg)
        kappa = None
        for _ in range(round(0.2 / dt)):
            rod.remembered(rest, dt)
            total += rod.drag_force()[2] * dt
            if kappa is not None:
                total += ETA * rod.seg * (((rod.kappa - kappa) / dt) ** 2).sum() * dt
            kappa = rod.kappa.copy()
        lost = first - rod_energy(rod.x[:, 0], rod.y[:, 0], rest[:, 0], B * rod.profile, STRETCH_UN, rod.seg)
        assert lost > 0.3 * first
        left.append(abs(total - lost) / lost)
    assert left[2] < 0.02
    assert left[2] < 0.6 * left[1] < 0.36 * left[0]


def test_a_small_bend_relaxes_at_the_rate_of_an_elastic_beam():
    """Mode of a free beam: cosh k cos k = 1, first root k = 4.730; rate B (k/L)**4/C_N (Landau & Lifshitz, Theory of Elasticity, 25)."""
    k = 4.730040745
    rod = Rod(96, eta=0.0)
    s = np.linspace(0, 1, rod.n + 1)
    ratio = (np.cosh(k) - np.cos(k)) / (np.sinh(k) - np.sin(k))
    mode = np.cosh(k * s) + np.cos(k * s) - ratio * (np.sinh(k * s) + np.sin(k * s))
    rod.y[:, 0] = 1e-3 * mode
    rate = B * (k / LENGTH_MM) ** 4 / 128.0
    dt, steps = 2e-3, 200
    for _ in range(steps):
        rod.step(np.zeros((rod.n - 1, 1)), dt)
    size = (rod.y[:, 0] @ mode) / (1e-3 * mode @ mode)
    assert -np.log(size) / (dt * steps) == pytest.approx(rate, rel=0.03)


def test_halving_the_step_halves_the_error():
    def end(dt):
        rod = Rod()
        for k in range(round(1.0 / dt)):
            rod.step(wave(rod, k * dt, 6.0, 1.0, 0.65), dt)
        return np.concatenate([rod.x[:, 0], rod.y[:, 0]])

    fine = end(1.25e-4)
    errors = [np.abs(end(dt) - fine).max() for dt in (2e-3, 1e-3, 5e-4)]
    assert errors[0] < 0.02
    assert 1.7 < errors[0] / errors[1] < 2.6
    assert 1.7 < errors[1] / errors[2] < 3.2


def test_more_segments_change_little():
    speeds = [swim(segments=n, amplitude=4.0)[0] for n in (48, 96)]
    assert speeds[0] == pytest.approx(speeds[1], rel=0.02)


def test_the_body_keeps_its_length():
    rod = Rod()
    for k in range(1500):
        rod.step(wave(rod, k * 1e-3, 8.0, 1.0, 0.65), 1e-3)
    length = np.hypot(np.diff(rod.x[:, 0]), np.diff(rod.y[:, 0]))
    assert length.sum() == pytest.approx(LENGTH_MM, rel=0.005)
    assert np.abs(length / rod.seg - 1).max() < 0.02


def test_a_lane_does_not_know_the_others():
    """Bit for bit, whatever lies beside it."""
    alone = Rod(lanes=16)
    mixed = Rod(lanes=16)
    for k in range(100):
        same = wave(alone, k * 1e-3, 5.0, 1.0, 0.7, 16)
        other = same * np.linspace(-1, 1, 16)
        other[:, 3] = same[:, 3]
        alone.step(same, 1e-3)
        mixed.step(other, 1e-3)
    assert (alone.x[:, 3] == mixed.x[:, 3]).all()
    assert not (alone.x[:, 5] == mixed.x[:, 5]).all()


def test_contacts_push_and_are_used_up():
    rod = Rod()
    rod.contacts[1][:] = 1.0 / rod.n  # fy: 1 uN/mm, of which an end node has half a segment's
    rod.contacts[1][[0, -1]] *= 0.5
    rod.step(np.zeros((rod.n - 1, 1)), 1e-3)
    assert rod.velocity[1] == pytest.approx(1.0 / 128.0, rel=1e-9)  # force over drag, all of the body alike
    assert all((c == 0).all() for c in rod.contacts)


def test_dorsal_is_to_the_left_of_the_way_to_the_tail():
    rod = Rod(eta=0.0, bend=50.0)
    for _ in range(400):
        rod.step(np.full((rod.n - 1, 1), 2.0), 1e-3)
    assert (rod.kappa > 1.5).all()
    assert rod.y[rod.n // 2, 0] < rod.y[0, 0]  # with head and tail on the dorsal side, +y
    assert rod.y[rod.n // 2, 0] < rod.y[-1, 0]


def test_media():
    assert drag_per_length("agar") == MEDIA["agar"] == drag_per_length(1.0)
    assert drag_per_length(0.0) == MEDIA["water"]
    assert drag_per_length("water")[1] / drag_per_length("water")[0] == pytest.approx(1.58, abs=0.01)
    with pytest.raises(InputError, match="agar"):
        drag_per_length("agra")
    with pytest.raises(InputError, match="between 0"):
        drag_per_length(1.5)
