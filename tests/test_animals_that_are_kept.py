"""Which animals of an ablation, and which of their meetings, are kept to be looked at."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from wormsim.calibrated import label_of, load_animals
from wormsim.effects import MEASURES
from wormsim.mating_ethogram import STATES
from wormsim.plotting.mating_strip import mating_figures
from wormsim.studies import _behaviour_intact
from wormsim.studies._behaviour_runs import ModelTable, chunks_of, one_animal


@pytest.mark.parametrize(("stops", "kept"), [({}, [5]), ({5: 1.0, 9: 2.0}, [5]), ({5: 0.0, 9: 2.0}, [5, 9]), ({9: 2.0, 100005: 1.0}, [5, 100005])])
def test_the_first_animal_is_kept_and_the_first_who_stops_at_a_vulva(monkeypatch, stops, kept):
    """Of four, two of them of one individual, in the order of the ensemble; what they do in another assay says nothing."""
    model = ModelTable(circuit="whole_male", animals="male", assays=["mating", "crawl"])
    monkeypatch.setattr(_behaviour_intact, "_shown", lambda model, seed, row: xr.Dataset(
        {"x_mm": ("variant", np.zeros(2))}, {"animal": ("variant", [label_of(row)] * 2)},
        {"individual": int(row["number"]), "assay": "mating"}))
    assert "vulva_stop" in MEASURES  # else no study has it among its values
    real = pd.DataFrame({"number": [5, 7, 5, 9], "animal": [0, 0, 1, 0]}, index=[3, 4, 5, 6])
    values = pd.DataFrame([("mating", animal, "vulva_stop", x) for animal, x in stops.items()]
                          + [("mating", 7, "turns_tried", 9.0), ("crawl", 7, "vulva_stop", 9.0)], columns=["assay", "animal", "measure", "value"])
    values = pd.concat([values.assign(wiring="real wiring", case="intact"), pd.DataFrame(  # neither an ablated one nor one of a shuffle counts
        [("mating", 7, "vulva_stop", 9.0, "real wiring", "ablate PVC"), ("mating", 9, "vulva_stop", 9.0, "degree shuffles", "intact")],
        columns=[*values.columns, "wiring", "case"])])
    run = _behaviour_intact.shown(model, 3, real, values)
    assert run["animal"].to_numpy().tolist() == [each for each in kept for _ in range(2)]
    assert run.attrs["assay"] == "mating"
    assert ("individual" in run.attrs) == (len({label % 100000 for label in kept}) == 1)


def test_the_meetings_in_which_he_stops_are_kept_first(monkeypatch):
    """Of five meetings he stops in the second and the fourth; who stops in none has the first three. The other half of the run are his twins."""
    run = xr.Dataset({"mate_x_mm": (("variant", "time"), np.arange(10)[:, None] * np.ones(4))}, {"time_s": ("time", np.arange(4) * 0.1)})
    monkeypatch.setattr(_behaviour_intact, "assay_of", lambda name: SimpleNamespace(name="mating", twins=True, run=lambda *_, **how: run))
    monkeypatch.setattr(_behaviour_intact, "wiring_of", lambda row, circuit: None)
    model = ModelTable(circuit="whole_male", animals="male", assays=["mating"])
    row = load_animals("male").iloc[0]
    for stops, kept in ((), [0, 1, 2]), ((1, 3), [1, 3, 0]):
        def told(run, twins, stops=stops):
            assert run["mate_x_mm"].to_numpy()[:, 0].tolist() == [0, 1, 2, 3, 4]
            assert twins["mate_x_mm"].to_numpy()[:, 0].tolist() == [5, 6, 7, 8, 9]
            return SimpleNamespace(state=np.arange(5)[:, None] * np.ones(4, int), measures=pd.DataFrame(
                [(k, "vulva_stop", float(k in stops)) for k in range(5)] + [(0, "turns_tried", 1.0)], columns=["variant", "measure", "value"]))

        monkeypatch.setattr("wormsim.mating_ethogram.ethogram", told)
        shown = _behaviour_intact._shown(model, 3, row)
        assert shown["mate_x_mm"].to_numpy()[:, 0].tolist() == kept
        assert shown["state"].to_numpy()[:, 0].tolist() == [STATES[k] for k in kept]
        assert shown["variant"].to_numpy().tolist() == [f"mating {k + 1}, animal {row['number']}" for k in kept]
        assert (shown["animal"] == row["number"]).all()


def test_a_male_who_stops_is_kept_by_a_real_run():
    """The first of those that were not asked to stop, and 2121, who was: his values are found, and the stop that is drawn is his."""
    model = ModelTable(circuit="whole_male", animals="male", assays=["mating"])
    real = pd.concat([load_animals("male").head(1), load_animals("stopping_often").query("number == 2121")], ignore_index=True)
    values = pd.concat([one_animal(chunk) for chunk in chunks_of(real, "whole_male", ["mating"], 64, [])])
    kept = _behaviour_intact.shown(model, 64, real, values[values["outcome"] == ""].assign(wiring="real wiring"))
    assert kept["animal"].to_numpy().tolist() == [int(real["number"].iloc[0])] * 3 + [2121] * 3
    assert "stop" in mating_figures(kept)
    assert (kept["state"].isel(variant=3) == "at vulva").any()
