"""The whole study, small: the tail's circuit, a table of three published rows, one shuffle of each kind."""

import filecmp
import json

import pandas as pd
import pytest

from wormsim.errors import DataWarning, InputError, UnknownNameError
from wormsim.evidence import COLUMNS
from wormsim.experiment import load_experiment, run
from wormsim.runner import Runner
from wormsim.studies import ablation_screen
from wormsim.studies.ablation_screen import ablate, rank

TOML = """
[experiment]
name = "small_turn"
kind = "ablation_screen"
question = "Does the study hold together?"
source = "a test"
fitted_on = "the intact animal"
scored_on = "rows.csv"
seed = 5

[model]
assay = "mating_turn"
circuit = "male_turning"
neurons = ["lif"]

[ensemble]
samples = 16
most_candidates = 1024

[screen]
cells = false

[score]
evidence = "EVIDENCE"
bootstrap = 200

[controls]
degree = 1
signs = 1
samples = 16
most_candidates = 64
"""
ROWS = [
    ("T1", "turning", "RnA", "ablate", "impaired", "needed", "reported", "high", "found", "a paper", ""),
    ("T2", "turning", 'transmitter="GABA"', "block_release", "impaired", "needed", "reported", "medium", "found", "a paper", ""),
    ("T3", "vulva location", "HOA HOB", "ablate", "impaired", "not needed", "reported", "high", "found", "another paper", ""),
    ("T4", "backing", "PVY", "ablate", "impaired", "not needed", "assumed", "high", "found", "another paper", ""),
    ("T5", "turning", "rays_all", "ablate", "lost", "by construction", "reported", "high", "found", "a paper", "the driven cells"),
    ("T6", "turning", "", "", "lost", "not expressible", "reported", "high", "found", "a paper", "no serotonin here"),
]


@pytest.fixture(scope="module")
def toml(tmp_path_factory):
    folder = tmp_path_factory.mktemp("small")
    pd.DataFrame(ROWS, columns=COLUMNS).to_csv(folder / "rows.csv", index=False)
    path = folder / "small.toml"
    path.write_text(TOML.replace("EVIDENCE", str(folder / "rows.csv")))
    return path


@pytest.fixture(scope="module")
def folder(toml, tmp_path_factory):
    out = tmp_path_factory.mktemp("out") / "small_turn"
    run(load_experiment(toml), out=out, jobs=1, progress=False)
    return out


def test_the_results_folder_is_complete(folder):
    made = {p.name for p in folder.iterdir()}
    assert {"manifest.json", "scores.csv", "tables", "traces", "figures", "report.html"} <= made
    assert {"ranking.png", "published_rows.png", "controls.png", "traces_lif.png"} <= {p.name for p in (folder / "figures").iterdir()}


def test_unsigned_synapses_and_left_out_cells_are_counted_in_the_manifest(folder):
    warned = " ".join(str(w) for w in json.loads((folder / "manifest.json").read_text())["warnings"])
    assert "have no known sign" in warned
    assert "have no part in male_turning" in warned


def test_every_published_row_stands_in_the_table_and_only_some_are_scored(folder):
    rows = pd.read_parquet(folder / "tables" / "published_rows.parquet").set_index("id")
    assert set(rows.index) == {r[0] for r in ROWS}
    assert rows.loc["T5", "result"].startswith("not scored")
    assert rows.loc["T5", "driven cells removed"] == "36 of 36"
    assert rows.loc["T5", "p_lost"] > 0.5, "without the driven cells the turn is lost"
    assert pd.isna(rows.loc["T6", "p_lost"])
    scores = pd.read_csv(folder / "scores.csv")
    real = scores[(scores["metric"] == "auroc") & (scores["control"] == "real wiring")].iloc[0]
    assert real["n"] == 4
    assert real["low"] <= real["value"] <= real["high"]


def test_controls_stand_beside_the_real_wiring(folder):
    scores = pd.read_csv(folder / "scores.csv")
    controls = set(scores.loc[scores["metric"] == "auroc", "control"])
    assert {"real wiring", "contacts of the removed cells", "number of removed cells"} <= controls
    differences = set(scores.loc[scores["metric"] == "auroc_difference", "control"])
    assert {"real wiring minus number of removed cells", "real wiring minus contacts of the removed cells"} <= differences
    without = set(scores.loc[scores["metric"] == "auroc_without_one_needed_row", "control"])
    assert without == {"real wiring, without T1", "real wiring, without T2"}
    acceptance = pd.read_parquet(folder / "tables" / "acceptance.parquet").set_index("ensemble")
    assert {"lif, real wiring", "lif, degree shuffle 0", "lif, signs shuffle 0", "lif, no neuron-neuron wiring"} == set(acceptance.index)
    why = acceptance[["no response", "not every time", "unasked", "ran away", "accepted"]].sum(axis=1)
    assert (why == acceptance["candidates"]).all(), "every candidate is accounted for"


def test_ranking_holds_every_class_of_the_circuit_once(folder):
    ranking = pd.read_parquet(folder / "tables" / "ranking_lif.parquet")
    assert ranking["removed"].is_unique
    assert {"CP", "PHC", "R1A"} <= set(ranking["removed"])
    assert ranking["p_lost"].is_monotonic_decreasing
    assert ranking["p_lost"].between(ranking["low"] - 1e-12, ranking["high"] + 1e-12).all()


def test_a_cluster_gives_the_same_bytes(toml, folder, tmp_path):
    pytest.importorskip("distributed")
    out = tmp_path / "dask"
    run(load_experiment(toml), out=out, jobs=2, backend="dask", progress=False)
    compared = filecmp.cmpfiles(folder, out, ["scores.csv"], shallow=False)
    assert compared[0] == ["scores.csv"]
    names = [p.name for p in (folder / "tables").iterdir()]
    same, different, missing = filecmp.cmpfiles(folder / "tables", out / "tables", names, shallow=False)
    assert (sorted(same), different, missing) == (sorted(names), [], [])


def test_ablate_answers_one_question(tmp_path):
    runner = Runner(tmp_path, jobs=1, progress=False)
    said = ablate(["R[1-9][AB]*"], "mating_turn", circuit="male_turning", samples=16, seed=5, runner=runner)
    assert said["behaviours"][0]["verdict"] == "no prediction"
    assert "by construction" in said["notes"][-1]
    said = ablate(["PVY"], "mating_turn", circuit="male_turning", samples=16, seed=5, runner=runner)
    (turn,) = said["behaviours"]
    assert turn["behaviour"] == "turning"
    assert turn["ablated"]["low"] <= turn["ablated"]["value"] <= turn["ablated"]["high"]
    assert said["samples"] == 16
    with pytest.raises(InputError, match="at least 16"):
        ablate(["PVY"], "mating_turn", samples=4, runner=runner)
    with pytest.raises(UnknownNameError, match="PVY"):
        ablate(["PVYX"], "mating_turn", runner=runner)


def test_a_cache_that_cannot_be_written_costs_only_the_memory(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("not a folder")
    monkeypatch.setenv("WORMSIM_CACHE_DIR", str(tmp_path / "file" / "cache"))
    with pytest.warns(DataWarning, match="cannot be kept"):
        runner = ablation_screen._cached_runner()
    assert runner.out.is_dir()


def test_rank_is_the_screen_alone(tmp_path, folder):
    table = rank("mating_turn", circuit="male_turning", samples=16, seed=5, cells=False, runner=Runner(tmp_path, jobs=1, progress=False))
    whole = pd.read_parquet(folder / "tables" / "ranking_lif.parquet")
    pd.testing.assert_frame_equal(table, whole)


@pytest.mark.parametrize(("override", "message"), [
    ("model.parameters={w_contact=1.0}", "w_contact_pA"),
    ("model.circuit=\"whole_mael\"", "whole_male"),
    ("ensemble.samples=3", "ensemble.samples"),
    ("score.evidence=\"male_matings\"", "male_mating_ablations"),
    ("model.assay=\"mating_trun\"", "closest: mating_turn"),
    ("model.neurons=[\"liff\"]", "unknown neuron model 'liff'; closest: lif"),
    ("model.circuit=\"gentle_touch\"", "which the circuit gentle_touch does not define"),
    ("model.parameters={tau_m_ms=[\"uniform\", 9, 3]}", "model.parameters.tau_m_ms"),
    ("screen.classes=false", "nothing would be removed"),
    ("ensemble.samples=100001", "ensemble.samples = 100001: should be less than or equal to 100000"),
    ("ensemble.most_candidates=100001", "ensemble.most_candidates = 100001"),
    ("controls.samples=100001", "controls.samples = 100001"),
    ("controls.degree=1001", "controls.degree = 1001"),
])
def test_mistakes_are_named_and_claim_no_folder(toml, tmp_path, override, message):
    with pytest.raises(InputError, match=message):
        run(load_experiment(toml, [override]), out=tmp_path / "x", jobs=1, progress=False)
    assert not (tmp_path / "x").exists()


def test_a_published_row_of_unknown_cells_is_named(toml, tmp_path):
    rows = pd.DataFrame([*ROWS, ("T7", "turning", "PVYX", "ablate", "lost", "needed", "reported", "high", "found", "a paper", "")],
                        columns=COLUMNS)
    rows.to_csv(tmp_path / "rows.csv", index=False)
    with pytest.raises(InputError, match="row T7 of the published ablations, cells 'PVYX'"):
        run(load_experiment(toml, {"score.evidence": str(tmp_path / "rows.csv")}), out=tmp_path / "x", jobs=1, progress=False)
    assert not (tmp_path / "x").exists()


@pytest.mark.parametrize(("options", "message"), [
    ({"samples": 100_001}, "at most 100000"), ({"samples": 16.5}, "whole number"), ({"model": "liff"}, "closest: lif"),
    ({"seed": -1}, "seed = -1"), ({"seed": 2**32}, "seed = "), ({"circuit": "gentle_touch"}, "needs the groups"),
])
def test_ablate_and_rank_refuse_before_any_chunk(tmp_path, options, message):
    runner = Runner(tmp_path, jobs=1, progress=False)
    with pytest.raises(InputError, match=message):
        ablate(["PVY"], "mating_turn", runner=runner, **options)
    with pytest.raises(InputError, match=message):
        rank("mating_turn", runner=runner, **options)
    assert list(tmp_path.rglob("*.parquet")) == []
