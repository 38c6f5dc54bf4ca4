"""Fields, noses and walls against closed forms, differences and energies."""

import numpy as np
import pytest

from wormsim.kernels import field, wall

#: BASE, AMPLITUDE, X, Y, WIDTH, EDGE of one field of each kind.
FIELDS = {
    field.NONE: [5.0, 5.0, 0.0, 0.0, 1.0, 0.0],
    field.LINEAR: [20.0, 0.3, 1.0, -2.0, -0.7, 0.0],
    field.GAUSS: [2.0, 50.0, 3.0, -1.0, 4.0, 0.0],
    field.CONE: [1.0, 30.0, -2.0, 2.0, 6.0, 0.0],
    field.STEP: [0.0, 1.0, 1.0, 1.0, 3.0, 0.8],
}


def table(*columns):
    return np.ascontiguousarray(np.array(columns, float).T)


def value(kind, columns, px, py):
    out = np.empty(len(px))
    field.field_value(np.atleast_1d(np.array(kind, np.int64)), table(*columns), np.asarray(px, float), np.asarray(py, float), out)
    return out


def test_values_by_hand():
    at = (np.array([0.0, 3.0]), np.array([0.0, -1.0]))
    np.testing.assert_array_equal(value(field.NONE, [FIELDS[field.NONE]], *at), 0)
    # 20 + 0.3 (0 - 1) - 0.7 (0 + 2) = 18.3;  20 + 0.3 * 2 - 0.7 * 1 = 19.9
    np.testing.assert_allclose(value(field.LINEAR, [FIELDS[field.LINEAR]], *at), [18.3, 19.9])
    np.testing.assert_allclose(value(field.GAUSS, [FIELDS[field.GAUSS]], *at), [2 + 50 * np.exp(-10 / 32), 52])
    np.testing.assert_allclose(value(field.CONE, [FIELDS[field.CONE]], *at), [1 + 30 * (1 - np.sqrt(8) / 6), 1 + 30 * (1 - np.sqrt(34) / 6)])
    # r = sqrt(2), well inside; r = sqrt(8) = 2.83, within the edge of 2.6 to 3.4
    np.testing.assert_allclose(value(field.STEP, [FIELDS[field.STEP]], *at), [1, 0.5 + (3 - np.sqrt(8)) / 0.8])


def test_a_step_without_width_is_sharp():
    at = np.array([0.0, 0.999, 1.0, 1.001])
    np.testing.assert_array_equal(value(field.STEP, [[0, 2, 0, 0, 1, 0]], at, np.zeros(4)), [2, 2, 2, 0])


@pytest.mark.parametrize("kind", FIELDS)
def test_the_gradient_is_that_of_the_value(kind):
    rng = np.random.default_rng(kind)
    px, py = rng.uniform(-6, 6, (2, 400))
    gx, gy = np.empty(400), np.empty(400)
    field.field_gradient(np.array([kind]), table(FIELDS[kind]), px, py, gx, gy)
    h = 1e-6
    numeric = [(value(kind, [FIELDS[kind]], px + h * a, py + h * b) - value(kind, [FIELDS[kind]], px - h * a, py - h * b)) / (2 * h)
               for a, b in ((1, 0), (0, 1))]
    np.testing.assert_allclose([gx, gy], numeric, atol=1e-7)
    if kind != field.NONE:
        assert np.hypot(gx, gy).max() > 0.1


def test_lanes_have_fields_of_their_own_and_do_not_know_each_other():
    kinds = np.array([field.LINEAR, field.STEP, field.GAUSS, field.NONE, field.CONE])
    px, py = np.random.default_rng(1).uniform(-3, 3, (2, 5))
    together = value(kinds, [FIELDS[k] for k in kinds], px, py)
    alone = np.concatenate([value(k, [FIELDS[k]], px[i:i + 1], py[i:i + 1]) for i, k in enumerate(kinds)])
    np.testing.assert_array_equal(together, alone)


# ---------------------------------------------------------------- the nose


def response(values, dt_s, tau_s=5.0, half=1.0):
    """Step through the rows of `values` (T, L), used to the first one."""
    slow = values[0].astype(float).copy()
    on, off = np.empty(slow.size), np.empty(slow.size)
    rows = []
    for now in values:
        field.sense(now, slow, on, off, dt_s, tau_s, half)
        rows.append((on.copy(), off.copy(), slow.copy()))
    return [np.array(x) for x in zip(*rows, strict=True)]


@pytest.mark.parametrize("dt_s", [0.001, 0.01])
def test_a_jump_is_forgotten_with_the_time_constant(dt_s):
    steps = round(12 / dt_s)
    values = np.full((steps, 2), [3.0, 3.0])
    values[1:] = [7.0, 1.0]
    on, off, slow = response(values, dt_s, tau_s=4.0, half=2.0)
    assert on[1, 0] == pytest.approx(4 / (4 + 2))
    assert off[1, 1] == pytest.approx(2 / (2 + 2))
    t = np.arange(steps - 1) * dt_s
    left = 4 * np.exp(-t / 4.0)  # exact, whatever the step
    np.testing.assert_allclose(on[1:, 0], left / (left + 2), rtol=1e-9)
    np.testing.assert_array_equal(off[:, 0], 0)
    np.testing.assert_array_equal(on[:, 1], 0)
    assert slow[-1, 0] == pytest.approx(7 - 4 * np.exp(-(steps - 1) * dt_s / 4.0))


def test_a_steady_climb_settles_at_rate_times_time_constant():
    dt_s, tau_s, rate = 0.001, 2.0, 0.25
    climb = rate * dt_s * np.arange(30_000)[:, None]
    on, off, _ = response(climb, dt_s, tau_s, half=0.5)
    assert on[-1, 0] == pytest.approx(rate * tau_s / (rate * tau_s + 0.5), rel=1e-3)
    assert off.max() == 0


def test_responses_stay_within_bounds():
    values = np.array([[0.0], [1e12], [-1e12], [0.0]])
    on, off, _ = response(values, 0.001)
    assert ((on >= 0) & (on <= 1) & (off >= 0) & (off <= 1)).all()
    assert (on * off == 0).all()


def test_what_a_nose_feels_is_its_fields_one_by_one():
    """The call of the loop against `field_value` and `sense`, over a walk; the lawn is felt as it is."""
    rng = np.random.default_rng(2)
    lanes, dt_s = 7, 0.05
    kind = np.array([[field.GAUSS], [field.LINEAR], [field.STEP], [field.NONE]])
    parameters = np.stack([table(FIELDS[k[0]]) for k in kind])
    tau_s, half = np.array([3.0, 1.0, 0.0, 2.0]), np.array([0.7, 0.1, 1.0, 1.0])
    on_row, off_row = np.array([0, -1, 3, 4]), np.array([1, 2, -1, 4])
    px, py = rng.uniform(-2, 2, (2, lanes))
    slow = np.empty((4, lanes))
    for f in range(4):
        field.field_value(kind[f], parameters[f], px, py, slow[f])
    slow2, most = slow.copy(), np.zeros(5)
    for _ in range(50):
        px, py = px + rng.normal(0, 0.1, lanes), py + rng.normal(0, 0.1, lanes)
        signal, expected = np.zeros((5, lanes), np.float32), np.zeros((5, lanes))
        signal[0] = 0.125  # what a schedule put there stays
        expected[0] = 0.125
        field.feel_fields(kind, parameters, px, py, slow, dt_s, tau_s, half, on_row, off_row, signal)
        now, on, off = np.empty(lanes), np.empty(lanes), np.empty(lanes)
        for f in (0, 1):
            field.field_value(kind[f], parameters[f], px, py, now)
            field.sense(now, slow2[f], on, off, dt_s, tau_s[f], half[f])
            if on_row[f] >= 0:
                expected[on_row[f]] += on
            expected[off_row[f]] += off
        field.field_value(kind[2], parameters[2], px, py, now)
        expected[3] = now
        np.testing.assert_allclose(signal, expected, atol=1e-6)
        np.testing.assert_allclose(slow[:2], slow2[:2], rtol=1e-12)
        most = np.maximum(most, expected.max(axis=1))
    assert (most[:4] > [0.2, 0.1, 0.1, 0.5]).all(), "the walk met rises, falls and the lawn"
    assert most[4] == 0


def test_a_lost_animal_feels_nothing():
    signal = np.zeros((2, 2), np.float32)
    place = np.array([np.nan, 0.0])
    field.feel_fields(np.array([[field.LINEAR]]), table(FIELDS[field.LINEAR])[None], place, place, np.array([[1.0, 1.0]]), 0.01, np.array([1.0]),
                      np.array([1.0]), np.array([0]), np.array([1]), signal)
    assert signal[0, 0] == signal[1, 0] == 0
    assert signal[0, 1] > 0


# ---------------------------------------------------------------- walls


def pressed(shape, half_x, half_y, x, y, radius, stiffness=10.0):
    out = [np.zeros(x.shape) for _ in range(5)]
    lanes = x.shape[1]
    wall.press_walls(np.full(lanes, shape), np.full(lanes, half_x), np.full(lanes, half_y), stiffness, radius, x, y, *out)
    return out


def energy(shape, half_x, half_y, x, y, radius, stiffness=10.0):
    """What the wall should push down, written on its own: k p**2 / 2 of every wall."""
    if shape == wall.CIRCLE:
        beyond = [np.hypot(x, y) + radius[:, None] - half_x]
    else:
        beyond = [s * x + radius[:, None] - half_x for s in (1, -1)] + [s * y + radius[:, None] - half_y for s in (1, -1)]
    return sum(stiffness / 2 * np.maximum(p, 0) ** 2 for p in beyond)


@pytest.mark.parametrize("shape", [wall.CIRCLE, wall.RECTANGLE])
def test_walls_push_down_their_energy_and_only_beyond_themselves(shape):
    rng = np.random.default_rng(3)
    x, y = rng.uniform(-6, 6, (2, 49, 8))
    radius = rng.uniform(0, 0.3, 49)
    fx, fy, kxx, kxy, kyy = pressed(shape, 5.0, 4.0, x, y, radius)
    h = 1e-6

    def at(dx, dy):
        return energy(shape, 5.0, 4.0, x + dx, y + dy, radius)

    np.testing.assert_allclose(fx, -(at(h, 0) - at(-h, 0)) / (2 * h), atol=1e-6)
    np.testing.assert_allclose(fy, -(at(0, h) - at(0, -h)) / (2 * h), atol=1e-6)
    away = at(0, 0) == 0
    assert 20 < away.sum() < away.size - 20
    assert not np.any([f[away] for f in (fx, fy, kxx, kxy, kyy)])
    if shape == wall.CIRCLE:  # normal only: k n n'
        n = np.stack([x, y]) / np.hypot(x, y) * ~away
        np.testing.assert_allclose([kxx, kxy, kyy], 10 * np.array([n[0] * n[0], n[0] * n[1], n[1] * n[1]]), atol=1e-12)
    else:
        np.testing.assert_allclose(kxx, 10.0 * (np.abs(x) + radius[:, None] > 5))
        np.testing.assert_allclose(kyy, 10.0 * (np.abs(y) + radius[:, None] > 4))
        assert not kxy.any()


def test_walls_add_to_what_is_there():
    x = np.array([[5.5]])
    out = [np.full((1, 1), 2.0) for _ in range(5)]
    wall.press_walls(np.array([wall.RECTANGLE]), np.array([5.0]), np.array([5.0]), 4.0, np.zeros(1), x, np.zeros((1, 1)), *out)
    np.testing.assert_allclose([z[0, 0] for z in out], [2 - 4 * 0.5, 2, 2 + 4, 2, 2])


@pytest.mark.parametrize("shape", [wall.CIRCLE, wall.RECTANGLE])
def test_a_wall_holds_a_body_that_is_pushed_against_it(shape):
    """A rod pushed outwards along itself by 2 uN at each node ends where the walls carry all of it."""
    from wormsim.kernels.rod import rod_step, room

    n, k, push = 48, 1000.0, 2.0
    seg = 1.0 / n
    x, y = (5.0 - np.arange(n + 1) * seg)[:, None], np.zeros((n + 1, 1))
    contacts = [np.zeros((n + 1, 1)) for _ in range(5)]
    radius, body = np.full(n + 1, 0.01), room(n + 1, 1)
    drag, one = np.array([[3.2], [128.0]]), np.ones((1, 1))
    for _ in range(3000):
        wall.press_walls(np.array([shape]), np.array([5.0]), np.array([4.0]), k, radius, x, y, *contacts)
        contacts[0] += push
        rod_step(x, y, np.zeros((n - 1, 1)), np.ones(n - 1), 0.1 * one, 5e-4 * one, 2e4, seg, drag, *contacts, 1e-2, *body, np.zeros((n - 1, 1)))
    beyond = np.maximum(x[:, 0] + radius - 5.0, 0)
    assert k * beyond.sum() == pytest.approx(push * (n + 1), rel=1e-6)
    assert np.abs(body[1]).max() < 1e-9
