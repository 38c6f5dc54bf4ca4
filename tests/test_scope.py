"""Scoped parameters reach the cells and connections that they name and no others, fixed, sampled and in settings."""

import numpy as np
import pytest
from tiny import tiny_circuit

from wormsim.circuit import load_circuit
from wormsim.errors import InputError, UnknownNameError
from wormsim.model import Model
from wormsim.parameter import Prior
from wormsim.scope import Scope, general_key, parse
from wormsim.validation import apply_overrides, parse_overrides


@pytest.fixture(scope="module")
def pyloric():
    return load_circuit("pyloric")


def lowered(model, samples=None):
    return model.lower(model.nominal() if samples is None else samples)


def edges(network, kind="chemical", symbol="w"):
    path = next(p for p in network.pathways if p.synapse.kind == kind)
    names = np.array(network.cells)
    return dict(zip(zip(names[path.pre], names[path.post], strict=True), path.values[symbol], strict=True))


def test_keys_are_taken_apart():
    assert parse("tau_m_ms") is None
    assert parse("tau_m_ms[AVA]") == Scope("tau_m_ms", "AVA")
    assert parse(" g_nS[ AVA -> VA* ] ") == Scope("g_nS", "AVA", "VA*")
    assert parse("tau_m_ms[CP0[1-6]]") == Scope("tau_m_ms", "CP0[1-6]")
    assert str(parse("g_nS[ AVA -> VA* ]")) == "g_nS[AVA->VA*]"
    assert general_key("g_nS[AVA->VA]") == general_key("g_nS") == "g_nS"


@pytest.mark.parametrize("text", ["tau_m_ms[", "tau_m_ms[]", "tau_m_ms[AVA", "[AVA]", "w_pA[AVA->]", "w_pA[->AVA]"])
def test_half_a_scope_is_an_error(text):
    with pytest.raises(InputError, match=r"KEY\[CELLS\]"):
        parse(text)


def test_the_general_value_holds_elsewhere_and_the_last_scope_where_they_overlap():
    model = Model.build(tiny_circuit(), "lif", parameters={
        "tau_m_ms[*]": 30.0, "tau_m_ms[ASEL]": 5.0, "tau_m_ms": 12.0, "tau_m_ms[kind=muscle]": 40.0})
    network = lowered(model)
    tau = dict(zip(network.cells, network.parameters["tau_m"][:, 0], strict=True))
    assert tau["ASEL"] == 5.0
    assert tau["AIYL"] == 30.0
    assert tau["MVL20"] == 40.0
    again = lowered(model.with_parameters({"tau_m_ms[*]": 7.0}))
    assert set(again.parameters["tau_m"].ravel()) == {7.0}


def test_a_scope_of_muscles_comes_before_what_muscles_have():
    model = Model.build(tiny_circuit(), "lif", parameters={"v_threshold_mV[MVL20]": -40.0})
    assert lowered(model).parameters["v_threshold"][3, 0] == -40.0


def test_a_connection_has_its_own_strength_and_keeps_its_contacts():
    model = Model.build(tiny_circuit(), "lif", parameters={"w_contact_pA": 1.0, "w_contact_pA[ASE->AIY]": 10.0})
    before, after = edges(lowered(Model.build(tiny_circuit(), "lif", parameters={"w_contact_pA": 1.0}))), edges(lowered(model))
    assert after["ASEL", "AIYL"] == pytest.approx(10 * before["ASEL", "AIYL"])
    for pair in before.keys() - {("ASEL", "AIYL")}:
        assert after[pair] == before[pair]


def test_a_gap_junction_is_meant_either_way_round():
    model = Model.build(tiny_circuit(), "lif", parameters={"g_gap_contact_nS": 1.0, "g_gap_contact_nS[AIZ->AIY]": 3.0})
    g = edges(lowered(model), "electrical", "g_gap")
    assert g["AIYL", "AIZL"] == g["AIZL", "AIYL"] == 3 * edges(
        lowered(Model.build(tiny_circuit(), "lif", parameters={"g_gap_contact_nS": 1.0})), "electrical", "g_gap")["AIYL", "AIZL"]


def test_a_scope_can_be_sampled_and_its_draws_are_its_own():
    free = {"tau_m_ms[ASEL]": Prior("uniform", 5.0, 50.0), "w_contact_pA[ASE->AIY]": Prior("loguniform", 0.1, 10.0)}
    model = Model.build(tiny_circuit(), "lif", parameters=free)
    samples = model.sample(20, seed=3)
    assert {*free} <= set(samples.values.columns)
    network = lowered(model, samples)
    np.testing.assert_array_equal(network.parameters["tau_m"][0], samples.values["tau_m_ms[ASEL]"])
    assert (network.parameters["tau_m"][1:] == 20.0).all()
    alone = Model.build(tiny_circuit(), "lif", parameters={"tau_m_ms[ASEL]": Prior("uniform", 5.0, 50.0)}).sample(20, seed=3)
    assert samples.values["tau_m_ms[ASEL]"].equals(alone.values["tau_m_ms[ASEL]"])
    assert {*free} <= set(model.parameter_table().index)


def test_sampled_scopes_give_each_variant_its_own_run():
    from wormsim import Variants, simulate

    model = Model.build(tiny_circuit(), "lif", parameters={"v_rest_mV[ASEL]": Prior("uniform", -60.0, -50.0)})
    samples = model.sample(3, seed=1)
    v = simulate(model, Variants.cross(samples), duration_ms=1.0, dtype="float64").dataset["v_mV"].sel(cell="ASEL", time=0.0)
    np.testing.assert_allclose(v, samples.values["v_rest_mV[ASEL]"])


@pytest.mark.parametrize(("key", "error", "says"), [
    ("tau_m_ms[ASLE]", UnknownNameError, "ASEL"),
    ("tau_ms[ASEL]", UnknownNameError, "tau_m_ms"),
    ("tau_m_ms[ASEL->AIYL]", InputError, r"of cells; write tau_m_ms\[ASEL\]"),
    ("w_contact_pA[ASEL]", InputError, r"w_contact_pA\[ASEL->\*\]"),
    ("strength_spread[ASEL]", InputError, "one value for all"),
])
def test_a_scope_that_cannot_be_says_so(key, error, says):
    with pytest.raises(error, match=says):
        Model.build(tiny_circuit(), "lif", parameters={key: 1.0})


def test_a_scope_without_a_connection_is_an_error():
    model = Model.build(tiny_circuit(), "lif", parameters={"w_contact_pA[MVL20->ASEL]": 1.0})
    with pytest.raises(InputError, match="of no connection: exponential has none from MVL20 to ASEL"):
        lowered(model)


def test_settings_take_scoped_keys():
    given = parse_overrides(["model.parameters.g_leak_nS[AVA]=0.02", 'model.parameters.w[kind="muscle"->CP0[1-6]] = ["uniform", 1, 2]'])
    settings = apply_overrides({"model": {"parameters": {"tau_m_ms": 1.0}}}, given)
    assert settings["model"]["parameters"] == {
        "tau_m_ms": 1.0, "g_leak_nS[AVA]": 0.02, 'w[kind="muscle"->CP0[1-6]]': ["uniform", 1, 2]}
    with pytest.raises(InputError, match="key=value"):
        parse_overrides(["model.parameters.g[AVA"])


# ---------------------------------------------------------------- transmitters


def test_a_synapse_model_takes_the_edges_of_its_transmitter(pyloric):
    """ABPD releases both: it is the edge that says which."""
    network = lowered(Model.build(pyloric, "prinz2004", parameters={"g_chol_nS[ABPD->PY]": 3.0}))
    glutamate, acetylcholine = network.pathways
    assert len(glutamate.pre) == 5
    assert len(acetylcholine.pre) == 2
    by_pair = dict(zip(acetylcholine.post.tolist(), acetylcholine.values["gmax_chol"][:, 0], strict=True))
    assert by_pair == {1: 10.0, 2: 3.0}


def test_without_a_transmitter_of_its_own_an_edge_has_that_of_its_cell():
    with pytest.raises(InputError, match=r"2 of 5 connections of tiny .* first AIYL -> MVL20 \(chemical\)"):
        Model.build(tiny_circuit(), "prinz2004", ("prinz2004_glutamate",))
    glutamate = tiny_circuit([("ASEL", "AIYL", "chemical", 9.0, 1, 1.0), ("ASEL", "AIZL", "chemical", 4.0, None, 0.5)])
    (path,) = lowered(Model.build(glutamate, "prinz2004", ("prinz2004_glutamate",))).pathways
    assert path.pre.tolist() == [0, 0]


def test_a_kind_that_nobody_chose_to_leave_out_is_an_error():
    junction = tiny_circuit([("AIYL", "AIZL", "electrical", 2.0, None, float("nan"))])
    with pytest.raises(InputError, match="AIYL -> AIZL \\(electrical\\)"):
        Model.build(junction, "prinz2004")
    assert Model.build(junction, "prinz2004", ("gap_junction",)).synapses


def test_wiring_that_was_exchanged_is_looked_at_again(pyloric):
    model = Model.build(pyloric, "prinz2004")
    edges = pyloric.connectome.edges.assign(transmitter="GABA")
    other = model.with_circuit(pyloric.with_connectome(pyloric.connectome.with_edges(edges)))
    with pytest.raises(InputError, match="7 of 7 connections of pyloric are taken by no synapse model"):
        lowered(other)


def test_strengths_that_are_given_ask_for_no_contacts(pyloric):
    model = Model.build(pyloric, "prinz2004")
    assert not {"contact_exponent", "strength_spread", "p_excitatory_unknown"} & set(model.parameters)
    spread = lowered(model, model.sample(3, seed=1))
    assert all((x == 10.0).all() for p in spread.pathways for x in p.values.values())
