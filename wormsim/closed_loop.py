"""Closed loop: animals in their worlds, run together, many to a kernel call.

All animals of a call share a wiring (one individual, its signs and strength factors); each has its own parameters, world and
perturbations. Individuals are calls beside each other.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from .animal import Edges, Wiring, edges_of, lower
from .body import dish as dishes
from .body import male_tail, mate, muscles, senses, stretch
from .body.drag import drag_per_length
from .body.parameters import FIXED, HOLD_MS, NOISE_PA, STRETCH_UN
from .errors import InputError

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

    from .perturbation import Perturbation

#: Lanes of a block: a row of float32 is one cache line. Where a block ends changes no result.
LANES = 16
#: Step of everything; tests/test_closed_loop.py halves it.
DT_MS = 2.0
#: Rows of `signal`: what the senses feel of the world, then the organs of the male's tail.
SIGNALS = (*senses.SIGNALS, *male_tail.SIGNALS)
#: A body is looked at for crossing itself where its tangent turns by more than this, rad: to lie on itself takes half a turn, to go through itself
#: more (chosen here).
LOOP_RAD = 3.6
#: Parts of a body that are APART segments apart or more cross where their midlines come nearer than this share of their radii.
OVERLAP = 0.5


@dataclass(frozen=True)
class World:
    """What one animal meets.

    Parameters
    ----------
    dish : wormsim.body.dish.Dish
    touches : tuple of wormsim.body.senses.Touch
    mate : wormsim.body.mate.Mate, optional
    """

    dish: dishes.Dish = field(default_factory=dishes.Dish)
    touches: tuple[senses.Touch, ...] = ()
    mate: mate.Mate | None = None

    def __post_init__(self):
        senses.TouchSchedule(self.touches)  # refuses times out of order, touches that overlap, levels beyond 1

    @classmethod
    def of(cls, medium: str | float, *touches: senses.Touch, **dish) -> World:
        """A dish of a medium, with touches."""
        return cls(dishes.Dish(medium=medium, **dish), touches)


@dataclass(frozen=True, eq=False)
class Change:
    """What a perturbation does to one lane: masks, input, and edges where it alters them."""

    alive: np.ndarray
    release: np.ndarray
    conductance_nS: np.ndarray
    current_pA: np.ndarray
    edges: tuple[Edges, Edges, Edges] | None


def change_of(wiring: Wiring, perturbations: Sequence[Perturbation]) -> Change:
    """Any perturbation that lasts for the whole run, as masks, input and edges.

    Raises
    ------
    InputError
        One with a window, a clamp or Poisson events, which the closed loop has not.
    """
    from .variants import Variants, effects

    n = len(wiring.cells)
    if not perturbations:
        return Change(np.ones(n), np.ones(n), np.zeros(n), np.zeros(n), None)
    acts = tuple(perturbations)
    found = effects(wiring.model, Variants.cross(wiring.samples, {"changed": acts}), DT_MS, 1_000_000)
    if len(found) > 1:
        raise InputError(f"{acts!r}: the closed loop takes perturbations that last for the whole run, and one of these has a window")
    e = found[0]
    if e.clamp_mV is not None or len(e.poisson.cell):
        raise InputError(f"{acts!r}: the closed loop takes neither clamps nor Poisson events")
    return Change(e.alive[:, 0].astype(float), (e.alive & e.release)[:, 0].astype(float), e.conductance_nS[:, 0],
                  e.current_pA[:, 0] + e.conductance_reversal_pA[:, 0], None if e.network is None else edges_of(e.network))


def start_pose(wiring: Wiring, bend_per_mm: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    """A gently bent body about the origin, nose to the left, (nodes,) each, mm."""
    form = wiring.form
    s = np.arange(1, form.segments) / form.segments
    angle = np.concatenate([[0.0], np.cumsum(bend_per_mm * np.sin(2 * np.pi * s) * form.segment_mm)])
    x, y = (np.concatenate([[0.0], np.cumsum(f(angle))]) * form.segment_mm for f in (np.cos, np.sin))
    return x - x.mean(), y - y.mean()


def simulate_animals(wiring: Wiring, parameters: pd.DataFrame, worlds: Sequence[World] | World, perturbations: Sequence[Sequence] | None = None, *,
                     duration_s: float, every_ms: float = 50.0, dt_ms: float = DT_MS, seeds: Sequence[int] | None = None,
                     record: Sequence[str] = (), record_muscles: bool = False, proprioception: bool = True, tonic: bool = True,
                     threads: int | None = None) -> xr.Dataset:
    """Run animals of one wiring.

    Parameters
    ----------
    wiring : Wiring
    parameters : DataFrame, (V, parameters)
        One animal a row (:mod:`wormsim.body.parameters`).
    worlds : World or sequence of V of them
    perturbations : sequence of V tuples of Perturbation, optional
        Each for the whole run. Thresholds stay those of the animal's intact self.
    duration_s, every_ms, dt_ms : float
    seeds : sequence of V int, optional
        Of each animal's noise; 0, 1, ... by default. A variant's result does not depend on what else is run: to the last bit, or, where it
        is run all alone, to rounding.
    record : sequence of str
        Neurons whose potentials are kept; selectors.
    record_muscles : bool
    proprioception, tonic : bool
        False takes away the stretch receptors, or the drive of AVB: controls.
    threads : int, optional

    Returns
    -------
    Dataset
        `x_mm`, `y_mm` (variant, time, node); `v_mV` (variant, time, cell), `activation` (variant, time, muscle), `signal` (variant,
        time, sense), `extension` (variant, time) where asked for or where there is a mate; `failed` (variant): "" or why
        an animal's rows are not-a-number from some time on.

    Raises
    ------
    InputError
        An animal that starts beyond its dish's wall or overlaps its mate; a step that does not divide the frames.
    """
    import xarray as xr

    v = len(parameters)
    worlds = [worlds] * v if isinstance(worlds, World) else list(worlds)
    perturbations = [()] * v if perturbations is None else [tuple(p) for p in perturbations]
    seeds = list(range(v)) if seeds is None else list(seeds)
    if not len(worlds) == len(perturbations) == len(seeds) == v:
        raise InputError(f"{v} animals need as many worlds, perturbations and seeds; got {len(worlds)}, {len(perturbations)} and {len(seeds)}")
    every, steps = round(every_ms / dt_ms), round(duration_s * 1000 / dt_ms)
    if every < 1 or abs(every * dt_ms - every_ms) > 1e-9 or steps < 1:
        raise InputError(f"every_ms = {every_ms} must be a whole number of steps of dt_ms = {dt_ms}, and duration_s = {duration_s} at least one")
    known: dict[tuple, Change] = {}
    changes = [known.setdefault(p, None) or known.__setitem__(p, change_of(wiring, p)) or known[p] for p in perturbations]
    recorded = wiring.circuit.select(*record) if record else ()
    settings = _Settings(duration_s, steps, every, dt_ms, [wiring.cells.get_loc(c) for c in recorded], record_muscles, proprioception, tonic,
                         any(w.mate is not None for w in worlds))
    blocks: list[list[int]] = []
    for key in dict.fromkeys(id(c.edges) for c in changes):
        lanes = [k for k in range(v) if id(changes[k].edges) == key]
        blocks += [lanes[a:a + LANES] for a in range(0, len(lanes), LANES)]

    def work(lanes: list[int]) -> dict[str, np.ndarray]:
        # a lone animal goes alone; others fill whole vectors, the last one repeated
        padded = lanes if len(lanes) == 1 else lanes + [lanes[-1]] * (LANES - len(lanes))
        low = parameters.iloc[padded].reset_index(drop=True)
        out = _block(wiring, low, [worlds[k] for k in padded], [changes[k] for k in padded], [seeds[k] for k in padded], settings)
        return {name: x[:len(lanes)] for name, x in out.items()}

    with ThreadPoolExecutor(threads or _cores()) as pool:
        parts = list(pool.map(work, blocks))
    order = np.argsort(np.concatenate([np.array(b) for b in blocks]))
    found = {name: np.concatenate([p[name] for p in parts])[order] for name in parts[0]}
    failed = _mark_failed(found, wiring)
    form = wiring.form
    axes = {"x_mm": ("variant", "time", "node"), "y_mm": ("variant", "time", "node"), "v_mV": ("variant", "time", "cell"),
            "activation": ("variant", "time", "muscle"), "signal": ("variant", "time", "sense"), "extension": ("variant", "time"),
            "mate_x_mm": ("variant", "time", "mate_node"), "mate_y_mm": ("variant", "time", "mate_node")}
    coords = {"time_s": ("time", np.arange(-(-steps // every)) * every * dt_ms / 1000), "node": np.arange(form.segments + 1),
              "radius_mm": ("node", form.radius_mm), "failed": ("variant", failed)}
    if recorded:
        coords["cell"] = list(recorded)
    if found["activation"].shape[-1]:
        coords["muscle"] = list(wiring.muscle_names)
    if "signal" in found:
        coords["sense"] = list(SIGNALS)
    attrs = {"length_mm": form.length_mm, "medium": str(worlds[0].dish.medium), "dt_ms": dt_ms, "individual": wiring.number}
    coords["touch_s"] = ("variant", [min((z.start_s for z in w.touches), default=np.nan) for w in worlds])
    mates = [w.mate for w in worlds]
    if any(mates):
        first = next(m for m in mates if m)
        coords["mate_radius_mm"] = ("mate_node", first.form.radius_mm)
        coords["vulva_side"] = ("variant", [m.vulva_side if m else 0 for m in mates])
        attrs["vulva_place"] = first.vulva
    return xr.Dataset({name: (axes[name], x) for name, x in found.items() if name in axes and x.shape[-1] > 0}, coords, attrs)


@dataclass(frozen=True)
class _Settings:
    duration_s: float
    steps: int
    every: int
    dt_ms: float
    record: list[int]
    record_muscles: bool
    proprioception: bool
    tonic: bool
    #: Somebody of the run has a mate: then contact is looked for and recorded. What a male does and feels alone does not hang on it.
    mated: bool


def _cores() -> int:
    asked = os.environ.get("NUMBA_NUM_THREADS", "")
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(cores, int(asked)) if asked.isdigit() and int(asked) else cores


def _block(wiring: Wiring, parameters: pd.DataFrame, worlds: list[World], changes: list[Change], seeds: list[int], s: _Settings) -> dict:
    """One block of lanes, all of it through the kernel."""
    from .kernels import animal_loop as kernel
    from .kernels import contact
    from .kernels.graded_network import gap_sums

    lanes, form = len(worlds), wiring.form
    low = lower(wiring, parameters)
    p = low.lanes
    exc, inh, gap = changes[0].edges or (wiring.excitatory, wiring.inhibitory, wiring.gap)
    alive, release, conductance, current = (np.stack([getattr(c, name) for c in changes], axis=1)
                                            for name in ("alive", "release", "conductance_nS", "current_pA"))
    g_gap = np.empty(alive.shape)
    gap_sums(low.gain_gap, alive, gap.start, gap.pre, gap.weight, g_gap)
    if s.tonic:
        current[wiring.rows("AVB")] += p["I_AVB_pA"]
    lane = np.stack([s.dt_ms / p["C_m_pF"], p["g_leak_nS"], p["a_r"] * s.dt_ms * 1e-3, p["a_d_per_s"] * s.dt_ms * 1e-3, p["beta"]])
    streams = np.array([np.random.SeedSequence([wiring.seed, wiring.number, seed]).generate_state(1, np.uint64)[0] for seed in seeds])
    nerves = kernel.Nerves(
        *(_single(z).copy() for z in (low.rest, low.s_rest)),
        *(_single(z) for z in (low.rest, low.v_half, low.gain_in, low.gain_out * release, low.gain_gap, g_gap, alive, lane)),
        exc.start, exc.pre, exc.weight, inh.start, inh.pre, inh.weight, gap.start, gap.pre, gap.weight,
        *(np.float32(FIXED[k]) for k in ("v_leak_mV", "E_exc_mV", "E_inh_mV")), _single(current), _single(conductance),
        np.full(lanes, NOISE_PA, np.float32), streams & np.uint64(0xFFFFFFFF), streams >> np.uint64(32), max(1, round(HOLD_MS / s.dt_ms)))
    r = wiring.receptors
    gain = np.stack([p[f"stretch_{g}_pA_mm"] for g in stretch.GROUPS]) * float(s.proprioception)
    feel = kernel.Stretch(r.cell, r.centre, r.sign, r.group, np.stack([p[f"field_{g}"] for g in stretch.GROUPS]), gain, stretch.HALF_WIDTH)
    names = wiring.muscle_names
    pull = np.ones((len(names), lanes))
    pull[[k for k, name in enumerate(names) if muscles.DIAGONAL.match(name)]] = p["diagonal"]
    arms = kernel.Muscles(wiring.muscle_cell, _single(p["muscle_half_mV"]), _single(p["muscle_slope_mV"]), muscles.TAU_MS,
                          np.zeros((len(names), lanes), np.float32), *wiring.pull, pull, p["kappa_max_per_mm"])
    x0, y0 = start_pose(wiring)
    for k in dict.fromkeys(id(w) for w in worlds):
        world = next(w for w in worlds if id(w) == k)
        world.dish.check_start(x0, y0, form.radius_mm)
        if world.mate is not None:
            mate.check_start(world.mate, x0, y0, form.radius_mm)
            mate.check_inside(world.mate, lambda x, y, dish=world.dish: dish.gap_mm(x, y) >= 0, s.steps * s.dt_ms / 1000)
    x, y = (np.ascontiguousarray(np.tile(z[:, None], lanes)) for z in (x0, y0))
    drag = np.ascontiguousarray(np.array([drag_per_length(w.dish.medium) for w in worlds]).T)
    itself = np.array([contact.STIFFNESS_UN_MM if w.dish.medium == "agar" else 0.0 for w in worlds])
    body = kernel.Body(x, y, np.zeros((form.segments - 1, lanes)), form.stiffness_profile, p["bend_uN_mm2"][None], p["eta_uN_mm2_s"][None],
                       STRETCH_UN, form.segment_mm, drag, form.radius_mm, itself, np.zeros(lanes, np.int64))
    frames = -(-s.steps // s.every)
    shape = (lanes, frames)
    out = kernel.Frames(
        s.every, *(np.full((*shape, form.segments + 1), np.nan, np.float32) for _ in range(2)), np.array(s.record, np.int64),
        np.full((*shape, len(s.record)), np.nan, np.float32),
        np.full((*shape, len(names) if s.record_muscles or s.mated else 0), np.nan, np.float32),
        np.full((*shape, len(SIGNALS) if s.mated else 0), np.nan, np.float32), np.full((lanes, frames if s.mated else 0), np.nan, np.float32))
    partner, hers = _partner(kernel, wiring, worlds, x.shape, s)
    felt, ground = _senses(kernel, wiring, worlds, p, s.dt_ms), _ground(kernel, worlds, x, y)
    kernel.run(0, s.steps, s.dt_ms, nerves, feel, felt, arms, body, ground, partner, out)
    found = {"x_mm": out.x, "y_mm": out.y, "v_mV": out.v, "activation": out.muscle}
    return {**found, "signal": out.signal, "extension": out.extension, **hers} if s.mated else found


def _senses(kernel, wiring: Wiring, worlds: list[World], p: dict, dt_ms: float):
    """Scheduled touches, and the cells that feel each signal."""
    lanes = len(worlds)
    row, start, stop, level = senses.schedule_arrays([senses.TouchSchedule(w.touches) for w in worlds], dt_ms)
    needed = {t.signal for w in worlds for t in w.touches}.union(*(senses.given_by(w.dish) for w in worlds))
    cell, signal, weight = senses.sensors(wiring.circuit, needed=sorted(needed))
    g = weight[:, None] * p["g_touch_nS"]
    if _spicules(wiring):
        organs = male_tail.sensors(wiring.circuit)
        cell = np.concatenate([cell, wiring.cells.get_indexer([c for c, _ in organs])])
        signal = np.concatenate([signal, [len(senses.SIGNALS) + k for _, k in organs]])
        g = np.concatenate([g, np.tile(p["g_organ_nS"], (len(organs), 1))])
    # contact lasts on in the cells that felt it; what the nose feels of a field has its own dynamics (senses.ADAPTATION)
    keep = np.zeros((len(SIGNALS), lanes), np.float32)
    keep[[k for k, name in enumerate(SIGNALS) if name in senses.MECHANICAL or name in male_tail.SIGNALS]] = np.exp(-dt_ms * 1e-3 / p["hold_s"])
    return kernel.Senses(row, start, stop, _single(level),
                         np.zeros((len(SIGNALS), lanes), np.float32), keep, np.zeros((len(SIGNALS), lanes), np.float32),
                         cell.astype(np.int64), signal.astype(np.int64), _single(g))


def _ground(kernel, worlds: list[World], x: np.ndarray, y: np.ndarray):
    """Walls and fields; a dish without fields that nobody can cross in the run is still a dish."""
    low = dishes.lower([w.dish for w in worlds])
    tau_s, half, on_row, off_row = senses.adaptation_arrays()
    return kernel.Ground(1, low.shape, low.half_x_mm, low.half_y_mm, dishes.WALL_UN_MM, low.kind, low.parameters, low.at(x[0], y[0]), tau_s, half,
                         on_row, off_row)


def _spicules(wiring: Wiring) -> bool:
    """Whether an animal has a male's spicule muscles, and so the organs of his tail."""
    return {*male_tail.PROTRACTORS, *male_tail.RETRACTORS} <= set(wiring.muscle_names)


def _partner(kernel, wiring: Wiring, worlds: list[World], shape: tuple[int, int], s: _Settings) -> tuple:
    """The mate's arrays, and where she is in every frame."""
    from .kernels import contact
    from .kernels.track import slide

    lanes = shape[1]
    a = mate.arrays([w.mate for w in worlds], s.duration_s)
    place, side, feels = male_tail.organ_arrays()
    index = {name: k for k, name in enumerate(wiring.muscle_names)}
    if s.mated and not _spicules(wiring):
        lacking = [m for m in (*male_tail.PROTRACTORS, *male_tail.RETRACTORS) if m not in index]
        raise InputError(f"{wiring.circuit.name} has no {', '.join(lacking)}: only a male with spicule muscles can have a mate; use whole_male")
    rows = [np.array([index[m] for m in names if m in index], np.int64) for names in (male_tail.PROTRACTORS, male_tail.RETRACTORS)]
    film = a["film_uN_per_mm"] * np.array([w.dish.medium == "agar" for w in worlds]) * wiring.form.segment_mm
    partner = kernel.Partner(
        int(s.mated), int(_spicules(wiring)), a["track_x"], a["track_y"], a["spacing_mm"], a["length_mm"], a["speed_mm_s"],
        a["mate_x"], a["mate_y"], a["mate_radius"], a["vulva"], a["vulva_side"], place, side, feels,
        contact.TOUCH_MM, contact.VULVA_MM, len(senses.SIGNALS), contact.STIFFNESS_UN_MM, contact.CLOSING_MM_S, film, mate.FILM_MM,
        *(np.zeros(shape, np.int64) for _ in range(2)), np.ones(shape), *(np.zeros(shape) for _ in range(3)), *rows,
        np.zeros(lanes))
    if not s.mated:
        return partner, {}
    frames = -(-s.steps // s.every)
    hers = np.empty((2, lanes, frames, len(a["mate_radius"])), np.float32)
    x, y = a["mate_x"].copy(), a["mate_y"].copy()
    for f in range(frames):
        slide(f * s.every * s.dt_ms / 1000, a["track_x"], a["track_y"], a["spacing_mm"], a["length_mm"], a["speed_mm_s"], x, y)
        hers[0, :, f], hers[1, :, f] = x.T, y.T
    return partner, {"mate_x_mm": hers[0], "mate_y_mm": hers[1]}


def _mark_failed(found: dict[str, np.ndarray], wiring: Wiring) -> list[str]:
    """Why each animal failed, "" where it did not; what follows a failure becomes not-a-number, in place."""
    from .kernels.self_contact import APART

    x, y = found["x_mm"], found["y_mm"]
    reason = np.full(len(x), "", object)
    at = np.full(len(x), x.shape[1])
    bad = ~np.isfinite(x).all(axis=2) | ~np.isfinite(y).all(axis=2)
    angle = np.unwrap(np.arctan2(np.diff(y, axis=2), np.diff(x, axis=2)), axis=2)
    radius = wiring.form.radius_mm
    i, j = np.triu_indices(x.shape[2], APART)
    for k in range(len(x)):
        if bad[k].any():
            at[k], reason[k] = bad[k].argmax(), "not a number"
        for f in np.flatnonzero(np.ptp(angle[k, :at[k]], axis=1) > LOOP_RAD):
            near = (x[k, f, i] - x[k, f, j]) ** 2 + (y[k, f, i] - y[k, f, j]) ** 2 < (OVERLAP * (radius[i] + radius[j])) ** 2
            if near.any():
                at[k], reason[k] = f, "crosses itself"
                break
    for name, values in found.items():
        if not name.startswith("mate"):
            for k in np.flatnonzero(at < x.shape[1]):
                values[k, at[k]:] = np.nan
    return [str(r) for r in reason]


def _single(x: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(x, np.float32)


