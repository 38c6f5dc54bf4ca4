"""engine="auto" goes by the model alone, says why, and can be overruled."""

import numpy as np
import pytest
from tiny import tiny_circuit

from wormsim.engines import choice
from wormsim.model import Model
from wormsim.perturbations import Ablate, Clamp, Scale, Silence, Stimulate
from wormsim.simulation import simulate
from wormsim.variants import Variants

ROWS = [("ASEL", "AIYL", "chemical", 9.0, 1, 1.0), ("AIYL", "MVL20", "chemical", 16.0, 1, 1.0)]


@pytest.fixture
def small(monkeypatch):
    """As if five cells were many."""
    monkeypatch.setattr(choice, "EVENT_FROM_CELLS", 5)


def test_a_worm_runs_on_numba():
    manifest = simulate(Model.build(tiny_circuit(ROWS), "lif"), duration_ms=5).manifest
    assert manifest["engine"] == "numba"
    assert "5 cells" in manifest["engine_reason"]


@pytest.mark.usefixtures("small")
def test_many_quiet_linear_cells_run_on_events():
    model = Model.build(tiny_circuit(ROWS), "lif").perturbed(Stimulate("sense", rate_Hz=20.0, size_pA=50.0))
    for variants in (None, Variants.cross(model.nominal(), {"intact": (), "lesion": (Ablate("AIYL"),)})):
        manifest = simulate(model, variants, duration_ms=5).manifest
        assert manifest["engine"] == "event"
        assert "5 linear spiking cells with 4 Poisson events" in manifest["engine_reason"]
    asked = simulate(model, duration_ms=5, engine="numba").manifest
    assert (asked["engine"], asked["engine_reason"]) == ("numba", "asked for")


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize(("build", "why"), [
    (lambda: Model.build(tiny_circuit(), "lif"), "gap_junction is not an event synapse"),
    (lambda: Model.build(tiny_circuit(ROWS), "graded"), "graded_chemical is not an event synapse"),
    (lambda: Model.build(tiny_circuit(ROWS), "adex"), "instead of v and one synaptic state"),
    (lambda: Model.build(tiny_circuit(ROWS), "lif").perturbed(Stimulate("sense", rate_Hz=500.0, size_pA=1.0)), "100 Poisson events"),
    (lambda: Clamp("AIYL", v_mV=-60.0)(Model.build(tiny_circuit(ROWS), "lif")), "Clamp('AIYL') is not for the event engine"),
    (lambda: Silence("AIYL")(Model.build(tiny_circuit(ROWS), "lif")), "Silence('AIYL') is not for the event engine"),
    (lambda: Scale("*", factor=0.5, start_ms=2)(Model.build(tiny_circuit(ROWS), "lif")), "Scale('*') is not for the event engine"),
    (lambda: Stimulate("AIYL", current_pA=1.0, tau_on_ms=2.0)(Model.build(tiny_circuit(ROWS), "lif")), "instead of v and one"),
])
def test_everything_else_runs_on_numba_and_says_why(build, why):
    manifest = simulate(build(), duration_ms=5).manifest
    assert manifest["engine"] == "numba"
    assert why in manifest["engine_reason"]


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("done", [Scale("*", factor=0.5), Silence("AIYL", current_pA=5.0)])
def test_what_holds_for_the_whole_run_may_run_on_events(done):
    assert simulate(done(Model.build(tiny_circuit(ROWS), "lif")), duration_ms=5).manifest["engine"] == "event"


def test_the_command_measures_both_engines(capsys):
    assert choice.main(["--cells", "60", "--variants", "2"]) == 0
    assert capsys.readouterr().out.count("\n     60") == 3
    row = choice.measure(60, 0.3, 2, 5, 50.0)
    assert row["spikes_per_s"] > 1
    assert np.isfinite([row["numba"], row["event"]]).all()
