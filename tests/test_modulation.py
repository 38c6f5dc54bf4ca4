"""States in words, on the command line, in an assay and as a dose-response curve."""

import json
from types import SimpleNamespace

import numpy as np
import pytest
from modulated import modulated_circuit
from typer.testing import CliRunner

from wormsim import dose_response as doses
from wormsim.assays.mating_turn import ASSAY
from wormsim.circuit import load_circuit
from wormsim.cli import app
from wormsim.errors import InputError, UnknownNameError
from wormsim.model import Model
from wormsim.modulation import in_state, parse_state
from wormsim.perturbations import Modulate
from wormsim.screen import assay_of, setting

pytestmark = pytest.mark.filterwarnings("ignore::wormsim.errors.DataWarning")


def call(*arguments, code=0):
    result = CliRunner().invoke(app, list(arguments))
    assert result.exit_code == code, (result.output, result.exception)
    return result


def test_a_state_is_text_a_list_or_a_mapping():
    expected = {"serotonin": "high", "flp_11": "0.5", "pdf": "released"}
    assert parse_state("serotonin:high, flp-11:0.5, pdf:released") == expected
    assert parse_state(["serotonin:high", "flp-11 : 0.5,pdf:released"]) == expected
    assert parse_state({"Serotonin": "high", "flp-11": "0.5", "pdf": "released"}) == expected
    assert parse_state(()) == parse_state("") == {}


@pytest.mark.parametrize(("state", "error", "message"), [
    ("serotonin", InputError, "MODULATOR:LEVEL"),
    ("serotonin:", InputError, "MODULATOR:LEVEL"),
    ("serotonin:-1", InputError, "at least 0"),
    ({"serotonin": float("nan")}, InputError, "at least 0"),
    ("serotonin:high, Serotonin:low", InputError, "named twice"),
    ("serotonin:relased", UnknownNameError, "closest: released"),
    ("serotonine:high", UnknownNameError, "closest: serotonin"),
])
def test_a_state_that_is_none_says_why(state, error, message):
    with pytest.raises(error, match=message):
        parse_state(state)


def test_a_model_in_a_state_has_its_modulators():
    model = in_state(Model.build(modulated_circuit(), "lif"), "serotonin:released, pdf:high")
    assert [s.name for s in model.synapses] == ["exponential", "gap_junction", "volume_serotonin"]
    assert [(p.modulator, p.level) for p in model.perturbations if isinstance(p, Modulate)] == [("pdf", "high")]
    assert in_state(model, ()) is model
    with pytest.raises(UnknownNameError, match="pdfr-1"):
        in_state(Model.build(modulated_circuit(), "lif"), "pdf:high", without=["pdfr-2"])


def test_an_assay_is_built_in_a_state():
    male = load_circuit("male_turning")
    plain, moved = ASSAY.build(male, "lif"), ASSAY.build(male, "lif", ["serotonin:high"])
    assert set(moved.parameters) > set(plain.parameters)
    assert isinstance(moved.perturbations[-1], Modulate)
    spec = {"assay": "mating_turn", "circuit": "male_turning", "wiring": {"kind": "real", "seed": 0}, "neuron": "lif", "parameters": {}}
    assert setting({**spec, "state": {"state": {"serotonin": "high"}}})[1].perturbations[-1].level == "high"
    assert not any(isinstance(p, Modulate) for p in setting(spec)[1].perturbations)


def test_an_assay_can_be_of_other_cells():
    worm = load_circuit("whole_hermaphrodite")
    assay, circuit = assay_of({"like": "mating_turn", "behaviour": "head", "drive": ["SMD"], "read": ["M[DV][LR]0[1-8]"]}, worm)
    assert assay.contacts[0].start_ms == 150.0
    assert assay.readout == {"read_cells": 1.0}
    assert len(circuit.groups["read_cells"]) == 32
    assert assay.driven(circuit) == {"SMDDL", "SMDDR", "SMDVL", "SMDVR"}
    assert assay.margin == ASSAY.margin


def test_the_commands_name_modulators_cells_and_sources():
    shown = call("modulators", "whole_male").output
    for part in ("lgc-55", "chloride channel", "Pirri", "CP1", "certainty"):
        assert part in shown
    told = json.loads(call("modulators", "whole_male", "--json").stdout)
    row = next(r for r in told["receptors"] if r["receptor"] == "ser-1")
    assert {"dglL1", "RIAL"} < set(row["receiving"])
    assert row["received_by"] == len(row["receiving"])
    assert "serotonin" in call("list", "modulators").output
    assert "shift_serotonin_ser_1" in call("show", "serotonin").output
    assert "Examples:" in call("modulators", "--help").output
    assert "Examples:" in call("dose", "--help").output


def test_ablate_passes_the_state_on(monkeypatch):
    from wormsim.studies import ablation_screen
    asked = []
    answer = {"cells": ["AVAL"], "circuit": "c", "assay": "a", "behaviours": [], "samples": 16, "notes": [], "state": {"serotonin": "high"}}
    monkeypatch.setattr(ablation_screen, "ablate", lambda cells, **options: asked.append(options) or answer)
    shown = call("ablate", "AVA", "--assay", "mating_turn", "--state", "serotonin:high", "--state", "pdf:low").output
    assert asked[0]["state"] == ["serotonin:high", "pdf:low"]
    assert "serotonin high" in shown


def test_a_curve_is_over_doses_in_the_same_animals(monkeypatch):
    from wormsim.runner import Runner

    found = SimpleNamespace(accepted=list(range(16)), candidates=[None] * 16)
    monkeypatch.setattr(doses, "accept", lambda *a, **k: found)
    monkeypatch.setattr(Runner, "__init__", lambda self, *a: None)
    table = doses.dose_response("serotonin", ["high", 0, 1.0], circuit="male_turning")
    assert len(table) == 48
    assert set(table["concentration"]) == {0.0, 1.0, 9.0}
    nothing = table[table["concentration"] == 0]
    assert (nothing["keep"].dropna() == 1.0).all(), "no modulator is the animal itself, to the bit"
    assert (table.loc[table["concentration"] > 0, "keep"].dropna() != 1.0).any()
    summary = doses.summarise_doses(table)
    assert summary["concentration"].tolist() == [0.0, 1.0, 9.0]
    assert np.allclose(summary["keep_median"].iloc[0], 1.0)

    from wormsim.plotting.dose import dose_figure
    (ax,) = dose_figure(table).axes
    assert [t.get_text() for t in ax.get_xticklabels()] == ["0", "1", "9"]
    with pytest.raises(InputError, match="each concentration once"):
        doses.dose_response("serotonin", ["high", 9.0])
    with pytest.raises(InputError, match="at least 0"):
        doses.dose_response("serotonin", [-1.0])


def test_a_screen_may_be_in_a_state():
    from wormsim.experiment import load_experiment

    plain = load_experiment("mating_turn").spec
    moved = load_experiment("mating_turn", {"model.state": ["serotonin:high"]}).spec
    assert "state" not in plain.setting("lif", {"kind": "real"})
    assert moved.setting("lif", {"kind": "real"})["state"] == {"state": {"serotonin": "high"}}
    with pytest.raises(InputError, match="MODULATOR:LEVEL"):
        load_experiment("mating_turn", {"model.state": ["serotonin"]}).spec.setting("lif", {"kind": "real"})
