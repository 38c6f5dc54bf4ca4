"""A look at calibrated animals before anything is removed."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr

import wormsim as ws
from wormsim.assays.crawl import ASSAY
from wormsim.behaviour_assay import run_assay
from wormsim.calibrated import load_animals, parameters_of, wiring_of
from wormsim.errors import InputError
from wormsim.experiment import load_experiment, run
from wormsim.studies import animal_gait, behaviour_intact
from wormsim.studies._ablate_animals import ablate_animals
from wormsim.studies._body_controls import NO_WIRING, OTHER_WIRING, WITHOUT

TOML = """
[experiment]
name = "look"
kind = "behaviour_intact"
title = "How fast?"
question = "How fast do they crawl?"
source = ["none"]
fitted_on = ["none"]
scored_on = ["Nothing."]
seed = 3
[model]
circuit = "whole_hermaphrodite"
animals = "hermaphrodite"
most = 2
assays = ["crawl"]
[controls]
without = ["no neuron-neuron wiring"]
"""


class Planted:
    """Four males: three stop at the vulva intact, none without wiring, one who did not before with another; the specs are kept."""

    def map(self, function, specs, stage):
        self.specs = specs
        stops = {"intact": [1.0, 0.6, 0.8, 0.0], NO_WIRING: [0.0] * 4, OTHER_WIRING: [0.0, 0.0, 0.0, 1.0]}
        return [pd.DataFrame([(case, m, o, v) for case, left in stops.items() for m, o, v in (
            ("vulva_stop", "", left[k]), ("passage of the vulva", "stopped", left[k]), ("passage of the vulva", "passed", 1.0))],
            columns=["case", "measure", "outcome", "value"]).assign(assay="mating", animal=spec["label"]) for k, spec in enumerate(specs)]


def test_what_they_do_and_what_is_left_of_it_under_the_controls(monkeypatch):
    spec = behaviour_intact.Spec(seed=64, model={"circuit": "whole_male", "animals": "stopping_often", "assays": ["mating"], "most": 4},
                                 controls={"without": [NO_WIRING, OTHER_WIRING]})
    kept = {}
    monkeypatch.setattr(behaviour_intact, "shown", lambda model, seed, real, values: kept.update(seed=seed, real=real) or xr.Dataset())
    runner = Planted()
    found = behaviour_intact.run(spec, runner)
    assert [(s["evidence"], s["seed"], s["without"]) for s in runner.specs] == [("", 64, [NO_WIRING, OTHER_WIRING])] * 4
    assert [s["label"] for s in runner.specs] == kept["real"]["number"].tolist()
    scores = found.scores.set_index(found.scores["control"].replace("", "real wiring"))
    assert scores["group"].unique().tolist() == ["mating vulva_stop"]
    assert scores["value"].to_dict() == {"real wiring": 0.75, NO_WIRING: 0.0, OTHER_WIRING: 0.25}
    assert scores.loc["real wiring", ["low", "high"]].tolist() == pytest.approx([0.301, 0.954], abs=0.001)  # Wilson's interval of 3 of 4
    assert scores["n"].tolist() == [4, 4, 4]
    assert "mating vulva_stop 3 of 4 (0.8 in the median of these)" in found.summary[0]
    assert "Of 40 individuals of 'stopping_often' (real wiring) 11 were accepted, and 0 of 8 degree-preserving shuffles" in found.summary[-1]
    assert found.summary[-1].endswith("4 animals of 4 individuals of the real wiring took part.")
    happened = found.tables["happened"].set_index("outcome")["intact"]
    assert happened.to_dict() == pytest.approx({"stopped": 2.4, "passed": 4.0})
    assert set(found.captions) == set(found.tables)
    assert "Medians over the animals that show it intact: mating vulva_stop by 3 of 4." in found.figures["without"].caption


def test_what_intact_animals_show_does_not_hang_on_the_controls_that_are_run():
    values = pd.DataFrame([(case, animal, measure, x) for measure, table in {
        "vulva_stop": {"intact": [1.0, 0.7], NO_WIRING: [0.0, np.nan]}, "insertion": {"intact": [0.0, 0.0], NO_WIRING: [0.0, 1.0]},
        "prodding": {"intact": [0.0, 0.0], NO_WIRING: [0.0, 0.0]}}.items() for case, left in table.items() for animal, x in enumerate(left)],
        columns=["case", "animal", "measure", "value"]).assign(assay="mating", wiring="real wiring")
    for controls in ([], [NO_WIRING]):
        counts = behaviour_intact.show_it(values if controls else values[values["case"] == "intact"], controls)
        assert counts.query("case == 'intact' and show_it > 0")[["measure", "show_it", "of"]].to_numpy().tolist() == [["vulva_stop", 2, 2]]
        assert behaviour_intact._answer(counts) == ("**Intact, and nothing removed, animals show: mating vulva_stop 2 of 2 "
                                                    "(0.85 in the median of these).**")
    rows = {(r["group"], r["control"]): (r["value"], r["n"]) for r in behaviour_intact._scores(counts)}
    assert rows == {("mating vulva_stop", ""): (1.0, 2), ("mating vulva_stop", NO_WIRING): (0.0, 2),
                    ("mating insertion", ""): (0.0, 2), ("mating insertion", NO_WIRING): (0.5, 2)}


def test_nothing_is_removed_and_intact_animals_are_those_of_an_ablation(tmp_path):
    """A real run: its cases, and the speed of the first animal as an assay by itself has it."""
    (tmp_path / "look.toml").write_text(TOML)
    found = run(tmp_path / "look.toml", tmp_path / "out", jobs=1, progress=False).result
    values = found.tables["values"]
    assert set(values["case"]) == {"intact", NO_WIRING}
    assert values["animal"].nunique() == 2
    own = values.query("case == 'intact' and measure == 'speed_mm_s'")["value"].to_numpy()
    assert (own > 0.05).all()
    row = load_animals("hermaphrodite").iloc[:1]
    assert own[0] == run_assay(ASSAY, wiring_of(row.iloc[0], ws.load_circuit("whole_hermaphrodite")), parameters_of(row).astype(float),
                               seed=3)["speed_mm_s"][0]
    assert set(found.figures) == {"without"}
    assert found.figures["without"].draw().axes
    run_kept = found.traces["crawl"]
    assert np.unique(run_kept["animal"]).tolist() == [values["animal"].iloc[0]]


@pytest.mark.parametrize(("change", "said"), [
    ({"model": {"assays": ["mating_turn"]}}, "no body"), ({"controls": {"without": ["no food"]}}, "no food"),
    ({"model": {"animals": "none"}}, "'none' is no ensemble"), ({"model": {"animals": "hermaphrodite"}}, "holds hermaphrodites"),
    ({"model": {"circuit": "whole_hermaphrodite"}}, "'stopping_often' holds males, and circuit = 'whole_hermaphrodite'"),
    ({"model": {"assays": ["mating", "mating"]}}, "model.assays: mating stands there twice"),
    ({"controls": {"without": [NO_WIRING, NO_WIRING]}}, "controls.without: no neuron-neuron wiring stands there twice")])
def test_bad_settings_are_refused_before_a_run(change, said):
    settings = {"model": {"circuit": "whole_male", "animals": "stopping_often", "assays": ["mating"]}, "controls": {"without": list(WITHOUT)}}
    spec = behaviour_intact.Spec(**{name: {**table, **change.get(name, {})} for name, table in settings.items()})
    with pytest.raises(InputError, match=said):
        behaviour_intact.check(spec)


def test_the_shipped_look_has_its_animals():
    spec = load_experiment("mating_stopping").spec
    behaviour_intact.check(spec)
    every = pd.concat([load_animals(name) for name in ("stopping_often", "stopping_again")])
    assert spec.model.most >= len(every) == len(load_animals(spec.model.animals))  # all of them
    assert spec.seed == load_experiment("mating").spec.seed  # the same meetings


def test_other_studies_of_animals_refuse_the_other_sex_and_an_ensemble_without_anybody(tmp_path):
    load_animals("male", accepted=False).assign(accepted=False).to_parquet(tmp_path / "nobody.parquet")
    for animals, said in (("male", "'male' holds males"), (str(tmp_path / "nobody.parquet"), "nobody to watch")):
        with pytest.raises(InputError, match=said):
            animal_gait.check(animal_gait.Spec(survey={"circuit": "whole_hermaphrodite", "animals": animals}))
    with pytest.raises(InputError, match="holds hermaphrodites, and circuit = 'whole_male'"):
        ablate_animals(["AVB"], ASSAY, "whole_male", animals="hermaphrodite")
    with pytest.raises(InputError, match="nobody to ask"):
        ablate_animals(["AVB"], ASSAY, animals=str(tmp_path / "nobody.parquet"))
