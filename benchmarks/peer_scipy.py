"""The peers' side in SciPy: the graded network as an ordinary differential equation, with its analytic Jacobian.

State is (v of all cells, s of all cells), in mV and ms. The solver starts anew at every edge of a pulse, as is right where
the right-hand side jumps.
"""

from __future__ import annotations

import numpy as np
from scipy.integrate import solve_ivp
from scipy.sparse import csr_array
from scipy.special import expit
from sides import strengths

from wormsim.network import Network

# Sizes that the absolute tolerance is measured in: mV and open fraction.
_SCALE_V, _SCALE_S = 10.0, 0.1


class GradedODE:
    """One intact variant of the graded network.

    Parameters
    ----------
    network : Network
    current_pA : ndarray, shape (N,)
    pulse_ms : float, optional
        The current is on for this long, off for this long, and so on; always on by default.
    smooth : bool
        A sinus of that period between 0 and the current in place of the pulses.
    """

    def __init__(self, network: Network, current_pA: np.ndarray, pulse_ms: float | None = None, smooth: bool = False):
        p = {name: x[:, 0].astype(float) for name, x in network.parameters.items()}
        n = self.n = len(network.cells)
        chemical = next(x for x in network.pathways if x.synapse.kind == "chemical")
        gap = next(x for x in network.pathways if x.synapse.kind == "electrical")
        g, e = strengths(chemical, network.parameters)
        self.w, self.we = (_matrix(x, chemical, n) for x in (g, g * e))
        junctions = _matrix(gap.values["g_gap"][:, 0], gap, n)
        self.leak = p["g_leak"] + junctions.sum(axis=1)
        self.gap, self.p, self.current, self.pulse_ms = junctions, p, current_pA, pulse_ms
        # one product for both sums, one for the junctions: fewer calls from Python
        self.both = csr_array(np.concatenate([self.w.toarray(), self.we.toarray()]))
        self.dense_w, self.dense_we, self.dense_gap = self.w.toarray(), self.we.toarray(), junctions.toarray()
        s = p["a_r"] / (p["a_r"] + p["a_d"] * (1 + np.exp(p["beta"] * p["v_half_offset"])))
        self.start = np.concatenate([p["v_half"] - p["v_half_offset"], np.broadcast_to(s, n)])
        self.driven = np.broadcast_to(p["g_leak"] * p["v_leak"], n)
        self.input, self.omega = current_pA, np.pi / pulse_ms if smooth else None

    def slope(self, t: float, y: np.ndarray) -> np.ndarray:
        """Right-hand side."""
        n, p = self.n, self.p
        v, s = y[:n], y[n:]
        sums = self.both @ s
        phi = expit(p["beta"] * (v - p["v_half"]))
        current = self.input if self.omega is None else self.input * (0.5 + 0.5 * np.sin(self.omega * t))
        out = np.empty(2 * n)
        out[:n] = (self.driven + sums[n:] + self.gap @ v + current - (self.leak + sums[:n]) * v) / p["C_m"]
        out[n:] = p["a_r"] * phi * (1 - s) - p["a_d"] * s
        return out

    def jacobian(self, _t: float, y: np.ndarray) -> np.ndarray:
        """Its derivative, dense: the network fills a sparse factorisation, which takes longer."""
        n, p = self.n, self.p
        v, s = y[:n], y[n:]
        phi = expit(p["beta"] * (v - p["v_half"]))
        out = np.zeros((2 * n, 2 * n))
        at = np.arange(n)
        out[:n, :n] = self.dense_gap
        out[at, at] -= self.leak + self.w @ s
        out[:n, n:] = self.dense_we - v[:, None] * self.dense_w
        out[:n] /= p["C_m"]
        out[n + at, at] = p["a_r"] * p["beta"] * phi * (1 - phi) * (1 - s)
        out[n + at, n + at] = -p["a_r"] * phi - p["a_d"]
        return out

    def solve(self, duration_ms: float, every_ms: float, method: str, rtol: float) -> np.ndarray:
        """V at every frame (T, N); frame k lies at ``k * every_ms``."""
        n = self.n
        frames = np.arange(round(duration_ms / every_ms)) * every_ms
        atol = rtol * np.repeat([_SCALE_V, _SCALE_S], n)
        step = duration_ms if self.pulse_ms is None or self.omega else self.pulse_ms
        more = {} if method in ("RK45", "DOP853") else {"jac": self.jacobian}
        out, y = np.empty((len(frames), n)), self.start
        for k in range(int(np.ceil(duration_ms / step - 1e-9))):
            begin, end = k * step, min((k + 1) * step, duration_ms)
            self.input = self.current if k % 2 == 0 else np.zeros(n)
            here = (frames >= begin - 1e-9) & (frames < end - 1e-9)
            times = np.append(np.clip(frames[here], begin, end), end)
            found = solve_ivp(self.slope, (begin, end), y, method, times, rtol=rtol, atol=atol, **more)
            if found.status < 0 or found.y.shape[1] != len(times):
                raise SystemExit(f"{method} with rtol {rtol}: {found.message}")
            out[here], y = found.y[:n, :-1].T, found.y[:, -1]
        return out


def _matrix(values: np.ndarray, path, n: int) -> csr_array:
    return csr_array((values, (path.post, path.pre)), shape=(n, n))
