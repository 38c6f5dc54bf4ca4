"""The mate: her shape and place by geometry, her crawl along a track, and what is refused; the organs of the male's tail."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest

from wormsim.body import male_tail
from wormsim.body.form import HERMAPHRODITE, MALE, Form
from wormsim.body.mate import (
    REACH_MM,
    SHAPES,
    START_GAP_MM,
    Mate,
    arrays,
    beside,
    check_inside,
    check_start,
    draw,
    gaps,
)
from wormsim.errors import InputError, UnknownNameError
from wormsim.kernels.spicule import protract
from wormsim.kernels.track import slide

X, Y = np.linspace(0, MALE.length_mm, 49), np.zeros(49)


def lengths(nodes):
    return np.hypot(*np.diff(nodes, axis=0).T)


def test_a_straight_mate_lies_where_she_is_said_to():
    nodes = Mate(x_mm=1.0, y_mm=2.0, heading_rad=np.pi / 2).nodes()
    np.testing.assert_allclose(nodes[0], [1.0, 2.5], atol=1e-12)
    np.testing.assert_allclose(nodes[-1], [1.0, 1.5], atol=1e-12)
    np.testing.assert_allclose(lengths(nodes), 1 / 48)


def test_a_bent_mate_is_an_arc_to_the_left_of_her_heading():
    nodes = Mate("bent", bend_per_mm=2.0).nodes()
    distance = np.hypot(nodes[:, 0], nodes[:, 1] - 0.5)  # heading +x, centre of the circle to the left
    np.testing.assert_allclose(distance, 0.5, atol=2e-4)
    assert nodes[0, 0] > 0.4


def test_a_crawling_mate_goes_where_her_nose_has_been():
    mate = Mate("crawling", speed_mm_s=0.1, heading_rad=0.4)
    for duration in (0.7, 3.0, 5.0):
        now, before = mate.nodes(duration), mate.nodes(duration - 5 / 48 / 0.1 if duration > 2 else 0.0)
        if duration > 2:  # five segments ago every node was where the one five behind is now
            np.testing.assert_allclose(now[5:], before[:-5], atol=1e-9)
        np.testing.assert_allclose(lengths(now), 1 / 48, rtol=5e-3)
    wavelength = 0.65  # of arc: the posture comes back after that
    period = mate.nodes(wavelength / 0.1) - mate.nodes(0.0)
    np.testing.assert_allclose(period, period[:1].repeat(49, axis=0), atol=5e-3)
    assert np.arctan2(*period[0][::-1]) == pytest.approx(0.4, abs=0.02)


@pytest.mark.parametrize("side", [-1, 1])
def test_the_vulva_is_on_her_surface_on_her_ventral_flank(side):
    point = Mate(vulva_side=side).vulva_point()  # heads for +x: t is -x, the flank of (-t_y, t_x) is below
    np.testing.assert_allclose(point, [0.0, -side * 0.04], atol=1e-4)


def test_the_kernel_slides_all_lanes_as_each_mate_goes_alone():
    mates = [Mate("crawling", speed_mm_s=0.2, x_mm=3.0), None, Mate("bent"), Mate("crawling", phase=0.3)]
    a = arrays(mates, 4.0)
    x, y = a["mate_x"].copy(), a["mate_y"].copy()
    for time_s in (0.0, 1.3, 4.0):
        slide(time_s, a["track_x"], a["track_y"], a["spacing_mm"], a["length_mm"], a["speed_mm_s"], x, y)
        for b, mate in enumerate(mates):
            if mate is not None:
                np.testing.assert_allclose(np.stack([x[:, b], y[:, b]], axis=1), mate.nodes(time_s), atol=1e-9)
    assert x[:, 1].min() > 1e5
    np.testing.assert_array_equal(a["vulva_side"], -1)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("parallel", [True, False])
@pytest.mark.parametrize("faces", [True, False])
def test_beside_puts_her_at_his_tail_and_on_the_flank_asked_for(shape, parallel, faces):
    mate = beside(X, Y, MALE, at=0.4, parallel=parallel, vulva_faces=faces, shape=shape)
    gap = gaps(mate, X, Y, MALE.radius_mm)
    assert START_GAP_MM - 1e-6 <= gap.min() <= gap[45:].min() <= START_GAP_MM + REACH_MM + 1e-6
    nodes = mate.nodes()
    near = np.hypot(nodes[:, 0] - X[46], nodes[:, 1]).argmin() / 48
    assert near == pytest.approx(0.4, abs=0.07)
    assert (nodes[:, 1] < 0).sum() > 24  # his ventral side is at -y: his t is +x
    assert (nodes[0, 0] < nodes[-1, 0]) == parallel
    t = nodes[21] - nodes[17]
    outward = mate.vulva_side * np.array([-t[1], t[0]])
    assert (outward[1] > 0) == faces


def test_random_mates_do_not_depend_on_how_many_are_drawn():
    ten = draw(10, X, Y, MALE, seed=3, shapes=SHAPES)
    assert draw(1, X, Y, MALE, seed=3, shapes=SHAPES, first=7) == ten[7:8]
    assert draw(10, X, Y, MALE, seed=4, shapes=SHAPES) != ten
    assert {m.shape for m in ten} == set(SHAPES)
    for mate in ten:
        check_start(mate, X, Y, MALE.radius_mm)


BAD = {
    "length_mm": {"form": Form(12.0, 0.08)},
    "diameter_mm": {"form": Form(0.5, 0.15)},
    "shape": {"shape": "strait"},
    "x_mm": {"x_mm": np.nan},
    "vulva": {"vulva": 1.2},
    "vulva_side": {"vulva_side": 0},
    "bend_per_mm": {"shape": "bent", "bend_per_mm": -7.0},
    "amplitude_rad": {"shape": "crawling", "amplitude_rad": 1.2, "wavelength": 0.3},
    "speed_mm_s": {"speed_mm_s": -0.1},
}


@pytest.mark.parametrize("name", BAD)
def test_nonsense_is_refused_by_name(name):
    kind = UnknownNameError if name == "shape" else InputError
    with pytest.raises(kind, match=name):
        Mate(**BAD[name])


def test_a_mate_on_top_of_the_male_is_refused_and_one_that_only_just_touches_is_not():
    with pytest.raises(InputError, match=r"overlaps the male at the start, by 0\.0[56]\d* mm at his node \d+ of 48"):
        check_start(Mate(x_mm=0.4, y_mm=-0.005), X, Y, MALE.radius_mm)
    check_start(Mate(x_mm=0.4, y_mm=-0.0651), X, Y, MALE.radius_mm)


def test_a_mate_that_lies_or_crawls_out_of_the_dish_is_refused():
    def inside(x, y):
        return np.hypot(x, y) < 2.5

    check_inside(Mate("crawling", speed_mm_s=0.1), inside, 10.0)
    with pytest.raises(InputError, match="outside the dish at x = .* after 2"):
        check_inside(Mate("crawling", speed_mm_s=0.1), inside, 60.0)
    with pytest.raises(InputError, match="outside the dish"):
        check_inside(Mate(x_mm=2.2), inside, 0.0)


def test_mates_of_two_sizes_in_one_run_and_a_male_bent_round_her_place_are_refused():
    with pytest.raises(InputError, match="2 sizes"):
        arrays([Mate(), Mate(form=replace(HERMAPHRODITE, length_mm=1.1))], 1.0)
    angle = np.linspace(0, 5.5, 49)
    with pytest.raises(InputError, match="bent round"):
        beside(0.16 * np.sin(angle), 0.16 * np.cos(angle), MALE)


# ---------------------------------------------------------------- the male's tail


def test_organs_name_cells_and_muscles_of_the_male():
    import wormsim as ws

    circuit = ws.load_circuit("whole_male")
    found = male_tail.sensors(circuit)
    expected = {c for c in circuit.connectome.cells.index if re.match(r"R\d[AB][LR]$|HO[AB]$|PC[ABC][LR]$|SP[CDV][LR]$", c)}
    assert {cell for cell, _ in found} == expected
    assert len(found) == len(expected) == 50
    muscles = set(circuit.connectome.cells.index[circuit.connectome.cells["kind"] == "muscle"])
    assert set(male_tail.PROTRACTORS + male_tail.RETRACTORS + male_tail.GUBERNACULUM) <= muscles


def test_rays_open_where_they_are_said_to_and_stand_in_order():
    side = {o.name: o.side for o in male_tail.ORGANS}
    assert [side[f"ray{n}"] for n in range(1, 10)] == [1, -1, 0, -1, 1, 0, 1, -1, 0]
    place, _, feels = male_tail.organ_arrays()
    assert (np.diff(place[:9]) > 0).all()
    assert feels.tolist() == [0] * 9 + [1] * 3
    assert all(o.certainty in ("high", "medium", "low", "guess") and re.search(r"\d{4}", o.source) for o in male_tail.ORGANS)


def test_spicules_are_out_by_protractors_less_retractors():
    activation, out = np.array([[0.8, 0.2], [0.6, 0.2], [0.1, 0.9]]), np.empty(2)
    protract(activation, np.array([0, 1]), np.array([2]), out)
    np.testing.assert_allclose(out, [0.6, 0.0])
