"""A model fills in what a wiring leaves open, and says what it filled in."""

import numpy as np
import pytest
from tiny import tiny_circuit

from wormsim.errors import InputError, UnknownNameError
from wormsim.model import Model
from wormsim.parameter import Parameter, Prior


def chemical(network):
    return next(p for p in network.pathways if p.synapse.kind == "chemical")


def test_nominal_strength_is_contacts_times_strength_per_contact():
    model = Model.build(tiny_circuit(), "lif", parameters={"w_contact_pA": 2.0})
    path = chemical(model.lower(model.nominal()))
    cells = list(model.circuit.connectome.cells.index)
    weight = {(cells[a], cells[b]): w for a, b, w in zip(path.pre, path.post, path.values["w"][:, 0], strict=True)}
    assert weight["ASEL", "AIYL"] == pytest.approx(18.0)
    assert weight["AIZL", "MVL20"] == pytest.approx(-8.0)
    assert abs(weight["ASEL", "AIZL"]) == pytest.approx(8.0)


def test_edges_are_sorted_and_gap_junctions_act_both_ways():
    network = Model.build(tiny_circuit(), "lif").lower(Model.build(tiny_circuit(), "lif").nominal())
    for path in network.pathways:
        assert list(zip(path.post, path.pre, strict=True)) == sorted(zip(path.post, path.pre, strict=True))
    gap = next(p for p in network.pathways if p.synapse.kind == "electrical")
    assert {(1, 2), (2, 1)} == set(zip(gap.pre.tolist(), gap.post.tolist(), strict=True))
    assert np.ptp(gap.values["g_gap"]) == 0


def test_unknown_signs_vary_over_samples_and_certain_ones_do_not():
    model = Model.build(tiny_circuit(), "lif")
    path = chemical(model.lower(model.sample(400, seed=1)))
    sign = np.sign(path.values["w"])
    unknown = np.flatnonzero((path.pre == 0) & (path.post == 2))[0]
    assert abs((sign[unknown] > 0).mean() - 0.5) < 0.1
    assert (np.delete(sign, unknown, axis=0).std(axis=1) == 0).all()


def test_an_uncertain_sign_fails_as_often_as_it_says():
    rows = [("ASEL", "AIYL", "chemical", 9.0, -1, 0.8), ("AIYL", "MVL20", "chemical", 3.0, 1, 1.0)]
    model = Model.build(tiny_circuit(rows), "lif")
    path = chemical(model.lower(model.sample(1000, seed=2)))
    edge = np.flatnonzero(path.pre == 0)[0]
    assert (path.values["w"][edge] < 0).mean() == pytest.approx(0.8, abs=0.04)


def test_contact_exponent_keeps_the_mean():
    fixed = {"contact_exponent": 0.5, "strength_spread": 0.0, "w_contact_pA": 1.0}
    model = Model.build(tiny_circuit(), "lif", parameters=fixed)
    w = np.abs(chemical(model.lower(model.sample(1, seed=0))).values["w"][:, 0])
    assert w.mean() == pytest.approx((9 + 4 + 16 + 4) / 4)
    assert w.max() / w.min() == pytest.approx(2.0)


def test_muscles_get_their_own_values():
    model = Model.build(tiny_circuit(), "lif")
    threshold = model.lower(model.sample(3, seed=0)).parameters["v_threshold"]
    assert np.isinf(threshold[3:]).all()
    assert np.isfinite(threshold[:3]).all()


def test_fixing_freeing_and_unknown_parameters():
    model = Model.build(tiny_circuit(), "lif", parameters={"tau_m_ms": Prior("uniform", 10, 30)})
    assert "tau_m_ms" in model.free
    assert "w_contact_pA" not in model.with_parameters({"w_contact_pA": 1.0}).free
    with pytest.raises(UnknownNameError, match="tau_m_ms"):
        model.with_parameters({"tau_m": 10.0})
    with pytest.raises(UnknownNameError, match="lif"):
        Model.build(tiny_circuit(), "lfi")
    with pytest.raises(InputError, match="defined twice"):
        Model.build(tiny_circuit(), "lif", extra=(Parameter("tau_m", 1.0, "ms", "", "guess"),))


def test_a_brian2_quantity_sets_a_parameter():
    from brian2 import ms

    assert Model.build(tiny_circuit(), "lif", parameters={"tau_m_ms": 15 * ms}).parameters[
        "tau_m_ms"
    ].value == pytest.approx(15.0)


def test_every_parameter_says_where_it_is_from():
    for neuron in ("lif", "adex", "graded"):
        table = Model.build(tiny_circuit(), neuron).parameter_table()
        assert (table["source"].str.len() > 5).all()


def test_unsigned_chemical_edges_are_an_error():
    circuit = tiny_circuit()
    from wormsim.circuit import Circuit
    from wormsim.connectome import Connectome

    bare = Connectome("bare", circuit.connectome.cells, circuit.connectome.edges[["pre", "post", "kind", "contacts"]])
    model = Model.build(Circuit("bare", bare, {}), "lif")
    with pytest.raises(InputError, match="no signs"):
        model.lower(model.nominal())
