"""The command line: exit codes, one message for a mistake, clean stdout, quick start."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from study_fixture import TOML, add_studies
from typer.testing import CliRunner

from wormsim.cli import app

LAUNCHER = str(Path(__file__).with_name("study_fixture.py"))


@pytest.fixture(autouse=True, scope="module")
def _studies():
    add_studies()


@pytest.fixture
def toml(tmp_path, monkeypatch) -> Path:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "paths.toml"
    path.write_text(TOML)
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe\x00bad")
    return path


def call(*arguments: str, code: int = 0):
    result = CliRunner().invoke(app, list(arguments))
    assert result.exit_code == code, (result.output, result.exception)
    return result


def words(text: str) -> str:
    return " ".join(text.split())


@pytest.mark.parametrize("command", [[], ["list"], ["show"], ["run"], ["fit"], ["ablate"], ["plot"], ["animate"], ["doctor"], ["cache"],
                                     ["cache", "clear"], ["cache", "show"], ["data"], ["data", "list"], ["data", "fetch"]])
def test_every_command_has_help_with_examples(command):
    shown = call(*command, "--help").output
    assert "Examples:" in shown
    assert f"wormsim {' '.join(command)}".strip() in shown


def test_version():
    import wormsim
    assert call("--version").output == f"wormsim {wormsim.__version__}\n"


@pytest.mark.parametrize("what", ["connectomes", "circuits", "neurons", "synapses", "perturbations", "modulators", "assays", "metrics", "objectives",
                                  "observables", "indicators", "recordings", "experiments"])
def test_list(what):
    from wormsim import catalog
    from wormsim.readers import connectome_names

    shown = call("list", what).output
    for name in connectome_names() if what == "connectomes" else catalog.names(what):
        assert name in shown
    assert what in call("list").output


def test_list_genotypes():
    shown = words(call("list", "genotypes").output)
    for part in ("unc-7", "0.7 (0.3-1) of gap junctions lost", "eat-4", "all of glutamate lost", "receptor MOD-1 lost"):
        assert part in shown


def test_show_a_connectome():
    shown = words(call("show", "cook2019_male").output)
    for part in ("Cook SJ", "MIT", "384", "5306", "1758", "EM sections"):
        assert part in shown


@pytest.mark.parametrize(("name", "parts"), [
    ("whole_male", ["circuit whole_male", "cook2019_male", "rays_A", "R1AL", "excitatory"]),
    ("lif", ["neuron model lif", "tau_m", "Shiu", "dv/dt"]),
    ("graded_chemical", ["synapse model graded_chemical"]),
    ("mating_turn", ["assay mating_turn", "experiment mating_turn", "fitted on", "ensemble.samples"]),
    ("auroc", ["metric auroc", "ROC"]),
    ("correlations", ["objective correlations", "split by animal", "recordings", "(needed)", "min_confidence"]),
    ("clamp", ["perturbation clamp", "does not spike", "v_mV"]),
    ("cat-2", ["genotype cat-2", "0.8 (0.6-1) of dopamine lost", "Lints"]),
    ("calcium", ["observable calcium", "tau_nucleus", "guess"]),
    ("gcamp6s", ["indicator gcamp6s", "Kd", "0.144", "Chen"]),
    ("nwb", ["recording nwb", "RoiResponseSeries"]),
])
def test_show(name, parts):
    shown = words(call("show", name).output)
    for part in parts:
        assert part in shown


def test_show_takes_a_users_own_files(toml, tmp_path):
    assert "Which node's loss cuts every path?" in call("show", str(toml)).output
    table = tmp_path / "mine.csv"
    table.write_text("pre,post,kind,contacts\nAVAL,AVAR,chemical,3\n")
    assert "connectome mine" in call("show", str(table)).output


@pytest.mark.parametrize(("arguments", "message"), [
    (["show", "cook2019_mal"], "closest: cook2019_male"),
    (["list", "connectoms"], "closest: connectomes"),
    (["run", "mating_trun"], "closest: mating_turn"),
    (["run", "paths.toml", "--set", "screen.sampels=3"], "closest: samples"),
    (["run", "paths.toml", "--seed", "-3"], "experiment.seed = -3"),
    (["run", "paths.toml", "--jobs", "0"], "jobs must be a whole number of at least 1"),
    (["run", "paths.toml", "--backend", "slurm"], "unknown backend"),
    (["run", "paths.toml", "--set", "nodes=13", "--jobs", "1"], "13 nodes cannot be wired"),
    (["run", "absent.toml"], "no such file: absent.toml"),
    (["fit", "absent.toml"], "no such file: absent.toml"),
    (["fit", "paths.toml"], "paths.toml is an experiment of kind path_screen, not fit"),
    (["fit", "pump_probe_recovry"], "closest: pump_probe_recovery"),
    (["fit", "pump_probe_recovery", "--folds", "1"], "fit.folds = 1"),
    (["fit", "pump_probe_recovery", "--folds", "3", "--set", "fit.folds=2"], "--folds and --set fit.folds are one setting"),
    (["fit", "pump_probe_recovery", "--set", "objective.settings.stimulated=[\"AVAX\"]"], "closest: AVA"),
    (["fit", "pump_probe_recovery", "--set", "objective.settings.noise_mV=-1"], "objective.settings.noise_mV"),
    (["fit", "pump_probe_recovery", "--resume"], "holds no fit to go on with"),
    (["fit", "pump_probe_recovery", "--resume", "--force"], "give one of them"),
    (["fit", "correlations"], "objective.settings.recordings"),
    (["ablate", "AVA", "--assay", "mating_turn", "--model", "absent.nc"], "no such file: absent.nc"),
    (["run", "mating_turn", "--model", "absent.nc"], "no such file: absent.nc"),
    (["ablate", "AVA", "--assay", "mating_trun"], "closest: mating_turn"),
    (["plot", "absent"], "no such results folder"),
    (["run", "nosuch"], "unknown experiment 'nosuch'"),
    (["run", "mating_trun"], "unknown experiment 'mating_trun'; closest: mating_turn, mating, mating_stopping; or give a path that ends in .toml"),
    (["run", "paths.toml", "--set", "samples"], "as in --set ensemble.samples=128"),
    (["show", "aval"], "closest: AVAL"),
    (["show", "binary.toml"], "binary.toml is not UTF-8 text"),
    (["run", "binary.toml"], "binary.toml is not UTF-8 text"),
    (["ablate", "AVA", "--assay", "mating_turn", "--circuit", "binary.toml"], "binary.toml is not UTF-8 text"),
    (["ablate", "AVA", "--assay", "mating_turn", "--model", "liff"], "unknown neuron model 'liff'; closest: lif"),
    (["ablate", "AVA", "--assay", "mating_turn", "--samples", "100001"], "at most 100000"),
    (["ablate", "AVA", "--assay", "mating_turn", "--samples", "15"], "at least 16"),
    (["ablate", "AVA", "--assay", "mating_turn", "--seed", "4294967296"], "from 0 to 4294967295"),
    (["ablate", "AVA", "--assay", "mating_turn", "--circuit", "gentle_touch"], "the circuit gentle_touch does not define"),
    (["plot", "connectome"], "which connectome?"),
    (["plot", "cohort", "nonsense"], "takes no further name"),
    (["plot", "cohort", "--what", "ranking"], "takes no --what"),
    (["plot", "connectome", "cook2019_male", "--what", "ranking"], "takes no --what"),
    (["plot", "paths.toml", "ranking"], "write --what ranking to choose a figure"),
    (["plot", "connectome", "cook2019_male", "--out", "x.gif"], "a figure is written as .png, .pdf, .svg"),
])
def test_a_mistake_is_one_message_and_exit_code_2(toml, arguments, message):
    result = call(*arguments, code=2)
    assert message in words(result.stderr)
    assert words(result.stderr).count("error:") == 1
    assert "Traceback" not in result.output
    assert "error" not in result.stdout


@pytest.mark.parametrize("arguments", [["lst"], ["run"], ["run", "x", "--jobs", "two"], ["run", "--frobnicate"]])
def test_a_mistyped_command_is_exit_code_2(arguments):
    assert "Usage:" in call(*arguments, code=2).stderr


def test_a_defect_keeps_its_traceback(toml):
    result = call("run", str(toml), "--set", "nodes=17", "--jobs", "1", code=1)
    assert isinstance(result.exception, RuntimeError)


def test_run_prints_ranking_scorecard_answer_and_report(toml, tmp_path):
    result = call("run", "paths.toml", "--jobs", "1", "--seed", "5", "--set", "screen.samples=6")
    shown = words(result.stdout)
    places = [shown.index(part) for part in ("Which node's loss cuts every path?", "Ranking", "needed probability", "Scorecard",
                                             "needed share", "above its control", "Answer", "needed most often",
                                             "report: results/paths/report.html")]
    assert places == sorted(places)
    assert "warning: 2 nodes kept without an edge" in words(result.stderr)
    assert "screen: 6 chunks" in result.stderr
    manifest = json.loads(Path("results/paths/manifest.json").read_text())
    assert manifest["identity"]["seed"] == 5
    again = call("run", "paths.toml", "--jobs", "1", code=2)
    assert "holds other results" in words(again.stderr)
    assert "--force" in again.stderr
    call("run", "paths.toml", "--jobs", "1", "--force")


def test_more_of_an_experiment_goes_on_from_what_is_there(toml):
    call("run", "paths.toml", "--jobs", "1", "--set", "screen.samples=4")
    longer = call("run", "paths.toml", "--jobs", "1", "--set", "screen.samples=6", code=2)
    assert "--extend" in longer.stderr
    longer = call("run", "paths.toml", "--jobs", "1", "--set", "screen.samples=6", "--extend")
    assert "screen: 6 chunks, 4 of them from before" in words(longer.stderr)
    # as if it had been run so at once, and nothing is thrown away by asking for less
    call("run", "paths.toml", "--jobs", "1", "--set", "screen.samples=6", "--out", "at_once")
    assert Path("results/paths/scores.csv").read_bytes() == Path("at_once/scores.csv").read_bytes()
    call("run", "paths.toml", "--jobs", "1", "--set", "screen.samples=4", "--extend")
    assert len(list(Path("results/paths/chunks").glob("*.parquet"))) == 6
    assert "give one of them" in words(call("run", "paths.toml", "--extend", "--force", code=2).stderr)
    other = Path("paths.toml").read_text().replace('name = "paths"', 'name = "other"')
    Path("other.toml").write_text(other)
    refused = call("run", "other.toml", "--jobs", "1", "--out", "results/paths", "--extend", code=2)
    assert "holds other results" in words(refused.stderr)
    assert len(list(Path("results/paths/chunks").glob("*.parquet"))) == 6


def test_plot_draws_the_figures_of_results(toml):
    call("run", "paths.toml", "--jobs", "1", "--out", "out")
    assert "ranking: How often" in words(call("plot", "out").output)
    call("plot", "out", "--what", "ranking", "--out", "r.pdf")
    call("plot", "out", "--what", "lengths")
    assert Path("r.pdf").read_bytes().startswith(b"%PDF")
    assert Path("out-lengths.png").read_bytes() == Path("out/figures/lengths.png").read_bytes()
    assert "closest: ranking" in words(call("plot", "out", "--what", "rankin", code=2).stderr)
    assert "--what is missing" in words(call("plot", "out", "--out", "r.pdf", code=2).stderr)


def test_plot_draws_wiring_and_cohort(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    call("plot", "connectome", "white1986_adult", "--out", "w.svg")
    call("plot", "cohort", "--out", "c.png")
    assert b"<svg" in Path("w.svg").read_bytes()
    assert Path("c.png").read_bytes().startswith(b"\x89PNG")
    assert "cannot be written" in words(call("plot", "cohort", "--out", "w.svg/c.png", code=2).stderr)


ANSWER = {"assay": "mating_turn", "circuit": "whole_male", "state": {}, "cells": ["AVAL", "AVAR"], "samples": 64,
          "behaviours": [{"behaviour": "turning", "intact": {"value": 1.0, "low": 0.94, "high": 1.0},
                          "ablated": {"value": float("nan"), "low": 0.1, "high": 0.3}, "verdict": "lost"}],
          "notes": ["a note"]}


@pytest.fixture
def asked(monkeypatch):
    """Stands in for the simulation, to see what the command asks and how it tells the answer."""
    from wormsim.studies import ablation_screen
    calls = []
    monkeypatch.setattr(ablation_screen, "ablate", lambda cells, **options: calls.append((cells, options)) or ANSWER)
    return calls


def test_ablate_asks_and_prints_a_table(asked):
    shown = words(call("ablate", "AVA", "--assay", "mating_turn", "--samples", "32", "--seed", "4").output)
    assert asked == [(["AVA"], {"assay": "mating_turn", "samples": 32, "seed": 4})]
    for part in ("AVAL, AVAR removed", "turning", "1.00 (0.94 to 1.00)", "lost", "note: a note"):
        assert part in shown


def test_ablate_json_is_one_object_and_nothing_else(asked):
    result = call("ablate", "AVA", "PVC", "--assay", "mating_turn", "--circuit", "whole_male", "--model", "graded", "--json")
    assert asked[0][1] == {"assay": "mating_turn", "circuit": "whole_male", "model": "graded", "seed": 0}
    answer = json.loads(result.stdout)
    assert answer["behaviours"][0]["ablated"]["value"] is None
    assert answer["cells"] == ["AVAL", "AVAR"]


def test_ablate_names_a_dozen_cells_and_no_empty_interval(asked, monkeypatch):
    monkeypatch.setitem(ANSWER, "cells", [f"VD{i}" for i in range(1, 21)])
    certain = {"value": 1.0, "low": 1.0, "high": 1.0}
    monkeypatch.setitem(ANSWER, "behaviours", [{"behaviour": "turning", "intact": certain, "ablated": certain, "verdict": "normal"}])
    shown = words(call("ablate", "VD", "--assay", "mating_turn").output)
    assert "VD12 and 8 more removed" in shown
    assert "VD13" not in shown
    assert "turning 1.00 1.00 normal" in shown
    assert "at least 16" in words(call("ablate", "--help").output).replace("│ │ ", "")


def test_the_terminal_leaves_out_driven_rows_and_columns_of_zeros(capsys):
    import pandas as pd

    from wormsim.cli.running import _score_line, _show_ranking
    from wormsim.studies import StudyResult, score_table

    table = pd.DataFrame({"removed": [f"C{i}" for i in range(60)], "p_lost": 0.421875, "keep_low": -5.57e-4, "contacts": 4055.0,
                          "ran_away": 0, "driven by the assay": [i < 45 for i in range(60)]})
    scores = score_table([{"metric": "auroc", "group": "lif", "value": 0.5, "low": 0.5, "high": 0.5},
                          {"metric": "auroc", "group": "lif", "value": 0.86719, "low": 0.544641, "high": 1.0}])
    _show_ranking(StudyResult(["x"], scores, table.head(40), {"ranking_lif": table}))
    shown = words(capsys.readouterr().out)
    assert "C45 0.42 −0.00 4055" in shown
    assert "C44" not in shown
    assert "45 rows of cells that the assay drives itself left out" in shown
    assert "ran away" not in shown
    assert "driven by the assay" not in shown
    sure, estimate = (_score_line(row) for row in scores.to_dict("records"))
    assert sure[2:4] == ["0.50", ""]
    assert estimate[2:4] == ["0.87", "0.54 to 1.00"]


def test_show_a_cell_and_a_class():
    shown = words(call("show", "AVAL").output)
    for part in ("neuron AVAL", "class AVA", "acetylcholine", "cook2019_male", "witvliet2021_8"):
        assert part in shown
    assert "neuron CP1 " in words(call("show", "CP").output)
    assert "neuron CP1 " in words(call("show", "CP01").output)


def test_one_is_singular():
    assert "280 neurons, 1 muscle;" in words(call("list", "connectomes").output)


def shell(*arguments: str, **options) -> subprocess.CompletedProcess:
    return subprocess.run([sys.executable, *arguments], capture_output=True, text=True, timeout=300, **options)


def test_python_dash_m():
    done = shell("-m", "wormsim", "show", "no_such_thing")
    assert done.returncode == 2
    assert done.stdout == ""
    assert "unknown name 'no_such_thing'" in done.stderr


def test_a_defect_shows_its_traceback_and_exit_code_1(toml):
    done = shell(LAUNCHER, "run", str(toml), "--set", "nodes=17")
    assert done.returncode == 1
    assert "RuntimeError: a defect in the study" in done.stderr


def test_the_command_starts_quickly():
    """By what it loads: seconds would be the machine's."""
    assert shell("-m", "wormsim", "--help").returncode == 0
    loaded = shell("-X", "importtime", "-m", "wormsim", "--help").stderr
    for heavy in ("numpy", "pandas", "numba", "brian2", "matplotlib", "xarray", "joblib", "pydantic"):
        assert f" {heavy}\n" not in loaded


def test_a_closed_pipe_is_no_traceback():
    done = subprocess.run(f"{sys.executable} -m wormsim list experiments | head -1", shell=True, capture_output=True,
                          text=True, timeout=300)
    assert "Traceback" not in done.stderr
