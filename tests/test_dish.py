"""Dishes: ranges against a fine grid, starts, arrays of the kernel, and errors that say what and where."""

import numpy as np
import pytest

from wormsim.body.dish import FIELDS, QUANTITIES, Dish, Field, Lawn, lower
from wormsim.errors import InputError, UnknownNameError

SALT = {"base_mM": 1.0, "height_mM": 50.0, "sigma_mm": 8.0, "x_mm": 15.0, "y_mm": -4.0}


def test_fields_in_their_units():
    dish = Dish(salt=Field("gaussian", SALT), temperature=Field("linear", {"base_C": 20, "slope_x_C_per_mm": 0.05}),
                oxygen=Field("cone", {"base_percent": 21, "height_percent": -14, "radius_mm": 10}), lawn=Lawn(4.0, x_mm=2.0, edge_mm=1.0))
    assert dish.value("salt", 15, -4) == pytest.approx(51)
    assert dish.value("salt", 15, 4) == pytest.approx(1 + 50 * np.exp(-0.5))
    np.testing.assert_allclose(dish.value("temperature", [0.0, 10.0, -10.0], 3.0), [20, 20.5, 19.5])
    np.testing.assert_allclose(dish.value("oxygen", [0.0, 5.0, 11.0], 0.0), [7, 14, 21])
    np.testing.assert_allclose(dish.value("lawn", [2.0, 5.4, 6.0, 6.25, 7.0], 0.0), [1, 1, 0.5, 0.25, 0])
    assert dish.value("odour", 0, 0) == 0


# A field's base is moved until its extreme inside the dish lies just within a bound, then just beyond it; where the extreme is, a grid
# says that knows nothing of the code's reasoning.
@pytest.mark.parametrize("shape", ["circle", "rectangle"])
@pytest.mark.parametrize("kind", ["linear", "gaussian", "cone", "step"])
def test_the_range_is_checked_at_the_true_extreme(shape, kind):
    rng = np.random.default_rng(7)
    size = 20.0 if shape == "circle" else (20.0, 12.0)
    for _ in range(12):
        place = dict(zip(("x_mm", "y_mm"), rng.uniform(-14, 14, 2), strict=True))
        sign = rng.choice([-1, 1])
        if kind == "linear":
            free = {"slope_x_C_per_mm": rng.normal() * 0.2, "slope_y_C_per_mm": rng.normal() * 0.2}
        else:
            free = {"height_C": 6.0 * sign, {"gaussian": "sigma_mm"}.get(kind, "radius_mm"): rng.uniform(3, 8)}
        free |= {"edge_mm": 2.0} if kind == "step" else {}

        def dish(base, free=free, place=place):
            return Dish(shape, size, temperature=Field(kind, {"base_C": base, **free, **place}))

        x, y = np.meshgrid(np.linspace(-10, 10, 401), np.linspace(-10, 10, 401))
        inside = np.hypot(x, y) <= 10 if shape == "circle" else (np.abs(x) <= 10) & (np.abs(y) <= 6)
        found = dish(20.0).value("temperature", x, y)[inside] - 20.0
        for bound, extreme, out in ((5.0, found.min(), -1), (35.0, found.max(), 1)):
            base = bound - extreme
            if not 5 <= base <= 35:
                continue  # the other bound is in the way
            dish(base - 0.2 * out)  # the grid misses the extreme by less
            with pytest.raises(InputError, match="temperature"):
                dish(base + 0.2 * out)


def test_a_slope_may_reach_zero_at_the_wall():
    Dish("circle", 30, salt=Field("linear", {"base_mM": 3.0, "slope_x_mM_per_mm": 0.2}))
    with pytest.raises(InputError, match=r"salt: -0\.15 mM at \(-15, 0\) mm in the dish \(circle of 30 mm\); it must be 0 mM or more"):
        Dish("circle", 30, salt=Field("linear", {"base_mM": 3.0, "slope_x_mM_per_mm": 0.21}))


@pytest.mark.parametrize(("make", "message"), [
    (lambda: Dish(salt=Field("gausian", {})), "unknown kind of the dish's salt 'gausian'; closest: gaussian"),
    (lambda: Dish(salt=Field("gaussian", {**SALT, "sigma": 3})), "closest: sigma_mm"),
    (lambda: Dish(salt=Field("gaussian", {"height_C": 3, "sigma_mm": 1})), "'height_C'; closest: height_mM"),
    (lambda: Dish(salt=Field("gaussian", {"height_mM": 3})), "salt: a gaussian field needs sigma_mm; it has height_mM"),
    (lambda: Dish(salt=Field("gaussian", {**SALT, "sigma_mm": 0})), "salt: sigma_mm = 0 must be above 0"),
    (lambda: Dish(odour=Field("step", {"height_uM": 1, "radius_mm": 1, "edge_mm": -1})), "odour: edge_mm = -1 must be 0 or more"),
    (lambda: Dish(salt=Field("gaussian", {**SALT, "x_mm": "far"})), "salt: x_mm = 'far' is not a number"),
    (lambda: Dish(salt=Field("gaussian", {**SALT, "x_mm": np.nan})), "salt: x_mm = nan is not a finite number"),
    (lambda: Dish(salt=50.0), r"salt = 50.0 is not a Field"),
    (lambda: Dish(salt=Field("gaussian", {**SALT, "base_mM": -2})), "salt: -"),
    (lambda: Dish(oxygen=Field("linear", {"base_percent": 22})), "oxygen: 22 percent at .* from 0 to 21 percent"),
    (lambda: Dish(temperature=Field("linear", {"base_C": 20, "slope_y_C_per_mm": 1})), r"temperature: 50 C at \(.*30\) mm"),
    (lambda: Dish(shape="circel"), "unknown shape of a dish 'circel'; closest: circle"),
    (lambda: Dish("circle", (3.0, 4.0)), "one positive number"),
    (lambda: Dish("rectangle", 3.0), "two positive numbers"),
    (lambda: Dish("rectangle", (3.0, np.inf)), "two positive numbers"),
    (lambda: Dish(size_mm=-1), "size_mm = -1"),
    (lambda: Dish(medium="agarr"), "unknown medium 'agarr'; closest: agar"),
    (lambda: Dish(medium=1.5), "between 0"),
    (lambda: Dish(lawn=Lawn(2.0, x_mm=33.0)), r"lawn: at \(33, 0\) mm with radius_mm = 2 it lies outside"),
    (lambda: Dish(lawn=Lawn(0.0)), "lawn: radius_mm = 0 must be above 0"),
    (lambda: Dish().value("sugar", 0, 0), "unknown field of a dish 'sugar'"),
])
def test_bad_input_says_what_and_where(make, message):
    with pytest.raises(InputError, match=message):
        make()


def test_unknown_names_carry_the_closest_ones():
    with pytest.raises(UnknownNameError) as error:
        Dish(odour=Field("con"))
    assert error.value.closest[0] == "cone"


def test_an_animal_has_to_start_inside():
    radius = np.array([0.02, 0.04, 0.02])
    x, y = np.array([8.9, 9.4, 9.9]), np.zeros(3)
    Dish("circle", 20).check_start(x, y, radius)
    Dish("rectangle", (20, 1)).check_start(x[:, None], y[:, None] + [[0.0, 0.45]], radius)
    with pytest.raises(InputError, match=r"node 2 at \(9\.990, 0\.000\) mm lies 0\.010 mm beyond the wall"):
        Dish("circle", 20).check_start(x + 0.09, y, radius)
    with pytest.raises(InputError, match=r"node 1 at \(9\.400, 0\.470\)"):
        Dish("rectangle", (20, 1)).check_start(x[:, None], y[:, None] + [[0.0, 0.47]], radius)
    with pytest.raises(InputError, match="node 1"):
        Dish().check_start(np.array([0, np.nan, 0]), y, radius)


def test_the_arrays_of_the_kernel_are_those_of_each_dish():
    dishes = [Dish(salt=Field("gaussian", SALT)),
              Dish("rectangle", (30, 10), oxygen=Field("linear", {"base_percent": 10, "slope_x_percent_per_mm": 0.5}), lawn=Lawn(3.0)),
              Dish("circle", 8, odour=Field("cone", {"height_uM": 2.0, "radius_mm": 3.0, "y_mm": 1.0}))]
    arrays = lower(dishes)
    assert arrays.kind.shape == (len(FIELDS), 3)
    np.testing.assert_array_equal(arrays.half_x_mm, [30, 15, 4])
    np.testing.assert_array_equal(arrays.half_y_mm, [30, 5, 4])
    assert len(set(arrays.shape[[0, 2]])) == 1 != len(set(arrays.shape))
    x, y = np.array([1.0, 2.0, 0.5]), np.array([-1.0, 0.5, 1.0])
    expected = [[d.value(name, x[b], y[b]) for b, d in enumerate(dishes)] for name in FIELDS]
    np.testing.assert_allclose(arrays.at(x, y), expected)
    assert np.count_nonzero(expected) == 4
    assert all(z.flags["C_CONTIGUOUS"] for z in vars(arrays).values())


def test_the_wall_of_the_kernel_is_where_the_dish_says():
    from wormsim.kernels.wall import press_walls

    rng = np.random.default_rng(4)
    for dish in (Dish("circle", 12), Dish("rectangle", (12, 8))):
        a = lower([dish])
        x, y, radius = rng.uniform(-7, 7, (49, 1)), rng.uniform(-7, 7, (49, 1)), rng.uniform(0, 0.5, 49)
        out = [np.zeros((49, 1)) for _ in range(5)]
        press_walls(a.shape, a.half_x_mm, a.half_y_mm, 1.0, radius, x, y, *out)
        np.testing.assert_array_equal(np.hypot(out[0], out[1])[:, 0] > 0, dish.gap_mm(x[:, 0], y[:, 0], radius) < 0)


def test_every_quantity_has_a_unit_that_its_parameters_carry():
    for name, (unit, low, high) in QUANTITIES.items():
        middle = 10.0 if np.isinf(high) else (low + high) / 2
        assert Dish(**{name: Field("linear", {f"base_{unit}": middle})}).value(name, 1, 1) == middle
