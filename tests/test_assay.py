"""An assay reads what it says it reads."""

import dataclasses

import numpy as np
import pytest
import xarray as xr
from tiny import tiny_circuit

from wormsim import catalog
from wormsim.assay import Assay, Contact
from wormsim.circuit import load_circuit
from wormsim.errors import InputError
from wormsim.recording import Recording
from wormsim.variants import Variants

TURN = catalog.load("assays", "mating_turn").ASSAY
TINY = Assay(
    name="tiny",
    behaviour="curl",
    source="made up",
    circuit="tiny",
    contacts=(Contact("sense", 20.0, 60.0),),
    readout={"ventral": 1.0, "dorsal": -1.0},
    duration_ms=60.0,
    baseline_ms=(0.0, 20.0),
    window_ms=(40.0, 60.0),
    min_response_mV=1.0,
    max_spontaneous=0.5,
    margin=0.5,
    stretch={"graded": 2.0},
    priors={},
    dt_ms={},
    limits="",
    every_ms=1.0,
)


def recording_of(ventral, dorsal, factor=1.0) -> Recording:
    v = np.stack([ventral, dorsal], axis=-1)[None]
    coords = {"time": np.arange(v.shape[1]) * factor, "cell": ["MVL20", "MDL20"]}
    return Recording(xr.Dataset({"v_mV": (("variant", "time", "cell"), v)}, coords))


@pytest.mark.parametrize("neuron", ["lif", "graded"])
def test_the_response_is_window_minus_baseline_ventral_minus_dorsal(neuron):
    model = TINY.build(tiny_circuit(), neuron)
    step = np.arange(60) >= 40
    r = recording_of(-50 + 5.0 * step, -60 + 2.0 * step, TINY.factor(model.neuron))
    assert TINY.response(r, model) == pytest.approx([3.0])


def test_drive_is_poisson_where_cells_spike_and_a_conductance_where_they_do_not():
    for neuron, key in (("lif", "rate_Hz"), ("graded", "g_nS")):
        model = TINY.build(tiny_circuit(), neuron)
        (stimulus,) = TINY.stimulus(model.neuron)
        named = getattr(stimulus, key)
        assert named in model.free
        assert stimulus.start_ms == 20 * TINY.factor(model.neuron)


def test_a_circuit_without_the_muscles_is_refused():
    with pytest.raises(InputError, match="diagonal"):
        TURN.build(tiny_circuit(), "lif")


def test_the_turn_drives_every_ray_and_reads_muscles_only():
    male = load_circuit("whole_male")
    assert TURN.driven(male) == set(male.select("rays_all"))
    muscles = [cell for group in TURN.readout for cell in male.groups[group]]
    assert (male.connectome.cells.loc[muscles, "kind"] == "muscle").all()
    assert len(muscles) == len(set(muscles))
    assert sum(w for w in TURN.readout.values() if w > 0) == pytest.approx(
        -sum(w for w in TURN.readout.values() if w < 0)
    )
    starts = {c.group: c.start_ms for c in TURN.contacts}
    assert starts["rays_posterior"] < starts["rays_middle"] < starts["rays_anterior"]


def test_an_ablated_muscle_pulls_at_nothing():
    model = TINY.build(tiny_circuit(), "lif")
    step = np.arange(60) >= 40
    r = recording_of(np.full(60, np.nan), -60 + 2.0 * step)
    assert TINY.response(r, model) == pytest.approx([-2.0])
    nothing = recording_of(np.full(60, np.nan), np.full(60, np.nan))
    assert np.isnan(TINY.response(nothing, model)).all()


def test_the_graded_step_is_fine_enough():
    """Responses at the assay's step and at a quarter of it; the criterion asks for half of a response."""
    model = TURN.build(load_circuit("male_turning"), "graded")
    stimulated = model.perturbed(*TURN.stimulus(model.neuron))
    variants = Variants.cross(model.sample(48, seed=3))
    coarse = TURN.response(TURN.run(stimulated, variants), model)
    fine_assay = dataclasses.replace(TURN, dt_ms={"graded": TURN.dt_ms["graded"] / 4})
    fine = fine_assay.response(fine_assay.run(stimulated, variants), model)
    turned = fine > 0.5
    assert turned.sum() >= 3
    assert np.abs(coarse[turned] / fine[turned] - 1).max() < 0.1
