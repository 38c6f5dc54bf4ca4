"""What the benchmarks share: each side in a process of its own, and one way to say what was found."""

from __future__ import annotations

import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np

_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")


def child(script: str, *arguments: object, threads: int = 1) -> dict:
    """Run a side as ``python script arguments``, with `threads` threads; its last line is JSON."""
    env = {**os.environ, **dict.fromkeys(_THREADS, str(threads))}
    done = subprocess.run([sys.executable, script, *map(str, arguments)], stdout=subprocess.PIPE, text=True, env=env)
    if done.returncode:
        raise SystemExit(f"{Path(script).name} {' '.join(map(str, arguments))} failed with {done.returncode}")
    return json.loads(done.stdout.strip().splitlines()[-1])


def installed(package: str) -> bool:
    """Whether an optional peer is there."""
    try:
        version(package)
    except PackageNotFoundError:
        return False
    return True


def strengths(chemical, parameters: dict, sample: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Conductance (nS) and reversal potential (mV) of each edge of a graded chemical pathway: one of its two conductances is 0."""
    def of(x: np.ndarray) -> np.ndarray:
        return x[:, sample if x.shape[1] > 1 else 0].astype(float)

    excites, inhibits = of(chemical.values["g_exc"]), of(chemical.values["g_inh"])
    return excites + inhibits, np.where(inhibits > 0, of(parameters["E_inh"])[0], of(parameters["E_exc"])[0])


def timed(run: Callable[[], object], runs: int) -> list[float]:
    """Wall time of each of `runs` calls."""
    wall = []
    for _ in range(runs):
        began = time.perf_counter()
        run()
        wall.append(time.perf_counter() - began)
    return wall


def peak_mb(who: int = resource.RUSAGE_SELF) -> int:
    """Most memory that this process (or one of its children) has held so far."""
    return round(resource.getrusage(who).ru_maxrss / 1024)


def machine() -> str:
    """Processor, load and versions, on one line."""
    cpu = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.is_file():
        cpu = next((x.split(":")[1].strip() for x in info.read_text().splitlines() if x.startswith("model name")), cpu)
    packages = ("numpy", "numba", "scipy", "brian2", "nest-simulator")
    versions = ", ".join(f"{p} {version(p)}" for p in packages if installed(p))
    return f"{cpu}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}; Python {platform.python_version()}, {versions}"


def spread(side: dict) -> str:
    """Median of a side's times, how many there are, fastest and slowest."""
    s = side["s"]
    return f"{statistics.median(s):10.4f} s (median of {len(s)}, {min(s):.4f} to {max(s):.4f})"
