"""The comparison with the independent simulator as a study, over a shorter time than the experiment's."""

from __future__ import annotations

import pytest

from wormsim.errors import InputError
from wormsim.experiment import load_experiment
from wormsim.runner import Runner
from wormsim.studies import pyloric_reference

SHORT = {"settle_ms": 3000.0, "duration_ms": 8000.0, "irregular_ms": 9000.0}


@pytest.fixture(scope="module")
def result(tmp_path_factory):
    """Three regular networks that settle soon, and the irregular one."""
    some = pyloric_reference.reference().loc[["PN01", "PN05", "PN07", "PN11"]]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pyloric_reference, "reference", lambda: some)
        return pyloric_reference.run(load_experiment("pyloric_reference", SHORT).spec,
                                     Runner(tmp_path_factory.mktemp("reference"), jobs=1, progress=False))


def test_the_regular_networks_agree_closely(result):
    networks = result.tables["networks"].set_index("network")
    assert list(networks.index) == ["PN01", "PN05", "PN07", "PN11"]
    regular = networks.drop(index="PN11")
    assert regular["agrees"].all()
    assert regular["period_error"].abs().max() < 0.002
    assert regular["largest phase_error"].max() < 0.005
    for cell in ("PD", "LP", "PY"):
        assert (regular[f"{cell}_spikes"] - regular[f"theirs {cell}_spikes"]).abs().max() < 0.5
    assert networks["PD, LP, PY in order"].all()
    verdicts = result.scores.set_index("group")["verdict"]
    assert verdicts["PN11"].endswith("(irregular)")
    assert not verdicts["PN01"].endswith("(irregular)")


def test_the_figure_has_a_row_a_network(result):
    axes, = result.figures["bursts"].draw().axes
    assert len(axes.get_yticks()) == 4


def test_a_table_that_says_something_else_is_not_agreed_with(monkeypatch, tmp_path):
    wrong = pyloric_reference.reference().loc[["PN01", "PN05"]]
    wrong.loc["PN01", "period_ms"] *= 1.03
    wrong.loc["PN05", "LP_on_phase"] += 0.03
    monkeypatch.setattr(pyloric_reference, "reference", lambda: wrong)
    result = pyloric_reference.run(load_experiment("pyloric_reference", SHORT).spec, Runner(tmp_path, jobs=1, progress=False))
    assert not result.tables["networks"]["agrees"].any()
    assert result.scores.set_index("group").loc["all", "verdict"] == "0 of 2"


def test_a_window_that_ends_before_it_begins_is_refused():
    with pytest.raises(InputError, match="must lie before"):
        pyloric_reference.check(load_experiment("pyloric_reference", {"settle_ms": 20_000.0}).spec)
