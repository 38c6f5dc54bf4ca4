"""The whole animal: nervous system, muscles, body and world in one loop; times real time, beside the same loop in NumPy and SciPy.

``python benchmarks/whole_animal.py`` runs the hermaphrodite (437 cells) and the male (542 cells) of Cook et al. 2019 in a closed loop of
2 ms steps, 48 segments, positions kept every 50 ms:

- one animal on one core, on agar;
- 1,000 hermaphrodites on all cores, on agar, and 1,000 males beside a mate each;
- about where a step's time goes, for 16 animals on one core: the body's kernel by itself, contact as what a mate adds, the rest.

Animals are copies of a pilot with other noise. Ours is the whole call of ``simulate_animals``, thresholds found and results checked, kernel
compiled before. The peer is the same step for one animal written with scipy.sparse and scipy.linalg.solveh_banded, as a scientist
would first write it; its body must be where ours is after a second, with the noise off, within 10 nm.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time

import numpy as np
import pandas as pd
from scipy import linalg, sparse

# Run as a script: this stands beside this file.
from sides import machine, peak_mb

import wormsim as ws
from wormsim import closed_loop
from wormsim.animal import individual, lower
from wormsim.body import muscles, stretch
from wormsim.body.drag import drag_per_length
from wormsim.body.mate import beside
from wormsim.body.parameters import FIXED, STRETCH_UN
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


def peer(wiring, parameters: pd.DataFrame, duration_s: float) -> np.ndarray:
    """One animal on agar without noise, in NumPy and SciPy; nodes (nodes, 2) at the end."""
    low = lower(wiring, parameters)
    p = {k: float(v[0]) for k, v in low.lanes.items()}
    n, form = len(wiring.cells), wiring.form

    def matrix(edges, into, out):
        post = np.repeat(np.arange(n), np.diff(edges.start))
        return sparse.csr_matrix((edges.weight * into[post] * out[edges.pre], (post, edges.pre)), (n, n))

    into, out, coupling = low.gain_in[:, 0], low.gain_out[:, 0], low.gain_gap[:, 0]
    exc, inh = matrix(wiring.excitatory, into, out), matrix(wiring.inhibitory, into, out)
    gap = matrix(wiring.gap, coupling, coupling)
    g_gap = np.asarray(gap.sum(axis=1)).ravel()
    v, s, half = low.rest[:, 0].copy(), low.s_rest[:, 0].copy(), low.v_half[:, 0]
    rest = v.copy()
    current = np.zeros(n)
    current[wiring.rows("AVB")] = p["I_AVB_pA"]
    start, muscle, weight = wiring.pull
    pull = sparse.csr_matrix((weight, (np.repeat(np.arange(len(start) - 1), np.diff(start)), muscle)), (len(start) - 1, len(wiring.muscle_cell)))
    activation, keep = np.zeros(len(wiring.muscle_cell)), np.exp(-DT_MS / muscles.TAU_MS)
    x, y = start_pose(wiring)
    kappa, joints = np.zeros(form.segments - 1), form.segments - 1
    along, across = drag_per_length("agar")
    r, h, seg, dt = wiring.receptors, DT_MS / p["C_m_pF"], form.segment_mm, DT_MS * 1e-3
    offset = np.array([p[f"field_{g}"] for g in stretch.GROUPS])[r.group]
    gain = np.array([p[f"stretch_{g}_pA_mm"] for g in stretch.GROUPS])[r.group] * r.sign
    low_end = np.clip(r.centre + offset - stretch.HALF_WIDTH, 0, 0.98) * joints
    high_end = np.clip(r.centre + offset + stretch.HALF_WIDTH, 0.02, 1) * joints
    bend, eta = p["bend_uN_mm2"] * form.stiffness_profile, p["eta_uN_mm2_s"] * form.stiffness_profile
    for _ in range(round(duration_s / dt)):
        total = np.interp([low_end, high_end], np.arange(joints + 1), np.concatenate([[0], np.cumsum(kappa)]))
        extra = current.copy()
        np.add.at(extra, r.cell, gain * (total[1] - total[0]) / (high_end - low_end))
        ge, gi = exc @ s, inh @ s
        g = p["g_leak_nS"] + ge + gi + g_gap
        drive = p["g_leak_nS"] * FIXED["v_leak_mV"] + ge * FIXED["E_exc_mV"] + gi * FIXED["E_inh_mV"] + gap @ v + extra
        up = p["a_r"] * dt / (1 + np.exp(-p["beta"] * (v - half)))
        rate = up + p["a_d_per_s"] * dt
        v, s = v - (drive - g * v) / g * np.expm1(-g * h), s - (up - rate * s) / rate * np.expm1(-rate)
        wanted = 1 / (1 + np.exp(-(v[wiring.muscle_cell] - rest[wiring.muscle_cell] - p["muscle_half_mV"]) / p["muscle_slope_mV"]))
        activation = wanted + (activation - wanted) * keep
        x, y, kappa = body_step(x, y, p["kappa_max_per_mm"] * (pull @ activation), bend, eta, seg, along, across, dt)
    return np.stack([x, y], axis=1)


def body_step(x, y, kappa0, bend, eta, seg, along, across, dt):
    """One step of the rod by dense rows and a banded solver."""
    n = len(x)
    dx, dy = np.diff(x), np.diff(y)
    length = np.hypot(dx, dy)
    tx, ty = dx / length, dy / length
    f, band = np.zeros(2 * n), np.zeros((6, 2 * n))
    i = 2 * np.arange(n - 1)
    force = STRETCH_UN * (length / seg - 1)
    for shift, sign in ((0, 1.0), (2, -1.0)):
        np.add.at(f, i + shift, sign * force * tx)
        np.add.at(f, i + shift + 1, sign * force * ty)
        np.add.at(band[0], i + shift, seg / 2 * (along * tx**2 + across * ty**2))
        np.add.at(band[1], i + shift, seg / 2 * (along - across) * tx * ty)
        np.add.at(band[0], i + shift + 1, seg / 2 * (along * ty**2 + across * tx**2))
    add_rank_one(band, i, np.stack([-tx, -ty, tx, ty]), dt * STRETCH_UN / seg)
    slope = 2 / (1 + tx[:-1] * tx[1:] + ty[:-1] * ty[1:])
    kappa = slope * (tx[:-1] * ty[1:] - ty[:-1] * tx[1:]) / seg
    ax, ay, bx, by = -ty[:-1] / length[:-1], tx[:-1] / length[:-1], -ty[1:] / length[1:], tx[1:] / length[1:]
    g = slope * np.stack([ax, ay, -ax - bx, -ay - by, bx, by])
    for k in range(6):
        np.add.at(f, i[:-1] + k, -bend * (kappa - kappa0) * g[k])
    add_rank_one(band, i[:-1], g, (dt * bend + eta) / seg)
    u = linalg.solveh_banded(band, f, lower=True)
    return x + dt * u[::2], y + dt * u[1::2], kappa


def add_rank_one(band, first, g, c):
    for a in range(len(g)):
        for b in range(a + 1):
            np.add.at(band[a - b], first + b, c * g[a] * g[b])


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
    theirs = peer(wirings["hermaphrodite"], one, length)
    found = simulate_animals(wirings["hermaphrodite"], one, agar, duration_s=length + 0.06, every_ms=10.0)
    k = round(length * 100)
    apart = np.hypot(found["x_mm"].to_numpy()[0, k] - theirs[:, 0], found["y_mm"].to_numpy()[0, k] - theirs[:, 1]).max()
    slow = timed(lambda: peer(wirings["hermaphrodite"], one, length), 1) * options.duration_s / length
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
