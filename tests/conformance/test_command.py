"""``python -m wormsim.engines.conformance``: what it prints, and what it says when the engines part."""

from __future__ import annotations

import pytest

from wormsim import catalog
from wormsim.engines import conformance, numba_engine


@pytest.fixture
def only_graded(monkeypatch):
    """One neuron model, to be quick."""
    names = catalog.names
    monkeypatch.setattr(catalog, "names", lambda folder: ["graded"] if folder == "neurons" else names(folder))


OPTIONS = ["--samples", "1", "--duration-ms", "65", "--samples-timed", "1", "--timed-ms", "10"]


def test_it_prints_differences_and_wall_times(only_graded, capsys):
    assert conformance.main(OPTIONS) == 0
    text = capsys.readouterr().out
    assert "The engines agree" in text
    assert "graded_chemical + gap_junction" in text
    assert "Brian2/float64" in text


def test_it_fails_when_the_engines_part(only_graded, capsys, monkeypatch):
    run = numba_engine.run

    def off(*arguments, **options):
        raw = run(*arguments, **options)
        raw["v"][..., -1, 3] += 1e-6
        return raw

    monkeypatch.setattr(numba_engine, "run", off)
    assert conformance.main([*OPTIONS[:-4], "--samples-timed", "0"]) == 1
    assert "DISAGREE" in capsys.readouterr().out
