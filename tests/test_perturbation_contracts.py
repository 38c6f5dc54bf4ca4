"""What every perturbation promises, over every file in ``wormsim/perturbations``: a new one is covered without an edit."""

import inspect
import json
import re
from pathlib import Path

import numpy as np
import pytest
from tiny import tiny_circuit

from wormsim import catalog
from wormsim.engines.conformance import TOLERANCE_MV, compare
from wormsim.model import Model
from wormsim.perturbation import Perturbation
from wormsim.perturbations import Stimulate
from wormsim.simulation import simulate
from wormsim.variants import Variants, effects

NAMES = catalog.names("perturbations")
CELLS, WINDOW = ("AIYL",), {"start_ms": 10.0, "stop_ms": 30.0}


def kind_of(name):
    return getattr(catalog.load("perturbations", name), "".join(word.capitalize() for word in name.split("_")))


def made(name, dose=1.0, **window):
    p = catalog.load("perturbations", name).example(CELLS, dose, **window)
    return p if p is not None else pytest.skip(f"{name} has no {'dose' if dose == 0 else 'window' if window else 'example alone'}")


def some(name):
    """One that does something: in a window where it can have one."""
    example = catalog.load("perturbations", name).example
    return example(CELLS, 1.0, **WINDOW) or example(CELLS, 1.0)


@pytest.fixture(scope="module", params=["lif", "graded"])
def model(request):
    drive = {"lif": 60.0, "graded": 0.1}[request.param]
    plain = Model.build(tiny_circuit(), request.param)
    given = [p for name in NAMES if (p := some(name)) is not None]
    return Stimulate("ASEL", "AIYL", current_pA=drive)(plain.prepared_for(*given))


def run(model, cases, **how):
    variants = Variants.cross(model.nominal(), cases)
    return simulate(model, variants, duration_ms=50, every_ms=0.5, check_step=False, **{"engine": "numba", **how})


@pytest.mark.parametrize("name", NAMES)
def test_a_file_has_its_class_and_an_example(name):
    module = catalog.load("perturbations", name)
    kind = kind_of(name)
    assert issubclass(kind, Perturbation)
    assert kind.write is not Perturbation.write or kind.alter is not Perturbation.alter or kind.parts is not Perturbation.parts \
        or name == "rescue"
    assert list(inspect.signature(module.example).parameters) == ["cells", "dose", "window"]
    p = module.example(CELLS, 1.0)
    assert p is None or type(p) is kind
    for q in (p.parameters if p is not None else ()):
        assert len(q.source) >= 8


def test_the_page_has_every_file_and_the_tests_that_it_names_are_there():
    tests = Path(__file__).parent
    text = (tests.parent / "docs" / "perturbations.md").read_text("utf-8")
    listed = {row[1] for row in re.finditer(r"^\| `(\w+)` \|", text, re.MULTILINE)}
    assert {kind_of(name).__name__ for name in NAMES} <= listed
    named = re.findall(r"`(test_\w+\.py): (test_\w+)`", text)
    assert len(named) >= 8
    for file, test in named:
        assert f"def {test}(" in (tests / file).read_text("utf-8"), (file, test)


@pytest.mark.parametrize("name", NAMES)
def test_it_is_pure(name, model):
    p = made(name)
    before, had = dict(vars(p)), model.perturbations
    changed = p(model)
    run(changed, {"x": ()})
    run(model, {"x": (p,)})
    assert vars(p) == before
    assert model.perturbations is had
    assert changed.perturbations[:-1] == had
    assert type(changed.perturbations[-1]) is type(p)


@pytest.mark.parametrize("name", NAMES)
def test_the_manifest_has_it(name, model):
    p = made(name)
    own = run(p(model), {"x": ()}).manifest["perturbations"][-1]
    case = run(model, {"intact": (), "x": (p,)}).manifest["cases"]
    assert case == {"intact": [], "x": [own]}
    assert own["name"] == type(p).__name__
    arguments = set(inspect.signature(type(p)).parameters) - {"start_ms", "stop_ms"}
    assert arguments <= {k for k in own if k != "name"} | {k for k in arguments if getattr(p, k, None) is None}, "all that was given"
    assert json.loads(json.dumps(own)) == own


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_dose_of_zero_is_the_identity_to_the_bit(name, model, dtype):
    nothing = made(name, 0.0, **WINDOW)
    found = run(model, {"intact": (), "nothing": (nothing,), "something": (some(name),)}, dtype=dtype).v_mV.values
    assert found[1].tobytes() == found[0].tobytes()
    assert found[2].tobytes() != found[0].tobytes()


@pytest.mark.parametrize("name", NAMES)
def test_nothing_happens_outside_of_the_window(name, model):
    p = made(name, 1.0, **WINDOW)
    found = run(model, {"intact": (), "x": (p,)}, dtype="float64").v_mV.values
    onset = round(WINDOW["start_ms"] / 0.5)
    assert found[1, :onset].tobytes() == found[0, :onset].tobytes()
    assert (found[1, onset:onset + 40] != found[0, onset:onset + 40]).any()
    before, during, after = effects(model, Variants.cross(model.nominal(), {"intact": (), "x": (p,)}), 0.5, 100)
    assert (during.start, during.stop) == (20, 60)
    for e in (before, after):
        assert e.network is None
        assert e.clamp_mV is None
        for x in (e.alive, e.release, e.current_pA, e.conductance_nS, e.conductance_reversal_pA):
            assert np.array_equal(x[:, 0], x[:, 1])
        assert np.array_equal(e.poisson.probability[:, 0], e.poisson.probability[:, 1])


def test_the_engines_agree(model):
    cases = {"intact": (), **{name: (p,) for name in NAMES if (p := some(name)) is not None}}
    rows = compare(model, Variants.cross(model.nominal(), cases), 50.0, every=1, engines=(("numba", "float64"),))
    assert (rows["max_difference_mV"] <= TOLERANCE_MV).all(), rows.to_string()
    assert not rows["spikes_equal"].isin([False]).any(), rows.to_string()
    others = rows[~rows["case"].isin(["intact", "ablate"])]
    assert (others["effect_mV"] > 1e-3).all(), rows.to_string()
