"""In-silico pump-probe: what answers, what does not, and the layers and contacts that carry it."""

import numpy as np
import pytest

import wormsim as ws
from wormsim import catalog
from wormsim.errors import InputError, UnknownNameError
from wormsim.pump_probe import with_layers
from wormsim.studies._propagation_models import REAL, chunk_spec, model_of, respond, variations

PROBE = catalog.load("assays", "signal_propagation").ASSAY
CELLS = ["ALML", "ALMR", "AVDL", "AVDR", "AVAL", "AVAR", "AVM", "PVCL", "PVCR", "AVBL", "AVBR"]


@pytest.fixture(scope="module")
def circuit():
    whole = ws.load_circuit(PROBE.circuit)
    part = whole.connectome.select(*CELLS)
    return ws.Circuit("touch", part, {})


@pytest.fixture(scope="module")
def responses(circuit):
    model = PROBE.build(circuit)
    return PROBE.responses(model, model.sample(3, seed=2), CELLS, CELLS)


def test_the_stimulated_neuron_answers_most(responses):
    assert responses.shape == (3, len(CELLS), len(CELLS))
    for sample in responses:
        size = np.abs(sample)
        assert (np.diag(size) >= size.max(axis=1) - 1e-9).all()
        assert (np.diag(sample) > 0).all()  # the conductance pulls towards 0 mV


def test_a_batch_gives_what_one_stimulus_gives(circuit, responses):
    model = PROBE.build(circuit)
    alone = PROBE.responses(model, model.sample(1, seed=2, first=1), ["AVDL"], ["AVAL", "AVBR"])
    together = responses[1, CELLS.index("AVDL")][[CELLS.index("AVAL"), CELLS.index("AVBR")]]
    assert np.array_equal(alone[0, 0], together)


def test_half_the_step_gives_the_same_responses(circuit, responses):
    from dataclasses import replace

    finer = replace(PROBE, dt_ms=PROBE.dt_ms / 2)
    model = finer.build(circuit)
    half = finer.responses(model, model.sample(3, seed=2), CELLS, CELLS)
    assert np.corrcoef(np.log(np.abs(half) + 1e-12).ravel(), np.log(np.abs(responses) + 1e-12).ravel())[0, 1] > 0.999


def test_without_wiring_only_the_stimulated_neuron_answers(circuit):
    model = PROBE.build(circuit.without(pre="*", post="*"))
    alone = PROBE.responses(model, model.sample(1, seed=2), CELLS, CELLS)[0]
    assert (np.diag(alone) > 1).all()
    assert (alone[~np.eye(len(CELLS), dtype=bool)] == 0).all()


def test_gap_junctions_alone_are_symmetric_in_the_linear_range(circuit):
    """A passive network answers alike both ways: reciprocity."""
    from dataclasses import replace

    weak = replace(PROBE, g_nS=1e-5)
    model = weak.build(circuit.without(pre="*", post="*", kinds=("chemical",)))
    r = weak.responses(model, model.sample(1, seed=2), CELLS, CELLS)[0]
    off = ~np.eye(len(CELLS), dtype=bool) & (np.abs(r) > 1e-9)
    assert off.sum() > 20
    assert np.allclose(r[off], r.T[off], rtol=0.02)


def test_layers_rest_where_they_are_and_reach_who_has_no_synapse():
    whole = ws.load_circuit(PROBE.circuit)
    layered = with_layers(ws.Circuit("few", whole.connectome.select("ADE", "PDE", "AVA", "AIM"), {}), ["bentley2016_monoamine"])
    edges = layered.connectome.edges
    assert (edges["kind"] == "monoamine").any()
    assert edges.loc[edges["kind"] == "monoamine", "sign"].isna().all()
    model = PROBE.build(layered, parameters={"g_amine_contact_nS": 0.01})
    assert "slow_monoamine" in [s.name for s in model.synapses]
    rest = ws.simulate(model, ws.Variants.cross(model.sample(2, seed=1)), duration_ms=200, dt_ms=2, every_ms=50, dtype="float64",
                       check_step=False).v_mV.to_numpy()
    assert np.abs(rest[:, -1] - rest[:, 0]).max() < 1e-9
    with pytest.raises(InputError, match="another layer has brought"):
        with_layers(layered, ["bentley2016_monoamine"])
    with pytest.raises(InputError, match="has no peptide or monoamine edges"):
        with_layers(layered, ["cook2019_hermaphrodite"])


def test_a_layer_needs_the_release_that_it_follows(circuit):
    for neuron in ("lif", "graded"):
        model = ws.Model.build(circuit, neuron, ("slow_peptide",))
        with pytest.raises(InputError, match="add the synapse model 'graded_chemical'"):
            model.lower(model.nominal())


def test_bad_names_and_models_are_refused(circuit):
    model = PROBE.build(circuit)
    with pytest.raises(UnknownNameError, match="RIML"):
        PROBE.responses(model, model.sample(1), ["RIML"], CELLS)
    with pytest.raises(InputError, match="spikes"):
        PROBE.build(circuit, "lif")
    with pytest.raises(InputError, match="no behaviour that could be lost"):
        ws.rank("signal_propagation")


def spec_of(name: str, **more) -> dict:
    variation = variations({}, ("witvliet2021_8",), 1, 0, 0, 1)[name]
    return chunk_spec("signal_propagation", PROBE.circuit, variation, more, 1, [0, 3], CELLS[:2], CELLS)


def test_variations_change_the_wiring_that_they_say():
    edges = {name: model_of(spec_of(name))[1].circuit.connectome.edges for name in
             (REAL, "gap junctions alone", "all synapses excitatory", "contacts couple both ways", "animals pooled", "chemical reversed")}
    real = edges[REAL]
    chemical = real[real["kind"] == "chemical"]
    assert set(edges["gap junctions alone"]["kind"]) == {"electrical"}
    signed = edges["all synapses excitatory"]
    assert (signed.loc[signed["kind"] == "chemical", "sign"] == 1).all()
    contact = edges["contacts couple both ways"]
    contact = contact[contact["kind"] == "contact"]
    apart = chemical[chemical["pre"] != chemical["post"]]
    assert contact["contacts"].sum() == pytest.approx(apart["contacts"].sum())
    turned = edges["chemical reversed"]
    turned = turned[turned["kind"] == "chemical"]
    assert set(zip(turned["pre"], turned["post"], strict=True)) == set(zip(chemical["post"], chemical["pre"], strict=True))
    pooled = edges["animals pooled"].groupby("kind")["contacts"].sum()
    assert pooled.to_dict() == pytest.approx(real.groupby("kind")["contacts"].sum().to_dict())


def test_a_chunk_holds_one_column_a_sample():
    table = respond(spec_of(REAL))
    assert list(table.columns) == ["0", "3"]
    assert len(table) == 2 * len(CELLS)
    first = table["0"].to_numpy().reshape(2, len(CELLS))
    assert np.abs(first[0, 0]) == np.abs(first[0]).max()  # ALML is the first stimulated and the first recorded


def test_an_indicator_ranks_pairs_like_the_mean_potential(circuit, responses):
    """What the assay leaves out, saturation aside: 30 s of nuclear GCaMP6s after the pulse, averaged as the experimenters do."""
    from scipy.stats import spearmanr

    from wormsim.observables import observe
    from wormsim.observables.calcium import Calcium

    model = PROBE.build(circuit)
    cases = {"(none)": (), **{c: (ws.Stimulate(c, g_nS=PROBE.g_nS, e_mV=PROBE.e_mV, stop_ms=PROBE.pulse_ms),) for c in CELLS}}
    runs = ws.simulate(model, ws.Variants.cross(model.sample(1, seed=2), cases), duration_ms=30_000, dt_ms=PROBE.dt_ms, every_ms=50,
                       record=CELLS, dtype="float64", check_step=False)
    seen = observe(runs, Calcium(drive="sigmoid", indicator="gcamp6s", signal="fluorescence")).activity.to_numpy().mean(axis=1)
    order = [list(runs.dataset["cell"].to_numpy()).index(c) for c in CELLS]
    imaged = np.abs(seen[1:] - seen[:1])[:, order]
    off = ~np.eye(len(CELLS), dtype=bool)
    assert spearmanr(imaged[off], np.abs(responses[0])[off])[0] > 0.95
