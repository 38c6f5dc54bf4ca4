"""Counter-based randomness: every draw is a function of who asks, never of how many asked before.

Philox4x32-10 of Salmon JK et al 2011 (Proc SC11, doi 10.1145/2063384.2063405), checked in the tests against
the known-answer vectors that its authors publish with Random123. A draw depends on (stream, step, cell,
source) alone, so a variant gets the same numbers in whatever batch, chunk or thread it runs.
``kernels/philox.py`` holds the same function for compiled code; this module is NumPy only, so that it
imports fast.
"""

from __future__ import annotations

import numpy as np

_M0, _M1 = np.uint64(0xD2511F53), np.uint64(0xCD9E8D57)
_W0, _W1 = np.uint64(0x9E3779B9), np.uint64(0xBB67AE85)
_LOW, _SHIFT = np.uint64(0xFFFFFFFF), np.uint64(32)
ROUNDS = 10


def philox4x32(counter, key) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Philox4x32-10 on arrays.

    Parameters
    ----------
    counter : sequence of 4 arrays
        32-bit words (any integer dtype that holds them), broadcast against each other and the key.
    key : sequence of 2 arrays
        32-bit words.

    Returns
    -------
    tuple of 4 uint32 arrays, of the broadcast shape.
    """
    c0, c1, c2, c3, k0, k1 = np.broadcast_arrays(*(np.asarray(a).astype(np.uint64) for a in (*counter, *key)))
    for round_ in range(ROUNDS):
        if round_:
            k0, k1 = (k0 + _W0) & _LOW, (k1 + _W1) & _LOW
        p0, p1 = c0 * _M0, c2 * _M1
        c0, c1, c2, c3 = (p1 >> _SHIFT) ^ c1 ^ k0, p1 & _LOW, (p0 >> _SHIFT) ^ c3 ^ k1, p0 & _LOW
    return tuple(c.astype(np.uint32) for c in (c0, c1, c2, c3))


def event_draws(stream, step, cell, source) -> np.ndarray:
    """The word that decides whether a Poisson source fires: an event iff it is below ``threshold(p)``.

    Parameters
    ----------
    stream : uint64 array
        Random stream of the variant.
    step, cell, source : integer arrays
        Broadcast against `stream`.

    Returns
    -------
    uint32 array
    """
    stream = np.asarray(stream).astype(np.uint64)
    step, cell, source = (np.asarray(a).astype(np.uint64) for a in (step, cell, source))
    return philox4x32((step, cell, source, np.uint64(0)), (stream & _LOW, stream >> _SHIFT))[0]


def threshold(probability) -> np.ndarray:
    """``floor(p * 2**32)`` as uint64, so that p = 1 always fires and p = 0 never does."""
    return np.floor(np.clip(np.asarray(probability, np.float64), 0.0, 1.0) * 4294967296.0).astype(np.uint64)


def uniforms(seed: int, sample, keys) -> np.ndarray:
    """Uniform numbers in the open interval (0, 1), one for each sample and key.

    The value at (sample, key) depends on `seed`, that sample and that key alone: adding parameters or samples
    leaves all the others as they were.

    Parameters
    ----------
    seed : int
        Taken modulo 2**64.
    sample : (S,) integer array
        Sample numbers, taken modulo 2**64.
    keys : (K,) uint64 array
        What is drawn (a hash of the parameter's name, say).

    Returns
    -------
    (S, K) float64 array
        52 random bits each; neither 0 nor 1 can come out.
    """
    seed = int(seed) & 0xFFFFFFFFFFFFFFFF
    sample = np.atleast_1d(np.asarray(sample)).astype(np.uint64)[:, None]
    keys = np.atleast_1d(np.asarray(keys)).astype(np.uint64)[None, :]
    high, low, _, _ = philox4x32((sample & _LOW, sample >> _SHIFT, keys & _LOW, keys >> _SHIFT),
                                 (np.uint64(seed & 0xFFFFFFFF), np.uint64(seed >> 32)))
    bits = (high.astype(np.uint64) << _SHIFT) | low.astype(np.uint64)
    return ((bits >> np.uint64(12)).astype(np.float64) + 0.5) * 2.0**-52
