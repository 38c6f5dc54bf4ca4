"""Runner and chunk store: same bytes whatever computes them, nothing done twice, nothing damaged believed."""

import hashlib
import os
import signal
import subprocess
import sys
import time
import warnings
from pathlib import Path

import chunk_functions as cf
import pandas as pd
import pytest
from study_fixture import code_version

from wormsim import chunks
from wormsim.errors import DataWarning, InputError, WormsimError
from wormsim.runner import ChunkError, Runner

SPECS = [{"start": i, "seed": 7} for i in range(6)]


def hashes(folder: Path) -> dict[str, str]:
    return {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in sorted((folder / "chunks").iterdir())}


def run(out: Path, function=cf.squares, specs=SPECS, **options) -> list[pd.DataFrame]:
    return Runner(out, progress=False, **options).map(function, specs, "squares")


def test_results_are_in_the_order_of_the_specs_and_equal_the_function(tmp_path):
    frames = run(tmp_path, specs=SPECS[::-1], jobs=2)
    for spec, frame in zip(SPECS[::-1], frames, strict=True):
        pd.testing.assert_frame_equal(frame, cf.squares(spec))


@pytest.mark.parametrize("options", [{"jobs": 2}, {"jobs": 2, "backend": "dask"}], ids=["loky", "dask"])
def test_same_bytes_whatever_computes(tmp_path, options):
    one = run(tmp_path / "one", jobs=1)
    other = run(tmp_path / "other", **options)
    assert hashes(tmp_path / "one") == hashes(tmp_path / "other")
    assert len(hashes(tmp_path / "one")) == len(SPECS)
    for a, b in zip(one, other, strict=True):
        pd.testing.assert_frame_equal(a, b)


def test_an_existing_dask_scheduler_is_used(tmp_path):
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(n_workers=1, threads_per_worker=2, dashboard_address=None) as cluster:
        run(tmp_path / "cluster", backend="dask", scheduler=cluster.scheduler_address)
    run(tmp_path / "here", jobs=1)
    assert hashes(tmp_path / "cluster") == hashes(tmp_path / "here")


def test_no_scheduler_at_the_address(tmp_path, monkeypatch):
    monkeypatch.setattr("wormsim.runner._CONNECT_S", 0.5)
    with pytest.raises(InputError, match=r"no dask scheduler answers at tcp://127.0.0.1:9"):
        Runner(tmp_path / "x", backend="dask", scheduler="tcp://127.0.0.1:9")
    assert not (tmp_path / "x").exists()


def test_dask_missing_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(InputError, match=r"pip install \"wormsim-circuits\[cluster\]\""):
        Runner(tmp_path, backend="dask")


@pytest.mark.parametrize(("options", "message"), [
    ({"backend": "slurm"}, "unknown backend 'slurm'"), ({"jobs": 0}, "at least 1"),
    ({"scheduler": "tcp://x:1"}, "needs backend \"dask\""),
])
def test_bad_options(tmp_path, options, message):
    with pytest.raises(InputError, match=message):
        Runner(tmp_path, **options)


def test_what_is_there_is_not_computed_again(tmp_path):
    marks = tmp_path / "marks"
    specs = [{**s, "folder": str(marks)} for s in SPECS]
    first = run(tmp_path, cf.counted, specs[:4], jobs=1)
    runner = Runner(tmp_path, jobs=1, progress=False)
    again = runner.map(cf.counted, specs + specs[:2], "counted")
    assert len(list(marks.iterdir())) == len(specs)
    assert (runner.stages[0].chunks, runner.stages[0].resumed) == (6, 4)
    for a, b in zip(first, again, strict=False):
        pd.testing.assert_frame_equal(a, b)
    pd.testing.assert_frame_equal(again[0], again[6])


@pytest.mark.parametrize("harm", [
    lambda data: data[: len(data) // 2], lambda data: b"", lambda data: data[:-1],
    lambda data: data[:40] + bytes([data[40] ^ 0xFF]) + data[41:],
], ids=["half", "empty", "last byte", "flipped bits"])
def test_a_damaged_chunk_is_counted_and_computed_again(tmp_path, harm):
    run(tmp_path, jobs=1)
    whole = hashes(tmp_path)
    victim = sorted((tmp_path / "chunks").iterdir())[2]
    victim.write_bytes(harm(victim.read_bytes()))
    runner = Runner(tmp_path, jobs=1, progress=False)
    with pytest.warns(DataWarning, match=f"^1 damaged chunk.*{victim.name}"):
        runner.map(cf.squares, SPECS, "squares")
    assert hashes(tmp_path) == whole
    assert (runner.stages[0].damaged, runner.stages[0].resumed) == (1, 5)


def test_a_chunk_under_another_name_is_not_believed(tmp_path):
    run(tmp_path, jobs=1)
    a, b = sorted((tmp_path / "chunks").iterdir())[:2]
    whole = hashes(tmp_path)
    a.write_bytes(b.read_bytes())
    with pytest.warns(DataWarning, match="1 damaged"):
        run(tmp_path, jobs=1)
    assert hashes(tmp_path) == whole


@pytest.mark.parametrize("jobs", [1, 2])
def test_failure_names_the_spec_and_keeps_the_rest(tmp_path, jobs):
    specs = [s for s in SPECS if s["start"] != 3] + [SPECS[3]]
    with pytest.raises(ChunkError, match=r'(?s)ZeroDivisionError.*"start":3.*breaks_at_three'):
        run(tmp_path, cf.breaks_at_three, specs, jobs=jobs)
    kept = len(hashes(tmp_path))
    assert kept == 5 if jobs == 1 else kept >= 3
    with pytest.raises(InputError, match=r"^three cannot be done$"):  # of a user's mistake our chunks are no part
        run(tmp_path / "input", cf.refuses_three, specs, jobs=jobs)


def test_a_failure_on_dask_is_the_same_error(tmp_path):
    with pytest.raises(InputError, match=r"^three cannot be done$"):
        run(tmp_path, cf.refuses_three, SPECS[2:4], jobs=1, backend="dask")


def test_a_killed_worker_says_that_the_run_can_go_on(tmp_path):
    with pytest.raises(WormsimError, match="worker process was killed"):
        run(tmp_path, cf.dies, SPECS, jobs=2)


def test_developer_mistakes(tmp_path):
    with pytest.raises(TypeError, match="top of a module"):
        run(tmp_path, lambda spec: None)
    with pytest.raises(TypeError, match="cannot be written as JSON"):
        run(tmp_path, specs=[{"x": float("nan")}])
    with pytest.raises(ChunkError, match="returned list, not a DataFrame"):
        run(tmp_path, cf.no_table, jobs=1)


def test_warnings_of_chunks_are_counted_and_survive_a_resume(tmp_path):
    for jobs in (2, 1):  # the second time everything is read from disk
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            run(tmp_path, cf.warns, SPECS[:3], jobs=jobs)
        about_data = [str(w.message) for w in caught if w.category is DataWarning]
        assert about_data == ["2 self-loops kept (AVAL, AVAR) [in 3 of 3 chunks of 'squares']"]


@pytest.mark.parametrize("backend", ["local", "dask"])
def test_processes_times_threads_stay_within_the_cores(tmp_path, backend):
    runner = Runner(tmp_path, jobs=2, backend=backend, progress=False)
    frame = pd.concat(runner.map(cf.threads, SPECS[:4], "threads"))
    assert (frame["threads"] <= max(1, runner.cores // 2)).all()
    assert os.getpid() not in set(frame["pid"])
    here = pd.concat(Runner(tmp_path / "one", jobs=1, progress=False).map(cf.threads, SPECS[:2], "threads"))
    assert set(here["pid"]) == {os.getpid()}


def test_a_chunk_is_named_by_all_that_it_depends_on(tmp_path, monkeypatch):
    name = chunks.chunk_name(cf.squares, {"start": 1, "seed": 7})
    assert name == chunks.chunk_name(cf.squares, {"seed": 7, "start": 1})
    table = tmp_path / "wiring.csv"
    table.write_text("pre,post\n")
    with_file = chunks.chunk_name(cf.squares, {"circuit": [str(table)]})
    table.write_text("pre,post\nAVAL,AVAR\n")
    others = {chunks.chunk_name(cf.squares, {"start": 1, "seed": 8}),
              chunks.chunk_name(cf.warns, {"start": 1, "seed": 7}), with_file,
              chunks.chunk_name(cf.squares, {"circuit": [str(table)]})}
    monkeypatch.setattr(chunks, "content_version", lambda: "another")
    others.add(chunks.chunk_name(cf.squares, {"start": 1, "seed": 7}))
    assert len(others | {name}) == 6


def test_a_worker_with_other_code_is_refused():
    from wormsim.runner import _run_remote
    failure = _run_remote(cf.squares, SPECS[0], "x", "another version", 1)
    assert failure.is_input
    assert "another version of wormsim" in failure.message


def test_prune_removes_only_what_was_not_asked_for(tmp_path):
    run(tmp_path, jobs=1)
    runner = Runner(tmp_path, jobs=1, progress=False)
    runner.map(cf.squares, SPECS[:2], "squares")
    assert runner.store.prune() == 4
    assert len(hashes(tmp_path)) == 2


SCRIPT = """
import sys
sys.path.insert(0, {tests!r})
import chunk_functions as cf
from wormsim.runner import Runner
if __name__ == "__main__":
    specs = [{{"start": i, "seed": 7, "sleep_s": 0.15}} for i in range(12)]
    Runner({out!r}, jobs={jobs}).map(cf.slow_squares, specs, "slow")
"""


@pytest.mark.parametrize("jobs", [1, 2])
def test_killed_and_resumed_gives_equal_bytes(tmp_path, jobs):
    def script(out):
        text = SCRIPT.format(tests=str(Path(__file__).parent), out=str(tmp_path / out), jobs=jobs)
        return subprocess.Popen([sys.executable, "-c", text], stderr=subprocess.PIPE, text=True,
                                start_new_session=True)

    version = code_version()
    whole = script("whole")
    assert "slow: 12 chunks, " in whole.communicate(timeout=300)[1]
    victim = script("killed")
    deadline = time.time() + 300
    while len(list((tmp_path / "killed").glob("chunks/*.parquet"))) < 3 and time.time() < deadline:
        time.sleep(0.02)
    os.killpg(victim.pid, signal.SIGKILL)
    victim.communicate(timeout=60)
    left = len(list((tmp_path / "killed").glob("chunks/*.parquet")))
    assert 3 <= left < 12
    shown = script("killed").communicate(timeout=300)[1]
    if code_version() != version:
        pytest.skip("wormsim was edited while the test ran")
    assert f"slow: 12 chunks, {left} of them from before" in shown
    for part in (tmp_path / "killed" / "chunks").glob(".*.part"):
        part.unlink()  # at most one, of the write that the kill hit; removed by age in real use
    assert hashes(tmp_path / "killed") == hashes(tmp_path / "whole")


def test_progress_is_a_bar_on_a_terminal_and_nothing_when_not_wanted(tmp_path, capsys, monkeypatch):
    run(tmp_path, jobs=1)
    assert capsys.readouterr().err == ""
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    monkeypatch.setenv("FORCE_COLOR", "1")
    Runner(tmp_path / "bar", jobs=1).map(cf.squares, SPECS, "my stage")
    shown = capsys.readouterr().err
    for part in ("my stage", "6/6", "ETA"):
        assert part in shown


def test_a_sequence_builds_on_what_was_found_and_goes_on_where_it_was(tmp_path):
    marks = tmp_path / "marks"

    def following(tables):
        return {"start": 1 + int(tables[-1]["square"].sum()) % 97 if tables else 1, "seed": 7, "folder": str(marks)}

    short = Runner(tmp_path, jobs=1, progress=False).sequence(cf.counted, following, 2, "grow")
    runner = Runner(tmp_path, jobs=1, progress=False)
    long = runner.sequence(cf.counted, following, 4, "grow")
    assert (runner.stages[0].chunks, runner.stages[0].resumed) == (4, 2)
    assert len(list(marks.iterdir())) == 4
    for a, b in zip(short, long, strict=False):
        pd.testing.assert_frame_equal(a, b)
    fresh = Runner(tmp_path / "fresh", jobs=1, progress=False).sequence(cf.counted, following, 4, "grow")
    for a, b in zip(fresh, long, strict=True):
        pd.testing.assert_frame_equal(a, b)


def test_an_error_in_a_sequence_is_that_of_the_chunk(tmp_path):
    with pytest.raises(ChunkError, match="in chunk"):
        Runner(tmp_path, jobs=1, progress=False).sequence(cf.breaks_at_three, lambda tables: {"start": 2 + len(tables), "seed": 7}, 2, "broken")
