"""The pyloric circuit against an independent simulator's twelve networks, and what its cells do alone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import wormsim as ws
from wormsim import catalog
from wormsim.data import tables
from wormsim.engines import numba_engine
from wormsim.errors import InputError, UnknownNameError
from wormsim.metrics.bursts import pyloric_like, rhythm, spike_times
from wormsim.model import Model
from wormsim.neurons.prinz2004 import MODEL, published
from wormsim.samples import Samples

CELLS = ("ABPD", "LP", "PY")
SYNAPSES = {
    "AB_LP_glut_nS": "g_glut_nS[ABPD->LP]", "PD_LP_chol_nS": "g_chol_nS[ABPD->LP]", "AB_PY_glut_nS": "g_glut_nS[ABPD->PY]",
    "PD_PY_chol_nS": "g_chol_nS[ABPD->PY]", "LP_PD_glut_nS": "g_glut_nS[LP->ABPD]", "LP_PY_glut_nS": "g_glut_nS[LP->PY]",
    "PY_LP_glut_nS": "g_glut_nS[PY->LP]",
}
PHASES = ["PD_off_phase", "LP_on_phase", "LP_off_phase", "PY_on_phase", "PY_off_phase"]


@pytest.fixture(scope="module")
def reference() -> pd.DataFrame:
    return tables.read_csv("prinz2004_reference").set_index("id")


def parameters(row: pd.Series) -> dict[str, float]:
    return published(**{cell: int(row[cell]) for cell in CELLS}) | {key: float(row[c]) for c, key in SYNAPSES.items()}


def networks(rows: pd.DataFrame) -> tuple[Model, ws.Variants]:
    """One model, and a sample for each row."""
    values = pd.DataFrame([parameters(row) for _, row in rows.iterrows()], index=pd.RangeIndex(len(rows), name="sample"))
    model = Model.build(ws.load_circuit("pyloric"), "prinz2004", parameters=dict(values.iloc[0]))
    return model, ws.Variants.cross(Samples(values, 0))


def rhythms(rows: pd.DataFrame, start_ms: float, stop_ms: float, dtype: str = "float64"):
    model, variants = networks(rows)
    runs = ws.simulate(model, variants, duration_ms=stop_ms, every_ms=0.5, spikes=True, dtype=dtype).dataset
    return [rhythm([spike_times(runs["spikes"][k].sel(cell=cell), 0.5) for cell in CELLS], start_ms, stop_ms)
            for k in range(len(rows))]


def check(found, row: pd.Series, period: float, phase: float) -> None:
    ours = np.array([found.off[0], found.on[1], found.off[1], found.on[2], found.off[2]])
    print(row.name, round(found.period_ms, 1), row["period_ms"], np.abs(ours - row[PHASES].to_numpy(float)).max())
    assert pyloric_like(found)
    assert found.period_ms == pytest.approx(row["period_ms"], rel=period)
    np.testing.assert_allclose(ours, row[PHASES].to_numpy(float), atol=phase)
    if row.name != "PN11":
        np.testing.assert_allclose(found.spikes, row[["PD_spikes", "LP_spikes", "PY_spikes"]].to_numpy(float), atol=0.5)


def test_three_networks_have_the_period_and_the_phases_of_an_independent_simulator(reference):
    rows = reference.loc[["PN01", "PN05", "PN07"]]
    for found, (_, row) in zip(rhythms(rows, 3000.0, 8000.0), rows.iterrows(), strict=True):
        check(found, row, 0.002, 0.003)


@pytest.mark.slow
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_all_twelve_networks(reference, dtype):
    rows = reference.drop(index="PN11")
    assert len(rows) == 11
    for found, (_, row) in zip(rhythms(rows, 10_000.0, 20_000.0, dtype), rows.iterrows(), strict=True):
        check(found, row, 0.02, 0.02)
    # Its cycles last from 1720 to 1880 ms, no two alike: five of them say too little.
    irregular = reference.loc[["PN11"]]
    (found,) = rhythms(irregular, 10_000.0, 50_000.0, dtype)
    assert found.period_cv > 0.01
    check(found, irregular.iloc[0], 0.02, 0.03)


def test_a_pacemaker_alone_bursts_and_followers_are_silenced_with_it():
    """Without LP and PY the published cell AB/PD 5 bursts every 1640 ms (isolated, in the same independent simulator)."""
    model = Model.build(ws.load_circuit("pyloric"), "prinz2004", parameters=published(ABPD=5, LP=2, PY=5))
    alone = ws.Variants.cross(model.nominal(), {"alone": [ws.Ablate("LP", "PY")]})
    runs = ws.simulate(model, alone, duration_ms=8000, every_ms=0.5, spikes=True, dtype="float64").dataset
    found = rhythm([spike_times(runs["spikes"][0].sel(cell="ABPD"), 0.5)], 3000.0, 8000.0)
    assert found.period_ms == pytest.approx(1640.0, rel=0.005)
    assert found.duty[0] * found.period_ms == pytest.approx(644.0, rel=0.01)


def test_spikes_are_upward_crossings_of_the_trace():
    model = Model.build(ws.load_circuit("pyloric"), "prinz2004", parameters=published(ABPD=5, LP=2, PY=5))
    runs = ws.simulate(model, duration_ms=300, every_ms=0.025, spikes=True, dtype="float64").dataset
    above = runs["v_mV"][0].to_numpy() > -20.0
    crossed = (above[1:] & ~above[:-1])
    assert crossed.sum() >= 5
    # a frame holds the state at its start and the spikes of the step that follows
    np.testing.assert_array_equal(runs["spikes"][0].to_numpy()[:-1] > 0, crossed)


@pytest.mark.parametrize("dtype", ["float64", pytest.param("float32", marks=pytest.mark.slow)])
def test_no_voltage_overflows(dtype):
    """The step stays finite and the gates within 0 and 1, however far a cell is pushed."""
    model = Model.build(ws.load_circuit("pyloric"), "prinz2004")
    pushed = {f"{pA:g}": [ws.Stimulate("*", current_pA=pA)] for pA in (-5e5, -1e5, 1e5, 1e7)}
    gates = (*(gate for gate in MODEL.initial if gate[0] in "mh"), "s_glut", "s_chol")
    runs = ws.simulate(model, ws.Variants.cross(model.nominal(), pushed), duration_ms=200, states=gates, dtype=dtype,
                       on_failure="mark").dataset
    for gate in gates:
        x = runs[gate].to_numpy()
        assert np.isfinite(x).all(), gate
        assert x.min() >= -1e-6, gate
        assert x.max() <= 1 + 1e-6, gate
    assert np.abs(runs["v_mV"]).max() > 1e3


def test_published_cells_are_named_or_refused():
    values = published(LP=3)
    assert values["g_KCa_mS_cm2[LP]"] == 5.0
    assert len(values) == 8
    with pytest.raises(UnknownNameError, match="LP"):
        published(LPP=1)
    with pytest.raises(InputError, match="LP 1 to 5"):
        published(LP=6)
    assert {p.symbol: p.value for p in MODEL.parameters if p.symbol.startswith("g_")} == {
        key.partition("_mS")[0]: value for key, value in published(ABPD=1).items()}


@pytest.mark.parametrize("change", [
    {"reset": "v = -60*mV"},
    {"equations": MODEL.equations.replace("/C_m : volt", "/C_m : volt (unless refractory)")},
])
def test_crossings_go_without_reset_and_refractory_states(change):
    model = Model.build(ws.load_circuit("pyloric"), replace(MODEL, name="other", **change))
    with pytest.raises(InputError, match="upward crossing"):
        ws.simulate(model, duration_ms=1)


def test_events_that_push_the_threshold_are_refused():
    synapse = replace(catalog.load("synapses", "exponential").MODEL, on_pre="v_post += w", edge=(), poisson_target="v")
    with pytest.raises(InputError):
        numba_engine.cache.kernel(MODEL, (synapse,), "lanes", "float64")
