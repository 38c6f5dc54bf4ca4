"""Perturbations are pure, resolve their cells, and write what they do into each variant and stretch of time."""

import numpy as np
import pytest
from tiny import tiny_circuit

from wormsim.errors import DataWarning, EmptySelectionError, InputError, UnknownNameError
from wormsim.model import Model
from wormsim.perturbations import Ablate, BlockRelease, Silence, Stimulate
from wormsim.variants import Variants, effects, stream_of

DT = 0.5


@pytest.fixture
def model():
    return Model.build(tiny_circuit(), "lif")


def sheet(model, cases, steps=100, samples=None):
    return effects(model, Variants.cross(samples or model.nominal(), cases), DT, steps)


def test_a_perturbation_leaves_the_model_as_it_was(model):
    lesioned = Ablate("AIY")(model)
    assert model.perturbations == ()
    assert lesioned.perturbations[0].resolved == ("AIYL",)
    assert model.ablate("AIY").perturbations[0].describe() == {"name": "Ablate", "cells": ["AIYL"], "start_ms": 0.0}


def test_nothing_done_is_nothing_written(model):
    (only,) = sheet(model, {"intact": ()})
    assert only.alive.all()
    assert only.release.all()
    assert not only.current_pA.any()
    assert not only.conductance_nS.any()
    assert len(only.poisson.cell) == 0


def test_ablation_holds_for_one_variant_and_all_time(model):
    segments = sheet(
        model, {"intact": (), "lesion": (Ablate("AIYL"), Stimulate("ASEL", start_ms=10, stop_ms=20, current_pA=3))}
    )
    assert [(s.start, s.stop) for s in segments] == [(0, 20), (20, 40), (40, 100)]
    for s in segments:
        assert s.alive[:, 0].all()
        assert s.alive[:, 1].tolist() == [True, False, True, True, True]


def test_windows_are_cut_at_onset_and_offset(model):
    cases = {
        "a": (Silence("AIZL", start_ms=5, stop_ms=10, g_nS=2, e_mV=-80),),
        "b": (BlockRelease("AIYL", start_ms=8),),
    }
    segments = sheet(model, cases)
    assert [(s.start, s.stop) for s in segments] == [(0, 10), (10, 16), (16, 20), (20, 100)]
    assert [s.conductance_nS[2, 0] for s in segments] == [0, 2, 2, 0]
    assert [s.conductance_reversal_pA[2, 0] for s in segments] == [0, -160, -160, 0]
    assert [bool(s.release[1, 1]) for s in segments] == [True, True, False, False]
    assert all(s.conductance_nS[:, 1].sum() == 0 for s in segments)


def test_stimuli_add_and_a_zero_dose_is_the_identity(model):
    (s,) = sheet(
        model,
        {"x": (Stimulate("ASEL", current_pA=3), Stimulate("ASEL", current_pA=4), Stimulate("AIYL", current_pA=0))},
    )
    assert s.current_pA[0, 0] == 7
    assert s.current_pA[1:].sum() == 0


def test_poisson_rates_become_chances_and_sources_stay_apart(model):
    (s,) = sheet(
        model, {"x": (Stimulate("sense", rate_Hz=40, size_pA=5), Stimulate("sense", rate_Hz=10, size_pA=1)), "y": ()}
    )
    assert s.poisson.probability[:, 0].tolist() == [0.02, 0.005]
    assert s.poisson.probability[:, 1].tolist() == [0, 0]
    assert len(set(s.poisson.source)) == 2


def test_a_stimulus_may_follow_a_sampled_parameter(model):
    samples = model.sample(3, seed=0)
    segments = sheet(model, {"x": (Stimulate("ASEL", current_pA="w_contact_pA"),)}, samples=samples)
    assert np.allclose(segments[0].current_pA[0], samples.values["w_contact_pA"])
    with pytest.raises(UnknownNameError, match="w_contact_pA"):
        sheet(model, {"x": (Stimulate("ASEL", current_pA="w_contact"),)})


@pytest.mark.parametrize(
    "make",
    [
        lambda: Ablate(),
        lambda: Stimulate("ASEL", start_ms=5, stop_ms=5),
        lambda: Stimulate("ASEL", start_ms=-1),
        lambda: Stimulate("ASEL", current_pA=float("nan")),
        lambda: Stimulate("ASEL", rate_Hz=-1),
        lambda: Silence("ASEL", g_nS=-1),
    ],
)
def test_what_makes_no_sense_is_refused(make):
    with pytest.raises(InputError):
        make()


def test_unknown_and_empty_selections_say_so(model):
    with pytest.raises(UnknownNameError, match="AIY"):
        model.ablate("AIYX")
    with pytest.raises(EmptySelectionError):
        model.ablate("Z*")
    with pytest.raises(InputError, match="more than one Poisson event"):
        sheet(model, {"x": (Stimulate("ASEL", rate_Hz=5000, size_pA=1),)})


def test_siblings_share_their_noise_and_others_do_not(model):
    variants = Variants.cross(model.sample(3, seed=0), {"a": (), "b": (Ablate("AIYL"),)}, seeds=(0, 1))
    table = variants.table()
    assert len(table) == 12
    assert table.groupby(["sample", "stream"]).size().eq(2).all()
    assert table["stream"].nunique() == 6
    assert stream_of(1, 2) != stream_of(2, 1)
    assert len({stream_of(seed, 3, trial) for seed in range(4) for trial in range(4)}) == 16, "no two runs share a stream"
    with pytest.raises(InputError, match=r"2\*\*32"):
        stream_of(2**32, 0)


def test_a_conductance_drives_no_further_than_its_reversal(model):
    (s,) = sheet(model, {"x": (Stimulate("ASEL", g_nS=2, e_mV=-10),)})
    assert s.conductance_nS[0, 0] == 2
    assert s.conductance_reversal_pA[0, 0] == -20
    with pytest.raises(InputError, match="negative"):
        Stimulate("ASEL", g_nS=-1)


@pytest.mark.parametrize("late", [Stimulate("ASEL", start_ms=60, current_pA=1), Silence("ASEL", start_ms=10, stop_ms=10.1)])
def test_a_perturbation_without_a_step_to_act_in_is_said(model, late):
    with pytest.warns(DataWarning, match="1 perturbation"):
        sheet(model, {"x": (late,)})


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "nothing to drive with"),
        ({"e_mV": -10}, "nothing to drive with"),
        ({"size_pA": 5}, "size alone"),
        ({"rate_Hz": 40}, "give size_pA"),
        ({"rate_Hz": 40, "size_pA": 0}, "give size_pA"),
        ({"rate_Hz": "rate_drive_Hz"}, "give size_pA"),
        ({"current_pA": 3, "size_pA": 5}, "give rate_Hz"),
    ],
)
def test_a_stimulus_that_drives_nothing_is_refused(given, said):
    with pytest.raises(InputError, match=said):
        Stimulate("ASEL", **given)


@pytest.mark.parametrize(
    "given", [{"current_pA": 0}, {"g_nS": 0}, {"rate_Hz": 0}, {"rate_Hz": 0, "size_pA": 5}, {"current_pA": 1, "size_pA": 0}]
)
def test_a_dose_of_zero_that_is_given_is_allowed_and_described_in_numbers(model, given):
    (s,) = sheet(model, {"x": (Stimulate("ASEL", **given),)})
    assert s.current_pA[0, 0] == given.get("current_pA", 0)
    assert len(s.poisson.cell) == 0
    told = Stimulate("ASEL", **given).describe()
    assert {k: told[k] for k in ("current_pA", "rate_Hz", "size_pA", "g_nS", "e_mV")} == {
        "current_pA": 0, "rate_Hz": 0, "size_pA": 0, "g_nS": 0, "e_mV": 0, **given}
