"""The closed loop: one clock, lanes apart, worlds that push, failures that are said, and planted defects that are caught.

That every step is the right one is held to a reference in tests/test_loop_against_reference.py.
"""

from __future__ import annotations

import dataclasses
import re

import numpy as np
import pandas as pd
import pytest

import wormsim as ws
from wormsim.animal import individual, lower
from wormsim.behaviour_assay import BehaviourAssay, run_assay, velocity, window
from wormsim.body.dish import Dish, Field
from wormsim.body.mate import Mate, beside
from wormsim.body.parameters import BY_KEY, GROUPS
from wormsim.body.senses import Touch
from wormsim.closed_loop import World, change_of, simulate_animals, start_pose
from wormsim.errors import InputError
from wormsim.metrics.gait import gait
from wormsim.perturbations import Ablate, BlockRelease, Genotype, Silence

PILOTS = "pilot.parquet"


@pytest.fixture(scope="module")
def worm():
    return individual(ws.load_circuit("whole_hermaphrodite"), 106)


@pytest.fixture(scope="module")
def male():
    return individual(ws.load_circuit("whole_male"), 0)


@pytest.fixture(scope="module")
def animals():
    """Animals found while calibration was built: on other individuals than `worm` most still move."""
    from importlib import resources

    with (resources.files("wormsim.populations") / PILOTS).open("rb") as handle:
        return pd.read_parquet(handle)[list(BY_KEY)]


@pytest.fixture(scope="module")
def mover(worm, animals):
    """The animal of `worm` that goes forward fastest."""
    run = simulate_animals(worm, animals, World.of("agar"), duration_s=10.0)
    best = int(np.nanargmax(gait(*window(run, 4.0, np.inf)).speed_mm_s))
    return animals.iloc[[best]].reset_index(drop=True)


def speed_of(worm, parameters, world="agar", **how):
    run = simulate_animals(worm, parameters, World.of(world), duration_s=10.0, **how)
    return gait(*window(run, 4.0, np.inf)).speed_mm_s


def repeat(table, n):
    return pd.concat([table] * n, ignore_index=True)


def test_the_mover_moves(worm, mover):
    assert speed_of(worm, mover)[0] > 0.05


def test_frames_carry_their_time(worm, mover):
    run = simulate_animals(worm, mover, World.of("agar"), duration_s=0.5, every_ms=100.0, dt_ms=1.0)
    assert run["time_s"].to_numpy() == pytest.approx([0.0, 0.1, 0.2, 0.3, 0.4])
    assert window(run, 0.0, np.inf)[2] == pytest.approx(0.1)


def test_a_variant_does_not_depend_on_what_is_beside_it(worm, animals):
    """Bit for bit, in another block, another place, beside others."""
    first = simulate_animals(worm, animals, World.of("agar"), duration_s=2.0, seeds=range(len(animals)))
    many = repeat(animals, 5)
    again = simulate_animals(worm, many, World.of("agar"), duration_s=2.0, seeds=[k % len(animals) for k in range(len(many))], threads=1)
    for k in range(len(many)):
        assert (again["x_mm"][k] == first["x_mm"][k % len(animals)]).all()
    assert not (first["x_mm"][0] == first["x_mm"][1]).all()


def test_a_lone_animal_is_the_same_to_rounding(worm, mover):
    alone = simulate_animals(worm, mover, World.of("agar"), duration_s=1.0)
    among = simulate_animals(worm, repeat(mover, 3), World.of("agar"), duration_s=1.0, seeds=[0, 0, 0])
    assert np.abs(alone["x_mm"][0] - among["x_mm"][2]).max() < 1e-3


def test_seeds_are_noise(worm, mover):
    run = simulate_animals(worm, repeat(mover, 3), World.of("agar"), duration_s=3.0, seeds=[1, 2, 1])
    assert (run["x_mm"][0] == run["x_mm"][2]).all()
    assert not (run["x_mm"][0] == run["x_mm"][1]).all()


def test_halving_the_step_changes_the_gait_little(worm, mover):
    coarse, fine = (speed_of(worm, mover, dt_ms=dt)[0] for dt in (2.0, 1.0))
    assert fine == pytest.approx(coarse, rel=0.15)


def test_what_is_recorded(worm, mover):
    run = simulate_animals(worm, mover, World.of("agar", Touch("touch_front", 0.2, 0.4)), duration_s=0.6, record=["AVA", "VB1"], record_muscles=True)
    assert list(run["cell"].to_numpy()) == ["AVAL", "AVAR", "VB1"]
    assert run["v_mV"].shape == (1, 12, 3)
    assert run["activation"].shape == (1, 12, len(worm.muscle_names))
    assert float(run["activation"].min()) >= 0
    assert float(run["activation"].max()) <= 1
    assert float(run["touch_s"][0]) == 0.2
    assert run.attrs["length_mm"] == 1.0


def test_a_touch_reaches_the_cells_that_feel_it_and_no_ablated_one(worm, mover):
    world = World.of("agar", Touch("touch_front", 0.5, 1.0))
    run = simulate_animals(worm, repeat(mover, 2), world, [(), (Ablate("ALM", "AVM"),)], duration_s=1.0, record=["ALM", "AVD"], seeds=[0, 0])
    v = run["v_mV"].to_numpy()
    before, after = v[:, 9], v[:, 18]
    assert (after[0, :2] - before[0, :2] > 2.0).all()
    assert np.allclose(v[1, :, :2], v[1, :1, :2])  # an ablated cell stays where it was


def test_perturbations(worm):
    n = len(worm.cells)
    gone = change_of(worm, (Ablate("AVA"),))
    assert gone.alive.sum() == n - 2
    mute = change_of(worm, (BlockRelease("AVA"),))
    assert mute.alive.sum() == n
    assert mute.release.sum() == n - 2
    quiet = change_of(worm, (Silence("AVA"),))
    rows = worm.rows("AVA")
    assert (quiet.conductance_nS[rows] > 0).all()
    assert (quiet.current_pA[rows] < 0).all()
    mutant = change_of(worm, (Genotype("unc-25"),))
    assert mutant.edges[1].pre.size < worm.inhibitory.pre.size  # no GABA
    assert change_of(worm, ()).edges is None
    with pytest.raises(InputError, match="window"):
        change_of(worm, (Ablate("AVA"), ws.Stimulate("AVB", start_ms=100, current_pA=1.0)))


def test_a_mutant_runs_beside_intact_animals(worm, mover):
    run = simulate_animals(worm, repeat(mover, 3), World.of("agar"), [(), (Genotype("unc-25"),), ()], duration_s=2.0, seeds=[0, 0, 0])
    assert (run["x_mm"][0] == run["x_mm"][2]).all()
    assert not (run["x_mm"][0] == run["x_mm"][1]).all()


def test_a_wall_holds_the_animal(worm, mover):
    run = simulate_animals(worm, mover, World(Dish(size_mm=1.3)), duration_s=20.0)
    far = np.hypot(run["x_mm"], run["y_mm"]).max()
    assert 0.6 < float(far) < 0.68


def test_bad_input(worm, male, mover):
    with pytest.raises(InputError, match="outside of the dish"):
        simulate_animals(worm, mover, World(Dish(size_mm=0.5)), duration_s=0.1)
    with pytest.raises(InputError, match="overlaps the male"):
        simulate_animals(male, mover, World(mate=Mate()), duration_s=0.1)
    with pytest.raises(InputError, match="only a male"):
        simulate_animals(worm, mover, World(mate=Mate(x_mm=3.0)), duration_s=0.1)
    with pytest.raises(InputError, match="muscle"):
        individual(ws.load_circuit("hermaphrodite_neurons"), 0)
    with pytest.raises(InputError, match="parameters of an animal are missing"):
        simulate_animals(worm, mover.drop(columns="bend_uN_mm2"), World(), duration_s=0.1)
    with pytest.raises(InputError, match="not a finite number"):
        simulate_animals(worm, mover.assign(kappa_max_per_mm=np.nan), World(), duration_s=0.1)
    with pytest.raises(InputError, match="as many worlds"):
        simulate_animals(worm, mover, [World()] * 2, duration_s=0.1)
    with pytest.raises(InputError, match="whole number of steps"):
        simulate_animals(worm, mover, World(), duration_s=0.1, every_ms=3.0)
    with pytest.raises(InputError, match="in this order"):
        World.of("agar", Touch("touch_front", 2.0, 1.0))
    with pytest.raises(InputError, match="overlaps another"):
        World.of("agar", Touch("tap", 1.0, 2.0), Touch("tap", 1.5, 3.0))
    with pytest.raises(InputError, match="tuoch"):
        World.of("agar", Touch("tuoch", 1.0, 2.0))
    with pytest.raises(InputError, match="salt"):
        World(Dish(salt=Field("linear", {"base_mM": 1.0, "slope_x_mM_per_mm": 10.0})))


def test_a_failed_animal_is_said_and_never_a_number(worm, mover):
    """One that coils over itself, beside one that does not."""
    two = repeat(mover, 2)
    two.loc[0, ["kappa_max_per_mm", "bend_uN_mm2", "muscle_half_mV", "muscle_slope_mV"]] = [60.0, 0.3, 30.0, 0.5]
    acts = [(ws.Stimulate("MDL*", "MDR*", current_pA=200.0),), ()]
    run = simulate_animals(worm, two, World.of("water"), acts, duration_s=6.0, seeds=[0, 0])
    assert list(run["failed"].to_numpy()) == ["crosses itself", ""]
    assert np.isnan(run["x_mm"][0, -1]).all()
    assert np.isfinite(run["x_mm"][1]).all()
    assay = BehaviourAssay("t", "t", "t", "whole_hermaphrodite", 6.0, lambda w, s: World.of("water"),
                           lambda d: {"speed_mm_s": velocity(d)[0].mean(axis=1)}, "t")
    found = run_assay(assay, worm, two, acts)["speed_mm_s"]
    assert np.isnan(found[0])
    assert np.isfinite(found[1])


def test_a_mate_is_felt(male, animals):
    x, y = start_pose(male)
    mate = beside(x, y, male.form, at=0.5, vulva_faces=True)
    run = simulate_animals(male, animals.iloc[:2], World(mate=mate), duration_s=3.0)
    organs = run["signal"].sel(sense=[f"ray{n}" for n in range(1, 10)])
    assert float(organs.max()) > 0
    assert {"mate_x_mm", "extension", "activation"} <= set(run.data_vars)
    assert float(run["signal"].sel(sense="touch_front").max()) == 0
    from wormsim.plotting.behaviour_scenes import scenes

    assert scenes(run, [0])[0].mate.vulva_mm[0] == pytest.approx(mate.vulva_point(), abs=1e-4)  # drawn where it is felt


# ---------------------------------------------------------------- planted defects


def gains_reach(worm, mover, group):
    """Check: silencing a group's output changes what its targets do. Returns the greatest change of any cell in mV."""
    run = simulate_animals(worm, repeat(mover, 2), World.of("agar"), [(), (BlockRelease(*GROUPS[group]),)], duration_s=2.0, seeds=[0, 0],
                           record=["kind=muscle"])
    v = run["v_mV"].to_numpy()
    return np.abs(v[0] - v[1]).max()


def test_what_a_contact_opened_closes_with_the_time_constant_of_the_animal(worm, mover):
    """ALM one second after a touch: a conductance that falls as exp(-t / hold_s), measured by the potential that the cell takes."""
    quiet = mover.assign(g_touch_nS=0.02)  # far from saturation, so that the potential follows the conductance
    touch = Touch("touch_front", 1.0, 2.0)

    def depolarised(hold_s, world):
        run = simulate_animals(worm, quiet.assign(hold_s=hold_s), world, duration_s=4.0, every_ms=20.0, seeds=[0], record=("ALML",))
        return run["v_mV"].to_numpy()[0, :, 0], run["time_s"].to_numpy()

    left = {}
    for hold_s in (0.05, 1.0):
        v, t = depolarised(hold_s, World.of("agar", touch))
        rest, _ = depolarised(hold_s, World.of("agar"))
        rise = v - rest
        left[hold_s] = rise[np.searchsorted(t, 3.0)] / rise[np.searchsorted(t, 1.98)]
    assert left[0.05] < 0.1
    assert 0.25 < left[1.0] < 0.7  # exp(-1) of the conductance, somewhat more of the potential


def test_a_film_holds_a_male_and_hardly_moves_him(male, animals):
    """Without nerves and muscles he slides along her by what the film gains alone: slower than a tenth of scanning."""
    x, y = start_pose(male)
    still = (Ablate(*male.cells),)
    worlds = [World(mate=beside(x, y, male.form, at=0.5, gap_mm=0.0005, film_uN_per_mm=film)) for film in (0.0, 20.0)]
    run = simulate_animals(male, animals.iloc[[0, 0]], worlds, [still, still], duration_s=6.0, every_ms=100.0, seeds=[0, 0])
    slid_mm_s = np.hypot(*(np.diff(run[z].to_numpy()[1, [10, -1]].mean(axis=1))[0] for z in ("x_mm", "y_mm"))) / 5.0
    assert slid_mm_s < 0.005
    without, held = (min(least_gap_mm(run, k, f) for f in range(40, 60)) for k in (0, 1))
    assert held < 0.001  # in touch
    assert without > 0.002  # he straightens off her


def test_in_water_there_is_no_film(male, animals):
    x, y = start_pose(male)
    worlds = [World(dish=Dish(medium="water"), mate=beside(x, y, male.form, at=0.5, gap_mm=0.0005, film_uN_per_mm=film)) for film in (0.0, 20.0)]
    run = simulate_animals(male, animals.iloc[[0, 0]], worlds, duration_s=2.0, every_ms=100.0, seeds=[0, 0])
    np.testing.assert_array_equal(*run["x_mm"].to_numpy())


def test_what_his_rays_feel_fades_when_contact_ends(male, animals):
    """Without film, nerves and muscles his tail soon comes off her: cells of his rays stay depolarised the longer, the longer senses hold."""
    x, y = start_pose(male)
    two = animals.iloc[[0, 0]].assign(hold_s=[0.05, 2.0])
    worlds = [World(mate=beside(x, y, male.form, at=0.5, gap_mm=0.0005, film_uN_per_mm=0.0))] * 2
    still = (Ablate(*[c for c in male.cells if not re.fullmatch("R[1-9][AB][LR]", c)]),)
    run = simulate_animals(male, two, worlds, [still, still], duration_s=2.1, every_ms=100.0, seeds=[0, 0], record=["R*B*"])
    felt = run["signal"].sel(sense=[f"ray{k}" for k in range(1, 10)]).to_numpy()[0].max(axis=1)
    assert felt[1] > 0.2
    assert not felt[10:].any()
    v = run["v_mV"].to_numpy()[:, -1].max(axis=1)
    assert v[1] > v[0] + 10.0


def least_gap_mm(run, k, frame):
    """Least distance from surface to surface of male and mate, by all pairs of nodes."""
    here = run.isel(variant=k, time=frame)
    fine = np.linspace(0, 48, 481)
    mine, hers = (np.array([np.interp(fine, np.arange(49), here[z].to_numpy()) for z in names]) for names in
                  (("x_mm", "y_mm"), ("mate_x_mm", "mate_y_mm")))
    radius, her_radius = (np.interp(fine, np.arange(49), here[z].to_numpy()) for z in ("radius_mm", "mate_radius_mm"))
    return (np.hypot(mine[0][:, None] - hers[0], mine[1][:, None] - hers[1]) - radius[:, None] - her_radius).min()


@pytest.mark.parametrize("group", ["A", "B", "D", "head"])
def test_every_motor_class_reaches_muscle(worm, mover, group):
    assert gains_reach(worm, mover, group) > 0.01


def test_a_disconnected_class_is_caught(worm, mover):
    """The defect: B cells send nothing. The check above sees no difference between their release and its block."""
    rows = set(worm.rows(*GROUPS["B"]).tolist())

    def cut(edges):
        return dataclasses.replace(edges, weight=np.where(np.isin(edges.pre, list(rows)), np.float32(0), edges.weight))

    broken = dataclasses.replace(worm, excitatory=cut(worm.excitatory), inhibitory=cut(worm.inhibitory))
    assert gains_reach(broken, mover, "B") == 0


def bends_dorsally(worm, mover):
    """Check: driving the dorsal muscles bends the body dorsally."""
    run = simulate_animals(worm, mover, World.of("water"), [(ws.Stimulate("MDL1[0-5]", "MDR1[0-5]", current_pA=1.0),)], duration_s=0.4,
                           proprioception=False, tonic=False)
    from wormsim.metrics.gait import curvature_per_mm

    return float(np.mean(curvature_per_mm(run["x_mm"].to_numpy(), run["y_mm"].to_numpy())[0, -1]))


def test_dorsal_muscles_bend_dorsally_and_exchanged_rows_are_caught(worm, mover):
    assert bends_dorsally(worm, mover) > 0.2
    start, muscle, weight = worm.pull
    assert bends_dorsally(dataclasses.replace(worm, pull=(start, muscle, -weight)), mover) < -0.2


def test_stretch_receptors_at_work_and_a_broken_one_is_caught(worm, mover):
    """An animal that crawls by its stretch receptors does not without them, nor with their fields shifted to another group."""
    real = speed_of(worm, mover)[0]
    r = worm.receptors
    shifted = dataclasses.replace(worm, receptors=dataclasses.replace(r, group=(r.group + 1) % 3))
    for broken in (speed_of(worm, mover, proprioception=False)[0], speed_of(shifted, mover)[0]):
        assert abs(broken - real) > 0.3 * real


def test_thresholds_stay_those_of_the_intact_animal(worm, mover):
    low = lower(worm, mover)
    assert np.isfinite(low.v_half).all()
    assert np.abs(low.v_half - low.rest).max() <= 15.0 + 1e-9


def test_a_touch_that_nobody_feels_changes_nothing(worm, mover):
    """The twin: touched behind without PLM, the answer is 0 to the last bit, whatever the gait does meanwhile."""
    from wormsim.assays.gentle_touch_back import ASSAY

    acts = [(), (Ablate("PLM"),)]
    found = run_assay(ASSAY, worm, repeat(mover, 2), acts)["acceleration_mm_s"]
    assert found[1] == 0.0
    assert np.isfinite(found[0])
