"""Which variants run side by side: blocks of lanes for the cores, sized for their caches.

A variant's result does not depend on its block, so this decides about speed only.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from ..network import Effects, Lanes

# Cells x lanes whose states, constants and sums (about eight arrays of 4 bytes) stay in a core's second-level cache.
_CELL_LANES = 56_000
# With an edge value for each lane, the edges want a share of that cache.
_SHARE_OF_LANES = 0.5
# Fewer lanes than this waste more by padding than they gain by sharing edge values.
_LEAST_SHARED = 8
_MOST_LANES = 512
# So many variants take less time one after the other, SIMD over cells, than as lanes of a padded vector.
_MOST_ALONE = 5
VECTOR_BYTES = 64


@dataclass(frozen=True, eq=False)
class Block:
    """Variants that run together.

    Attributes
    ----------
    layout : {"shared", "lanes", "cells"}
        "shared": one sample and one random stream; "cells": one variant.
    variants : ndarray of int
        Their numbers.
    width : int
        Lanes, those included that only fill the last vector.
    """

    layout: Literal["shared", "lanes", "cells"]
    variants: np.ndarray
    width: int


def plan(lanes: Lanes, effects: list[Effects], n_cells: int, dtype, threads: int, block: int | None = None,
         noise: bool = False) -> list[Block]:
    """Cut the variants into blocks.

    Parameters
    ----------
    lanes : Lanes
    effects : list of Effects
        Without Poisson events in any of them, and without noise, the random stream does not matter. Variants that differ in
        what is altered in them differ as samples do.
    n_cells : int
    dtype : numpy dtype
    threads : int
        Cores to be kept busy.
    block : int, optional
        Lanes in a block, instead of the size that fits the cache.
    noise : bool
        Whether the model has white noise.
    """
    step = VECTOR_BYTES // np.dtype(dtype).itemsize
    random = noise or any(len(e.poisson.cell) for e in effects)
    stream = lanes.stream if random else np.zeros_like(lanes.stream)
    altered = {id(e.sample): e.sample.astype(np.uint64) for e in effects if e.sample is not None}
    alike = np.stack([lanes.sample.astype(np.uint64), stream, *altered.values()])
    _, group = np.unique(alike, axis=1, return_inverse=True)
    group = group.ravel()
    counts = np.bincount(group)
    together = counts[group] >= _LEAST_SHARED
    apart = np.flatnonzero(~together)
    sets = [("shared", np.flatnonzero(group == g)) for g in np.flatnonzero(counts >= _LEAST_SHARED)]
    alone = block is None and len(apart) <= _MOST_ALONE
    sets += [("lanes", apart)] if len(apart) and not alone else []
    fitting = _CELL_LANES * 4 / np.dtype(dtype).itemsize / max(n_cells, 1)
    blocks = []
    for layout, members in sets:
        size = fitting * (_SHARE_OF_LANES if layout == "lanes" else 1.0)
        n = -(-len(members) // (block or int(np.clip(size, step, _MOST_LANES))))
        if block is None and len(sets) < threads:
            n = -(-n // threads) * threads if len(members) >= threads * step else n
        for part in np.array_split(members, n):
            blocks.append(Block(layout, part, -(-len(part) // step) * step))
    if alone:
        blocks += [Block("cells", np.array([variant]), 1) for variant in apart]
    return sorted(blocks, key=lambda b: -b.width)
