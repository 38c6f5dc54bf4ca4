"""Circuits: the files, their groups, bad input, and controls on the same groups."""

from __future__ import annotations

import networkx as nx
import numpy as np
import pytest

from wormsim import catalog
from wormsim.circuit import Circuit, circuit_from_dict, load_circuit
from wormsim.errors import EmptySelectionError, InputError, UnknownNameError
from wormsim.readers import load_connectome


@pytest.fixture(scope="module")
def whole_male() -> Circuit:
    return load_circuit("whole_male")


@pytest.fixture(scope="module")
def turning() -> Circuit:
    return load_circuit("male_turning")


def made(**text) -> Circuit:
    return circuit_from_dict("made", {"connectome": "cook2019_hermaphrodite", **text}, "made.toml")


# ---------------------------------------------------------------- the shipped files


@pytest.mark.parametrize("name", catalog.names("circuits"))
def test_every_shipped_circuit_loads_with_signs_and_says_where_it_is_from(name):
    circuit = load_circuit(name)
    assert circuit.description
    assert circuit.source
    assert "other" not in set(circuit.connectome.cells["kind"])
    assert circuit.groups
    for group, cells in circuit.groups.items():
        assert circuit.select(group) == cells
    edges = circuit.connectome.edges
    assert edges.loc[edges["kind"] == "chemical", "sign_group"].notna().all()
    assert name in repr(circuit)
    assert "<table" in circuit._repr_html_()


def test_whole_male(whole_male):
    size = whole_male.summary()["cells"]
    assert (size["rays_A"], size["rays_B"], size["rays_all"], size["rays_posterior"]) == (18, 18, 36, 12)
    assert (size["hook"], size["pcs"], size["spicule"]) == (2, 6, 6)
    assert whole_male.groups["cp_1_6"] == tuple(f"CP{i}" for i in range(1, 7))
    assert set(whole_male.groups["ventral_posterior"]) == {f"MV{s}{i}" for s in "LR" for i in range(17, 25)} - {"MVL24"}
    assert set(whole_male.groups["dorsal_posterior"]) == {f"MD{s}{i}" for s in "LR" for i in range(17, 25)}
    assert size["diagonal"] == 15
    assert whole_male.select("CP0[1-6]") == whole_male.groups["cp_1_6"]
    parts = [set(whole_male.groups[f"rays_{p}"]) for p in ("posterior", "middle", "anterior")]
    assert set.union(*parts) == set(whole_male.groups["rays_all"])
    assert sum(map(len, parts)) == 36


def test_cells_without_dynamics_are_left_out_and_counted(whole_male):
    male = load_connectome("cook2019_male")
    others = (male.cells["kind"] == "other").sum()
    assert whole_male.left_out["other cells"] == others == 46
    assert whole_male.left_out["neuron cells"] == 0
    assert whole_male.left_out["edges"] == len(male.edges) - len(whole_male.connectome.edges) > 0
    assert "46 other cells" in repr(whole_male)


def test_turning_circuit_is_its_rule(turning):
    """By another route (networkx): on a path of at most 3 steps from a ray to a posterior muscle, or its partner is."""
    male = load_connectome("cook2019_male").select("kind=neuron", "kind=muscle")
    graph = nx.DiGraph()
    graph.add_nodes_from(male.cells.index)
    kind = male.cells["kind"]
    for row in male.edges.itertuples():
        for a, b in ((row.pre, row.post), (row.post, row.pre)):
            if (row.kind == "electrical" or a == row.pre) and kind[a] == "neuron":
                graph.add_edge(a, b)
    rays = turning.groups["rays_all"]
    muscles = {*turning.groups["ventral_posterior"], *turning.groups["dorsal_posterior"], *turning.groups["diagonal"]}
    there = nx.multi_source_dijkstra_path_length(graph, set(rays))
    back = nx.multi_source_dijkstra_path_length(graph.reverse(), muscles)
    on_path = {c for c in graph if there.get(c, 9) + back.get(c, 9) <= 3} | set(rays) | muscles
    neurons = {c for c in turning.connectome.cells.index if turning.connectome.cells.loc[c, "kind"] == "neuron"}
    core = {c for c in on_path if kind[c] == "neuron"}
    assert core <= neurons
    assert len(core) == 147
    sides = {"L": "R", "R": "L"}
    assert all(c[:-1] + sides[c[-1]] in core for c in neurons - core)
    assert len(neurons) == 154
    assert set(turning.connectome.cells.index) - neurons == muscles


def test_touch_circuit_has_its_textbook_synapses():
    touch = load_circuit("gentle_touch")
    edges = touch.connectome.edges
    pairs = set(zip(edges["pre"].str[:3], edges["post"].str[:3], edges["kind"], strict=True))
    assert ("AVM", "AVB", "chemical") in pairs
    assert ("PLM", "AVA", "chemical") in pairs
    assert {("PLM", "PVC", "electrical"), ("PVC", "PLM", "electrical")} & pairs
    assert touch.select("touch_all") == touch.select("ALM", "AVM", "PLM")
    assert "PVM" not in touch.connectome.cells.index


def test_loading_is_quick(whole_male, calls):
    """Some 175,000 function calls, for 7,000 edges: less than five more for each edge are let pass."""
    male = load_connectome("cook2019_male")
    import tomllib

    text = tomllib.loads(catalog.toml_path("circuits", "whole_male").read_text())
    assert calls(lambda: circuit_from_dict("whole_male", text, connectome=male)) < 210_000


# ---------------------------------------------------------------- controls


def test_controls_reuse_cells_and_groups(turning):
    for control in (turning.shuffle("degree", 1), turning.shuffle("signs", 1), turning.shuffle("weights", 1),
                    turning.without(pre="kind=neuron", post="kind=neuron")):
        assert control.groups == turning.groups
        assert tuple(control.connectome.cells.index) == tuple(turning.connectome.cells.index)
        assert control.name == turning.name
    shuffled = turning.shuffle("degree", 1).connectome
    assert len(shuffled.edges) == len(turning.connectome.edges)
    assert shuffled.edges["sign_source"].value_counts().equals(
        turning.connectome.edges["sign_source"].value_counts())
    kind = turning.connectome.cells["kind"]
    alone = turning.without(pre="kind=neuron", post="kind=neuron").connectome.edges
    assert not ((alone["pre"].map(kind) == "neuron") & (alone["post"].map(kind) == "neuron")).any()
    assert len(alone) > 0


def test_another_animal_under_the_same_circuit():
    circuit = circuit_from_dict("adult", {"connectome": "witvliet2021_7", "cells": {"include": ["AVA", "AVB", "RIM"]},
                                          "groups": {"command": ["AVA", "AVB"]}})
    other = circuit.with_connectome(load_connectome("witvliet2021_8"))
    assert other.groups == circuit.groups
    assert other.connectome.name == "witvliet2021_8"
    assert other.connectome.edges["sign_group"].notna().any()
    with pytest.raises(UnknownNameError, match=r"cell of circuit adult in cook2020_pharynx"):
        circuit.with_connectome(load_connectome("cook2020_pharynx"))


def test_shuffled_signs_survive(turning):
    control = turning.shuffle("signs", 1)
    a, b = (c.connectome.edges["sign"].fillna(0).to_numpy(int) for c in (turning, control))
    assert np.mean(a != b) > 0.1


# ---------------------------------------------------------------- bad input


def test_selection_errors(turning):
    assert turning.select("rays_a") == turning.groups["rays_A"]
    with pytest.raises(UnknownNameError, match="closest: rays_A"):
        turning.select("rays_aa")
    with pytest.raises(EmptySelectionError):
        turning.select("ZZ*")


def test_unknown_circuit_and_missing_file(tmp_path):
    with pytest.raises(UnknownNameError, match=r"unknown circuit 'whole_mail'.*whole_male"):
        load_circuit("whole_mail")
    with pytest.raises(InputError, match="no such file"):
        load_circuit(tmp_path / "mine.toml")


def test_a_file_of_ones_own(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text('connectome = "cook2019_hermaphrodite"\n[cells]\ninclude = ["AVA", "PVC"]\n'
                    '[groups]\nback = ["AVA"]\n')
    mine = load_circuit(path)
    assert mine.name == "mine"
    assert tuple(mine.connectome.cells.index) == ("AVAL", "AVAR", "PVCL", "PVCR")
    path.write_text("connectome = cook2019")
    with pytest.raises(InputError, match=r"mine.toml is not valid TOML: .*line 1"):
        load_circuit(path)


@pytest.mark.parametrize(("text", "words"), [
    ({"group": {}}, r"key in made.toml 'group'; closest: groups"),
    ({"cells": {"includes": ["*"]}}, r"key in \[cells\] of made.toml 'includes'; closest: include"),
    ({"cells": {"kinds": ["neurons"]}}, "closest: neuron"),
    ({"cells": {"include": "AVA"}}, "include is 'AVA'; it must be a list"),
    ({"cells": {"include": [1]}}, "must be a list of texts"),
    ({"cells": {"include": ["AVX"]}}, "It stands in include of made.toml"),
    ({"groups": {"back": ["AVX"]}}, r"It stands in group 'back' of made.toml"),
    ({"groups": {"AVA": ["AVA"]}}, "group 'AVA' of .*made.toml has the name of a cell or class"),
    ({"groups": {"CP01": ["AVA"], "VA01": ["AVA"]}}, "'VA01' .* has the name of a cell"),
    ({"cells": {"include": ["AVA"]}, "groups": {"touch": ["ALM"]}}, "'touch' of made.toml has no cell in the circuit"),
    ({"cells": {"exclude": ["*"]}}, "has no cells left"),
    ({"cells": {"paths": {"from": ["ALM"], "to": ["AVA"]}}}, "lacks the key 'max_steps'"),
    ({"cells": {"paths": {"from": ["ALM"], "to": ["AVA"], "max_steps": 0}}}, "must be at least 1"),
    ({"cells": {"paths": {"from": ["ALM"], "to": ["AVA"], "max_steps": "3"}}}, "it must be a int"),
    ({"cells": {"paths": {"from": ["ALM"], "to": ["AVA"], "max_steps": 3, "edges": ["gap"]}}}, "edge kind"),
    ({"connectome": "cook2019_male_"}, "cook2019_male"),
    ({"connectome": 3}, "connectome is 3; it must be a str"),
])
def test_bad_files_say_what_and_where(text, words):
    with pytest.raises(InputError, match=words):
        made(**text)


def test_paths_take_the_shortest_way():
    circuit = made(cells={"paths": {"from": ["PLM"], "to": ["AVA"], "max_steps": 1, "both_sides": False}})
    assert set(circuit.connectome.cells["cell_class"]) == {"PLM", "AVA"}
    wider = made(cells={"paths": {"from": ["PLM"], "to": ["AVA"], "max_steps": 2, "min_contacts": 3}})
    assert {"PVCL", "PVCR"} <= set(wider.connectome.cells.index)
    assert len(wider.connectome.cells) < 60
