"""From calibration to scorecard, small: two animals, one assay, three rows of one's own."""

from __future__ import annotations

import collections
import dataclasses
import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from typer.testing import CliRunner

import wormsim as ws
from wormsim import catalog
from wormsim.animal import individual
from wormsim.assays.crawl import ASSAY
from wormsim.behaviour_assay import run_assay
from wormsim.behaviour_evidence import ASSAYS
from wormsim.calibrated import (
    OTHERS,
    first_individuals,
    individual_of,
    label_of,
    load_animals,
    parameters_of,
    seed_of,
    wiring_of,
)
from wormsim.calibration import accepts
from wormsim.calibration_race import last_looks
from wormsim.calibration_steps import steps
from wormsim.cli import app
from wormsim.closed_loop import World, simulate_animals
from wormsim.errors import InputError
from wormsim.experiment import load_experiment, run
from wormsim.plotting.behaviour import survival
from wormsim.studies import _behaviour_runs, behaviour_ablation
from wormsim.studies._ablate_animals import ablate_animals
from wormsim.studies._behaviour_intact import by_ensemble, happened_table
from wormsim.studies._behaviour_runs import assay_of
from wormsim.studies._body_controls import (
    AGAIN,
    NO_WIRING,
    OTHER_WIRING,
    WITHOUT,
    control_table,
    control_text,
    without,
)
from wormsim.studies.calibrate_animals import pilots_of

HEADER = "id,behaviour,assay,measure,cells,manipulation,expected,role,basis,reported,confidence,provenance,source,note\n"
ROWS = """T1,forward locomotion,crawl,speed_mm_s,AVB,ablate,impaired,by construction,driven,impaired,high,test,Test A 2000,
T2,forward locomotion,crawl,speed_mm_s,DB VB,ablate,lost,scored,a row,lost,high,test,Test A 2000,
T3,forward locomotion,crawl,speed_mm_s,PVC,ablate,normal,scored,a row,normal,high,test,Test A 2000,
T4,reversals,crawl,reversals_per_min,PVC,ablate,impaired,scored,a row,fewer,high,test,Test A 2000,
T5,salt chemotaxis,chemotaxis_salt,chemotaxis_index,ASE,ablate,lost,scored,a row,lost,high,test,Test A 2000,
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """An ensemble of three pilots as two individuals of the real wiring, one as one of a shuffle, and rows to hold them against."""
    folder = tmp_path_factory.mktemp("animals")
    pilots = pilots_of("pilot")
    who = (("real wiring", "real", 0, 100, 0), ("real wiring", "real", 0, 103, 0), ("real wiring", "real", 0, 103, 1),
           ("degree shuffle 3", "degree", 3, 102, 0))
    rows = [{"wiring": w, "kind": k, "shuffle_seed": s, "number": n, "animal": a, "accepted": True, "cost": 0.0, **pilots.iloc[i].to_dict()}
            for i, (w, k, s, n, a) in enumerate(who)]
    rows.append({**rows[0], "accepted": False})
    pd.DataFrame(rows).to_parquet(folder / "two.parquet")
    (folder / "rows.csv").write_text(HEADER + ROWS)
    (folder / "small.toml").write_text(f"""
[experiment]
name = "small"
kind = "behaviour_ablation"
question = "Does it run?"
source = "a test"
fitted_on = "nothing"
scored_on = "nothing"
[model]
circuit = "whole_hermaphrodite"
animals = {json.dumps(str(folder / "two.parquet"))}
assays = ["crawl"]
[score]
evidence = {json.dumps(str(folder / "rows.csv"))}
bootstrap = 100
""")
    return folder


@pytest.fixture(scope="module")
def results(folder):
    return run(str(folder / "small.toml"), folder / "out", jobs=1, progress=False)


def test_every_animal_is_run_intact_and_after_every_removal(results):
    values = results.result.tables["values"]
    real = values[values["wiring"] == "real wiring"]
    assert set(real["case"]) == {"intact", "ablate AVB", "ablate DB VB", "ablate PVC", *WITHOUT}
    assert set(values[values["wiring"] != "real wiring"]["case"]) == {"intact", "ablate AVB", "ablate DB VB", "ablate PVC"}
    assert set(real["animal"]) == {100, 103, OTHERS + 103}
    by_animal = real[(real["case"] == "intact") & (real["measure"] == "speed_mm_s")].set_index("animal")["value"]
    assert by_animal.nunique() == 3  # of one individual, but with other strengths
    assert set(values["wiring"]) == {"real wiring", "degree shuffles"}
    assert len(results.result.scores) > 3
    assert {"published_rows", "confusion", "without", "intact"} <= set(results.result.tables)
    assert set(results.result.tables["removals"]["case"]) == set(real["case"]) - {"intact"}
    assert set(results.result.tables["without"]["control"]) == set(WITHOUT)
    text = " ".join(results.result.summary)
    assert "With no neuron-neuron wiring: still there in most animals, or in as many, are crawl" in text


def test_nothing_that_was_left_out_goes_unsaid(results):
    text = " ".join(results.result.summary)
    assert "1 lines of the table are of assays that were not asked for here: chemotaxis_salt (T5)." in text
    assert "(real wiring) 2 were accepted" in text
    assert "3 animals of 2 individuals of the real wiring took part, and 1 of shuffles." in text
    assert "1 of 1 degree-preserving shuffles, searched in the same way" in text
    scores = results.result.scores
    assert scores[scores["control"] == "degree shuffles"]["verdict"].tolist() == ["1 individuals: with fewer than 4 it is not scored"]
    rows = results.result.tables["published_rows"].set_index("id")
    assert "not run" not in rows.loc["T4", "why"]
    assert rows.loc["T3", ["individuals", "intact", "animals"]].tolist() == [2, 2, 3]
    assert rows.loc["T3", "why"].startswith("2 individuals")
    assert "gave no" not in rows.loc["T4", "why"]


def test_animals_and_individuals_by_number():
    table = pd.DataFrame({"number": [7, 7, 3, 9], "animal": [0, 2, 0, 0]})
    labels = [label_of(row) for _, row in table.iterrows()]
    assert labels == [7, 7 + 2 * OTHERS, 3, 9]
    assert individual_of(np.array(labels)).tolist() == [7, 7, 3, 9]
    assert [len(first_individuals(table, k)) for k in (1, 2, 3, None)] == [2, 3, 4, 4]
    with pytest.raises(InputError, match=f"individual {OTHERS}: numbers of individuals have to be below"):
        label_of(pd.Series({"number": OTHERS, "animal": 0}))


def test_an_individual_of_two_seeds_is_refused(folder, tmp_path):
    """Its two animals would be taken for one."""
    table = pd.read_parquet(folder / "two.parquet")
    pd.concat([table.assign(seed=0), table.iloc[:1].assign(seed=1)]).to_parquet(tmp_path / "mine.parquet")
    with pytest.raises(InputError, match="two accepted animals are number 0 of individual 100"):
        load_animals(tmp_path / "mine.parquet")


def test_ensembles_can_be_joined(folder, tmp_path):
    table = pd.read_parquet(folder / "two.parquet")
    real = table[table["kind"] == "real"]
    real.assign(number=real["number"] + 500, only_here=1.0).to_parquet(tmp_path / "more.parquet")
    both = load_animals(f"{folder / 'two.parquet'} + {tmp_path / 'more.parquet'}")
    assert len(both) == len(load_animals(folder / "two.parquet")) + int(real["accepted"].sum())
    assert both["only_here"].notna().sum() == int(real["accepted"].sum())
    (tmp_path / "a+b").mkdir()
    real.to_parquet(tmp_path / "a+b" / "plus.parquet")
    assert len(load_animals(tmp_path / "a+b" / "plus.parquet")) == int(real["accepted"].sum())
    joined = f"{folder / 'two.parquet'}+{tmp_path / 'more.parquet'}"
    said = ablate_animals(["PVC"], assay_of("crawl"), animals=joined, samples=1)["notes"]
    assert "two.parquet (2 of 3 accepted)" in said[1]
    assert "of these the first 1 individuals were asked" in said[1]
    with pytest.raises(InputError, match="two accepted animals are number"):
        load_animals(f"{folder / 'two.parquet'}+{folder / 'two.parquet'}")
    with pytest.raises(InputError, match="'femail' is no ensemble"):
        load_animals("male+femail")


def test_a_value_is_what_the_animal_does_alone(folder, results):
    """The study's number against a run of that animal by itself."""
    row = load_animals(folder / "two.parquet").iloc[1]
    wiring = wiring_of(row, ws.load_circuit("whole_hermaphrodite"))
    parameters = pd.concat([parameters_of(pd.DataFrame([row])).astype(float)] * 2, ignore_index=True)
    found = run_assay(ASSAY, wiring, parameters, [(), (ws.Ablate("DB", "VB"),)], seed=0)["speed_mm_s"]
    values = results.result.tables["values"]
    here = values[(values["animal"] == 103) & (values["wiring"] == "real wiring")
                  & (values["measure"] == "speed_mm_s")].set_index("case")["value"]
    assert here["intact"] == found[0]
    assert here["ablate DB VB"] == found[1]
    assert here["ablate DB VB"] != here["intact"]
    assert here[AGAIN] == run_assay(ASSAY, wiring, parameters.iloc[:1], seed=1)["speed_mm_s"][0] != here["intact"]


def test_figures_are_drawn_from_tables(results):
    assert set(results.result.figures) == {"published_rows", "confusion", "without"}
    for figure in results.result.figures.values():
        assert figure.draw().axes
    older = replace(results.result, tables={name: table for name, table in results.result.tables.items() if name != "removals"})
    assert set(behaviour_ablation.figures(older)) == {"published_rows", "confusion", "without"}
    many = results.result.tables["removals"].assign(individuals=16)
    assert "removals" in behaviour_ablation.figures(replace(results.result, tables={**results.result.tables, "removals": many}))


def test_an_interrupted_run_gives_the_same(folder, results):
    again = run(str(folder / "small.toml"), folder / "out", jobs=1, progress=False)
    assert all(stage["resumed"] == stage["chunks"] for stage in again.manifest["stages"])
    pd.testing.assert_frame_equal(again.result.scores, results.result.scores)


def test_bad_settings(folder):
    for change, text in (("model.assays=['mating_turn']", "no body"), ("model.animals=nobody", "no ensemble"),
                         ("controls.without=['everything']", "there are"), ("model.assays=['swim']", "no row for the assays")):
        with pytest.raises(InputError, match=text):
            run(str(folder / "small.toml"), folder / "bad", overrides=[change], progress=False)
    pd.read_parquet(folder / "two.parquet").drop(columns="bend_uN_mm2").to_parquet(folder / "lacking.parquet")
    with pytest.raises(InputError, match="columns"):
        load_animals(folder / "lacking.parquet")


def test_without_wiring_only_the_way_to_muscle_is_left():
    wiring = individual(ws.load_circuit("whole_hermaphrodite"), 5)
    bare, how = without(NO_WIRING, wiring, 0)
    assert how == {}
    neurons = (wiring.circuit.connectome.cells["kind"] == "neuron").to_numpy()
    for edges in (bare.excitatory, bare.inhibitory, bare.gap):
        post = np.repeat(np.arange(len(neurons)), np.diff(edges.start))
        assert not (neurons[post] & neurons[edges.pre]).any()
    assert 0 < bare.excitatory.pre.size < wiring.excitatory.pre.size
    # what is left is what was there
    muscle = wiring.muscle_cell[0]
    rows = slice(wiring.excitatory.start[muscle], wiring.excitatory.start[muscle + 1])
    left = slice(bare.excitatory.start[muscle], bare.excitatory.start[muscle + 1])
    assert sorted(wiring.excitatory.pre[rows]) == sorted(bare.excitatory.pre[left])


def test_other_wiring_exchanges_partners_of_neurons_and_leaves_muscles_theirs():
    wiring = individual(ws.load_circuit("whole_male"), 5)
    other, how = without(OTHER_WIRING, wiring, 0)
    again, _ = without(OTHER_WIRING, wiring, 0)
    assert how == {}
    assert other.number == wiring.number
    assert other.form == wiring.form
    a, b, same = (w.circuit.connectome.edges.set_index(["kind", "pre", "post"]).index for w in (wiring, other, again))
    assert set(b) == set(same)  # an individual has one
    kind = wiring.circuit.connectome.cells["kind"]

    def between(edges):
        return {e for e in edges if kind[e[1]] == kind[e[2]] == "neuron"}

    assert set(a) - between(a) == set(b) - between(b)
    assert len(between(a)) == len(between(b))
    assert len(between(a) & between(b)) < 0.35 * len(between(a))
    for end in (1, 2):
        assert (collections.Counter(e[end] for e in between(a) if e[0] == "chemical")
                == collections.Counter(e[end] for e in between(b) if e[0] == "chemical"))
    ends = [collections.Counter(cell for e in between(edges) if e[0] == "electrical" for cell in set(e[1:])) for edges in (a, b)]
    assert ends[0] == ends[1]
    assert ends[0].total() > 500
    # what motor neurons do to muscle keeps its contacts and signs, and is as strong
    contacts = [w.circuit.connectome.edges.set_index(["kind", "pre", "post"])[["contacts", "sign"]] for w in (wiring, other)]
    to_muscle = [e for e in a if e[0] == "chemical" and kind[e[2]] == "muscle"]
    assert contacts[0].loc[to_muscle].equals(contacts[1].loc[to_muscle])
    for name in ("excitatory", "inhibitory"):
        strengths = [{(int(edges.pre[k]), int(cell)): float(edges.weight[k]) for cell in wiring.muscle_cell
                      for k in range(edges.start[cell], edges.start[cell + 1])} for edges in (getattr(wiring, name), getattr(other, name))]
        assert len(strengths[0]) > 100
        assert strengths[0] == strengths[1]


def test_control_table_by_hand():
    rows = [(a, c, v) for a, (intact, bare) in enumerate(((-0.1, -0.06), (-0.1, -0.02), (-0.1, 0.1), (0.0, 0.0)))
            for c, v in (("intact", intact), (NO_WIRING, bare))]
    values = pd.DataFrame([{"assay": "x", "measure": "reversal_mm_s", "animal": a, "case": c, "value": v} for a, c, v in rows])
    table = control_table(values, list(WITHOUT))
    assert len(table) == 1
    assert table.loc[0, "animals"] == 3  # the fourth does not do it when intact
    assert table.loc[0, "left"] == pytest.approx(0.2)
    assert table.loc[0, "survive"] == pytest.approx(1 / 3)
    assert table.loc[0, "unmeasured"] == 0


def test_what_happened_is_added_over_animals_and_shared_within_its_event():
    rows = [("x", a, case, "contact", what, n) for a in (0, 1) for case, what, n in (
        ("intact", "answered", 1.0 + a), ("intact", "unanswered", 1.0), (NO_WIRING, "unanswered", 2.0))]
    table = happened_table(pd.DataFrame(rows, columns=["assay", "animal", "case", "measure", "outcome", "value"]))
    assert table.columns.tolist() == ["assay", "event", "outcome", "share", "intact", NO_WIRING]
    assert table[["outcome", "share", "intact", NO_WIRING]].to_numpy().tolist() == [["answered", 0.6, 3.0, 0.0], ["unanswered", 0.4, 2.0, 4.0]]


def test_joined_ensembles_are_counted_apart_as_well(folder, tmp_path):
    """An animal counts with the part that it is of, alternatives together; a part of which nobody takes part is not there."""
    own = pd.read_parquet(folder / "two.parquet").query("kind == 'real'").drop_duplicates("number").iloc[:2].reset_index(drop=True)
    for name, numbers in (("first", [7, 8]), ("second", [9, 8]), ("third", [20, 21])):
        own.assign(number=numbers, accepted=True, animal=0).to_parquet(tmp_path / f"{name}.parquet")
    first, second, third = (str(tmp_path / f"{name}.parquet") for name in ("first", "second", "third"))
    spec = behaviour_ablation.Spec(model={"circuit": "whole_hermaphrodite", "animals": f"{first}|{second}+{third}", "assays": ["crawl"]},
                                   score={"evidence": "hermaphrodite_behaviour"})
    real = load_animals(spec.model.animals)
    counts = pd.DataFrame({"animal": [7, 8, 9, 20], "value": [1.0, 2.0, 4.0, 8.0]})

    def total(part):
        return pd.DataFrame({"value": [part["value"].sum()]})

    assert by_ensemble(spec.model.animals, real, counts, total).to_numpy().tolist() == [[f"{first}|{second}", 7.0], [third, 8.0]]
    assert by_ensemble(spec.model.animals, real[real["number"] < 10], counts, total)["value"].tolist() == [7.0]


def test_a_run_of_joined_ensembles_has_their_counts_and_controls_apart(folder, tmp_path, monkeypatch):
    """Planted: what each animal did, by its number; the counts of both ensembles add up to those of all."""
    own = pd.read_parquet(folder / "two.parquet").query("kind == 'real'").iloc[:1]
    for name, numbers in (("first", [7, 8]), ("second", [20])):
        pd.concat([own] * len(numbers)).assign(number=numbers, accepted=True, animal=0).to_parquet(tmp_path / f"{name}.parquet")
    spec = behaviour_ablation.Spec(model={"circuit": "whole_hermaphrodite", "animals": f"{tmp_path}/first.parquet+{tmp_path}/second.parquet",
                                          "assays": ["crawl"]}, score={"evidence": str(folder / "rows.csv"), "bootstrap": 100})

    class Runner:
        """Everybody crawls, and loses half of it without wiring; an event a number."""

        def map(self, function, specs, stage):
            cases = (("intact", 1.0), (NO_WIRING, 0.5), ("ablate PVC", 1.0), ("ablate DB VB", 0.2), ("ablate AVB", 1.0))
            rows = [(case, m, o, v) for case, left in cases
                    for m, o, v in (("speed_mm_s", "", 0.2 * left), ("reversals_per_min", "", 0.0))]
            return [pd.DataFrame([*rows, ("intact", "contact", "answered", float(spec["label"]))], columns=["case", "measure", "outcome", "value"])
                    .assign(assay="crawl", animal=spec["label"]) for spec in specs]

    monkeypatch.setattr(behaviour_ablation, "shown", lambda *_: xr.Dataset())
    tables = behaviour_ablation.run(spec, Runner()).tables
    apart = tables["happened_by_ensemble"].set_index("ensemble")["intact"]
    assert apart.tolist() == [15.0, 20.0]
    assert apart.sum() == tables["happened"]["intact"].sum()
    assert tables["without_by_ensemble"].query("measure == 'speed_mm_s'")["animals"].tolist() == [2, 1]
    assert tables["without"].query("measure == 'speed_mm_s'")["animals"].tolist() == [3]


def test_what_others_gain_under_a_control_is_not_explained_by_what_it_took():
    """Those that show it intact are chosen for it: they lose it, and as many others come to show it."""
    rows = [(0, "intact", 0.9), (0, NO_WIRING, 0.0), (1, "intact", 0.0), (1, NO_WIRING, 0.9)]
    table = control_table(pd.DataFrame([{"assay": "x", "measure": "contact_response", "animal": a, "case": c, "value": v} for a, c, v in rows]),
                          [NO_WIRING])
    assert table.loc[0, ["of", "animals", "show_then", "survive"]].tolist() == [2, 1, 1, 0.0]
    text = control_text(table)[0]
    assert "x contact_response (0.00 left, survives in 0% of 1; 1 of 2 show it intact, 1 then) and so are **not explained" in text


def test_what_only_a_control_shows_is_said_and_not_drawn():
    rows = [(a, m, case, v) for a in (0, 1) for m, case, v in (
        ("vulva_stop", "intact", 0.0), ("vulva_stop", NO_WIRING, float(a)),
        ("contact_response", "intact", 0.9), ("contact_response", NO_WIRING, 0.9))]
    values = pd.DataFrame([{"assay": "x", "measure": m, "animal": a, "case": c, "value": v} for a, m, c, v in rows])
    table = control_table(values, [NO_WIRING])
    assert table.set_index("measure")["animals"].to_dict() == {"vulva_stop": 0, "contact_response": 2}
    text = control_text(table)[0]
    assert text.endswith("Gone in most: nothing. Nobody shows it in the first, intact run, and some do then: x vulva_stop (1 of 2).")
    labels = [t.get_text() for t in survival(table).axes[0].get_yticklabels()]
    assert labels == ["x: contact_response"]


@pytest.mark.parametrize(("then", "left", "survive", "said"), [
    ((-0.09, np.nan, np.nan), 0.9, 1 / 3,
     "Gone in most: x reversal_mm_s (0.90 left, 2 cannot be measured, survives in 33% of 3; 3 of 3 show it intact, 1 then)"),
    ((np.nan, np.nan, np.nan), np.nan, 0.0,
     "Gone in most: x reversal_mm_s (3 cannot be measured, survives in 0% of 3; 3 of 3 show it intact, 0 then)")])
def test_what_fails_under_a_control_does_not_survive_it(then, left, survive, said):
    """An animal that fails when the wiring is gone is no proof that the wiring does nothing."""
    values = pd.DataFrame([{"assay": "x", "measure": "reversal_mm_s", "animal": a, "case": c, "value": v}
                           for a, x in enumerate(then) for c, v in (("intact", -0.1), (NO_WIRING, x))])
    row = control_table(values, [NO_WIRING]).iloc[0]
    assert row["animals"] == 3
    assert row["left"] == pytest.approx(left, nan_ok=True)
    assert row["survive"] == pytest.approx(survive)
    assert said in control_text(control_table(values, [NO_WIRING]))[0]


@pytest.mark.parametrize("experiment", ["mating", "touch"])
def test_a_single_question_is_put_to_the_animals_of_the_experiment(experiment):
    model = load_experiment(experiment).spec.model
    assert {assay_of(name).animals for name in model.assays} == {model.animals}


@pytest.mark.parametrize("name", [name for name in ASSAYS if name in catalog.names("assays") and name != "mating"])
def test_an_assay_gives_the_measures_that_rows_may_name(name):
    """A row that names a measure which its assay does not give would be scored as wrong, for ever."""
    found = run_assay(assay_of(name), individual(ws.load_circuit("whole_hermaphrodite"), 100), pilots_of("pilot").iloc[:1].astype(float))
    assert set(ASSAYS[name]) <= set(found)


def test_mating_is_run_beside_the_same_males_without_a_mate(monkeypatch):
    """Two short meetings of one male, by the study's own way: their twins are males who are alone; every measure, and counts."""
    male, animal = individual(ws.load_circuit("whole_male"), 0), pilots_of("pilot_male").iloc[:1]
    short = dataclasses.replace(assay_of("mating"), duration_s=2.0, repeats=2)
    run = short.run(male, parameters_of(animal).astype(float), seed=3)
    assert run["vulva_side"].to_numpy().tolist()[2:] == [0, 0]
    assert 0 not in run["vulva_side"].to_numpy()[:2]
    two = parameters_of(pd.concat([animal, animal])).astype(float)  # two: a lone animal is the same but for the last bit
    alone = simulate_animals(male, two, World(), duration_s=2.0, every_ms=100.0, seeds=[3000, 4000])
    with_her, twin = (np.abs(run["x_mm"].to_numpy()[k] - alone["x_mm"].to_numpy()[0]).max() for k in (0, 2))
    assert twin == 0 < 1e-3 < with_her  # what he does alone does not hang on who else is in the run
    assert set(ASSAYS["mating"]) <= set(short.measure(run))
    monkeypatch.setattr(_behaviour_runs, "assay_of", lambda name: short)
    row = animal.iloc[0].to_dict() | {"wiring": "real wiring", "kind": "real", "shuffle_seed": 0, "number": 0, "seed": 0}
    found = _behaviour_runs.one_animal({"circuit": "whole_male", "animal": row, "evidence": "male_behaviour", "assays": ["mating"], "seed": 3,
                                           "without": [NO_WIRING, AGAIN], "label": 0})
    counted = found[found["outcome"] != ""]
    assert set(counted["case"]) == {"intact", NO_WIRING, AGAIN}
    for case, (changed, how) in (("intact", (male, {})), (NO_WIRING, without(NO_WIRING, male, 0)), (AGAIN, (male, {"seed": 4}))):
        own = counted[counted["case"] == case].set_index(["measure", "outcome"])["value"].to_dict()
        # as if nobody had been ablated beside him
        assert own == short.counts(short.run(changed, parameters_of(animal).astype(float), **({"seed": 3} | how)))
    spent = counted[(counted["measure"] == "seconds") & (counted["case"] == "intact")]
    assert spent["value"].sum() == pytest.approx(2 * 2.0, abs=0.3)


@pytest.mark.parametrize("name", ["locomotion", "locomotion_touched", "touch", "mating"])
def test_shipped_ablations_have_their_animals(name):
    behaviour_ablation.check(load_experiment(name).spec)


def test_reversals_are_counted():
    """Three seconds forward and two back along a path, three times: the ten seconds that count hold the end of one reversal, one, and the start
    of one.
    """
    dt_s = 0.05
    t = np.arange(0, 14, dt_s)
    path = np.cumsum(np.where((t % 5) < 3, 0.2, -0.2)) * dt_s
    s = np.linspace(0, 1, 49)
    x = (path[:, None] - s)[None]
    behaviour = xr.Dataset({"x_mm": (("variant", "time", "node"), x), "y_mm": (("variant", "time", "node"), 0.05 * np.sin(9 * x))},
                           coords={"time_s": t})
    found = ASSAY.measure(behaviour)["reversals_per_min"]
    assert found == pytest.approx([60 / 10 * 3])


def test_ablate_on_the_command_line(folder, monkeypatch):
    import wormsim.studies._ablate_animals as module

    def call(*arguments):
        return CliRunner().invoke(app, ["ablate", *arguments])

    monkeypatch.setattr(module, "load_animals", lambda name, accepted=True: load_animals(folder / "two.parquet", accepted))
    done = call("ALM", "AVM", "--assay", "gentle_touch_front", "--json")
    assert done.exit_code == 0, done.output
    answer = json.loads(done.stdout)
    assert answer["cells"] == ["ALML", "ALMR", "AVM"]
    assert answer["behaviours"][0]["measure"] == "reversal_mm_s"
    assert answer["behaviours"][0]["verdict"] == "no prediction"  # three animals are too few
    assert answer["samples"] == 3
    assert answer["notes"][0].startswith("3 calibrated animals of 2 individuals of the real wiring;")
    assert answer["acceptance"] == {"accepted": 2, "candidates": 3}  # individuals
    speed = json.loads(call("PVC", "--assay", "crawl", "--json").stdout)["behaviours"][0]
    assert [speed[what] for what in ("measure", "individuals", "show_it_intact", "animals")] == ["speed_mm_s", 2, 2, 3]
    assert call("AVX", "--assay", "gentle_touch_front").exit_code == 2
    assert call("AVA", "--assay", "gentle_touch_front", "--model", "lif").exit_code == 2


#: Measures of looks that go in steps, as a share of few events does.
SHARED = ("touch_front_share", "nose_touch_share", "answered", "turns_round", "stops")


@pytest.mark.parametrize(("name", "circuit", "asked"), [
    ("hermaphrodite", "whole_hermaphrodite", "moving"), ("touched", "whole_hermaphrodite", "touched_front"), ("male", "whole_male", "scanning"),
    ("touched_often", "whole_hermaphrodite", "touched_often"), ("turning", "whole_male", "turning"),
    ("turning_often", "whole_male", "turning_often"), ("stopping_often", "whole_male", "stopping_often"),
    *(pytest.param(name, "whole_male", asked, marks=pytest.mark.slow) for name, asked in (  # the same steps
        ("turning_again", "turning_often"), ("turning_further", "turning_often"), ("stopping_again", "stopping_often")))])
def test_shipped_animals_do_what_they_were_accepted_for(name, circuit, asked):
    """The first one of each, run again: the numbers that stand in the table, on any machine to what rounding does to a gait."""
    row = load_animals(name).iloc[0]
    kind, number = steps()[asked], int(row["number"])
    two = pd.concat([parameters_of(pd.DataFrame([row])).astype(float)] * 2, ignore_index=True)
    seed = seed_of(number, refused=row["refused"])
    seeds = last_looks(seed, int(row["generations"])) if kind.often else [seed]
    each = [kind.observe(wiring_of(row, ws.load_circuit(circuit)), two, seed) for seed in seeds]
    seen = {name: np.mean([look[name] for look in each], axis=0) for name in each[0]}
    assert accepts(kind.targets, {t.name: np.array([row[t.name]]) for t in kind.targets})[0]
    if not kind.often:  # a share of answers goes in steps, and may lie at the edge of its band
        assert accepts(kind.targets, seen)[0]
    for target in kind.targets:
        rel, least = (0.02, 0.005) if not kind.often else (0.1, 0.1 if target.name in SHARED else 0.02)
        assert seen[target.name][0] == pytest.approx(row[target.name], rel=rel, abs=least)


def test_gait_beside_real_worms(tmp_path):
    found = run("gait", tmp_path / "out", overrides=["survey.most=1", "survey.minutes=0.2"], jobs=1, progress=False)
    table = found.result.tables["beside_real_worms"].set_index(["quantity", "medium"])
    assert 0.2 < table.loc[("frequency", "agar"), "median"] < 0.7
    assert table.loc[("frequency", "agar"), "published low"] == 0.3
    trace = found.result.traces["touched"]
    assert {"x_mm", "v_mV", "activation", "state"} <= set(trace.data_vars)
    assert all(figure.draw().axes for figure in found.result.figures.values())
    assert "wavelength" in " ".join(found.result.summary)


def test_what_lies_beyond_a_figure_stands_at_its_edge_with_its_number():
    table = pd.DataFrame([{"assay": "x", "measure": m, "control": NO_WIRING, "left": left, "animals": 3}
                          for m, left in (("inside", 2.1), ("above", 2.29), ("below", -0.6), ("nowhere", np.nan))])
    axes = survival(table).axes[0]
    assert [t.get_text() for t in axes.texts] == ["2.3", "-0.6"]
    assert [t.xy[0] for t in axes.texts] == list(axes.get_xlim())[::-1]
    assert np.nanmax(axes.lines[0].get_xdata()) == axes.get_xlim()[1]
