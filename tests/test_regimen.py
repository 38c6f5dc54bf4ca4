"""What the perturbations of one animal mean for each other: rescues, cells that are gone, opsins, the order."""

import numpy as np
import pytest
from tiny import tiny_circuit

from wormsim.errors import DataWarning, InputError
from wormsim.model import Model
from wormsim.perturbations import Ablate, BlockRelease, Clamp, Genotype, Rescue, Scale, Silence, Stimulate
from wormsim.simulation import simulate
from wormsim.variants import Variants, effects


@pytest.fixture(scope="module")
def model():
    return Stimulate("ASEL", current_pA=60.0)(Model.build(tiny_circuit(), "lif"))


def sheet(model, **cases):
    return effects(model, Variants.cross(model.nominal(), cases), 0.5, 100)


@pytest.mark.parametrize("late", [Silence("AIYL", "AIZL"), Stimulate("AIYL", current_pA=1), BlockRelease("AIYL"),
                                  Clamp("AIYL", v_mV=-50), Ablate("AIYL", "ASEL")])
def test_what_is_done_to_an_ablated_cell_is_counted_and_named(model, late):
    with pytest.warns(DataWarning, match=r"1 perturbation\(s\) of cells that are ablated already.*AIYL") as caught:
        sheet(model, a=(Ablate("AIYL"), late), b=(Ablate("AIYL"), late), c=())
    assert len(caught) == 1


def test_the_order_decides_and_perturbations_of_connections_are_not_meant(model, recwarn):
    sheet(model, a=(Silence("AIYL"), Ablate("AIYL")), b=(Ablate("ASEL"),), c=(Ablate("AIYL"), Scale("*", factor=0.5)))
    assert not recwarn.list


def test_a_perturbation_of_the_model_may_have_ablated_it(model):
    with pytest.warns(DataWarning, match="ablated already"):
        sheet(model.ablate("AIYL"), a=(Silence("AIYL"),))


def test_a_rescue_undoes_in_its_cells_what_the_model_or_the_variant_does(model):
    lesion = Ablate("AIYL", "AIZL")
    (e,) = sheet(model, a=(lesion,), b=(lesion, Rescue("AIYL", of=lesion)), c=(lesion, Rescue("AIYL", "AIZL", of=Ablate("AIYL", "AIZL"))))
    assert [(~e.alive[:, k]).nonzero()[0].tolist() for k in range(3)] == [[1, 2], [2], []]
    mutant = model.perturbed(lesion)
    (e,) = sheet(mutant, a=(), b=(Rescue("AIZL", of=lesion),))
    assert [(~e.alive[:, k]).nonzero()[0].tolist() for k in range(2)] == [[1, 2], [1]]
    quiet = Silence("AIYL", "ASEL", start_ms=10)
    held, after = sheet(model, a=(quiet, Rescue("ASEL", of=quiet)))
    assert not held.conductance_nS.any()
    assert after.conductance_nS[:, 0].tolist() == [0, 10, 0, 0, 0]


def test_a_whole_rescue_is_the_intact_animal_to_the_bit(model):
    lesion, block = Ablate("AIYL"), Scale("AIYL", factor=0.2)
    cases = {"intact": (), "a": (lesion, Rescue("AIYL", of=lesion)), "b": (block, Rescue("AIYL", of=block))}
    v = simulate(model, Variants.cross(model.nominal(), cases), duration_ms=40).v_mV.values
    assert v[1].tobytes() == v[0].tobytes()
    assert v[2].tobytes() == v[0].tobytes()


def test_a_rescued_cell_may_be_perturbed_again(model, recwarn):
    lesion = Ablate("AIYL")
    sheet(model, a=(lesion, Rescue("AIYL", of=lesion), Silence("AIYL")))
    assert not recwarn.list


def test_what_was_rescued_no_longer_excludes_anything(model):
    held = Clamp("AIYL", "ASEL", v_mV=-40)
    (e,) = sheet(model, a=(held, Rescue("AIYL", of=held), Clamp("AIYL", v_mV=-60)))
    assert e.clamp_mV[:2, 0].tolist() == [-40, -60]


def test_a_rescue_from_nothing_is_refused(model):
    lesion = Ablate("AIYL")
    for done in ((Rescue("AIYL", of=lesion),), (Rescue("AIYL", of=lesion), lesion), (Silence("AIYL"), Rescue("AIYL", of=lesion))):
        with pytest.raises(InputError, match="not done to this animal"):
            sheet(model, a=done)
    with pytest.raises(InputError, match="does nothing to AIZL"):
        sheet(model, a=(lesion, Rescue("AIYL", "AIZL", of=lesion)))
    for wrong in ("AIYL", Rescue("AIYL", of=lesion)):
        with pytest.raises(InputError, match="not a perturbation that can be undone"):
            Rescue("AIYL", of=wrong)


def test_the_manifest_tells_the_rescue(model):
    g = Genotype("eat-4", "unc-17")
    found = simulate(model, Variants.cross(model.nominal(), {"x": (g, Rescue("ASEL", of=g))}), duration_ms=2).manifest["cases"]["x"]
    assert found[1] == {"name": "Rescue", "cells": ["ASEL"], "of": found[0]}


def test_variants_of_one_label_that_differ_are_both_in_the_manifest(model):
    from wormsim.variants import Variant

    made = tuple(Variant("x", 0, 0, done) for done in ((Ablate("AIYL"),), (Ablate("AIZL"),), (Ablate("AIYL"),)))
    cases = simulate(model, Variants(model.nominal(), made), duration_ms=2).manifest["cases"]
    assert {k: v[0]["cells"] for k, v in cases.items()} == {"x": ["AIYL"], "x (2)": ["AIZL"]}


def test_one_stimulus_of_many_variants_draws_for_each_its_own_events(model):
    """What several variants have at the same place is written once; each keeps its own stream."""
    drive = Stimulate("AIYL", rate_Hz=400, size_pA=20)
    variants = Variants.cross(model.nominal(), {"a": (drive,), "b": (Ablate("AIZL"), drive), "c": (drive,)}, seeds=(0, 1))
    (e,) = effects(model, variants, 0.5, 100)
    assert len(e.poisson.cell) == 2
    v = simulate(model, variants, duration_ms=50).v_mV.values
    assert v[0].tobytes() == v[2].tobytes() != v[3].tobytes()
    alone = simulate(model, Variants.cross(model.nominal(), {"a": (drive,)}, seeds=(1,)), duration_ms=50).v_mV.values
    assert alone[0].tobytes() == v[3].tobytes()
    assert np.isnan(v[1]).any()
