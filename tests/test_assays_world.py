"""Assays in which the world, or a light on some cells, drives the animal: salt chemotaxis and driven backing."""

from __future__ import annotations

import dataclasses
import warnings
from importlib import resources

import numpy as np
import pandas as pd
import pytest
import xarray as xr

import wormsim as ws
from wormsim.animal import individual
from wormsim.assays import backward_drive, chemotaxis_salt
from wormsim.behaviour_assay import run_assay
from wormsim.behaviour_evidence import ASSAYS
from wormsim.body.dish import Dish, Field, Lawn
from wormsim.body.parameters import BY_KEY
from wormsim.body.senses import given_by
from wormsim.circuit import circuit_from_dict
from wormsim.closed_loop import World, simulate_animals, start_pose
from wormsim.effects import MEASURES, response_left, shows
from wormsim.errors import DataWarning, InputError
from wormsim.perturbations import Ablate

SALT, DRIVE, UP = chemotaxis_salt.ASSAY, backward_drive.ASSAY, chemotaxis_salt.UP
SPEED_MM_S = 0.2
FALLS = Field("linear", {"base_mM": 50.0, "slope_x_mM_per_mm": 1.0})


@pytest.fixture(scope="module")
def worm():
    return individual(ws.load_circuit("whole_hermaphrodite"), 106)


@pytest.fixture(scope="module")
def pilots():
    with (resources.files("wormsim.populations") / "pilot.parquet").open("rb") as handle:
        return pd.read_parquet(handle)[list(BY_KEY)].astype(float)


@pytest.fixture(scope="module")
def mover(worm, pilots):
    """The pilot that goes farthest here, in mm between two frames: nothing of the assays under test is used to find it."""
    run = simulate_animals(worm, pilots, World.of("agar"), duration_s=8.0)
    far = np.hypot(*(run[z].mean("node").isel(time=-1) - run[z].mean("node").isel(time=80) for z in ("x_mm", "y_mm")))
    return pilots.iloc[[int(np.nanargmax(far))]].reset_index(drop=True)


def behaviour(paths, dt_s=0.1, **attrs):
    """Straight bodies along x whose middles take the paths (variants, time, 2)."""
    paths = np.asarray(paths, float)
    s = np.linspace(-0.5, 0.5, 49)
    return xr.Dataset({"x_mm": (("variant", "time", "node"), paths[:, :, :1] + s), "y_mm": (("variant", "time", "node"), paths[:, :, 1:] + 0 * s)},
                      coords={"time_s": np.arange(paths.shape[1]) * dt_s}, attrs=attrs)


def path_of(heading_rad, dt_s=0.1):
    """Way of a crawler with the headings (time,), (time, 2)."""
    step = SPEED_MM_S * dt_s * np.stack([np.cos(heading_rad), np.sin(heading_rad)], axis=1)
    return np.cumsum(step, axis=0)


TIME_S = np.arange(0, 60, 0.1)


def index(paths):
    return SALT.measure(behaviour(paths))["chemotaxis_index"]


# ---------------------------------------------------------------- salt: the measure, on paths that are known


@pytest.mark.parametrize("heading", [
    np.full(600, np.pi), np.full(600, 1.234), np.pi + 0.05 * TIME_S, np.cumsum(np.random.default_rng(1).normal(0, 0.2, 600)),
], ids=["straight ahead", "straight", "curved", "random"])
def test_a_path_that_does_not_know_of_the_salt_scores_0(heading):
    values = index([path_of(heading)] * 4)
    assert values.mean() == pytest.approx(0, abs=1e-12)
    assert np.abs(values).max() > 0.05, "each world by itself says something: it is their mean that does not"


@pytest.mark.parametrize("gain_per_mm", [0.1, 0.5, -0.5])
def test_a_planted_steerer_scores_what_its_closed_form_says(gain_per_mm):
    """One that turns by `gain` sin(angle off up) per mm: started across, its cosine to up is tanh(gain s), and the way up over the path
    log(cosh(gain S)) / (gain S). Started straight up or down it goes on, 1 and -1.
    """
    s = SPEED_MM_S * TIME_S
    toward = np.arcsin(np.tanh(gain_per_mm * s))  # angle from across towards up
    ahead = np.full(600, np.pi)
    paths = [path_of(h) for h in (ahead, np.pi - toward, ahead, np.pi + toward)]
    first, last = SPEED_MM_S * np.array([chemotaxis_salt.START_S, 57.5])
    expected = np.log(np.cosh(gain_per_mm * last) / np.cosh(gain_per_mm * first)) / (gain_per_mm * (last - first))
    values = index(paths)
    assert values == pytest.approx([1, expected, -1, expected], abs=0.01)
    assert np.sign(values.mean()) == np.sign(gain_per_mm)


def test_one_that_turns_up_at_once_scores_1():
    values = index([path_of(np.full(600, np.arctan2(y, x))) for x, y in UP])
    assert values == pytest.approx(np.ones(4))


def test_animals_are_not_mixed():
    """Two animals, one up and one down in all worlds: repeat r of animal a is variant 2 r + a."""
    up = [path_of(np.full(600, np.arctan2(y, x))) for x, y in UP]
    values = index([z for path in up for z in (path, -path)])
    assert values.reshape(4, 2).mean(axis=0) == pytest.approx([1, -1])


def test_one_that_sways_on_the_spot_finds_nothing_and_a_failed_one_is_no_number():
    """Up by 0.01 mm/s in all worlds: a heading index of 1, of a way that is none."""
    slow = [0.05 * path_of(np.full(600, np.arctan2(y, x))) for x, y in UP]
    assert index(slow).tolist() == [0.0] * 4
    failed = [path_of(np.full(600, 1.0)) for _ in UP]
    failed[2][400:] = np.nan
    assert np.isnan(index(failed)).tolist() == [False, False, True, False]


def test_variants_that_are_not_all_worlds_are_refused():
    with pytest.raises(InputError, match="6 variants are not animals in 4 worlds"):
        index([path_of(np.full(600, 1.0))] * 6)


# ---------------------------------------------------------------- salt: the worlds


def test_up_is_ahead_dorsal_behind_and_ventral_of_the_start_and_the_salt_rises_there(worm):
    x, y = start_pose(worm)
    along = np.array([x[-1] - x[0], y[-1] - y[0]])  # head to tail
    along /= np.hypot(*along)
    dorsal = np.array([-along[1], along[0]])
    for seed, direction in enumerate((-along, dorsal, along, -dorsal)):
        dish = SALT.world(worm, 3000 + seed).dish
        assert np.dot(UP[seed], direction) > 0.98
        here, there = dish.value("salt", [0.0, direction[0]], [0.0, direction[1]])
        assert there - here == pytest.approx(chemotaxis_salt.SLOPE, rel=0.02)
    assert np.sum(UP, axis=0).tolist() == [0, 0]
    assert dish.gap_mm(1.5 * SPEED_MM_S * SALT.duration_s, 0.0) > 1, "nobody reaches the wall"


def test_without_a_gradient_an_animal_scores_0(worm, mover):
    """A crawling animal, not only a path: the same noise in all worlds. With another in each the sum does not cancel."""
    short = dataclasses.replace(SALT, duration_s=20.0, world=lambda wiring, seed: World.of("agar"))
    paths = short.run(worm, mover)
    assert np.abs(SALT.measure(paths)["chemotaxis_index"]).max() > 0.05
    assert run_assay(short, worm, mover)["chemotaxis_index"] == pytest.approx([0], abs=1e-12)
    noisy = run_assay(dataclasses.replace(short, one_noise=False), worm, mover)["chemotaxis_index"]
    assert np.abs(noisy) > 1e-6


def test_salt_reaches_its_cells_and_without_them_the_index_is_0(worm, mover):
    short = dataclasses.replace(SALT, duration_s=15.0)
    two = pd.concat([mover, mover], ignore_index=True)
    run = short.run(worm, two, [(), (Ablate("ASE"),)], record=["ASEL", "ASER"])
    v = run["v_mV"].isel(time=slice(20, None)).mean("time").to_numpy().reshape(4, 2, 2)[:, 0]
    assert run["cell"].to_numpy().tolist() == ["ASEL", "ASER"]
    (ahead_rise, ahead_fall), (behind_rise, behind_fall) = v[0], v[2]
    assert ahead_rise - behind_rise > 0.1, "the left one is excited by more salt"
    assert behind_fall - ahead_fall > 0.1, "the right one by less"
    found = run_assay(short, worm, two, [(), (Ablate("ASE"),)])["chemotaxis_index"]
    assert found[1] == pytest.approx(0, abs=1e-12)
    assert found[0] != pytest.approx(0, abs=1e-9)


# ---------------------------------------------------------------- fields that nobody feels


def test_signals_of_a_dish_are_those_of_its_fields():
    assert given_by(Dish()) == set()
    assert given_by(Dish(salt=FALLS, lawn=Lawn(5.0))) == {"salt_on", "salt_off", "lawn"}
    warm = Field("linear", {"base_C": 20.0, "slope_x_C_per_mm": 0.1})
    assert given_by(Dish(temperature=warm)) == {"warm"}, "cooling is known to go nowhere"


def test_a_field_that_no_cell_feels_is_refused(mover):
    """As a touch is. One of its two cells is not enough."""
    text = {"connectome": "cook2019_hermaphrodite", "cells": {"kinds": ["neuron", "muscle"], "exclude": ["ASER"]}}
    blind = individual(circuit_from_dict("blind", text), 106)
    simulate_animals(blind, mover, World.of("agar"), duration_s=0.1)
    with pytest.raises(InputError, match=r"no cell of blind feels salt_off \(ASER\)"):
        simulate_animals(blind, mover, World(Dish(salt=FALLS)), duration_s=0.1)


# ---------------------------------------------------------------- driven backing


def test_driven_cells_are_depolarised_and_an_ablated_one_is_not_driven(worm, mover):
    """Ablated with all that is driven the light does nothing: the animal is that which is ablated without light, to the last bit."""
    two = pd.concat([mover, mover], ignore_index=True)
    acts = [(), (Ablate(*backward_drive.DRIVEN),)]
    short = dataclasses.replace(DRIVE, duration_s=3.0)
    dark = dataclasses.replace(short, always=())
    with warnings.catch_warnings():
        warnings.simplefilter("error", DataWarning)  # light on cells that are gone is no slip of who asks for an ablation
        lit, unlit = (a.run(worm, two, acts, record=backward_drive.DRIVEN) for a in (short, dark))
    v, rest = lit["v_mV"].to_numpy()[0, -1], unlit["v_mV"].to_numpy()[0, -1]
    assert len(v) == 6
    assert (v > rest + 5).all()
    assert (v < 0).all(), "what is opened to 0 mV does not go beyond"
    assert np.array_equal(lit["x_mm"][1], unlit["x_mm"][1])
    assert not np.array_equal(lit["x_mm"][0], unlit["x_mm"][0])


def test_one_ablated_cell_leaves_the_others_driven(worm, mover):
    two = pd.concat([mover, mover], ignore_index=True)
    run = dataclasses.replace(DRIVE, duration_s=3.0).run(worm, two, [(), (Ablate("AVA"),)], record=["AVA", "AVE"])
    v = run["v_mV"].to_numpy()[:, -1]
    assert (v[1, 2:] > -15).all()
    assert (v[1, :2] < v[0, :2] - 5).all(), "AVA is gone and stays at rest"


def test_a_backing_animal_shows_it_and_a_forward_one_does_not():
    """What the assay measures is what the margins of the effects are about: backing is below 0."""
    forward = np.stack([-SPEED_MM_S * TIME_S, 0 * TIME_S], axis=1)  # bodies lie with the nose at -x
    found = DRIVE.measure(behaviour([forward, -forward, -0.5 * forward]))["backward_mm_s"]
    assert found == pytest.approx([SPEED_MM_S, -SPEED_MM_S, -SPEED_MM_S / 2])
    measure = MEASURES["backward_mm_s"]
    assert shows(found, measure).tolist() == [False, True, True]
    assert response_left(found[1:2], found[2:], measure) == pytest.approx([0.5])


@pytest.mark.parametrize("assay", [SALT, DRIVE])
def test_evidence_names_what_the_assay_measures(assay):
    still = behaviour(np.zeros((4, 600, 2)))
    assert tuple(assay.measure(still)) == ASSAYS[assay.name]
