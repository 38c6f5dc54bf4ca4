"""``python -m wormsim.engines.conformance``: what it prints, and what it says when the engines part."""

from __future__ import annotations

import pytest

from wormsim import catalog
from wormsim.engines import conformance, numba_engine

OPTIONS = ["--samples", "1", "--duration-ms", "65"]


@pytest.fixture(autouse=True)
def only_graded(monkeypatch):
    """One neuron model and two small networks, to be quick."""
    names, corners = catalog.names, conformance.corner_cases()
    monkeypatch.setattr(catalog, "names", lambda folder: ["graded"] if folder == "neurons" else names(folder))
    few = {name: corners[name] for name in ("delays of 0 to 33 steps", "simultaneous, delay 0")}
    monkeypatch.setattr(conformance, "corner_cases", lambda: few)


@pytest.mark.slow
def test_it_prints_every_engine_and_check(capsys):
    assert conformance.main(OPTIONS) == 0
    text = capsys.readouterr().out
    assert "The engines agree" in text
    for shown in ("graded: graded_chemical + gap_junction", "numba float32", "release blocked", "simultaneous, delay 0", "event"):
        assert shown in text
    assert "!" not in text


@pytest.mark.parametrize(("name", "off"), [("v", 1e-6), ("spikes", 1)])
def test_it_fails_when_the_engines_part(name, off, capsys, monkeypatch):
    run = numba_engine.run

    def wrong(*arguments, **options):
        raw = run(*arguments, **options)
        if name in raw:
            raw[name][..., -1, 3] += raw[name].dtype.type(off)
        return raw

    monkeypatch.setattr(numba_engine, "run", wrong)
    combinations = conformance.combinations
    monkeypatch.setattr(conformance, "combinations", lambda circuit, neuron: (combinations(circuit, neuron)[0][:1], []))
    assert conformance.main(OPTIONS) == 1
    text = capsys.readouterr().out
    assert "DISAGREE" in text
    assert " !" in text
