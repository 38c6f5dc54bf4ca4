"""The whole animal: nervous system, muscles, body and world in one loop; times real time, beside the same loop in NumPy and SciPy.

``python benchmarks/whole_animal.py`` runs the hermaphrodite (437 cells) and the male (542 cells) of Cook et al. 2019 in a closed loop of
2 ms steps, 48 segments, positions kept every 50 ms:

- one animal on one core, on agar;
- 1,000 hermaphrodites on all cores, on agar, and 1,000 males beside a mate each;
- about where a step's time goes, for 16 animals on one core: the body's kernel by itself, contact as what a mate adds, the rest.

Animals are copies of a pilot with other noise. Ours is the whole call of ``simulate_animals``, thresholds found and results checked, kernel
compiled before. The peer (`plain_animal.py`) is the same animal written with scipy.sparse and scipy.linalg.solveh_banded, as a
scientist would first write it; its body must be where ours is after a second, with the noise off, within 10 nm.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time

import numpy as np
import pandas as pd

# Run as a script: these stand beside this file.
from plain_animal import walk
from sides import machine, peak_mb

import wormsim as ws
from wormsim import closed_loop
from wormsim.animal import individual
from wormsim.body.drag import drag_per_length
from wormsim.body.mate import beside
from wormsim.body.parameters import STRETCH_UN
from wormsim.closed_loop import DT_MS, World, simulate_animals, start_pose
from wormsim.studies.calibrate_animals import pilots_of


def timed(run, runs: int) -> float:
    """Median wall time in s."""
    wall = []
    for _ in range(runs):
        began = time.perf_counter()
        run()
        wall.append(time.perf_counter() - began)
    return statistics.median(wall)


def shares(wiring, parameters: pd.DataFrame, mated: bool, seconds: float) -> dict[str, float]:
    """Seconds of one core for 16 animals, whole and with parts left out: what a part costs is what its absence saves."""
    many = pd.concat([parameters] * 16, ignore_index=True)
    x, y = start_pose(wiring)
    mate = beside(x, y, wiring.form, at=0.5) if mated else None

    def run(world):
        return timed(lambda: simulate_animals(wiring, many, world, duration_s=seconds, threads=1, every_ms=100.0), 3)

    from wormsim.kernels import animal_loop as kernel
    from wormsim.kernels.rod import rod_step, room

    nodes = wiring.form.segments + 1
    body = [np.tile(z[:, None], 16) for z in (x, y)]
    contacts = [np.zeros((nodes, 16)) for _ in range(5)]
    drag = np.tile(np.array(drag_per_length("agar"))[:, None], 16)
    args = (*body, np.zeros((nodes - 2, 16)), wiring.form.stiffness_profile, np.full((1, 16), 0.1), np.full((1, 16), 5e-4), STRETCH_UN,
            wiring.form.segment_mm, drag, *contacts, DT_MS * 1e-3, *room(nodes, 16), np.zeros((nodes - 2, 16)))
    steps = round(seconds * 1000 / DT_MS)
    rod_step(*args)
    rod = timed(lambda: [rod_step(*args) for _ in range(steps)], 3)
    call = timed(lambda: [kernel.contract for _ in range(steps)], 3)
    out = {"all": run(World(mate=mate)), "body": rod - call}
    if mated:
        out["contact"] = out["all"] - run(World())
    out["nervous system, muscles, senses"] = out["all"] - sum(out[k] for k in out if k != "all")
    return out


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--animals", type=int, default=1000)
    parser.add_argument("--duration-s", type=float, default=10.0)
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    print(machine())
    one = pilots_of("pilot").iloc[[0]].reset_index(drop=True)
    wirings = {"hermaphrodite": individual(ws.load_circuit("whole_hermaphrodite"), 0), "male": individual(ws.load_circuit("whole_male"), 0)}
    rows, agar = {}, World.of("agar")
    for sex, wiring in wirings.items():
        simulate_animals(wiring, one, agar, duration_s=0.1)
        wall = timed(lambda w=wiring: simulate_animals(w, one, agar, duration_s=options.duration_s, threads=1), options.runs)
        rows[f"one {sex}, one core"] = (1, wall)
    many = pd.concat([one] * options.animals, ignore_index=True)
    x, y = start_pose(wirings["male"])
    worlds = {"hermaphrodite": agar, "male": World(mate=beside(x, y, wirings["male"].form, at=0.5))}
    for sex, world in worlds.items():
        simulate_animals(wirings[sex], many.iloc[:16], world, duration_s=0.1)
        wall = timed(lambda s=sex, w=world: simulate_animals(wirings[s], many, w, duration_s=options.duration_s, every_ms=100.0), options.runs)
        rows[f"{options.animals:,} {sex}s{' with a mate' if sex == 'male' else ''}, all cores"] = (options.animals, wall)
    for name, (n, wall) in rows.items():
        print(f"  {name:45s} {wall:8.3f} s for {options.duration_s:g} s: {n * options.duration_s / wall:8.0f} times real time")
    for sex, mated in (("hermaphrodite", False), ("male", True)):
        part = shares(wirings[sex], one, mated, min(options.duration_s, 4.0))
        print(f"  share of {sex}{' with a mate' if mated else ''}: " + ", ".join(f"{k} {v / part['all']:.0%}" for k, v in part.items() if k != "all"))
    length = min(options.duration_s, 1.0)
    closed_loop.NOISE_PA = 0.0  # the peer has none
    theirs = walk(wirings["hermaphrodite"], one.loc[0], length, dt_ms=DT_MS)
    found = simulate_animals(wirings["hermaphrodite"], one, agar, duration_s=length + 0.06, every_ms=10.0)
    k = round(length * 100)
    apart = np.hypot(found["x_mm"].to_numpy()[0, k] - theirs.x_mm, found["y_mm"].to_numpy()[0, k] - theirs.y_mm).max()
    slow = timed(lambda: walk(wirings["hermaphrodite"], one.loc[0], options.duration_s, dt_ms=DT_MS), 1)
    ours = rows["one hermaphrodite, one core"][1]
    print(f"  NumPy and SciPy, one hermaphrodite            {slow:8.3f} s, bodies apart by {apart * 1000:.2f} um after {length:g} s (float32)")
    print(f"  ratio                                         {slow / ours:8.1f}")
    if apart > 1e-5:
        raise SystemExit(f"the bodies are {apart * 1000:.1f} um apart: not the same animal")
    print(json.dumps({"workload": "whole_animal", "ours_s": round(ours, 4), "peer": "NumPy and SciPy, one animal, one core",
                      "peer_s": round(slow, 3),
                      "ratio": round(slow / ours, 1), "peak_mb": peak_mb(), "n_runs": options.runs,
                      "times_real_time": {name: round(n * options.duration_s / wall) for name, (n, wall) in rows.items()}}))


if __name__ == "__main__":
    main()
