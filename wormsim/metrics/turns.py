"""Deep turns by shape: the nose comes near the tail, and a bend passes from head to tail.

The passing bend is that of Yemini et al. 2013 (Nat Methods 10:877, supplement; read in the documentation of the Open Worm Analysis
Toolbox): the bend angle at a point lies between its edges of 1/12 body length to either side; its mean over a third of the body
passes 30 degrees, in the first third, then in the middle, then in the last. That alone is also true of a deep regular crawl, twice
a cycle, so here the nose has to come near the tail as well; and where theirs asks that the other end be less bent meanwhile, ours
asks that the largest bends follow one another, which does not hang on the phase of the crawl that the turn begins in.

Omega and delta turns (Broekmans et al. 2016 eLife 5:e17227) are not told apart: of each only one record was at hand, and their
largest bends overlap. One score compares two turns: the smaller of two measures over the larger.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..errors import InputError
from .gait import segments_mm

# The score is the smaller of two measures over the larger.
FLOOR, CEILING = 0.0, 1.0

#: Edge of a bend angle in body lengths, and the mean bend of a third of the body from which on it counts: Yemini et al. 2013
#: Nat Methods 10:877 (certainty high).
EDGE, THIRD_DEG = 1 / 12, 30.0
#: Nose to tail, in body lengths: a turn has to come closer than the first, and lasts while it is closer than the second. Chosen
#: here; the one real omega turn at hand comes to 0.03 and the delta turn to 0.15, their crawling does not go below 0.5.
NEAR, LEAVE = 0.35, 0.5
#: Frames a second of the kymograms of Broekmans et al. 2016 as the examples of ElegansBot play them (Chung et al. 2024 eLife
#: 12:RP92562; certainty medium).
KYMOGRAM_RATE_HZ = 32.0


@dataclass(frozen=True)
class Turn:
    """How deep and how long a turn is.

    Attributes
    ----------
    total_bend_deg : float
        Largest angle between the first and the last segment, counted along the body: a circle closed has 360.
    range_deg : float
        Largest angle between any two segments.
    nearest : float
        Smallest distance from nose to tail, in body lengths.
    duration_s : float
        Of the deepest turn, from the bend of the head to that of the tail; not-a-number where no bend passes.
    near_s : float
        How long the nose stays near the tail then.
    """

    total_bend_deg: float
    range_deg: float
    nearest: float
    duration_s: float
    near_s: float


def nose_to_tail(x_mm, y_mm) -> np.ndarray:
    """Distance from nose to tip of the tail in body lengths, (..., time)."""
    x, y = np.asarray(x_mm, float), np.asarray(y_mm, float)
    length = segments_mm(x, y)[2].sum(axis=-1)
    return np.hypot(x[..., 0] - x[..., -1], y[..., 0] - y[..., -1]) / np.where(length > 0, length, np.nan)


def third_bends_deg(x_mm, y_mm) -> np.ndarray:
    """Mean bend angle of the first, middle and last third of the body; positive is dorsal.

    Parameters
    ----------
    x_mm, y_mm : array_like, shape (..., node)

    Returns
    -------
    ndarray, shape (..., 3)
    """
    x, y = np.asarray(x_mm, float), np.asarray(y_mm, float)
    nodes = x.shape[-1]
    edge = max(1, round((nodes - 1) * EDGE))
    ax, ay = x[..., edge:-edge] - x[..., : -2 * edge], y[..., edge:-edge] - y[..., : -2 * edge]
    bx, by = x[..., 2 * edge :] - x[..., edge:-edge], y[..., 2 * edge :] - y[..., edge:-edge]
    bend = np.degrees(np.arctan2(ax * by - ay * bx, ax * bx + ay * by))
    third = np.minimum(3 * np.arange(edge, nodes - edge) // (nodes - 1), 2)
    return np.stack([bend[..., third == k].mean(axis=-1) for k in range(3)], axis=-1)


def deep_turns(x_mm, y_mm) -> list[tuple[int, int, bool]]:
    """First and last frame of each turn of one animal, and whether a bend passes from head to tail in it.

    A turn lasts while the nose is near the tail; one in which a bend passes also from the frame where the bend of the first third
    begins to that where the bend of the last third ends. The bends are looked for in the turn and as long before and after it.

    Parameters
    ----------
    x_mm, y_mm : array_like, shape (time, node)
    """
    distance, bends = nose_to_tail(x_mm, y_mm), third_bends_deg(x_mm, y_mm)
    found: list[tuple[int, int, bool]] = []
    for start, stop in runs(distance < LEAVE):
        if not (distance[start:stop] < NEAR).any():
            continue
        low, high = max(0, 2 * start - stop), min(len(distance), 2 * stop - start)
        passing = _passing(bends[low:high])
        if passing is not None:
            start, stop = min(start, low + passing[0]), max(stop, low + passing[1])
        if found and start <= found[-1][1]:  # two spells of one turn
            first, last, passed = found.pop()
            start, stop, passed = min(start, first), max(stop, last + 1), passed or passing is not None
        else:
            passed = passing is not None
        found.append((start, stop - 1, passed))
    return found


def _passing(bends_deg: np.ndarray) -> tuple[int, int] | None:
    """First frame, and the frame after the last, of a bend that passes the three thirds; None where none does."""
    middle = int(np.argmax(np.abs(bends_deg[:, 1])))
    own = bends_deg * np.sign(bends_deg[middle, 1])
    head = int(np.argmax(own[: middle + 1, 0]))
    tail = middle + int(np.argmax(own[middle:, 2]))
    if not (head < middle < tail and min(own[head, 0], own[middle, 1], own[tail, 2]) > THIRD_DEG):
        return None
    bent = own > THIRD_DEG
    start = next(a for a, b in runs(bent[:, 0]) if a <= head < b)
    stop = next(b for a, b in runs(bent[:, 2]) if a <= tail < b)
    return start, stop


def runs(flag) -> list[tuple[int, int]]:
    """Stretches of true: first frame, and the frame after the last."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], np.asarray(flag, int), [0]])))
    return [(int(a), int(b)) for a, b in edges.reshape(-1, 2)]


def close_gaps(flag, longest: int) -> np.ndarray:
    """`flag` with false stretches of up to `longest` frames between true ones filled."""
    closed = np.array(flag, bool)
    for a, b in runs(~closed):
        if a > 0 and b < len(closed) and b - a <= longest:
            closed[a:b] = True
    return closed


# ---------------------------------------------------------------- recorded turns


def read_kymogram(path: str | Path) -> np.ndarray:
    """Angles between neighbouring segments, (time, joint) in rad, head first, from a ``.npy`` file.

    Raises
    ------
    InputError
        No such file, another shape, or a value that is not an angle.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError(f"no such file: {path}")
    try:
        angles = np.load(path, allow_pickle=False)
    except ValueError as error:
        raise InputError(f"{path}: not an array that numpy can read ({error})") from error
    if angles.ndim != 2 or angles.shape[1] < 3 or angles.dtype.kind != "f":
        raise InputError(f"{path}: {angles.dtype} of shape {angles.shape}; angles are (time, joint), with 3 joints at least")
    bad = np.argwhere(~(np.abs(angles) < np.pi))
    if len(bad):
        row, column = map(int, bad[0])
        raise InputError(f"{path} row {row}, column {column}: {angles[row, column]} is not an angle between -pi and pi")
    return angles.astype(float)


def places_of(angles) -> tuple[np.ndarray, np.ndarray]:
    """Nodes, (time, joint + 2), of a body of length 1 that starts at the nose with these angles between its segments."""
    angles = np.asarray(angles, float)
    theta = np.concatenate([np.zeros((len(angles), 1)), np.cumsum(angles, axis=1)], axis=1)
    zero, step = np.zeros((len(angles), 1)), 1 / theta.shape[1]
    return tuple(np.concatenate([zero, np.cumsum(f(theta), axis=1) * step], axis=1) for f in (np.cos, np.sin))


def measure_turn(x_mm, y_mm, dt_s: float) -> Turn:
    """The deepest turn of one animal; for a kymogram, of :func:`places_of` it.

    Parameters
    ----------
    x_mm, y_mm : array_like, shape (time, node)
    dt_s : float
    """
    dx, dy, _ = segments_mm(np.asarray(x_mm, float), np.asarray(y_mm, float))
    if not np.isfinite(dx).all():
        raise InputError("the animal has frames that are not numbers: cut it before it failed")
    theta = np.degrees(np.unwrap(np.arctan2(dy, dx), axis=1))
    distance = nose_to_tail(x_mm, y_mm)
    deepest = int(np.argmin(distance))
    took = [(b - a + 1) * dt_s for a, b, passes in deep_turns(x_mm, y_mm) if passes and a <= deepest <= b]
    near = [(b - a) * dt_s for a, b in runs(distance < LEAVE) if a <= deepest < b]
    return Turn(
        float(np.abs(theta[:, -1] - theta[:, 0]).max()), float(np.ptp(theta, axis=1).max()), float(distance[deepest]),
        took[0] if took else float("nan"), near[0] if near else 0.0,
    )


def turn_agreement(a: Turn, b: Turn) -> dict[str, float]:
    """The smaller over the larger, for the depth (range of angles) and for the duration of two turns."""
    pairs = {"range_deg": (a.range_deg, b.range_deg), "duration_s": (a.duration_s, b.duration_s)}
    return {name: float(min(p) / max(p)) if np.isfinite(p).all() and max(p) > 0 else float("nan") for name, p in pairs.items()}
