"""Philox4x32-10 for compiled code: the same draws as :func:`wormsim.kernels.random.event_draws`.

Words travel in uint64, where the 32 x 32 bit products fit, so that a loop over variants vectorises.
"""

import numpy as np
from numba import njit

_U = np.uint64


@njit(forceinline=True)
def philox4x32(c0, c1, c2, c3, k0, k1):
    """The four words of Philox4x32-10 at a counter and a key, all as uint64 below 2**32."""
    for _ in range(10):
        p0 = c0 * _U(0xD2511F53)
        p1 = c2 * _U(0xCD9E8D57)
        c0, c1 = (p1 >> _U(32)) ^ c1 ^ k0, p1 & _U(0xFFFFFFFF)
        c2, c3 = (p0 >> _U(32)) ^ c3 ^ k1, p0 & _U(0xFFFFFFFF)
        k0 = (k0 + _U(0x9E3779B9)) & _U(0xFFFFFFFF)
        k1 = (k1 + _U(0xBB67AE85)) & _U(0xFFFFFFFF)
    return c0, c1, c2, c3


@njit(forceinline=True)
def event_draw(key_low, key_high, step, cell, source):
    """First word of Philox4x32-10 at key (low, high) and counter (step, cell, source, 0), as uint64 below 2**32."""
    return philox4x32(_U(step), _U(cell), _U(source), _U(0), key_low, key_high)[0]
