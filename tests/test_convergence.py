"""The error of every neuron model falls with the step as it should, and the command says so."""

import numpy as np
import pytest
from tiny import tiny_circuit

from wormsim.engines import convergence
from wormsim.engines.conformance import ray_circuit
from wormsim.model import Model
from wormsim.perturbations import Stimulate
from wormsim.readers import load_connectome


@pytest.fixture(scope="module")
def cases():
    return convergence.cases(ray_circuit(load_connectome("cook2019_male")))


def measured(cases, name):
    return convergence.error(*cases[name], steps_ms=(0.2, 0.1, 0.05), reference_ms=1 / 320, duration_ms=30.0)


@pytest.mark.parametrize("name", ["lif, no spikes", "adex, no spikes", "graded, weak synapses", "graded, published synapses"])
def test_coupled_cells_converge_with_first_order(cases, name):
    rows = measured(cases, name)
    assert (rows["spikes"] == 0).all()
    assert rows["error_mV"].iloc[0] > 1e-3, "there is an error to be seen"
    assert rows["order"][1:].between(0.85, 1.25).all(), rows


@pytest.mark.parametrize("name", ["lif, spikes", "adex, spikes"])
def test_with_spikes_the_mean_error_falls_with_first_order_roughly(cases, name):
    rows = measured(cases, name)
    assert (rows["spikes"] > 30).all()
    assert 0.6 < rows["order"][1:].mean() < 1.5, rows


def test_lone_leaky_cells_are_exact_at_any_step(cases):
    rows = measured(cases, "lif, lone cells, no spikes")
    assert (rows["error_mV"] < 1e-10).all()
    cell = Model.build(tiny_circuit(), "lif").perturbed(Stimulate("ASEL", current_pA=6.0))
    v, _ = convergence._run(cell, False, 0.2, 50.0)
    exact = -52.0 + 6.0 * (1 - np.exp(-np.arange(50.0) / 20.0))
    np.testing.assert_allclose(v[0, :, 0], exact, rtol=0, atol=1e-11)


def test_halving_tells_a_step_that_is_too_long():
    model = Model.build(tiny_circuit(), "graded").perturbed(Stimulate("sense", start_ms=5, current_pA=1.0))
    coarse, fine = (convergence.halving(model, duration_ms=40.0, dt_ms=dt) for dt in (1.0, 0.125))
    assert coarse["swing_mV"] > 1
    assert coarse["max_mV"] > 4 * fine["max_mV"] > 0
    assert convergence.halving(model, duration_ms=10.0)["dt_ms"] == model.neuron.dt_ms


def test_the_command_prints_a_row_for_each_case(cases, capsys, monkeypatch):
    monkeypatch.setattr(convergence, "DURATION_MS", 20.0)
    rows = {True: measured(cases, "lif, no spikes"), False: measured(cases, "lif, lone cells, no spikes")}
    monkeypatch.setattr(convergence, "error", lambda model, wired: rows[wired])
    monkeypatch.setattr(convergence, "cases", lambda circuit: {k: cases[k] for k in ("lif, no spikes", "lif, lone cells, no spikes")})
    assert convergence.main([]) == 0
    shown = capsys.readouterr().out
    assert "exact" in shown
    assert shown.count("lif, no spikes") == 2
