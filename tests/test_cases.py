"""A screen lists every cell, pair, group or random set once, with the intact animal first."""

from itertools import combinations

import pytest
from tiny import tiny_circuit

from wormsim.cases import INTACT, Screen
from wormsim.circuit import load_circuit
from wormsim.errors import InputError, UnknownNameError
from wormsim.model import Model
from wormsim.perturbations import Ablate, BlockRelease, Silence
from wormsim.simulation import simulate
from wormsim.variants import Variants


def cells_of(cases):
    return {label: done[0].cells for label, done in cases.items() if done}


def test_each_neuron_once_and_muscles_only_when_named():
    cases = Screen(tiny_circuit()).single()
    assert list(cases) == [INTACT, "ASEL", "AIYL", "AIZL"]
    assert cases[INTACT] == ()
    assert all(type(done[0]) is Ablate for label, done in cases.items() if label != INTACT)
    assert cells_of(Screen(tiny_circuit(), "ventral").single()) == {"MVL20": ("MVL20",)}


def test_classes_are_taken_away_whole():
    touch = load_circuit("gentle_touch")
    screen = Screen(touch, "AVA", "AVB", by="class")
    assert cells_of(screen.single()) == {"AVA": ("AVAL", "AVAR"), "AVB": ("AVBL", "AVBR")}
    assert cells_of(screen.pairs()) == {"AVA + AVB": ("AVAL", "AVAR", "AVBL", "AVBR")}
    assert len(screen) == 2


def test_pairs_are_all_and_unordered():
    cases = Screen(tiny_circuit(), do=Silence).pairs()
    assert list(cells_of(cases).values()) == list(combinations(("ASEL", "AIYL", "AIZL"), 2))
    assert type(cases["ASEL + AIYL"][0]) is Silence


def test_groups_are_those_of_the_circuit():
    cases = Screen(tiny_circuit()).groups()
    assert cells_of(cases) == {"sense": ("ASEL",), "ventral": ("MVL20",), "dorsal": ("MDL20",)}
    assert list(Screen(tiny_circuit()).groups("dorsal")) == [INTACT, "dorsal"]
    with pytest.raises(UnknownNameError):
        Screen(tiny_circuit()).groups("left")


def test_random_sets_differ_and_belong_to_their_seed():
    screen = Screen(load_circuit("gentle_touch"))
    ten, five = screen.random(10, 3, seed=1), screen.random(5, 3, seed=1)
    assert len(ten) == 11
    assert list(ten)[:6] == list(five)
    assert all(len(set(cells)) == 3 for cells in cells_of(ten).values())
    assert len({frozenset(cells) for cells in cells_of(ten).values()}) == 10
    assert list(screen.random(10, 3, seed=2)) != list(ten)
    assert len(Screen(tiny_circuit()).random(3, 2, seed=0)) == 4


@pytest.mark.parametrize("make", [
    lambda s: s.random(4, 2, seed=0), lambda s: s.random(1, 4, seed=0), lambda s: s.random(0, 1, seed=0),
    lambda s: Screen(tiny_circuit(), by="side"), lambda s: Screen(s.circuit.with_connectome(s.circuit.connectome.select("MVL20"))),
])
def test_what_cannot_be_listed_is_refused(make):
    with pytest.raises(InputError):
        make(Screen(tiny_circuit()))


def test_a_screen_runs_with_a_perturbation_of_ones_own():
    model = Model.build(tiny_circuit(), "lif")
    cases = Screen(tiny_circuit(), do=lambda *cells: BlockRelease(*cells, start_ms=3)).pairs()
    found = simulate(model, Variants.cross(model.sample(2), cases), duration_ms=5)
    assert found.dataset["label"].values.tolist() == list(cases) * 2
    assert found.manifest["cases"]["ASEL + AIZL"][0]["cells"] == ["ASEL", "AIZL"]
