"""The benchmark scripts still run, on small workloads, and end with the line of JSON that others rely on."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[1] / "benchmarks"
SMALL = {
    "w2_screen": ["--variants", "3", "--duration-s", "0.1", "--runs", "1", "--inputs", "pulses", "--peers", "brian2,BDF"],
    "w3_spiking": ["--variants", "8", "--samples", "2", "--duration-s", "0.1", "--runs", "1", "--peer-samples", "1"],
    "w4_pyloric": ["--runs", "1", "--sets", "16", "--sets-runs", "1"],
    "whole_animal": ["--animals", "32", "--duration-s", "0.5", "--runs", "1"],
    "scaling": ["--quick"],
    "ceilings": ["--quick"],
}


@pytest.mark.slow
@pytest.mark.parametrize("name", SMALL)
def test_it_runs_and_ends_with_json(name, tmp_path):
    out = ["--out", str(tmp_path)] if name in ("scaling", "ceilings") else []
    done = subprocess.run([sys.executable, FOLDER / f"{name}.py", *SMALL[name], *out], capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    last = json.loads(done.stdout.strip().splitlines()[-1])
    for row in [last, *last.get("also", [])]:
        assert {"workload", "ours_s", "peer", "peer_s", "ratio", "peak_mb", "n_runs"} <= set(row)
    if name.startswith("w"):  # the others measure no workload
        assert last["ours_s"] > 0
        assert last["peer_s"] > 0
