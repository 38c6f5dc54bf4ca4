"""Experiments: every mistake in the settings is named, a folder takes one experiment, equal runs are equal bytes."""

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest
from study_fixture import TOML, add_studies, code_version

from wormsim import experiment as ex
from wormsim.errors import DataWarning, InputError, UnknownNameError
from wormsim.results import ResultsFolder, load_results

pytestmark = pytest.mark.filterwarnings("ignore::wormsim.errors.DataWarning")


@pytest.fixture(autouse=True, scope="module")
def _studies():
    add_studies()


@pytest.fixture
def toml(tmp_path) -> Path:
    path = tmp_path / "paths.toml"
    path.write_text(TOML)
    return path


def hashes(folder: Path) -> dict[str, str]:
    """All that must not depend on who computed it and when: everything but manifest and report."""
    return {str(p.relative_to(folder)): hashlib.sha256(p.read_bytes()).hexdigest() for p in sorted(folder.rglob("*"))
            if p.is_file() and p.name not in ("manifest.json", "report.html") and p.suffix != ".part"}


def quiet(toml, out, **options):
    return ex.run(toml, out, **{"jobs": 1, "progress": False, **options})


def test_the_packaged_experiments_load():
    from wormsim import catalog

    for name in catalog.names("experiments"):
        loaded = ex.load_experiment(name)
        assert loaded.name == name
        assert loaded.header.question.endswith("?")


def test_loading(toml):
    loaded = ex.load_experiment(toml)
    assert (loaded.name, loaded.seed, loaded.spec.nodes, loaded.spec.screen.samples) == ("paths", 3, 6, 8)
    assert loaded.spec.seed == 3
    assert loaded.header.source == ("Menger's theorem.", "Graphs drawn at random.")
    assert loaded.header.fitted_on == ("nothing",)
    assert loaded.toml_sha256 == hashlib.sha256(toml.read_bytes()).hexdigest()


def test_overrides_and_seed(toml):
    loaded = ex.load_experiment(toml, ["screen.samples=12", "screen.layout=ring", "nodes = 7"], seed=9)
    assert (loaded.spec.screen.samples, loaded.spec.screen.layout, loaded.spec.nodes) == (12, "ring", 7)
    assert (loaded.spec.seed, loaded.seed) == (9, 9)
    same = ex.load_experiment(toml, {"screen.samples": 12, "screen.layout": "ring", "nodes": 7}, seed=9)
    assert same.identity == loaded.identity
    assert loaded.identity["sha256"] != ex.load_experiment(toml).identity["sha256"]


@pytest.mark.parametrize(("old", "new", "message"), [
    ("samples = 8", "sampels = 8", r"2 problems\n.*screen.samples is missing\n.*line 14, screen.sampels = 8: no such key; "
                                   r"closest: samples; keys here: samples, probability, layout, sleep_s"),
    ("samples = 8", "samples = 0", r"line 14, screen.samples = 0: should be greater than or equal to 1"),
    ("samples = 8", 'samples = "many"', r'line 14, screen.samples = "many": should be a valid integer'),
    ("samples = 8", "samples = nan", r"screen.samples = nan: should be a finite number"),
    ("probability = 0.2", 'layout = "rnig"', r'screen.layout = "rnig": closest: ring; allowed: random, ring'),
    ("nodes = 6", "", "nodes is missing"),
    ("nodes = 6", "nodes = 6\nseed = 4", r"seed belongs in the table \[experiment\]"),
    ("[screen]", "[scren]", r"(?s)screen is missing.*scren.*no such key; closest: screen"),
    ('kind = "path_screen"', 'kind = "path_scren"', r"experiment.kind: unknown study 'path_scren'; closest: path_screen"),
    ('name = "paths"', 'name = "../paths"', r'line 4, experiment.name = "../paths": .*pattern'),
    ('fitted_on = "nothing"', "", "experiment.fitted_on is missing"),
    ('fitted_on = "nothing"', "fitted_on = []", "experiment.fitted_on"),
    ("seed = 3", "seed = -1", "line 11, experiment.seed = -1: should be greater than or equal to 0"),
    ("seed = 3", "sead = 3", "experiment.sead = 3: no such key; closest: seed"),
    ("[experiment]", "[experimnt]", r"table \[experiment\] is missing"),
    ("nodes = 6", "nodes = ", "not valid TOML: .*line 1"),
])
def test_mistakes_in_the_toml_are_named(toml, old, new, message):
    text = TOML.replace(old, new)
    assert text != TOML
    toml.write_text(text)
    with pytest.raises(InputError, match=message) as caught:
        ex.load_experiment(toml)
    assert str(caught.value).startswith(str(toml))


@pytest.mark.parametrize(("override", "message"), [
    ("screen.sampels=3", r"--set screen.sampels = 3: no such key; closest: samples"),
    ("screen.samples=-3", r"--set screen.samples = -3: should be greater"),
    ("screen.samples", "write it as key=value"),
    ("screen.samples=[1,", "is not a TOML value"),
    ("nodes.more=1", "nodes is a value, not a table"),
    ("experiment.name=other", "copy the file and edit the copy"),
    ("experiment.seed=4", "use --seed"),
    ("seed=4", "use --seed"),
])
def test_mistakes_in_overrides_are_named(toml, override, message):
    with pytest.raises(InputError, match=message):
        ex.load_experiment(toml, [override])


def test_an_override_given_twice(toml):
    with pytest.raises(InputError, match="nodes is given twice"):
        ex.load_experiment(toml, ["nodes=4", "nodes=5"])


def test_files_that_are_not_there(tmp_path):
    with pytest.raises(UnknownNameError, match="closest: mating_turn"):
        ex.load_experiment("mating_trun")
    with pytest.raises(InputError, match="no such file"):
        ex.load_experiment(tmp_path / "absent.toml")
    (tmp_path / "latin.toml").write_bytes(b"name = '\xe9'")
    with pytest.raises(InputError, match="not UTF-8"):
        ex.load_experiment(tmp_path / "latin.toml")


def test_a_results_folder_has_all_that_is_promised(toml, tmp_path):
    results = quiet(toml, tmp_path / "out", command="wormsim run paths.toml")
    out = tmp_path / "out"
    assert {p.name for p in out.iterdir()} == {"chunks", "figures", "manifest.json", "report.html", "scores.csv",
                                               "tables", "traces"}
    assert (out / "scores.csv").read_text().splitlines()[0] == "metric,group,value,low,high,floor,ceiling,control,n,verdict"
    assert len(list((out / "chunks").glob("*.parquet"))) == 8
    assert (out / "figures" / "ranking.png").read_bytes().startswith(b"\x89PNG")
    manifest = json.loads((out / "manifest.json").read_text())
    assert manifest == results.manifest
    assert manifest["state"] == "complete"
    assert manifest["command"] == "wormsim run paths.toml"
    assert manifest["identity"]["spec"]["screen"]["samples"] == 8
    assert manifest["stages"][0] | {"wall_s": 0} == {"name": "screen", "chunks": 8, "resumed": 0, "damaged": 0, "wall_s": 0}
    assert manifest["warnings"] == [{"message": "2 nodes kept without an edge (n3, n4)", "times": 2}]
    for name, digest in manifest["outputs"].items():
        assert hashlib.sha256((out / name).read_bytes()).hexdigest() == digest
    assert {"numpy", "pandas", "brian2"} <= set(manifest["packages"])


def test_warnings_are_shown_once(toml, tmp_path):
    with pytest.warns(DataWarning) as caught:
        quiet(toml, tmp_path / "out")
    assert [str(w.message) for w in caught].count("2 nodes kept without an edge (n3, n4)") == 1


def test_reading_a_results_folder_gives_what_was_written(toml, tmp_path):
    written = quiet(toml, tmp_path / "out").result
    read = load_results(tmp_path / "out")
    pd.testing.assert_frame_equal(read.result.scores, written.scores)
    pd.testing.assert_frame_equal(read.result.ranking, written.ranking)
    pd.testing.assert_frame_equal(read.result.tables["samples"], written.tables["samples"])
    assert read.result.traces["lengths"].identical(written.traces["lengths"])
    assert (read.result.summary, read.result.captions) == (written.summary, written.captions)
    assert set(read.result.figures) == {"ranking", "lengths"}
    assert list(read.result.tables) == list(written.tables) == ["samples", "graphs"]
    with pytest.raises(InputError, match="not a wormsim results folder"):
        load_results(tmp_path)
    (tmp_path / "out" / "tables" / "graphs.parquet").unlink()
    with pytest.raises(InputError, match=r"graphs.parquet is missing; run the experiment again"):
        load_results(tmp_path / "out")


def test_equal_bytes_for_one_job_two_jobs_dask_and_again(toml, tmp_path):
    quiet(toml, tmp_path / "one")
    quiet(toml, tmp_path / "two", jobs=2)
    quiet(toml, tmp_path / "dask", jobs=2, backend="dask")
    first = hashes(tmp_path / "one")
    assert first == hashes(tmp_path / "two") == hashes(tmp_path / "dask")
    assert {"scores.csv", "tables/ranking.parquet", "traces/lengths.nc", "figures/ranking.png"} <= set(first)
    again = quiet(toml, tmp_path / "one")
    assert again.manifest["stages"][0]["resumed"] == 8
    assert hashes(tmp_path / "one") == first
    quiet(toml, tmp_path / "other", seed=4)
    assert hashes(tmp_path / "other")["tables/samples.parquet"] != first["tables/samples.parquet"]


def test_a_folder_of_other_results_is_refused(toml, tmp_path):
    out = tmp_path / "out"
    quiet(toml, out)
    before = hashes(out)
    with pytest.raises(InputError, match=r"holds other results \(seed: 3 there, 4 here; spec.seed: 3 there, 4 here\).*--force"):
        quiet(toml, out, seed=4)
    with pytest.raises(InputError, match=r"spec.screen.samples: 8 there, 9 here"):
        quiet(toml, out, overrides=["screen.samples=9"])
    toml.write_text(TOML.replace('name = "paths"', 'name = "roads"'))
    with pytest.raises(InputError, match="name: paths there, roads here"):
        quiet(toml, out)
    assert hashes(out) == before
    quiet(toml, out, force=True)
    assert json.loads((out / "manifest.json").read_text())["experiment"]["name"] == "roads"


def test_the_content_of_a_file_that_the_settings_name_counts(toml, tmp_path):
    table = tmp_path / "wiring.csv"
    table.write_text("pre,post\n")
    quiet(toml, tmp_path / "out", overrides={"wiring": str(table)})
    table.write_text("pre,post\nAVAL,AVAR\n")
    with pytest.raises(InputError, match=r"inputs\..*wiring.csv"):
        quiet(toml, tmp_path / "out", overrides={"wiring": str(table)})


def test_a_run_that_extends_and_is_killed_can_be_extended_again(toml, tmp_path):
    """Until its manifest is written the old one stays: without it the chunks would be nobody's."""
    out = tmp_path / "out"
    ex.run(str(toml), out, jobs=1, progress=False)
    chunks = sorted((out / "chunks").iterdir())
    assert chunks
    longer = ex.load_experiment(str(toml), seed=77).identity
    for _ in range(2):  # killed before the manifest was written, and begun again
        ResultsFolder(out, longer, extend=True)
        assert sorted((out / "chunks").iterdir()) == chunks
        assert not (out / "scores.csv").exists()


@pytest.mark.parametrize("force", [False, True])
def test_a_folder_of_something_else_is_never_touched(toml, tmp_path, force):
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "thesis.tex").write_text("years of work")
    (tmp_path / "home" / "tables").mkdir()
    with pytest.raises(InputError, match="is no wormsim results folder"):
        quiet(toml, tmp_path / "home", force=force)
    assert sorted(p.name for p in (tmp_path / "home").iterdir()) == ["tables", "thesis.tex"]
    with pytest.raises(InputError, match="cannot be made"):
        quiet(toml, tmp_path / "home" / "thesis.tex", force=force)


def test_a_rejected_run_claims_no_folder(toml, tmp_path, monkeypatch):
    from wormsim import catalog

    def check(spec):
        if spec.nodes == 11:
            raise InputError("11 nodes are refused")

    monkeypatch.setattr(catalog.load("studies", "path_screen"), "check", check, raising=False)
    with pytest.raises(InputError, match="11 nodes are refused"):
        quiet(toml, tmp_path / "out", overrides={"nodes": 11})
    assert not (tmp_path / "out").exists()
    quiet(toml, tmp_path / "out", overrides={"nodes": 5})


def test_a_run_that_left_nothing_is_no_claim(toml, tmp_path):
    out = tmp_path / "out"
    with pytest.raises(InputError, match="13 nodes cannot be wired"):
        quiet(toml, out, overrides={"nodes": 13})
    assert (out / "manifest.json").exists()
    quiet(toml, out)
    with pytest.raises(InputError, match="holds other results"):
        quiet(toml, out, overrides={"nodes": 7})


def test_an_interrupted_run_with_a_finished_chunk_keeps_its_folder(toml, tmp_path):
    out = tmp_path / "out"
    quiet(toml, out)
    found = json.loads((out / "manifest.json").read_text())
    (out / "manifest.json").write_text(json.dumps(found | {"state": "running"}))
    (out / "scores.csv").unlink()
    with pytest.raises(InputError, match="holds other results"):
        quiet(toml, out, overrides={"nodes": 7})


@pytest.mark.parametrize("text", ['{"state": "comp', "[]", '{"state": "complete"}', "\xff"])
def test_a_damaged_manifest_is_called_damaged(toml, tmp_path, text):
    out = tmp_path / "out"
    quiet(toml, out)
    (out / "manifest.json").write_bytes(text.encode("latin-1"))
    with pytest.raises(InputError, match="manifest.json is damaged"):
        load_results(out)
    with pytest.raises(InputError, match="manifest.json is damaged"):
        quiet(toml, out)
    assert (out / "scores.csv").exists()


def test_what_an_older_version_left_is_removed(toml, tmp_path):
    out = tmp_path / "out"
    quiet(toml, out)
    (out / "tables" / "old.parquet").write_bytes(b"x")
    (out / "chunks" / "0123.parquet").write_bytes(b"x")
    quiet(toml, out)
    assert not (out / "tables" / "old.parquet").exists()
    assert len(list((out / "chunks").iterdir())) == 8


def test_killed_and_resumed_gives_equal_bytes(toml, tmp_path):
    launcher = str(Path(__file__).with_name("study_fixture.py"))

    def start(out):
        return subprocess.Popen([sys.executable, launcher, "run", str(toml), "--out", str(tmp_path / out), "--jobs", "2",
                                 "--set", "screen.sleep_s=0.15", "--set", "screen.samples=12"], start_new_session=True,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    version = code_version()
    assert start("whole").wait(300) == 0
    victim = start("killed")
    deadline = time.time() + 300
    while len(list((tmp_path / "killed").glob("chunks/*.parquet"))) < 4 and time.time() < deadline:
        time.sleep(0.02)
    os.killpg(victim.pid, signal.SIGKILL)
    victim.communicate(timeout=60)
    manifest = json.loads((tmp_path / "killed" / "manifest.json").read_text())
    assert manifest["state"] == "running"
    with pytest.raises(InputError, match="has not come to its end"):
        load_results(tmp_path / "killed")
    shown = start("killed").communicate(timeout=300)[1]
    if code_version() != version:
        pytest.skip("wormsim was edited while the test ran")
    assert "of them from before" in shown
    assert hashes(tmp_path / "killed") == hashes(tmp_path / "whole")


@pytest.mark.parametrize("end", [os.killpg, os.kill], ids=["Ctrl-C", "kill"])
@pytest.mark.parametrize("chunks", [0, 2], ids=["while workers start", "while they work"])
def test_interrupted_says_that_it_can_go_on(toml, tmp_path, chunks, end):
    """Ctrl-C, which the whole group gets, and `kill`, which only the process gets that has the workers."""
    launcher = str(Path(__file__).with_name("study_fixture.py"))
    run = subprocess.Popen([sys.executable, launcher, "run", str(toml), "--out", str(tmp_path / "out"), "--jobs", "2",
                            "--set", "screen.sleep_s=0.3", "--set", "screen.samples=40"], start_new_session=True,
                           stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    deadline, done = time.time() + 300, tmp_path / "out" / "chunks"
    while not (done.exists() and len(list(done.glob("*.parquet"))) >= chunks) and time.time() < deadline:
        time.sleep(0.02)
    time.sleep(0.2)
    end(run.pid, signal.SIGINT if end is os.killpg else signal.SIGTERM)
    _, shown = run.communicate(timeout=300)
    assert run.returncode == 130
    assert "the same command goes on from there" in shown
    assert "Traceback" not in shown
    assert len(list(done.glob("*.parquet"))) >= chunks
    deadline = time.time() + 60
    while alive(run.pid) and time.time() < deadline:
        time.sleep(0.1)
    assert not alive(run.pid)  # nobody of the group works on


def alive(group: int) -> bool:
    """Whether a process of a group is left."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True
