"""The closed loop beside the same animal in plain NumPy and SciPy (benchmarks/plain_animal.py), and what both share beside the anatomy.

A loop whose parts are each right can still be wired wrongly: a part on another clock, a current into other cells, muscles from tail to head.
Here one calibrated animal is run both ways without noise, on agar and in water, intact and with something taken away.
"""

from __future__ import annotations

import importlib.util
import re
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

import wormsim as ws
from wormsim import closed_loop
from wormsim.body.senses import Touch
from wormsim.calibrated import parameters_of, wiring_of
from wormsim.closed_loop import World, simulate_animals, start_pose
from wormsim.metrics.gait import curvature_per_mm
from wormsim.perturbations import Ablate, Stimulate
from wormsim.studies.calibrate_animals import pilots_of

#: Ours has single precision in nerves, muscles and frames. On agar it was within 1e-7 mm, 3e-4 mV and 4e-6 of the reference after a second;
#: in water, where a body yields sooner, 1e-6 mm, 4e-3 mV and 4e-6.
WITHIN = {"x_mm": 1e-6, "y_mm": 1e-6, "v_mV": 5e-3, "activation": 5e-5}
LOOSER = {"agar": 1, "water": 10}
#: What makes a difference moves some node by more than this, a hundred times what agar allows.
SHOWS_MM = 1e-4
AGAR, WATER = World.of("agar"), World.of("water")


@pytest.fixture(scope="module")
def walk(root):
    spec = importlib.util.spec_from_file_location("plain_animal", root / "benchmarks" / "plain_animal.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.walk


@pytest.fixture(scope="module")
def animals():
    """Two of the first candidates of calibrations, which do not change with every ensemble; with a drive that shows when it is taken away."""
    return pilots_of("pilot").assign(kind="real", number=100, I_AVB_pA=2.0).iloc[1:3]


@pytest.fixture(scope="module")
def worm(animals):
    return wiring_of(animals.iloc[0], ws.load_circuit("whole_hermaphrodite"))


@pytest.fixture(scope="module")
def numbers(animals):
    """Those of the animal, and of another one that is put on the same wiring."""
    return parameters_of(animals)


@pytest.fixture(autouse=True)
def no_noise(monkeypatch):
    monkeypatch.setattr(closed_loop, "NOISE_PA", 0.0)


def run(worm, numbers, worlds=AGAR, perturbations=None, *, duration_s=1.0, dt_ms=2.0, **how):
    """All of every animal, at the start and after `duration_s`."""
    return simulate_animals(worm, numbers, worlds, perturbations, duration_s=duration_s + dt_ms / 1000, every_ms=duration_s * 1000, dt_ms=dt_ms,
                            record=["*"], record_muscles=True, **how)


def apart(found, reference, lane=0):
    """Greatest difference of each kind at the end."""
    return {name: float(np.abs(found[name].to_numpy()[lane, -1] - getattr(reference, name)).max()) for name in WITHIN}


def assert_same(found, reference, medium="agar", lane=0):
    far = {name: value for name, value in apart(found, reference, lane).items() if not value <= WITHIN[name] * LOOSER[medium]}
    assert far == {}, f"lane {lane}"


# ---------------------------------------------------------------- beside the reference


@pytest.mark.parametrize(("medium", "dt_ms", "duration_s"), [("agar", 2.0, 1.0), ("water", 2.0, 1.0), ("agar", 1.0, 0.4)])
def test_an_intact_animal(walk, worm, numbers, medium, dt_ms, duration_s):
    found = run(worm, numbers.iloc[:1], World.of(medium), dt_ms=dt_ms, duration_s=duration_s)
    assert_same(found, walk(worm, numbers.iloc[0], duration_s, medium, dt_ms=dt_ms), medium)
    moved = np.hypot(*(found[z].to_numpy()[0, -1] - found[z].to_numpy()[0, 0] for z in ("x_mm", "y_mm")))
    assert moved.max() > 0.01  # else any loop would pass


def test_lanes_with_numbers_media_and_perturbations_of_their_own(walk, worm, numbers):
    """Sixteen abreast, where the kernel takes another way than for one; an ablated cell is one that is not there."""
    avb = dict.fromkeys(("AVBL", "AVBR"), numbers["I_AVB_pA"].iloc[0])
    lanes = [
        (0, AGAR, (), {}),
        (1, AGAR, (), {}),
        (0, WATER, (), {}),
        (0, AGAR, (Ablate("AVB"),), {"without": tuple(avb)}),
        (0, AGAR, (Ablate("VD*", "DD*"),), {"without": [c for c in worm.cells if re.match("[VD]D[0-9]", c)]}),
        (0, AGAR, (Ablate("MDL0*", "MDR0*"),), {"without": [c for c in worm.cells if re.match("MD[LR]0", c)]}),
        (0, World.of("agar", Touch("touch_front", 0.2, 0.6)), (), {"touch": (("ALML", "ALMR", "AVM"), 0.2, 0.6)}),
        (0, AGAR, (Stimulate("AVAL", current_pA=5.0),), {"drive_pA": {"AVAL": 5.0, **avb}}),
    ]
    of, worlds, acts, hows = zip(*lanes, strict=True)
    found = run(worm, numbers.iloc[list(of)], worlds, acts)
    references = [walk(worm, numbers.iloc[k], 1.0, world.dish.medium, **how) for k, world, how in zip(of, worlds, hows, strict=True)]
    for lane, reference in enumerate(references):
        assert_same(found, reference, worlds[lane].dish.medium, lane)
        if lane:
            assert apart(found, references[0], lane)["x_mm"] > SHOWS_MM


@pytest.mark.parametrize(("control", "taken"), [("tonic", {"drive_pA": {}}), ("proprioception", {"feels_stretch": False})])
def test_controls_take_away_what_they_say(walk, worm, numbers, control, taken):
    one = numbers.iloc[:1]
    found, intact = run(worm, one, **{control: False}), run(worm, one)
    assert_same(found, walk(worm, one.iloc[0], 1.0, **taken))
    assert float(np.abs(found["x_mm"] - intact["x_mm"]).max()) > SHOWS_MM


# ---------------------------------------------------------------- beside the anatomy


def test_every_muscle_bends_its_own_place_to_its_own_side(worm, numbers):
    """Muscles are numbered from the head; the dorsal rows bend dorsally, where the curvature is positive. One is driven in every lane."""
    wall = [name for name in worm.muscle_names if re.match("M[DV][LR]", name)]
    assert len(wall) == 95
    acts = [(), *((Stimulate(name, current_pA=5.0),) for name in wall)]
    found = run(worm, pd.concat([numbers.iloc[:1]] * len(acts)), WATER, acts, duration_s=0.1, proprioception=False, tonic=False)
    kappa = curvature_per_mm(found["x_mm"].to_numpy(), found["y_mm"].to_numpy())[:, -1]
    for name, bend in zip(wall, kappa[1:] - kappa[0], strict=True):
        joint = np.abs(bend).argmax()
        muscles_of_row = 23 if name.startswith("MVL") else 24
        place = (int(name[3:]) - 0.5) / muscles_of_row
        assert abs((joint + 1) / worm.form.segments - place) < 0.5 / muscles_of_row, name
        assert bend[joint] * (1 if name[1] == "D" else -1) > 1.0, name


def test_receptors_lie_in_the_order_of_their_numbers(worm):
    """Motor neurons of the cord are numbered from the head; dorsal ones feel a dorsal bend as positive."""
    r = worm.receptors
    names = worm.cells[r.cell]
    for of_class in ("DB", "VB", "DA", "VA"):
        of = {int(name[2:]): centre for name, centre in zip(names, r.centre, strict=True) if re.fullmatch(of_class + "[0-9]+", name)}
        assert len(of) == {"DB": 7, "VB": 11, "DA": 9, "VA": 12}[of_class]
        assert all(of[a] < of[b] for a, b in pairwise(sorted(of)))
    dorsal = [bool(re.match("D|(SMD|SMB|RMD)D", name)) for name in names]
    assert (r.sign == np.where(dorsal, 1, -1)).all()


def test_an_animal_starts_with_its_nose_to_the_left_and_at_its_length(worm):
    x, y = start_pose(worm)
    assert np.allclose(np.hypot(np.diff(x), np.diff(y)), worm.form.segment_mm)
    assert (np.diff(x) > 0).all()
    assert np.allclose([x.mean(), y.mean()], 0)
