"""Is the step short enough for the fastest state, and long enough for single precision to see the slowest one move?

Every state obeys ``dx/dt = A x + B``, and exponential Euler holds B for a step. What that costs depends on ``z = |A| dt``
alone. A lone cell with constant input is exact whatever z. Cells that drive each other are not: each step relaxes a cell
towards neighbours that stand still, so a change that coupled cells make together takes ``z/(1 - exp(-z))`` times its true
time (1.05 at z = 0.1, 1.58 at z = 1), and while a cell moves it is off by up to ``max(t exp(-t)) z/2 = 0.18 z`` of its
excursion. Fixed points are exact. ``python -m wormsim.engines.convergence`` shows both on real wiring.

In single precision a step that adds less than half of the last bit adds nothing: a state comes to rest up to
``2**-24/z`` of its size away from where it should.

What is looked at is a spot check: some lanes of each block, at a few checkpoints, in NumPy, so that it costs nothing.
"""

from __future__ import annotations

import numpy as np

from ..errors import warn_data

STIFF = 1.0
"""The largest |A| dt that passes: a time constant shorter than the step is reported."""
STUCK = 2.0**-24 / 0.01
"""The smallest |A| dt that passes in single precision: below it, rounding may hold a state 1 % of its size off."""
LOOKED_AT = 4
"""Lanes of a block that are looked at."""


class Rates:
    """The largest and the smallest |A| of every cell that was seen, for each state."""

    def __init__(self):
        self.largest: dict[str, np.ndarray] = {}
        self.smallest: dict[str, np.ndarray] = {}
        self.driven: set[str] = set()

    def see(self, rates: dict[str, np.ndarray], alive: np.ndarray, driven) -> None:
        """Take up A of the living cells, (N, lanes)."""
        self.driven |= set(driven)
        for name, a in rates.items():
            a = np.broadcast_to(np.abs(a), alive.shape)
            known = alive & np.isfinite(a)
            self._take(name, np.where(known, a, 0.0).max(axis=1), np.where(known & (a > 0), a, np.inf).min(axis=1))

    def merge(self, other: Rates) -> None:
        """Take up what another block saw."""
        self.driven |= other.driven
        for name in other.largest:
            self._take(name, other.largest[name], other.smallest[name])

    def _take(self, name: str, largest: np.ndarray, smallest: np.ndarray) -> None:
        self.largest[name] = np.maximum(self.largest.get(name, 0.0), largest)
        self.smallest[name] = np.minimum(self.smallest.get(name, np.inf), smallest)

    def warn(self, cells, dt_ms: float, dtype) -> None:
        """Say which cells have a state that the step or the precision does not suit."""
        for name, a in self.largest.items():
            stiff = np.flatnonzero(a * dt_ms > STIFF) if name in self.driven else ()
            if len(stiff):
                worst = stiff[np.argsort(-a[stiff], kind="stable")]
                warn_data(len(stiff), f"cell(s) have a time constant of {name} below the step of {dt_ms:g} ms, so that they follow "
                          f"their neighbours late: take dt_ms = {_round_down(STIFF / a.max()):g} for all of them, or halve it "
                          "until nothing changes", [f"{cells[i]} {1 / a[i]:.2g} ms" for i in worst], stacklevel=5)
        for name, a in self.smallest.items():
            stuck = np.flatnonzero(a * dt_ms < STUCK) if np.dtype(dtype) == np.float32 else ()
            if len(stuck):
                worst = stuck[np.argsort(a[stuck], kind="stable")]
                warn_data(len(stuck), f"cell(s) have a time constant of {name} that single precision cannot follow in steps of "
                          f"{dt_ms:g} ms: take dtype='float64', or dt_ms above {STUCK / a[worst[0]]:.2g}",
                          [f"{cells[i]} {1 / a[i]:.2g} ms" for i in worst], stacklevel=5)


def _round_down(x: float) -> float:
    """The next of 1, 2, 5, 10 ... at or below x."""
    scale = 10.0 ** np.floor(np.log10(x))
    return float(scale * max(k for k in (1.0, 2.0, 5.0) if k * scale <= x * (1 + 1e-12)))
